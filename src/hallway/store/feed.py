"""The feed's order: giving positions, reading them, forgetting old ones. See `hallway.journal.feed`.

Rules: positions of a batch are written in one transaction with how far each organization came; a second sequencer
finds the last position moved, and writes nothing. No entry is read for it.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias, cast

from hallway.ids import EntryId, OrganizationId
from hallway.journal.feed import DELETED, Placed, Told, Wanted
from hallway.journal.model import Stale
from hallway.store.database import Database, everywhere, tenant
from hallway.store.keys import FIRST_VALUE, NEXT_VALUE, VALUE
from hallway.store.statement import ResultRow, Step, statement

BATCH: Final = 500
LOOKED_AT: Final = 5_000
"""Entries that one read looks at, however few of them are wanted."""

BEHIND = statement(
    "global_feed_behind",
    """SELECT h.organization_id, h.seq, COALESCE(h.fed, 0), o.created_at FROM journal_head h
       LEFT JOIN organization o ON o.organization_id = h.organization_id
       WHERE h.fed IS NULL OR h.fed < h.seq ORDER BY h.organization_id LIMIT ?1""",
)
ENDED = statement("global_feed_ended", "SELECT organization_id, at, told FROM feed_ended ORDER BY at LIMIT ?1")
FIRST_SINCE = statement("global_feed_first_since", "SELECT MIN(position) FROM feed WHERE at >= ?1")
AFTER = statement(
    "global_feed_after",
    """SELECT position, organization_id, seq, event_id, type, at, told FROM feed WHERE position > ?1 AND position <= ?2
       ORDER BY position LIMIT ?3""",
)
BY_EVENT = statement(
    "global_feed_event",
    "SELECT position, organization_id, seq, event_id, type, at, told FROM feed WHERE event_id = ?1",
)
OF_ONE = statement(
    "feed_of_one",
    """SELECT organization_id, position, seq, event_id, type, at, told FROM feed
       WHERE organization_id = ?1 AND position > ?2 ORDER BY position LIMIT ?3""",
)
PLACE = statement(
    "feed_place",
    """INSERT INTO feed (organization_id, position, seq, event_id, type, at)
       SELECT organization_id, ?2 + seq, seq, id, type, at FROM journal
       WHERE organization_id = ?1 AND seq > ?3 AND seq <= ?4""",
)
FED = statement(
    "feed_moved",
    """UPDATE journal_head SET fed = ?2 WHERE organization_id = ?1 AND COALESCE(fed, 0) = ?3
       RETURNING organization_id""",
)
PLACE_ENDED = statement(
    "feed_place_ended",
    """INSERT INTO feed (organization_id, position, seq, event_id, type, at, told)
       VALUES (?1, ?2, 0, ?1, ?3, ?4, ?5)""",
)
TOLD_ENDED = statement("feed_ended_told", "DELETE FROM feed_ended WHERE organization_id = ?1 RETURNING organization_id")
TELLS_OF = statement(
    "feed_tells_of",
    """SELECT organization_id FROM feed WHERE organization_id = ?1 UNION
       SELECT organization_id FROM feed_ended WHERE organization_id = ?1 LIMIT 1""",
)
FORGET = statement("global_feed_forget", "DELETE FROM feed WHERE position <= ?1")
FORGOTTEN_AT_ONCE: Final = 5_000
"""Entries that one transaction forgets, so that others' writes wait for no more."""
POSITION: Final = "feed_position"
"""The deployment's value that says which position was given last: entries may be gone, positions never come again."""
FORGOTTEN: Final = "feed_forgotten"
"""The deployment's value that says up to which position everything is forgotten. Which entry is the first one would not
tell: those of a deleted organization are gone too, and whoever reads behind them misses nothing.
"""


class Beside(Protocol):
    """What is written in the same transaction for an organization's entries."""

    def __call__(self, owner: OrganizationId, before: int, last: int, ended: bool = False) -> Sequence[Step]:
        """For the entries behind one position up to another; `ended`: for what is told of an organization's end."""
        ...

    def placed(self, owners: Collection[OrganizationId]) -> None:
        """The transaction with these organizations is durable."""
        ...


class Nothing:
    """Nothing is written beside."""

    def __call__(self, owner: OrganizationId, before: int, last: int, ended: bool = False) -> Sequence[Step]:
        return ()

    def placed(self, owners: Collection[OrganizationId]) -> None:
        return None


async def nothing() -> Beside:
    """Who has no endpoints writes nothing beside."""
    return Nothing()


Ready: TypeAlias = Callable[[], Awaitable[Beside]]
"""Asked for each batch, once it is known which entries are in it."""


@dataclass(frozen=True, slots=True)
class _Behind:
    organization_id: OrganizationId
    seq: int
    fed: int
    is_told: bool


class FeedStore:
    """The port over either engine; `ready` adds what is written beside the positions."""

    def __init__(self, database: Database, ready: Ready = nothing) -> None:
        self._database = database
        self._ready = ready

    async def place(self) -> int:
        """Give positions to entries that have none, and return to how many; 0 where another process was faster."""
        behind = [_behind(row) for row in await everywhere(self._database, BEHIND, BATCH)]
        ended = await everywhere(self._database, ENDED, BATCH)
        if not behind and not ended:
            return 0
        beside = await self._ready()
        first = position = await self.newest()
        steps: list[Step] = []
        for one in behind:
            # The head is locked before anything else of the organization, as in every change of it.
            steps.append(Step(FED, (one.organization_id, one.seq, one.fed), 1))
            if one.is_told:
                steps.append(Step(PLACE, (one.organization_id, position - one.fed, one.fed, one.seq)))
                was, position = position, position + one.seq - one.fed
                steps += beside(one.organization_id, was, position)
        for owner, at, told in cast("list[tuple[OrganizationId, int, bytes]]", ended):
            position += 1
            steps.append(Step(TOLD_ENDED, (owner,), 1))
            steps.append(Step(PLACE_ENDED, (owner, position, DELETED, at, told)))
            steps += beside(owner, position - 1, position, ended=True)
        moved = [Step(FIRST_VALUE, (POSITION, "0")), Step(NEXT_VALUE, (POSITION, str(position), str(first)), 1)]
        try:
            await self._database.run([*moved, *steps])
        except Stale:
            return 0
        beside.placed([one.organization_id for one in behind])
        return position - first

    async def after(self, wanted: Wanted) -> Told:
        """See `hallway.journal.feed.Feed.after`."""
        if wanted.organization_id is not None:
            return await self._of_one(wanted, wanted.organization_id)
        newest = await self.newest()
        most = LOOKED_AT if wanted.types else wanted.limit + 1
        found = [placed_of(row) for row in await everywhere(self._database, AFTER, wanted.after, newest, most)]
        return _chosen(found, wanted, found[-1].position if len(found) == most else newest)

    async def _of_one(self, wanted: Wanted, owner: OrganizationId) -> Told:
        newest = await self.newest()
        most = LOOKED_AT if wanted.types else wanted.limit + 1
        rows = await tenant(self._database, owner).rows(OF_ONE, wanted.after, most)
        found = [placed_of((row[0], owner, *row[1:])) for row in rows]
        # What got its position after `newest` was read is left to the next read.
        last = min(found[-1].position, newest) if len(found) == most else newest
        return _chosen([one for one in found if one.position <= last], wanted, max(last, wanted.after))

    async def event(self, event_id: EntryId) -> Placed | None:
        """The entry with this id, or None where the feed does not know it, or knows it no more."""
        rows = await everywhere(self._database, BY_EVENT, event_id)
        return placed_of(rows[0]) if rows else None

    async def tells_of(self, organization_id: OrganizationId) -> bool:
        """Whether the feed tells of an organization, be it that it is no more."""
        return await tenant(self._database, organization_id).row(TELLS_OF) is not None

    async def newest(self) -> int:
        """The last position that was given."""
        return await self._number(POSITION)

    async def oldest(self) -> int:
        """The first position that is not forgotten."""
        return await self._number(FORGOTTEN) + 1

    async def forget(self, before: int) -> None:
        """Forget what stands before the first entry that is not older than an instant: an entry that was placed late
        goes with its neighbours, so that no hole is left. Where another process forgets, it goes on alone.
        """
        newest = await self.newest()
        kept = cast("int | None", (await everywhere(self._database, FIRST_SINCE, before))[0][0])
        until = newest if kept is None else kept - 1
        last = await self._number(FORGOTTEN)
        with suppress(Stale):
            while last < until:
                was, last = last, min(until, last + FORGOTTEN_AT_ONCE)
                moved = Step(NEXT_VALUE, (FORGOTTEN, str(last), str(was)), 1)
                await self._database.run([Step(FIRST_VALUE, (FORGOTTEN, "0")), moved, Step(FORGET, (last,))])

    async def _number(self, name: str) -> int:
        rows = await everywhere(self._database, VALUE, name)
        return int(cast("str", rows[0][0])) if rows else 0


def _behind(row: ResultRow) -> _Behind:
    owner, seq, fed, made = cast("tuple[OrganizationId, int, int, int | None]", row)
    return _Behind(owner, seq, fed, made is not None)


def placed_of(row: ResultRow) -> Placed:
    """A row of the feed."""
    return Placed(*cast("tuple[int, OrganizationId, int, EntryId, str, int, bytes | None]", row))


def _chosen(found: Sequence[Placed], wanted: Wanted, last: int) -> Told:
    """Those that are wanted, as many as fit, and how far that reads."""
    kept = [one for one in found if not wanted.types or one.type in wanted.types]
    if len(kept) > wanted.limit:
        return Told(kept[: wanted.limit], kept[wanted.limit - 1].position)
    return Told(kept, max(last, wanted.after))
