"""The feed towards whoever follows it: from where, of whom, of which types, and waiting for what comes.

Rules: a page is read behind a cursor and names the next one, which is durable: whoever keeps it with what she did reads
each event once, in order per organization, and misses none. A cursor that cannot keep that promise any more is refused,
never read from somewhere near.
"""

from asyncio import get_running_loop
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from hallway.hub.events.model import TOLD_TYPES, Cursor, read_cursor
from hallway.hub.events.telling import Teller
from hallway.ids import ENTRY, EntryId, OrganizationId, parsed
from hallway.journal.feed import Bell, Feed, Told, Wanted
from hallway.scim.json import JsonObject

NOW: Final = "now"
"""In the place of a cursor: behind everything that has its position."""
MOST: Final = 1_000
"""Events on one page at most."""
LONGEST_SECONDS: Final = 30
_LOOKS: Final = 20
"""How often one request looks on where a filter left everything out."""


class CursorGone(Exception):
    """What stands behind this cursor cannot be told whole any more: begin anew from a snapshot."""


class Unfollowed(Exception):
    """What was asked for never was; `reason` is `not_found`, `invalid_cursor` or `invalid`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Asked:
    """What a follower asks for. `after` is a cursor, `now`, or empty for the oldest that is kept; of no organization,
    all; of no types, all, else types as they are or `member.*`.
    """

    after: str = ""
    organization_id: OrganizationId | None = None
    types: Sequence[str] = ()
    limit: int = 100
    wait_seconds: float = 0


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events in their order, and the cursor to go on from; `more` says that there is something to read at once."""

    items: Sequence[JsonObject]
    next: str
    more: bool


@dataclass(frozen=True, slots=True)
class Follower:
    """Reads the feed for others; `placed` rings when entries get their positions."""

    feed: Feed
    teller: Teller
    placed: Bell

    async def page(self, asked: Asked) -> EventPage:
        """The events behind a cursor; where there are none, it waits as long as was asked for.

        Raises `CursorGone`; `Unfollowed` for a cursor, a type or an organization that never was.
        """
        types = told_types(asked.types)
        if asked.organization_id is not None:
            await self._check_organization(asked.organization_id)
        limit = max(1, min(asked.limit, MOST))
        wanted = Wanted(await self._start(asked.after), limit, asked.organization_id, types)
        until = get_running_loop().time() + min(asked.wait_seconds, LONGEST_SECONDS)
        while True:
            rung = self.placed.rung
            told, more = await self._looked(wanted)
            if told.entries or more:
                break
            wanted = Wanted(told.until, wanted.limit, wanted.organization_id, types)
            left = until - get_running_loop().time()
            if left <= 0 or not await self.placed.wait(left, partial(self._rang_since, rung)):
                break
        items = await self.teller.told(told.entries)
        # What was forgotten while it was read is missing here, and nobody would see it.
        await self._check(Cursor(self.teller.epoch, wanted.after))
        return EventPage(items, str(Cursor(self.teller.epoch, told.until)), more)

    async def event(self, text: str) -> JsonObject:
        """One event by its id. Raises `Unfollowed` where the feed has none, or has it no more."""
        entry_id = parsed(ENTRY, text)
        placed = None if entry_id is None else await self.feed.event(EntryId(entry_id))
        told = [] if placed is None else await self.teller.told([placed])
        if not told:
            raise Unfollowed("not_found", "There is no event with this id, or it is older than the feed keeps events.")
        return told[0]

    def _rang_since(self, rung: int) -> bool:
        return self.placed.rung != rung

    async def _looked(self, wanted: Wanted) -> tuple[Told, bool]:
        """What is there now, and whether there is more: a filter may leave out very many in a row."""
        for _ in range(_LOOKS):
            newest = await self.feed.newest()
            told = await self.feed.after(wanted)
            if told.entries or told.until >= newest:
                break
            wanted = Wanted(told.until, wanted.limit, wanted.organization_id, wanted.types)
        return told, told.until < newest

    async def _start(self, text: str) -> int:
        if text == NOW:
            return await self.feed.newest()
        if not text:
            return await self.feed.oldest() - 1
        cursor = read_cursor(text)
        if cursor is None:
            raise Unfollowed(
                "invalid_cursor", "This is no cursor of the feed: send one as an answer named it, or `now`."
            )
        await self._check(cursor)
        return cursor.position

    async def _check(self, cursor: Cursor) -> None:
        if cursor.epoch != self.teller.epoch:
            raise CursorGone("This cursor is of before the deployment was restored from a backup.")
        if cursor.position < await self.feed.oldest() - 1:
            raise CursorGone("This cursor is older than the feed keeps events.")
        if cursor.position > await self.feed.newest():
            raise CursorGone("This cursor is of events that this deployment does not have.")

    async def _check_organization(self, organization_id: OrganizationId) -> None:
        found = await self.teller.organizations.by_id(organization_id)
        if found is None and not await self.feed.tells_of(organization_id):
            raise Unfollowed("not_found", "There is no such organization.")


def told_types(patterns: Sequence[str]) -> Collection[str]:
    """The types that patterns mean: themselves, or all of an area (`member.*`). Raises `Unfollowed` for others."""
    found: set[str] = set()
    for pattern in patterns:
        area = pattern[:-1] if pattern.endswith(".*") else None
        meant = {one for one in TOLD_TYPES if one == pattern or (area is not None and one.startswith(area))}
        if not meant:
            areas = ", ".join(sorted({f"{one.partition('.')[0]}.*" for one in TOLD_TYPES}))
            raise Unfollowed("invalid", f"There is no type of event `{pattern[:60]}`. There are: {areas}.")
        found |= meant
    return frozenset(found)
