"""Streams of security events that are pushed (RFC 8935): what is posted, and what the receiver's answer means."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from hallway.delivery.model import Endpoint, EndpointState, Fate
from hallway.hub.directories.model import DirectoryState
from hallway.hub.organizations.service import Refused
from hallway.hub.webhooks.pushing import KIND, MAX_AUTHORIZATION, PushWish, create_push, pushed
from hallway.hub.webhooks.service import delete, found_endpoint
from hallway.ids import ENDPOINT, USER, wire
from hallway.oidc.issuing import own_claims
from hallway.outbound import Answer
from hallway.web.wiring import signing
from tests.delivering import Round, delivering
from tests.rooms.opened import OPERATOR, Place, made_place
from tests.rooms.test_events import replaced

URL = "https://reader.example/events"
WISH = PushWish(URL, "https://reader.example", "Bearer of-theirs")
PREFIX = "urn:ietf:params:scim:event:prov:"


@dataclass
class Scene:
    """A directory, whose changes are pushed."""

    post: Round
    place: Place
    endpoint: Endpoint

    async def claims(self) -> list[dict[str, Any]]:
        """What each posted token says, by the keys that we publish."""
        keys = await signing(self.post.hub).key_set()
        issuer = self.post.hub.settings.base_url
        return [own_claims(one.body.decode(), keys, issuer, "secevent+jwt") for one in self.post.receivers.heard]


@asynccontextmanager
async def scene_in(tmp_path: Path, database_url: str) -> AsyncIterator[Scene]:
    """What was before the stream is not told."""
    async with delivering(tmp_path, database_url) as post:
        place = await made_place(post.hub)
        await post.placed()
        yield Scene(post, place, await create_push(post.webhooks, place.directory, WISH, OPERATOR))


async def test_each_change_is_posted_signed_and_in_order(tmp_path: Path, database_url: str) -> None:
    async with scene_in(tmp_path, database_url) as scene:
        other = await made_place(scene.post.hub, scene.place.directory.organization, name="Other")
        user = await scene.place.user("ada")
        await other.user("bob")
        await scene.place.patch(user, replaced("active", False))
        await scene.post.run()
        claims = await scene.claims()
        assert [sorted(one["events"]) for one in claims] == [
            [f"{PREFIX}create:full"], [f"{PREFIX}deactivate", f"{PREFIX}put:full"],
        ]  # fmt: skip
        assert {one["sub_id"]["uri"] for one in claims} == {f"/Users/{wire(USER, user)}"}
        assert {tuple(one["aud"]) for one in claims} == {("https://reader.example",)}
        heard = scene.post.receivers.heard[0]
        assert heard.headers == {
            "content-type": "application/secevent+jwt", "accept": "application/json",
            "authorization": "Bearer of-theirs",
        }  # fmt: skip


async def test_without_authorization_none_is_sent(tmp_path: Path, database_url: str) -> None:
    async with scene_in(tmp_path, database_url) as scene:
        wish = replace(WISH, url="https://open.example/", authorization="")
        await create_push(scene.post.webhooks, scene.place.directory, wish, OPERATOR)
        await scene.place.user("ada")
        await scene.post.run()
        (heard,) = scene.post.receivers.at("https://open.example/")
        assert "authorization" not in heard.headers


async def test_a_token_that_cannot_be_read_is_not_sent_again(tmp_path: Path, database_url: str) -> None:
    """Everything else that is refused is tried again, under the same id."""
    async with scene_in(tmp_path, database_url) as scene:
        said = [
            Answer(400, {}, b'{"err": "invalid_request"}', URL), Answer(400, {}, b'{"err": "invalid_key"}', URL),
            Answer(400, {}, b"[]", URL), Answer(400, {}, b"?", URL), 500, 202,
        ]  # fmt: skip
        scene.post.receivers.behave[URL] = lambda _: said.pop(0)
        await scene.place.user("ada")
        await scene.place.user("bob")
        await scene.post.run()
        first, *again = [one["jti"] for one in await scene.claims()]
        assert len(again) == 5 and set(again) == {again[0]} and first != again[0]
        assert [one.fate for one in scene.post.sent] == [Fate.DEAD, *[Fate.POSTPONED] * 4, Fate.DELIVERED]


async def test_a_receiver_that_is_gone_is_asked_no_more(tmp_path: Path, database_url: str) -> None:
    async with scene_in(tmp_path, database_url) as scene:
        scene.post.receivers.behave[URL] = lambda _: 410
        await scene.place.user("ada")
        await scene.place.user("bob")
        await scene.post.run()
        assert len(scene.post.receivers.heard) == 1
        found = await found_endpoint(scene.post.webhooks, wire(ENDPOINT, scene.endpoint.id), KIND)
        assert found.state is EndpointState.OFF


async def test_streams_of_a_directory_are_listed_and_end(tmp_path: Path, database_url: str) -> None:
    async with scene_in(tmp_path, database_url) as scene:
        desk, key = scene.post.webhooks, scene.place.key
        other = await made_place(scene.post.hub)
        await scene.post.webhook("https://hook.example/")
        await create_push(desk, other.directory, WISH, OPERATOR)
        assert await pushed(desk, key.organization_id, key.directory_id) == [scene.endpoint]
        await delete(desk, scene.endpoint, OPERATOR)
        await scene.place.user("ada")
        await scene.post.run()
        assert scene.post.receivers.at(URL) == []
        assert await pushed(desk, key.organization_id, key.directory_id) == []


async def test_what_no_pushed_stream_can_be_is_refused(tmp_path: Path, sqlite_database: str) -> None:
    async with scene_in(tmp_path, sqlite_database) as scene:
        desk, directory = scene.post.webhooks, scene.place.directory
        for wish in (
            replace(WISH, url="ftp://reader.example"), replace(WISH, url=""), replace(WISH, audience=" "),
            replace(WISH, authorization="a\nb"), replace(WISH, authorization="é"),
            replace(WISH, authorization="x" * (MAX_AUTHORIZATION + 1)),
        ):  # fmt: skip
            with pytest.raises(Refused) as refused:
                await create_push(desk, directory, wish, OPERATOR)
            assert refused.value.reason == "invalid"
        gone = replace(directory, state=DirectoryState.DELETED)
        with pytest.raises(Refused, match="deleted"):
            await create_push(desk, gone, WISH, OPERATOR)
