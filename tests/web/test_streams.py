"""Polling a stream over HTTP (RFC 8936): what opens it, what a request may say, what is answered."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hallway.hub.events.polling import Poll
from hallway.hub.events.streams import MadeStream, create_stream
from hallway.hub.events.tokens import KeySigner
from hallway.ids import STREAM, wire
from hallway.oidc.issuing import own_claims
from hallway.oidc.jose import published_keys
from hallway.scim.json import JsonObject
from hallway.scim.security_events import EVENT_URIS
from hallway.web.streaming import stream_desk
from hallway.web.streams import asked_of
from hallway.web.wiring import clock
from hallway.worker.sequencer import Sequencer
from tests.rooms.opened import OPERATOR, Place
from tests.web.asgi import Answer, call
from tests.web.deployment import Deployment, deployed


@dataclass
class Reader:
    """Who polls a stream."""

    deployment: Deployment
    place: Place
    made: MadeStream

    async def poll(self, said: Any, secret: str | None = None, stream: str | None = None) -> Answer:
        """What is answered to a body."""
        path = f"/streams/{stream or wire(STREAM, self.made.stream.id)}/poll"
        headers = {"authorization": f"Bearer {secret or self.made.secret}", "content-type": "application/json"}
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        return await call(self.deployment.app, "POST", path, headers, body)

    async def placed(self) -> None:
        """Every entry has its position."""
        hub = self.deployment.hub
        await Sequencer(hub.stores.feed, hub.stores.database.bell, hub.placed).round()


@asynccontextmanager
async def reader_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **settings: str) -> AsyncIterator[Reader]:
    """With a stream of a directory."""
    async with deployed(tmp_path, monkeypatch, **settings) as deployment:
        place = await deployment.place()
        made = await create_stream(stream_desk(deployment.hub), place.directory, "reader", OPERATOR)
        yield Reader(deployment, place, made)


async def test_a_reader_gets_tokens_until_she_says_that_she_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def signed(_: KeySigner, claims: JsonObject, kind: str) -> str:
        return f"{kind} {claims['jti']}"

    monkeypatch.setattr(KeySigner, "signed", signed)
    async with reader_in(tmp_path, monkeypatch) as reader:
        await reader.place.user("ada")
        await reader.place.user("bob")
        await reader.placed()
        first = await reader.poll({"returnImmediately": True, "maxEvents": 1})
        assert (first.status, first.headers["content-type"]) == (200, "application/json")
        body = json.loads(first.body)
        (one,) = body["sets"]
        assert body == {"sets": {one: f"secevent+jwt {one}"}, "moreAvailable": True}
        again = json.loads((await reader.poll({"returnImmediately": True})).body)
        assert (len(again["sets"]), again["moreAvailable"]) == (2, False)
        refused = {two: {"err": "invalid_key", "description": "?"} for two in again["sets"] if two != one}
        last = await reader.poll({"returnImmediately": True, "ack": [one], "setErrs": refused, "odd": 1})
        assert json.loads(last.body) == {"sets": {}, "moreAvailable": False}
        hub = reader.deployment.hub
        (found,) = await hub.stores.streams.of_directory(reader.place.key.organization_id, reader.place.directory.id)
        assert (found.refused, found.last_error) == (1, "invalid_key: ?")


async def test_a_token_is_signed_by_the_key_that_is_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with reader_in(tmp_path, monkeypatch) as reader:
        await reader.place.user("ada")
        await reader.placed()
        (token,) = json.loads((await reader.poll({"returnImmediately": True})).body)["sets"].values()
        published = await call(reader.deployment.app, "GET", "/oauth2/jwks", {})
        issuer = reader.deployment.hub.settings.base_url
        claims = own_claims(token, published_keys(published.body), issuer, "secevent+jwt")
        assert claims["aud"] == ["reader"]


async def test_only_its_own_secret_opens_a_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with reader_in(tmp_path, monkeypatch) as reader:
        other = await create_stream(stream_desk(reader.deployment.hub), reader.place.directory, "other", OPERATOR)
        own = wire(STREAM, reader.made.stream.id)
        answers = [
            await reader.poll({}, other.secret), await reader.poll({}, reader.place.made.text),
            await reader.poll({}, "x"), await reader.poll({}, stream=wire(STREAM, other.stream.id)),
            await call(reader.deployment.app, "POST", f"/streams/{own}/poll", {}, b"{}"),
        ]  # fmt: skip
        assert {(one.status, one.body) for one in answers} == {(401, answers[0].body)}
        assert json.loads(answers[0].body)["err"] == "authentication_failed"
        assert answers[0].headers["www-authenticate"].startswith("Bearer")


async def test_wrong_secrets_are_counted_by_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with reader_in(tmp_path, monkeypatch, failed_authentication_per_minute="2") as reader:
        statuses = [(await reader.poll({}, "x")).status for _ in range(3)]
        assert statuses == [401, 401, 429]
        assert (await reader.poll({"returnImmediately": True})).status == 200


async def test_a_request_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with reader_in(tmp_path, monkeypatch) as reader:
        answer = await reader.poll(b"[]")
        assert (answer.status, json.loads(answer.body)["err"]) == (400, "invalid_request")
        assert (await reader.poll(b" " * 300_000)).status == 413


async def test_a_stream_that_was_not_read_for_too_long_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with reader_in(tmp_path, monkeypatch) as reader:
        await reader.place.user("ada")
        await reader.placed()
        await reader.deployment.hub.stores.feed.forget(clock() + 1)
        answer = await reader.poll({"returnImmediately": True})
        assert (answer.status, json.loads(answer.body)["err"]) == (410, "stream_expired")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"x", b"1", b"[]", b'{"maxEvents": -1}', b'{"maxEvents": true}', b'{"maxEvents": "9"}',
        b'{"returnImmediately": 1}', b'{"ack": "x"}', b'{"ack": [1]}', b'{"setErrs": []}',
    ],
)  # fmt: skip
def test_what_the_standard_does_not_have_is_not_understood(body: bytes) -> None:
    assert asked_of(body) is None


def test_what_is_left_out_has_its_usual_value() -> None:
    assert asked_of(b"{}") == Poll(100, at_once=False, taken=[])
    asked = asked_of(b'{"setErrs": {"a": {"err": "x"}, "b": 1, "c": {"description": "y"}}}')
    assert asked is not None
    assert asked.errors == {"a": "x", "b": "", "c": "y"}


async def test_each_directory_says_which_events_it_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with reader_in(tmp_path, monkeypatch) as reader:
        client = reader.deployment.client(reader.place)
        told = (await client.get("/ServiceProviderConfig")).body["securityEvents"]
        assert told == {"asyncRequest": "none", "eventUris": list(EVENT_URIS)}
        silent = await reader.deployment.connected()
        assert "securityEvents" not in (await silent.get("/ServiceProviderConfig")).body
