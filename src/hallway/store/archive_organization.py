"""Reads of one organization that only its export and its exchanges' pages need."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

from hallway.hub.directories.resources import DirectoryKey
from hallway.ids import DirectoryId, OrganizationId
from hallway.store.database import Database, tenant
from hallway.store.statement import statement

ALL_DIRECTORIES = statement(
    "directory_ids", "SELECT organization_id, id FROM directory WHERE organization_id = ?1 ORDER BY id"
)
REQUEST_COUNTS = statement(
    "request_counts",
    """SELECT organization_id, hour, what, count FROM request_count
       WHERE organization_id = ?1 AND directory_id = ?2 ORDER BY hour, what""",
)
QUIRK_COUNTS = statement(
    "quirk_counts",
    """SELECT organization_id, quirk, count, last_at FROM quirk_count
       WHERE organization_id = ?1 AND directory_id = ?2 ORDER BY quirk""",
)
AT_REVISION = statement(
    "document_at_revision",
    """SELECT organization_id, revision, document FROM resource_version
       WHERE organization_id = ?1 AND directory_id = ?2 AND id = ?3 AND revision >= ?4
       UNION ALL
       SELECT organization_id, revision, document FROM resource
       WHERE organization_id = ?1 AND directory_id = ?2 AND kind IN (1, 2, 3) AND id = ?3 AND revision >= ?4
       ORDER BY revision LIMIT 1""",
)
MEMBER_LINKS = statement(
    "member_links_exported",
    """SELECT organization_id, directory_id, resource_id, member_id, reason, at FROM member_link
       WHERE organization_id = ?1 AND (directory_id, resource_id) > (?2, ?3)
       ORDER BY directory_id, resource_id LIMIT ?4""",
)
INVITATIONS = statement(
    "invitations_exported",
    """SELECT organization_id, id, member_id, email, role, created_by, created_at, expires_at, accepted_at, revoked_at
       FROM invitation WHERE organization_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3""",
)
IDENTITIES = statement(
    "identities_exported",
    """SELECT organization_id, connection_id, subject, shown, member_id, reason, created_at FROM identity
       WHERE organization_id = ?1 AND (connection_id, subject) > (?2, ?3) ORDER BY connection_id, subject LIMIT ?4""",
)


@dataclass(frozen=True, slots=True)
class RequestCount:
    """How many requests of one sort came in one hour, counted from 1970."""

    hour: int
    what: str
    count: int


@dataclass(frozen=True, slots=True)
class QuirkCount:
    """How often a deviation was met, and when last."""

    quirk: str
    count: int
    last_at: int


class Link(NamedTuple):
    """A directory user's link; the member is of zeros where an administrator dismissed her."""

    directory_id: bytes
    resource_id: bytes
    member_id: bytes
    reason: str
    at: int


class Invited(NamedTuple):
    """An invitation."""

    id: bytes
    member_id: bytes
    email: str
    role: str
    created_by: bytes | None
    created_at: int
    expires_at: int
    accepted_at: int | None
    revoked_at: int | None


class Known(NamedTuple):
    """Who somebody is at a connection: the subject is its hash."""

    connection_id: bytes
    subject: bytes
    shown: str
    member_id: bytes
    reason: str
    created_at: int


async def directory_ids(database: Database, organization_id: OrganizationId) -> list[DirectoryId]:
    """Every directory of an organization, oldest first; deleted ones too, whose people may have been kept."""
    return [cast("DirectoryId", row[0]) for row in await tenant(database, organization_id).rows(ALL_DIRECTORIES)]


async def request_counts(database: Database, key: DirectoryKey) -> Sequence[RequestCount]:
    """Requests of a directory by hour."""
    rows = await tenant(database, key.organization_id).rows(REQUEST_COUNTS, key.directory_id)
    return [RequestCount(*row) for row in cast("list[tuple[int, str, int]]", rows)]


async def quirk_counts(database: Database, key: DirectoryKey) -> Sequence[QuirkCount]:
    """Deviations that a directory's clients made use of."""
    rows = await tenant(database, key.organization_id).rows(QUIRK_COUNTS, key.directory_id)
    return [QuirkCount(*row) for row in cast("list[tuple[str, int, int]]", rows)]


async def document_at(database: Database, key: DirectoryKey, resource_id: bytes, revision: int) -> bytes | None:
    """A resource's document as of a revision, without its closing brace; None where it is not known any more.

    Changes of members count as revisions and keep the document, so the one that a revision had is the next that
    was kept.
    """
    row = await tenant(database, key.organization_id).row(AT_REVISION, key.directory_id, resource_id, revision)
    return None if row is None else cast("bytes", row[1])


async def member_links(database: Database, own: OrganizationId, after: tuple[bytes, bytes], limit: int) -> list[Link]:
    """Links of directory users, by directory and user, behind a place."""
    rows = await tenant(database, own).rows(MEMBER_LINKS, *after, limit)
    return [Link(*row) for row in cast("list[tuple[bytes, bytes, bytes, str, int]]", rows)]


async def invitations(database: Database, own: OrganizationId, after: bytes, limit: int) -> list[Invited]:
    """Invitations without the hash of their link, oldest first, behind a place."""
    rows = await tenant(database, own).rows(INVITATIONS, after, limit)
    return [
        Invited(*row)
        for row in cast("list[tuple[bytes, bytes, str, str, bytes | None, int, int, int | None, int | None]]", rows)
    ]


async def identities(database: Database, own: OrganizationId, after: tuple[bytes, bytes], limit: int) -> list[Known]:
    """Who people are at connections, behind a place."""
    rows = await tenant(database, own).rows(IDENTITIES, *after, limit)
    return [Known(*row) for row in cast("list[tuple[bytes, bytes, str, bytes, str, int]]", rows)]
