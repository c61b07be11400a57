"""How an application proves that it is the client it says (OpenID Connect Core §9, RFC 7523).

Rules: one way at a time; an assertion's audience is the issuer as one text, so that none that was made for somebody
else can be turned to us; an assertion counts once, which the caller sees to by its `token_id`.
"""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_plus

from hallway.oidc.id_token import SKEW
from hallway.oidc.jose import KeySet, Trust, decoded_base64url, verified
from hallway.oidc.json import instant, parsed_object, text
from hallway.oidc.oauth_problem import OAuthProblem
from hallway.oidc.problem import OidcProblem

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_ASSERTION: Final = 3600 * 1_000_000
"""Microseconds for which an assertion may be made to count: libraries say an hour."""
METHODS: Final = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
_MOST: Final = 1024


@dataclass(frozen=True, slots=True)
class Presented:
    """Who a client says it is, and by what: exactly one of secret and assertion, or neither (`none`)."""

    client_id: str
    method: str
    secret: str = field(default="", repr=False)
    assertion: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Proved:
    """An assertion that is right; its `token_id` is to be remembered until then, so that it counts once."""

    token_id: str
    until: int


def presented(authorization: str, form: dict[str, str]) -> Presented:
    """What a request shows. Raises `OAuthProblem`."""
    basic = _basic(authorization)
    ways = [basic is not None, "client_secret" in form, "client_assertion" in form or "client_assertion_type" in form]
    if sum(ways) > 1:
        raise OAuthProblem("invalid_request", "A client authenticates in one way, not in several.")
    named = form.get("client_id", "")
    if basic is not None:
        if named and named != basic[0]:
            raise OAuthProblem("invalid_request", "The client_id differs from that of the Authorization header.")
        return Presented(basic[0], "client_secret_basic", basic[1])
    if ways[1]:
        return Presented(_named(named), "client_secret_post", form["client_secret"])
    if ways[2]:
        return _asserted(named, form)
    return Presented(_named(named), "none")


def judged_assertion(shown: Presented, keys: KeySet, issuer: str, now: int) -> Proved:
    """The client's own token (RFC 7523 §3). Raises `OidcProblem`."""
    claims = verified(shown.assertion, Trust(keys)).claims
    for name in ("iss", "sub"):
        if text(claims, name) != shown.client_id:
            raise OidcProblem("wrong_subject", f"{name} as the client_id", text(claims, name) or "none")
    if claims.get("aud") != issuer:
        raise OidcProblem("wrong_audience", f"{issuer} as the one audience", "another one, or several")
    ends, issued, begins = (instant(claims, name) for name in ("exp", "iat", "nbf"))
    if ends is None or ends + SKEW <= now:
        raise OidcProblem("too_late", "an exp that has not passed", "none" if ends is None else str(ends // 1_000_000))
    if ends - now > LONGEST_ASSERTION + SKEW:
        raise OidcProblem("wrong_instant", "an exp of an hour ahead at most", str(ends // 1_000_000))
    for begin in (issued, begins):
        if begin is not None and begin - SKEW > now:
            raise OidcProblem("too_early", "a time that has come", str(begin // 1_000_000))
    token_id = text(claims, "jti")
    if not token_id or len(token_id) > _MOST:
        raise OidcProblem("wrong_shape", "a jti, so that the assertion counts once", "none, or a long one")
    return Proved(token_id, ends + SKEW)


def _asserted(named: str, form: dict[str, str]) -> Presented:
    if form.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in form:
        raise OAuthProblem("invalid_request", f"A client_assertion comes with the type {ASSERTION_TYPE}.")
    client_id = named or unverified_subject(form["client_assertion"])
    return Presented(_named(client_id), "private_key_jwt", assertion=form["client_assertion"])


def unverified_subject(token: str) -> str:
    """Who a token says it is about, to find the keys that it is judged by; "" for none."""
    parts = token.split(".")
    if len(parts) != 3:
        return ""
    octets = decoded_base64url(parts[1])
    try:
        return "" if octets is None else text(parsed_object(octets, 64 * 1024), "sub")
    except OidcProblem:
        return ""


def _named(client_id: str) -> str:
    if not client_id or len(client_id) > _MOST:
        raise OAuthProblem("invalid_client", "The request does not say which client it is from.")
    return client_id


def _basic(authorization: str) -> tuple[str, str] | None:
    """Id and secret of the header (RFC 6749 §2.3.1); None where there is none of this scheme."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise OAuthProblem("invalid_client", "The Authorization header cannot be read.") from None
    client_id, colon, secret = pair.partition(":")
    if not colon or not client_id or not secret:
        raise OAuthProblem("invalid_client", "The Authorization header has a client and its secret.")
    return unquote_plus(client_id), unquote_plus(secret)
