"""The exchange of a code for tokens (OpenID Connect Core §3.1.3, §9), and what the answer has to be."""

import base64
from dataclasses import dataclass, field
from typing import Final, TypeAlias, assert_never
from urllib.parse import quote_plus, urlencode

import orjson
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from hallway.oidc.jose import MOST_TOKEN_BYTES, base64url
from hallway.oidc.json import parsed_object, text
from hallway.oidc.problem import OidcProblem

MOST_BYTES: Final = 256 * 1024
ASSERTION_SECONDS: Final = 60
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_REFUSALS: Final = {
    "invalid_client": "client_refused",
    "unauthorized_client": "client_refused",
    "invalid_grant": "code_refused",
}
_JSON: Final = ("Accept", "application/json")
_FORM: Final = ("Content-Type", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class SecretBasic:
    """client_secret_basic."""

    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SecretPost:
    """client_secret_post."""

    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PrivateKeyJwt:
    """private_key_jwt with ES256. `audience` is the issuer; a few providers want the token endpoint instead.

    `jti` is fresh for each request, `now` in microseconds since 1970.
    """

    key: ECKey = field(repr=False)
    kid: str
    audience: str
    jti: str
    now: int


@dataclass(frozen=True, slots=True)
class NoSecret:
    """A client that proves itself by PKCE alone."""


ClientAuthentication: TypeAlias = SecretBasic | SecretPost | PrivateKeyJwt | NoSecret


@dataclass(frozen=True, slots=True)
class Exchange:
    """A code to be exchanged, with what it was bound to."""

    endpoint: str
    client_id: str
    redirect_uri: str
    code: str = field(repr=False)
    code_verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be sent; with a body by POST, else by GET."""

    url: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the provider gave: neither is verified yet."""

    unverified_id_token: str = field(repr=False)
    access_token: str = field(repr=False)


def token_request(exchange: Exchange, authentication: ClientAuthentication) -> Message:
    """The request to the token endpoint."""
    form = {
        "grant_type": "authorization_code",
        "code": exchange.code,
        "redirect_uri": exchange.redirect_uri,
        "code_verifier": exchange.code_verifier,
    }
    headers = [_JSON, _FORM]
    match authentication:
        case SecretBasic(secret):
            # RFC 6749 §2.3.1: both are form-encoded before they are joined.
            pair = f"{quote_plus(exchange.client_id)}:{quote_plus(secret)}".encode()
            headers.append(("Authorization", f"Basic {base64.b64encode(pair).decode()}"))
        case SecretPost(secret):
            form |= {"client_id": exchange.client_id, "client_secret": secret}
        case PrivateKeyJwt():
            assertion = _assertion(exchange.client_id, authentication)
            form |= {
                "client_id": exchange.client_id,
                "client_assertion_type": _ASSERTION,
                "client_assertion": assertion,
            }
        case NoSecret():
            form |= {"client_id": exchange.client_id}
        case _:  # pragma: no cover
            assert_never(authentication)
    return Message(exchange.endpoint, tuple(headers), urlencode(form).encode())


def tokens(status: int, octets: bytes) -> Tokens:
    """What the token endpoint gave. Raises `OidcProblem`; what the provider said is in `received`, no token is."""
    if status != 200:
        raise _refusal(status, octets)
    answer = parsed_object(octets, MOST_BYTES)
    if text(answer, "error"):
        raise _refusal(status, octets)
    if text(answer, "token_type").lower() != "bearer":
        raise OidcProblem("token_refused", "a token of type Bearer", text(answer, "token_type") or "no type")
    access, identity = text(answer, "access_token"), text(answer, "id_token")
    if not access.isascii() or not access.isprintable() or not 0 < len(access) <= MOST_TOKEN_BYTES:
        raise OidcProblem("token_refused", "an access token", f"{len(access)} characters")
    if not identity:
        raise OidcProblem("no_id_token", "an ID token, for the scope openid", "none")
    return Tokens(identity, access)


def userinfo_request(endpoint: str, access_token: str) -> Message:
    """The request to the userinfo endpoint."""
    return Message(endpoint, (_JSON, ("Authorization", f"Bearer {access_token}")))


def _assertion(client_id: str, by: PrivateKeyJwt) -> str:
    """The client's own token (RFC 7523 §3), whose audience is one text."""
    seconds = by.now // 1_000_000
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": by.audience,
        "jti": by.jti,
        "iat": seconds,
        "exp": seconds + ASSERTION_SECONDS,
    }
    header = {"alg": "ES256", "kid": by.kid, "typ": "JWT"}
    signed = f"{base64url(orjson.dumps(header))}.{base64url(orjson.dumps(claims))}"
    signature = JWSRegistry.algorithms["ES256"].sign(signed.encode(), by.key)
    return f"{signed}.{base64url(signature)}"


def _refusal(status: int, octets: bytes) -> OidcProblem:
    try:
        answer = parsed_object(octets, MOST_BYTES)
        error, description = text(answer, "error"), text(answer, "error_description")
    except OidcProblem:
        error, description = "", ""
    if not error:
        return OidcProblem("wrong_status", "200 with tokens", str(status))
    said = f"{error}: {description}" if description else error
    code = {
        "invalid_client": "client_refused",
        "unauthorized_client": "client_refused",
        "invalid_grant": "code_refused",
    }
    return OidcProblem(code.get(error, "token_refused"), "tokens", said)
