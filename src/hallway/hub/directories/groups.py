"""Creating, changing and ending groups: what is decided, before anything is written."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, TypeAlias

from hallway.hub.directories.carrying import Decision, Happening, Outcome, carried
from hallway.hub.directories.columns import columns_of
from hallway.hub.directories.desk import Desk, Scene
from hallway.hub.directories.documents import document_of, resource_of
from hallway.hub.directories.ending import Ending, ended, existing, removal
from hallway.hub.directories.facts import changed_names, label, names_of
from hallway.hub.directories.matching import refuse_unmatched
from hallway.hub.directories.membership import MemberChange, member_change
from hallway.hub.directories.model import Kind
from hallway.hub.directories.resources import (
    Columns,
    NewResource,
    ResourceUpdate,
    RevisionHeld,
    Stored,
)
from hallway.ids import ResourceId
from hallway.journal.model import Row
from hallway.scim.json import Json, JsonObject
from hallway.scim.member_edits import AddMembers, Member, MemberEdit, RemoveMembers, ReplaceMembers
from hallway.scim.patch import patched
from hallway.scim.patch_operations import patch_operations
from hallway.scim.problem import uniqueness
from hallway.scim.replacement import replacement
from hallway.scim.resource import parsed_resource, split_rows

Changed: TypeAlias = Callable[[JsonObject], tuple[JsonObject, Sequence[MemberEdit]]]

ROWS: Final = frozenset({"members"})


async def create_group(desk: Desk, scene: Scene, body: Json, given_id: ResourceId | None = None) -> Outcome:
    """Store a new group with its members; 409 where the name is taken and names are unique here."""
    group_type = scene.types[Kind.GROUP]
    sent, values = split_rows(parsed_resource(body, group_type, scene.tolerance), ROWS)
    group_id = given_id or ResourceId(desk.fresh_id())
    edits: Sequence[MemberEdit] = (AddMembers(_members(values)),) if values else ()

    async def decide() -> Decision:
        stored, columns = _drafted(desk, scene, group_id, sent)
        await _refuse_taken(desk, scene, columns, None)
        change = await member_change(desk, scene, group_id, edits, 0)
        written = (NewResource(scene.key, stored, columns), *change.rows(scene, group_id, stored.modified_at))
        facts: JsonObject = {"attributes": names_of(sent)}
        if change:
            facts["added"] = change.facts()["added"]
        after = _after(stored, change, stored.modified_at)
        return Decision(after, written, (Happening("group.created", group_id, facts, label(sent)),))

    return await carried(desk, scene, 201, decide)


async def replace_group(desk: Desk, scene: Scene, group_id: ResourceId, body: Json, if_match: str | None) -> Outcome:
    """Replace a group (RFC 7644 §3.5.1); members that are not mentioned stay, `[]` empties it."""
    group_type = scene.types[Kind.GROUP]
    mentioned = isinstance(body, dict) and any(name.lower().endswith("members") for name in body)
    sent, values = split_rows(parsed_resource(body, group_type, scene.tolerance), ROWS)
    edits: Sequence[MemberEdit] = (ReplaceMembers(_members(values)),) if mentioned else ()

    def changed(old: JsonObject) -> tuple[JsonObject, Sequence[MemberEdit]]:
        return replacement(old, sent, group_type, scene.tolerance), edits

    return await _change_group(desk, scene, group_id, changed, (200, if_match))


async def patch_group(
    desk: Desk, scene: Scene, group_id: ResourceId, body: Json, answer: tuple[int, str | None]
) -> Outcome:
    """Apply a PATCH, all of it or nothing; `answer` is the status it will have, and If-Match."""
    group_type = scene.types[Kind.GROUP]
    operations = patch_operations(body, group_type, scene.tolerance)

    def changed(old: JsonObject) -> tuple[JsonObject, Sequence[MemberEdit]]:
        done = patched(old, operations, group_type, scene.tolerance, ROWS)
        return done.resource, done.member_edits

    return await _change_group(desk, scene, group_id, changed, answer)


async def delete_group(desk: Desk, scene: Scene, group_id: ResourceId, if_match: str | None) -> Outcome:
    """End a group; its members stay, without it."""

    async def ending(was: Stored, old: JsonObject, exact: bool) -> Ending:
        return Ending(removal(desk, scene, was, old, exact), {"members": was.members})

    return await ended(desk, scene, (Kind.GROUP, group_id), if_match, ending)


async def _change_group(
    desk: Desk, scene: Scene, group_id: ResourceId, changed: Changed, answer: tuple[int, str | None]
) -> Outcome:
    status, if_match = answer

    async def decide() -> Decision:
        was = await existing(desk, scene, Kind.GROUP, group_id)
        refuse_unmatched(if_match, was)
        old = resource_of(was)
        new, edits = changed(old)
        change = await member_change(desk, scene, group_id, edits, was.members)
        if new == old:
            held = () if if_match is None else (RevisionHeld(scene.key, was),)
            return _members_changed(desk, scene, (was, old), change, held)
        return await _updated(desk, scene, (was, old, new), change, if_match is not None)

    async def decide_members() -> Decision:
        was = await existing(desk, scene, Kind.GROUP, group_id)
        old = resource_of(was)
        new, edits = changed(old)
        if new != old or not all(isinstance(edit, AddMembers | RemoveMembers) for edit in edits):
            raise _DependsOnVersion
        change = await member_change(desk, scene, group_id, edits, was.members)
        return _members_changed(desk, scene, (was, old), change, ())

    if status == 204 and if_match is None:
        # Nobody waits for a turn to add or remove people, so those who do it at once share a commit; which revision
        # each of them made is not known then, and not said.
        with suppress(_DependsOnVersion):
            outcome = await carried(desk, scene, status, decide_members)
            return Outcome(None, outcome.changed, outcome.seq)
    async with desk.queues.turn(group_id):
        return await carried(desk, scene, status, decide)


class _DependsOnVersion(Exception):
    """What a request asks for can be decided only on the group as it is."""


def _members_changed(
    desk: Desk, scene: Scene, version: tuple[Stored, JsonObject], change: MemberChange, held: tuple[Row, ...]
) -> Decision:
    """Only members change: depends on no version of the group, so two at once lose nobody."""
    was, old = version
    if not change:
        return Decision(was)
    at = desk.now()
    happening = Happening("group.members_changed", was.id, change.facts(), label(old))
    after = _after(was, change, at)
    return Decision(after, (*held, *change.rows(scene, was.id, at)), (happening,))


async def _updated(
    desk: Desk, scene: Scene, versions: tuple[Stored, JsonObject, JsonObject], change: MemberChange, exact: bool
) -> Decision:
    was, old, new = versions
    stored, columns = _drafted(desk, scene, was.id, new, was)
    old_columns = columns_of(Kind.GROUP, old)
    if columns.name_key != old_columns.name_key:
        await _refuse_taken(desk, scene, columns, was.id)
    happenings = [Happening("group.updated", was.id, {"attributes": changed_names(old, new)}, label(new))]
    if change:
        happenings.append(Happening("group.members_changed", was.id, change.facts(), label(new)))
    rows: tuple[Row, ...] = (
        ResourceUpdate(scene.key, was, stored, columns, old_columns.keys, exact),
        *change.rows(scene, was.id, stored.modified_at),
    )
    return Decision(_after(stored, change, stored.modified_at), rows, tuple(happenings))


def _after(stored: Stored, change: MemberChange, at: int) -> Stored:
    revision, members = stored.revision + change.touches, stored.members + change.balance
    return replace(stored, modified_at=at, revision=revision, members=members)


def _drafted(
    desk: Desk, scene: Scene, group_id: ResourceId, resource: JsonObject, was: Stored | None = None
) -> tuple[Stored, Columns]:
    document, hidden, _ = document_of(resource, Kind.GROUP, group_id, scene.types[Kind.GROUP])
    columns = columns_of(Kind.GROUP, resource)
    if not scene.directory.rules.group_names_unique:
        columns = replace(columns, name_key=None)
    now = desk.now()
    stored = Stored(
        id=group_id,
        kind=Kind.GROUP,
        seq=0 if was is None else was.seq,
        revision=1 if was is None else was.revision + 1,
        created_at=now if was is None else was.created_at,
        modified_at=now,
        document=document,
        hidden=hidden,
        members=0 if was is None else was.members,
        schema_version=scene.schema_version,
    )
    return stored, columns


async def _refuse_taken(desk: Desk, scene: Scene, columns: Columns, own: ResourceId | None) -> None:
    if columns.name_key is None:
        return
    holder = await desk.resources.id_by_name(scene.key, Kind.GROUP, columns.name_key)
    if holder is not None and holder != own:
        raise uniqueness("A group with this displayName is already in this directory (letter case does not count).")


def _members(values: Sequence[Json]) -> tuple[Member, ...]:
    return tuple(
        Member(str(value["value"])) for value in values if isinstance(value, dict) and value.get("value") is not None
    )
