"""Streams of security events by the API: made, listed, ended; polled or pushed."""

from pathlib import Path

import pytest

from tests.web.api_world import HOOK, api_world
from tests.web.test_api_webhooks import DEPLOYED


async def test_streams_are_made_listed_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        directory = (await world.good("GET", f"{world.here}/directories"))["items"][0]["id"]
        place = f"{world.here}/directories/{directory}/streams"
        before = (await world.good("GET", place))["items"]
        polled = await world.good("POST", place, {"audience": "https://polls.example"})
        pushed = await world.good(
            "POST", place, {"audience": "https://app.example", "push_url": HOOK, "authorization": "Bearer s3cret"}
        )
        assert polled["secret"].startswith("hw_stream_") and pushed["secret"] is None
        assert polled["stream"]["delivery"] == "poll" and polled["stream"]["url"].endswith("/poll")
        assert (pushed["stream"]["delivery"], pushed["stream"]["url"]) == ("push", HOOK)
        answer, read = await world.send("GET", place)
        assert read["items"] == [*before, polled["stream"], pushed["stream"]]
        assert b"s3cret" not in answer.body and polled["secret"].encode() not in answer.body
        first = await world.good("GET", f"{place}?limit={len(before) + 1}")
        assert first["items"] == [*before, polled["stream"]]
        assert (await world.good("GET", f"{place}?after={first['next']}"))["items"] == [pushed["stream"]]
        again = await world.good("POST", f"{place}/{pushed['stream']['id']}/enable", {"skip": True})
        assert again == pushed["stream"]
        assert (await world.send("POST", f"{place}/{polled['stream']['id']}/enable", {}))[0].status == 404
        for made in (polled, pushed):
            await world.good("DELETE", f"{place}/{made['stream']['id']}")
            for method in ("GET", "DELETE"):
                answer, _ = await world.send(method, f"{place}/{made['stream']['id']}")
                assert answer.status == 404
        assert (await world.good("GET", place))["items"] == before


@pytest.mark.parametrize(
    "body",
    [
        {"audience": "a", "push_url": "http://app.example/events"}, {"audience": "a", "push_url": "https://10.0.0.1/"},
        {"audience": " "}, {"audience": "a", "push_url": HOOK, "authorization": "two\nlines"},
        {"audience": "a", "authorization": "Bearer of nothing"},
    ],
)  # fmt: skip
async def test_what_a_stream_cannot_be_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: dict[str, str]
) -> None:
    async with api_world(tmp_path, monkeypatch, **DEPLOYED) as world:
        directory = (await world.good("GET", f"{world.here}/directories"))["items"][0]["id"]
        place = f"{world.here}/directories/{directory}/streams"
        before = await world.good("GET", place)
        answer, read = await world.send("POST", place, body)
        assert (answer.status, read["code"]) == (422, "invalid")
        assert await world.good("GET", place) == before
