"""Following the feed: each event at least once, none lost, whatever breaks in between."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hallway.client import (
    ApiProblem,
    AsyncFollower,
    AsyncHubClient,
    Batch,
    Did,
    Event,
    FileReader,
    Follower,
    HubClient,
    HubProblem,
    Receipt,
    Snapshot,
    Unreachable,
    Wanted,
)
from hallway.client.following import pause
from tests.client.hub import ACME, FakeHub, event
from tests.engines import run

AT = datetime(2026, 11, 24, tzinfo=UTC)
FEED, SNAPSHOT, RECEIPTS = "/api/v1/events", "/api/v1/snapshot", "/api/v1/receipts"


@dataclass
class Application:
    """A reader whose one transaction is a call: what `crash` names happens before it commits."""

    at: str | None = "c6"
    seen: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    crash: str = ""

    def cursor(self) -> str | None:
        return self.at

    def begin_again(self, cursor: str, parts: Iterator[Snapshot]) -> None:
        self.people, self.at = [one.id for part in parts for one in part.members], cursor

    def take(self, batch: Batch) -> None:
        if self.crash == "take":
            raise RuntimeError("the application fell over")
        self.seen += [one.id for one in batch.events]
        self.receipts += [Receipt(one.id, (Did("sessions_ended", 1),), AT) for one in batch.events]
        self.at = batch.cursor or self.at

    def owed(self) -> Sequence[Receipt]:
        return tuple(self.receipts)

    def sent(self, receipt: Receipt) -> None:
        self.receipts.remove(receipt)


@dataclass
class Awaited:
    """The same for those who await."""

    inner: Application

    async def cursor(self) -> str | None:
        return self.inner.cursor()

    async def begin_again(self, cursor: str, parts: AsyncIterator[Snapshot]) -> None:
        self.inner.begin_again(cursor, iter([one async for one in parts]))

    async def take(self, batch: Batch) -> None:
        self.inner.take(batch)

    async def owed(self) -> Sequence[Receipt]:
        return self.inner.owed()

    async def sent(self, receipt: Receipt) -> None:
        self.inner.sent(receipt)


@dataclass
class Following:
    """Either follower, driven turn by turn."""

    hub: FakeHub
    is_async: bool
    application: Application = field(default_factory=Application)
    reported: list[HubProblem] = field(default_factory=list)

    def turn(self, wanted: Wanted | None = None) -> None:
        if not self.is_async:
            client = HubClient(self.hub.application())
            return Follower(client, self.application, wanted or Wanted(), self.reported.append).turn()

        async def whole() -> None:
            async with AsyncHubClient(self.hub.application()) as client:
                await AsyncFollower(client, Awaited(self.application), wanted or Wanted(), self.reported.append).turn()

        return run(whole())


@pytest.fixture(params=["blocking", "asynchronous"])
def following(request: pytest.FixtureRequest, hub: FakeHub) -> Following:
    hub.answers[RECEIPTS] = [(201, {})]
    hub.answers[SNAPSHOT] = [(200, page("mem_ada", "p2")), (200, page("mem_bea", None))]
    hub.answers[FEED] = [(200, {"items": [event(7)], "next": "c7"})]
    return Following(hub, request.param == "asynchronous")


def page(member: str, following: str | None) -> dict[str, Any]:
    """A part of a snapshot."""
    items = [{"kind": "organization", **ACME}, {"kind": "member", "id": member, "organization": "org_1"}]
    return {"items": items, "cursor": "c40", "next": following}


def test_whoever_never_read_begins_with_a_snapshot(following: Following) -> None:
    following.application.at = None
    following.turn()
    assert (following.application.people, following.application.at) == (["mem_ada", "mem_bea"], "c40")
    assert following.hub.paths() == [f"GET {SNAPSHOT}", f"GET {SNAPSHOT}"]
    following.turn()
    assert following.application.seen == ["evt_7"] and following.hub.asked[2][2]["after"] == ["c40"]


def test_events_are_taken_and_receipts_sent(following: Following) -> None:
    following.turn(Wanted(("member.*",), wait=20))
    assert (following.application.seen, following.application.at) == (["evt_7"], "c7")
    assert following.application.receipts == []
    assert following.hub.paths() == [f"GET {FEED}", f"POST {RECEIPTS}"]
    assert following.hub.asked[1][4]["did"] == [{"what": "sessions_ended", "count": 1}]


def test_a_cursor_moves_past_what_a_filter_left_out(following: Following) -> None:
    following.hub.answers[FEED] = [(200, {"items": [], "next": "c30"})]
    following.turn()
    assert (following.application.seen, following.application.at) == ([], "c30")


def test_while_nothing_happens_nothing_is_written(following: Following) -> None:
    following.hub.answers[FEED] = [(200, {"items": [], "next": "c6"})]
    following.application.crash = "take"
    following.turn()
    assert following.application.at == "c6"


def test_what_was_not_committed_comes_again(following: Following) -> None:
    following.application.crash = "take"
    with pytest.raises(RuntimeError):
        following.turn()
    assert following.application.at == "c6" and f"POST {RECEIPTS}" not in following.hub.paths()
    following.application.crash = ""
    following.turn()
    assert following.application.seen == ["evt_7"]
    assert [asked[2]["after"] for asked in following.hub.asked if asked[1] == FEED] == [["c6"], ["c6"]]


@pytest.mark.parametrize("document", [{"code": "cursor_gone", "snapshot": "…"}, b""])
def test_a_cursor_that_is_gone_begins_again(following: Following, document: Any) -> None:
    following.hub.answers[FEED] = [(410, document)]
    following.turn()
    assert (following.application.people, following.application.at) == (["mem_ada", "mem_bea"], "c40")
    assert len(following.reported) == 1


def test_a_snapshot_that_breaks_off_is_not_kept(following: Following) -> None:
    following.application.at = None
    following.hub.answers[SNAPSHOT] = [(200, page("mem_ada", "p2")), (503, {"code": "unavailable"})]
    with pytest.raises(ApiProblem):
        following.turn()
    assert (following.application.people, following.application.at) == ([], None)


def test_a_receipt_is_sent_until_it_is_taken(following: Following) -> None:
    following.hub.answers[RECEIPTS] = [(503, {"code": "unavailable"}), (201, {})]
    with pytest.raises(ApiProblem):
        following.turn()
    assert [one.event for one in following.application.receipts] == ["evt_7"] and following.application.at == "c7"
    following.hub.answers[FEED] = [(200, {"items": [], "next": "c7"})]
    following.turn()
    assert following.application.receipts == []


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_receipt_that_will_never_be_taken_is_let_go(following: Following, status: int) -> None:
    following.hub.answers[RECEIPTS] = [(status, {"code": "not_found"})]
    following.turn()
    assert following.application.receipts == [] and len(following.reported) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_may_not_keeps_receipts_owed(following: Following, status: int) -> None:
    following.hub.answers[RECEIPTS] = [(status, {"code": "insufficient_scope"})]
    with pytest.raises(ApiProblem):
        following.turn()
    assert len(following.application.receipts) == 1


def test_running_goes_on_after_problems(hub: FakeHub) -> None:
    hub.answers[RECEIPTS] = [(201, {})]
    hub.answers[FEED] = [(503, {}), (503, {}), (200, {"items": [event(7)], "next": "c7"})]
    application, pauses, problems = Application(), list[float](), list[HubProblem]()
    follower = Follower(HubClient(hub.application()), application, Wanted(), problems.append, pauses.append)
    follower.run(lambda: application.at == "c6")
    assert application.seen == ["evt_7"] and len(problems) == 2
    assert 1 <= pauses[0] <= 2 <= pauses[1] <= 4


@pytest.mark.parametrize("with_webhooks", [False, True])
def test_running_beside_others_goes_on_after_problems(hub: FakeHub, with_webhooks: bool) -> None:
    hub.answers[SNAPSHOT] = [(429, {}), (200, {**page("mem_ada", None), "cursor": "c6"})]
    hub.answers[RECEIPTS] = [(201, {})]
    hub.answers[FEED] = [(200, {"items": [event(7)], "next": "c7"})]
    application, paused = Application(at=None), list[float]()

    async def whole() -> None:
        done = asyncio.Event()

        async def rest(seconds: float) -> None:
            paused.append(seconds)
            if with_webhooks and application.at:
                await reader.take(Batch([], None))
            await asyncio.sleep(0)

        @dataclass
        class Watched(Awaited):
            async def take(self, batch: Batch) -> None:
                await super().take(batch)
                done.set()

        reader = Watched(application)
        async with AsyncHubClient(hub.application()) as client:
            follower = AsyncFollower(client, reader, Wanted(), lambda _: None, rest)
            task = asyncio.create_task(follower.run_for_webhooks() if with_webhooks else follower.run())
            await done.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(whole())
    assert paused[0] == 7 and application.people == ["mem_ada"]
    assert (f"GET {FEED}" in hub.paths()) is not with_webhooks


def test_pauses_grow_to_a_minute_and_heed_the_hub() -> None:
    lost = Unreachable("gone")
    assert all(1 <= pause(lost, 1) <= 2 and 4 <= pause(lost, 3) <= 8 for _ in range(50))
    assert all(30 <= pause(lost, failures) <= 60 for failures in (6, 50, 10_000))
    assert pause(ApiProblem(429, "too_many_requests", "Later.", 3), 50) == 3
    assert pause(ApiProblem(503, "unavailable", "Later.", 86_400), 1) == 60


def test_what_goes_wrong_stands_in_the_log(hub: FakeHub, caplog: pytest.LogCaptureFixture) -> None:
    hub.answers[FEED] = [(410, {"code": "cursor_gone", "title": "Begin again."})]
    hub.answers[SNAPSHOT] = [(200, page("mem_ada", None))]
    with caplog.at_level(logging.WARNING):
        Follower(HubClient(hub.application()), Application()).turn()
    assert caplog.messages == ["cursor_gone: Begin again."]


@dataclass
class Notes:
    """What a handler of a file's reader was given."""

    events: list[str] = field(default_factory=list)
    snapshots: int = 0
    fails_at: str = ""

    def handle(self, event: Event) -> list[Did]:
        if event.id == self.fails_at:
            raise RuntimeError("the application fell over")
        self.events.append(event.id)
        return [Did("keys_revoked", 3)] if event.type == "member.deactivated" else []

    def begin_again(self, parts: Iterator[Snapshot]) -> None:
        self.snapshots += sum(len(part.members) for part in parts)


def test_a_file_keeps_cursor_and_receipts(hub: FakeHub, tmp_path: Path) -> None:
    hub.answers[SNAPSHOT] = [(200, page("mem_ada", None))]
    hub.answers[FEED] = [(200, {"items": [event(7), event(8, "member.entered")], "next": "c8"})]
    hub.answers[RECEIPTS] = [(503, {}), (201, {})]
    notes, path = Notes(), tmp_path / "feed.json"

    def follower() -> Follower:
        return Follower(HubClient(hub.application()), FileReader(path, notes.handle, notes.begin_again), Wanted())

    follower().turn()
    assert notes.snapshots == 1 and FileReader(path, notes.handle, notes.begin_again).cursor() == "c40"
    with pytest.raises(ApiProblem):
        follower().turn()
    assert notes.events == ["evt_7", "evt_8"]
    hub.answers[FEED] = [(200, {"items": [], "next": "c8"})]
    follower().turn()
    assert [asked[4]["event"] for asked in hub.asked if asked[1] == RECEIPTS] == ["evt_7", "evt_7"]
    assert list(FileReader(path, notes.handle, notes.begin_again).owed()) == []
    assert [one.name for one in tmp_path.iterdir()] == ["feed.json"]


def test_a_handler_that_fails_leaves_the_file_as_it_was(hub: FakeHub, tmp_path: Path) -> None:
    notes, path = Notes(fails_at="evt_8"), tmp_path / "feed.json"
    reader = FileReader(path, notes.handle, notes.begin_again)
    reader.begin_again("c6", iter(()))
    hub.answers[FEED] = [(200, {"items": [event(7), event(8)], "next": "c8"})]
    hub.answers[RECEIPTS] = [(201, {})]
    with pytest.raises(RuntimeError):
        Follower(HubClient(hub.application()), reader, Wanted()).turn()
    assert (reader.cursor(), list(reader.owed())) == ("c6", [])
    notes = replace(notes, fails_at="")
    Follower(HubClient(hub.application()), FileReader(path, notes.handle, notes.begin_again), Wanted()).turn()
    assert notes.events == ["evt_7", "evt_7", "evt_8"], "at least once, in order"
