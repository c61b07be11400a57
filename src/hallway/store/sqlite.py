"""SQLite: statements in the loop, only COMMIT in a thread, what arrives meanwhile is the next batch.

Rules: one write connection and one read connection belong to the loop; scans have a thread and a connection of
their own. WAL with synchronous=FULL: an answered change is on disk. Checkpoints run in the background.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

import apsw

from hallway.journal.feed import Bell
from hallway.journal.model import Change, Stale, Unavailable
from hallway.store.database import ScanTimedOut
from hallway.store.ledger import HEAD, Prepared, by_organization, moved_head, placed, waves
from hallway.store.queue import ChangeQueue, Outcome, Outcomes
from hallway.store.statement import Params, ResultRow, Statement, Step, sqlite_params

UNAVAILABLE: Final = (
    apsw.BusyError,
    apsw.LockedError,
    apsw.FullError,
    apsw.IOError,
    apsw.ReadOnlyError,
    apsw.CantOpenError,
    apsw.CorruptError,
    apsw.NotADBError,
    apsw.ConnectionClosedError,
)
_CONFLICT: Final = (apsw.ConstraintError, Stale)
_OURS: Final = (
    apsw.SQLError,
    apsw.RangeError,
    apsw.TooBigError,
    apsw.BindingsError,
    TypeError,
    ValueError,
    OverflowError,
)
"""What only a change that is wrong by our own fault raises."""
BUSY_SECONDS: Final = 10.0
CHECKPOINT_SECONDS: Final = 0.25
_WAL_LIMIT_PAGES: Final = 16_384

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SqliteOptions:
    """How a file is opened: three connections share `cache_mib`.

    `vfs` names an apsw VFS (tests); `synchronous` is FULL outside of them.
    """

    cache_mib: int = 32
    scan_seconds: float = 5.0
    vfs: str | None = None
    synchronous: str = "FULL"


def connected(path: Path, options: SqliteOptions, busy_ms: int = 0) -> apsw.Connection:
    """A connection with our pragmas; makes the file (0600 by the caller's umask) if it is not there."""
    connection = apsw.Connection(str(path), vfs=options.vfs, statementcachesize=256)
    connection.set_busy_timeout(int(BUSY_SECONDS * 1000))  # a command that closes holds the file for a moment
    _use_wal(connection)
    connection.execute(f"PRAGMA synchronous={options.synchronous}")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA cache_size=-{options.cache_mib * 1024}")
    connection.execute("PRAGMA temp_store=MEMORY")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute(f"PRAGMA journal_size_limit={64 * 1024 * 1024}")
    # Plans do not depend on what is bound: else statements of a range or a LIMIT are compiled anew at every execution.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    connection.set_busy_timeout(busy_ms)
    return connection


def _use_wal(connection: apsw.Connection) -> None:
    """Only the first connection ever has to switch; two that do so at once are busy past any busy timeout."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except apsw.BusyError:
            if time.monotonic() > end:
                raise
            time.sleep(0.005)
        else:
            return


class SqliteDatabase:
    """An open SQLite file; see `hallway.store.database.Database`."""

    name = "sqlite"

    def __init__(self, path: Path, options: SqliteOptions) -> None:
        try:
            eighth = replace(options, cache_mib=max(1, options.cache_mib // 8))
            self._writer = connected(path, eighth)
            self._reader = connected(path, replace(options, cache_mib=options.cache_mib * 3 // 4), busy_ms=1000)
            self._scanner = connected(path, eighth, busy_ms=1000)
        except UNAVAILABLE as fault:
            raise Unavailable(f"cannot open {path}: {fault}") from fault
        self._reader.execute("PRAGMA query_only=ON")
        self._scanner.execute("PRAGMA query_only=ON")
        self._options = options
        self._commits = ThreadPoolExecutor(1, "hallway-commit")
        self._scans = ThreadPoolExecutor(1, "hallway-scan")
        self._queue = ChangeQueue(self._write)
        self._checkpoints = _Checkpoints(path, replace(options, cache_mib=1))

    async def fetch(self, statement: Statement, params: Params) -> Sequence[ResultRow]:
        """Rows, read in the loop: a thread hop would cost more than the query."""
        return self.rows_now(statement, params)

    def rows_now(self, statement: Statement, params: Params) -> Sequence[ResultRow]:
        """The same for who does not wait; raises `Unavailable`."""
        try:
            return list(self._reader.execute(statement.sqlite, sqlite_params(statement, params)))
        except UNAVAILABLE as fault:
            raise Unavailable(str(fault)) from fault

    async def scan(self, statement: Statement, params: Params, keep: Callable[[ResultRow], T | None]) -> list[T]:
        """Rows read and judged in the scan thread, interrupted at the time limit."""
        return await asyncio.get_running_loop().run_in_executor(self._scans, self._scanned, statement, params, keep)

    def _scanned(self, statement: Statement, params: Params, keep: Callable[[ResultRow], T | None]) -> list[T]:
        end = time.monotonic() + self._options.scan_seconds
        self._scanner.set_progress_handler(lambda: time.monotonic() > end, 5000)
        try:
            rows = self._scanner.execute(statement.sqlite, sqlite_params(statement, params))
            return [kept for row in rows if (kept := keep(row)) is not None]
        except apsw.InterruptError as late:
            raise ScanTimedOut(statement.name) from late
        except UNAVAILABLE as fault:
            raise Unavailable(str(fault)) from fault

    @property
    def bell(self) -> Bell:
        """Rings when this process wrote changes."""
        return self._queue.bell

    async def commit(self, change: Change) -> int:
        """Queue the change for the next batch; the answer is its place, once durable."""
        return await self._queue.commit(change)

    async def _write(self, items: Sequence[Prepared]) -> Outcomes:
        """One transaction of every change in it that can be."""
        try:
            outcomes = await self._opened(items)
            await self._end()
        except UNAVAILABLE as fault:
            return [(item, Unavailable(str(fault))) for item in items]
        finally:
            self._abandon()
        return outcomes

    async def _opened(self, items: Sequence[Prepared]) -> Outcomes:
        """A transaction with every change in it that can be."""
        await self._begin()
        try:
            return self._together(items)
        except (*_CONFLICT, *_OURS):
            self._abandon()
            await self._begin()
            return self._one_by_one(items)

    def _together(self, items: Sequence[Prepared]) -> Outcomes:
        """Every change's steps, statement by statement for all of them; one that cannot be written raises."""
        outcomes: list[tuple[Prepared, Outcome]] = []
        queues: list[list[Step]] = []
        heads: list[tuple[Prepared, int | None, int | None]] = []
        for group in by_organization(items):
            start = head = self._head(group[0])
            for item in group:
                queues.append(placed(item, head))
                outcomes.append((item, (head or 0) + 1 if item.entries else 0))
                head = (head or 0) + len(item.entries)
            heads.append((group[0], start, head))
        many = self._writer.executemany
        for statement, params, must in waves(queues):
            asked = [sqlite_params(statement, one) for one in params] if statement.has_arrays else params
            cursor = many(statement.sqlite, asked)
            if must is not None and len(cursor.fetchall()) != must:
                raise Stale
        for one, start, head in heads:
            self._move_head(one, start, head)
        return outcomes

    def _one_by_one(self, items: Sequence[Prepared]) -> Outcomes:
        """The same batch with a savepoint around each change, so that one that cannot be written fails alone."""
        outcomes: list[tuple[Prepared, Outcome]] = []
        for group in by_organization(items):
            start = head = self._head(group[0])
            for item in group:
                outcome = self._isolated(item, head)
                outcomes.append((item, outcome))
                if not isinstance(outcome, Exception):
                    head = (head or 0) + len(item.entries)
            self._move_head(group[0], start, head)
        return outcomes

    def _head(self, item: Prepared) -> int | None:
        found = self._writer.execute(HEAD.sqlite, (item.change.organization_id,)).fetchone()
        return int(found[1]) if found else None

    def _move_head(self, item: Prepared, start: int | None, head: int | None) -> None:
        if head is not None and head != start:
            statement, params = moved_head(item.change.organization_id, head)
            self._writer.execute(statement.sqlite, params).fetchall()

    def _placed(self, item: Prepared, head: int | None) -> int:
        for step in placed(item, head):
            self._step(step)
        return (head or 0) + 1 if item.entries else 0

    def _isolated(self, item: Prepared, head: int | None) -> Outcome:
        run = self._writer.execute
        run("SAVEPOINT change")
        try:
            place = self._placed(item, head)
        except _CONFLICT:
            outcome: Outcome = Stale()
        except _OURS as fault:
            outcome = fault
        else:
            run("RELEASE change")
            return place
        run("ROLLBACK TO change")
        run("RELEASE change")
        return outcome

    def _step(self, step: Step) -> None:
        cursor = self._writer.execute(step.statement.sqlite, sqlite_params(step.statement, step.params))
        if step.must is not None and len(cursor.fetchall()) != step.must:
            raise Stale

    async def _begin(self) -> None:
        """Take the write lock; another process (a command) may hold it for a moment."""
        end = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
            except apsw.BusyError:
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(0.002)
            else:
                return

    async def _end(self) -> None:
        """Commit in the thread; who is cancelled meanwhile still waits for it, as the connection is in use."""
        running = asyncio.get_running_loop().run_in_executor(self._commits, self._writer.execute, "COMMIT")
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise

    def _abandon(self) -> None:
        if self._writer.in_transaction:
            with contextlib.suppress(apsw.Error):
                self._writer.execute("ROLLBACK")

    async def run(self, steps: Sequence[Step]) -> None:
        """Statements of no organization's journal, in one transaction between two batches."""
        async with self._queue.turn:
            try:
                await self._begin()
                for step in steps:
                    self._step(step)
                await self._end()
            except apsw.ConstraintError as fault:
                self._abandon()
                raise Stale from fault
            except UNAVAILABLE as fault:
                self._abandon()
                raise Unavailable(str(fault)) from fault
            except BaseException:
                self._abandon()
                raise

    async def lax(self) -> str | None:
        """WAL with synchronous FULL (2) or EXTRA (3) is durable."""
        async with self._queue.turn:  # else the connection may be committing in its thread
            mode = self._writer.pragma("journal_mode")
            level = self._writer.pragma("synchronous")
        if mode != "wal" or not isinstance(level, int) or level < 2:
            return f"SQLite runs with journal_mode={mode}, synchronous={level}; it is to be wal and 2 or more."
        return None

    def keep_checkpointing(self) -> None:
        """Start background checkpoints; a server does, a command leaves it to the server or to closing."""
        self._checkpoints.start()

    async def close(self) -> None:
        """Write what is queued, stop the threads, fold the WAL."""
        await self._queue.close()
        await self._checkpoints.stop()
        self._commits.shutdown()
        self._scans.shutdown()
        for connection in (self._scanner, self._reader, self._writer):
            connection.close()


class _Checkpoints:
    """A passive checkpoint every quarter second from a thread of its own, a truncating one when the WAL is long."""

    def __init__(self, path: Path, options: SqliteOptions) -> None:
        self._path = path
        self._options = options
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "hallway-checkpoint")
        self._connection: apsw.Connection | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._forever())

    async def _forever(self) -> None:
        loop = asyncio.get_running_loop()
        while not await self._is_stopping():
            await loop.run_in_executor(self._thread, self._once)
        if self._connection is not None:
            self._connection.close()

    async def _is_stopping(self) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CHECKPOINT_SECONDS):
                return await self._stopping.wait()
        return False

    def _once(self) -> None:
        """What cannot be done now (a full disk, too) is tried again the next time."""
        with contextlib.suppress(*UNAVAILABLE):
            if self._connection is None:
                self._connection = connected(self._path, self._options)
            pages, done = self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            if pages > _WAL_LIMIT_PAGES and done == pages:
                self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    async def stop(self) -> None:
        self._stopping.set()
        if self._task is not None:
            await self._task
        self._thread.shutdown()
