"""PostgreSQL: prepared statements on a short list of connections of our own, writes group-committed.

Rules: connections never change session state outside a transaction; a batch first locks its organizations'
journal heads in order, then runs every change's steps, statement by statement, each in one round trip for all
changes; where anything in it is stale, the batch is rolled back and its changes run one by one.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final, TypeVar

import asyncpg

from hallway.journal.feed import Bell
from hallway.journal.model import Change, Stale, Unavailable
from hallway.store.database import ScanTimedOut
from hallway.store.ledger import (
    FOUND,
    HEAD,
    NEW_HEAD,
    Prepared,
    by_organization,
    moved_head,
    placed,
    waves,
)
from hallway.store.lookups import SHARED, Lookups
from hallway.store.queue import ChangeQueue, Outcome, Outcomes
from hallway.store.statement import Params, ResultRow, Statement, Step

SCHEMA: Final = "hallway"
LOST: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DiskFullError,
    asyncpg.OutOfMemoryError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.UndefinedTableError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    ConnectionError,
    TimeoutError,
    OSError,
)
T = TypeVar("T")
_SCAN_ROWS: Final = 1000
CONFLICT: Final = (asyncpg.IntegrityConstraintViolationError, Stale)
_OURS: Final = (asyncpg.DataError, asyncpg.ProgramLimitExceededError, TypeError, ValueError, OverflowError)
"""What only a change that is wrong by our own fault raises (asyncpg's complaint about a parameter is a ValueError)."""
_DURABLE: Final = {"synchronous_commit": "on"}
_PLACE_SECONDS: Final = 10.0


async def connected(url: str, settings: Mapping[str, str] | None = None) -> asyncpg.Connection:
    """One connection, its tables in our own schema; raises `Unavailable`."""
    try:
        return await asyncpg.connect(
            url,
            statement_cache_size=400,
            max_cached_statement_lifetime=0,
            timeout=10,
            server_settings={
                "search_path": SCHEMA,
                "application_name": "hallway",
                "jit": "off",
                **(settings or {}),
            },
        )
    except LOST as fault:
        raise Unavailable(
            f"PostgreSQL cannot be reached ({type(fault).__name__}: {fault}); see whether it runs, and what "
            "the setting database says."
        ) from fault


class PostgresDatabase:
    """An open PostgreSQL database; see `hallway.store.database.Database`."""

    name = "postgres"

    def __init__(self, url: str, readers: int, scan_seconds: float) -> None:
        self._url = url
        self._scan_seconds = scan_seconds
        self._lookups = Lookups(self._fetch_many)
        self._free: list[asyncpg.Connection | None] = [None] * readers
        self._waiting = asyncio.Semaphore(readers)
        self._writer: asyncpg.Connection | None = None
        self._queue = ChangeQueue(self._write)

    async def fetch(self, statement: Statement, params: Params) -> Sequence[ResultRow]:
        """Rows of one statement, in one round trip, which reads by key of the same moment share."""
        if statement.name in SHARED:
            return await self._lookups.fetch(statement, params)
        async with self._connection() as connection:
            found: Sequence[ResultRow] = await connection.fetch(statement.postgres, *params)
            return found

    async def _fetch_many(self, statement: Statement, asked: Sequence[Params]) -> Sequence[ResultRow]:
        async with self._connection() as connection:
            if len(asked) == 1:
                single: Sequence[ResultRow] = await connection.fetch(statement.postgres, *asked[0])
                return single
            found: Sequence[ResultRow] = await connection.fetchmany(statement.postgres, asked)
            return found

    async def scan(self, statement: Statement, params: Params, keep: Callable[[ResultRow], T | None]) -> list[T]:
        """Rows fetched by cursor and judged in a thread, a thousand at a time, up to the time limit."""
        await _in_a_task()
        try:
            async with asyncio.timeout(self._scan_seconds):
                return await self._scanned(statement, params, keep)
        except TimeoutError as late:
            raise ScanTimedOut(statement.name) from late

    async def _scanned(self, statement: Statement, params: Params, keep: Callable[[ResultRow], T | None]) -> list[T]:
        found: list[T] = []
        async with self._connection() as connection, connection.transaction(readonly=True):
            cursor = await connection.cursor(statement.postgres, *params)
            while rows := await cursor.fetch(_SCAN_ROWS):
                found += await asyncio.to_thread(_kept, rows, keep)
        return found

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection of the list, made anew where it was lost; faults become `Unavailable`."""
        await _in_a_task()
        async with self._waiting:
            connection = self._free.pop()
            try:
                if connection is None or connection.is_closed():
                    connection = await connected(self._url)
                yield connection
            except TimeoutError:
                raise
            except LOST as fault:
                raise Unavailable(f"{type(fault).__name__}: {fault}") from fault
            finally:
                self._free.append(connection)

    @property
    def bell(self) -> Bell:
        """Rings when this process wrote changes."""
        return self._queue.bell

    async def commit(self, change: Change) -> int:
        """Queue the change for the next batch; the answer is its place, once durable."""
        return await self._queue.commit(change)

    async def _write(self, items: Sequence[Prepared]) -> Outcomes:
        ordered = [item for group in by_organization(items) for item in group]
        try:
            connection = await self._write_connection()
            try:
                return await self._together(connection, ordered)
            except (*CONFLICT, *_OURS):
                return await self._one_by_one(connection, ordered)
        except _CommitLost as lost:
            return [(item, await self._recovered(item, place)) for item, place in lost.placed]
        except (*LOST, Unavailable) as fault:
            return [(item, Unavailable(str(fault))) for item in ordered]

    async def _write_connection(self) -> asyncpg.Connection:
        if self._writer is None or self._writer.is_closed():
            self._writer = await connected(self._url, _DURABLE)  # whatever the server's own default is
        return self._writer

    async def _together(self, connection: asyncpg.Connection, items: Sequence[Prepared]) -> Outcomes:
        """All changes in one transaction, without savepoints; where one cannot be written it raises, rolled back."""
        await connection.execute("BEGIN")
        try:
            heads = await self._heads(connection, items)
            starts = dict(heads)
            outcomes: list[tuple[Prepared, Outcome]] = []
            queues: list[list[Step]] = []
            for item in items:
                org = item.change.organization_id
                queues.append(placed(item, heads.get(org)))
                outcomes.append((item, heads.get(org, 0) + 1 if item.entries else 0))
                heads[org] = heads.get(org, 0) + len(item.entries)
            await self._waves(connection, queues)
            moved = [moved_head(org, head)[1] for org, head in heads.items() if head != starts.get(org, 0)]
            if moved:
                await connection.executemany(NEW_HEAD.postgres, moved)
        except BaseException:
            await self._rolled_back(connection)
            raise
        await self._committed(connection, outcomes)
        return outcomes

    async def _heads(self, connection: asyncpg.Connection, items: Sequence[Prepared]) -> dict[bytes, int]:
        orgs = sorted({item.change.organization_id for item in items})
        rows = await connection.fetchmany(HEAD.postgres, [(org,) for org in orgs])
        return {row[0]: row[1] for row in rows}

    async def _waves(self, connection: asyncpg.Connection, queues: list[list[Step]]) -> None:
        for statement, params, must in waves(queues):
            if must is None:
                await connection.executemany(statement.postgres, params)
            elif len(await connection.fetchmany(statement.postgres, params)) != must:
                raise Stale

    async def _one_by_one(self, connection: asyncpg.Connection, items: Sequence[Prepared]) -> Outcomes:
        """The same batch with a savepoint around each change, so that a stale one fails alone."""
        await connection.execute("BEGIN")
        try:
            heads = await self._heads(connection, items)
            starts = dict(heads)
            outcomes = [(item, await self._alone(connection, item, heads)) for item in items]
            moved = [moved_head(org, head)[1] for org, head in heads.items() if head != starts.get(org, 0)]
            if moved:
                await connection.executemany(NEW_HEAD.postgres, moved)
        except BaseException:
            await self._rolled_back(connection)
            raise
        await self._committed(connection, outcomes)
        return outcomes

    async def _alone(self, connection: asyncpg.Connection, item: Prepared, heads: dict[bytes, int]) -> Outcome:
        org = item.change.organization_id
        head = heads.get(org)
        await connection.execute("SAVEPOINT change")
        try:
            for step in placed(item, head):
                rows = await connection.fetch(step.statement.postgres, *step.params)
                if step.must is not None and len(rows) != step.must:
                    raise Stale
        except CONFLICT:
            outcome: Outcome = Stale()
        except _OURS as fault:
            outcome = fault
        else:
            await connection.execute("RELEASE SAVEPOINT change")
            heads[org] = (head or 0) + len(item.entries)
            return (head or 0) + 1 if item.entries else 0
        await connection.execute("ROLLBACK TO SAVEPOINT change")
        return outcome

    async def _committed(self, connection: asyncpg.Connection, outcomes: Outcomes) -> None:
        try:
            await connection.execute("COMMIT")
        except LOST as fault:
            raise _CommitLost(outcomes) from fault

    async def _recovered(self, item: Prepared, place: Outcome) -> Outcome:
        """What became of a change whose COMMIT was not answered: looked up by its request id.

        The lost transaction holds the lock of the organization's journal head until it has ended, one way or the
        other; who looks before that would say that nothing was written, and be wrong a moment later.
        """
        if isinstance(place, Exception):
            return place
        org = item.change.organization_id
        try:
            async with asyncio.timeout(_PLACE_SECONDS):
                await self.fetch(HEAD, (org,))
                rows = await self.fetch(FOUND, (org, item.change.request_id))
        except (Unavailable, TimeoutError) as fault:
            return Unavailable(f"the answer to COMMIT was lost, and so was what became of it: {fault}")
        return place if rows else Unavailable("the connection was lost before the change was written")

    async def _rolled_back(self, connection: asyncpg.Connection) -> None:
        with contextlib.suppress(*LOST):
            if not connection.is_closed():
                await connection.execute("ROLLBACK")

    async def run(self, steps: Sequence[Step]) -> None:
        """Statements of no organization's journal, in one transaction."""
        async with self._queue.turn:
            try:
                connection = await self._write_connection()
                async with connection.transaction():
                    for step in steps:
                        rows = await connection.fetch(step.statement.postgres, *step.params)
                        if step.must is not None and len(rows) != step.must:
                            raise Stale
            except asyncpg.IntegrityConstraintViolationError as fault:
                raise Stale from fault
            except LOST as fault:
                raise Unavailable(f"{type(fault).__name__}: {fault}") from fault

    async def lax(self) -> str | None:
        """`fsync`, `full_page_writes` and `synchronous_commit` have to be on for whoever comes to this database."""
        async with self._connection() as connection:
            rows = await connection.fetch(
                "SELECT name, setting FROM pg_settings"
                " WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting IN ('off', 'local')"
            )
        lax = [f"{row[0]} = {row[1]}" for row in rows]
        return f"PostgreSQL runs with {', '.join(lax)}; set it to on." if lax else None

    async def close(self) -> None:
        """Write what is queued, close every connection."""
        await self._queue.close()
        for connection in (*self._free, self._writer):
            if connection is not None and not connection.is_closed():
                await connection.close()


def _kept(rows: Sequence[ResultRow], keep: Callable[[ResultRow], T | None]) -> list[T]:
    return [kept for row in rows if (kept := keep(row)) is not None]


class _CommitLost(Exception):
    def __init__(self, placed_items: Outcomes) -> None:
        super().__init__("the answer to COMMIT was lost")
        self.placed = placed_items


async def _in_a_task() -> None:
    """Return with a task around the caller: time limits ask for one, and the server begins requests without."""
    if asyncio.current_task() is None:
        await asyncio.sleep(0)
