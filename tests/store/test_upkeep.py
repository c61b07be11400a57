"""What is done once an hour is done by one of several processes, on either engine."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hallway.exchanges.service import Recorder
from hallway.hub.directories.tokens import DAY
from hallway.store.counters import CounterStore
from hallway.store.keys import DeploymentStore
from hallway.store.opening import Opening, migrate, opened
from hallway.worker.upkeep import DUE, HOUR, Turn, Worker

BEGAN = 1_700_000_000_000_000


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> int:
        return self.now


def _worker(database: Any, clock: Clock, *jobs: Callable[[], Awaitable[object]]) -> Worker:
    keys: Any = None
    return Worker(
        Recorder(clock), CounterStore(database), clock, 30, keys, Turn(DeploymentStore(database), clock), jobs
    )


async def test_two_processes_do_the_hourly_work_once(database_url: str) -> None:
    opening = Opening(database_url)
    await migrate(opening)
    databases, clock, done = [opened(opening) for _ in range(2)], Clock(), []

    def job(number: int) -> Callable[[], Awaitable[object]]:
        async def note() -> None:
            done.append(number)
            await asyncio.sleep(0.01)

        return note

    try:
        two = [_worker(database, clock, job(n), job(n)) for n, database in enumerate(databases)]
        for hour in range(1, 6):
            for _ in range(3):
                await asyncio.gather(*(one.upkeep() for one in two))
            assert len(done) == 2 * hour and done[-1] == done[-2]
            clock.now += HOUR - 1
            await asyncio.gather(*(one.upkeep() for one in two))
            assert len(done) == 2 * hour
            clock.now += 1
    finally:
        for database in databases:
            await database.close()


async def test_what_one_process_left_undone_the_other_does_an_hour_later(database_url: str) -> None:
    opening = Opening(database_url)
    await migrate(opening)
    databases, clock, done = [opened(opening) for _ in range(2)], Clock(), []
    first, second = [Turn(DeploymentStore(database), clock) for database in databases]

    async def slow() -> None:
        done.append("slow")
        clock.now += HOUR
        assert await second.taken()

    async def after() -> None:
        done.append("after")

    try:
        await _worker(databases[0], clock, slow, after).upkeep()
        assert done == ["slow"], "who lost the turn goes on no further"
        assert await second.kept() and not await first.taken()
        clock.now += HOUR
        assert await first.taken() and not await second.kept()
    finally:
        for database in databases:
            await database.close()


async def test_an_instant_that_a_wrong_clock_wrote_holds_nobody_up(database_url: str) -> None:
    opening = Opening(database_url)
    await migrate(opening)
    database, clock = opened(opening), Clock()
    try:
        store = DeploymentStore(database)
        await store.replace(DUE, str(BEGAN + 365 * DAY))
        turn = Turn(store, clock)
        assert await turn.taken() and not await turn.taken()
        assert not await store.exchange(DUE, "0", "1") and await store.value(DUE) == str(BEGAN + HOUR)
    finally:
        await database.close()
