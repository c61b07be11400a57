"""From directory user to member: who belongs, who waits, and what ends when a directory says that somebody left.

Rules:
- Inside a domain that this organization has proved, a pushed user becomes a member in the transaction that stores
  her; anybody else waits, and so does whoever has an account or a place here already, or in another directory.
- What a directory ends, ends in the same transaction; what comes back revives no session.
- An address is profile: no account's sign-in address is touched; a linked person's changes only from proved to proved
  domain, and no request both links and renames.
- The last administrator who can sign in keeps her role, even if her sessions end.
- Nothing outside this organization is asked, so an answer and its time say nothing about others.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from hallway.hub.directories.carrying import Decision, Happening
from hallway.hub.directories.desk import Desk, Scene
from hallway.hub.directories.documents import resource_of
from hallway.hub.directories.links import LinkAbsent, LinkRemoval, MemberLink, NewLink, Reason
from hallway.hub.directories.person import Person, person_of
from hallway.hub.directories.resources import ResourceUpdate
from hallway.hub.organizations.leaving import ended, ends_with, later, loses_an_administrator, remaining, returned
from hallway.hub.organizations.members import (
    AddressUnheld,
    Member,
    MemberState,
    MemberUpdate,
    NewMember,
    Role,
    Source,
)
from hallway.ids import MemberId, ResourceId
from hallway.journal.model import Row
from hallway.scim.json import JsonObject
from hallway.scim.problem import invalid_value

Decide: TypeAlias = Callable[[], Awaitable[Decision]]
_OF_A_PERSON: Final = frozenset({"userName", "emails", "displayName", "name"})


@dataclass(frozen=True, slots=True)
class Following:
    """What the organization's side adds to a decision."""

    rows: tuple[Row, ...] = ()
    happenings: tuple[Happening, ...] = ()


NOTHING: Final = Following()


def followed(desk: Desk, scene: Scene, decide: Decide) -> Decide:
    """The decision with what it means for the organization's members, all in one change."""

    async def both() -> Decision:
        decision = await decide()
        follow = _FOLLOW.get(decision.happenings[0].type) if decision.happenings else None
        if follow is None:
            return decision
        more = await follow(desk, scene, decision)
        return replace(decision, rows=(*more.rows, *decision.rows), happenings=(*decision.happenings, *more.happenings))

    return both


async def _arrived(desk: Desk, scene: Scene, decision: Decision) -> Following:
    """A new user: a member at once inside a proved domain, else she waits."""
    domains = await desk.ties.links.proved_domains(scene.key.organization_id)
    if not domains or decision.stored is None:
        return NOTHING
    resource = resource_of(decision.stored)
    person = person_of(resource)
    if resource.get("active") is False or person.domain not in domains:
        return NOTHING
    return await _joined(desk, scene, decision.stored.id, person)


async def _joined(desk: Desk, scene: Scene, resource_id: ResourceId, person: Person) -> Following:
    holders = await desk.ties.members.by_email(scene.key.organization_id, person.email)
    if any(one.state is not MemberState.DEACTIVATED for one in holders):
        return NOTHING
    now = desk.clock()
    member = Member(
        MemberId(desk.fresh_id()), scene.key.organization_id, person.email, person.name, Role.USER,
        MemberState.ACTIVE, Source.DIRECTORY, now, now, None, scene.directory.id, resource_id, now,
    )  # fmt: skip
    reason = Reason.ADMIN_ASKED if person.asks_admin else Reason.DOMAIN
    link = MemberLink(scene.key, resource_id, member.id, reason, now)
    rows = (NewMember(member), AddressUnheld(member.id, member.email), NewLink(link))
    return Following(rows, (happening("member.added", member, reason=reason.value),))


async def _returned(desk: Desk, scene: Scene, decision: Decision) -> Following:
    """She is active again: the member too, and nothing of hers that ended comes back."""
    changed = await _changed(desk, scene, decision)
    if decision.stored is None:
        return changed
    link = await desk.ties.links.link_of(scene.key, decision.stored.id)
    member = None if link is None else await desk.ties.members.by_id(scene.key.organization_id, link.member_id)
    if link is None or member is None or member.state is not MemberState.DEACTIVATED:
        return changed
    new = person_of(resource_of(decision.stored))
    back = replace(returned(member, desk.clock()), email=new.email or member.email, name=new.name)
    holder = living(await desk.ties.members.by_email(member.organization_id, back.email))
    if holder is not None:
        return changed  # her address is somebody else's meanwhile
    rows = (MemberUpdate(member, back), AddressUnheld(back.id, back.email))
    return Following(rows, (happening("member.reactivated", back, reason="directory"),))


async def _left(desk: Desk, scene: Scene, decision: Decision) -> Following:
    """She left: everything of hers in this organization ends with the same commit."""
    resource_id = ResourceId(decision.happenings[0].subject_id)
    link = await desk.ties.links.link_of(scene.key, resource_id)
    if link is None:
        return Following((LinkAbsent(scene.key, resource_id),))
    gone = decision.happenings[0].type == "user.deleted" and not scene.directory.rules.delete_deactivates
    unlinked: tuple[Row, ...] = (LinkRemoval(link),) if gone else ()
    member = await desk.ties.members.by_id(scene.key.organization_id, link.member_id)
    if member is None or member.state is MemberState.DEACTIVATED:
        return Following(unlinked)
    left = await ended_member(desk, member)
    return Following((*left.rows, *unlinked), left.happenings)


async def ended_member(desk: Desk, member: Member) -> Following:
    """What ends a member whom a directory ended; the last administrator who can sign in keeps her role."""
    now = desk.clock()
    gone, rows = ended(member, now)
    if not loses_an_administrator(member, gone):
        return Following(rows, (happening("member.deactivated", gone, reason="directory"),))
    able = await _other_administrators(desk, member)
    if able:
        return Following((*rows, *remaining(able)), (happening("member.deactivated", gone, reason="directory"),))
    kept = replace(member, access_from=later(member, now), version=member.version + 1)
    facts = happening("member.sessions_ended", kept, reason="last_administrator")
    return Following((MemberUpdate(member, kept), *ends_with(member.id, now)), (facts,))


async def _other_administrators(desk: Desk, member: Member) -> tuple[MemberId, ...]:
    others = await desk.ties.members.administrators(member.organization_id)
    return tuple(
        [
            one.id
            for one in others
            if one.id != member.id and one.account_id is not None and await desk.ties.can_sign_in(one.account_id)
        ]
    )


async def _changed(desk: Desk, scene: Scene, decision: Decision) -> Following:
    """Her profile changed: the member's name and address follow, within proved domains."""
    was = next((row.was for row in decision.rows if isinstance(row, ResourceUpdate)), None)
    names = decision.happenings[0].facts.get("attributes")
    touched = isinstance(names, list) and not _OF_A_PERSON.isdisjoint(map(str, names))
    domains = await desk.ties.links.proved_domains(scene.key.organization_id)
    if decision.stored is None or was is None or not (touched or domains):
        return NOTHING
    old, new = person_of(resource_of(was)), person_of(resource_of(decision.stored))
    link = await desk.ties.links.link_of(scene.key, decision.stored.id)
    if link is None:
        return NOTHING if old.address != new.address else await _arrived(desk, scene, decision)
    member = await desk.ties.members.by_id(scene.key.organization_id, link.member_id)
    if member is None or (old.address, old.name) == (new.address, new.name):
        return NOTHING
    return await _renamed(desk, member, (old, new), domains)


async def _renamed(desk: Desk, member: Member, versions: tuple[Person, Person], domains: frozenset[str]) -> Following:
    old, new = versions
    now = replace(member, name=new.name, version=member.version + 1)
    held: tuple[Row, ...] = ()
    if old.address != new.address:
        if not {old.domain, new.domain} <= domains:
            raise invalid_value(
                "This user is a member of the organization. Her address changes only from one domain that the "
                "organization has proved to another one; prove both domains first, or keep the address."
            )
        holders = await desk.ties.members.by_email(member.organization_id, new.email)
        if any(one.id != member.id and one.state is not MemberState.DEACTIVATED for one in holders):
            raise invalid_value("Another member of the organization has this address.")
        now = replace(now, email=new.email)
        held = (AddressUnheld(member.id, new.email),)
    if member.state is MemberState.DEACTIVATED:
        return NOTHING
    return Following((MemberUpdate(member, now), *held))


def happening(kind: str, member: Member, **facts: str) -> Happening:
    """An entry about a member."""
    told: JsonObject = {"role": member.role.value, "state": member.state.value, **facts}
    return Happening(kind, member.id, told, {"name": member.name, "email": member.email})


Follow: TypeAlias = Callable[[Desk, Scene, Decision], Awaitable[Following]]
_FOLLOW: Final[Mapping[str, Follow]] = {
    "user.created": _arrived,
    "user.restored": _returned,
    "user.reactivated": _returned,
    "user.updated": _changed,
    "user.deactivated": _left,
    "user.deleted": _left,
}


def living(holders: Sequence[Member]) -> Member | None:
    """The member who has an address now."""
    return next((one for one in holders if one.state is not MemberState.DEACTIVATED), None)
