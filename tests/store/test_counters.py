"""Several processes flush their counters into one database."""

import asyncio

import pytest

from hallway.exchanges.model import Gathered
from hallway.store.counters import CounterStore
from hallway.store.opening import Opening, opened
from tests.store.stage import staged

HOURS = 150
ROUNDS = 8


@pytest.mark.postgres
async def test_two_processes_that_flush_at_once_wait_in_turn(postgres_database: str) -> None:
    """Each gathered the same counters in the opposite order; a circle of locks would be `Unavailable`."""
    async with staged(postgres_database) as stage:
        other = opened(Opening(postgres_database))
        try:
            stores = (CounterStore(stage.database), CounterStore(other))
            key = stage.key
            for _ in range(ROUNDS):
                both = (Gathered(), Gathered())
                for gathered, hours in zip(both, (range(HOURS), range(HOURS, -1, -1)), strict=True):
                    for hour in hours:
                        gathered.requests[key.organization_id, key.directory_id, hour, "read"] += 1
                        gathered.quirks[key.organization_id, key.directory_id, f"quirk {hour:03}"] += 1
                await asyncio.gather(*(store.write(one, 1) for store, one in zip(stores, both, strict=True)))
            counted = await stage.rows("SELECT sum(count) FROM request_count")
            assert counted == [(ROUNDS * (2 * HOURS + 1),)]
        finally:
            await other.close()
