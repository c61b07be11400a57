"""What runs beside the requests: writing what was gathered, removing what is past its retention, taking up new keys.

Rules: a write is never cancelled under way; what the store cannot take now is kept for the next time, what it
will never take is dropped, so that the rest is written; what is done once an hour is done by one process, however
many serve.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from hallway.exchanges.service import Recorder
from hallway.journal.model import Stale, Unavailable
from hallway.keys.model import WrongMasterKey
from hallway.keys.service import HeldRing
from hallway.store.counters import CounterStore
from hallway.store.keys import DeploymentStore

TICK_SECONDS: Final = 0.1
FLUSH_TICKS: Final = 100
EXPIRY_TICKS: Final = 36_000
LOOK_TICKS: Final = 600
DAY: Final = 86_400 * 1_000_000
HOUR: Final = DAY // 24
DUE: Final = "upkeep_due"
"""The deployment's value that says when the hourly work is to be done next."""

_log = structlog.get_logger("hallway.worker")


@dataclass(slots=True)
class Turn:
    """Which process does the hourly work: the one that moves the instant at which it is due, an hour on.

    Who dies in the middle leaves the rest to whoever looks when the hour is over. A round that takes longer moves the
    instant on, as long as nobody else did.
    """

    store: DeploymentStore
    clock: Callable[[], int]
    _moved: str = ""

    async def taken(self) -> bool:
        """Whether the work is due, and this process has it to do."""
        due = await self.store.first(DUE, "0")
        now = self.clock()
        # Behind the next hour stands only what a clock wrote that was wrong.
        return not now < int(due) <= now + HOUR and await self._move(due)

    async def kept(self) -> bool:
        """Whether it is still this process's, for another hour."""
        return await self._move(self._moved)

    async def _move(self, was: str) -> bool:
        self._moved = str(self.clock() + HOUR)
        return await self.store.exchange(DUE, was, self._moved)


async def take_up(keys: HeldRing) -> None:
    """A data key that was made since the process began."""
    try:
        if await keys.renew():
            _log.info("data_key_taken_up", key=keys.ring.current_id)
    except Unavailable as fault:
        _log.warning("keys_not_read", reason=str(fault))
    except WrongMasterKey:
        # A key made after `change-master`: what runs has the former master key, and runs on with what it opened.
        _log.warning("data_key_not_taken_up", reason="the master key was changed; restart the server")


@dataclass(slots=True)
class Worker:
    """Refusals are written within a tenth of a second; counters are, and new keys taken up, every ten seconds;
    exchanges go after `retention_days`. `hourly` is done by the one process that has the `turn`, which each asks for
    at its start and every minute; `minutely` is done by every process, and does no harm twice; `visits` write when
    sessions were seen, every ten seconds.
    """

    recorder: Recorder
    store: CounterStore
    clock: Callable[[], int]
    retention_days: int
    keys: HeldRing
    turn: Turn | None = None
    hourly: Sequence[Callable[[], Awaitable[object]]] = ()
    visits: Sequence[Callable[[], Awaitable[None]]] = ()
    minutely: Sequence[Callable[[], Awaitable[object]]] = ()
    _task: asyncio.Task[None] | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self) -> None:
        """Begin, in the running loop."""
        self._task = asyncio.create_task(self._forever())

    async def stop(self) -> None:
        """End, and write what is left."""
        self._stopping.set()
        if self._task is not None:
            await self._task
        await self.flush()
        await self.note_visits()

    async def _forever(self) -> None:
        tick = 0
        while not await self._is_stopping():
            tick += 1
            try:
                if tick % FLUSH_TICKS == 0 or self.recorder.is_pressed():
                    await self.flush()
                if tick % FLUSH_TICKS == 0:
                    await self.renew_keys()
                    await self.note_visits()
                if tick % EXPIRY_TICKS == 1:
                    await self.store.expire(self.clock() - self.retention_days * DAY)
                if tick % LOOK_TICKS == 1:
                    for job in self.minutely:
                        await job()
                    await self.upkeep()
            except Exception:  # noqa: BLE001 - the worker loop
                _log.exception("worker_failed")

    async def _is_stopping(self) -> bool:
        """Wait for the next tick, or for the end."""
        try:
            async with asyncio.timeout(TICK_SECONDS):
                return await self._stopping.wait()
        except TimeoutError:
            return False

    async def upkeep(self) -> None:
        """Do the hourly work where it is due and nobody else does it."""
        if self.turn is None or not await self.turn.taken():
            return
        for job in self.hourly:
            await job()
            if not await self.turn.kept():
                return

    async def note_visits(self) -> None:
        """Write when sessions were seen; what the store cannot take now is kept for the next time."""
        for write in self.visits:
            try:
                await write()
            except Unavailable as fault:
                _log.warning("visits_not_written", reason=str(fault))

    async def renew_keys(self) -> None:
        """Take up a data key that `hallway keys rotate` made."""
        await take_up(self.keys)

    async def flush(self) -> None:
        """Write what was gathered."""
        gathered = self.recorder.taken()
        if not gathered:
            return
        try:
            await self.store.write(gathered, self.clock())
        except Unavailable as fault:
            self.recorder.give_back(gathered)
            _log.warning("counters_not_written", reason=str(fault))
        except Stale:
            # A refusal is there already: the answer to an earlier commit was lost.
            _log.warning("refusals_dropped", count=len(gathered.refusals))
            gathered.refusals.clear()
            gathered.reads.clear()
            self.recorder.give_back(gathered)
