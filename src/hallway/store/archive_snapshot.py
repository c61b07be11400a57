"""Making a backup while others write: one consistent snapshot, streamed into a file.

Rules: the snapshot is one read transaction on a connection of its own, so writers wait for nothing; the file has its
name only once it is whole and on disk, and nobody but its owner reads it.
"""

import os
import zipfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Final, Protocol, cast

import apsw
import asyncpg
import msgspec

from hallway.journal.model import Unavailable
from hallway.store.archive import (
    FORMAT,
    FRAME_ROWS,
    MANIFEST,
    ArchivedRow,
    ArchiveProblem,
    Manifest,
    RanStep,
    table_writer,
)
from hallway.store.archive_shape import Table, tables_of
from hallway.store.migrate import refuse_foreign, steps
from hallway.store.opening import Opening, sqlite_path
from hallway.store.postgres import LOST, SCHEMA
from hallway.store.postgres import connected as postgres_connected
from hallway.store.sqlite import BUSY_SECONDS, UNAVAILABLE, SqliteOptions
from hallway.store.sqlite import connected as sqlite_connected

_STEPS: Final = "SELECT id, name, checksum FROM schema_step ORDER BY id"
_NO_SCHEMA: Final = "There is nothing to back up: the database has no tables of Hallway. Is its address right?"


class Snapshot(Protocol):
    """A database as it was at one moment."""

    engine: str

    async def ran(self) -> Sequence[RanStep]:
        """The migrations that it had run."""
        ...

    def rows(self, table: Table) -> AsyncIterator[Sequence[ArchivedRow]]:
        """A table's rows, some at a time."""
        ...


async def write_backup(opening: Opening, file: Path, made_at: int, replace: bool = False) -> Manifest:
    """Write everything that the database holds to `file`.

    Raises `ArchiveProblem` where the file is there (unless it shall be replaced) or cannot be written,
    `SchemaProblem` where the database is newer than this program, `Unavailable`.
    """
    async with _snapshot(opening) as snapshot:
        ran = tuple(await snapshot.ran())
        refuse_foreign({step.id: (step.name, step.checksum) for step in ran}, steps("sqlite"))
        if not ran:
            raise ArchiveProblem(_NO_SCHEMA)
        with _draft(file, replace) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            written = []
            for table in tables_of(ran[-1].id):
                with table_writer(archive, table) as writer:
                    async for rows in snapshot.rows(table):
                        writer.write(rows)
                written.append(writer.written())
            manifest = Manifest(FORMAT, "hallway hub", snapshot.engine, made_at, ran, tuple(written))
            archive.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    return manifest


@contextmanager
def _draft(file: Path, replace: bool) -> Iterator[IO[bytes]]:
    """The stream of `<file>.partial`, which becomes `file` when all went well, and else goes."""
    partial = file.with_name(file.name + ".partial")
    refuse_taken(file, replace)
    try:
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "w+b") as stream:
                os.fchmod(stream.fileno(), 0o600)  # one that was left behind may have been made otherwise
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            refuse_taken(file, replace)
            partial.replace(file)
            synced(file.parent)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as fault:
        raise ArchiveProblem(f"{file} cannot be written ({fault.strerror or fault}).") from fault


def refuse_taken(file: Path, replace: bool) -> None:
    """Raise `ArchiveProblem` where the file is there and shall stay."""
    if file.is_dir():
        raise ArchiveProblem(f"{file} is a directory; name a file.")
    if file.exists() and not replace:
        raise ArchiveProblem(f"{file} is there already; name another file, or say --force.")


def synced(directory: Path) -> None:
    """The names in a directory are on disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@asynccontextmanager
async def _snapshot(opening: Opening) -> AsyncIterator[Snapshot]:
    path = sqlite_path(opening.url)
    if path is not None:
        with _sqlite_snapshot(path, opening.sqlite) as snapshot:
            yield snapshot
    else:
        async with _postgres_snapshot(opening.url) as snapshot:
            yield snapshot


@contextmanager
def _available() -> Iterator[None]:
    """The database's faults as `Unavailable`: those of the file that is written are other ones."""
    try:
        yield
    except (*UNAVAILABLE, *LOST) as fault:
        raise Unavailable(f"{type(fault).__name__}: {fault}") from fault


class _SqliteSnapshot:
    engine = "sqlite"

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    async def ran(self) -> Sequence[RanStep]:
        try:
            with _available():
                return [RanStep(int(str(r[0])), str(r[1]), str(r[2])) for r in self._connection.execute(_STEPS)]
        except apsw.SQLError as fault:
            raise ArchiveProblem(_NO_SCHEMA) from fault

    async def rows(self, table: Table) -> AsyncIterator[Sequence[ArchivedRow]]:
        with _available():
            found = self._connection.execute(_select(table))
        while rows := self._taken(found):
            yield rows

    def _taken(self, found: Iterator[Sequence[object]]) -> Sequence[ArchivedRow]:
        with _available():
            return cast("list[ArchivedRow]", list(islice(found, FRAME_ROWS)))


@contextmanager
def _sqlite_snapshot(path: Path, options: SqliteOptions) -> Iterator[Snapshot]:
    if not path.exists():
        raise ArchiveProblem(f"There is no database {path}.")
    with _available():
        connection = sqlite_connected(path, options, busy_ms=int(BUSY_SECONDS * 1000))
        connection.execute("PRAGMA query_only=ON")
        connection.execute("BEGIN")
    try:
        yield _SqliteSnapshot(connection)
    finally:
        connection.close()


class _PostgresSnapshot:
    engine = "postgres"

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def ran(self) -> Sequence[RanStep]:
        with _available():
            if await self._connection.fetchval("SELECT to_regclass($1)", f"{SCHEMA}.schema_step") is None:
                raise ArchiveProblem(_NO_SCHEMA)
            return [RanStep(row[0], row[1], row[2]) for row in await self._connection.fetch(_STEPS)]

    async def rows(self, table: Table) -> AsyncIterator[Sequence[ArchivedRow]]:
        with _available():
            cursor = await self._connection.cursor(_select(table))
        while rows := await self._taken(cursor):
            yield rows

    async def _taken(self, cursor: "asyncpg.cursor.Cursor") -> Sequence[ArchivedRow]:
        with _available():
            return [tuple(row) for row in await cursor.fetch(FRAME_ROWS)]


@asynccontextmanager
async def _postgres_snapshot(url: str) -> AsyncIterator[Snapshot]:
    connection = await postgres_connected(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await unhurried(connection)
            yield _PostgresSnapshot(connection)
    finally:
        await connection.close()


async def unhurried(connection: asyncpg.Connection) -> None:
    """This transaction may take its time, whatever the server's defaults."""
    for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
        await connection.execute(f"SET LOCAL {name} = 0")


def _select(table: Table) -> str:
    return f"SELECT {', '.join(table.columns)} FROM {table.name}"
