"""Users and groups as rows: finished bytes, and the columns beside them that are looked up.

Rules: `document` is a JSON object without its closing brace and without what changes without a write: `meta`,
a user's `groups`, a group's `members`, a manager's `$ref` and `displayName`. `seq` is the journal entry that
wrote the document; `revision` also counts changes of members and is the ETag.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import orjson

from hallway.hub.directories.model import Kind
from hallway.ids import DirectoryId, OrganizationId, ResourceId

BASE_MARK: Final = "\x01"
"""Stands for the directory's base URL; JSON text has no such character of its own."""


@dataclass(frozen=True, slots=True)
class DirectoryKey:
    """Where a resource lives."""

    organization_id: OrganizationId
    directory_id: DirectoryId


@dataclass(frozen=True, slots=True)
class Columns:
    """What a document is found by; texts ending in `_key` are folded.

    `display` is the `displayName`, "" where there is none. It is what a member's `display` and a manager's
    `displayName` show, so no `userName` stands in for it (RFC 7643 §4.3).
    """

    name_key: str | None
    external_id: str | None
    display: str
    display_key: str | None
    active: bool | None
    keys: tuple[tuple[int, str], ...] = ()
    manager_id: ResourceId | None = None
    splice_at: int | None = None


@dataclass(frozen=True, slots=True)
class GroupOfUser:
    """A group that a user is in; `direct` is False where it is through another group."""

    id: ResourceId
    display: str
    direct: bool


def group_text(group: GroupOfUser) -> str:
    """A group of a user as a JSON object, the base URL left open."""
    value = f"group_{group.id.hex()}"
    display = orjson.dumps(group.display).decode()
    kind = "direct" if group.direct else "indirect"
    return f'{{"value":"{value}","$ref":"{BASE_MARK}/Groups/{value}","display":{display},"type":"{kind}"}}'


@dataclass(slots=True)  # not frozen: a page makes hundreds, and freezing triples their cost; nobody changes one
class Stored:
    """A resource as it was read.

    `hidden` holds attributes that are not returned by default, as JSON. `manager_display` is None where the
    manager is nobody of this directory; `groups_text` is a user's groups as finished
    JSON objects, `BASE_MARK` where the base URL belongs; `members` counts a group's.
    """

    id: ResourceId
    kind: Kind
    seq: int
    revision: int
    created_at: int
    modified_at: int
    document: bytes
    hidden: bytes | None = None
    splice_at: int | None = None
    manager_id: ResourceId | None = None
    manager_display: str | None = None
    members: int = 0
    schema_version: int = 1
    groups_text: str = ""

    @property
    def groups(self) -> "tuple[GroupOfUser, ...]":
        """A user's groups, by id."""
        rows: list[dict[str, str]] = orjson.loads(f"[{self.groups_text.replace(BASE_MARK, '')}]")
        return tuple(
            GroupOfUser(ResourceId(bytes.fromhex(row["value"][-32:])), row["display"], row["type"] == "direct")
            for row in rows
        )


UserLine: TypeAlias = tuple[
    OrganizationId, ResourceId, int, int, int, bytes, int | None, ResourceId | None, str | None, int
]
"""A user as a page of all users needs her: organization, id, revision, created, modified, document, place of the
manager, the manager and what that one is called, version of the schemas."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A page of all users in the order of their ids, as it was read.

    `memberships` are organization, member and group, in that order; `group_texts` are those groups as
    `Stored.groups_text` has each of them. `total` counts everybody, `is_last` says that nobody follows.
    """

    lines: Sequence[UserLine]
    memberships: Sequence[tuple[OrganizationId, ResourceId, ResourceId]]
    group_texts: Mapping[ResourceId, str]
    total: int
    is_last: bool


@dataclass(frozen=True, slots=True)
class MemberOfGroup:
    """A direct member of a group."""

    id: ResourceId
    kind: Kind
    display: str


@dataclass(frozen=True, slots=True)
class NewResource:
    """A row to insert, with its look-up keys; stale where its name is taken."""

    key: DirectoryKey
    stored: Stored
    columns: Columns


@dataclass(frozen=True, slots=True)
class ResourceUpdate:
    """A new document for a row; the old one goes to its history. Stale where `was` has been overtaken.

    With `exact` the revision must not have moved either (If-Match). Look-up keys that stay may be left out of both
    `old_keys` and the columns.
    """

    key: DirectoryKey
    was: Stored
    stored: Stored
    columns: Columns
    old_keys: tuple[tuple[int, str], ...]
    exact: bool = False


@dataclass(frozen=True, slots=True)
class ResourceRemoval:
    """The row goes to its history, and leaves every group; `keys` are its look-up keys."""

    key: DirectoryKey
    was: Stored
    at: int
    keys: tuple[tuple[int, str], ...] = ()
    exact: bool = False


@dataclass(frozen=True, slots=True)
class MembersAdded:
    """Members that were not there; stale where one already is, or is nobody of this directory.

    With `nested` the ids are groups.
    """

    key: DirectoryKey
    group_id: ResourceId
    ids: tuple[ResourceId, ...]
    kind: Kind
    at: int


@dataclass(frozen=True, slots=True)
class GroupsNested:
    """Groups were put into a group; stale where somebody did so since `was` was read, as no cycle may appear."""

    key: DirectoryKey
    was: int


@dataclass(frozen=True, slots=True)
class RevisionHeld:
    """Nothing to write, but stale where the resource's revision has moved (If-Match on a change of members)."""

    key: DirectoryKey
    was: Stored


@dataclass(frozen=True, slots=True)
class MembersRemoved:
    """Members that were there; stale where one is not."""

    key: DirectoryKey
    group_id: ResourceId
    ids: tuple[ResourceId, ...]
    at: int


@dataclass(frozen=True, slots=True)
class ResourceMove:
    """A group with its members, or a user with her link and the member whom the directory owns, goes to another
    directory of the same organization.
    """

    key: DirectoryKey
    was: Stored
    target: DirectoryId
