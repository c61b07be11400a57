"""Answers that are kept for a day, so that a request which is sent again is not carried out again.

Rules: a request is begun by one process at a time: whoever holds its row's instant; the change that it leads to says
so in the row in the same transaction, so that a request whose answer was lost is known to have been carried out.
"""

from dataclasses import dataclass
from typing import Final, cast

from hallway.accounts.model import DEPLOYMENT
from hallway.exchanges.idempotency import ABANDONED, BEGUN, COMMITTED, Begun, CarriedOut, KeptAnswer
from hallway.journal.model import Stale
from hallway.store.database import Database, tenant
from hallway.store.rows import writes
from hallway.store.statement import Step, statement

_COLUMNS: Final = "organization_id, key_hash, request_hash, status, sealed, created_at"

KEPT = statement(
    "idempotent_answer", f"SELECT {_COLUMNS} FROM idempotent_answer WHERE organization_id = ?1 AND key_hash = ?2"
)
BEGIN = statement(
    "idempotent_begin",
    f"""INSERT INTO idempotent_answer ({_COLUMNS}) VALUES (?1, ?2, ?3, {BEGUN}, ?4, ?5)
        ON CONFLICT (organization_id, key_hash) DO NOTHING RETURNING organization_id""",
)
TAKE_OVER = statement(
    "idempotent_take_over",
    f"""UPDATE idempotent_answer SET request_hash = ?3, created_at = ?4
        WHERE organization_id = ?1 AND key_hash = ?2 AND status = {BEGUN} AND created_at = ?5
        RETURNING organization_id""",
)
CARRIED_OUT = statement(
    "idempotent_carried_out",
    f"""UPDATE idempotent_answer SET status = {COMMITTED}
        WHERE organization_id = ?1 AND key_hash = ?2 AND created_at = ?3 RETURNING organization_id""",
)
KEEP = statement(
    "idempotent_keep",
    """UPDATE idempotent_answer SET status = ?4, sealed = ?5
       WHERE organization_id = ?1 AND key_hash = ?2 AND created_at = ?3""",
)
GIVE_UP = statement(
    "idempotent_give_up",
    f"""DELETE FROM idempotent_answer
        WHERE organization_id = ?1 AND key_hash = ?2 AND created_at = ?3 AND status = {BEGUN}""",
)
FORGET = statement("idempotent_forget", "DELETE FROM idempotent_answer WHERE organization_id = ?1 AND created_at < ?2")


@dataclass(frozen=True, slots=True)
class AnswerStore:
    """See `hallway.exchanges.idempotency.Answers`."""

    database: Database

    async def begin(self, key_hash: bytes, request_hash: bytes, now: int) -> Begun | KeptAnswer:
        """The right to carry the request out, or what is kept of it."""
        try:
            await self.database.run([Step(BEGIN, (DEPLOYMENT, key_hash, request_hash, b"", now), 1)])
            return Begun(key_hash, now)
        except Stale:
            kept = await self._kept(key_hash)
        if kept is None or kept.status != BEGUN or now - kept.created_at < ABANDONED:
            return kept or KeptAnswer(request_hash, BEGUN, b"", now)
        try:
            await self.database.run([Step(TAKE_OVER, (DEPLOYMENT, key_hash, request_hash, now, kept.created_at), 1)])
            return Begun(key_hash, now)
        except Stale:
            return kept

    async def _kept(self, key_hash: bytes) -> KeptAnswer | None:
        row = await tenant(self.database, DEPLOYMENT).row(KEPT, key_hash)
        return None if row is None else KeptAnswer(*cast("tuple[bytes, int, bytes, int]", tuple(row[1:])))

    async def keep(self, begun: Begun, status: int, sealed: bytes) -> None:
        """Keep the answer."""
        await self.database.run([Step(KEEP, (DEPLOYMENT, begun.key_hash, begun.at, status, sealed))])

    async def give_up(self, begun: Begun) -> None:
        """Nothing was changed: the same key may begin anew."""
        await self.database.run([Step(GIVE_UP, (DEPLOYMENT, begun.key_hash, begun.at))])

    async def forget(self, before: int) -> None:
        """Forget what is older."""
        await self.database.run([Step(FORGET, (DEPLOYMENT, before))])


@writes(CarriedOut)
def _carried_out(_: bytes, row: CarriedOut) -> list[Step]:
    return [Step(CARRIED_OUT, (DEPLOYMENT, row.begun.key_hash, row.begun.at), 1)]
