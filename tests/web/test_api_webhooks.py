"""Webhooks by the API: the secret that is shown once, what is refused, and what became of events."""

from pathlib import Path

import pytest

from tests.rooms.opened import canaries_in
from tests.web.api_world import HOOK, ApiWorld, api_world, given_up, keep_given_up

DEPLOYED = {
    "base_url": "https://hub.example",
    "allowed_hosts": "hub.localhost",
    "development_domains": "sso.acme.example,sso.beta.example",
}
"""A deployment that is not on loopback."""


async def test_a_webhooks_secret_is_shown_when_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        body = {"url": HOOK, "types": ["member.*"], "organization": world.acme.values["organization"]}
        made = await world.good("POST", "webhooks", body)
        place = f"webhooks/{made['webhook']['id']}"
        assert made["secret"].startswith("whsec_")
        assert (made["webhook"]["state"], made["webhook"]["organization"]) == ("active", body["organization"])
        other = await world.good("POST", f"{place}/rotate", {"hours": 1})
        assert other["secret"] != made["secret"]
        listed = await world.good("GET", "webhooks")
        assert made["secret"] not in str(listed) and other["secret"] not in str(listed)
        assert canaries_in(tmp_path, made["secret"], other["secret"]) == []


async def test_a_webhook_is_changed_switched_and_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        was = (await world.good("POST", "webhooks", {"url": HOOK, "name": "One"}))["webhook"]
        place = f"webhooks/{was['id']}"
        now = await world.good("PATCH", place, {"types": ["user.*"]})
        assert {name for name in was if was[name] != now[name]} == {"types"}
        tag = (await world.send("GET", place))[0].headers["etag"]
        off = await world.good("POST", f"{place}/disable")
        assert off["state"] == "off" and off["reason"]
        answer, read = await world.send("PATCH", place, {"name": "Late"}, if_match=tag)
        assert (answer.status, read["code"]) == (412, "precondition_failed")
        on = await world.good("POST", f"{place}/enable", {"skip": True})
        assert (on["state"], on["reason"]) == ("active", "")
        await world.good("DELETE", place)
        assert (await world.send("GET", place))[0].status == 404


async def test_what_a_webhook_cannot_be_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch, **DEPLOYED) as world:
        before = await world.good("GET", "webhooks")
        for body in (
            {"url": "http://app.example/hook"}, {"url": "https://10.0.0.7/hook"}, {"url": "https://localhost/hook"},
            {"url": "ftp://app.example/hook"}, {"url": "nothing"}, {"url": HOOK, "types": ["shoe.*"]},
            {"url": HOOK, "organization": f"org_{'0' * 32}"},
        ):  # fmt: skip
            answer, read = await world.send("POST", "webhooks", body)
            assert (answer.status, read["code"]) == (422, "invalid"), body
        assert await world.good("GET", "webhooks") == before


async def test_what_became_of_an_event_is_told_with_every_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        sound = await given_up(world)
        place = f"webhooks/{sound.params['webhook']}"
        dead = (await world.good("GET", f"{place}/deliveries?dead=true"))["items"]
        assert [(one["event"], one["state"], one["tries"]) for one in dead] == [(sound.params["event"], "dead", 9)]
        latest = (await world.good("GET", f"{place}/deliveries"))["items"]
        assert latest == dead
        whole = await world.good("GET", f"{place}/deliveries/{sound.params['event']}")
        assert whole["delivery"] == dead[0]
        (tried,) = whole["attempts"]
        assert (tried["status"], tried["duration_ms"], tried["answer"]) == (500, 41.5, "oops \ufffd")
        answer, read = await world.send("GET", f"{place}/deliveries/evt_{'0' * 32}")
        assert (answer.status, read["code"]) == (404, "not_found")
        await world.good("POST", f"{place}/deliveries/{sound.params['event']}/again")
        pinged = await world.good("POST", f"{place}/ping")
        assert not pinged["taken"] and pinged["attempt"]["status"] is None and pinged["attempt"]["reason"]


async def test_deliveries_are_listed_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        sound = await given_up(world)
        place = f"webhooks/{sound.params['webhook']}/deliveries"
        organization = world.acme.values["organization"]
        others = (await world.good("GET", f"events?organization={organization}"))["items"][1:5]
        for one in others:
            await keep_given_up(world, sound.params["webhook"], one["id"])
        expected = [sound.params["event"], *(one["id"] for one in others)]
        assert await _paged(world, f"{place}?limit=2&dead=true") == expected
        assert await _paged(world, f"{place}?limit=2") == expected[::-1]
        answer, read = await world.send("GET", f"{place}?after={'_' * 11}")
        assert answer.status == 200 and len(read["items"]) == 5
        answer, read = await world.send("GET", f"{place}?after=short")
        assert (answer.status, read["code"]) == (400, "invalid_cursor")


async def _paged(world: ApiWorld, first: str) -> list[str]:
    found, after = [], ""
    while True:
        page = await world.good("GET", first + after)
        assert len(page["items"]) <= 2
        found += [one["event"] for one in page["items"]]
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"
