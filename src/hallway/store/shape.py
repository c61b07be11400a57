"""What a user or group is read as."""

from typing import Final, cast

from hallway.hub.directories.model import Kind
from hallway.hub.directories.resources import Stored
from hallway.ids import ResourceId
from hallway.store.statement import ResultRow

_OWN: Final = """r.organization_id, r.id, r.kind, r.seq, r.revision, r.created_at, r.modified_at, r.document, r.hidden,
    r.splice_at, r.manager_id, r.members, r.schema_version"""

_MANAGER: Final = """CASE WHEN r.manager_id IS NULL THEN NULL ELSE
      (SELECT b.display FROM resource b WHERE b.organization_id = r.organization_id
         AND b.directory_id = r.directory_id AND b.kind = 1 AND b.id = r.manager_id) END"""

GROUP_TEXT: Final = """'{"value":"group_' || {hex_of_group} || '","$ref":"' || {chr}(1) || '/Groups/group_'
    || {hex_of_group} || '","display":' || {json_text}(g.display){as_text} || ',"type":"direct"}'
    || CASE WHEN EXISTS (SELECT 1 FROM member p WHERE p.organization_id = g.organization_id
         AND p.directory_id = g.directory_id AND p.member_id = g.id) THEN {chr}(2) ELSE '' END"""
"""A group `g` of a user as `resources.group_text` has it; a character 2 after it says that it is in a group itself."""

SHAPE: Final = f"""{_OWN}, {_MANAGER},
    CASE WHEN r.kind <> 1 THEN NULL ELSE
      (SELECT {{join_texts}}({GROUP_TEXT}, ','{{by_group}})
         FROM member m JOIN resource g ON g.organization_id = m.organization_id
           AND g.directory_id = m.directory_id AND g.kind = 2 AND g.id = m.group_id
         WHERE m.organization_id = r.organization_id AND m.directory_id = r.directory_id
           AND m.member_id = r.id) END"""
"""What a row is read as, in the order that `stored_of` takes it; a user's groups as `Stored.groups_text` has them."""

LISTED: Final = f"""{_OWN}, {_MANAGER},
    CASE WHEN r.kind <> 1 THEN NULL ELSE
      (SELECT {{join_texts}}({{hex_of_its_group}}, ','{{by_group}}) FROM member m
         WHERE m.organization_id = r.organization_id AND m.directory_id = r.directory_id
           AND m.member_id = r.id) END"""
"""The same for many rows, with the ids of a user's groups: many are in the same ones, whose texts are made once."""

LINE: Final = f"""r.organization_id, r.id, r.revision, r.created_at, r.modified_at, r.document, r.splice_at,
    r.manager_id, {_MANAGER}, r.schema_version"""
"""A user as `resources.UserLine` has her."""

LIGHT: Final = """r.organization_id, r.id, r.kind, r.seq, r.revision, r.created_at, r.modified_at, r.document, r.hidden,
    r.splice_at, r.manager_id, r.members, r.schema_version, NULL, NULL"""
"""The same without what is joined: for filters that are evaluated in Python."""


NESTED: Final = "\x02"
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
    nested = groups is not None and NESTED in groups
    text = groups.replace(NESTED, "") if groups is not None and nested else groups or ""
    stored = Stored(
        oid, _KINDS[kind], seq, revision, created, modified, document, hidden, splice, manager, display, members,
        version, text,
    )  # fmt: skip
    return stored, nested
