"""How fast webhooks leave: `python -m bench.delivery [--organizations N] [--events N] [--only sqlite postgres]`.

A served Hub and, in this process, a receiver that answers 200 at once over kept connections. First a backlog: events of
many organizations that waited while nobody served, for one endpoint and for ten, then as many of one organization.
Then the way of one change: PATCH `active` at the SCIM door of a hundred directories, twenty a second, until the event
is received.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import orjson

from hallway.hub.organizations.model import Plan
from hallway.hub.webhooks.service import Wish, create
from hallway.ids import EntryId
from hallway.journal.model import Actor, Change, Entry
from hallway.web.delivering import webhook_desk
from hallway.web.wiring import Hub
from tests.cli.commands import Client
from tests.engines import PostgresServer
from tests.running import ACTOR, RunningHub, sqlite_url

PATCHES = 600
EACH_SECOND = 20


@dataclass
class Receiver(asyncio.Protocol):
    """Counts what comes; each connection has an instance, all have one `tally`."""

    tally: "Tally"
    buffer: bytes = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection begins."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            start = head.index(b"content-length: ") + 16
            length = int(head[start:].partition(b"\r\n")[0])
            if len(self.buffer) < end + 4 + length:
                return
            body, self.buffer = self.buffer[end + 4 : end + 4 + length], self.buffer[end + 4 + length :]
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")  # type: ignore[attr-defined]
            self.tally.note(body)


@dataclass
class Tally:
    """What came, and when."""

    wanted: int = 0
    bodies: list[tuple[float, bytes]] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, body: bytes) -> None:
        """One more."""
        self.bodies.append((time.time(), body))
        if len(self.bodies) >= self.wanted:
            self.done.set()

    def expect(self, count: int) -> None:
        """Begin to count anew."""
        self.wanted, self.bodies, self.done = count, [], asyncio.Event()


@asynccontextmanager
async def _received() -> "tuple[Tally, int]":  # type: ignore[misc]
    tally = Tally()
    server = await asyncio.get_running_loop().create_server(lambda: Receiver(tally), "127.0.0.1", 0)
    async with server:
        yield tally, server.sockets[0].getsockname()[1]


def _backlog(owners: int, events: int, endpoints: int, url: str) -> Callable[[Hub], Awaitable[None]]:
    async def act(hub: Hub) -> None:
        made = [await hub.registrar.create(f"Org {n}", Plan.ENTERPRISE, None, ACTOR) for n in range(owners)]
        while await hub.stores.feed.place():
            pass
        for number in range(endpoints):
            await create(webhook_desk(hub), Wish(f"{url}/{number}", ("contact.*",)), None, ACTOR)
        for owner in made:
            entries = tuple(
                Entry(EntryId(hub.desk.fresh_id()), "contact.added", hub.desk.now(), Actor("command"))
                for _ in range(events)
            )
            await hub.stores.database.commit(Change(owner.id, (), entries, entries[0].id))

    return act


def _cpu(pid: int) -> float:
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")


async def _drained(name: str, url: str, shape: tuple[int, int, int]) -> None:
    owners, events, endpoints = shape
    async with _received() as (tally, port):
        hub = RunningHub(url)
        await asyncio.to_thread(hub.act, _backlog(owners, events, endpoints, f"http://127.0.0.1:{port}"))
        tally.expect(owners * events * endpoints)
        await asyncio.to_thread(hub.start)
        while not tally.bodies:
            await asyncio.sleep(0.001)
        await tally.done.wait()
        spent, cpu = tally.bodies[-1][0] - tally.bodies[0][0], _cpu(hub.pid)
        count = len(tally.bodies)
        print(
            f"| {name} | {owners} × {events} | {endpoints} | {count / spent:,.0f} | {1e6 * cpu / count:,.0f} |",
            flush=True,
        )
        await asyncio.to_thread(hub.stop)


async def _lag(name: str, url: str, directories: int) -> None:
    async with _received() as (tally, port):
        hub = RunningHub(url)
        await asyncio.to_thread(hub.start)
        clients = [Client(await asyncio.to_thread(hub.directory)) for _ in range(directories)]
        users = [await asyncio.to_thread(one.user, f"u{n}@example.com") for n, one in enumerate(clients)]

        async def make(opened: Hub) -> None:
            wish = Wish(f"http://127.0.0.1:{port}/", ("user.deactivated", "user.reactivated"))
            await create(webhook_desk(opened), wish, None, ACTOR)

        await asyncio.to_thread(hub.act, make)
        tally.expect(PATCHES)
        began = time.monotonic()
        waiting = set()
        for number in range(PATCHES):
            place, value = number % directories, bool(number // directories % 2)
            path = f"/Users/{users[place]}"
            sent = asyncio.to_thread(clients[place].patch, path, op="replace", path="active", value=value)
            waiting.add(asyncio.create_task(sent))
            await asyncio.sleep(max(0.0, began + (number + 1) / EACH_SECOND - time.monotonic()))
        await asyncio.gather(*waiting)
        await tally.done.wait()
        lags = sorted(
            1000 * (at - datetime.fromisoformat(orjson.loads(body)["timestamp"]).timestamp())
            for at, body in tally.bodies
        )
        at99 = lags[int(len(lags) * 0.99)]
        print(f"| {name} | {statistics.median(lags):.0f} | {at99:.0f} | {lags[-1]:.0f} |", flush=True)
        await asyncio.to_thread(hub.stop)


async def main(engines: list[str], owners: int, events: int) -> None:
    """Every row of both tables."""
    server = PostgresServer() if "postgres" in engines else None
    if server is not None:
        await asyncio.to_thread(server.start)

    def fresh(engine: str) -> str:
        if engine == "postgres" and server is not None:
            return server.url_of(server.make_database())
        return sqlite_url(Path(tempfile.mkdtemp(prefix="bench-delivery-")))

    names = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
    print("| engine | organizations × events | endpoints | events a second | CPU of the Hub for each, µs |")
    print("|---|--:|--:|--:|--:|")
    for engine in engines:
        for shape in ((owners, events, 1), (owners, events, 10), (1, 10 * owners, 1)):
            await _drained(names[engine], await asyncio.to_thread(fresh, engine), shape)
    print("\n| engine | median, ms | 99th percentile | most |\n|---|--:|--:|--:|")
    for engine in engines:
        await _lag(names[engine], await asyncio.to_thread(fresh, engine), 100)
    if server is not None:
        server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--organizations", type=int, default=200)
    parser.add_argument("--events", type=int, default=20)
    parser.add_argument("--only", nargs="+", choices=("sqlite", "postgres"), default=["sqlite", "postgres"])
    asked = parser.parse_args()
    asyncio.run(main(asked.only, asked.organizations, asked.events))
