"""How soon a leaver is out: from PATCH `active: false` at the SCIM door to a refusal at the application's door.

`python -m bench.leaving [--directories N] [--each N]`: the Hub on SQLite, and on PostgreSQL with a worker beside it,
and Fieldbook as a process with a database of its own that shares nothing with them; once it follows the feed, once it
gets webhooks alone. People leave while others arrive in every directory; each one's open session is asked for again
and again, until it is refused.
"""

import argparse
import asyncio
import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from hallway.hub.directories.administration import Administration
from hallway.hub.directories.model import Provider
from hallway.hub.organizations.domains import Domain, DomainState, NewDomain
from hallway.hub.organizations.model import Plan
from hallway.hub.webhooks.service import Wish as HookWish
from hallway.hub.webhooks.service import create as create_webhook
from hallway.ids import DIRECTORY, wire
from hallway.journal.model import Change
from hallway.web.delivering import webhook_desk
from hallway.web.wiring import Hub, clock
from tests.engines import PostgresServer
from tests.fieldbook.running import fieldbook
from tests.running import ACTOR, RunningHub, free_port

AIM_SECONDS: Final = 2.0
ASKED_EVERY: Final = 0.01
USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass(frozen=True)
class Place:
    """A directory to push into."""

    base: str
    token: str
    domain: str


@dataclass
class Person:
    """Somebody who has a session in Fieldbook."""

    place: Place
    id: str
    email: str
    cookie: str = ""


async def _places(hub: Hub, count: int) -> list[Place]:
    made = []
    for number in range(count):
        owner = await hub.registrar.create(f"Customer {number}", Plan.ENTERPRISE, None, ACTOR)
        directory, token = await Administration(hub.desk, hub.catalogue.types, ACTOR).create(
            owner, "Staff", Provider.OTHER, 365
        )
        domain = f"c{number}.example"
        proved = Domain(owner.id, domain, DomainState.PROVED, "c", clock(), proved_at=clock())
        await hub.stores.database.commit(Change(owner.id, (NewDomain(proved),)))
        made.append(Place(f"/scim/{wire(DIRECTORY, directory.id)}/v2", token.text, domain))
    return made


class Door:
    """Requests to the Hub's SCIM door and to Fieldbook's."""

    def __init__(self, session: aiohttp.ClientSession, hub: str, application: str) -> None:
        self._session, self._hub, self._application = session, hub, application

    async def scim(self, place: Place, method: str, path: str, body: Any) -> Any:
        """A request that has to succeed."""
        headers = {"authorization": f"Bearer {place.token}", "content-type": "application/scim+json"}
        url = f"{self._hub}{place.base}{path}"
        async with self._session.request(method, url, json=body, headers=headers) as answer:
            assert answer.status < 300, (answer.status, await answer.text())
            return await answer.json() if answer.status != 204 else None

    async def arrive(self, place: Place, name: str) -> Person:
        """A new person."""
        email = f"{name}@{place.domain}"
        user = await self.scim(place, "POST", "/Users", {"schemas": [USER], "userName": email, "displayName": name})
        return Person(place, user["id"], email)

    async def is_in(self, person: Person) -> bool:
        """Whether her open session is let in."""
        cookie = {"cookie": f"hallway_session={person.cookie}"}
        async with self._session.get(f"{self._application}/visits", headers=cookie, allow_redirects=False) as answer:
            assert answer.status in (200, 303, 401, 403), answer.status
            return answer.status == 200

    async def leaves(self, person: Person) -> float:
        """Seconds from the request that says she left until she is refused."""
        body = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}
        began = time.perf_counter()
        asked = asyncio.create_task(self.scim(person.place, "PATCH", f"/Users/{person.id}", body))
        while await self.is_in(person):
            await asyncio.sleep(ASKED_EVERY)
        took = time.perf_counter() - began
        await asked
        return took


async def _sessions(file: Path, people: Sequence[Person]) -> None:
    """Wait until Fieldbook knows everybody, then give each an open session, as a sign-in does."""
    by_email = {one.email: one for one in people}
    while True:
        with sqlite3.connect(file) as database:
            rows = database.execute("SELECT iss, sub, email FROM account").fetchall()
        if {row[2] for row in rows} >= by_email.keys():
            break
        await asyncio.sleep(0.2)
    with sqlite3.connect(file) as database:
        for iss, sub, email in rows:
            person = by_email.get(email)
            if person is not None:
                person.cookie = os.urandom(16).hex()
                key = hashlib.sha256(person.cookie.encode()).hexdigest()
                database.execute("INSERT INTO session VALUES (?, ?, ?, '', '', '', NULL)", (key, iss, sub))


async def _measured(door: Door, places: Sequence[Place], file: Path, each: int) -> list[float]:
    people = [await door.arrive(place, f"p{number}") for number in range(each) for place in places]
    await _sessions(file, people)
    assert all([await door.is_in(one) for one in people[:10]])
    over = asyncio.Event()

    async def others() -> int:
        """Somebody arrives somewhere, again and again, so that every directory is active."""
        number = 0
        while not over.is_set():
            await door.arrive(places[number % len(places)], f"new{number}")
            number += 1
            await asyncio.sleep(0.01)
        return number

    arriving = asyncio.create_task(others())
    took = []
    for start in range(0, len(people), 4):
        took += await asyncio.gather(*(door.leaves(one) for one in people[start : start + 4]))
    over.set()
    await arriving
    return sorted(took)


@contextmanager
def _worker(hub: RunningHub) -> Iterator[None]:
    """`hallway hub worker` beside a Hub on PostgreSQL."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HALLWAY_")}
    process = subprocess.Popen([sys.executable, "-m", "hallway", "hub", "worker"], env={**inherited, **hub.environ})
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@asynccontextmanager
async def _doors(hub: RunningHub, application: str) -> AsyncIterator[Door]:
    async with aiohttp.ClientSession() as session:
        yield Door(session, f"http://127.0.0.1:{hub.port}", f"http://127.0.0.1:{application.rpartition(':')[2]}")


def _run(name: str, database: str, room: Path, options: argparse.Namespace, by_webhook: bool) -> list[float]:
    apart = not database.startswith("sqlite")
    hub = RunningHub(database, {"HALLWAY_DELIVERIES": "apart"} if apart else {})
    hub.environ["HALLWAY_BASE_URL"] = f"http://hub.localhost:{hub.port}"
    hub.start()
    try:
        places = hub.act(lambda opened: _places(opened, options.directories))
        port, secrets = free_port(), {}
        if by_webhook:
            url = f"http://fieldbook.localhost:{port}/hallway/webhook"
            _, secret = hub.act(
                lambda opened: create_webhook(webhook_desk(opened), HookWish(url, ("member.*",)), None, ACTOR)
            )
            secrets = {"FIELDBOOK_WEBHOOK_SECRETS": secret}

        async def whole(base: str) -> list[float]:
            async with _doors(hub, base) as door:
                return await _measured(door, places, room / "fieldbook.db", options.each)

        with fieldbook(hub, room, port=port, **secrets) as running:
            if not apart:
                return asyncio.run(whole(running.base))
            with _worker(hub):
                return asyncio.run(whole(running.base))
    finally:
        hub.stop()


def main(options: argparse.Namespace) -> int:
    """Print a line for each way; the number of those above the aim."""
    above = 0
    print("| the Hub | told by | leavers | p50 ms | p99 ms | most ms |\n|---|---|--:|--:|--:|--:|")
    server = PostgresServer()
    server.start()
    try:
        for name in ("SQLite", "PostgreSQL and a worker"):
            for by_webhook in (False, True):
                with tempfile.TemporaryDirectory() as folder:
                    room = Path(folder)
                    url = f"sqlite:///{room}/hub.db" if name == "SQLite" else server.url_of(server.make_database())
                    took = _run(name, url, room, options, by_webhook)
                p99 = took[min(len(took) - 1, len(took) * 99 // 100)]
                above += p99 > AIM_SECONDS
                told = "webhooks alone" if by_webhook else "the feed"
                cells = (len(took), took[len(took) // 2] * 1000, p99 * 1000, took[-1] * 1000)
                print(
                    f"| {name} | {told} | {cells[0]} | {cells[1]:.0f} | {cells[2]:.0f} | {cells[3]:.0f} |", flush=True
                )
    finally:
        server.stop()
    return above


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--directories", type=int, default=100)
    asked.add_argument("--each", type=int, default=3)
    sys.exit(main(asked.parse_args()))
