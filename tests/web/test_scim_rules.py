"""The rules of a directory, as its client meets them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from hallway.hub.directories.model import Rules
from hallway.scim.quirks import Quirk
from hallway.scim.standard import USER_SCHEMA
from tests.rooms.opened import administration, journal
from tests.web.deployment import Answer, deployed

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
DECLARED = Path(__file__).parents[2] / "examples" / "schemas" / "lambdatest.json"
LAMBDA = "urn:ietf:params:scim:schemas:extension:LambdaTest:2.0:User"
OFF = {"op": "replace", "path": "active", "value": False}


def assert_refused(answer: Answer, status: int, scim_type: str) -> None:
    assert (answer.status, answer.body.get("scimType")) == (status, scim_type), answer.body


def put_body(name: str, **more: Any) -> dict[str, Any]:
    return {"schemas": [USER_SCHEMA.id], "userName": name, **more}


async def test_a_user_name_can_have_to_be_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected(user_name_is_email=True)
        for wrong in ("ada", "ada@", "@example.com", "ada@example", "a da@example.com", "ada@.com."):
            assert_refused(await client.user(wrong), 400, "invalidValue")
        ada = await client.user("ada@example.com")
        assert ada.status == 201
        path = f"/Users/{ada.id}"
        assert_refused(
            await client.patch(path, {"op": "replace", "path": "userName", "value": "ada"}), 400, "invalidValue"
        )
        assert_refused(await client.put(path, put_body("ada")), 400, "invalidValue")
        assert (await client.put(path, put_body("ADA@example.com"))).status == 200
        free = await hub.connected()
        assert (await free.user("ada")).status == 201


async def test_attributes_can_be_closed_after_creation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    immutable = (
        "username",
        "name.familyname",
        f"{ENTERPRISE.lower()}:department",
        f"{ENTERPRISE.lower()}:manager.value",
        "title",
    )
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected(immutable=immutable)
        name = {"familyName": "Lovelace", "givenName": "Ada"}
        ada = await client.user("ada", name=name, **{ENTERPRISE: {"department": "Engines", "division": "x"}})
        path = f"/Users/{ada.id}"
        for where, value in (
            ("userName", "grace"),
            ("name.familyName", "Byron"),
            (f"{ENTERPRISE}:department", "Poems"),
            (f"{ENTERPRISE}:manager", {"value": ada.id}),
            ("title", "Countess"),
        ):
            answer = await client.patch(path, {"op": "replace", "path": where, "value": value})
            assert_refused(answer, 400, "mutability")
        assert_refused(await client.patch(path, {"op": "remove", "path": "name"}), 400, "mutability")
        assert_refused(await client.put(path, put_body("ada")), 400, "mutability")
        assert (await client.get(path)).raw == ada.raw
        for open_path, new in (("name.givenName", "A."), (f"{ENTERPRISE}:division", "y"), ("active", False)):
            assert (await client.patch(path, {"op": "replace", "path": open_path, "value": new})).status == 200
        assert (await client.delete(path)).status == 204


async def test_a_deleted_user_can_be_kept_hidden_and_comes_back_by_her_external_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place(delete_deactivates=True)
        client = hub.client(place)
        emails = [{"value": "ada@example.com"}]
        ada = await client.user("ada", externalId="1815", emails=emails, title="Countess")
        group = await client.group("Engineering", ada.id)
        path = f"/Users/{ada.id}"
        assert (await client.delete(path)).status == 204
        assert (await client.get(path)).status == 404
        assert (await client.delete(path)).status == 404
        assert (await client.patch(path, OFF)).status == 404
        assert (await client.get("/Users")).body["totalResults"] == 0
        for condition in (
            'userName eq "ada"',
            'externalId eq "1815"',
            'emails.value eq "ada@example.com"',
            "active eq false",
        ):
            found = await client.get(f"/Users?filter={condition.replace(' ', '+')}")
            assert found.body["totalResults"] == 0, condition
        assert (await client.get(f"/Groups/{group.id}")).members == set()
        assert (await client.group("Another", ada.id)).status == 400
        back = await client.user("ada.lovelace", externalId="1815", emails=emails)
        assert (back.status, back.id) == (201, ada.id)
        assert (back.body["active"], "title" in back.body, "groups" in back.body) == (True, False, False)
        assert back.body["meta"]["created"] == ada.body["meta"]["created"]
        assert (await client.get('/Users?filter=emails.value+eq+"ADA@example.com"')).names == ["ada.lovelace"]
        assert (await client.get(path)).raw == back.raw
        assert (await hub.hub.stores.directories.standing(place.key)).users == 1
        assert (await client.delete(path)).status == 204
        assert (await client.user("ada", externalId="1815", emails=emails)).id == ada.id
        told = [one.entry.type for one in await journal(hub.hub, place.directory)][4:]
        assert told == ["user.created", "group.created", *["user.deleted", "user.restored"] * 2]


async def test_nobody_inherits_from_a_deleted_user_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place(delete_deactivates=True)
        client = hub.client(place)
        first = await client.user("john", externalId="1", title="Director")
        await client.group("Board", first.id)
        await client.delete(f"/Users/{first.id}")
        other = await client.user("john", externalId="2")
        unnamed = await client.user("john.smith")
        cased = await client.user("j", externalId="1 ")
        assert len({first.id, other.id, unnamed.id, cased.id}) == 4
        assert "title" not in other.body and "groups" not in other.body
        taken = await client.user("john", externalId="1")
        assert_refused(taken, 409, "uniqueness")
        await hub.change(place, rules=Rules(delete_deactivates=True, restore_by_external_id=False))
        assert (await client.user("johnny", externalId="1")).id != first.id


async def test_a_user_that_is_really_deleted_never_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        first = await client.user("ada", externalId="1815")
        await client.delete(f"/Users/{first.id}")
        again = await client.user("ada", externalId="1815")
        assert (again.status, again.id == first.id) == (201, False)


async def test_of_several_kept_users_with_one_external_id_the_latest_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place(delete_deactivates=True, restore_by_external_id=False)
        client = hub.client(place)
        ids = []
        for _ in range(2):
            ids.append((await client.user("ada", externalId="1815")).id)
            await client.delete(f"/Users/{ids[-1]}")
            await asyncio.sleep(0.002)
        await hub.change(place, rules=Rules(delete_deactivates=True))
        racing = await asyncio.gather(*(client.user("ada", externalId="1815") for _ in range(5)))
        assert sorted(answer.status for answer in racing) == [201, 409, 409, 409, 409]
        assert [answer.id for answer in racing if answer.status == 201] == [ids[1]]


@pytest.mark.parametrize("unique", [True, False])
async def test_group_names_are_unique_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unique: bool) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected(group_names_unique=unique)
        assert (await client.group("Engineering")).status == 201
        second, third = await client.group("ENGINEERING"), await client.group("Mathematics")
        renamed = await client.patch(f"/Groups/{third.id}", {"op": "replace", "value": {"displayName": "engineering"}})
        if unique:
            assert_refused(second, 409, "uniqueness")
            assert_refused(renamed, 409, "uniqueness")
            recased = {"op": "replace", "path": "displayName", "value": "MATHEMATICS"}
            assert (await client.patch(f"/Groups/{third.id}", recased)).status == 204
        else:
            assert (second.status, renamed.status) == (201, 204)
            assert (await client.get('/Groups?filter=displayName+eq+"Engineering"')).body["totalResults"] == 3


@pytest.mark.parametrize("answers", [True, False])
async def test_a_patch_of_a_group_is_answered_as_the_directory_wants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected(group_patch_answers_resource=answers)
        ada, group = await client.user("ada"), await client.group("Engineering")
        operation = {"op": "add", "path": "members", "value": [{"value": ada.id}]}
        answer = await client.patch(f"/Groups/{group.id}", operation)
        now = await client.get(f"/Groups/{group.id}")
        assert now.headers["etag"] == 'W/"2"'
        assert answer.headers.get("etag") == (now.headers["etag"] if answers else None)
        assert (answer.status, answer.raw) == ((200, now.raw) if answers else (204, b""))
        same = await client.patch(f"/Groups/{group.id}?attributes=displayName", operation)
        assert (same.status, same.body["displayName"], "members" in same.body) == (200, "Engineering", False)


async def test_a_missing_active_means_true_only_where_it_is_switched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        for quirks, strict, meant in ((set(), False, False), ({Quirk.MISSING_ACTIVE_MEANS_TRUE}, False, True)):
            place = await hub.place(quirks_on=frozenset(quirks), strict=strict)
            client = hub.client(place)
            ada = await client.user("ada", active=False)
            put = await client.put(f"/Users/{ada.id}", put_body("ada"))
            assert put.body["active"] is meant
            (*_, kept) = await hub.exchanges(place)
            assert kept.quirks == (("missing_active_means_true",) if meant else ())


async def test_a_strict_directory_refuses_what_others_tolerate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected(strict=True, quirks_on=frozenset({Quirk.MISSING_ACTIVE_MEANS_TRUE}))
        assert (await client.user("ada", active="False")).status == 400
        assert (await client.user("ada", zork=1)).status == 400
        ada = await client.user("ada", active=False)
        assert (await client.put(f"/Users/{ada.id}", put_body("ada"))).body["active"] is False
        assert (await client.patch(f"/Users/{ada.id}", {**OFF, "op": "Replace"})).status == 400


async def test_declared_schemas_are_those_that_a_directory_switches_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch, scim_schemas=str(DECLARED)) as hub:
        place = await hub.place(schemas=hub.hub.catalogue.urns)
        on, off = hub.client(place), await hub.connected()
        role = {LAMBDA: {"OrganizationRole": "Admin"}}
        for client, shown in ((on, True), (off, False)):
            urns = {one["id"] for one in (await client.get("/Schemas")).body["Resources"]}
            assert (LAMBDA in urns) is shown
            assert (await client.get(f"/Schemas/{LAMBDA.lower()}")).status == (200 if shown else 404)
            extensions = (await client.get("/ResourceTypes/User")).body["schemaExtensions"]
            assert (LAMBDA in {one["schema"] for one in extensions}) is shown
            ada = await client.user("ada", **role)
            assert ada.status == 201
            assert (LAMBDA in ada.body, LAMBDA in ada.body["schemas"]) == (shown, shown)
            found = await client.get(f'/Users?filter={LAMBDA}:OrganizationRole+eq+"admin"')
            assert found.status == (200 if shown else 400)
            assert not shown or found.names == ["ada"]
        await hub.change(place, rules=Rules())
        assert LAMBDA not in (await on.get("/Users")).body["Resources"][0]
        await hub.change(place, rules=Rules(schemas=hub.hub.catalogue.urns))
        assert (await on.get("/Users")).body["Resources"][0][LAMBDA] == role[LAMBDA]
        assert json.loads(DECLARED.read_text())[0]["schema"]["id"] == LAMBDA


async def test_settings_of_a_directory_are_journaled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        await hub.change(place, rules=Rules(strict=True), name="Other", base_path="/scim/v2")
        now = (await place.again()).directory
        assert (now.rules.strict, now.name, now.base_path) == (True, "Other", "/scim/v2")
        before = await journal(hub.hub, place.directory)
        assert [one.entry.type for one in before][3:] == ["directory.updated"]
        assert await administration(hub.hub).update(now, now) == now
        assert len(await journal(hub.hub, place.directory)) == len(before)
