"""Streams of security events, and what waits in them: see `hallway.hub.events.streams.Streams`."""

from collections.abc import Sequence
from typing import Final, cast

from hallway.hub.events.streams import NewStream, Pending, Settled, Stream, StreamRemoval
from hallway.ids import DirectoryId, EntryId, OrganizationId, StreamId
from hallway.store.database import Database, tenant
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

COLUMNS: Final = (
    "organization_id, id, directory_id, audience, hash, position, created_at, polled_at, refused, last_error"
)
BY_ID = statement("stream_by_id", f"SELECT {COLUMNS} FROM stream WHERE organization_id = ?1 AND id = ?2")
OF_DIRECTORY = statement(
    "streams_of_directory",
    f"SELECT {COLUMNS} FROM stream WHERE organization_id = ?1 AND directory_id = ?2 ORDER BY id",
)
PENDING = statement(
    "stream_pending",
    """SELECT organization_id, position, seq, event_id FROM stream_pending
       WHERE organization_id = ?1 AND stream_id = ?2 ORDER BY position LIMIT ?3""",
)
INSERT = statement("stream_insert", f"INSERT INTO stream ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
DELETE = statement(
    "stream_delete", "DELETE FROM stream WHERE organization_id = ?1 AND id = ?2 RETURNING organization_id"
)
DELETE_PENDING = statement(
    "stream_pending_delete", "DELETE FROM stream_pending WHERE organization_id = ?1 AND stream_id = ?2"
)
SETTLE = statement(
    "stream_pending_settled",
    "DELETE FROM stream_pending WHERE organization_id = ?1 AND stream_id = ?2 AND event_id IN {ids:3}",
)
POLLED = statement("stream_polled", "UPDATE stream SET polled_at = ?3 WHERE organization_id = ?1 AND id = ?2")
REFUSED = statement(
    "stream_refused",
    "UPDATE stream SET refused = refused + ?3, last_error = ?4 WHERE organization_id = ?1 AND id = ?2",
)
MOVE = statement(
    "stream_moved",
    """UPDATE stream SET position = ?4 WHERE organization_id = ?1 AND id = ?2 AND position = ?3
       RETURNING organization_id""",
)
HAND = statement(
    "stream_pending_insert",
    "INSERT INTO stream_pending (organization_id, stream_id, position, seq, event_id) VALUES (?1, ?2, ?3, ?4, ?5)",
)
_MAX_ERROR: Final = 500


class StreamStore:
    """The port over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def stream(self, organization_id: OrganizationId, stream_id: StreamId) -> Stream | None:
        """One of them."""
        row = await tenant(self._database, organization_id).row(BY_ID, stream_id)
        return None if row is None else _stream(organization_id, row)

    async def of_directory(self, organization_id: OrganizationId, directory_id: DirectoryId) -> Sequence[Stream]:
        """Those of a directory, oldest first."""
        rows = await tenant(self._database, organization_id).rows(OF_DIRECTORY, directory_id)
        return [_stream(organization_id, row) for row in rows]

    async def pending(self, stream: Stream, most: int) -> Sequence[Pending]:
        """What waits to be taken, in order."""
        rows = await tenant(self._database, stream.organization_id).rows(PENDING, stream.id, most)
        return [Pending(*row) for row in cast("list[tuple[int, int, EntryId]]", rows)]

    async def settle(self, stream: Stream, settled: Settled, at: int) -> None:
        """Let go of what was taken, and of what will never be."""
        own = (stream.organization_id, stream.id)
        steps = [Step(POLLED, (*own, at))]
        if gone := [*settled.taken, *settled.refused]:
            steps.append(Step(SETTLE, (*own, gone)))
        if settled.refused:
            steps.append(Step(REFUSED, (*own, len(settled.refused), settled.error[:_MAX_ERROR])))
        await self._database.run(steps)

    async def hand(self, stream: Stream, until: int, pending: Sequence[Pending]) -> None:
        """Hand on up to a position. Raises `Stale` where the stream is elsewhere by now."""
        own = (stream.organization_id, stream.id)
        rows = [Step(HAND, (*own, one.position, one.seq, one.event_id)) for one in pending]
        await self._database.run([Step(MOVE, (*own, stream.position, until), 1), *rows])


def _stream(organization_id: OrganizationId, row: ResultRow) -> Stream:
    return Stream(
        organization_id,
        *cast("tuple[StreamId, DirectoryId, str, bytes, int, int, int | None, int, str]", tuple(row)),
    )


@writes(NewStream)
def _insert(org: bytes, row: NewStream) -> Sequence[Step]:
    one = row.stream
    told = (one.audience, one.hash, one.position, one.created_at, one.polled_at, one.refused, one.last_error)
    return [Step(INSERT, (org, one.id, one.directory_id, *told))]


@writes(StreamRemoval)
def _remove(org: bytes, row: StreamRemoval) -> Sequence[Step]:
    return [Step(DELETE, (org, row.stream.id), 1), Step(DELETE_PENDING, (org, row.stream.id))]
