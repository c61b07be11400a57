"""Following the feed: from a cursor on, of whom and of what, waiting, and what is refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from hallway.hub.events import following
from hallway.hub.events.following import Asked, CursorGone, EventPage, Follower, Unfollowed, told_types
from hallway.hub.events.model import TOLD_TYPES, Cursor
from hallway.hub.organizations.model import Organization, Plan
from hallway.ids import ORGANIZATION, OrganizationId, wire
from hallway.journal.feed import Told, Wanted
from hallway.store.feed import FeedStore
from hallway.web.wiring import Hub, clock
from hallway.worker.sequencer import Sequencer
from tests.cli.commands import text_of
from tests.rooms.opened import MASTER_KEY, OPERATOR, opened


@dataclass
class Scene:
    """Two organizations, and what happens in them."""

    hub: Hub
    acme: Organization
    beta: Organization

    @property
    def follower(self) -> Follower:
        return self.hub.follower

    async def changed(self, *names: str, beta: bool = False) -> None:
        """An `organization.updated` for each name, with its position."""
        for name in names:
            one = self.beta if beta else self.acme
            await self.hub.registrar.update(replace(one, name=name), OPERATOR)
        await placed(self.hub)

    async def page(self, after: str = "", **more: Any) -> EventPage:
        return await self.follower.page(Asked(after, **more))


async def placed(hub: Hub) -> None:
    """Every entry has its position."""
    await Sequencer(hub.stores.feed, hub.stores.database.bell, hub.placed).round()


@asynccontextmanager
async def scene_in(tmp_path: Path) -> AsyncIterator[Scene]:
    """Everything so far has its position."""
    async with opened(tmp_path) as hub:
        acme = await hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        beta = await hub.registrar.create("Beta", Plan.ENTERPRISE, "b-1", OPERATOR)
        await placed(hub)
        yield Scene(hub, acme, beta)


def sequences(page: EventPage) -> list[tuple[Any, Any]]:
    """Which entries a page tells."""
    return [(one["organization"]["id"], one["sequence"]) for one in page.items]  # type: ignore[index,call-overload]


async def test_a_follower_reads_everything_once_and_in_order(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        await scene.changed("A1", "A2", "A3")
        whole = await scene.page()
        acme, beta = wire(ORGANIZATION, scene.acme.id), wire(ORGANIZATION, scene.beta.id)
        assert sequences(whole) == [(acme, 1), (beta, 1), (acme, 2), (acme, 3), (acme, 4)]
        assert not whole.more
        read, cursor = [], ""
        while True:
            page = await scene.page(cursor, limit=2)
            read += sequences(page)
            assert page.next == (page.items[-1]["cursor"] if page.items else cursor)
            cursor = page.next
            if not page.more:
                break
        assert read == sequences(whole)
        assert (await scene.page(cursor)).items == []
        await scene.changed("B1", beta=True)
        assert sequences(await scene.page(cursor)) == [(beta, 2)]


async def test_now_begins_behind_everything(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        page = await scene.page("now")
        assert (page.items, page.more) == ([], False)
        await scene.changed("A1")
        assert len((await scene.page(page.next)).items) == 1


async def test_a_filter_leaves_out_and_the_cursor_moves_all_the_same(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        start = (await scene.page("now")).next
        await scene.changed("A1")
        await scene.changed("B1", beta=True)
        await scene.changed("A2")
        of_beta = await scene.page(start, organization_id=scene.beta.id)
        assert sequences(of_beta) == [(wire(ORGANIZATION, scene.beta.id), 2)]
        assert of_beta.next == (await scene.page("now")).next
        assert len((await scene.page(start, types=["organization.*"])).items) == 3
        none = await scene.page(start, types=["member.*", "user.created"])
        assert (none.items, none.next, none.more) == ([], of_beta.next, False)


async def test_where_very_many_are_left_out_there_is_more_to_read(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        start = (await scene.page("now")).next
        await scene.changed(*(f"A{number}" for number in range(9)))
        with mock.patch("hallway.store.feed.LOOKED_AT", 2), mock.patch.object(following, "_LOOKS", 2):
            pages, cursor = [await scene.page(start, types=["user.created"], wait_seconds=30)], start
            while pages[-1].more:
                assert pages[-1].next != cursor
                cursor = pages[-1].next
                pages.append(await scene.page(cursor, types=["user.created"]))
        assert len(pages) == 3
        assert not any(page.items for page in pages)
        assert pages[-1].next == (await scene.page("now")).next


def test_a_type_is_one_of_the_table_or_an_area() -> None:
    assert told_types([]) == set()
    assert told_types(["user.created"]) == {"user.created"}
    assert told_types(["member.*", "user.created"]) >= {"member.added", "member.removed", "user.created"}
    assert told_types([f"{name.partition('.')[0]}.*" for name in TOLD_TYPES]) == TOLD_TYPES.keys()
    for wrong in ("", "*", ".*", "member", "member.", "member*", "account.*", "account.created", "user.created.*"):
        with pytest.raises(Unfollowed, match="There are: audit"):
            told_types([wrong])


async def test_an_organization_that_never_was_is_refused(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        with pytest.raises(Unfollowed) as refused:
            await scene.page(organization_id=OrganizationId(b"\x01" * 16))
        assert refused.value.reason == "not_found"


async def test_who_follows_an_organization_is_told_that_it_was_deleted(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        start = (await scene.page("now")).next
        await scene.changed("B1", beta=True)
        await scene.hub.registrar.delete(scene.beta)
        assert (await scene.page(start, organization_id=scene.beta.id)).items == []
        await placed(scene.hub)
        for owner in (scene.beta.id, None):
            page = await scene.page(start, organization_id=owner)
            assert [one["type"] for one in page.items] == ["organization.deleted"]
        assert (await scene.page(page.next, organization_id=scene.beta.id)).items == []


async def test_what_is_no_cursor_is_refused(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        for text in ("0", "latest", "x" * 31, (await scene.page()).next + "A"):
            with pytest.raises(Unfollowed) as refused:
                await scene.page(text)
            assert refused.value.reason == "invalid_cursor"


async def test_a_cursor_older_than_what_is_kept_is_gone(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        first = (await scene.page(limit=1)).next
        last = (await scene.page()).next
        await scene.hub.stores.feed.forget(clock() + 1)
        with pytest.raises(CursorGone, match="older"):
            await scene.page(first)
        assert (await scene.page(last)).items == []
        await scene.changed("A1")
        assert len((await scene.page(last)).items) == 1
        assert sequences(await scene.page()) == sequences(await scene.page(last))


@dataclass
class Meanwhile:
    """A feed in which something happens right after it was looked at."""

    feed: FeedStore
    act: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.feed, name)

    async def after(self, wanted: Wanted) -> Told:
        """What was there before."""
        told = await self.feed.after(wanted)
        if self.act is not None:
            act, self.act = self.act, None
            await act()
        return told


async def test_what_is_forgotten_while_it_is_read_is_not_missed_in_silence(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        start = (await scene.page(limit=1)).next

        async def forget() -> None:
            await scene.hub.stores.feed.forget(clock() + 1)

        follower = replace(scene.follower, feed=Meanwhile(scene.hub.stores.feed, forget))
        with pytest.raises(CursorGone):
            await follower.page(Asked(start))


async def test_a_cursor_of_what_this_deployment_does_not_have_is_gone(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        newest = await scene.hub.stores.feed.newest()
        with pytest.raises(CursorGone, match="does not have"):
            await scene.page(str(Cursor(scene.hub.epoch, newest + 1)))


async def test_a_restore_begins_a_new_epoch_and_old_cursors_are_gone(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        cursor, place = (await scene.page()).next, (await scene.hub.surveyor.page("", None, 1)).next
        await scene.changed("A1")
    environ = {"HALLWAY_DATABASE": f"sqlite:///{tmp_path / 'hallway.db'}", "HALLWAY_MASTER_KEY": MASTER_KEY}
    await asyncio.to_thread(text_of, environ, "backup", str(tmp_path / "archive"))
    await asyncio.to_thread(text_of, environ, "restore", str(tmp_path / "archive"), "--yes")
    async with opened(tmp_path) as hub:
        assert place is not None
        with pytest.raises(CursorGone, match="restored"):
            await hub.follower.page(Asked(cursor))
        with pytest.raises(CursorGone, match="restored"):
            await hub.surveyor.page(place, None, 1)
        assert len((await hub.follower.page(Asked())).items) == 3


async def test_who_waits_is_woken_by_what_she_waits_for(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        start = (await scene.page("now")).next
        waiting = asyncio.create_task(scene.page(start, organization_id=scene.acme.id, wait_seconds=30))
        await _waits(scene.hub)
        await scene.changed("B1", beta=True)
        await _waits(scene.hub)
        assert not waiting.done()
        await scene.changed("A1")
        assert sequences(await waiting) == [(wire(ORGANIZATION, scene.acme.id), 2)]


async def _waits(hub: Hub) -> None:
    """Until somebody waits for the bell."""
    for _ in range(10_000):
        if hub.placed._waiting and not any(one.is_set() for one in hub.placed._waiting):
            return
        await asyncio.sleep(0)
    raise AssertionError("nobody waits")


async def test_what_comes_between_looking_and_waiting_is_heard(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        start = (await scene.page("now")).next

        async def change() -> None:
            await scene.changed("A1")

        follower = replace(scene.follower, feed=Meanwhile(scene.hub.stores.feed, change))
        async with asyncio.timeout(20):
            assert len((await follower.page(Asked(start, wait_seconds=30))).items) == 1


async def test_who_waited_for_nothing_gets_an_empty_page(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        start = (await scene.page("now")).next
        page = await scene.page(start, wait_seconds=0.001)
        assert (page.items, page.next, page.more) == ([], start, False)


async def test_entries_that_another_process_placed_wake_too(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene, opened(tmp_path) as other:
        start = (await scene.page("now")).next
        running = Sequencer(scene.hub.stores.feed, scene.hub.stores.database.bell, scene.hub.placed)
        await running.round()
        waiting = asyncio.create_task(scene.page(start, wait_seconds=30))
        await _waits(scene.hub)
        await other.registrar.update(replace(scene.acme, name="A1"), OPERATOR)
        await placed(other)
        assert await running.round() == 0
        assert len((await waiting).items) == 1


async def test_an_event_is_found_by_its_id(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene:
        page = await scene.page()
        for one in page.items:
            assert await scene.follower.event(str(one["id"])) == one
        for text in ("evt_" + "0" * 32, "evt_1", "", str(page.items[0]["id"]).removeprefix("evt_")):
            with pytest.raises(Unfollowed) as refused:
                await scene.follower.event(text)
            assert refused.value.reason == "not_found"
