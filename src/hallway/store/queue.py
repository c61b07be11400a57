"""Changes that wait for the next batch: what comes while one is being committed is the next one.

Rules: an engine writes one batch at a time, and nothing else on its write connection meanwhile (`turn`); whatever
becomes of a batch, nobody who waits for it waits for ever.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from hallway.journal.feed import Bell
from hallway.journal.model import Change, Unavailable
from hallway.store.ledger import Prepared, prepared

BATCH_LIMIT: Final = 200

Outcome: TypeAlias = int | Exception
"""A change's place in the journal, or why it was not written."""

Outcomes: TypeAlias = Sequence[tuple[Prepared, Outcome]]
Written: TypeAlias = Callable[[Sequence[Prepared]], Awaitable[Outcomes]]


class ChangeQueue:
    """The queue of an engine, whose `write` makes a batch durable and says what became of each change."""

    def __init__(self, write: Written) -> None:
        self.turn: Final = asyncio.Lock()
        self.bell: Final = Bell()
        self._write = write
        self._waiting: list[tuple[Prepared, asyncio.Future[int]]] = []
        self._draining: asyncio.Task[None] | None = None
        self._closed = False

    async def commit(self, change: Change) -> int:
        """The change's place, once it is durable."""
        if self._closed:
            raise Unavailable("the database is closing")
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((prepared(change), future))
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        await asyncio.sleep(0)  # what this turn of the loop brings shares the first commit
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:BATCH_LIMIT], self._waiting[BATCH_LIMIT:]
                async with self.turn:
                    await self._written(batch)
        finally:
            self._draining = asyncio.create_task(self._drain()) if self._waiting else None

    async def _written(self, batch: Sequence[tuple[Prepared, asyncio.Future[int]]]) -> None:
        futures = {id(item): future for item, future in batch}
        try:
            outcomes = await self._write([item for item, _ in batch])
        except BaseException as fault:
            for future in futures.values():
                _settle(future, Unavailable(f"the writer failed: {fault}"))
            raise
        for item, outcome in outcomes:
            _settle(futures[id(item)], outcome)
        if any(item.change.entries for item, _ in batch):
            self.bell.ring()

    async def close(self) -> None:
        """Take no more, and write what waits."""
        self._closed = True
        while self._draining is not None:
            await self._draining


def _settle(future: asyncio.Future[int], outcome: Outcome) -> None:
    if future.done():  # who waited was cancelled
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
