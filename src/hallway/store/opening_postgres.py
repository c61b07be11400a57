"""Migrations of a database on PostgreSQL: one process at a time, all in one transaction."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from hallway.store.migrate import Step, migrated
from hallway.store.postgres import SCHEMA, connected

ADVISORY_LOCK: Final = 0x48_61_6C_6C  # "Hall"


async def migrate_postgres(url: str, only_empty: bool) -> list[str]:
    """Bring it up to date; names the steps that ran."""
    connection = await connected(url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", ADVISORY_LOCK)
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            return await migrated(PostgresMigrating(connection), only_empty)
    finally:
        await connection.close()


class PostgresMigrating:
    """A session of migrations on PostgreSQL."""

    engine = "postgres"

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def execute(self, sql: str) -> None:
        await self._connection.execute(sql)

    async def recorded(self) -> Sequence[tuple[int, str, str]]:
        found = await self._connection.fetch("SELECT id, name, checksum FROM schema_step ORDER BY id")
        return [(r[0], r[1], r[2]) for r in found]

    async def record(self, step: Step) -> None:
        await self._connection.execute(
            "INSERT INTO schema_step (id, name, checksum) VALUES ($1, $2, $3)",
            step.id,
            step.name,
            step.checksum,
        )
