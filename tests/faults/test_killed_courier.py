"""Processes that deliver, and are killed: what was promised arrives, under the same id."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from hallway.delivery.model import LaneMove
from hallway.hub.organizations.model import Plan
from hallway.hub.webhooks.service import Wish, create
from hallway.ids import EntryId
from hallway.journal.model import Actor, Change, Entry
from hallway.web.delivering import webhook_desk
from hallway.web.wiring import Hub
from tests.hook_server import Received, hook_server
from tests.running import ACTOR, RunningHub

LAST = 9


def _webhook(url: str) -> Callable[[Hub], Awaitable[str]]:
    async def act(hub: Hub) -> str:
        owner = await hub.registrar.create("Acme", Plan.FREE, "acme", ACTOR)
        while await hub.stores.feed.place():
            pass
        made, _ = await create(webhook_desk(hub), Wish(url, ("contact.*",)), owner.id, ACTOR)
        return made.url

    return act


async def _happen(hub: Hub) -> None:
    """Entries, committed as a command commits them: it places nothing, and sends nothing."""
    owner = await hub.registrar.found("acme")
    for _ in range(LAST):
        entry = Entry(EntryId(hub.desk.fresh_id()), "contact.added", hub.desk.now(), Actor("command"))
        await hub.stores.database.commit(Change(owner.id, (), (entry,), entry.id))


async def _leases_ended(hub: Hub) -> None:
    """What a dead process had taken is due now, as it would be after its lease."""
    for one in await hub.stores.lanes.due(1 << 60, 100):
        lane = await hub.stores.lanes.lane(one.owner, one.endpoint_id)
        assert lane is not None
        move = LaneMove(lane, replace(lane, due_at=hub.desk.now()))
        await hub.stores.database.commit(Change(one.owner, (move,)))


@pytest.mark.slow
async def test_a_hub_that_is_killed_while_it_delivers_sends_again_under_the_same_id(database_url: str) -> None:
    async with hook_server() as received:
        received.silent = True
        killed = RunningHub(database_url)
        await asyncio.to_thread(killed.act, _webhook(received.url))
        await asyncio.to_thread(killed.start)
        await asyncio.to_thread(killed.act, _happen)
        await received.until(1)
        await asyncio.to_thread(killed.stop, signal.SIGKILL)
        await received.closed.wait()
        received.silent = False
        again = RunningHub(database_url)
        await asyncio.to_thread(again.act, _leases_ended)
        await asyncio.to_thread(again.start)
        await received.until(LAST + 1)
        await asyncio.to_thread(again.stop)
        ids = [one.id for one in received.heard]
        assert ids[0] == ids[1] and len(set(ids)) == LAST
        assert received.heard[0].body == received.heard[1].body
        sequences = [one.data["sequence"] for one in received.heard[1:]]
        assert sequences == sorted(sequences)


@pytest.mark.postgres
@pytest.mark.slow
async def test_a_worker_apart_delivers_and_those_who_serve_do_not(postgres_database: str) -> None:
    hub = RunningHub(postgres_database, {"HALLWAY_DELIVERIES": "apart"})
    async with hook_server() as received:
        await asyncio.to_thread(hub.act, _webhook(received.url))
        await asyncio.to_thread(hub.start)
        try:
            await asyncio.to_thread(hub.act, _happen)
            async with _worker(hub) as first:
                await received.until(LAST)
                first.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(first.wait, 30) == 0
            await _killed_in_the_middle(hub, received)
        finally:
            await asyncio.to_thread(hub.stop)
        assert len({one.id for one in received.heard}) == 2 * LAST


async def _killed_in_the_middle(hub: RunningHub, received: Received) -> None:
    """A second worker dies while it waits for an answer; a third one takes over."""
    received.silent = True
    async with _worker(hub) as second:
        await asyncio.to_thread(hub.act, _happen)
        await received.until(LAST + 1)
        second.kill()
        await asyncio.to_thread(second.wait, 30)
    received.silent = False
    await asyncio.to_thread(hub.act, _leases_ended)
    async with _worker(hub) as third:
        await received.until(2 * LAST + 1)
        third.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(third.wait, 30) == 0


@asynccontextmanager
async def _worker(hub: RunningHub) -> "AsyncIterator[subprocess.Popen[bytes]]":
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HALLWAY_")}
    command = [sys.executable, "-m", "hallway", "hub", "worker"]
    process = subprocess.Popen(command, env={**inherited, **hub.environ})
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(30)
