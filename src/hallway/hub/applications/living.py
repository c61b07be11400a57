"""Whether a grant is alive: asked of the rows with every use, and never remembered."""

from dataclasses import dataclass

from hallway.accounts.model import Account, AccountState, Session
from hallway.accounts.sessions import is_alive
from hallway.hub.applications.desk import ApplicationDesk
from hallway.hub.applications.model import Application, ApplicationState, Grant
from hallway.hub.organizations.members import Member
from hallway.hub.organizations.model import Organization, OrganizationState


@dataclass(frozen=True, slots=True)
class Living:
    """A grant that is alive, with whom it is about."""

    grant: Grant
    application: Application
    organization: Organization
    member: Member
    account: Account


async def living(desk: ApplicationDesk, grant: Grant) -> Living | None:
    """The grant with whom it is about, None where it is not alive."""
    circle, now = desk.circle, desk.clock()
    if grant.ended_at is not None or now >= grant.expires_at:
        return None
    application = await desk.applications.application(grant.application_id)
    organization = await circle.organizations.by_id(grant.organization_id)
    if application is None or application.state is not ApplicationState.ACTIVE:
        return None
    if organization is None or organization.state is not OrganizationState.ACTIVE:
        return None
    found = await _person(desk, grant, now)
    return None if found is None else Living(grant, application, organization, *found)


async def _person(desk: ApplicationDesk, grant: Grant, now: int) -> tuple[Member, Account] | None:
    circle = desk.circle
    member = await circle.members.by_id(grant.organization_id, grant.member_id)
    if member is None or not member.admits(grant.entered_at) or member.account_id != grant.account_id:
        return None
    account = await circle.accounts.by_id(grant.account_id)
    session = await circle.accounts.session(grant.account_id, grant.session_id)
    if account is None or session is None or not _stands(grant, account, session, now):
        return None
    return (member, account) if await circle.ways.admits(member, session) else None


def _stands(grant: Grant, account: Account, session: Session, now: int) -> bool:
    """Whether the session's part holds: it lives, or, where it need not, nothing took its proofs back."""
    if not grant.is_offline:
        return is_alive(account, session, now)
    return account.state is AccountState.ACTIVE and session.created_at >= account.sessions_from
