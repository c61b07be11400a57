"""Our signing keys: see `hallway.hub.applications.ports.SigningKeys`."""

from collections.abc import Sequence
from typing import Final, cast

from hallway.accounts.model import DEPLOYMENT
from hallway.hub.applications.model import KeptKey, KeyAlone, NewSigningKey, SigningKeyRetirement, SigningKeysForgotten
from hallway.ids import OrganizationId, SigningKeyId
from hallway.store.database import Database, tenant
from hallway.store.rows import writes
from hallway.store.statement import Step, statement

_COLUMNS: Final = "organization_id, id, algorithm, sealed, public, created_at, signs_from, retired_at"

KEYS = statement("signing_keys", f"SELECT {_COLUMNS} FROM signing_key WHERE organization_id = ?1 ORDER BY id")
INSERT = statement(
    "signing_key_insert", f"INSERT INTO signing_key ({_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
)
ALONE = statement(
    "signing_key_alone",
    "SELECT organization_id FROM signing_key WHERE organization_id = ?1 AND algorithm = ?2 AND retired_at IS NULL",
)
RETIRE = statement(
    "signing_key_retire",
    """UPDATE signing_key SET retired_at = ?3 WHERE organization_id = ?1 AND id = ?2 AND retired_at IS NULL
       RETURNING organization_id""",
)
FORGET = statement("signing_keys_forget", "DELETE FROM signing_key WHERE organization_id = ?1 AND retired_at < ?2")


class SigningKeyStore:
    """The port over either engine."""

    def __init__(self, database: Database, own: OrganizationId = DEPLOYMENT) -> None:
        self._own = tenant(database, own)

    async def keys(self) -> Sequence[KeptKey]:
        """All that are kept, oldest first."""
        rows = await self._own.rows(KEYS)
        return [
            KeptKey(*cast("tuple[SigningKeyId, str, bytes, bytes, int, int, int | None]", tuple(row))) for row in rows
        ]


@writes(NewSigningKey)
def _insert(org: bytes, row: NewSigningKey) -> Sequence[Step]:
    one = row.key
    columns = (one.id, one.algorithm, one.sealed, one.public, one.created_at, one.signs_from, one.retired_at)
    return [Step(INSERT, (org, *columns))]


@writes(KeyAlone)
def _alone(org: bytes, row: KeyAlone) -> Sequence[Step]:
    return [Step(ALONE, (org, row.algorithm), 1)]


@writes(SigningKeyRetirement)
def _retire(org: bytes, row: SigningKeyRetirement) -> Sequence[Step]:
    return [Step(RETIRE, (org, row.key_id, row.at), 1)]


@writes(SigningKeysForgotten)
def _forget(org: bytes, row: SigningKeysForgotten) -> Sequence[Step]:
    return [Step(FORGET, (org, row.before))]
