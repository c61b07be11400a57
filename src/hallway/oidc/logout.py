"""Sessions that end: behind the browser's back, when the provider says so (Back-Channel Logout 1.0 §2.4 to §2.6), and
through the browser, when somebody signs out here (RP-Initiated Logout 1.0 §2).
"""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from hallway.oidc.id_token import SKEW, Relaxation, judge_audience, judged_issuer, judged_times, relaxed, subject
from hallway.oidc.issuer import Issuer
from hallway.oidc.jose import Trust, verified
from hallway.oidc.json import instant, shown, text
from hallway.oidc.problem import OidcProblem

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
OLDEST: Final = 10 * 60 * 1_000_000
"""Microseconds for which a logout token counts after it was issued, whatever it says itself."""


@dataclass(frozen=True, slots=True)
class LogoutExpectation:
    """What one connection expects of a logout token; `now` in microseconds since 1970."""

    issuer: Issuer
    client_id: str
    trust: Trust
    now: int
    relaxations: frozenset[Relaxation] = frozenset()


@dataclass(frozen=True, slots=True)
class Logout:
    """Whose sessions end: those of `session_id`, or all of `subject`; either may be "", never both.

    `token_id` is to be remembered until `until`, so that the token counts once.
    """

    issuer: str
    subject: str
    session_id: str
    token_id: str
    until: int


def logout(token: str, expected: LogoutExpectation) -> Logout:
    """Which sessions are to end. Raises `OidcProblem`."""
    found = verified(token, relaxed(expected.trust, expected.relaxations))
    if found.type.lower().removeprefix("application/") not in ("", "jwt", "logout+jwt"):
        raise OidcProblem("wrong_type", "a logout token", found.type)
    claims = found.claims
    issuer, _ = judged_issuer(found, expected.issuer)
    judge_audience(claims, expected.client_id)
    ends = judged_times(claims, expected.now)
    latest = (instant(claims, "iat") or 0) + OLDEST
    if latest + SKEW <= expected.now:
        raise OidcProblem("too_late", "a token that was issued just now", shown(claims.get("iat")))
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise OidcProblem("wrong_logout", EVENT, shown(events))
    if "nonce" in claims:
        raise OidcProblem("wrong_logout", "no nonce", "a nonce, as in an ID token")
    session, token_id = text(claims, "sid"), text(claims, "jti")
    who = subject(claims) if "sub" in claims else ""
    if not (who or session) or not token_id or len(session) > 1024 or len(token_id) > 1024:
        raise OidcProblem("wrong_logout", "a jti, and a sub or a sid", ", ".join(sorted(claims)))
    return Logout(issuer, who, session, token_id, min(ends, latest) + SKEW)


@dataclass(frozen=True, slots=True)
class Leaving:
    """Somebody who signed out here. `hint` is the ID token of her sign-in; `back` is where the provider sends her then,
    "" where it does not know that address; `state` names this logout when she comes back.
    """

    endpoint: str
    client_id: str
    hint: str = field(repr=False)
    back: str
    state: str


def logout_url(leaving: Leaving) -> str:
    """Where a browser goes so that the provider's session ends too."""
    fields = {"id_token_hint": leaving.hint, "client_id": leaving.client_id}
    if leaving.back:
        fields |= {"post_logout_redirect_uri": leaving.back, "state": leaving.state}
    return f"{leaving.endpoint}{'&' if '?' in leaving.endpoint else '?'}{urlencode(fields)}"
