"""An organization that somebody founds herself, with herself as its first administrator: one change."""

from hallway.hub.organizations.inviting import Joiner
from hallway.hub.organizations.members import Member, MemberState, NewMember, Role, Source
from hallway.hub.organizations.model import NewOrganization, Organization, OrganizationState, Plan
from hallway.hub.organizations.roster import Roster
from hallway.hub.organizations.service import checked_name
from hallway.ids import EntryId, MemberId, OrganizationId
from hallway.journal.model import Actor, Change, Entry


async def found_organization(roster: Roster, name: str, plan: Plan, founder: Joiner, address: str) -> Member:
    """The founder's membership of the new organization; refuses a name that is none."""
    tidy, now = checked_name(name), roster.clock()
    owner = OrganizationId(roster.fresh_id())
    organization = Organization(owner, tidy, plan, OrganizationState.ACTIVE, now, None)
    member = Member(
        MemberId(roster.fresh_id()), owner, founder.email, founder.name, Role.ADMIN, MemberState.ACTIVE,
        Source.REGISTERED, now, now, account_id=founder.account_id, joined_at=now,
    )  # fmt: skip
    actor = Actor("member", member.id, member.shown, address)
    made = Entry(
        EntryId(roster.fresh_id()), "organization.created", now, actor, owner,
        facts={"plan": plan.value, "state": organization.state.value}, personal={"name": tidy},
    )  # fmt: skip
    joined = roster.entry("member.joined", member, actor, source=member.source.value)
    await roster.ledger.commit(
        Change(owner, (NewOrganization(organization), NewMember(member)), (made, joined), made.id)
    )
    return member
