"""Reads of one organization that only its export and its exchanges' pages need."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

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
