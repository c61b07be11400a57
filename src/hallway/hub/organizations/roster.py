"""The members of an organization, changed: role, deactivation, coming back, removal.

Rules: the last administrator who can sign in stays one; ending somebody ends everything of hers here in the same
transaction; each change is decided again where somebody else was first.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from hallway.hub.organizations.invitations import Invitations, Letters
from hallway.hub.organizations.leaving import (
    SignInsEnded,
    ended,
    ends_with,
    later,
    loses_an_administrator,
    remaining,
    returned,
)
from hallway.hub.organizations.members import AddressUnheld, Member, MemberRemoval, MemberState, MemberUpdate, Role
from hallway.hub.organizations.ports import Members, Organizations
from hallway.hub.organizations.service import Refused
from hallway.ids import MEMBER, AccountId, EntryId, MemberId, OrganizationId, fresh_id, parsed
from hallway.journal.model import Actor, Change, Entry, Row
from hallway.journal.ports import Ledger
from hallway.journal.service import carried_out
from hallway.scim.json import JsonObject

CanSignIn: TypeAlias = Callable[[AccountId], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Roster:
    """What changes of members need: stores, time, chance, mail, and whether an account can sign in.

    `mail_proof` makes what only the mail of an invitation has: whoever shows it has read that mailbox.
    """

    ledger: Ledger
    organizations: Organizations
    members: Members
    invitations: Invitations
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]
    can_sign_in: CanSignIn
    letters: Letters
    base_url: str
    mail_proof: Callable[[bytes], str]

    def fresh_id(self) -> bytes:
        """A new id."""
        return fresh_id(self.clock(), self.entropy(10))

    def entry(self, kind: str, member: Member, actor: Actor, **facts: str | int | None) -> Entry:
        """A fact about a member."""
        told: JsonObject = {"role": member.role.value, "state": member.state.value, **facts}
        personal: JsonObject = {"name": member.name, "email": member.email}
        return Entry(
            EntryId(self.fresh_id()), kind, self.clock(), actor, member.id, member.directory_id, None, told, personal
        )

    def change(self, member: Member, entry: Entry, *rows: Row) -> Change:
        """Rows with their entry."""
        return Change(member.organization_id, rows, (entry,), entry.id)


async def found_member(roster: Roster, organization_id: OrganizationId, text: str) -> Member:
    """The member of an id (`mem_…`) in this organization; another organization's is not found."""
    own = parsed(MEMBER, text)
    member = None if own is None else await roster.members.by_id(organization_id, MemberId(own))
    if member is None:
        raise Refused("not_found", "There is no member %(id)s in this organization.", id=repr(text))
    return member


async def set_role(roster: Roster, member: Member, role: Role, actor: Actor) -> Member:
    """Give a member another role; of an invited one, the role that the invitation gives."""

    async def decide(was: Member) -> tuple[Change | None, Member]:
        if was.role is role:
            return None, was
        now = replace(was, role=role, version=was.version + 1)
        rows = (MemberUpdate(was, now), *await administrator_kept(roster, was, now))
        entry = roster.entry("member.role_changed", now, actor, was=was.role.value)
        return roster.change(now, entry, *rows), now

    return await _changed(roster, member, decide)


async def deactivate(roster: Roster, member: Member, actor: Actor) -> Member:
    """End her access here: sessions, sign-ins under way, open invitations and set-up links that she made; her data and
    her role stay.
    """

    async def decide(was: Member) -> tuple[Change | None, Member]:
        if was.state is MemberState.DEACTIVATED:
            return None, was
        if was.state is MemberState.INVITED:
            raise Refused("conflict", "She has not accepted her invitation yet. Revoke the invitation instead.")
        now, rows = ended(was, roster.clock())
        kept = await administrator_kept(roster, was, now)
        return roster.change(now, roster.entry("member.deactivated", now, actor), *rows, *kept), now

    return await _changed(roster, member, decide)


async def reactivate(roster: Roster, member: Member, actor: Actor) -> Member:
    """Let her in again, by signing in anew; no session, invitation or link of before comes back.

    Refused while somebody else is the member with her address: an address finds one member.
    """

    async def decide(was: Member) -> tuple[Change | None, Member]:
        if was.state is not MemberState.DEACTIVATED:
            return None, was
        await _refuse_held(roster, was)
        now = returned(was, roster.clock())
        rows = (MemberUpdate(was, now), AddressUnheld(was.id, was.email))
        return roster.change(now, roster.entry("member.reactivated", now, actor), *rows), now

    return await _changed(roster, member, decide)


async def remove(roster: Roster, member: Member, actor: Actor) -> None:
    """End the membership with all that deactivation ends; the account, and what it is elsewhere, stay."""

    async def decide(was: Member) -> tuple[Change | None, Member]:
        rows = (*ends_with(was.id, roster.clock()), MemberRemoval(was))
        kept = await administrator_kept(roster, was, None)
        entry = roster.entry("member.removed", was, actor)
        return roster.change(was, entry, *rows, *kept), was

    await _changed(roster, member, decide)


async def end_sessions(roster: Roster, member: Member, actor: Actor) -> Member:
    """End every session and sign-in under way of hers in this organization; she may enter again at once."""

    async def decide(was: Member) -> tuple[Change | None, Member]:
        now = replace(was, access_from=later(was, roster.clock()), version=was.version + 1)
        rows = (MemberUpdate(was, now), SignInsEnded(was.id, roster.clock()))
        return roster.change(now, roster.entry("member.sessions_ended", now, actor), *rows), now

    return await _changed(roster, member, decide)


async def administrator_kept(roster: Roster, was: Member, now: Member | None) -> tuple[Row, ...]:
    """The row that keeps an administrator; refuses where this one is the last who can sign in."""
    if not loses_an_administrator(was, now):
        return ()
    others = [one for one in await roster.members.administrators(was.organization_id) if one.id != was.id]
    able = [one.id for one in others if one.account_id is not None and await roster.can_sign_in(one.account_id)]
    if not able:
        raise Refused(
            "conflict",
            "This is the last administrator who can sign in. Make another member an administrator first: without one, "
            "nobody could change this organization.",
        )
    return remaining(tuple(able))


async def is_last_administrator(roster: Roster, member: Member) -> bool:
    """Whether the organization would have no administrator who can sign in without her."""
    try:
        await administrator_kept(roster, member, None)
    except Refused:
        return True
    return False


async def _refuse_held(roster: Roster, member: Member) -> None:
    for other in await roster.members.by_email(member.organization_id, member.email):
        if other.id != member.id and other.state is not MemberState.DEACTIVATED:
            raise Refused(
                "conflict",
                "Another member has the address %(email)s. Remove or deactivate that member first.",
                email=member.email,
            )


async def _changed(
    roster: Roster, member: Member, decide: Callable[[Member], Awaitable[tuple[Change | None, Member]]]
) -> Member:
    """Commit what is decided on the member as she is now; without a change, nothing is written."""

    async def once() -> tuple[Change, Member]:
        was = await roster.members.by_id(member.organization_id, member.id)
        if was is None:
            raise Refused("not_found", "She is not a member of this organization any more.")
        change, now = await decide(was)
        return change or Change(member.organization_id), now

    return (await carried_out(roster.ledger, once))[1]
