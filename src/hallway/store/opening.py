"""Opening a database: which engine, its file, its migrations.

Rules: what only PostgreSQL needs is imported where the address is one of PostgreSQL, since its driver takes some six
MiB; so `opening_postgres.py` stands apart.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import apsw

from hallway.journal.model import Unavailable
from hallway.store.database import Database
from hallway.store.migrate import Step, is_current, migrated
from hallway.store.sqlite import BUSY_SECONDS, UNAVAILABLE, SqliteDatabase, SqliteOptions
from hallway.store.sqlite import connected as sqlite_connected
from hallway.store.statement import translated

if TYPE_CHECKING:
    from hallway.store.postgres import PostgresDatabase

SQLITE: Final = "sqlite:///"


@dataclass(frozen=True, slots=True)
class Opening:
    """Where the database is and how it is used; `readers` is for PostgreSQL."""

    url: str
    readers: int = 4
    sqlite: SqliteOptions = field(default_factory=SqliteOptions)


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite address, or None for PostgreSQL."""
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None


def opened(opening: Opening) -> "SqliteDatabase | PostgresDatabase":
    """The database, with nothing read yet; raises `Unavailable`."""
    path = sqlite_path(opening.url)
    if path is None:
        from hallway.store.postgres import PostgresDatabase

        return PostgresDatabase(opening.url, opening.readers, opening.sqlite.scan_seconds)
    return SqliteDatabase(path, opening.sqlite)


async def migrate(opening: Opening, only_empty: bool = False) -> list[str]:
    """Bring the database up to date, making it where there is none; names the steps that ran."""
    path = sqlite_path(opening.url)
    if path is None:
        from hallway.store.opening_postgres import migrate_postgres

        return await migrate_postgres(opening.url, only_empty)
    _make_private(path)
    try:
        return await _migrate_sqlite(path, opening.sqlite, only_empty)
    except UNAVAILABLE as fault:
        raise Unavailable(f"cannot open {path}: {fault}") from fault


def _make_private(path: Path) -> None:
    """Make the file, readable by its owner only, where it is not there.

    It stays, empty, where opening it fails then: another process may have opened it meanwhile.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except OSError as fault:
        raise Unavailable(f"cannot make {path}: {fault.strerror}") from fault


async def _migrate_sqlite(path: Path, options: SqliteOptions, only_empty: bool) -> list[str]:
    connection = sqlite_connected(path, options, busy_ms=int(BUSY_SECONDS * 1000))
    try:
        connection.execute("BEGIN IMMEDIATE")
        ran = await migrated(SqliteMigrating(connection), only_empty)
        connection.execute("COMMIT")
    finally:
        connection.close()
    return ran


async def current(database: Database) -> bool:
    """Whether no migration is missing; raises `SchemaProblem` for a newer or edited schema."""
    records = translated("global_schema_steps", "SELECT id, name, checksum FROM schema_step ORDER BY id")
    rows = await database.fetch(records, ())
    return is_current([(int(str(r[0])), str(r[1]), str(r[2])) for r in rows])


class SqliteMigrating:
    """A session of migrations on SQLite."""

    engine = "sqlite"

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    async def execute(self, sql: str) -> None:
        self._connection.execute(sql)

    async def recorded(self) -> Sequence[tuple[int, str, str]]:
        found = self._connection.execute("SELECT id, name, checksum FROM schema_step ORDER BY id")
        return [(int(str(r[0])), str(r[1]), str(r[2])) for r in found]

    async def record(self, step: Step) -> None:
        self._connection.execute(
            "INSERT INTO schema_step (id, name, checksum) VALUES (?, ?, ?)",
            (step.id, step.name, step.checksum),
        )
