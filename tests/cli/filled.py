"""A database with something in every table."""

import asyncio
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from typing import Any

from hallway.hub.directories.tokens import DAY
from hallway.web.app import hourly
from hallway.web.wiring import Hub, clock
from tests.cli.commands import Client, text_of
from tests.furnished import furnished
from tests.running import ACTOR, RunningHub, Source

CANARY = "canary-5f2b9c"
"""A password that a client sent: it must be nowhere."""


@dataclass(frozen=True)
class Filled:
    """A directory that was written to, and the ids of who is in it."""

    source: Source
    ada: str
    bob: str
    cyd: str
    team: str
    everybody: str


def fill(hub: RunningHub) -> Filled:
    """People, groups in groups, changes, refusals, quirks; written by requests to the running server."""
    source = hub.directory(provider="okta")
    client = Client(source)
    ada = client.user("ada@example.com", displayName="Ada", password=CANARY, emails=[{"value": "ada@example.com"}])
    bob = client.user("bob@example.com", externalId="b-1", displayName="Bob Ünal")
    cyd = client.user("cyd@example.com")
    gone = client.user("gone@example.com")
    team = client.group("Team", ada, bob, gone)
    everybody = client.group("Everybody", team, cyd)
    client.patch(f"/Users/{ada}", op="replace", path="displayName", value="Ada Byron")
    client.patch(f"/Groups/{everybody}", op="remove", path=f'members[value eq "{cyd}"]')
    client.patch(f"/Groups/{everybody}", op="add", path="members", value=[{"value": cyd}])
    client.delete(f"/Users/{gone}")
    assert client.send("POST", "/Users", {"schemas": [], "userName": "ADA@example.com"})[0] == 409
    assert client.send("GET", "/Users", token="hw_scim_unknown")[0] == 401
    assert client.send("GET", f"/Users/{bob}")[0] == 200
    return Filled(source, ada, bob, cyd, team, everybody)


def furnish(hub: RunningHub) -> None:
    """An organization of the console, with people, sessions, a domain, a set-up link, and operators."""

    async def post(path: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
        return await asyncio.to_thread(_posted, f"http://127.0.0.1:{hub.port}/scim{path}", token, body)

    hub.act(lambda opened: furnished(opened, "Gamma", post))
    text_of(hub.environ, "hub", "operator", "create", "olga@vendor.example")


def _posted(address: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/scim+json"}
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            read: dict[str, Any] = json.loads(answer.read())
    except urllib.error.HTTPError as problem:
        read = json.loads(problem.read())
    return read


def promise_mails(hub: RunningHub, filled: Filled) -> None:
    """Mails that wait, since no server runs: an invitation, and that a token ends."""
    owner = filled.source.organization_id
    text_of(hub.environ, "hub", "member", "invite", owner, "eve@example.com")
    text_of(hub.environ, "hub", "token", "create", filled.source.id, "--expires-in-days", "31")

    async def tell(opened: Hub) -> None:
        organization = await opened.registrar.found(owner)
        await opened.contact_book.add(organization.id, "it@example.com", "IT", ACTOR)
        later = replace(opened.desk, clock=lambda: clock() + 2 * DAY)
        for job in hourly(replace(opened, desk=later)):
            await job()

    hub.act(tell)
