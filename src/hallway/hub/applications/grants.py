"""From a sign-in to tokens, and from tokens to the next ones.

Rules: a grant is alive only while its organization and application are active, its member is and entered after her
access began, her way of signing in is open, and, unless it is `offline_access`, her session lives: every use asks the
rows, and what is issued commits with that question; a code counts once, and its second use ends what it gave; so does
an old refresh token, but for the retry of a client that lost the answer, within ten seconds.
"""

import hmac
from dataclasses import dataclass, field
from typing import Final

from hallway.accounts.model import Account, Session
from hallway.hub.applications.desk import ApplicationDesk, sid_of
from hallway.hub.applications.living import Living, living
from hallway.hub.applications.model import (
    CODE_LASTS,
    GRACE,
    GRANT_LASTS,
    REFRESH_LASTS,
    Application,
    Code,
    CodeUse,
    Grant,
    GrantEnd,
    GrantHolds,
    NewCode,
    NewGrant,
    NewRefreshToken,
    RefreshToken,
    RefreshTokenUse,
)
from hallway.hub.applications.telling import Issued, issued
from hallway.hub.organizations.members import Member
from hallway.hub.organizations.model import Organization
from hallway.ids import APPLICATION, CodeId, GrantId, OrganizationId, wire
from hallway.journal.model import Actor, Change, Row, Stale
from hallway.oidc.oauth_problem import OAuthProblem
from hallway.oidc.provider import Asked
from hallway.oidc.token_request import Bound, CodeExchange, Refreshing, judge_exchange, narrowed
from hallway.secret_text import CODE, REFRESH, SECRET_BYTES, SecretText, read_secret

_ATTEMPTS: Final = 3
_WRONG: Final = "The code is wrong, was used, or has expired."
_ENDED: Final = "What was granted has ended: the person has to sign in again."


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody whose session has this organization open."""

    account: Account
    session: Session
    organization: Organization
    member: Member
    address: str = ""


async def granted(desk: ApplicationDesk, application: Application, asked: Asked, visit: Visit) -> str:
    """The code for a request. Raises `OAuthProblem` where she was ended in this moment."""
    now, session = desk.clock(), visit.session
    ends = now + GRANT_LASTS if "offline_access" in asked.scopes else session.expires_at
    grant = Grant(
        GrantId(desk.fresh_id()), visit.organization.id, application.id, visit.member.id, visit.account.id, session.id,
        session.connection, asked.scopes, sid_of(session.id), session.authenticated_at, session.methods,
        session.entered_at or 0, now, ends,
    )  # fmt: skip
    secret = SecretText(visit.organization.id, desk.fresh_id(), desk.entropy(SECRET_BYTES))
    code = Code(
        CodeId(secret.row), grant.id, secret.hash, asked.back.redirect_uri, asked.code_challenge, asked.nonce,
        now + CODE_LASTS,
    )  # fmt: skip
    actor = Actor("member", visit.member.id, visit.member.shown, visit.address)
    facts = {"application": application.client_id, "application_name": application.name, "sid": grant.sid}
    named = {"name": visit.member.name, "email": visit.member.email}
    entry = desk.entry("member.signed_in", visit.member.id, actor, {**facts}, **named)
    rows: tuple[Row, ...] = (NewGrant(grant), NewCode(code), GrantHolds(grant.id))
    try:
        await desk.ledger.commit(Change(visit.organization.id, rows, (entry,), entry.id))
    except Stale:
        raise OAuthProblem("access_denied", "The person has no access any more.", asked.back) from None
    return secret.text(CODE)


async def exchanged(desk: ApplicationDesk, application: Application, asked: CodeExchange) -> Issued:
    """Tokens for a code. Raises `OAuthProblem`."""
    secret = read_secret(CODE, asked.code)
    if secret is None:
        raise OAuthProblem("invalid_grant", _WRONG)
    for _ in range(_ATTEMPTS):
        owner = OrganizationId(secret.owner)
        code = await desk.grants.code(owner, CodeId(secret.row))
        if not secret.fits(bytes(32) if code is None else code.hash) or code is None:
            raise OAuthProblem("invalid_grant", _WRONG)
        grant = await desk.grants.grant(owner, code.grant_id)
        if grant is None:
            raise OAuthProblem("invalid_grant", _WRONG)
        bound = Bound(wire(APPLICATION, grant.application_id), code.redirect_uri, code.code_challenge)
        judge_exchange(asked, application.client_id, bound)
        if code.used_at is not None:
            await end(desk, grant, "code_reused")
            raise OAuthProblem("invalid_grant", _WRONG)
        if desk.clock() >= code.expires_at:
            raise OAuthProblem("invalid_grant", _WRONG)
        found = await _next(desk, grant, (CodeUse(code.id, desk.clock()),))
        if found is not None:
            return await issued(desk, found.living, grant.scopes, found.text, code.nonce)
    raise OAuthProblem("invalid_grant", _ENDED)


async def refreshed(desk: ApplicationDesk, application: Application, asked: Refreshing) -> Issued:
    """The next tokens. Raises `OAuthProblem`."""
    secret = read_secret(REFRESH, asked.refresh_token)
    for _ in range(_ATTEMPTS):
        grant = None if secret is None else await desk.grants.grant(OrganizationId(secret.owner), GrantId(secret.row))
        if secret is None or grant is None or grant.application_id != application.id:
            raise OAuthProblem("invalid_grant", "The refresh token is not one of this client's.")
        scopes = narrowed(asked.scopes, grant.scopes)
        used = await _used_up(desk, grant, secret)
        found = await _next(desk, grant, (RefreshTokenUse(used, desk.clock()),))
        if found is not None:
            desk.circle.seen(grant.account_id, grant.session_id)
            return await issued(desk, found.living, scopes, found.text)
    raise OAuthProblem("invalid_grant", _ENDED)


async def end(desk: ApplicationDesk, grant: Grant, reason: str) -> None:
    """The grant ends, and its organization's journal says why; one that has ended stays so."""
    actor = Actor("application", grant.application_id, "")
    facts = {"reason": reason, "application": wire(APPLICATION, grant.application_id), "sid": grant.sid}
    entry = desk.entry("grant.ended", grant.id, actor, {**facts})
    try:
        await desk.ledger.commit(Change(grant.organization_id, (GrantEnd(grant.id, desk.clock()),), (entry,), entry.id))
    except Stale:
        return


@dataclass(frozen=True, slots=True)
class _Next:
    living: Living
    text: str = field(repr=False)


async def _next(desk: ApplicationDesk, grant: Grant, rows: tuple[Row, ...]) -> _Next | None:
    """The next refresh token, in place of what `rows` use up; None where something changed in this moment."""
    found = await living(desk, grant)
    if found is None:
        raise OAuthProblem("invalid_grant", _ENDED)
    now = desk.clock()
    secret = SecretText(grant.organization_id, grant.id, desk.entropy(SECRET_BYTES))
    token = RefreshToken(grant.id, secret.hash, now, min(now + REFRESH_LASTS, grant.expires_at))
    try:
        await desk.ledger.commit(Change(grant.organization_id, (*rows, NewRefreshToken(token), GrantHolds(grant.id))))
    except Stale:
        return None
    return _Next(found, secret.text(REFRESH))


async def _used_up(desk: ApplicationDesk, grant: Grant, secret: SecretText) -> RefreshToken:
    """The token that a refresh uses up: what came, or, where its answer was lost, the one that nobody has."""
    now = desk.clock()
    kept = await desk.grants.refresh_tokens(grant.organization_id, grant.id)
    unused = next((one for one in kept if one.used_at is None), None)
    shown = next((one for one in kept if hmac.compare_digest(one.hash, secret.hash)), None)
    late = shown is not None and shown.used_at is not None and now - shown.used_at > GRACE
    if shown is None or unused is None or late:
        await end(desk, grant, "refresh_token_reused")
        raise OAuthProblem("invalid_grant", _ENDED)
    if now >= shown.expires_at:
        raise OAuthProblem("invalid_grant", _ENDED)
    return unused
