"""A snapshot and the feed from its cursor on: together they are what there is, whatever happens meanwhile."""

import random
from pathlib import Path
from typing import Any

import pytest

from hallway.hub.directories.users import delete_user
from hallway.hub.events.following import Asked, Unfollowed
from hallway.hub.events.snapshot import read_place
from hallway.hub.organizations.model import Plan
from hallway.ids import DIRECTORY, GROUP, ORGANIZATION, USER, OrganizationId, ResourceId, wire
from hallway.web.wiring import Hub
from tests.rooms.opened import OPERATOR, Place, made_place
from tests.rooms.test_events import ADA, placed_in, replaced
from tests.rooms.test_following import placed


async def walked(hub: Hub, limit: int = 1000, only: OrganizationId | None = None) -> tuple[list[Any], str]:
    """Every item, and the cursor to go on from."""
    items: list[Any] = []
    page = await hub.surveyor.page("", only, limit)
    cursor = page.cursor
    while True:
        assert len(page.items) <= limit
        assert page.cursor == cursor
        items += page.items
        if page.next is None:
            return items, cursor
        page = await hub.surveyor.page(page.next, only, limit)


async def test_a_snapshot_shows_organizations_and_members_as_they_are(tmp_path: Path) -> None:
    async with placed_in(tmp_path) as place:
        hub, owner = place.hub, place.directory.organization
        other = await hub.registrar.create("Beta", Plan.FREE, "b-1", OPERATOR)
        ada, bob = await place.user(ADA, displayName="Ada"), await place.user("bob@acme.example")
        inner = await place.group("Inner", ada)
        outer = await place.group("Outer", groups=(inner,))
        await place.patch(bob, replaced("active", False))
        await placed(hub)
        items, _ = await walked(hub)
        acme, first, second, beta = items
        heads = {one.id: seq for one, seq in await hub.stores.snapshot.organizations(None, 9)}
        assert acme == {
            "kind": "organization", "id": wire(ORGANIZATION, owner.id), "external_id": None, "name": "Acme",
            "plan": "enterprise", "state": "active", "sequence": heads[owner.id],
        }  # fmt: skip
        assert (beta["kind"], beta["external_id"], beta["sequence"]) == ("organization", "b-1", heads[other.id])
        assert first["id"].startswith("mem_")
        assert first == {
            "kind": "member", "organization": acme["id"], "id": first["id"], "email": ADA, "name": "Ada",
            "role": first["role"], "state": "active", "directory": wire(DIRECTORY, place.directory.id),
            "directory_user": wire(USER, ada), "sequence": first["sequence"],
            "groups": [{"id": wire(GROUP, inner), "name": "Inner"}, {"id": wire(GROUP, outer), "name": "Outer"}],
        }  # fmt: skip
        assert (second["state"], second["groups"]) == ("deactivated", [])
        assert second["sequence"] > first["sequence"]
        assert max(first["sequence"], second["sequence"]) <= acme["sequence"]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 1000])
async def test_pages_of_any_size_are_the_same_snapshot(tmp_path: Path, limit: int) -> None:
    async with placed_in(tmp_path) as place:
        hub = place.hub
        for number in range(4):
            await place.user(f"u{number}@acme.example")
            await hub.registrar.create(f"Beta {number}", Plan.FREE, None, OPERATOR)
        whole = await walked(hub)
        assert await walked(hub, limit) == whole
        owner = place.directory.organization_id
        own = [one for one in whole[0] if wire(ORGANIZATION, owner) in (one["id"], one.get("organization"))]
        assert (await walked(hub, limit, owner))[0] == own
        assert len(own) == 5


async def test_what_never_was_is_refused(tmp_path: Path) -> None:
    async with placed_in(tmp_path) as place:
        page = await place.hub.surveyor.page("", None, 1)
        assert page.next is not None
        assert str(read_place(page.next)) == page.next
        for text in ("x", page.cursor, page.next + "A", "é"):
            with pytest.raises(Unfollowed) as refused:
                await place.hub.surveyor.page(text, None, 1)
            assert refused.value.reason == "invalid_cursor"
        with pytest.raises(Unfollowed) as refused:
            await place.hub.surveyor.page("", OrganizationId(b"\x01" * 16), 1)
        assert refused.value.reason == "not_found"


async def test_an_organization_that_goes_during_a_walk_is_told_by_the_feed(tmp_path: Path) -> None:
    async with placed_in(tmp_path) as place:
        hub = place.hub
        await place.user(ADA)
        await placed(hub)
        first = await hub.surveyor.page("", None, 1)
        await hub.registrar.delete(place.directory.organization)
        await placed(hub)
        assert first.next is not None
        rest = await hub.surveyor.page(first.next, None, 9)
        assert (rest.items, rest.next) == ([], None)
        (event,) = (await hub.follower.page(Asked(rest.cursor))).items
        assert event["type"] == "organization.deleted"


async def _something(place: Place, users: list[ResourceId], chance: random.Random) -> None:
    """A person comes, changes, is turned off or on, or goes."""
    what = chance.randrange(5) if users else 0
    if what < 2 or len(users) < 3:
        users.append(await place.user(f"p{chance.randrange(10**9)}@acme.example"))
    elif what == 2:
        one = users.pop(chance.randrange(len(users)))
        await delete_user(place.hub.desk, place.scene, one, None)
    else:
        one = users[chance.randrange(len(users))]
        stored = await place.patch(one, replaced("active", what == 3), replaced("displayName", str(chance.random())))
        assert stored.stored is not None


@pytest.mark.parametrize("seed", range(6))
async def test_a_snapshot_and_what_follows_is_what_there_is(tmp_path: Path, seed: int) -> None:
    """Whatever changes between its pages; with `sequence` nothing older is ever put over what is newer."""
    chance = random.Random(seed)
    async with placed_in(tmp_path) as place:
        hub, users = place.hub, list[ResourceId]()
        elsewhere = await made_place(hub)
        for _ in range(8):
            await _something(place, users, chance)
        await placed(hub)
        known: dict[str, tuple[int, Any]] = {}
        page = await hub.surveyor.page("", None, 2)
        while True:
            for one in page.items:
                if one["kind"] == "member":
                    known[str(one["id"])] = (int(str(one["sequence"])), one)
            if page.next is None:
                break
            for _ in range(chance.randrange(4)):
                await _something(place, users, chance)
            if chance.random() < 0.5:
                await placed(hub)
            page = await hub.surveyor.page(page.next, None, 2)
        await placed(hub)
        told = await hub.follower.page(Asked(page.cursor, limit=1000))
        assert not told.more
        for event in told.items:
            _applied(known, event)
        now = {one["id"]: one for one in (await walked(hub))[0] if one["kind"] == "member"}
        shown = ("email", "name", "role", "state", "directory_user")
        assert {key: [one[name] for name in shown] for key, (_, one) in known.items() if one is not None} == {
            key: [one[name] for name in shown] for key, one in now.items()
        }
        assert elsewhere.key.organization_id != place.key.organization_id


def _applied(known: dict[str, tuple[int, Any]], event: Any) -> None:
    """What an application does with an event."""
    if event["member"] is not None and event["sequence"] > known.get(event["member"], (0, None))[0]:
        known[event["member"]] = (event["sequence"], event["member_after"])
