"""Following the feed: what happened at the Hub reaches the application, each event at least once, in order.

Rules: the cursor is the application's own and moves in the transaction that does what the events say, so that a crash
repeats events and loses none; without a cursor, and where the Hub no longer has what is behind it, everything is read
again as a snapshot; receipts are kept in the same transaction, and sent until the Hub took them.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from hallway.client.asynchronous import AsyncHubClient
from hallway.client.model import Event, Receipt, Snapshot, Told
from hallway.client.problem import ApiProblem, CursorExpired, HubProblem
from hallway.client.rest import Wanted

WAIT: Final = 25
"""Seconds for which the Hub holds an answer back while nothing happens."""
EVERYTHING: Final = Wanted(wait=WAIT)
LONGEST_PAUSE: Final = 60.0
_log = logging.getLogger("hallway.client")


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in their order, and the cursor behind them; it is None for those that came as webhooks."""

    events: Sequence[Event]
    cursor: str | None


class Reader(Protocol):
    """The application's side. Each method is one transaction of its own database."""

    async def cursor(self) -> str | None:
        """How far it has read; None if it never has."""
        ...

    async def begin_again(self, cursor: str, parts: AsyncIterator[Snapshot]) -> None:
        """Take over how everything is now, and keep the cursor. Members that are in no part are gone."""
        ...

    async def take(self, batch: Batch) -> None:
        """Do what the events say, keep the receipts, and keep the cursor if there is one. Events may come again."""
        ...

    async def owed(self) -> Sequence[Receipt]:
        """Receipts that the Hub has not taken yet, oldest first; a part of them will do."""
        ...

    async def sent(self, receipt: Receipt) -> None:
        """The Hub took this receipt, or never will."""
        ...


def warned(problem: HubProblem) -> None:
    """What a follower does with a problem where nothing else is said: a line in the log of `hallway.client`."""
    _log.warning("%s: %s", problem.code, problem)


@dataclass(frozen=True, slots=True)
class AsyncFollower:
    """Reads on and on; `report` hears of what goes wrong meanwhile, `rest` waits."""

    client: AsyncHubClient
    reader: Reader
    wanted: Wanted = EVERYTHING
    report: Callable[[HubProblem], None] = warned
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(self) -> None:
        """Follow until cancelled; when the Hub cannot be read, the pauses grow to a minute."""
        failures = 0
        while True:
            try:
                await self.turn()
                failures = 0
            except HubProblem as problem:
                self.report(problem)
                failures += 1
                await self.rest(pause(problem, failures))

    async def run_for_webhooks(self, seconds: float = 1.0) -> None:
        """The same where events come as webhooks: a snapshot once, then receipts as they are owed."""
        failures = 0
        while True:
            try:
                if await self.reader.cursor() is None:
                    await self._begin_again()
                await self.send_receipts()
                failures = 0
                await self.rest(seconds)
            except HubProblem as problem:
                self.report(problem)
                failures += 1
                await self.rest(pause(problem, failures))

    async def turn(self) -> None:
        """One question to the feed, and what follows from its answer. Raises `ApiProblem`, `Unreachable`."""
        await self.send_receipts()
        cursor = await self.reader.cursor()
        told = await self._told(cursor) if cursor is not None else None
        if told is None:
            await self._begin_again()
        elif told.items or told.next != cursor:
            await self.reader.take(Batch(told.items, told.next))
            await self.send_receipts()

    async def send_receipts(self) -> None:
        """Send what is owed; what the Hub refuses for good is reported and let go."""
        for receipt in await self.reader.owed():
            try:
                await self.client.send_receipt(receipt)
            except ApiProblem as problem:
                if not is_refused_for_good(problem):
                    raise
                self.report(problem)
            await self.reader.sent(receipt)

    async def _told(self, cursor: str) -> Told | None:
        """What is behind a cursor; None where the Hub does not have it any more."""
        try:
            return await self.client.events(cursor, self.wanted)
        except CursorExpired as problem:
            self.report(problem)
            return None

    async def _begin_again(self) -> None:
        first = await self.client.snapshot()
        await self.reader.begin_again(first.cursor, self._parts(first))

    async def _parts(self, first: Snapshot) -> AsyncIterator[Snapshot]:
        part = first
        yield part
        while part.next:
            part = await self.client.snapshot(part.next)
            yield part


def is_refused_for_good(problem: ApiProblem) -> bool:
    """Whether a receipt will never be taken: its event is unknown, or it makes no sense to the Hub."""
    return problem.status in (400, 404, 410, 422)


def pause(problem: HubProblem, failures: int) -> float:
    """Seconds until the next try: what the Hub says, else longer each time, and not the same for everybody."""
    if isinstance(problem, ApiProblem) and problem.retry_after is not None:
        return min(problem.retry_after, LONGEST_PAUSE)
    longest: float = min(LONGEST_PAUSE, 2.0 ** min(failures, 10))
    return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads load, guards nothing
