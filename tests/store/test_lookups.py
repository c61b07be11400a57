"""Reads by key that share a round trip part again by organization and id."""

import asyncio
from collections.abc import Sequence

import pytest

from hallway.journal.model import TenantBreach, Unavailable
from hallway.store.lookups import MOST, Lookups
from hallway.store.statement import Params, ResultRow, Statement

BY_KEY = Statement("resource_by_id", "", "")


async def test_reads_of_one_moment_share_a_round_trip_and_part_by_key() -> None:
    asked: list[Sequence[Params]] = []

    async def many(_: Statement, batch: Sequence[Params]) -> Sequence[ResultRow]:
        asked.append(list(batch))
        return [(params[0], params[1], b"row of %b" % params[1]) for params in batch if params[1] != b"gone"]

    lookups = Lookups(many)
    keys: list[tuple[bytes, bytes]] = [(b"acme", b"1"), (b"beta", b"1"), (b"acme", b"gone"), (b"acme", b"1")]
    found = await asyncio.gather(*(lookups.fetch(BY_KEY, key) for key in keys))
    assert len(asked) == 1
    assert found == [[(b"acme", b"1", b"row of 1")], [(b"beta", b"1", b"row of 1")], [], [(b"acme", b"1", b"row of 1")]]


async def test_a_batch_has_a_bound() -> None:
    sizes: list[int] = []

    async def many(_: Statement, batch: Sequence[Params]) -> Sequence[ResultRow]:
        sizes.append(len(batch))
        return []

    lookups = Lookups(many)
    await asyncio.gather(*(lookups.fetch(BY_KEY, (b"acme", bytes([n % 256]))) for n in range(MOST + 1)))
    assert sizes == [MOST, 1]


async def test_a_row_that_nobody_asked_for_is_a_breach() -> None:
    async def many(_: Statement, batch: Sequence[Params]) -> Sequence[ResultRow]:
        return [(b"beta", batch[0][1])]

    with pytest.raises(TenantBreach):
        await Lookups(many).fetch(BY_KEY, (b"acme", b"1"))


async def test_a_lost_connection_reaches_everybody_who_waits_and_nobody_later() -> None:
    faults = [Unavailable("lost")]

    async def many(_: Statement, batch: Sequence[Params]) -> Sequence[ResultRow]:
        if faults:
            raise faults.pop()
        return [(batch[0][0], batch[0][1])]

    lookups = Lookups(many)
    both = await asyncio.gather(
        lookups.fetch(BY_KEY, (b"acme", b"1")), lookups.fetch(BY_KEY, (b"acme", b"2")), return_exceptions=True
    )
    assert [type(one) for one in both] == [Unavailable, Unavailable]
    assert await lookups.fetch(BY_KEY, (b"acme", b"1")) == [(b"acme", b"1")]
