"""What edits of a group's members come to: who is added, who is removed, and what may not be.

Rules: the cost is that of the request, not of the group, unless everybody is replaced or chosen by a filter;
adding who is there and removing who is not succeed and change nothing; a group is never inside itself.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hallway.hub.directories.desk import Desk, Scene
from hallway.hub.directories.model import Kind
from hallway.hub.directories.resources import GroupsNested, MemberOfGroup, MembersAdded, MembersRemoved
from hallway.ids import GROUP, USER, ResourceId, parsed, wire
from hallway.journal.model import Row
from hallway.scim.json import Json, JsonObject
from hallway.scim.match import element_predicate
from hallway.scim.member_edits import (
    AddMembers,
    Member,
    MemberEdit,
    RemoveAllMembers,
    RemoveMembers,
    RemoveMembersWhere,
    ReplaceMembers,
)
from hallway.scim.problem import invalid_value
from hallway.scim.quirks import Quirk

LARGE = 1000
"""From this many members on a group is read away from the requests' path."""


@dataclass(slots=True)
class _Net:
    """The edits so far: everybody first removed or not, then these added and these removed."""

    cleared: bool = False
    added: dict[ResourceId, None] = field(default_factory=dict)
    removed: dict[ResourceId, None] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    def add(self, member: ResourceId) -> None:
        self.removed.pop(member, None)
        self.added[member] = None

    def remove(self, member: ResourceId) -> None:
        self.added.pop(member, None)
        self.removed[member] = None

    def clear(self) -> None:
        self.cleared = True
        self.added.clear()
        self.removed.clear()


@dataclass(frozen=True, slots=True)
class MemberChange:
    """Who becomes a member and who ceases to be one."""

    added_users: tuple[ResourceId, ...] = ()
    added_groups: tuple[ResourceId, ...] = ()
    removed: tuple[ResourceId, ...] = ()
    nesting: int = 0

    def __bool__(self) -> bool:
        return bool(self.added_users or self.added_groups or self.removed)

    @property
    def balance(self) -> int:
        """By how much the group grows."""
        return len(self.added_users) + len(self.added_groups) - len(self.removed)

    @property
    def touches(self) -> int:
        """How many revisions it takes."""
        return bool(self.added_users) + bool(self.added_groups) + bool(self.removed)

    def rows(self, scene: Scene, group_id: ResourceId, at: int) -> tuple[Row, ...]:
        """What to write."""
        key = scene.key
        found: list[Row] = []
        if self.removed:
            found.append(MembersRemoved(key, group_id, self.removed, at))
        if self.added_users:
            found.append(MembersAdded(key, group_id, self.added_users, Kind.USER, at))
        if self.added_groups:
            found.append(GroupsNested(key, self.nesting))
            found.append(MembersAdded(key, group_id, self.added_groups, Kind.GROUP, at))
        return tuple(found)

    def facts(self) -> JsonObject:
        """For the journal: only who was added or removed."""
        added: list[Json] = [wire(USER, one) for one in self.added_users]
        added += [wire(GROUP, one) for one in self.added_groups]
        # Which of the removed are groups is in the intervals of `member_past`; ids do not repeat between kinds.
        removed: list[Json] = [one.hex() for one in self.removed]
        return {"added": added, "removed": removed}


async def member_change(
    desk: Desk, scene: Scene, group_id: ResourceId, edits: Sequence[MemberEdit], size: int
) -> MemberChange:
    """The edits, in order, against who is a member now; 400 for ids that are nobody of this directory."""
    if not edits:
        return MemberChange()
    present: set[ResourceId]
    if any(isinstance(edit, ReplaceMembers | RemoveAllMembers | RemoveMembersWhere) for edit in edits):
        everybody = await desk.resources.members(scene.key, group_id, size >= LARGE)
        present = {member.id for member in everybody}
        net = _net(edits, lambda edit: _chosen(edit, everybody, scene))
        found = await _candidates(desk, scene, group_id, [one for one in net.added if one not in present])
    else:
        net = _net(edits, lambda _: ())
        found = await _candidates(desk, scene, group_id, [*net.added, *net.removed])
        present = {one for one, (_, is_member) in found.items() if is_member}
    added = [one for one in net.added if one not in present]
    gone = present - net.added.keys() if net.cleared else present & net.removed.keys()
    if not net.cleared and not net.removed.keys() <= present:
        scene.tolerance.met.add(Quirk.UNMATCHED_REMOVE)
    _refuse_unknown([*net.unknown, *(one.hex() for one in added if one not in found)])
    users = tuple([one for one in added if found[one][0] is Kind.USER])
    groups = tuple([one for one in added if found[one][0] is Kind.GROUP])
    nesting = await _checked_nesting(desk, scene, group_id, groups) if groups else 0
    return MemberChange(users, groups, tuple(sorted(gone)), nesting)


async def _candidates(
    desk: Desk, scene: Scene, group_id: ResourceId, ids: Sequence[ResourceId]
) -> Mapping[ResourceId, tuple[Kind, bool]]:
    return await desk.resources.candidates(scene.key, group_id, ids) if ids else {}


def _net(edits: Sequence[MemberEdit], chosen: Callable[[RemoveMembersWhere], Iterable[ResourceId]]) -> _Net:
    net = _Net()
    for edit in edits:
        match edit:
            case AddMembers(values):
                _add(net, values)
            case ReplaceMembers(values):
                net.clear()
                _add(net, values)
            case RemoveAllMembers():
                net.clear()
            case RemoveMembers(texts):
                for text in texts:
                    found = _id(text)
                    if found is not None:
                        net.remove(found)
            case RemoveMembersWhere():
                for found in chosen(edit):
                    net.remove(found)
    return net


def _add(net: _Net, values: Sequence[Member]) -> None:
    for member in values:
        found = _id(member.value)
        if found is None:
            net.unknown.append(member.value)
        else:
            net.add(found)


def _id(text: str) -> ResourceId | None:
    found = parsed(USER, text) or parsed(GROUP, text)
    return None if found is None else ResourceId(found)


def _chosen(edit: RemoveMembersWhere, everybody: Sequence[MemberOfGroup], scene: Scene) -> list[ResourceId]:
    wanted = element_predicate(edit.filter)
    return [member.id for member in everybody if wanted(_element(member, scene))]


def _element(member: MemberOfGroup, scene: Scene) -> JsonObject:
    is_group = member.kind is Kind.GROUP
    value = wire(GROUP if is_group else USER, member.id)
    place = "Groups" if is_group else "Users"
    reference = f"{scene.base.decode()}/{place}/{value}"
    element: JsonObject = {"value": value, "$ref": reference, "type": "Group" if is_group else "User"}
    return {**element, "display": member.display} if member.display else element


def _refuse_unknown(missing: Sequence[str]) -> None:
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        named = ", ".join(f"`{one[:64]}`" for one in missing[:3])
        raise invalid_value(f"Nobody in this directory has the member id {named}{more}; nothing was changed.")


async def _checked_nesting(desk: Desk, scene: Scene, group_id: ResourceId, groups: Sequence[ResourceId]) -> int:
    """The version that the absence of a cycle rests on; 400 where there would be one."""
    nesting = await desk.resources.nesting(scene.key)
    above = {group_id}
    ask = [group_id]
    while ask:
        holders = await desk.resources.groups_holding(scene.key, ask)
        ask = [one for found in holders.values() for one in found if one not in above]
        above.update(ask)
    if above.intersection(groups):
        raise invalid_value("A group cannot be inside itself, directly or through another group.")
    return nesting
