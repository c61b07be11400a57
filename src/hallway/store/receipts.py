"""Receipts: see `hallway.hub.events.receipts.Receipts`."""

from collections.abc import Sequence
from typing import Final, cast

import orjson

from hallway.hub.events.receipts import NewReceipt, Receipt, said_of, said_shape
from hallway.ids import EntryId, MemberId, OrganizationId
from hallway.store.database import Database, tenant
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

COLUMNS: Final = "organization_id, event_id, by_id, seq, type, member_id, event_at, at, body"
ONE = statement(
    "receipt",
    f"SELECT {COLUMNS} FROM receipt WHERE organization_id = ?1 AND event_id = ?2 AND by_id = ?3",
)
OF_EVENT = statement(
    "receipts_of_event",
    f"SELECT {COLUMNS} FROM receipt WHERE organization_id = ?1 AND event_id = ?2 ORDER BY by_id",
)
OF_MEMBER = statement(
    "receipts_of_member",
    f"SELECT {COLUMNS} FROM receipt WHERE organization_id = ?1 AND member_id = ?2 ORDER BY seq, by_id",
)
EXPORTED = statement(
    "receipts_exported",
    f"""SELECT {COLUMNS} FROM receipt WHERE organization_id = ?1 AND (event_id, by_id) > (?2, ?3)
        ORDER BY event_id, by_id LIMIT ?4""",
)
SUBJECT = statement(
    "journal_subject_at", "SELECT organization_id, subject_id FROM journal WHERE organization_id = ?1 AND seq = ?2"
)
INSERT = statement("receipt_insert", f"INSERT INTO receipt ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")


class ReceiptStore:
    """The port over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def receipt(self, organization_id: OrganizationId, event_id: EntryId, by_id: bytes) -> Receipt | None:
        """The one of this sender for this event."""
        row = await tenant(self._database, organization_id).row(ONE, event_id, by_id)
        return None if row is None else _receipt(organization_id, row)

    async def of_event(self, organization_id: OrganizationId, event_id: EntryId) -> Sequence[Receipt]:
        """Everybody's for one event."""
        rows = await tenant(self._database, organization_id).rows(OF_EVENT, event_id)
        return [_receipt(organization_id, row) for row in rows]

    async def of_member(self, organization_id: OrganizationId, member_id: MemberId) -> Sequence[Receipt]:
        """Everybody's for one member."""
        rows = await tenant(self._database, organization_id).rows(OF_MEMBER, member_id)
        return [_receipt(organization_id, row) for row in rows]

    async def after(self, organization_id: OrganizationId, place: tuple[bytes, bytes], limit: int) -> Sequence[Receipt]:
        """Everybody's, by event and sender, behind a place."""
        rows = await tenant(self._database, organization_id).rows(EXPORTED, *place, limit)
        return [_receipt(organization_id, row) for row in rows]

    async def subject_at(self, organization_id: OrganizationId, seq: int) -> bytes | None:
        """Whom an entry is about."""
        row = await tenant(self._database, organization_id).row(SUBJECT, seq)
        return None if row is None else cast("bytes | None", row[0])


def _receipt(owner: OrganizationId, row: ResultRow) -> Receipt:
    event_id, by_id, seq, kind, member_id, event_at, at, body = cast(
        "tuple[EntryId, bytes, int, str, MemberId | None, int, int, bytes]", row
    )
    told = orjson.loads(body)
    return Receipt(owner, event_id, by_id, seq, kind, member_id, event_at, at, told["by"], said_of(told))


@writes(NewReceipt)
def _insert(org: bytes, row: NewReceipt) -> Sequence[Step]:
    one = row.receipt
    told = (
        one.seq,
        one.type,
        one.member_id,
        one.event_at,
        one.at,
        orjson.dumps({**said_shape(one.said), "by": one.by}),
    )
    return [Step(INSERT, (org, one.event_id, one.by_id, *told))]
