"""Who a judged answer is in its organization: the member, and why; or why nobody.

Rules: a subject that was linked is that member for ever; a first link rests on an address in a domain that this
organization has proved, or on what its directory says; an administrator who was there before confirms with her own
credential; who was deactivated stays out, under whatever name she comes.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from hallway.hub.connections.model import Connection, Identity, Match
from hallway.hub.connections.ports import Connections
from hallway.hub.organizations.members import Member, MemberState, Role, Source
from hallway.hub.organizations.ports import Members
from hallway.hub.sign_in.model import Said, TurnedAway
from hallway.hub.sign_in.ports import DirectoryPeople
from hallway.ids import AccountId, MemberId, OrganizationId


@dataclass(frozen=True, slots=True)
class Person:
    """Who signs in; `was` is the member before, None for somebody new; `reason` is why she is linked now, "" where she
    was before.
    """

    member: Member
    was: Member | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Registry:
    """Where people are looked for."""

    connections: Connections
    members: Members
    directories: DirectoryPeople
    proved_domains: Callable[[OrganizationId], Awaitable[frozenset[str]]]


async def person_of(
    registry: Registry, connection: Connection, said: Said, subject: bytes, confirmed: AccountId | None
) -> Person:
    """Who the answer is about; `confirmed` is the account that this browser proved by itself. Raises `TurnedAway`."""
    owner = connection.organization_id
    known = await registry.connections.identity(owner, connection.id, subject)
    if known is not None:
        return await _linked(registry, owner, known)
    if said.transient:
        raise TurnedAway("transient", "a name that stays the same", "a transient one")
    found = await _candidates(registry, connection, said)
    alive = [one for one in found if one.state is not MemberState.DEACTIVATED]
    if found and not alive:
        raise TurnedAway("deactivated")
    if len(alive) > 1:
        raise TurnedAway("several", "one member", f"{len(alive)}")
    if not alive:
        return await _new(registry, connection, said)
    member = alive[0]
    if member.role is Role.ADMIN and member.account_id is not None and member.account_id != confirmed:
        raise TurnedAway("confirm_first")
    return Person(member, member, f"match:{connection.match.value}")


async def apparent(registry: Registry, connection: Connection, said: Said, subject: bytes) -> MemberId | None:
    """Whom an answer seems to be about, before it is judged: her leaving ends it. None for nobody, and for several."""
    known = await registry.connections.identity(connection.organization_id, connection.id, subject)
    if known is not None:
        return known.member_id
    try:
        found = await _candidates(registry, connection, said)
    except TurnedAway:
        return None
    return found[0].id if len(found) == 1 else None


async def _linked(registry: Registry, owner: OrganizationId, known: Identity) -> Person:
    member = await registry.members.by_id(owner, known.member_id)
    if member is None:
        raise TurnedAway("nobody_here")
    if member.state is MemberState.DEACTIVATED:
        raise TurnedAway("deactivated")
    return Person(member, member)


async def _candidates(registry: Registry, connection: Connection, said: Said) -> Sequence[Member]:
    owner = connection.organization_id
    if connection.match is Match.EMAIL:
        await _refuse_strange_address(registry, owner, said)
        return await registry.members.by_email(owner, said.email)
    value = said.user_name if connection.match is Match.USER_NAME else said.external_id
    return await registry.directories.members_by(owner, connection.match, value) if value else ()


async def _refuse_strange_address(registry: Registry, owner: OrganizationId, said: Said) -> None:
    if "@" not in said.email:
        raise TurnedAway("no_address", "an e-mail address", said.email or "none")
    if said.email_verified is False:
        raise TurnedAway("email_unverified", "an address that the provider has verified", said.email)
    proved = await registry.proved_domains(owner)
    domain = said.email.rpartition("@")[2].lower()
    if domain not in proved:
        raise TurnedAway("domain_unproved", ", ".join(sorted(proved)) or "a proved domain", domain)


async def _new(registry: Registry, connection: Connection, said: Said) -> Person:
    """Somebody who was never here, where the connection may make members."""
    owner = connection.organization_id
    if not connection.just_in_time:
        raise TurnedAway("nobody_here", "a member of this organization", said.email or said.shown)
    await _refuse_strange_address(registry, owner, said)
    if await registry.directories.has_active_directory(owner):
        raise TurnedAway("directory_decides")
    names = [name for name in (said.email, said.user_name, said.external_id, said.subject) if name]
    if await registry.directories.was_ended(owner, names):
        raise TurnedAway("deactivated")
    made = Member(MemberId(b""), owner, said.email, said.name, Role.GUEST, MemberState.ACTIVE, Source.SSO, 0, 0)
    return Person(made, None, "just_in_time")


def joined(person: Person, account_id: AccountId, name: str, now: int) -> Member:
    """The member as she is once she has signed in for the first time."""
    member = person.member
    if member.account_id is not None and member.state is MemberState.ACTIVE:
        return member
    return replace(
        member,
        account_id=member.account_id or account_id,
        name=member.name or name,
        state=MemberState.ACTIVE,
        joined_at=member.joined_at or now,
        version=member.version + 1,
    )
