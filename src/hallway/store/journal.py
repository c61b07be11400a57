"""Reading the journal: see `hallway.journal.ports.JournalReader`."""

from collections.abc import Sequence
from typing import Final, cast

import orjson

from hallway.hub.directories.model import Kind
from hallway.ids import DirectoryId, EntryId, ExchangeId, OrganizationId
from hallway.journal.model import Actor, Entry, Written
from hallway.scim.json import JsonObject
from hallway.store.database import Database, tenant
from hallway.store.statement import ResultRow, statement

COLUMNS: Final = """j.organization_id, j.seq, j.id, j.type, j.at, j.actor_kind, j.actor_id, j.directory_id,
    j.subject_id, j.exchange_id, j.facts, j.personal_hash, p.body"""
PERSONAL: Final = "LEFT JOIN journal_personal p ON p.organization_id = j.organization_id AND p.seq = j.seq"

AFTER = statement(
    "journal_after",
    f"""SELECT {COLUMNS} FROM journal j {PERSONAL} WHERE j.organization_id = ?1 AND j.seq > ?2
        ORDER BY j.seq LIMIT ?3""",
)
OF_SUBJECT = statement(
    "journal_of_subject",
    f"""SELECT {COLUMNS} FROM journal j {PERSONAL} WHERE j.organization_id = ?1 AND j.directory_id = ?2
        AND j.subject_id = ?3 ORDER BY j.seq""",
)
VERSIONS = statement(
    "versions_around",
    """SELECT organization_id, kind, from_seq, to_seq, document, hidden FROM resource_version
       WHERE organization_id = ?1 AND id = ?2 AND (from_seq = ?3 OR to_seq = ?3)
       UNION ALL
       SELECT organization_id, kind, seq, 0, document, hidden FROM resource
       WHERE organization_id = ?1 AND directory_id = ?4 AND kind IN (1, 2, 3) AND id = ?2 AND seq = ?3""",
)


class JournalStore:
    """The port over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def after(self, organization_id: OrganizationId, seq: int, limit: int) -> Sequence[Written]:
        """Entries with a greater `seq`, oldest first."""
        rows = await tenant(self._database, organization_id).rows(AFTER, seq, limit)
        return [written_of(row) for row in rows]

    async def of_subject(
        self, organization_id: OrganizationId, directory_id: DirectoryId, subject_id: bytes
    ) -> Sequence[Written]:
        """Entries about one subject, oldest first; reads the organization's journal, in the scan thread."""
        rows = await tenant(self._database, organization_id).scan(OF_SUBJECT, directory_id, subject_id)
        return [written_of(row) for row in rows]

    async def around(
        self, organization_id: OrganizationId, entry: Entry, seq: int
    ) -> tuple[tuple[Kind, bytes] | None, tuple[Kind, bytes] | None]:
        """The subject's document before and after the entry `seq`, without its closing brace."""
        rows = await tenant(self._database, organization_id).rows(VERSIONS, entry.subject_id, seq, entry.directory_id)
        before = after = None
        for kind, from_seq, to_seq, document, _ in cast("list[tuple[int, int, int, bytes, bytes | None]]", rows):
            if to_seq == seq:
                before = (Kind(kind), document)
            if from_seq == seq:
                after = (Kind(kind), document)
        return before, after


def written_of(row: ResultRow) -> Written:
    """An entry of a row of `COLUMNS`, without its organization."""
    seq, eid, kind, at, actor_kind, actor_id, directory, subject, exchange, facts, digest, body = cast(
        "tuple[int, EntryId, str, int, str, bytes | None, DirectoryId | None, bytes | None, ExchangeId | None, bytes,"
        " bytes, bytes | None]",
        row,
    )
    personal: JsonObject | None = None if body is None else orjson.loads(body)
    known = personal or {}
    actor = Actor(actor_kind, actor_id, str(known.pop("actor", "")), str(known.pop("address", "")))
    entry = Entry(eid, kind, at, actor, subject, directory, exchange, orjson.loads(facts), known)
    return Written(seq, entry, digest, personal)
