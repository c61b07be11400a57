"""What an administrator says about those who wait: this is she, she may administer, or let her be.

Rules: her word stands beside the directory user's revision and the member's version, so that a deactivation that
came meanwhile is never overlooked (it asks for the link behind its rows, as her word asks for the revision behind the
link); it is written with the administrator's name.
"""

from dataclasses import dataclass, replace
from enum import Enum

from hallway.hub.directories.belonging import happening, living
from hallway.hub.directories.desk import Desk
from hallway.hub.directories.documents import resource_of
from hallway.hub.directories.links import NOBODY, LinkUpdate, MemberLink, NewLink, Reason
from hallway.hub.directories.model import Directory, Kind
from hallway.hub.directories.person import Person, person_of
from hallway.hub.directories.resources import DirectoryKey, RevisionHeld, Stored
from hallway.hub.organizations.members import Member, MemberState, MemberUpdate, NewMember, Role, Source
from hallway.hub.organizations.service import Refused
from hallway.ids import EntryId, MemberId, ResourceId
from hallway.journal.model import Actor, Change, Entry, Row
from hallway.journal.service import carried_out


class Wait(Enum):
    """Why somebody is no member yet."""

    NO_ADDRESS = "no_address"
    DOMAIN = "domain"
    INVITED = "invited"
    COLLISION = "collision"
    ADMINISTRATOR = "administrator"
    EXISTING = "existing"
    NEXT_REQUEST = "next_request"


class ByAPerson(Enum):
    """Whether somebody says it who showed who she is, or a program."""

    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One who waits: why, and the member who has her address."""

    person: Person
    why: Wait
    member: Member | None


async def why_waiting(desk: Desk, directory: Directory, stored: Stored) -> Waiting:
    """The reason, as it is now."""
    person = person_of(resource_of(stored))
    if not person.email:
        return Waiting(person, Wait.NO_ADDRESS, None)
    holder = living(await desk.ties.members.by_email(directory.organization_id, person.email))
    if holder is not None:
        return Waiting(person, _of_holder(holder), holder)
    domains = await desk.ties.links.proved_domains(directory.organization_id)
    return Waiting(person, Wait.NEXT_REQUEST if person.domain in domains else Wait.DOMAIN, None)


def _of_holder(holder: Member) -> Wait:
    if holder.directory_id is not None:
        return Wait.COLLISION
    if holder.state is MemberState.INVITED:
        return Wait.INVITED
    return Wait.ADMINISTRATOR if holder.role is Role.ADMIN else Wait.EXISTING


async def invitable(desk: Desk, directory: Directory, resource_id: ResourceId) -> str:
    """The address of one who may be invited: nobody here has it, and no proved domain lets her in anyway."""
    key = DirectoryKey(directory.organization_id, directory.id)
    waiting = await why_waiting(desk, directory, await _unlinked(desk, key, resource_id))
    if waiting.why is not Wait.DOMAIN:
        raise Refused("conflict", "She cannot be invited any more: look at the list again.")
    return waiting.person.email


async def accept(
    desk: Desk, directory: Directory, resource_id: ResourceId, actor: Actor, by_a_person: ByAPerson = ByAPerson.YES
) -> Member:
    """She is the member with her address, or a new one; the directory owns the membership from now on. That it owns an
    administrator, a person says, and no program.
    """
    key = DirectoryKey(directory.organization_id, directory.id)

    async def decide() -> tuple[Change, Member]:
        stored = await _unlinked(desk, key, resource_id)
        waiting = await why_waiting(desk, directory, stored)
        if waiting.why is Wait.NO_ADDRESS:
            raise Refused("invalid", "She has no e-mail address. Send one in the directory product first.")
        if waiting.why is Wait.COLLISION:
            raise Refused("conflict", "Another directory owns the member with this address. Remove her there first.")
        if waiting.why is Wait.ADMINISTRATOR and by_a_person is ByAPerson.NO:
            raise Refused(
                "forbidden",
                "An administrator has her address. That a directory owns her, one of them confirms on a page.",
            )
        now = desk.clock()
        row, member = _accepted(desk, key, waiting, (resource_id, now))
        link = MemberLink(key, resource_id, member.id, Reason.CONFIRMED, now)
        rows: tuple[Row, ...] = (row, NewLink(link), RevisionHeld(key, stored))
        return _change(desk, directory, actor, member, rows), member

    return (await carried_out(desk.ledger, decide))[1]


def _accepted(desk: Desk, key: DirectoryKey, waiting: Waiting, one: tuple[ResourceId, int]) -> tuple[Row, Member]:
    resource_id, now = one
    was, person = waiting.member, waiting.person
    if was is None:
        made = Member(
            MemberId(desk.fresh_id()), key.organization_id, person.email, person.name, Role.USER, MemberState.ACTIVE,
            Source.DIRECTORY, now, now, None, key.directory_id, resource_id, now, confirmed_at=now,
        )  # fmt: skip
        return NewMember(made), made
    owned = replace(
        was, directory_id=key.directory_id, resource_id=resource_id, confirmed_at=now, version=was.version + 1
    )
    return MemberUpdate(was, owned), owned


async def dismiss(desk: Desk, directory: Directory, resource_id: ResourceId, actor: Actor) -> None:
    """She is not listed again; what the directory says about her later is stored as before."""
    key = DirectoryKey(directory.organization_id, directory.id)

    async def decide() -> tuple[Change, None]:
        stored = await _unlinked(desk, key, resource_id)
        link = MemberLink(key, resource_id, NOBODY, Reason.DISMISSED, desk.clock())
        entry = Entry(EntryId(desk.fresh_id()), "member.dismissed", desk.clock(), actor, resource_id, directory.id)
        rows: tuple[Row, ...] = (NewLink(link), RevisionHeld(key, stored))
        return Change(directory.organization_id, rows, (entry,), entry.id), None

    await carried_out(desk.ledger, decide)


async def grant_admin(desk: Desk, directory: Directory, resource_id: ResourceId, actor: Actor) -> Member:
    """The role that the directory asked for, given by an administrator."""
    key = DirectoryKey(directory.organization_id, directory.id)

    async def decide() -> tuple[Change, Member]:
        link = await desk.ties.links.link_of(key, resource_id)
        was = None if link is None else await desk.ties.members.by_id(directory.organization_id, link.member_id)
        if link is None or was is None or link.reason is not Reason.ADMIN_ASKED:
            raise Refused("conflict", "The directory does not ask for this any more.")
        now = desk.clock()
        member = replace(was, role=Role.ADMIN, confirmed_at=now, version=was.version + 1)
        rows: tuple[Row, ...] = (
            MemberUpdate(was, member),
            LinkUpdate(link, replace(link, reason=Reason.CONFIRMED, at=now)),
        )
        return _change(desk, directory, actor, member, rows), member

    return (await carried_out(desk.ledger, decide))[1]


async def _unlinked(desk: Desk, key: DirectoryKey, resource_id: ResourceId) -> Stored:
    stored = await desk.resources.by_id(key, Kind.USER, resource_id)
    if stored is None:
        raise Refused("not_found", "She is not in this directory any more.")
    if await desk.ties.links.link_of(key, resource_id) is not None:
        raise Refused("conflict", "Somebody decided about her already.")
    return stored


def _change(desk: Desk, directory: Directory, actor: Actor, member: Member, rows: tuple[Row, ...]) -> Change:
    told = happening("member.linked", member)
    entry = Entry(
        EntryId(desk.fresh_id()), told.type, desk.clock(), actor, member.id, directory.id, facts=told.facts,
        personal=told.personal,
    )  # fmt: skip
    return Change(directory.organization_id, rows, (entry,), entry.id)
