"""Delivering mails beside the requests."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from hallway.journal.model import Unavailable
from hallway.outbox.model import Fate
from hallway.outbox.postman import AT_ONCE, Postman

MAIL_SECONDS: Final = 0.5
MAIL_PAUSE_SECONDS: Final = 10
MAIL_STOP_SECONDS: Final = 5

_log = structlog.get_logger("hallway.worker")


@dataclass(slots=True)
class Deliveries:
    """Mails leave within a second of the commit that promises them, whichever process made it: each looks twice a
    second, which costs one read of an index where nothing is due. What a process before this one left goes at start.
    """

    postman: Postman
    counted: Callable[[Fate], None]
    _task: asyncio.Task[None] | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self) -> None:
        """Begin, in the running loop."""
        self._task = asyncio.create_task(self._forever())

    async def stop(self) -> None:
        """End; an attempt that takes long is given up, and made again by whoever serves next."""
        self._stopping.set()
        if self._task is not None:
            done, _ = await asyncio.wait([self._task], timeout=MAIL_STOP_SECONDS)
            if not done:
                self._task.cancel()
                await asyncio.wait([self._task])

    async def _forever(self) -> None:
        while not self._stopping.is_set():
            pause = await self._round()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()

    async def _round(self) -> float:
        """Deliver some, and return how long to wait before the next look."""
        try:
            attempts = await self.postman.round()
        except Unavailable as fault:
            _log.warning("mails_not_read", reason=str(fault))
            return MAIL_PAUSE_SECONDS
        except Exception:  # noqa: BLE001 - the loop of deliveries
            _log.exception("deliveries_failed")
            return MAIL_PAUSE_SECONDS
        for one in attempts:
            self.counted(one.fate)
            if one.fate is not Fate.DELIVERED:
                _log.warning(f"mail_{one.fate.value}", mail=one.id.hex(), reason=one.reason)
        return 0 if len(attempts) == AT_ONCE else MAIL_SECONDS
