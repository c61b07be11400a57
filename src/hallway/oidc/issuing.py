"""Tokens that we issue: to whom they go, how long they count, and how each kind says which kind it is.

Rules: an ID token, an access token and a logout token differ in their `typ` and never stand in for one another; all are
signed by one of our keys, which is named; nobody else's key verifies one of ours.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Final

import orjson
from joserfc.jws import JWSRegistry

from hallway.oidc.id_token import SKEW
from hallway.oidc.jose import KeySet, PublicKey, Trust, base64url, verified
from hallway.oidc.json import Json, JsonObject, instant, text
from hallway.oidc.logout import EVENT
from hallway.oidc.problem import OidcProblem

ACCESS_TOKEN: Final = "at+jwt"  # noqa: S105 - a type
LOGOUT_TOKEN: Final = "logout+jwt"  # noqa: S105 - a type
ID_TOKEN: Final = "JWT"  # noqa: S105 - a type
ACCESS_SECONDS: Final = 300
ID_SECONDS: Final = 3600
LOGOUT_SECONDS: Final = 120
MOST_GROUPS: Final = 100
"""Groups that an ID token names; of a person in more of them only userinfo has them."""
SIGNING: Final = ("ES256", "EdDSA", "RS256")
_SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One of our keys, with its private numbers."""

    kid: str
    algorithm: str
    key: PublicKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Person:
    """Who a member is, as an application is told. `connection` is None where she came by a credential of her own."""

    subject: str
    email: str
    email_verified: bool
    name: str
    role: str
    groups: tuple[str, ...]
    organization: JsonObject
    connection: str | None


@dataclass(frozen=True, slots=True)
class Authentication:
    """How and when she signed in, and in which session. Instants in microseconds."""

    at: int
    methods: tuple[str, ...]
    session: str
    nonce: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every token of ours says: who issues it, to which client, when."""

    issuer: str
    client_id: str
    now: int


def claims_of(person: Person, scopes: tuple[str, ...]) -> JsonObject:
    """What the scopes let an application know."""
    told: JsonObject = {
        "sub": person.subject,
        "org": person.organization,
        "role": person.role,
        "connection": person.connection,
    }
    if "email" in scopes:
        told |= {"email": person.email, "email_verified": person.email_verified}
    if "profile" in scopes:
        told["name"] = person.name
    if "groups" in scopes:
        told["groups"] = list(person.groups)
    return told


def id_token(
    envelope: Envelope, claims: JsonObject, authentication: Authentication, access_token: str, key: SigningKey
) -> str:
    """Who signed in (Core §2); groups that are too many are left out."""
    groups = claims.get("groups")
    kept = {name: value for name, value in claims.items() if name != "groups"}
    if isinstance(groups, list) and len(groups) <= MOST_GROUPS:
        kept["groups"] = groups
    own: JsonObject = {
        **_times(envelope, ID_SECONDS),
        "aud": envelope.client_id,
        "auth_time": authentication.at // _SECOND,
        "amr": list(authentication.methods),
        "sid": authentication.session,
        "at_hash": half_hash(access_token, key.algorithm),
    }
    if authentication.nonce:
        own["nonce"] = authentication.nonce
    return signed(key, ID_TOKEN, {**kept, **own})


def access_token(envelope: Envelope, subject: str, scopes: tuple[str, ...], more: JsonObject, key: SigningKey) -> str:
    """A token for our own endpoints (RFC 9068); `more` names the grant, and brings a `jti`."""
    own: JsonObject = {
        **_times(envelope, ACCESS_SECONDS),
        "aud": envelope.issuer,
        "sub": subject,
        "client_id": envelope.client_id,
        "scope": " ".join(scopes),
    }
    return signed(key, ACCESS_TOKEN, {**more, **own})


def logout_token(envelope: Envelope, subject: str, session: str, token_id: str, key: SigningKey) -> str:
    """That a session ended, or, where none is named, all of a person (Back-Channel Logout §2.4)."""
    own: JsonObject = {
        **_times(envelope, LOGOUT_SECONDS),
        "aud": envelope.client_id,
        "sub": subject,
        "jti": token_id,
        "events": {EVENT: {}},
    }
    return signed(key, LOGOUT_TOKEN, {**own, "sid": session} if session else own)


def signed(key: SigningKey, kind: str, claims: JsonObject) -> str:
    """Claims in compact form (RFC 7515 §3.1)."""
    header = {"alg": key.algorithm, "kid": key.kid, "typ": kind}
    octets = f"{base64url(orjson.dumps(header))}.{base64url(orjson.dumps(claims))}"
    return f"{octets}.{base64url(JWSRegistry.algorithms[key.algorithm].sign(octets.encode(), key.key))}"


def half_hash(value: str, algorithm: str) -> str:
    """The left half of a token's hash (Core §3.1.3.6); with Ed25519 the hash is SHA-512."""
    digest = hashlib.new("sha256" if algorithm.endswith("256") else "sha512", value.encode()).digest()
    return base64url(digest[: len(digest) // 2])


def own_claims(token: str, keys: KeySet, issuer: str, kind: str) -> JsonObject:
    """What a token of ours of this kind says, whether or not it has expired. Raises `OidcProblem`."""
    found = verified(token, Trust(keys, frozenset(SIGNING)))
    if found.type.lower() != kind.lower():
        raise OidcProblem("wrong_type", kind, found.type or "none")
    if text(found.claims, "iss") != issuer:
        raise OidcProblem("wrong_issuer", issuer, text(found.claims, "iss") or "none")
    return found.claims


def own_access_token(token: str, keys: KeySet, issuer: str, now: int) -> JsonObject:
    """What an access token of ours says that has not expired. Raises `OidcProblem`."""
    claims = own_claims(token, keys, issuer, ACCESS_TOKEN)
    if text(claims, "aud") != issuer:
        raise OidcProblem("wrong_audience", issuer, text(claims, "aud"))
    # Both clocks are ours, but they may be those of two machines; what has expired has expired.
    ends, issued = instant(claims, "exp") or 0, instant(claims, "iat") or 0
    if ends <= now:
        raise OidcProblem("too_late", "a time that has not passed", str(ends // _SECOND))
    if issued - SKEW > now:
        raise OidcProblem("too_early", "a time that has come", str(issued // _SECOND))
    return claims


def _times(envelope: Envelope, seconds: int) -> dict[str, Json]:
    issued = envelope.now // _SECOND
    return {"iss": envelope.issuer, "iat": issued, "exp": issued + seconds}
