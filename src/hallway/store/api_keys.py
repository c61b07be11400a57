"""The deployment's API keys: see `hallway.hub.applications.api_keys.ApiKeys`."""

from collections.abc import Sequence
from typing import Final, cast

from hallway.accounts.model import DEPLOYMENT
from hallway.hub.applications.api_keys import ApiKey, ApiKeyRevocation, NewApiKey
from hallway.ids import ApiKeyId
from hallway.store.database import Database, tenant
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

_COLUMNS: Final = """organization_id, id, name, hash, scopes, created_at, expires_at, revoked_at, last_used_at,
    last_address"""

BY_ID = statement("api_key_by_id", f"SELECT {_COLUMNS} FROM api_key WHERE organization_id = ?1 AND id = ?2")
KEYS = statement("api_keys", f"SELECT {_COLUMNS} FROM api_key WHERE organization_id = ?1 ORDER BY id")
INSERT = statement(
    "api_key_insert", f"INSERT INTO api_key ({_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
)
REVOKE = statement(
    "api_key_revoke",
    """UPDATE api_key SET revoked_at = ?3 WHERE organization_id = ?1 AND id = ?2 AND revoked_at IS NULL
       RETURNING organization_id""",
)
USED = statement(
    "api_key_used",
    """UPDATE api_key SET last_used_at = ?3, last_address = ?4
       WHERE organization_id = ?1 AND id = ?2 AND COALESCE(last_used_at, 0) < ?3""",
)


class ApiKeyStore:
    """The port over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._own = tenant(database, DEPLOYMENT)

    async def key(self, key_id: ApiKeyId) -> ApiKey | None:
        """One key, alive or not."""
        row = await self._own.row(BY_ID, key_id)
        return None if row is None else _key(row)

    async def keys(self) -> Sequence[ApiKey]:
        """All of them, oldest first."""
        return [_key(row) for row in await self._own.rows(KEYS)]

    async def used(self, uses: Sequence[tuple[ApiKeyId, int, str]]) -> None:
        """Note when keys were used last, and from where."""
        await self._database.run([Step(USED, (DEPLOYMENT, *use)) for use in uses])


def _key(row: ResultRow) -> ApiKey:
    one, name, digest, scopes, created, expires, revoked, used, address = cast(
        "tuple[ApiKeyId, str, bytes, str, int, int | None, int | None, int | None, str]", tuple(row)
    )
    return ApiKey(one, name, digest, tuple(scopes.split()), created, expires, revoked, used, address)


@writes(NewApiKey)
def _insert(org: bytes, row: NewApiKey) -> Sequence[Step]:
    one = row.key
    columns = (
        one.id, one.name, one.hash, " ".join(one.scopes), one.created_at, one.expires_at, one.revoked_at,
        one.last_used_at, one.last_address,
    )  # fmt: skip
    return [Step(INSERT, (org, *columns))]


@writes(ApiKeyRevocation)
def _revoke(org: bytes, row: ApiKeyRevocation) -> Sequence[Step]:
    return [Step(REVOKE, (org, row.key_id, row.at), 1)]
