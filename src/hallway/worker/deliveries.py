"""Delivering to endpoints: beside the requests, or in a process of its own.

Rules: what got its position in this process leaves at once, what another one placed within a tenth of a second; an
attempt that takes long holds up nobody but its own lane; at the end what is under way is waited for, for a moment.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Final

import structlog

from hallway.delivery.again import Again
from hallway.delivery.courier import Courier
from hallway.delivery.model import Delivery, DueLane, Fate, Sent
from hallway.delivery.places import Places
from hallway.delivery.ports import Deliveries, Lanes
from hallway.journal.feed import Bell
from hallway.journal.model import Unavailable

POLL_SECONDS: Final = 0.1
PAUSE_SECONDS: Final = 2.0
STOP_SECONDS: Final = 11
"""Longer than an attempt takes."""
LOOKED_AT: Final = 200
MOST_PAGES: Final = 10

_log = structlog.get_logger("hallway.worker")


@dataclass(slots=True)
class Couriers:
    """Finds due lanes and visits them, many at one time; `placed` rings when entries got positions in this process."""

    courier: Courier
    again: Again
    lanes: Lanes
    deliveries: Deliveries
    placed: Bell
    clock: Callable[[], int]
    counted: Callable[[Sent], None]
    places: Places = field(default_factory=Places)
    pause_seconds: float = PAUSE_SECONDS
    stop_seconds: float = STOP_SECONDS
    _random: Random = field(default_factory=Random)
    _visits: dict[object, asyncio.Task[None]] = field(default_factory=dict)
    _freed: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None
    _ending: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self) -> None:
        """Begin, in the running loop."""
        self._task = asyncio.create_task(self._forever())

    async def stop(self) -> None:
        """End; an attempt that takes longer than it may is given up, and made again by whoever delivers next."""
        self._ending.set()
        self.placed.ring()
        self._freed.set()
        if self._task is not None:
            await self._task
        if self._visits:
            _, late = await asyncio.wait(self._visits.values(), timeout=self.stop_seconds)
            for one in late:
                one.cancel()
            if late:
                await asyncio.wait(late)

    async def _forever(self) -> None:
        while not self._ending.is_set():
            pause = POLL_SECONDS
            self._freed.clear()
            try:
                await self.look()
            except Unavailable as fault:
                _log.warning("lanes_not_read", reason=str(fault))
                pause = self.pause_seconds
            except Exception:  # noqa: BLE001 - the loop of couriers
                _log.exception("couriers_failed")
                pause = self.pause_seconds
            await self._rung(pause)

    async def _rung(self, seconds: float) -> None:
        """Wait for entries, for a place that is free again, or for a while."""
        rung = asyncio.ensure_future(self.placed.wait(seconds, self._ending.is_set))
        freed = asyncio.ensure_future(self._freed.wait())
        await asyncio.wait([rung, freed], return_when=asyncio.FIRST_COMPLETED)
        for one in (rung, freed):
            one.cancel()
            with suppress(asyncio.CancelledError):
                await one

    async def look(self) -> int:
        """Begin visits of lanes that are due, as far as there are places; how many."""
        begun = 0
        asked = await self.deliveries.asked(self.clock(), LOOKED_AT)
        for one in asked:
            begun += self._begun((one.endpoint_id, one.owner, one.position), one)
        most = LOOKED_AT
        for _ in range(MOST_PAGES):
            if self.places.are_full:
                break
            due = list(await self.lanes.due(self.clock(), most))
            for lane in self._mixed(due[most - LOOKED_AT :]):
                begun += self._begun((lane.endpoint_id, lane.owner), lane)
            if len(due) < most:
                break
            most += LOOKED_AT  # all of these may belong to endpoints that have no place left
        return begun

    def _mixed(self, due: list[DueLane]) -> list[DueLane]:
        """Two processes that look at the same lanes begin at different ones."""
        self._random.shuffle(due)
        return due

    def _begun(self, key: object, work: DueLane | Delivery) -> bool:
        if key in self._visits or not self.places.take(work.endpoint_id):
            return False
        self._visits[key] = asyncio.create_task(self._visited(key, work))
        return True

    async def _visited(self, key: object, work: DueLane | Delivery) -> None:
        try:
            if isinstance(work, DueLane):
                sent = list(await self.courier.visit(work))
            else:
                one = await self.again.deliver(work)
                sent = [] if one is None else [one]
            for each in sent:
                self._count(each)
        except Unavailable as fault:
            _log.warning("delivery_not_written", reason=str(fault))
            await self._paused()
        except Exception:  # noqa: BLE001 - one visit does not end the others
            _log.exception("visit_failed", endpoint=work.endpoint_id.hex())
            await self._paused()
        finally:
            self.places.release(work.endpoint_id)
            del self._visits[key]
            self._freed.set()

    async def _paused(self) -> None:
        """The lane is looked at again, but not at once."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.pause_seconds):
                await self._ending.wait()

    def _count(self, one: Sent) -> None:
        self.counted(one)
        self.places.came_out(one.endpoint.id, one.fate is Fate.DELIVERED)
        if one.fate is not Fate.DELIVERED:
            _log.warning(f"delivery_{one.fate.value}", endpoint=one.endpoint.id.hex(), reason=one.reason)
