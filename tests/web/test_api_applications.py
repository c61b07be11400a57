"""Applications by the API, and applications that call it."""

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from hallway.oidc.publishing import TOKEN
from tests.rooms.opened import canaries_in
from tests.web.api_world import RETURNS, ApiWorld, api_world
from tests.web.asgi import Answer, call

CALLBACK = "https://app.example/callback"


async def made(world: ApiWorld, **more: Any) -> Any:
    """A web application, unless told otherwise."""
    body = {"name": world.name("App"), "redirect_uris": [CALLBACK], **more}
    return await world.good("POST", "applications", body)


async def machine(world: ApiWorld, *scopes: str, **more: Any) -> Any:
    """One that calls the API."""
    return await made(world, kind="machine", redirect_uris=[], scopes=list(scopes), **more)


async def token_of(world: ApiWorld, one: Any, scope: str = "") -> Answer:
    """The answer to a request with the application's secret."""
    proof = base64.b64encode(f"{one['application']['id']}:{one['secret_text']}".encode()).decode()
    headers = {"authorization": f"Basic {proof}", "content-type": "application/x-www-form-urlencoded"}
    body = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
    return await call(world.hub.app, "POST", TOKEN, headers, urlencode(body).encode())


async def access(world: ApiWorld, one: Any) -> str:
    """An access token of its own."""
    answer = await token_of(world, one)
    assert answer.status == 200, answer.body
    return str(json.loads(answer.body)["access_token"])


async def test_a_secret_is_shown_once_and_another_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        first = await made(world)
        place = f"applications/{first['application']['id']}"
        assert first["secret_text"].startswith("hw_client_")
        second = await world.good("POST", f"{place}/secrets")
        answer, read = await world.send("POST", f"{place}/secrets")
        assert (answer.status, read["code"]) == (409, "conflict"), "two are alive at most"
        listed = await world.good("GET", f"{place}/secrets")
        assert [one["id"] for one in listed["items"]] == [first["secret"]["id"], second["secret"]["id"]]
        await world.good("DELETE", f"{place}/secrets/{first['secret']['id']}?in_hours=24")
        assert (await world.good("GET", f"{place}/secrets"))["items"][0]["expires_at"]
        await world.good("DELETE", f"{place}/secrets/{first['secret']['id']}")
        assert [one["id"] for one in (await world.good("GET", f"{place}/secrets"))["items"]] == [second["secret"]["id"]]
        answer, _ = await world.send("DELETE", f"{place}/secrets/{first['secret']['id']}")
        assert answer.status == 404
        assert canaries_in(tmp_path, first["secret_text"], second["text"]) == []


async def test_an_application_is_changed_in_what_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        was = (await made(world, required=["email"], setup_return_uris=[RETURNS]))["application"]
        place = f"applications/{was['id']}"
        now = await world.good("PATCH", place, {"post_logout_uris": ["https://app.example/bye"], "algorithm": "EdDSA"})
        assert {name for name in was if was[name] != now[name]} == {"post_logout_uris", "algorithm"}
        for body in (
            {"redirect_uris": []}, {"redirect_uris": ["http://app.example/x"]}, {"algorithm": "HS256"},
            {"required": ["shoe_size"]}, {"scopes": ["members:read"]}, {"jwks": {"keys": [{"kty": "oct", "k": "AA"}]}},
        ):  # fmt: skip
            answer, read = await world.send("PATCH", place, body)
            assert (answer.status, read["code"]) == (422, "invalid"), body
        tag = (await world.send("GET", place))[0].headers["etag"]
        assert (await world.good("POST", f"{place}/disable"))["state"] == "disabled"
        answer, read = await world.send("PATCH", place, {"name": "Late"}, if_match=tag)
        assert (answer.status, read["code"]) == (412, "precondition_failed")
        answer, _ = await world.send("DELETE", place, if_match=tag)
        assert answer.status == 412
        await world.good("DELETE", place)
        assert (await world.send("GET", place))[0].status == 404


async def test_nobody_gives_what_she_has_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that may make applications makes none that may more than itself, and no secret for one that may."""
    async with api_world(tmp_path, monkeypatch) as world:
        narrow = await world.bearer("applications:write", "members:read")
        body = {"name": "Climber", "kind": "machine", "scopes": ["members:read", "organizations:write"]}
        answer, read = await world.send("POST", "applications", body, narrow)
        assert (answer.status, read["code"]) == (403, "forbidden") and "organizations:write" in read["detail"]
        answer, fair = await world.send("POST", "applications", {**body, "scopes": ["members:read"]}, narrow)
        assert answer.status == 201
        place = f"applications/{fair['application']['id']}"
        answer, _ = await world.send("PATCH", place, {"scopes": ["members:read", "members:write"]}, narrow)
        assert answer.status == 403
        strong = await machine(world, "organizations:write")
        above = f"applications/{strong['application']['id']}"
        for method, path, asked in (
            ("POST", f"{above}/secrets", None), ("PATCH", above, {"scopes": ["members:read"]}),
            ("PATCH", above, {"jwks": {"keys": []}}),
        ):  # fmt: skip
            answer, _ = await world.send(method, path, asked, narrow)
            assert answer.status == 403, (method, path)
        answer, _ = await world.send("PATCH", above, {"name": "Renamed"}, narrow)
        assert answer.status == 200


async def test_a_machine_calls_with_a_token_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        one = await machine(world, "organizations:write", "members:read")
        token = await access(world, one)
        answer, read = await world.send("POST", "organizations", {"name": "By a machine"}, token)
        assert answer.status == 201
        owner = await world.hub.hub.registrar.found(read["id"])
        actor = (await world.hub.hub.stores.journal.after(owner.id, 0, 1))[0].entry.actor
        assert (actor.kind, actor.label) == ("application", one["application"]["name"])
        answer, read = await world.send("GET", f"{world.here}/domains", None, token)
        assert (answer.status, read["code"]) == (403, "insufficient_scope")
        await world.good("POST", f"applications/{one['application']['id']}/disable")
        answer, read = await world.send("GET", "organizations", None, token)
        assert (answer.status, read["code"]) == (401, "unauthenticated"), "at once, though the token lives"


async def test_an_application_leads_back_to_its_own_addresses_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api_world(tmp_path, monkeypatch, setup_return_urls="") as world:
        mine = await machine(world, "setup_links:write", setup_return_uris=["https://mine.example/back"])
        await made(world, setup_return_uris=["https://other.example/back"])
        token, owner = await access(world, mine), await world.fresh_organization()
        for url, status in (
            ("https://mine.example/back?x=1", 201), ("https://other.example/back", 422), (RETURNS, 422),
        ):  # fmt: skip
            body = {"organization": owner, "tasks": ["sso"], "success_url": url}
            answer, read = await world.send("POST", "setup-links", body, token)
            assert answer.status == status, url
            if status == 201:
                assert read["setup_link"]["created_by"] == mine["application"]["id"]
        body = {"organization": owner, "tasks": ["sso"], "success_url": "https://other.example/back"}
        assert (await world.send("POST", "setup-links", body))[0].status == 201, "a key of the deployment may"
