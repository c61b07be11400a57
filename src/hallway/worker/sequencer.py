"""Giving entries their positions in the feed, shortly after they are durable.

Rules: what comes within a tenth of a second shares one transaction, so that writes pay little for it; another process
may do the same, and the store lets one of them win; who waits for the feed is woken by the bell, whichever process gave
the positions, so that nobody who waits has to ask the database.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from hallway.journal.feed import Bell
from hallway.journal.model import Unavailable
from hallway.store.feed import FeedStore

GATHER_SECONDS: Final = 0.05
POLL_SECONDS: Final = 0.25
"""Other processes' commits ring no bell here."""
PAUSE_SECONDS: Final = 2

_log = structlog.get_logger("hallway.worker")


@dataclass(slots=True)
class Sequencer:
    """Runs in every process that serves or delivers. `commits` rings when this process wrote; `placed` is rung."""

    store: FeedStore
    commits: Bell
    placed: Bell
    _known: int = -1
    _task: asyncio.Task[None] | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self) -> None:
        """Begin, in the running loop."""
        self._task = asyncio.create_task(self._forever())

    async def stop(self) -> None:
        """End, with every entry of this process placed."""
        self._stopping.set()
        self.commits.ring()
        if self._task is not None:
            await self._task
        with suppress(Unavailable):
            await self.round()

    async def round(self) -> int:
        """Give positions until nobody is behind, and wake who waits; to how many entries they were given."""
        given = 0
        while more := await self.store.place():
            given += more
        newest = await self.store.newest()
        if newest != self._known:
            self._known = newest
            self.placed.ring()
        return given

    async def _forever(self) -> None:
        while not self._stopping.is_set():
            pause = POLL_SECONDS
            try:
                await self.round()
            except Unavailable as fault:
                _log.warning("feed_not_placed", reason=str(fault))
                pause = PAUSE_SECONDS
            except Exception:  # noqa: BLE001 - the loop of the sequencer
                _log.exception("sequencer_failed")
                pause = PAUSE_SECONDS
            if await self.commits.wait(pause, self._stopping.is_set) and not self._stopping.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(GATHER_SECONDS):
                        await self._stopping.wait()
