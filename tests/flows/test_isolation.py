"""Two organizations written to and read at once, and many who want the same: on SQLite, and in three processes.

Nothing lands in, or comes from, another organization; nobody is lost; nothing is taken twice.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest

from tests.engines import PostgresServer
from tests.faults.agreement import disagreements
from tests.flows.scim_client import ScimClient, connected
from tests.running import RunningHub, Source, sqlite_url

PROCESSES = 3
TASKS = 100


@dataclass(frozen=True)
class Hubs:
    """Servers on one database."""

    running: tuple[RunningHub, ...]

    @property
    def url(self) -> str:
        """The database."""
        return self.running[0].environ["HALLWAY_DATABASE"]

    def directory(self) -> Source:
        """A directory of a new organization."""
        return self.running[0].directory()

    @asynccontextmanager
    async def clients(self, source: Source) -> AsyncIterator[Iterator[ScimClient]]:
        """Clients of a directory, one server after the other, for ever."""
        async with AsyncExitStack() as stack:
            first = f":{self.running[0].port}/"
            addresses = [source.base_url.replace(first, f":{hub.port}/") for hub in self.running]
            made = [
                await stack.enter_async_context(connected(replace(source, base_url=address))) for address in addresses
            ]
            yield itertools.cycle(made)


@pytest.fixture(scope="module")
def three_hubs(postgres_server: PostgresServer) -> Iterator[Hubs]:
    """Three processes on one PostgreSQL database."""
    url = postgres_server.url_of(postgres_server.make_database())
    running = tuple(RunningHub(url, {"HALLWAY_POSTGRES_CONNECTIONS": "3"}) for _ in range(PROCESSES))
    for hub in running:
        hub.start()
    yield Hubs(running)
    for hub in running:
        hub.stop()


@pytest.fixture(scope="module")
def one_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hubs]:
    """The one process on an SQLite file."""
    hub = RunningHub(sqlite_url(tmp_path_factory.mktemp("isolation")))
    hub.start()
    yield Hubs((hub,))
    hub.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def hubs(request: pytest.FixtureRequest) -> Hubs:
    """One process on SQLite, three on PostgreSQL."""
    found: Hubs = request.getfixturevalue("one_hub" if request.param == "sqlite" else "three_hubs")
    return found


async def test_two_organizations_never_meet(hubs: Hubs) -> None:
    sources = {"acme": hubs.directory(), "beta": hubs.directory()}
    ids: dict[str, list[str]] = {"acme": [], "beta": []}

    async def one(client: ScimClient, name: str, number: int, group: str) -> None:
        """Everything that a directory does with a person, each answer looked at."""
        made = await client.create_user(f"same-{number}", title=name, emails=[{"value": "same@example.com"}])
        assert (made.status, made.body["title"]) == (201, name)
        ids[name].append(made.id)
        found = await client.found("/Users", f'userName eq "same-{number}"')
        assert [user["id"] for user in found.body["Resources"]] == [made.id]
        patched = await client.patch(f"/Users/{made.id}", {"op": "add", "path": "nickName", "value": name})
        assert patched.body["title"] == patched.body["nickName"] == name
        add = {"op": "add", "path": "members", "value": [{"value": made.id}]}
        assert (await client.patch(f"/Groups/{group}", add)).status in (200, 204)
        listed = await client.found("/Users", 'emails.value eq "same@example.com"')
        assert {user["title"] for user in listed.body["Resources"]} == {name}
        seen = await client.get(f"/Users/{made.id}")
        assert [held["value"] for held in seen.body["groups"]] == [group]

    async with AsyncExitStack() as stack:
        clients = {name: await stack.enter_async_context(hubs.clients(source)) for name, source in sources.items()}
        groups = {name: (await next(clients[name]).create_group("Same")).id for name in sources}
        await asyncio.gather(
            *(one(next(clients[name]), name, number, groups[name]) for number in range(TASKS) for name in sources)
        )
        for name, other in (("acme", "beta"), ("beta", "acme")):
            client = next(clients[name])
            assert (await client.get("/Users?count=0")).total == TASKS
            assert (await client.get(f"/Groups/{groups[name]}")).members == set(ids[name])
            await _sees_nothing(client, ids[other][0], groups[other], ids[name][0])
    for name, source in sources.items():
        async with connected(replace(source, token=sources["acme" if name == "beta" else "beta"].token)) as stranger:
            assert (await stranger.get("/Users")).status == 401
    assert await disagreements(hubs.url) == []


async def _sees_nothing(client: ScimClient, foreign: str, foreign_group: str, own: str) -> None:
    """Another organization's ids are nobody's here."""
    title = {"op": "replace", "path": "title", "value": "mine"}
    assert (await client.get(f"/Users/{foreign}")).status == 404
    assert (await client.patch(f"/Users/{foreign}", title)).status == 404
    assert (await client.delete(f"/Users/{foreign}")).status == 404
    assert (await client.get(f"/Groups/{foreign_group}")).status == 404
    assert (await client.found("/Users", f'id eq "{foreign}"')).total == 0
    assert (await client.found("/Users", f'groups.value eq "{foreign_group}"')).total == 0
    assert (await client.found("/Groups", f'members.value eq "{foreign}"')).total == 0
    assert (await client.create_group("Takers", foreign)).status == 400
    added = {"op": "add", "path": "members", "value": [{"value": own}]}
    assert (await client.patch(f"/Groups/{foreign_group}", added)).status == 404


async def test_racing_adds_to_one_group_lose_nobody(hubs: Hubs) -> None:
    source = hubs.directory()
    async with hubs.clients(source) as clients:
        group = (await next(clients).create_group("Everybody")).id
        made = await asyncio.gather(*(next(clients).create_user(f"u{number}") for number in range(2 * TASKS)))
        users = [answer.id for answer in made]

        async def add(user: str) -> int:
            added = {"op": "add", "path": "members", "value": [{"value": user}]}
            return (await next(clients).patch(f"/Groups/{group}", added)).status

        statuses = await asyncio.gather(*(add(user) for user in users))
        assert {status // 100 for status in statuses} == {2}
        assert (await next(clients).get(f"/Groups/{group}")).members == set(users)

        async def remove_or_delete(number: int) -> int:
            if number % 2:
                return (await next(clients).delete(f"/Users/{users[number]}")).status
            gone = {"op": "remove", "path": f'members[value eq "{users[number]}"]'}
            return (await next(clients).patch(f"/Groups/{group}", gone)).status

        ended = await asyncio.gather(*(_until_taken(lambda n=number: remove_or_delete(n)) for number in range(TASKS)))  # type: ignore[misc]
        assert {status // 100 for status in ended} == {2}
        assert (await next(clients).get(f"/Groups/{group}")).members == set(users[TASKS:])
    assert await disagreements(hubs.url) == []


async def test_racing_changes_of_one_user_leave_one_history(hubs: Hubs) -> None:
    source = hubs.directory()
    async with hubs.clients(source) as clients:
        user = (await next(clients).create_user("ann")).id

        async def change(number: int) -> int:
            if number % 3 == 0:
                body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ann"}
                answer = await next(clients).put(f"/Users/{user}", {**body, "title": f"t{number}"})
            else:
                title = {"op": "replace", "path": "title", "value": f"t{number}"}
                answer = await next(clients).patch(f"/Users/{user}", title)
            return answer.status

        changes = [_until_taken(lambda n=number: change(n)) for number in range(60)]  # type: ignore[misc]
        assert set(await asyncio.gather(*changes)) == {200}
        after = await next(clients).get(f"/Users/{user}")
        assert after.body["meta"]["version"] == 'W/"61"'

        async def only_if(number: int) -> int:
            title = {"op": "replace", "path": "title", "value": f"if{number}"}
            body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [title]}
            headers = {"Content-Type": "application/scim+json", "If-Match": 'W/"61"'}
            return (await next(clients).send("PATCH", f"/Users/{user}", _json(body), headers)).status

        raced = await asyncio.gather(*(_until_taken(lambda n=number: only_if(n)) for number in range(12)))  # type: ignore[misc]
        assert sorted(raced) == [200] + [412] * 11
    assert await disagreements(hubs.url) == []


async def test_racing_creations_of_one_name_make_one_user(hubs: Hubs) -> None:
    source = hubs.directory()
    names = ["Ann@Example.com", "ann@example.com", "ANN@EXAMPLE.COM"]
    async with hubs.clients(source) as clients:

        async def create(number: int) -> int:
            return (await next(clients).create_user(names[number % 3])).status

        raced = await asyncio.gather(*(_until_taken(lambda n=number: create(n)) for number in range(30)))  # type: ignore[misc]
        assert sorted(raced) == [201] + [409] * 29
        assert (await next(clients).get("/Users")).total == 1
    assert await disagreements(hubs.url) == []


async def test_racing_groups_never_get_into_one_another(hubs: Hubs) -> None:
    source = hubs.directory()
    async with hubs.clients(source) as clients:
        groups = [(await next(clients).create_group(f"g{number}")).id for number in range(6)]

        async def nest(inner: str, outer: str) -> int:
            added = {"op": "add", "path": "members", "value": [{"value": inner}]}
            return (await next(clients).patch(f"/Groups/{outer}", added)).status

        pairs = list(itertools.permutations(groups, 2))
        raced = await asyncio.gather(*(_until_taken(lambda p=pair: nest(*p)) for pair in pairs))  # type: ignore[misc]
        assert {status // 100 for status in raced} == {2, 4}
        holds = {group: (await next(clients).get(f"/Groups/{group}")).members for group in groups}
    assert sum(map(len, holds.values())) == sum(1 for status in raced if status < 300)
    while leaves := [group for group, inner in holds.items() if not inner & holds.keys()]:
        holds = {group: inner for group, inner in holds.items() if group not in leaves}
    assert holds == {}, "what is left holds itself"
    assert await disagreements(hubs.url) == []


async def _until_taken(ask: Callable[[], Awaitable[int]]) -> int:
    """What a sender does: after a 503 the same again."""
    for _ in range(200):
        status = await ask()
        if status != 503:
            return status
    raise AssertionError("503 for ever")


def _json(body: Any) -> bytes:
    return orjson.dumps(body)
