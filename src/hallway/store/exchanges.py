"""Exchanges that were kept, and what counts beside them."""

from collections.abc import Sequence
from typing import Final, cast

from hallway.exchanges.model import Exchange, ExchangeEnd, StrangerRefusal
from hallway.ids import DirectoryId, ExchangeId, OrganizationId, TokenId
from hallway.store.database import Database, tenant
from hallway.store.rows import writes
from hallway.store.statement import SEQ, Params, ResultRow, Step, statement

COLUMNS: Final = """organization_id, id, directory_id, token_id, at, method, path, status, duration, client, address,
    content_type, accept, request, request_note, quirks, answer, answer_resource, answer_revision, not_applied"""

INSERT = statement(
    "exchange_insert",
    f"""INSERT INTO exchange ({COLUMNS}, seq)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
          {{seq:21}})""",
)
END = statement(
    "exchange_end",
    """UPDATE exchange SET quirks = ?4, duration = ?5
       WHERE organization_id = ?1 AND directory_id = ?2 AND id = ?3""",
)
INSERT_REFUSAL = statement(
    "exchange_refusal_insert",
    f"""INSERT INTO exchange ({COLUMNS}, seq)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, 0)
        ON CONFLICT (organization_id, directory_id, id) DO NOTHING""",
)
SHOW = statement(
    "exchange_show",
    f"""SELECT {COLUMNS}, seq FROM exchange WHERE organization_id = ?1 AND directory_id = ?2 AND id = ?3""",
)
LATEST = statement(
    "exchanges_latest",
    f"""SELECT {COLUMNS}, seq FROM exchange WHERE organization_id = ?1 AND directory_id = ?2 AND id < ?3
        ORDER BY id DESC LIMIT ?4""",
)
NOT_APPLIED = statement(
    "exchanges_not_applied",
    f"""SELECT {COLUMNS}, seq FROM exchange WHERE organization_id = ?1 AND directory_id = ?2 AND not_applied <> ''
        ORDER BY id LIMIT 10000""",
)
KEEP_STRANGER = statement(
    "stranger_refusal_kept",
    """INSERT INTO stranger_refusal (organization_id, directory_id, slot, at, method, path, reason, client, address)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
       ON CONFLICT (organization_id, directory_id, slot) DO UPDATE SET at = excluded.at, method = excluded.method,
         path = excluded.path, reason = excluded.reason, client = excluded.client, address = excluded.address""",
)
STRANGERS = statement(
    "stranger_refusals",
    """SELECT organization_id, at, method, path, reason, client, address FROM stranger_refusal
       WHERE organization_id = ?1 AND directory_id = ?2 ORDER BY at DESC""",
)
_NEWEST: Final = b"\xff" * 16


class ExchangeStore:
    """The port over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def show(
        self, organization_id: OrganizationId, directory_id: DirectoryId, exchange_id: ExchangeId
    ) -> Exchange | None:
        """One exchange."""
        row = await tenant(self._database, organization_id).row(SHOW, directory_id, exchange_id)
        return None if row is None else exchange_of(organization_id, row)

    async def latest(
        self, organization_id: OrganizationId, directory_id: DirectoryId, before: ExchangeId | None, limit: int
    ) -> Sequence[Exchange]:
        """Exchanges of a directory, newest first."""
        rows = await tenant(self._database, organization_id).rows(LATEST, directory_id, before or _NEWEST, limit)
        return [exchange_of(organization_id, row) for row in rows]

    async def not_applied(self, organization_id: OrganizationId, directory_id: DirectoryId) -> Sequence[Exchange]:
        """What was refused while the directory was disabled, oldest first."""
        rows = await tenant(self._database, organization_id).rows(NOT_APPLIED, directory_id)
        return [exchange_of(organization_id, row) for row in rows]

    async def strangers(self, organization_id: OrganizationId, directory_id: DirectoryId) -> Sequence[StrangerRefusal]:
        """The last refusals before authentication, newest first."""
        rows = await tenant(self._database, organization_id).rows(STRANGERS, directory_id)
        return [
            StrangerRefusal(organization_id, directory_id, *row)
            for row in cast("list[tuple[int, str, str, str, str, str]]", rows)
        ]


def exchange_of(organization_id: OrganizationId, row: ResultRow) -> Exchange:
    """An exchange of a row of `COLUMNS` and `seq`, without its organization."""
    (eid, directory, token, at, method, path, status, duration, client, address, content, accept, request, note,
     quirks, answer, resource, revision, not_applied, seq) = cast(
        "tuple[ExchangeId, DirectoryId, TokenId | None, int, str, str, int, int, str, str, str, str, bytes | None, str,"
        " str, bytes | None, bytes | None, int, str, int]",
        row,
    )  # fmt: skip
    return Exchange(
        eid, organization_id, directory, token, at, method, path, status, duration, client, address, content, accept,
        request, note, tuple(filter(None, quirks.split(","))), answer, resource, revision, not_applied, seq,
    )  # fmt: skip


def refusal_step(row: Exchange) -> Step:
    """The step that keeps a refusal or a read, which led to no journal entry."""
    return Step(INSERT_REFUSAL, _params(row))


def _params(row: Exchange) -> Params:
    return (
        row.organization_id, row.id, row.directory_id, row.token_id, row.at, row.method, row.path, row.status,
        row.duration, row.client, row.address, row.content_type, row.accept, row.request, row.request_note,
        ",".join(row.quirks), row.answer, row.answer_resource, row.answer_revision, row.not_applied,
    )  # fmt: skip


@writes(ExchangeEnd)
def _end(org: bytes, row: ExchangeEnd) -> Sequence[Step]:
    one = row.exchange
    return [Step(END, (org, one.directory_id, one.id, ",".join(one.quirks), one.duration))]


@writes(Exchange)
def _insert(_: bytes, row: Exchange) -> Sequence[Step]:
    return [Step(INSERT, (*_params(row), SEQ))]
