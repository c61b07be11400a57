"""What a user or group is read as."""

from typing import Final, cast

import orjson

from hallway.hub.directories.model import Kind
from hallway.hub.directories.resources import GroupOfUser, Stored
from hallway.ids import ResourceId
from hallway.store.statement import ResultRow

SHAPE: Final = """r.organization_id, r.id, r.kind, r.seq, r.revision, r.created_at, r.modified_at, r.document, r.hidden,
    r.splice_at, r.manager_id, r.members, r.schema_version,
    CASE WHEN r.manager_id IS NULL THEN NULL ELSE
      (SELECT b.display FROM resource b WHERE b.organization_id = r.organization_id
         AND b.directory_id = r.directory_id AND b.kind = 1 AND b.id = r.manager_id) END,
    CASE WHEN r.kind <> 1 THEN NULL ELSE
      (SELECT {json_rows}({json_array}({hex_of_group}, g.display,
           EXISTS (SELECT 1 FROM member p WHERE p.organization_id = r.organization_id
                   AND p.directory_id = r.directory_id AND p.member_id = g.id))){as_text}
         FROM member m JOIN resource g ON g.organization_id = m.organization_id
           AND g.directory_id = m.directory_id AND g.kind = 2 AND g.id = m.group_id
         WHERE m.organization_id = r.organization_id AND m.directory_id = r.directory_id
           AND m.member_id = r.id) END"""
"""What a row is read as, in the order that `stored_of` takes it."""

LIGHT: Final = """r.organization_id, r.id, r.kind, r.seq, r.revision, r.created_at, r.modified_at, r.document, r.hidden,
    r.splice_at, r.manager_id, r.members, r.schema_version, NULL, NULL"""
"""The same without what is joined: for filters that are evaluated in Python."""


_KINDS: Final = {kind.value: kind for kind in Kind}


def stored_of(row: ResultRow) -> tuple[Stored, bool]:
    """A row of `SHAPE` without its organization, and whether one of its groups is in a group."""
    (
        oid,
        kind,
        seq,
        revision,
        created,
        modified,
        document,
        hidden,
        splice,
        manager,
        members,
        version,
        display,
        groups,
    ) = cast(
        "tuple[ResourceId, int, int, int, int, int, bytes, bytes | None, int | None, ResourceId | None, int, int,"
        " str | None, str | None]",
        row,
    )
    listed, nested = _groups(groups)
    stored = Stored(
        oid, _KINDS[kind], seq, revision, created, modified, document, hidden, splice, manager, display, members,
        version, listed,
    )  # fmt: skip
    return stored, nested


def _groups(listed: str | None) -> tuple[tuple[GroupOfUser, ...], bool]:
    if listed is None or listed == "[]":
        return (), False
    rows: list[tuple[str, str, int]] = orjson.loads(listed)
    rows.sort()
    groups = tuple(GroupOfUser(ResourceId(bytes.fromhex(row[0])), row[1], True) for row in rows)
    return groups, any(row[2] for row in rows)
