"""What the application is told: events as documents, with before and after, and the person as a member."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hallway.hub.events.model import CHANGING, TOLD_TYPES, Cursor, read_cursor
from hallway.hub.organizations.domains import Domain, DomainState, NewDomain
from hallway.ids import USER, wire
from hallway.journal.feed import Bell, Wanted
from hallway.journal.model import Change
from hallway.web.wiring import Hub, clock
from hallway.worker.sequencer import Sequencer
from tests.rooms.opened import OPERATOR, Place, made_place, opened

ADA = "ada@acme.example"


@asynccontextmanager
async def placed_in(tmp_path: Path) -> AsyncIterator[Place]:
    """A directory of an organization that has proved acme.example."""
    async with opened(tmp_path) as hub:
        made = await made_place(hub)
        domain = Domain(made.key.organization_id, "acme.example", DomainState.PROVED, "c", clock(), proved_at=clock())
        await hub.stores.database.commit(Change(made.key.organization_id, (NewDomain(domain),)))
        yield made


async def told(hub: Hub, after: int = 0) -> list[dict[str, Any]]:
    """Every event behind a position."""
    while await hub.stores.feed.place():
        pass
    found = await hub.stores.feed.after(Wanted(after, 10_000))
    return [dict(one) for one in await hub.teller.told(found.entries)]


def replaced(path: str, value: Any) -> dict[str, Any]:
    """An operation of PATCH."""
    return {"op": "replace", "path": path, "value": value}


async def test_a_person_who_arrives_and_leaves_is_told_with_before_and_after(tmp_path: Path) -> None:
    async with placed_in(tmp_path) as place:
        hub = place.hub
        start = await _newest(hub)
        user = await place.user(ADA, displayName="Ada")
        await place.patch(user, replaced("active", False))
        events = await told(hub, start)
        assert [one["type"] for one in events] == [
            "user.created", "member.added", "user.deactivated", "member.deactivated",
        ]  # fmt: skip
        created, added, off, deactivated = events
        member = added["subject"]["id"]
        assert {one["member"] for one in events} == {member}
        assert (created["before"], created["after"]["userName"]) == (None, ADA)
        assert (added["before"], added["after"]["state"], added["after"]["email"]) == (None, "active", ADA)
        assert (off["before"], off["after"]) == ({"active": True}, {"active": False})
        assert (deactivated["before"]["state"], deactivated["after"]["state"]) == ("active", "deactivated")
        assert deactivated["after"]["directory_user"] == wire(USER, user)
        assert deactivated["cause"]["actor"]["kind"] == "token"
        assert off["cause"]["person"] == wire(USER, user)
        assert [one["member_after"] for one in events] == [added["after"]] * 2 + [deactivated["after"]] * 2
        assert [one["sequence"] for one in events] == list(range(created["sequence"], created["sequence"] + 4))


async def test_a_new_name_is_told_of_the_member_too(tmp_path: Path) -> None:
    async with placed_in(tmp_path) as place:
        user = await place.user(ADA, displayName="Ada")
        start = await _newest(place.hub)
        await place.patch(user, replaced("displayName", "Ada King"))
        await place.user("bob@elsewhere.example")
        updated, foreign = await told(place.hub, start)
        assert (updated["type"], updated["after"]) == ("user.updated", {"displayName": "Ada King"})
        assert updated["member_after"]["id"] == updated["member"]
        assert updated["member_after"]["name"] == "Ada King"
        assert (foreign["member"], foreign["member_after"]) == (None, None)


async def _newest(hub: Hub) -> int:
    while await hub.stores.feed.place():
        pass
    return await hub.stores.feed.newest()


async def test_who_came_into_a_group_is_named_as_a_member_too(tmp_path: Path) -> None:
    async with placed_in(tmp_path) as place:
        hub = place.hub
        user, outside = await place.user(ADA), await place.user("bob@elsewhere.example")
        start = await _newest(hub)
        await place.group("Staff", user, outside)
        created = (await told(hub, start))[0]
        group = created["subject"]["id"]
        assert (created["type"], created["before"], created["after"]["displayName"]) == ("group.created", None, "Staff")
        await place.patch_group(
            await _group(place, group), {"op": "remove", "path": f'members[value eq "{wire(USER, user)}"]'}
        )
        changed = (await told(hub, start))[-1]
        member = next(one["member"] for one in await told(hub) if one["type"] == "user.created" and one["member"])
        assert changed["facts"]["removed"] == [wire(USER, user)]
        assert changed["facts"]["members"] == {wire(USER, user): member}


async def _group(place: Place, text: str) -> Any:
    return bytes.fromhex(text.partition("_")[2])


async def test_a_deleted_organization_is_told_by_its_name(tmp_path: Path) -> None:
    async with placed_in(tmp_path) as place:
        hub = place.hub
        other = await hub.registrar.create("Beta", hub_plan(place), "crm-7", OPERATOR)
        start = await _newest(hub)
        await hub.registrar.delete(other)
        (event,) = await told(hub, start)
        assert (event["type"], event["organization"]["external_id"]) == ("organization.deleted", "crm-7")
        assert event["facts"] == {"name": "Beta", "external_id": "crm-7"}
        assert event["organization"]["id"] not in {one["organization"]["id"] for one in await told(hub) if one != event}


def hub_plan(place: Place) -> Any:
    """The plan of the other organization."""
    return place.directory.organization.plan


def test_a_cursor_reads_back_and_nothing_else_does() -> None:
    cursor = Cursor(b"e" * 16, 2**40)
    assert read_cursor(str(cursor)) == cursor
    for text in ("", "x", str(cursor)[:-1], f"{cursor}A", f"{cursor} ", str(cursor) + "=", "é" * 32):
        assert read_cursor(text) is None


def test_the_types_in_which_a_member_changes_are_types() -> None:
    assert set(TOLD_TYPES) >= CHANGING
    assert not [one for one in TOLD_TYPES if one.startswith("account.")]


async def test_the_sequencer_places_what_is_committed_and_wakes_who_waits(tmp_path: Path) -> None:
    async with placed_in(tmp_path) as place:
        hub, placed = place.hub, Bell()
        running = Sequencer(hub.stores.feed, hub.stores.database.bell, placed)
        running.start()
        try:
            waiting = asyncio.create_task(placed.wait(30))
            await asyncio.sleep(0)
            await place.user(ADA)
            assert await waiting
        finally:
            await running.stop()
        assert (await told(hub))[-1]["type"] == "member.added"


async def test_who_waits_for_nothing_is_told_so_in_time() -> None:
    bell = Bell()
    assert not await bell.wait(0)
    assert await bell.wait(0, lambda: True)
