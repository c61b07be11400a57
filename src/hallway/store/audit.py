"""Looking through the journal: see `hallway.journal.search.Audit`.

Rules: entries are read from the newest backwards, a bounded part for each question; a time is found by halving, since
entries stand almost in the order of their times.
"""

from collections.abc import Sequence
from typing import Final, cast

import orjson

from hallway.ids import MemberId, OrganizationId
from hallway.journal.model import Written
from hallway.journal.search import Found, Question
from hallway.scim.fold import fold
from hallway.store.database import Database, Tenant, tenant
from hallway.store.journal import COLUMNS, PERSONAL, written_of
from hallway.store.statement import statement

LOOKED_THROUGH: Final = 200_000
"""Entries that one question looks through."""
READ_THROUGH: Final = 10_000
"""The same where their words are read."""
SLACK: Final = 1_000
"""How far an entry may stand from where its time belongs."""
_LATEST: Final = 50
_FOREVER: Final = 1 << 62

WINDOW = statement(
    "audit_window",
    f"""SELECT {COLUMNS} FROM journal j {PERSONAL}
        WHERE j.organization_id = ?1 AND j.seq < ?2 AND j.seq >= ?3 AND (?4 = 0 OR j.type IN {{texts:5}})
          AND (?6 = '' OR j.actor_kind = ?6) AND (?7 = 0 OR j.actor_id = ?8) AND (?9 = 0 OR j.subject_id = ?10)
          AND j.at >= ?11 AND j.at < ?12
        ORDER BY j.seq DESC LIMIT ?13""",
)
OF_MEMBER = statement(
    "audit_of_member",
    f"""SELECT {COLUMNS} FROM journal j {PERSONAL}
        WHERE j.organization_id = ?1 AND j.subject_id = ?2 AND j.type >= 'member.' AND j.type < 'member/'
        ORDER BY j.seq DESC LIMIT {_LATEST}""",
)
NEWEST = statement(
    "audit_newest", "SELECT organization_id, seq FROM journal WHERE organization_id = ?1 ORDER BY seq DESC LIMIT 1"
)
TIME_AT = statement(
    "audit_time_at",
    "SELECT organization_id, at FROM journal WHERE organization_id = ?1 AND seq >= ?2 ORDER BY seq LIMIT 1",
)


class AuditStore:
    """The port over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def found(self, organization_id: OrganizationId, asked: Question) -> Found:
        """A page of entries, away from the requests' path where something is looked for."""
        own = tenant(self._database, organization_id)
        lowest, end = await _bounds(own, asked)
        text = fold(asked.text.replace("\n", " ").strip())
        floor = max(lowest, end - (READ_THROUGH if text else LOOKED_THROUGH))
        params = _params(asked, end, floor)
        if text:
            rows = await own.sift(WINDOW, lambda row: row if _says(row[-1], text) else None, *params, READ_THROUGH)
        elif params[2:] == _ANYTHING:
            rows = await own.rows(WINDOW, *params, asked.limit + 1)
        else:
            rows = await own.scan(WINDOW, *params, asked.limit + 1)
        entries = [written_of(row) for row in rows[: asked.limit]]
        if len(rows) > asked.limit:
            return Found(entries, entries[-1].seq)
        return Found(entries, floor if floor > lowest else None)

    async def of_member(self, organization_id: OrganizationId, member_id: MemberId) -> Sequence[Written]:
        """By an index of its own."""
        rows = await tenant(self._database, organization_id).rows(OF_MEMBER, member_id)
        return [written_of(row) for row in rows]


_ANYTHING: Final[tuple[object, ...]] = (0, [], "", 0, b"", 0, b"", -_FOREVER, _FOREVER)


def _params(asked: Question, end: int, floor: int) -> tuple[object, ...]:
    return (
        end, floor, int(bool(asked.types)), list(asked.types), asked.actor_kind, int(asked.actor_id is not None),
        asked.actor_id or b"", int(asked.subject_id is not None), asked.subject_id or b"",
        -_FOREVER if asked.since is None else asked.since, _FOREVER if asked.until is None else asked.until,
    )  # fmt: skip


async def _bounds(own: Tenant, asked: Question) -> tuple[int, int]:
    """The lowest `seq` that can be meant, and the one behind the highest."""
    row = await own.row(NEWEST)
    end = 1 if row is None else cast("int", row[0]) + 1
    lowest = 1 if asked.since is None else max(1, await _first_at(own, asked.since, end) - SLACK)
    if asked.until is not None:
        end = min(end, await _first_at(own, asked.until, end) + SLACK)
    if asked.before is not None:
        end = min(end, asked.before)
    return lowest, max(end, 1)


async def _first_at(own: Tenant, at: int, end: int) -> int:
    """About where the entries of this time begin."""
    low, high = 1, end
    while low < high:
        middle = (low + high) // 2
        row = await own.row(TIME_AT, middle)
        if row is not None and cast("int", row[0]) < at:
            low = middle + 1
        else:
            high = middle
    return low


def _says(body: object, text: str) -> bool:
    """Whether a personal part has the text in one of its values."""
    if body is None:
        return False
    octets = cast("bytes", body)
    # A quote or a backslash is written otherwise in JSON than in the value.
    if '"' not in text and "\\" not in text and text not in fold(octets.decode()):
        return False
    return any(text in fold(str(value)) for value in orjson.loads(octets).values())
