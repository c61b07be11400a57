"""A server that is killed in the middle of a stream of writes: every answered write is there after the restart.

What was not answered may be there or not, but never in part; the journal agrees with the rows.
"""

import asyncio
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from tests.engines import NoServer, PostgresServer
from tests.faults.agreement import disagreements
from tests.flows.scim_client import Answer, ScimClient, Source, connected
from tests.running import RunningHub, sqlite_url

ROUNDS, WRITERS, ANSWERS = 3, 8, 150


@dataclass
class Known:
    """What a client knows: what was answered, and what it asked for without an answer."""

    names: dict[str, set[str | None]] = field(default_factory=dict)
    """User id → titles that she may have."""
    gone: set[str] = field(default_factory=set)
    perhaps_gone: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    perhaps_members: set[str] = field(default_factory=set)
    group: str = ""
    answers: int = 0


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL server that may be killed."""
    made = PostgresServer()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def killable(server: PostgresServer) -> str:
    """A database of that server."""
    return server.url_of(server.make_database())


async def test_a_killed_hub_on_sqlite_loses_nothing(tmp_path: Path) -> None:
    await _survives(RunningHub(sqlite_url(tmp_path)), None)


@pytest.mark.postgres
async def test_a_killed_hub_on_postgresql_loses_nothing(killable: str) -> None:
    await _survives(RunningHub(killable), None)


@pytest.mark.postgres
async def test_a_killed_postgresql_server_loses_nothing(killable: str, server: PostgresServer) -> None:
    await _survives(RunningHub(killable), server)


async def _survives(hub: RunningHub, server: PostgresServer | None) -> None:
    """Kill the Hub, or the database server beneath it, again and again."""
    hub.start()
    try:
        source = hub.directory()
        known = Known()
        async with connected(source) as client:
            known.group = (await client.create_group("Everybody")).id
        for number in range(ROUNDS):
            await _killed_while_writing(hub, source, known, (number, server))
            async with connected(source) as client:
                await _is_there(client, known)
        assert await disagreements(hub.environ["HALLWAY_DATABASE"]) == []
    finally:
        hub.stop()


async def _killed_while_writing(
    hub: RunningHub, source: Source, known: Known, how: tuple[int, PostgresServer | None]
) -> None:
    number, server = how
    enough = asyncio.Event()
    writers = [asyncio.create_task(_writer(source, known, f"r{number}w{one}", enough)) for one in range(WRITERS)]
    await enough.wait()
    if server is None:
        hub.stop(signal.SIGKILL)
    else:
        server.kill(signal.SIGKILL)
    await asyncio.gather(*writers)
    known.answers = 0
    if server is None:
        hub.start()
    else:
        _started_again(server)
        hub.wait_until_ready()


def _started_again(server: PostgresServer) -> None:
    """Its children notice a while later that it is gone, and until then nobody may start."""
    for _ in range(100):
        with suppress(NoServer):
            server.start()
            return
    raise AssertionError("PostgreSQL does not start again")


async def _writer(source: Source, known: Known, name: str, enough: asyncio.Event) -> None:
    """Create, patch, add to the group, delete; until nobody answers."""
    previous = ""
    async with connected(source) as client:
        with suppress(aiohttp.ClientError, _Refused):
            for number in range(10_000):
                user = _good(known, await client.create_user(f"{name}-{number}"), enough).id
                known.names[user] = {None}
                known.names[user].add(f"t{number}")
                title = {"op": "replace", "path": "title", "value": f"t{number}"}
                _good(known, await client.patch(f"/Users/{user}", title), enough)
                known.names[user] = {f"t{number}"}
                known.perhaps_members.add(user)
                joined = {"op": "add", "path": "members", "value": [{"value": user}]}
                _good(known, await client.patch(f"/Groups/{known.group}", joined), enough)
                known.members.add(user)
                if previous and number % 3 == 0:
                    known.perhaps_gone.add(previous)
                    _good(known, await client.delete(f"/Users/{previous}"), enough)
                    known.gone.add(previous)
                previous = user


class _Refused(Exception):
    """The database is gone: 503."""


def _good(known: Known, answer: Answer, enough: asyncio.Event) -> Answer:
    if answer.status == 503:
        raise _Refused
    assert answer.status < 300, answer.body
    known.answers += 1
    if known.answers >= ANSWERS:
        enough.set()
    return answer


async def _is_there(client: ScimClient, known: Known) -> None:
    here: dict[str, str | None] = {}
    cursor: str | None = ""
    while cursor is not None:
        page = await client.get(f"/Users?count=200&cursor={cursor}")
        assert page.status == 200, page.body
        here.update({one["id"]: one.get("title") for one in page.body.get("Resources", [])})
        cursor = page.body.get("nextCursor")
    group = (await client.get(f"/Groups/{known.group}")).members
    for user, titles in known.names.items():
        if user in known.gone:
            assert user not in here and user not in group
        elif user not in known.perhaps_gone or user in here:
            assert here[user] in titles
            assert user in group or user not in known.members
    assert group <= known.perhaps_members
    assert len(known.names) > 10


def test_the_program_that_is_killed_is_the_server(tmp_path: Path) -> None:
    hub = RunningHub(sqlite_url(tmp_path))
    hub.start()
    hub.stop(signal.SIGKILL)
    with pytest.raises(OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{hub.port}/healthz", timeout=5)
