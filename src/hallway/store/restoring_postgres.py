"""Restoring into PostgreSQL: the old schema gets another name, a new one is filled; all in one transaction.

Rules: the lock of migrations is taken first, so that a server that starts meanwhile waits; one that runs already is
seen by its connections, and the restore is refused.
"""

from typing import Final

import asyncpg

from hallway.journal.model import Unavailable
from hallway.store.archive import ArchiveProblem
from hallway.store.archive_snapshot import unhurried
from hallway.store.keys import SET_VALUE
from hallway.store.migrate import RECORD, TYPES, migrated
from hallway.store.opening_postgres import ADVISORY_LOCK, PostgresMigrating
from hallway.store.postgres import LOST, SCHEMA, connected
from hallway.store.restoring import (
    EMPTY,
    ENDED,
    EPOCH,
    NOTHING_THERE,
    Restored,
    Restoring,
    schema_made,
    tables_to_fill,
)
from hallway.store.restoring_undone import ANY, COMPARISONS, Undone, comparison, undone_of

_HELD: Final = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'hallway' AND pid <> pg_backend_pid()"""


async def refuse_held(url: str) -> None:
    """Raise `ArchiveProblem` where a server, or a command, has the database open."""
    connection = await connected(url)
    try:
        await _refuse_held(connection)
    finally:
        await connection.close()


async def restore_postgres(url: str, restoring: Restoring) -> Restored:
    """Put the backup in the place of the schema `hallway`.

    Raises `ArchiveProblem` or `Unavailable`; then the old schema is as it was.
    """
    connection = await connected(url)
    try:
        async with connection.transaction():
            await unhurried(connection)
            await connection.execute("SELECT pg_advisory_xact_lock($1)", ADVISORY_LOCK)
            await _refuse_held(connection)
            kept = await _set_aside(connection, restoring)
            ran = await _loaded(connection, restoring)
            undone, not_compared = await _compared(connection, kept, restoring.now)
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as fault:
        raise ArchiveProblem(f"The backup does not hold together: {fault}. Nothing was changed.") from fault
    except (asyncpg.PostgresError, *LOST) as fault:
        raise Unavailable(f"The backup could not be restored: {fault}. The database is as it was.") from fault
    finally:
        await connection.close()
    return Restored(f"schema {kept}" if kept else None, undone, not_compared, tuple(ran))


async def _refuse_held(connection: asyncpg.Connection) -> None:
    held = await connection.fetchval(_HELD)
    if held:
        raise ArchiveProblem(
            f"Hallway has {held} connection{'' if held == 1 else 's'} to this database. "
            "Stop every server and command, then restore again; nothing was changed."
        )


async def _set_aside(connection: asyncpg.Connection, restoring: Restoring) -> str | None:
    """Give the old schema another name, which is returned; None where there was none."""
    kept = None
    if await connection.fetchval("SELECT 1 FROM pg_namespace WHERE nspname = $1", SCHEMA):
        kept = f"{SCHEMA}_before_restore_{restoring.stamp}"
        await connection.execute(f"ALTER SCHEMA {SCHEMA} RENAME TO {kept}")
    await connection.execute(f"CREATE SCHEMA {SCHEMA}")
    return kept


async def _loaded(connection: asyncpg.Connection, restoring: Restoring) -> list[str]:
    session = PostgresMigrating(connection)
    await session.execute(RECORD.format(**TYPES["postgres"]))
    await schema_made(session, restoring.archive)
    for table in tables_to_fill(restoring.archive):
        rows = restoring.archive.rows(table.name)
        await connection.copy_records_to_table(
            table.name, schema_name=SCHEMA, columns=table.columns, records=rows, timeout=None
        )
        # Without it the first queries after a restore would be planned for empty tables.
        await connection.execute(f"ANALYZE {SCHEMA}.{table.name}")
    ran = await migrated(session, only_empty=False)
    await connection.execute(SET_VALUE.postgres, EPOCH, restoring.epoch)
    for ended in ENDED:
        await connection.execute(ended.postgres, restoring.now)
    return ran


async def _compared(connection: asyncpg.Connection, kept: str | None, now: int) -> tuple[tuple[Undone, ...], str]:
    """What the old schema had revoked and the new one has not; or why that cannot be said."""
    if kept is None:
        return (), NOTHING_THERE
    try:
        async with connection.transaction():
            if await connection.fetchval(ANY.format(old=kept)) is None:
                return (), EMPTY
            found = [
                undone_of(kind, row)
                for kind, text in COMPARISONS.items()
                for row in await connection.fetch(comparison(text, SCHEMA, kept, now))
            ]
    except asyncpg.PostgresError as fault:
        return (), f"the schema before cannot be read: {fault}"
    return tuple(found), ""
