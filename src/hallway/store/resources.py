"""Rows of users and groups: what their changes write."""

from collections.abc import Iterator, Sequence
from typing import Final

from hallway.hub.directories.columns import KEYED
from hallway.hub.directories.model import Kind
from hallway.hub.directories.resources import (
    Columns,
    DirectoryKey,
    GroupsNested,
    MembersAdded,
    MembersRemoved,
    NewResource,
    ResourceMove,
    ResourceRemoval,
    ResourceUpdate,
    RevisionHeld,
    Stored,
)
from hallway.scim.problem import invalid_value
from hallway.store.rows import writes
from hallway.store.statement import SEQ, Params, Step, statement

INSERT = statement(
    "resource_insert",
    """INSERT INTO resource (organization_id, directory_id, kind, id, seq, revision, schema_version, created_at,
         modified_at, name_key, external_id, display, display_key, active, members, manager_id, splice_at, hidden,
         document)
       VALUES (?1, ?2, ?3, ?4, {seq:5}, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 0, ?15, ?16, ?17, ?18)""",
)
INSERT_KEY = statement(
    "resource_key_insert",
    """INSERT INTO resource_key (organization_id, directory_id, kind, attribute, value, id)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6)""",
)
DELETE_KEY = statement(
    "resource_key_delete",
    """DELETE FROM resource_key WHERE organization_id = ?1 AND directory_id = ?2 AND kind = ?3 AND attribute = ?4
       AND value = ?5 AND id = ?6""",
)
COUNT = statement(
    "resource_counted",
    """INSERT INTO resource_count (organization_id, directory_id, kind, count) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT (organization_id, directory_id, kind) DO UPDATE SET count = resource_count.count + excluded.count""",
)
KEEP_VERSION = statement(
    "resource_version_kept",
    """INSERT INTO resource_version (organization_id, directory_id, kind, id, from_seq, to_seq, revision,
         schema_version, created_at, modified_at, hidden, document)
       SELECT organization_id, directory_id, kind, id, seq, {seq:5}, revision, schema_version, created_at, modified_at,
         hidden, document FROM resource
       WHERE organization_id = ?1 AND directory_id = ?2 AND kind = ?3 AND id = ?4""",
)
UPDATE = statement(
    "resource_update",
    """UPDATE resource SET seq = {seq:5}, revision = revision + 1, schema_version = ?6, modified_at = ?7, name_key = ?8,
         external_id = ?9, display = ?10, display_key = ?11, active = ?12, manager_id = ?13, splice_at = ?14,
         hidden = ?15, document = ?16, kind = ?17, created_at = ?20
       WHERE organization_id = ?1 AND directory_id = ?2 AND kind = ?3 AND id = ?4 AND seq = ?18
         AND (?19 = 0 OR revision = ?19) RETURNING organization_id""",
)
DELETE = statement(
    "resource_delete",
    """DELETE FROM resource WHERE organization_id = ?1 AND directory_id = ?2 AND kind = ?3 AND id = ?4 AND seq = ?5
         AND (?6 = 0 OR revision = ?6) RETURNING organization_id""",
)
TOUCH_GROUP = statement(
    "group_touched",
    """UPDATE resource SET revision = revision + 1, members = members + ?4, modified_at = ?5
       WHERE organization_id = ?1 AND directory_id = ?2 AND kind = 2 AND id = ?3
       RETURNING organization_id""",
)
ADD_MEMBERS = statement(
    "members_added",
    """INSERT INTO member (organization_id, directory_id, group_id, member_id, member_kind, seq)
       SELECT organization_id, directory_id, ?3, id, kind, {seq:5} FROM resource
       WHERE organization_id = ?1 AND directory_id = ?2 AND kind = ?6 AND id IN {ids:4}
       RETURNING organization_id""",
)
ADD_MEMBER = statement(
    "member_added",
    """INSERT INTO member (organization_id, directory_id, group_id, member_id, member_kind, seq)
       SELECT organization_id, directory_id, ?3, id, kind, {seq:5} FROM resource
       WHERE organization_id = ?1 AND directory_id = ?2 AND kind = ?6 AND id = ?4
       RETURNING organization_id""",
)
KEEP_MEMBERS = statement(
    "members_kept",
    """INSERT INTO member_past (organization_id, directory_id, group_id, member_id, member_kind, from_seq, to_seq)
       SELECT organization_id, directory_id, group_id, member_id, member_kind, seq, {seq:5} FROM member
       WHERE organization_id = ?1 AND directory_id = ?2 AND group_id = ?3 AND member_id IN {ids:4}""",
)
REMOVE_MEMBERS = statement(
    "members_removed",
    """DELETE FROM member WHERE organization_id = ?1 AND directory_id = ?2 AND group_id = ?3
         AND member_id IN {ids:4} RETURNING organization_id""",
)
KEEP_ALL_MEMBERS = statement(
    "members_all_kept",
    """INSERT INTO member_past (organization_id, directory_id, group_id, member_id, member_kind, from_seq, to_seq)
       SELECT organization_id, directory_id, group_id, member_id, member_kind, seq, {seq:4} FROM member
       WHERE organization_id = ?1 AND directory_id = ?2 AND group_id = ?3""",
)
REMOVE_ALL_MEMBERS = statement(
    "members_all_removed",
    "DELETE FROM member WHERE organization_id = ?1 AND directory_id = ?2 AND group_id = ?3",
)
TOUCH_GROUPS_OF = statement(
    "groups_of_touched",
    """UPDATE resource SET revision = revision + 1, members = members - 1, modified_at = ?4
       WHERE organization_id = ?1 AND directory_id = ?2 AND kind = 2
         AND id IN (SELECT group_id FROM member
                    WHERE organization_id = ?1 AND directory_id = ?2 AND member_id = ?3)""",
)
KEEP_MEMBERSHIPS = statement(
    "memberships_kept",
    """INSERT INTO member_past (organization_id, directory_id, group_id, member_id, member_kind, from_seq, to_seq)
       SELECT organization_id, directory_id, group_id, member_id, member_kind, seq, {seq:4} FROM member
       WHERE organization_id = ?1 AND directory_id = ?2 AND member_id = ?3""",
)
REMOVE_MEMBERSHIPS = statement(
    "memberships_removed",
    "DELETE FROM member WHERE organization_id = ?1 AND directory_id = ?2 AND member_id = ?3",
)
HOLD = statement(
    "resource_held",
    """UPDATE resource SET revision = revision WHERE organization_id = ?1 AND directory_id = ?2 AND kind = ?3
         AND id = ?4 AND revision = ?5 RETURNING organization_id""",
)
LONGEST_BYTES: Final = 2500
"""What PostgreSQL takes into an index beside the other columns of the key, folded, in UTF-8; SQLite takes the same."""
_ATTRIBUTES: Final = {number: name for name, number in KEYED.items()}
NESTING: Final = 0
"""The `kind` under which `resource_count` counts how often groups were put into groups."""
NEST = statement(
    "nesting_changed",
    """INSERT INTO resource_count (organization_id, directory_id, kind, count) VALUES (?1, ?2, 0, 1)
       ON CONFLICT (organization_id, directory_id, kind) DO UPDATE SET count = resource_count.count + 1
         WHERE resource_count.count = ?3 RETURNING organization_id""",
)
NEST_MOVED = statement(
    "nesting_moved",
    """INSERT INTO resource_count (organization_id, directory_id, kind, count) VALUES (?1, ?2, 0, 1)
       ON CONFLICT (organization_id, directory_id, kind) DO UPDATE SET count = resource_count.count + 1""",
)
MOVE = statement(
    "resource_moved",
    """UPDATE resource SET directory_id = ?5, seq = {seq:6}, revision = revision + 1
       WHERE organization_id = ?1 AND directory_id = ?2 AND kind = ?3 AND id = ?4 AND seq = ?7
       RETURNING organization_id""",
)
MOVE_KEYS = statement(
    "resource_keys_moved",
    """UPDATE resource_key SET directory_id = ?4
       WHERE organization_id = ?1 AND directory_id = ?2 AND id = ?3""",
)
MOVE_MEMBERS = statement(
    "members_moved",
    """UPDATE member SET directory_id = ?4
       WHERE organization_id = ?1 AND directory_id = ?2 AND group_id = ?3""",
)
MOVE_OWNER = statement(
    "member_owner_moved",
    """UPDATE organization_member SET directory_id = ?4, version = version + 1
       WHERE organization_id = ?1 AND directory_id = ?2 AND resource_id = ?3
         AND id IN (SELECT member_id FROM member_link
           WHERE organization_id = ?1 AND directory_id = ?2 AND resource_id = ?3)""",
)
MOVE_LINK = statement(
    "link_moved",
    """UPDATE member_link SET directory_id = ?4
       WHERE organization_id = ?1 AND directory_id = ?2 AND resource_id = ?3""",
)


def _where(key: DirectoryKey, stored: Stored) -> Params:
    return (key.organization_id, key.directory_id, stored.kind.value, stored.id)


def _key_steps(
    key: DirectoryKey,
    was: Stored | None,
    stored: Stored,
    old: Sequence[tuple[int, str]],
    new: Sequence[tuple[int, str]],
) -> Iterator[Step]:
    """Keys stand under the kind that the row had when they were written."""
    here = (key.organization_id, key.directory_id)
    if was is not None and old == new and was.kind is stored.kind:
        return
    kept = set(old) & set(new) if was is not None and was.kind is stored.kind else set()
    for attribute, value in old:
        if was is not None and (attribute, value) not in kept:
            yield Step(DELETE_KEY, (*here, was.kind.value, attribute, value, was.id))
    for attribute, value in new:
        if (attribute, value) not in kept:
            _refuse_long(_ATTRIBUTES[attribute], value)
            yield Step(INSERT_KEY, (*here, stored.kind.value, attribute, value, stored.id))


def _refuse_long(name: str, text: str | None) -> None:
    if text is not None and len(text) > LONGEST_BYTES // 4 and len(text.encode()) > LONGEST_BYTES:
        raise invalid_value(f"`{name}` has more than {LONGEST_BYTES} bytes, too many to be looked up by.")


def _column_params(columns: Columns) -> Params:
    _refuse_long("userName or displayName", columns.name_key)
    _refuse_long("externalId", columns.external_id)
    _refuse_long("displayName", columns.display_key)
    active = None if columns.active is None else int(columns.active)
    return (columns.name_key, columns.external_id, columns.display, columns.display_key, active)


@writes(NewResource)
def _insert(_: bytes, row: NewResource) -> Sequence[Step]:
    stored, columns = row.stored, row.columns
    params = (
        *_where(row.key, stored),
        SEQ,
        stored.revision,
        stored.schema_version,
        stored.created_at,
        stored.modified_at,
        *_column_params(columns),
        columns.manager_id,
        columns.splice_at,
        stored.hidden,
        stored.document,
    )
    count = (row.key.organization_id, row.key.directory_id, stored.kind.value, 1)
    return [
        Step(INSERT, params),
        *_key_steps(row.key, None, stored, (), columns.keys),
        Step(COUNT, count),
    ]


@writes(ResourceUpdate)
def _update(_: bytes, row: ResourceUpdate) -> Sequence[Step]:
    stored, columns, was = row.stored, row.columns, row.was
    params = (
        *_where(row.key, was),
        SEQ,
        stored.schema_version,
        stored.modified_at,
        *_column_params(columns),
        columns.manager_id,
        columns.splice_at,
        stored.hidden,
        stored.document,
        stored.kind.value,
        was.seq,
        was.revision if row.exact else 0,
        stored.created_at,
    )
    steps = [Step(KEEP_VERSION, (*_where(row.key, was), SEQ)), Step(UPDATE, params, 1)]
    steps += _key_steps(row.key, was, stored, row.old_keys, columns.keys)
    if stored.kind != was.kind:
        here = (row.key.organization_id, row.key.directory_id)
        steps += [Step(COUNT, (*here, was.kind.value, -1)), Step(COUNT, (*here, stored.kind.value, 1))]
    if stored.kind is Kind.GONE:
        steps += _membership_steps(row.key, was, stored.modified_at)
    return steps


@writes(ResourceRemoval)
def _remove(_: bytes, row: ResourceRemoval) -> Sequence[Step]:
    was, key = row.was, row.key
    here = (key.organization_id, key.directory_id)
    steps = [
        Step(KEEP_VERSION, (*_where(key, was), SEQ)),
        Step(DELETE, (*_where(key, was), was.seq, was.revision if row.exact else 0), 1),
        *_membership_steps(key, was, row.at),
        *(Step(DELETE_KEY, (*here, was.kind.value, a, v, was.id)) for a, v in row.keys),
    ]
    if was.kind is Kind.GROUP:
        steps.append(Step(KEEP_ALL_MEMBERS, (*here, was.id, SEQ)))
        steps.append(Step(REMOVE_ALL_MEMBERS, (*here, was.id)))
    return [*steps, Step(COUNT, (*here, was.kind.value, -1))]


def _membership_steps(key: DirectoryKey, was: Stored, at: int) -> list[Step]:
    here = (key.organization_id, key.directory_id, was.id)
    return [
        Step(TOUCH_GROUPS_OF, (*here, at)),
        Step(KEEP_MEMBERSHIPS, (*here, SEQ)),
        Step(REMOVE_MEMBERSHIPS, here),
    ]


@writes(MembersAdded)
def _add_members(_: bytes, row: MembersAdded) -> Sequence[Step]:
    here = (row.key.organization_id, row.key.directory_id, row.group_id)
    touch = Step(TOUCH_GROUP, (*here, len(row.ids), row.at), 1)
    if len(row.ids) == 1:  # as most are; an array costs more than the row
        return [touch, Step(ADD_MEMBER, (*here, row.ids[0], SEQ, row.kind.value), 1)]
    return [touch, Step(ADD_MEMBERS, (*here, row.ids, SEQ, row.kind.value), len(row.ids))]


@writes(GroupsNested)
def _nest(_: bytes, row: GroupsNested) -> Sequence[Step]:
    return [Step(NEST, (row.key.organization_id, row.key.directory_id, row.was), 1)]


@writes(RevisionHeld)
def _hold(_: bytes, row: RevisionHeld) -> Sequence[Step]:
    return [Step(HOLD, (*_where(row.key, row.was), row.was.revision), 1)]


@writes(MembersRemoved)
def _remove_members(_: bytes, row: MembersRemoved) -> Sequence[Step]:
    here = (row.key.organization_id, row.key.directory_id, row.group_id)
    return [
        Step(TOUCH_GROUP, (*here, -len(row.ids), row.at), 1),
        Step(KEEP_MEMBERS, (*here, row.ids, SEQ)),
        Step(REMOVE_MEMBERS, (*here, row.ids), len(row.ids)),
    ]


@writes(ResourceMove)
def _move(_: bytes, row: ResourceMove) -> Sequence[Step]:
    was, key = row.was, row.key
    here = (key.organization_id, key.directory_id)
    steps = [
        Step(KEEP_VERSION, (*_where(key, was), SEQ)),
        Step(MOVE, (*_where(key, was), row.target, SEQ, was.seq), 1),
        Step(MOVE_KEYS, (*here, was.id, row.target)),
        Step(COUNT, (*here, was.kind.value, -1)),
        Step(COUNT, (key.organization_id, row.target, was.kind.value, 1)),
    ]
    if was.kind is Kind.GROUP:
        steps.append(Step(MOVE_MEMBERS, (*here, was.id, row.target)))
        # It may bring groups that are in it: who decided in the target that there is no cycle decides again.
        steps.append(Step(NEST_MOVED, (key.organization_id, row.target)))
    else:
        # The member is found by the link, so she goes first.
        steps += [Step(MOVE_OWNER, (*here, was.id, row.target)), Step(MOVE_LINK, (*here, was.id, row.target))]
    return steps
