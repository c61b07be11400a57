"""Polling a stream (RFC 8936): what was handed on is handed on again until the reader says that she has it.

Rules: tokens come in the order of the entries; handing on moves the stream and remembers what is not taken in one
transaction, so that of two polls at once neither loses a token; a stream that was not read for longer than the feed
keeps events is refused, since nobody could tell what is missing.
"""

from asyncio import get_running_loop
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.events.following import CursorGone
from hallway.hub.events.streams import Pending, Settled, Stream, Streams
from hallway.hub.events.tokens import STREAMED, TokenMaker, concerns
from hallway.ids import ENTRY, EntryId, parsed, wire
from hallway.journal.feed import Bell, Feed, Placed, Wanted
from hallway.journal.model import Stale

USUAL: Final = 100
MOST: Final = 500
"""Tokens in one answer at most."""
LONGEST_SECONDS: Final = 30
_LOOKED_AT: Final = 500
_AGAIN: Final = 5


@dataclass(frozen=True, slots=True)
class Poll:
    """What a reader asks: how many tokens (0: none), whether to wait for them; what she has, and what she refuses."""

    most: int = USUAL
    at_once: bool = False
    taken: Sequence[str] = ()
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Polled:
    """Tokens by their ids, in order, and whether there are more."""

    tokens: Mapping[str, str]
    more: bool


@dataclass(frozen=True, slots=True)
class Poller:
    """Answers polls; `placed` rings when entries get their positions."""

    streams: Streams
    feed: Feed
    maker: TokenMaker
    placed: Bell
    clock: Callable[[], int]

    async def poll(self, stream: Stream, asked: Poll) -> Polled:
        """Let go of what was taken, then hand on what there is. Raises `CursorGone`."""
        taken, refused = _ids(asked.taken), _ids(asked.errors)
        reasons = [reason for reason in asked.errors.values() if reason]
        await self.streams.settle(stream, Settled(taken, refused, reasons[-1] if reasons else ""), self.clock())
        most = min(asked.most, MOST)
        until = get_running_loop().time() + (0 if asked.at_once or most <= 0 else LONGEST_SECONDS)
        while True:
            rung = self.placed.rung
            polled = await self._handed(stream, most)
            left = until - get_running_loop().time()
            if polled.tokens or polled.more or left <= 0:
                return polled
            if not await self.placed.wait(left, partial(self._rang_since, rung)):
                return polled

    def _rang_since(self, rung: int) -> bool:
        return self.placed.rung != rung

    async def _handed(self, stream: Stream, most: int) -> Polled:
        for _ in range(_AGAIN):
            found = await self.streams.stream(stream.organization_id, stream.id)
            if found is None:
                return Polled({}, more=False)
            waiting = list(await self.streams.pending(found, most + 1))
            if len(waiting) > most:
                return Polled(await self._tokens(found, waiting[:most]), more=True)
            try:
                handed, more = await self._more(found, most - len(waiting))
            except Stale:
                continue  # another poll of the same stream
            return Polled(await self._tokens(found, [*waiting, *handed]), more)
        return Polled({}, more=True)

    async def _more(self, stream: Stream, room: int) -> tuple[list[Pending], bool]:
        """Hand on so many more, and say whether there are others behind them."""
        if stream.position < await self.feed.oldest() - 1:
            raise CursorGone("This stream was not read for longer than events are kept. Make a new one.")
        newest = await self.feed.newest()
        if not room:
            return [], await self._is_more(stream)
        told = await self.feed.after(Wanted(stream.position, _LOOKED_AT, stream.organization_id, STREAMED))
        key = DirectoryKey(stream.organization_id, stream.directory_id)
        written = await self.maker.teller.entries.at(stream.organization_id, [one.seq for one in told.entries])
        own = [one for one in told.entries if one.seq in written and concerns(key, written[one.seq].entry)]
        until = own[room - 1].position if len(own) > room else told.until
        handed = [_pending(one) for one in own[:room]]
        if until != stream.position:
            await self.streams.hand(stream, until, handed)
        return handed, until < newest

    async def _is_more(self, stream: Stream) -> bool:
        wanted = Wanted(stream.position, 1, stream.organization_id, STREAMED)
        return bool((await self.feed.after(wanted)).entries)

    async def _tokens(self, stream: Stream, pending: Sequence[Pending]) -> dict[str, str]:
        key = DirectoryKey(stream.organization_id, stream.directory_id)
        written = await self.maker.teller.entries.at(stream.organization_id, [one.seq for one in pending])
        tokens: dict[str, str] = {}
        gone: list[EntryId] = []
        for one in pending:
            entry = written.get(one.seq)
            token = None if entry is None else await self.maker.token(key, stream.audience, entry)
            if token is None:
                gone.append(one.event_id)
            else:
                tokens[wire(ENTRY, one.event_id)] = token
        if gone:
            await self.streams.settle(stream, Settled(gone), self.clock())
        return tokens


def _pending(one: Placed) -> Pending:
    return Pending(one.position, one.seq, one.event_id)


def _ids(texts: Sequence[str] | Mapping[str, str]) -> list[EntryId]:
    found = (parsed(ENTRY, text) for text in texts)
    return [EntryId(one) for one in found if one is not None]
