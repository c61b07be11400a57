"""Streams of security events: what a directory's changes become, and that a reader gets each until she has it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from hallway.hub.directories.administration import People
from hallway.hub.directories.groups import delete_group
from hallway.hub.directories.model import DirectoryState
from hallway.hub.directories.users import delete_user
from hallway.hub.events import polling
from hallway.hub.events.following import CursorGone
from hallway.hub.events.polling import Poll, Polled, Poller
from hallway.hub.events.streams import (
    MOST_STREAMS,
    Stream,
    create_stream,
    delete_stream,
    found_stream,
    stream_of_secret,
)
from hallway.hub.events.tokens import TokenMaker
from hallway.hub.organizations.service import Refused
from hallway.ids import EXCHANGE, GROUP, STREAM, USER, wire
from hallway.scim.json import JsonObject
from hallway.scim.security_events import TYPE
from hallway.web.streaming import stream_desk
from hallway.web.wiring import clock
from tests.rooms.opened import OPERATOR, Place, administration, made_place, opened, parting
from tests.rooms.test_events import replaced
from tests.rooms.test_following import placed

AUDIENCE = "https://reader.example"
EVENT = "urn:ietf:params:scim:event:"
NOW = Poll(at_once=True)


@dataclass
class Plain:
    """Signs nothing, and keeps what it was asked to sign."""

    said: dict[str, Any] = field(default_factory=dict)

    async def signed(self, claims: JsonObject, kind: str) -> str:
        """The id."""
        assert kind == TYPE
        self.said[str(claims["jti"])] = claims
        return f"signed {claims['jti']}"


@dataclass
class Scene:
    """A directory with a stream."""

    place: Place
    stream: Stream
    secret: str
    signer: Plain = field(default_factory=Plain)

    @property
    def poller(self) -> Poller:
        return poller_of(self.place, self.signer)

    async def poll(self, asked: Poll = NOW) -> Polled:
        await placed(self.place.hub)
        return await self.poller.poll(self.stream, asked)

    async def told(self, stream: Stream | None = None) -> list[Any]:
        """The claims of everything that waits, taken."""
        await placed(self.place.hub)
        found = await self.poller.poll(stream or self.stream, NOW)
        await self.poller.poll(stream or self.stream, Poll(0, True, list(found.tokens)))
        return [self.signer.said[one] for one in found.tokens]


def poller_of(place: Place, signer: Plain) -> Poller:
    """As the wiring makes it, without a key."""
    hub = place.hub
    maker = TokenMaker(hub.teller, signer, "https://hub.example", clock)
    return Poller(hub.stores.streams, hub.stores.feed, maker, hub.placed, clock)


@asynccontextmanager
async def scene_in(tmp_path: Path) -> AsyncIterator[Scene]:
    """Whatever was before the stream has its position."""
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        await placed(hub)
        made = await create_stream(stream_desk(hub), place.directory, AUDIENCE, OPERATOR)
        yield Scene(place, made.stream, made.secret)


def names(claims: Sequence[Any]) -> list[list[str]]:
    """The events of each token."""
    return [[name.removeprefix(EVENT) for name in one["events"]] for one in claims]


async def test_each_change_of_a_user_becomes_a_token(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        place = scene.place
        user = await place.user("ada", externalId="a-1", displayName="Ada")
        await place.patch(user, replaced("displayName", "Ada King"))
        await place.patch(user, replaced("active", False))
        await place.patch(user, replaced("active", True))
        await delete_user(place.hub.desk, place.scene, user, None)
        claims = await scene.told()
        assert names(claims) == [
            ["prov:create:full"], ["prov:put:full"], ["prov:deactivate", "prov:put:full"],
            ["prov:activate", "prov:put:full"], ["prov:delete"],
        ]  # fmt: skip
        uri = {"format": "scim", "uri": f"/Users/{wire(USER, user)}", "externalId": "a-1"}
        assert all(one["sub_id"] == uri for one in claims)
        assert {(one["iss"], *one["aud"]) for one in claims} == {("https://hub.example", AUDIENCE)}
        data = claims[1]["events"][f"{EVENT}prov:put:full"]["data"]
        assert (data["userName"], data["displayName"], data["id"]) == ("ada", "Ada King", wire(USER, user))
        assert claims[4]["events"] == {f"{EVENT}prov:delete": {}}
        assert len({one["jti"] for one in claims}) == 5
        assert all(one["toe"] <= one["iat"] for one in claims)


async def test_tokens_of_one_request_have_one_transaction(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        user = await scene.place.user("ada")
        await scene.place.patch(user, replaced("active", False), replaced("displayName", "A"))
        first, second = await scene.told()
        written = {one.entry.id.hex(): one.entry for one in await _journal(scene)}
        for one in (first, second):
            entry = written[one["jti"].removeprefix("evt_")]
            assert one["txn"] == (one["jti"] if entry.exchange_id is None else wire(EXCHANGE, entry.exchange_id))
        assert first["txn"] != second["txn"]


async def _journal(scene: Scene) -> Any:
    return await scene.place.hub.stores.journal.after(scene.stream.organization_id, 0, 1000)


async def test_each_change_of_a_group_becomes_a_token(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        place = scene.place
        ada, bob = await place.user("ada"), await place.user("bob")
        await scene.told()
        group = await place.group("Staff", ada)
        await place.patch_group(group, replaced("displayName", "Team"))
        both = [{"value": wire(USER, bob)}]
        await place.patch_group(group, {"op": "replace", "path": "members", "value": both})
        await delete_group(place.hub.desk, place.scene, group, None)
        claims = await scene.told()
        assert names(claims) == [["prov:create:full"], ["prov:patch:full"], ["prov:patch:full"], ["prov:delete"]]
        assert {one["sub_id"]["uri"] for one in claims} == {f"/Groups/{wire(GROUP, group)}"}
        data = claims[0]["events"][f"{EVENT}prov:create:full"]["data"]
        assert (data["displayName"], data["members"]) == ("Staff", [{"value": wire(USER, ada)}])
        renamed, changed = (one["events"][f"{EVENT}prov:patch:full"]["data"]["Operations"] for one in claims[1:3])
        assert renamed == [{"op": "replace", "value": {"displayName": "Team"}}]
        assert changed == [
            {"op": "remove", "path": f'members[value eq "{wire(USER, ada)}"]'},
            {"op": "add", "path": "members", "value": both},
        ]


async def test_another_directory_and_what_is_no_resource_are_not_told(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        other = await made_place(scene.place.hub, scene.place.directory.organization, name="Other")
        foreign = await made_place(scene.place.hub)
        await other.user("ada")
        await foreign.user("ada")
        await administration(scene.place.hub).disable(scene.place.directory)
        assert await scene.told() == []
        assert (await scene.poll()).more is False


async def test_who_moves_leaves_one_stream_and_comes_into_the_other(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        hub, place = scene.place.hub, scene.place
        other = await made_place(hub, place.directory.organization, name="Other")
        there = await create_stream(stream_desk(hub), other.directory, AUDIENCE, OPERATOR)
        user = await place.user("ada")
        await scene.told()
        await administration(hub).delete(place.directory, parting(People.MOVE, other.directory))
        assert names(await scene.told()) == [["feed:remove"]]
        (came,) = await scene.told(there.stream)
        assert (list(came["events"]), came["sub_id"]["uri"]) == ([f"{EVENT}feed:add"], f"/Users/{wire(USER, user)}")


async def test_who_is_kept_when_a_directory_goes_leaves_its_stream(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        user = await scene.place.user("ada")
        await scene.place.group("Staff", user)
        await scene.told()
        await administration(scene.place.hub).delete(scene.place.directory, parting(People.KEEP))
        assert names(await scene.told()) == [["feed:remove"], ["feed:remove"]]


async def test_what_is_not_taken_comes_again_in_its_order(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        for number in range(5):
            await scene.place.user(f"u{number}")
        first = await scene.poll(Poll(2, True))
        assert (len(first.tokens), first.more) == (2, True)
        assert (await scene.poll(Poll(2, True))).tokens.keys() == first.tokens.keys()
        one, two = first.tokens
        second = await scene.poll(Poll(3, True, taken=[two]))
        assert next(iter(second.tokens)) == one
        assert (len(second.tokens), second.more) == (3, True)
        rest = await scene.poll(Poll(9, True, taken=list(second.tokens)))
        assert (len(rest.tokens), rest.more) == (1, False)
        told = [*first.tokens, *[*second.tokens][1:], *rest.tokens]
        assert told == sorted(told) and len(told) == 5
        assert (await scene.poll(Poll(9, True, taken=list(rest.tokens)))).tokens == {}


async def test_what_was_refused_does_not_come_again_and_is_counted(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        await scene.place.user("ada")
        (one,) = (await scene.poll()).tokens
        answer = await scene.poll(Poll(at_once=True, errors={one: "invalid_request: odd", "evt_x": "", "x": "?"}))
        assert answer.tokens == {}
        found = await scene.place.hub.stores.streams.stream(scene.stream.organization_id, scene.stream.id)
        assert found is not None
        assert (found.refused, found.last_error) == (1, "?")
        assert found.polled_at is not None


async def test_who_asks_for_none_only_says_what_she_has(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        await scene.place.user("ada")
        none = await scene.poll(Poll(0))
        assert (none.tokens, none.more) == ({}, True)
        (one,) = (await scene.poll()).tokens
        assert (await scene.poll(Poll(0, taken=[one]))).more is False


async def test_a_poll_waits_for_what_comes(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        hub = scene.place.hub
        await placed(hub)
        waiting = asyncio.create_task(scene.poller.poll(scene.stream, Poll()))
        while not hub.placed._waiting:
            await asyncio.sleep(0)
        await scene.place.user("ada")
        await placed(hub)
        async with asyncio.timeout(20):
            assert len((await waiting).tokens) == 1


async def test_a_poll_that_waited_for_nothing_is_empty(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        with mock.patch.object(polling, "LONGEST_SECONDS", 0.001):
            assert await scene.poll(Poll()) == Polled({}, more=False)
        scene.place.hub.placed.close()
        assert await scene.poll(Poll()) == Polled({}, more=False)


async def test_polls_at_once_lose_nothing(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        for number in range(12):
            await scene.place.user(f"u{number}")
        await placed(scene.place.hub)
        answers = await asyncio.gather(*(scene.poller.poll(scene.stream, Poll(4, True)) for _ in range(6)))
        seen = {one for answer in answers for one in answer.tokens}
        while True:
            answer = await scene.poll(Poll(5, True, taken=list(seen)))
            if not answer.tokens and not answer.more:
                break
            seen |= answer.tokens.keys()
        assert len(seen) == 12


async def test_a_stream_that_was_not_read_for_too_long_is_refused(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        await scene.place.user("ada")
        await placed(scene.place.hub)
        await scene.place.hub.stores.feed.forget(clock() + 1)
        with pytest.raises(CursorGone, match="Make a new one"):
            await scene.poll()


async def test_what_was_erased_is_left_out(tmp_path: Path) -> None:
    """A token that can be made no more does not hold up the stream."""
    async with scene_in(tmp_path) as scene:
        await scene.place.user("ada")
        await placed(scene.place.hub)
        bare = scene.poller
        with mock.patch.object(TokenMaker, "token", mock.AsyncMock(return_value=None)):
            assert (await bare.poll(scene.stream, NOW)).tokens == {}
        assert await scene.told() == []


async def test_a_secret_opens_its_stream_only(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        streams = scene.place.hub.stores.streams
        assert await stream_of_secret(streams, scene.secret) == scene.stream
        wrong = scene.secret[:-9] + ("A" if scene.secret[-9] != "A" else "E") + scene.secret[-8:]
        for text in ("", wrong, scene.secret + "A", scene.secret.replace("hw_stream_", "hw_api_")):
            assert await stream_of_secret(streams, text) is None
        desk = stream_desk(scene.place.hub)
        other = await create_stream(desk, scene.place.directory, "other", OPERATOR)
        assert await stream_of_secret(streams, other.secret) == other.stream
        await delete_stream(desk, other.stream, OPERATOR)
        assert await stream_of_secret(streams, other.secret) is None
        assert (await scene.poller.poll(other.stream, NOW)) == Polled({}, more=False)


async def test_what_no_stream_can_be_is_refused(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        hub, directory = scene.place.hub, scene.place.directory
        desk = stream_desk(hub)
        for audience in ("", "  ", "x" * 501, "a\nb"):
            with pytest.raises(Refused, match="who reads"):
                await create_stream(desk, directory, audience, OPERATOR)
        for _ in range(MOST_STREAMS - 1):
            await create_stream(desk, directory, AUDIENCE, OPERATOR)
        with pytest.raises(Refused, match="at most ten"):
            await create_stream(desk, directory, AUDIENCE, OPERATOR)
        other = await made_place(hub, directory.organization, name="Other")
        for text in ("stream_x", wire(STREAM, scene.stream.id)):
            with pytest.raises(Refused, match="no stream"):
                await found_stream(desk, other.directory, text)
        assert await found_stream(desk, directory, wire(STREAM, scene.stream.id)) == scene.stream
        gone = replace(directory, state=DirectoryState.DELETED)
        with pytest.raises(Refused, match="deleted"):
            await create_stream(desk, gone, AUDIENCE, OPERATOR)
