"""Judging an ID token (OpenID Connect Core §3.1.3.7): text in, who signed in out, or why not.

Rules: signature first; every check counts; what we asked for and did not get refuses; times are compared with the same
tolerance everywhere. An account is known by issuer and subject, and by nothing else in the token.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from hallway.oidc.issuer import Issuer
from hallway.oidc.jose import Trust, Verified, verified
from hallway.oidc.json import JsonObject, instant, text, texts
from hallway.oidc.problem import OidcProblem

SKEW: Final = 90 * 1_000_000
"""Microseconds by which clocks may differ."""
LONGEST_SUBJECT: Final = 255


class Relaxation(Enum):
    """What a connection may be told to take although it is weak; each is shown, and stands in the journal."""

    ACCEPT_SHARED_SECRET_SIGNATURES = "accept_shared_secret_signatures"  # noqa: S105 - a name
    """HS256 and its kin: whoever knows the client secret can then sign as anybody."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one connection expects of the token that answers one sign-in. Instants are microseconds since 1970.

    `fresh_since` is an instant that the sign-in must not lie before: set it wherever `max_age` was asked for.
    `hosted_domains` are those of Google that may come in; empty where nobody restricts them.
    """

    issuer: Issuer
    client_id: str
    trust: Trust
    nonce: str = field(repr=False)
    access_token: str = field(repr=False)
    code: str = field(repr=False)
    now: int = 0
    fresh_since: int | None = None
    hosted_domains: tuple[str, ...] = ()
    relaxations: frozenset[Relaxation] = frozenset()


@dataclass(frozen=True, slots=True)
class SignIn:
    """What an accepted token says. `issuer` and `subject` together are who it is."""

    issuer: str
    subject: str
    until: int
    authenticated_at: int | None
    session_id: str
    tenant: str
    context: str
    methods: tuple[str, ...]
    algorithm: str
    key: str
    claims: JsonObject = field(repr=False)


def judged(token: str, expected: Expectation) -> SignIn:
    """Who signed in. Raises `OidcProblem`."""
    found = verified(token, relaxed(expected.trust, expected.relaxations))
    if found.type.lower().removeprefix("application/") not in ("", "jwt"):
        raise OidcProblem("wrong_type", "an ID token", found.type)
    claims = found.claims
    issuer, tenant = judged_issuer(found, expected.issuer)
    judge_audience(claims, expected.client_id)
    until = judged_times(claims, expected.now)
    if not expected.nonce or not hmac.compare_digest(text(claims, "nonce").encode(), expected.nonce.encode()):
        raise OidcProblem("wrong_nonce", "the nonce of the sign-in that waits", "another one, or none")
    _judge_hash(found, "at_hash", expected.access_token)
    _judge_hash(found, "c_hash", expected.code)
    authenticated_at = _judged_freshness(claims, expected)
    _judge_hosted_domain(claims, expected.hosted_domains)
    return SignIn(
        issuer=issuer,
        subject=subject(claims),
        until=until + SKEW,
        authenticated_at=authenticated_at,
        session_id=text(claims, "sid"),
        tenant=tenant,
        context=text(claims, "acr"),
        methods=texts(claims, "amr"),
        algorithm=found.algorithm,
        key=found.key.thumbprint if found.key is not None else "",
        claims=claims,
    )


def relaxed(trust: Trust, relaxations: frozenset[Relaxation]) -> Trust:
    """The trust, without the shared secret unless a connection was told to take it."""
    if Relaxation.ACCEPT_SHARED_SECRET_SIGNATURES in relaxations:
        return trust
    return replace(trust, shared_secret=None)


def judged_issuer(found: Verified, expected: Issuer) -> tuple[str, str]:
    """The issuer and its tenant, "" where it has none. A key that names its issuer signs for no other one."""
    claimed = text(found.claims, "iss")
    tenant = expected.tenant_of(claimed)
    if tenant is None:
        raise OidcProblem("wrong_issuer", expected.text, claimed or "none")
    if tenant and text(found.claims, "tid") != tenant:
        raise OidcProblem("wrong_tenant", tenant, text(found.claims, "tid") or "none")
    owner = found.key.issuer if found.key is not None else ""
    if owner and claimed not in (owner, owner.replace("{tenantid}", text(found.claims, "tid"))):
        raise OidcProblem("wrong_issuer", owner, claimed)
    return claimed, tenant


def judge_audience(claims: JsonObject, client_id: str) -> None:
    """The token was meant for us, and issued to us where several are named (Core §3.1.3.7, 3 to 5)."""
    audiences, party = texts(claims, "aud"), text(claims, "azp")
    if client_id not in audiences:
        raise OidcProblem("wrong_audience", client_id, ", ".join(audiences) or "none")
    if (party or len(audiences) > 1) and party != client_id:
        raise OidcProblem("wrong_party", client_id, party or "none")


def judged_times(claims: JsonObject, now: int) -> int:
    """When the token ends."""
    ends, issued, begins = (instant(claims, name) for name in ("exp", "iat", "nbf"))
    if ends is None or issued is None:
        raise OidcProblem("wrong_instant", "exp and iat", "one of them, or none")
    if ends + SKEW <= now:
        raise OidcProblem("too_late", "a time that has not passed", str(ends // 1_000_000))
    for begin in (issued, issued if begins is None else begins):
        if begin - SKEW > now:
            raise OidcProblem("too_early", "a time that has come", str(begin // 1_000_000))
    return ends


def subject(claims: JsonObject) -> str:
    """Who it is about (Core §2: at most 255 characters)."""
    found = text(claims, "sub")
    if not found.strip() or len(found) > LONGEST_SUBJECT or not found.isprintable():
        raise OidcProblem("wrong_subject", f"a sub of 1 to {LONGEST_SUBJECT} printable characters", found)
    return found


def _judge_hash(found: Verified, name: str, of: str) -> None:
    """A hash that is there has to fit; one that cannot be computed does not."""
    if name not in found.claims:
        return
    algorithm = {"256": "sha256", "384": "sha384"}.get(found.algorithm[-3:], "sha512")
    digest = hashlib.new(algorithm, of.encode()).digest()
    wanted = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not of or not hmac.compare_digest(text(found.claims, name).encode(), wanted):
        raise OidcProblem("wrong_hash", f"{name} of what came with the token", "another one")


def _judged_freshness(claims: JsonObject, expected: Expectation) -> int | None:
    at = instant(claims, "auth_time")
    if at is not None and at - SKEW > expected.now:
        raise OidcProblem("too_early", "an auth_time that has come", str(at // 1_000_000))
    if expected.fresh_since is not None and (at is None or at + SKEW < expected.fresh_since):
        raise OidcProblem("not_fresh", "an auth_time of just now", "none" if at is None else str(at // 1_000_000))
    return at


def _judge_hosted_domain(claims: JsonObject, domains: tuple[str, ...]) -> None:
    hosted = text(claims, "hd").lower()
    if domains and hosted not in domains:
        raise OidcProblem("wrong_hosted_domain", ", ".join(domains), hosted or "none")
