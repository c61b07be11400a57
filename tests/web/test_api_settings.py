"""What an organization's settings have, by the API: who waits, technical contacts, enforcement, our certificates."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.furnished import person
from tests.web.api_world import ApiWorld, api_world, enforced
from tests.web.asgi import call

CORE = "urn:ietf:params:scim:schemas:core:2.0"


async def pushed(world: ApiWorld, user_name: str) -> str:
    """A user of the directory, as its client pushes her."""
    headers = {"content-type": "application/scim+json", "authorization": f"Bearer {world.acme.token}"}
    body = {"schemas": [f"{CORE}:User"], "userName": user_name, "displayName": "Somebody"}
    path = f"/scim/{world.acme.values['directory']}/v2/Users"
    answer = await call(world.hub.app, "POST", path, headers, json.dumps(body).encode())
    return str(json.loads(answer.body)["id"])


def waiting(world: ApiWorld) -> str:
    return f"{world.here}/directories/{world.acme.values['directory']}/waiting"


async def reasons(world: ApiWorld) -> dict[str, Any]:
    found = await world.good("GET", waiting(world))
    assert found["next"] is None
    return {one["user"]: (one["reason"], one["member"]) for one in found["items"]}


async def test_who_waits_is_told_why_and_made_a_member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        members = {one["email"]: one["id"] for one in (await world.good("GET", f"{world.here}/members"))["items"]}
        jo, una = await pushed(world, "jo@nowhere.example"), await pushed(world, "una@acme.example")
        told = await reasons(world)
        assert told[jo] == ("domain", None) and told[una] == ("existing", members["una@acme.example"])
        made = await world.good("POST", f"{waiting(world)}/{jo}/accept")

        assert (made["email"], made["state"], made["directory_user"]) == ("jo@nowhere.example", "active", jo)
        assert made["directory"] == world.acme.values["directory"]
        same = await world.good("POST", f"{waiting(world)}/{una}/accept")
        assert same["id"] == members["una@acme.example"] and same["directory_user"] == una
        assert jo not in await reasons(world) and una not in await reasons(world)
        answer, read = await world.send("POST", f"{waiting(world)}/{jo}/accept")
        assert (answer.status, read["code"]) == (409, "conflict")


async def test_no_key_gives_an_administrator_to_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        ada = await pushed(world, "ada@acme.example")
        assert (await reasons(world))[ada][0] == "administrator"
        answer, read = await world.send("POST", f"{waiting(world)}/{ada}/accept")
        assert (answer.status, read["code"]) == (403, "forbidden")
        assert (await world.good("GET", f"{world.here}/members?search=ada"))["items"][0]["directory"] is None
        await world.good("POST", f"{waiting(world)}/{ada}/dismiss")
        assert ada not in await reasons(world)
        for one in ("user_" + "0" * 32, "nobody"):
            answer, _ = await world.send("POST", f"{waiting(world)}/{one}/dismiss")
            assert answer.status == 404


async def test_contacts_are_listed_added_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        place = f"{world.here}/contacts"
        before = [one["email"] for one in (await world.good("GET", place))["items"]]
        made = await world.good("POST", place, {"email": "noc@acme.example", "name": "NOC"})
        emails = [one["email"] for one in (await world.good("GET", place))["items"]]
        assert emails == [*before, "noc@acme.example"]
        for body in ({"email": "noc@acme.example"}, {"email": "nobody"}, {"email": "a@b.example", "name": "\x07"}):
            answer, _ = await world.send("POST", place, body)
            assert answer.status in (409, 422), body
        await world.good("DELETE", f"{place}/{made['id']}")
        answer, _ = await world.send("DELETE", f"{place}/{made['id']}")
        assert answer.status == 404


async def test_enforcement_is_seen_and_lifted_and_not_turned_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        place = f"{world.here}/enforcement"
        nothing = {"enforced": False, "connection": None, "since": None, "exempt": []}
        assert await world.good("GET", place) == nothing
        answer, read = await world.send("POST", f"{place}/lift")
        assert (answer.status, read["code"]) == (409, "conflict")
        sound = await enforced(world)
        una = sound.params["member"]
        now = await world.good("PUT", f"{place}/exempt/{una}", {"days": 7})
        assert now["enforced"] and [one["member"] for one in now["exempt"]] == [una]
        answer, _ = await world.send("PUT", f"{place}/exempt/{una}", {"days": 91})
        assert answer.status == 422
        await world.good("DELETE", f"{place}/exempt/{una}")
        assert (await world.good("GET", place))["exempt"] == []
        assert await world.good("POST", f"{place}/lift") == nothing


async def test_our_certificate_is_renewed_without_an_outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        organization, _, connection = (await world.fresh_connection()).partition("/")
        one = f"organizations/{organization}/connections/{connection}"
        first = (await world.good("GET", one))["own_certificates"]
        assert [held["signs"] for held in first] == [True]
        answer, _ = await world.send("POST", f"{one}/own-certificates/switch")
        assert answer.status == 409
        both = (await world.good("POST", f"{one}/own-certificates"))["own_certificates"]
        assert both[0] == first[0] and not both[1]["signs"]
        turned = (await world.good("POST", f"{one}/own-certificates/switch"))["own_certificates"]
        assert turned[0] == {"fingerprint": both[1]["fingerprint"], "signs": True}
        await world.good("DELETE", f"{one}/own-certificates")
        assert (await world.good("GET", one))["own_certificates"] == turned[:1]


async def test_a_person_of_the_console_is_no_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text of a session is no bearer token."""
    async with api_world(tmp_path, monkeypatch) as world:
        _, jar = await person(world.hub.hub, "eve@evil.example", "Eve")
        answer, _ = await world.send("GET", "organizations", None, jar["hub_session"])
        assert answer.status == 401
