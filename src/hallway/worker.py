"""What runs beside the requests: writing what was gathered, removing what is past its retention."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from hallway.exchanges.service import Recorder
from hallway.journal.model import Stale, Unavailable
from hallway.store.counters import CounterStore

TICK_SECONDS: Final = 0.1
FLUSH_TICKS: Final = 100
EXPIRY_TICKS: Final = 36_000
DAY: Final = 86_400 * 1_000_000

_log = structlog.get_logger("hallway.worker")


@dataclass(slots=True)
class Worker:
    """Refusals are written within a tenth of a second, counters every ten; exchanges go after `retention_days`."""

    recorder: Recorder
    store: CounterStore
    clock: Callable[[], int]
    retention_days: int
    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the running loop."""
        self._task = asyncio.create_task(self._forever())

    async def stop(self) -> None:
        """End, and write what is left."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.flush()

    async def _forever(self) -> None:
        tick = 0
        while True:
            await asyncio.sleep(TICK_SECONDS)
            tick += 1
            try:
                if tick % FLUSH_TICKS == 0 or self.recorder.has_refusals():
                    await self.flush()
                if tick % EXPIRY_TICKS == 1:
                    await self.store.expire(self.clock() - self.retention_days * DAY)
            except Exception:  # noqa: BLE001 - the worker loop
                _log.exception("worker_failed")

    async def flush(self) -> None:
        """Write what was gathered; what the store cannot take now is kept for the next time."""
        gathered = self.recorder.taken()
        if not gathered:
            return
        try:
            await self.store.write(gathered, self.clock())
        except (Unavailable, Stale) as fault:
            self.recorder.give_back(gathered)
            _log.warning("counters_not_written", reason=str(fault))
