"""Deleting a directory, with a word about its people."""

from dataclasses import replace
from pathlib import Path

import pytest

from hallway.hub.directories import administration as administration_module
from hallway.hub.directories.administration import Parting, People, found_directory, found_token
from hallway.hub.directories.documents import resource_of
from hallway.hub.directories.groups import delete_group
from hallway.hub.directories.model import Directory, DirectoryState, Kind
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.directories.users import delete_user, patch_user
from hallway.hub.organizations.service import Refused
from hallway.ids import DIRECTORY, TOKEN, ResourceId, wire
from hallway.web.wiring import Hub
from tests.rooms.opened import (
    Place,
    administration,
    journal,
    made_place,
    opened,
    parting,
    patch_body,
)
from tests.web.deployment import deployed

OFF = {"op": "replace", "path": "active", "value": False}


async def staffed(hub: Hub, place: Place) -> tuple[list[ResourceId], list[ResourceId]]:
    """Three users, of whom the last is inactive, and two groups, one in the other."""
    users = [await place.user(name, externalId=name, emails=[{"value": f"{name}@example.com"}]) for name in "abc"]
    await place.patch(users[2], OFF)
    inner = await place.group("Inner", *users[:2])
    outer = await place.group("Outer", users[2], groups=(inner,))
    return users, [inner, outer]


async def members(hub: Hub, directory: Directory, group: ResourceId) -> set[ResourceId]:
    key = DirectoryKey(directory.organization_id, directory.id)
    return {one.id for one in await hub.stores.resources.members(key, group, False)}


async def events(hub: Hub, place: Place, kinds: set[str]) -> list[tuple[str, bytes | None]]:
    found = await journal(hub, place.directory)
    return [(one.entry.type, one.entry.subject_id) for one in found if one.entry.type in kinds]


@pytest.mark.parametrize(
    ("people", "of_users"),
    [
        (People.KEEP, ["user.kept", "user.kept", "user.kept"]),
        (People.DEACTIVATE, ["user.deactivated", "user.deactivated", "user.kept"]),
    ],
)
async def test_each_person_is_journaled_and_the_directory_ends(
    tmp_path: Path, people: People, of_users: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(administration_module, "PAGE", 2)
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        users, groups = await staffed(hub, place)
        before = len(await journal(hub, place.directory))
        told: list[int] = []
        handled = await administration(hub).delete(place.directory, Parting(people, None, told.append))
        assert (handled, told) == (5, [1, 2, 3, 4, 5])
        entries = [one.entry for one in (await journal(hub, place.directory))[before:]]
        assert [entry.type for entry in entries] == [
            "directory.disabled", *of_users, "group.kept", "group.kept", "token.revoked", "directory.deleted",
        ]  # fmt: skip
        assert [entry.subject_id for entry in entries[1:6]] == [*users, *groups]
        assert entries[-1].facts["people"] == people.value
        for number, one in enumerate(users):
            stored = await place.stored(Kind.USER, one)
            assert stored is not None
            assert resource_of(stored)["active"] is (people is People.KEEP and number < 2)
        assert await members(hub, place.directory, groups[0]) == set(users[:2])


async def test_a_deleted_directory_is_not_found_and_its_tokens_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as served:
        hub = served.hub
        place = await served.place()
        client = served.client(place)
        await client.user("ada")
        await administration(hub).delete(place.directory, parting(People.KEEP))
        served.later(1)
        assert (await client.get("/Users")).status == 401
        assert (await client.user("grace")).status == 401
        assert (await client.get("/Schemas")).status == 404
        for one in (wire(DIRECTORY, place.directory.id), "dir_zork"):
            with pytest.raises(Refused, match="There is no directory"):
                await found_directory(hub.desk, one)
        for one in (wire(TOKEN, place.made.token.id), "tok_zork"):
            with pytest.raises(Refused, match="There is no living token"):
                await found_token(hub.desk, one)
        assert await hub.stores.directories.of_organization(place.directory.organization_id) == []


async def test_people_who_move_keep_ids_groups_and_memberships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(administration_module, "PAGE", 2)
    async with deployed(tmp_path, monkeypatch) as served:
        hub = served.hub
        place = await served.place()
        target = await served.place(place.directory.organization)
        users, groups = await staffed(hub, place)
        await target.user("grace")
        old, new = served.client(place), served.client(target)
        before = {one["id"]: one for one in (await old.get("/Users")).body["Resources"]}
        handled = await administration(hub).delete(place.directory, parting(People.MOVE, target.directory))
        assert handled == 5
        moved = (await new.get("/Users")).body
        assert moved["totalResults"] == 4
        for one in moved["Resources"]:
            if one["userName"] == "grace":
                continue
            was = before[one["id"]]
            assert {name: one[name] for name in ("userName", "externalId", "active", "emails")} == {
                name: was[name] for name in ("userName", "externalId", "active", "emails")
            }
            assert [(g["value"], g["type"]) for g in one["groups"]] == [(g["value"], g["type"]) for g in was["groups"]]
            assert one["meta"]["created"] == was["meta"]["created"]
            assert new.base in one["meta"]["location"]
        found = await new.get('/Users?filter=emails.value+eq+"a@example.com"')
        assert found.body["totalResults"] == 1
        assert (await new.get('/Users?filter=userName+eq+"B"')).names == ["b"]
        assert (await new.get("/Groups")).body["totalResults"] == 2
        assert await members(hub, target.directory, groups[1]) == {users[2], groups[0]}
        standing = await hub.stores.directories.standing(target.key)
        assert (standing.users, standing.groups) == (4, 2)
        assert (await new.patch(f"/Users/user_{users[0].hex()}", OFF)).status == 200
        assert (await new.delete(f"/Users/user_{users[0].hex()}")).status == 204
        assert await members(hub, target.directory, groups[0]) == {users[1]}
        told = await events(hub, place, {"user.moved", "group.moved"})
        assert [subject for _, subject in told] == [*users, *groups]
        entries = await journal(hub, place.directory)
        assert {one.entry.facts["to"] for one in entries if one.entry.type == "user.moved"} == {
            wire(DIRECTORY, target.directory.id)
        }


@pytest.mark.parametrize("people", [People.MOVE, People.KEEP])
async def test_deleted_people_who_are_kept_move_with_the_others_and_never_stop_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, people: People
) -> None:
    async with deployed(tmp_path, monkeypatch) as served:
        hub = served.hub
        place = await served.place(delete_deactivates=True)
        target = await served.place(place.directory.organization, delete_deactivates=True)
        old, new = served.client(place), served.client(target)
        ada = await old.user("ada", externalId="1815", title="Countess")
        await old.delete(f"/Users/{ada.id}")
        await new.user("ada", externalId="other")
        chosen = parting(people, target.directory if people is People.MOVE else None)
        assert await administration(hub).delete(place.directory, chosen) == (1 if people is People.MOVE else 0)
        assert (await new.get("/Users")).names == ["ada"]
        back = await new.user("ada.lovelace", externalId="1815")
        assert (back.status, back.id == ada.id, "title" in back.body) == (201, people is People.MOVE, False)
        told = [kind for kind, _ in await events(hub, place, {"user.moved", "user.kept"})]
        assert told == (["user.moved"] if people is People.MOVE else [])


async def test_people_move_within_their_organization_only(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        await place.user("ada")
        foreign = await made_place(hub)
        ended = await made_place(hub, place.directory.organization)
        await administration(hub).delete(ended.directory, parting(People.KEEP))
        gone = replace(ended.directory, state=DirectoryState.DELETED)
        for target in (foreign.directory, place.directory, gone):
            with pytest.raises(Refused, match="same organization only"):
                await administration(hub).delete(place.directory, parting(People.MOVE, target))
        with pytest.raises(Refused, match="--to"):
            await administration(hub).delete(place.directory, parting(People.MOVE))
        with pytest.raises(Refused, match="--to"):
            await administration(hub).delete(place.directory, parting(People.KEEP, foreign.directory))
        assert (await place.again()).directory.state is DirectoryState.ACTIVE


@pytest.mark.parametrize("kind", [Kind.USER, Kind.GROUP])
async def test_a_name_that_is_taken_in_the_target_is_refused_with_nothing_changed(tmp_path: Path, kind: Kind) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        target = await made_place(hub, place.directory.organization)
        names = [f"Name-{number}" for number in range(5)]
        for name in names:
            await (place.user(name) if kind is Kind.USER else place.group(name))
            await (target.user(name.upper()) if kind is Kind.USER else target.group(name.lower()))
        before = len(await journal(hub, place.directory))
        with pytest.raises(Refused, match="Name-0, Name-1, Name-2 and 2 more") as refused:
            await administration(hub).delete(place.directory, parting(People.MOVE, target.directory))
        assert refused.value.reason == "conflict"
        assert (await place.again()).directory.state is DirectoryState.ACTIVE
        assert len(await journal(hub, place.directory)) == before


async def test_a_collision_that_appears_on_the_way_stops_there_and_the_rest_moves_later(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        target = await made_place(hub, place.directory.organization)
        users, groups = await staffed(hub, place)
        made = await target.user("rival")

        async def rename(name: str) -> None:
            body = patch_body({"op": "replace", "path": "userName", "value": name})
            await patch_user(hub.desk, target.scene, made, body, None)

        class Interfering(type(administration(hub))):  # type: ignore[misc]
            async def _refuse_taken_names(self, directory: Directory, parted: Parting) -> None:
                await rename("B")

        interfered = Interfering(hub.desk, hub.catalogue.types, administration(hub)._actor)
        with pytest.raises(Refused, match="already: b"):
            await interfered.delete(place.directory, parting(People.MOVE, target.directory))
        assert await target.stored(Kind.USER, users[0]) is not None
        assert await place.stored(Kind.USER, users[1]) is not None
        await rename("rival")
        now = await place.again()
        assert now.directory.state is DirectoryState.DISABLED
        assert await administration(hub).delete(now.directory, parting(People.MOVE, target.directory)) == 4
        assert await members(hub, target.directory, groups[0]) == set(users[:2])
        told = await events(hub, place, {"user.moved"})
        assert [subject for _, subject in told] == users


async def test_an_interrupted_deletion_can_be_run_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        await staffed(hub, place)

        class Interrupted(Exception):
            pass

        def interrupt(handled: int) -> None:
            if handled == 2:
                raise Interrupted

        with pytest.raises(Interrupted):
            await administration(hub).delete(place.directory, Parting(People.DEACTIVATE, None, interrupt))
        now = await place.again()
        assert now.directory.state is DirectoryState.DISABLED
        assert await administration(hub).delete(now.directory, parting(People.DEACTIVATE)) == 5
        assert len(await events(hub, place, {"user.deactivated"})) == 3
        with pytest.raises(Refused, match="was deleted"):
            deleted = replace(now.directory, state=DirectoryState.DELETED)
            await administration(hub).delete(deleted, parting(People.KEEP))


async def test_whom_somebody_else_deleted_meanwhile_is_left_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        users, groups = await staffed(hub, place)
        waiting = [lambda: delete_user(hub.desk, place.scene, users[1], None)]
        waiting.append(lambda: delete_group(hub.desk, place.scene, groups[1], None))
        real = administration(hub)

        class Racing(type(real)):  # type: ignore[misc]
            async def _part_one(self, directory: Directory, parted: Parting, one: ResourceId, kind: Kind) -> None:
                while waiting:
                    await waiting.pop()()
                await super()._part_one(directory, parted, one, kind)

        racing = Racing(hub.desk, hub.catalogue.types, real._actor)
        await racing.delete(place.directory, parting(People.KEEP))
        told = await events(hub, place, {"user.kept", "group.kept"})
        assert [subject for _, subject in told] == [users[0], users[2], groups[0]]


async def test_a_group_without_a_unique_name_moves_wherever_it_likes(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub, rules={"group_names_unique": False})
        target = await made_place(hub, place.directory.organization)
        await place.group("Same")
        await place.group("Same")
        await administration(hub).delete(place.directory, parting(People.MOVE, target.directory))
        assert (await hub.stores.directories.standing(target.key)).groups == 2


async def test_deleting_needs_no_schema_that_is_no_longer_declared(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub, rules={"schemas": ("urn:gone",)})
        await place.user("ada")
        assert await administration(hub).delete(place.directory, parting(People.DEACTIVATE)) == 1
