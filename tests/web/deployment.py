"""A Hub in this process: the application as the server calls it, a client, and what commands do beside it."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from hallway.exchanges.model import Exchange
from hallway.hub.organizations.model import Organization, Plan
from hallway.ids import DIRECTORY, ORGANIZATION, wire
from hallway.scim.patch_operations import PATCH_OP
from hallway.scim.standard import GROUP_SCHEMA, USER_SCHEMA
from hallway.web import app as app_module
from hallway.web.app import Serving, application_of
from hallway.web.edge import Edge
from hallway.web.wiring import Hub, clock
from tests.rooms.opened import OPERATOR, Place, administration, made_place, opened, settings_in
from tests.web.asgi import call

SCIM = "application/scim+json"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@dataclass
class Answer:
    """What came back; `body` is parsed JSON, None where there was none."""

    status: int
    headers: dict[str, str]
    raw: bytes
    body: Any

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def names(self) -> list[str]:
        """`userName` or `displayName` of what a list has."""
        return [str(one.get("userName", one.get("displayName"))) for one in self.body["Resources"]]

    @property
    def members(self) -> set[str]:
        return {str(member["value"]) for member in self.body.get("members", [])}


@dataclass
class Client:
    """Requests to one base path with one token."""

    app: Edge
    base: str
    token: str
    address: str = "192.0.2.1"
    headers: Mapping[str, str] = field(default_factory=lambda: {"user-agent": "tests/1"})

    async def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str | None] | None = None
    ) -> Answer:
        """Bytes out, an answer back; a header of None is not sent."""
        sent = {"authorization": f"Bearer {self.token}", **self.headers, **(headers or {})}
        given = {name: value for name, value in sent.items() if value is not None}
        answer = await call(self.app, method, self.base + path, given, body, self.address)
        parsed = json.loads(answer.body) if "json" in answer.headers.get("content-type", "") and answer.body else None
        return Answer(answer.status, answer.headers, answer.body, parsed)

    async def request(self, method: str, path: str, body: Any = None, **headers: str | None) -> Answer:
        """JSON as `application/scim+json`; `if_match="*"` is a header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is None:
            return await self.send(method, path, b"", named)
        return await self.send(method, path, json.dumps(body).encode(), {"content-type": SCIM, **named})

    async def get(self, path: str, **headers: str | None) -> Answer:
        return await self.request("GET", path, None, **headers)

    async def user(self, user_name: str, **more: Any) -> Answer:
        """POST of a user."""
        return await self.request("POST", "/Users", {"schemas": [USER_SCHEMA.id], "userName": user_name, **more})

    async def group(self, name: str, *members: str, **more: Any) -> Answer:
        """POST of a group."""
        listed = [{"value": one} for one in members]
        body = {"schemas": [GROUP_SCHEMA.id], "displayName": name, "members": listed, **more}
        return await self.request("POST", "/Groups", body)

    async def put(self, path: str, body: Any, **headers: str | None) -> Answer:
        return await self.request("PUT", path, body, **headers)

    async def patch(self, path: str, *operations: Any, **headers: str | None) -> Answer:
        body = {"schemas": [PATCH_OP], "Operations": list(operations)}
        return await self.request("PATCH", path, body, **headers)

    async def delete(self, path: str, **headers: str | None) -> Answer:
        return await self.request("DELETE", path, None, **headers)

    async def bulk(self, *operations: Any, **more: Any) -> Answer:
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations, **more}
        return await self.request("POST", "/Bulk", body)


@dataclass
class Deployment:
    """The application that serves, and beside it an open Hub as commands have one."""

    app: Edge
    hub: Hub
    folder: Path
    ahead: list[float]

    async def place(self, owner: Organization | None = None, plan: str = "enterprise", **rules: Any) -> Place:
        """A new directory, in a new organization where none is given."""
        return await made_place(self.hub, owner, Plan(plan), rules)

    def client(self, place: Place, token: str | None = None, base: str | None = None) -> Client:
        """A client of a directory."""
        own = f"/scim/{wire(DIRECTORY, place.directory.id)}/v2"
        return Client(self.app, own if base is None else base, place.made.text if token is None else token)

    async def connected(self, plan: str = "enterprise", **rules: Any) -> Client:
        """A client of a new directory in a new organization."""
        return self.client(await self.place(plan=plan, **rules))

    def later(self, seconds: float) -> None:
        """Let time pass for those who serve."""
        self.ahead[0] += seconds

    @property
    def serving(self) -> Serving:
        serving = getattr(self.app.lifespan.start, "__self__", None)
        assert isinstance(serving, Serving)
        return serving

    async def written(self) -> None:
        """What waits to be written in the background is written now."""
        worker = self.serving._worker
        assert worker is not None
        await worker.flush()

    async def exchanges(self, place: Place) -> list[Exchange]:
        """What was kept of a directory's writes and refusals, oldest first."""
        return [one for one in await self.everything_kept(place) if not one.is_answered_read]

    async def everything_kept(self, place: Place) -> list[Exchange]:
        """The same with the reads that were answered."""
        await self.written()
        directory = place.directory
        found = await self.hub.stores.exchanges.latest(directory.organization_id, directory.id, None, 1000)
        return list(reversed(found))

    async def set_plan(self, place: Place, plan: Plan) -> None:
        """Another plan; those who serve know it."""
        await self.hub.registrar.update(replace(await self._owner(place), plan=plan), OPERATOR)
        self.later(1)

    async def suspend(self, place: Place) -> None:
        """What `organization suspend` does; those who serve know it."""
        await self.hub.registrar.suspend(await self._owner(place), OPERATOR)
        self.later(1)

    async def resume(self, place: Place) -> None:
        """What `organization resume` does; those who serve know it."""
        await self.hub.registrar.resume(await self._owner(place), OPERATOR)
        self.later(1)

    async def disable(self, place: Place) -> None:
        """What `directory disable` does; those who serve know it."""
        await administration(self.hub).disable((await place.again()).directory)
        self.later(1)

    async def enable(self, place: Place) -> None:
        """What `directory enable` does; those who serve know it."""
        await administration(self.hub).enable((await place.again()).directory)
        self.later(1)

    async def change(self, place: Place, **changes: Any) -> None:
        """Another name, base path or rules; those who serve know it."""
        was = (await place.again()).directory
        await administration(self.hub).update(was, replace(was, **changes))
        self.later(1)

    async def _owner(self, place: Place) -> Organization:
        return await self.hub.registrar.found(wire(ORGANIZATION, place.directory.organization_id))


@asynccontextmanager
async def deployed(folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: str) -> AsyncIterator[Deployment]:
    """A Hub in `folder` that serves; limits on the rate are lifted unless set."""
    ahead = [0.0]
    monkeypatch.setattr(app_module, "clock", lambda: clock() + int(ahead[0] * 1_000_000))
    given = {"rate_limit_per_second": "0", "failed_authentication_per_minute": "0", **settings}
    app = application_of(settings_in(folder, **given))
    await app.lifespan.start()
    try:
        async with opened(folder, **given) as hub:
            yield Deployment(app, hub, folder, ahead)
    finally:
        await app.lifespan.stop()
