"""The key record and the deployment's own values: see `hallway.keys.ports.KeyStore`."""

from typing import cast

from hallway.ids import OrganizationId
from hallway.journal.model import Stale
from hallway.keys.model import NO_KEYS, DataKey, KeyRecord, KeysChanged
from hallway.store.database import Database, everywhere, tenant
from hallway.store.statement import Step, statement

RECORD = statement(
    "global_key_record",
    """SELECT c.value, k.id, k.wrapped, k.created_at, k.retired_at FROM key_check c CROSS JOIN data_key k
       WHERE c.id = 1 ORDER BY k.id""",
)
FIRST_CHECK = statement("global_key_check_first", "INSERT INTO key_check (id, value) VALUES (1, ?1)")
NEXT_CHECK = statement(
    "global_key_check_next", "UPDATE key_check SET value = ?1 WHERE id = 1 AND value = ?2 RETURNING id"
)
CLEAR = statement("global_data_keys_clear", "DELETE FROM data_key")
INSERT = statement(
    "global_data_key_insert",
    "INSERT INTO data_key (id, wrapped, created_at, retired_at) VALUES (?1, ?2, ?3, ?4)",
)
VALUE = statement("global_deployment_value", "SELECT value FROM deployment WHERE name = ?1")
SET_VALUE = statement(
    "global_deployment_set",
    """INSERT INTO deployment (name, value) VALUES (?1, ?2)
       ON CONFLICT (name) DO UPDATE SET value = excluded.value""",
)
FIRST_VALUE = statement(
    "global_deployment_first",
    "INSERT INTO deployment (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING",
)
NEXT_VALUE = statement(
    "global_deployment_next", "UPDATE deployment SET value = ?2 WHERE name = ?1 AND value = ?3 RETURNING name"
)
OWN_HEAD = statement("deployment_head", "SELECT organization_id, seq FROM journal_head WHERE organization_id = ?1")
OWN_JOURNAL = statement(
    "deployment_journal",
    "INSERT INTO journal_head (organization_id, seq) VALUES (?1, 0) ON CONFLICT (organization_id) DO NOTHING",
)


class KeyRecordStore:
    """The port over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self) -> KeyRecord:
        """The record, or `NO_KEYS`."""
        rows = cast("list[tuple[bytes, int, bytes, int, int | None]]", await everywhere(self._database, RECORD))
        return KeyRecord(rows[0][0], tuple(DataKey(*row[1:]) for row in rows)) if rows else NO_KEYS

    async def replace(self, record: KeyRecord, expected_check: bytes) -> None:
        """Write `record` where the stored one has `expected_check`; else raises `KeysChanged`."""
        if expected_check:
            guard = Step(NEXT_CHECK, (record.check, expected_check), 1)
        else:
            guard = Step(FIRST_CHECK, (record.check,))
        keys = [Step(INSERT, (key.id, key.wrapped, key.created_at, key.retired_at)) for key in record.keys]
        try:
            await self._database.run([guard, Step(CLEAR, ()), *keys])
        except Stale as stale:
            raise KeysChanged from stale


class DeploymentStore:
    """Values of the whole deployment, such as the feed's epoch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def value(self, name: str) -> str | None:
        """The value, or None."""
        rows = await everywhere(self._database, VALUE, name)
        return cast("str", rows[0][0]) if rows else None

    async def first(self, name: str, value: str) -> str:
        """The value, set to `value` where there was none."""
        found = await self.value(name)
        if found is not None:
            return found
        await self._database.run([Step(FIRST_VALUE, (name, value))])
        return await self.value(name) or value

    async def replace(self, name: str, value: str) -> None:
        """Set the value."""
        await self._database.run([Step(SET_VALUE, (name, value))])

    async def exchange(self, name: str, was: str, value: str) -> bool:
        """Set the value where it still is `was`; of several at once, one does."""
        try:
            await self._database.run([Step(NEXT_VALUE, (name, value, was), 1)])
        except Stale:
            return False
        return True

    async def opened(self, own: OrganizationId) -> None:
        """The deployment has a journal of its own, as every tenant has."""
        if await tenant(self._database, own).row(OWN_HEAD) is None:
            await self._database.run([Step(OWN_JOURNAL, (own,))])
