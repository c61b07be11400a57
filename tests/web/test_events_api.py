"""Events and snapshots over HTTP: who may read them, pages, waiting, and the ends of cursors."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from hallway.hub.applications.api_keys import create as create_key
from hallway.hub.events.following import Asked
from hallway.hub.organizations.domains import Domain, DomainState, NewDomain
from hallway.ids import ORGANIZATION, wire
from hallway.journal.model import Change
from hallway.web.wiring import clock, key_desk
from hallway.worker.sequencer import Sequencer
from tests.rooms.opened import OPERATOR, Place
from tests.web.asgi import call
from tests.web.deployment import Answer, Deployment, deployed

EVENTS, SNAPSHOT = "/api/v1/events", "/api/v1/snapshot"


@dataclass
class Caller:
    """A program with a key."""

    deployment: Deployment
    key: str

    async def get(self, path: str) -> Answer:
        """What is answered."""
        found = await call(self.deployment.app, "GET", path, {"authorization": f"Bearer {self.key}"})
        return Answer(found.status, found.headers, found.body, json.loads(found.body))

    async def placed(self) -> None:
        """Every entry has its position."""
        hub = self.deployment.hub
        await Sequencer(hub.stores.feed, hub.stores.database.bell, hub.placed).round()


@asynccontextmanager
async def caller_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *scopes: str) -> AsyncIterator[Caller]:
    """With these scopes; `events:read` if none."""
    async with deployed(tmp_path, monkeypatch) as deployment:
        made = await create_key(key_desk(deployment.hub), "tests", scopes or ("events:read",), None, OPERATOR)
        yield Caller(deployment, made.text)


async def renamed(caller: Caller, place: Place, name: str) -> None:
    """An `organization.updated` with its position."""
    await caller.deployment.hub.registrar.update(replace(place.directory.organization, name=name), OPERATOR)
    await caller.placed()


async def test_pages_of_events_lead_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with caller_in(tmp_path, monkeypatch) as caller:
        place = await caller.deployment.place()
        await caller.placed()
        whole = await caller.get(EVENTS)
        assert (whole.status, whole.body["more"]) == (200, False)
        types = [one["type"] for one in whole.body["items"]]
        assert types == ["organization.created", "directory.created", "token.created"]
        first = await caller.get(f"{EVENTS}?limit=1")
        assert (first.body["items"], first.body["more"]) == (whole.body["items"][:1], True)
        rest = await caller.get(f"{EVENTS}?after={first.body['next']}")
        assert rest.body["items"] == whole.body["items"][1:]
        only = await caller.get(f"{EVENTS}?type=directory.*&type=token.created")
        assert [one["type"] for one in only.body["items"]] == types[1:]
        own = wire(ORGANIZATION, place.directory.organization_id)
        assert (await caller.get(f"{EVENTS}?organization={own}")).body == whole.body
        one = whole.body["items"][0]
        assert (await caller.get(f"{EVENTS}/{one['id']}")).body == one


async def test_a_member_is_told_as_the_document_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that an event or an item can have passes through the types of the API."""
    async with caller_in(tmp_path, monkeypatch) as caller:
        place = await caller.deployment.place()
        hub = caller.deployment.hub
        owner = place.directory.organization_id
        domain = Domain(owner, "acme.example", DomainState.PROVED, "c", clock(), proved_at=clock())
        await hub.stores.database.commit(Change(owner, (NewDomain(domain),)))
        ada = await place.user("ada@acme.example", displayName="Ada")
        await place.group("Staff", ada)
        await caller.placed()
        events = (await caller.get(f"{EVENTS}?type=member.*&type=user.*&type=group.*")).body["items"]
        assert [one["type"] for one in events] == ["user.created", "member.added", "group.created"]
        assert events == [dict(one) for one in (await hub.follower.page(_asked(events))).items]
        items = (await caller.get(SNAPSHOT)).body["items"]
        assert items == [dict(one) for one in (await hub.surveyor.page("", None, 500)).items]
        assert [one["kind"] for one in items] == ["organization", "member"]
        assert items[1]["groups"][0]["name"] == "Staff"


def _asked(events: list[Any]) -> Asked:
    return Asked(types=sorted({one["type"] for one in events}))


async def test_who_waits_gets_what_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own sequencer wakes whoever waits."""
    async with caller_in(tmp_path, monkeypatch) as caller:
        place = await caller.deployment.place()
        await caller.placed()
        now = (await caller.get(f"{EVENTS}?after=now")).body["next"]
        waiting = asyncio.create_task(caller.get(f"{EVENTS}?after={now}&wait=30"))
        await asyncio.sleep(0)
        await renamed(caller, place, "Acme & Co")
        async with asyncio.timeout(20):
            answer = await waiting
        assert [one["type"] for one in answer.body["items"]] == ["organization.updated"]


async def test_who_waits_is_answered_when_the_server_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment that is renewed waits for nobody who waits."""
    async with caller_in(tmp_path, monkeypatch) as caller:
        now = (await caller.get(f"{EVENTS}?after=now")).body["next"]
        waiting = asyncio.create_task(caller.get(f"{EVENTS}?after={now}&wait=30"))
        served = caller.deployment.serving._hub
        assert served is not None
        while not served.placed._waiting:
            await asyncio.sleep(0)
        caller.deployment.app.ending()
        async with asyncio.timeout(20):
            assert (await waiting).body == {"items": [], "next": now, "more": False}
            again = await caller.get(f"{EVENTS}?after={now}&wait=30")
        assert again.body["items"] == []


async def test_a_cursor_that_is_too_old_is_sent_to_the_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with caller_in(tmp_path, monkeypatch) as caller:
        await caller.deployment.place()
        await caller.placed()
        old = (await caller.get(f"{EVENTS}?limit=1")).body["next"]
        await caller.deployment.hub.stores.feed.forget(clock() + 1)
        gone = await caller.get(f"{EVENTS}?after={old}")
        assert (gone.status, gone.body["code"]) == (410, "cursor_gone")
        address = gone.body["snapshot"]
        assert address == f"{caller.deployment.hub.settings.base_url}{SNAPSHOT}"
        part = await caller.get(SNAPSHOT)
        assert (await caller.get(f"{EVENTS}?after={part.body['cursor']}")).status == 200


async def test_pages_of_a_snapshot_lead_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with caller_in(tmp_path, monkeypatch) as caller:
        places = [await caller.deployment.place() for _ in range(3)]
        await caller.placed()
        whole = (await caller.get(SNAPSHOT)).body
        assert (len(whole["items"]), whole["next"]) == (3, None)
        first = (await caller.get(f"{SNAPSHOT}?limit=2")).body
        last = (await caller.get(f"{SNAPSHOT}?after={first['next']}")).body
        assert first["items"] + last["items"] == whole["items"]
        assert first["cursor"] == last["cursor"] == whole["cursor"]
        own = wire(ORGANIZATION, places[1].directory.organization_id)
        assert [one["id"] for one in (await caller.get(f"{SNAPSHOT}?organization={own}")).body["items"]] == [own]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"{EVENTS}?after=x", 400, "invalid_cursor"),
        (f"{EVENTS}?type=nothing.*", 422, "invalid"),
        (f"{EVENTS}?limit=0", 422, "invalid"),
        (f"{EVENTS}?wait=31", 422, "invalid"),
        (f"{EVENTS}?organization=acme", 422, "invalid"),
        (f"{EVENTS}?organization=org_{'0' * 32}", 404, "not_found"),
        (f"{EVENTS}/evt_{'0' * 32}", 404, "not_found"),
        (f"{EVENTS}/x", 404, "not_found"),
        (f"{SNAPSHOT}?after=x", 400, "invalid_cursor"),
        (f"{SNAPSHOT}?organization=org_{'0' * 32}", 404, "not_found"),
        (f"{SNAPSHOT}?limit=1001", 422, "invalid"),
    ],
)
async def test_what_is_not_understood_is_refused(
    path: str, status: int, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with caller_in(tmp_path, monkeypatch) as caller:
        answer = await caller.get(path)
        assert (answer.status, answer.body["code"]) == (status, code)


async def test_another_scope_reads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with caller_in(tmp_path, monkeypatch, "organizations:write") as caller:
        for path in (EVENTS, f"{EVENTS}/evt_{'0' * 32}", SNAPSHOT):
            answer = await caller.get(path)
            assert (answer.status, answer.body["code"]) == (403, "insufficient_scope")
