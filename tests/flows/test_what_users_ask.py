"""Where users of other systems were hurt: each case as a client sees it, on the running server, on both engines."""

import asyncio
from typing import Any

import pytest

from tests.flows.scim_client import CORE_GROUP, CORE_USER, ERROR, Answer, Hub, ScimClient, connected

NOBODY = "user_" + "0" * 32
NEVER_WRITTEN: dict[str, Any] = {"schemas": [CORE_USER], "userName": "never"}


async def people(client: ScimClient, count: int) -> list[str]:
    """The ids of fresh users `person-0`, `person-1`, …"""
    answers = await asyncio.gather(*(client.create_user(f"person-{number}") for number in range(count)))
    assert {answer.status for answer in answers} == {201}
    return [answer.id for answer in answers]


async def made_group(client: ScimClient, name: str, *member_ids: str) -> str:
    """The path of a fresh group."""
    answer = await client.create_group(name, *member_ids)
    assert answer.status == 201
    return f"/Groups/{answer.id}"


async def members_of(client: ScimClient, path: str) -> set[str]:
    return (await client.get(path)).members


async def until_closed(client: ScimClient, path: str) -> None:
    """Ask until writes are refused: a process may remember the directory for a second."""
    for _ in range(10_000):
        if (await client.patch(path, {"op": "replace", "path": "active", "value": True})).status != 200:
            return


def assert_problem(answer: Answer, status: int, scim_type: str | None = None) -> None:
    """The answer is a SCIM error of this status (RFC 7644 §3.12)."""
    assert (answer.status, answer.body["schemas"], answer.body["status"]) == (status, [ERROR], str(status))
    assert answer.body.get("scimType") == scim_type


# Paging


@pytest.mark.parametrize("endpoint", ["/Users", "/Groups"])
async def test_fifty_first_stands_on_the_second_page(hub: Hub, endpoint: str) -> None:
    async with connected(hub.directory()) as client:
        create = client.create_user if endpoint == "/Users" else client.create_group
        names = {f"number-{number}" for number in range(51)}
        await asyncio.gather(*(create(name) for name in names))
        first = await client.get(f"{endpoint}?startIndex=1&count=50")
        second = await client.get(f"{endpoint}?startIndex=51&count=50")
        beyond = await client.get(f"{endpoint}?startIndex=52&count=50")
        pages = (first, second, beyond)
        assert [page.total for page in pages] == [51, 51, 51]
        assert [page.body["itemsPerPage"] for page in pages] == [50, 1, 0]
        assert [page.body["startIndex"] for page in pages] == [1, 51, 52]
        assert sorted(first.names + second.names) == sorted(names)
        assert beyond.body["Resources"] == []


async def test_pages_by_cursor_miss_nobody_while_rows_are_deleted(hub: Hub) -> None:
    async with connected(hub.directory()) as client:
        await people(client, 35)
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await client.get(f"/Users?cursor={cursor}&count=10")
            seen += page.names
            gone = [await client.delete(f"/Users/{found['id']}") for found in page.body["Resources"][:7]]
            assert {answer.status for answer in gone} == {204}
            cursor = page.body.get("nextCursor")
        assert sorted(seen) == sorted(f"person-{number}" for number in range(35))


async def test_total_is_exact_right_after_a_delete(hub: Hub) -> None:
    async with connected(hub.directory()) as client:
        ids = await people(client, 3)
        await client.delete(f"/Users/{ids[1]}")
        assert [(await client.get(f"/Users?count={count}")).total for count in (0, 1, 100)] == [2, 2, 2]


# Names


async def test_user_name_and_address_may_differ_and_either_finds_her(hub: Hub) -> None:
    async with connected(hub.directory()) as client:
        emails = [{"value": "Ada.Byron@example.org", "type": "work", "primary": True}]
        ada = await client.create_user("abyron", emails=emails)
        await client.create_user("ada.byron@example.org")
        by_name = await client.found("/Users", 'userName eq "ABYRON"')
        by_address = await client.found("/Users", 'emails.value eq "ada.byron@example.org"')
        assert [by_name.body["Resources"][0]["id"], by_address.body["Resources"][0]["id"]] == [ada.id, ada.id]
        assert [by_name.total, by_address.total] == [1, 1]


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
async def test_renamed_user_is_found_by_the_new_name_only(hub: Hub, verb: str) -> None:
    async with connected(hub.directory()) as client:
        ada = await client.create_user("ada.byron", externalId="1815")
        path = f"/Users/{ada.id}"
        body = {"schemas": [CORE_USER], "userName": "ada.lovelace", "externalId": "1815"}
        operation = {"op": "replace", "path": "userName", "value": "ada.lovelace"}
        renamed = await (client.put(path, body) if verb == "PUT" else client.patch(path, operation))
        assert (renamed.status, renamed.id) == (200, ada.id)
        assert (await client.found("/Users", 'userName eq "ada.byron"')).total == 0
        assert (await client.found("/Users", 'userName eq "ada.lovelace"')).body["Resources"][0]["id"] == ada.id
        assert (await client.create_user("ada.byron")).status == 201


async def test_rename_to_a_taken_name_is_a_conflict_and_changes_nothing(hub: Hub) -> None:
    async with connected(hub.directory()) as client:
        ada, _ = await client.create_user("ada"), await client.create_user("grace")
        operation = {"op": "replace", "value": {"userName": "GRACE", "title": "Countess"}}
        assert_problem(await client.patch(f"/Users/{ada.id}", operation), 409, "uniqueness")
        assert (await client.get(f"/Users/{ada.id}")).body == ada.body


@pytest.mark.parametrize(("name", "again"), [("ada", "ADA"), ("Åse@example.com", "åSE@EXAMPLE.COM")])
async def test_duplicate_user_name_is_a_conflict_in_any_letter_case(hub: Hub, name: str, again: str) -> None:
    async with connected(hub.directory()) as client:
        first = await client.create_user(name)
        assert_problem(await client.create_user(again), 409, "uniqueness")
        assert first.body["userName"] == name
        assert (await client.get("/Users")).total == 1


@pytest.mark.parametrize("delete_deactivates", [False, True])
async def test_name_is_free_after_delete(hub: Hub, delete_deactivates: bool) -> None:
    async with connected(hub.directory(rules={"delete_deactivates": delete_deactivates})) as client:
        first = await client.create_user("ada")
        assert (await client.delete(f"/Users/{first.id}")).status == 204
        assert_problem(await client.delete(f"/Users/{first.id}"), 404)
        again = await client.create_user("Ada")
        assert (again.status, again.id == first.id) == (201, False)
        assert_problem(await client.get(f"/Users/{first.id}"), 404)
        assert (await client.get("/Users")).names == ["Ada"]


async def test_a_post_for_somebody_deactivated_is_a_conflict_while_she_can_be_read(hub: Hub) -> None:
    async with connected(hub.directory(rules={"delete_deactivates": True})) as client:
        ada = await client.create_user("ada", externalId="1815")
        off = {"op": "replace", "path": "active", "value": False}
        assert (await client.patch(f"/Users/{ada.id}", off)).body["active"] is False
        assert_problem(await client.create_user("Ada", externalId="1815"), 409, "uniqueness")
        found = (await client.get('/Users?filter=userName+eq+"ada"')).body["Resources"]
        assert [(one["id"], one["active"]) for one in found] == [(ada.id, False)]
        assert (await client.patch(f"/Users/{ada.id}", {**off, "value": True})).body["active"] is True
        assert (await client.delete(f"/Users/{ada.id}")).status == 204
        back = await client.create_user("Ada", externalId="1815")
        assert (back.status, back.id) == (201, ada.id)


async def test_racing_creates_of_one_name_make_one_user(hub: Hub) -> None:
    async with connected(hub.directory()) as client:
        answers = await asyncio.gather(*(client.create_user("Ada" if odd % 2 else "ada") for odd in range(20)))
        assert sorted(answer.status for answer in answers) == [201] + [409] * 19
        assert (await client.get("/Users")).total == 1


# Members


async def test_members_in_post_and_put_are_stored(hub: Hub) -> None:
    async with connected(hub.directory()) as client:
        ada, grace, edith = await people(client, 3)
        path = await made_group(client, "Engineering", ada, grace)
        assert await members_of(client, path) == {ada, grace}
        body = {"schemas": [CORE_GROUP], "displayName": "Engineering", "members": [{"value": edith}]}
        assert (await client.put(path, body)).members == {edith}
        assert await members_of(client, path) == {edith}


@pytest.mark.parametrize("op", ["add", "Add", "ADD"])
async def test_several_members_are_added_at_once(hub: Hub, op: str) -> None:
    async with connected(hub.directory()) as client:
        ids = await people(client, 120)
        path = await made_group(client, "Engineering", ids[0])
        operation = {"op": op, "path": "members", "value": [{"value": one} for one in ids]}
        assert (await client.patch(path, operation)).status == 204
        assert await members_of(client, path) == set(ids)


@pytest.mark.parametrize("op", ["replace", "Replace"])
async def test_replace_sets_exactly_these_members_and_an_empty_list_none(hub: Hub, op: str) -> None:
    async with connected(hub.directory()) as client:
        ada, grace, edith = await people(client, 3)
        path = await made_group(client, "Engineering", ada, grace)
        both = [{"value": grace}, {"value": edith}]
        assert (await client.patch(path, {"op": op, "path": "members", "value": both})).status == 204
        assert await members_of(client, path) == {grace, edith}
        assert (await client.patch(path, {"op": op, "path": "members", "value": []})).status == 204
        assert "members" not in (await client.get(path)).body


@pytest.mark.parametrize("op", ["remove", "Remove", "REMOVE"])
@pytest.mark.parametrize("shape", ["filter", "array", "object", "two filters"])
async def test_removal_of_one_member_leaves_the_others(hub: Hub, op: str, shape: str) -> None:
    async with connected(hub.directory()) as client:
        ada, grace, edith = await people(client, 3)
        path = await made_group(client, "Engineering", ada, grace, edith)
        operation: dict[str, dict[str, Any]] = {
            "filter": {"path": f'members[value eq "{ada}"]'},
            "array": {"path": "members", "value": [{"value": ada}]},
            "object": {"path": "members", "value": {"value": ada}},
            "two filters": {"path": f'members[value eq "{ada}" or value eq "{NOBODY}"]'},
        }
        assert (await client.patch(path, {"op": op, **operation[shape]})).status == 204
        assert await members_of(client, path) == {grace, edith}


async def test_removal_of_members_without_a_value_empties_the_group(hub: Hub) -> None:
    async with connected(hub.directory()) as client:
        path = await made_group(client, "Engineering", *await people(client, 2))
        assert (await client.patch(path, {"op": "remove", "path": "members"})).status == 204
        assert await members_of(client, path) == set()


async def test_adding_who_is_there_and_removing_who_is_not_succeed(hub: Hub) -> None:
    async with connected(hub.directory()) as client:
        ada, grace = await people(client, 2)
        path = await made_group(client, "Engineering", ada)
        again: dict[str, Any] = {"op": "add", "path": "members", "value": [{"value": ada}]}
        absent: dict[str, Any] = {"op": "remove", "path": f'members[value eq "{grace}"]'}
        assert (await client.patch(path, again, absent)).status == 204
        assert await members_of(client, path) == {ada}


async def test_unknown_member_is_refused_and_nothing_else_of_the_request_happens(hub: Hub) -> None:
    async with connected(hub.directory()) as client:
        ada, grace = await people(client, 2)
        path = await made_group(client, "Engineering", ada)
        operation = {"op": "add", "path": "members", "value": [{"value": grace}, {"value": NOBODY}]}
        rename = {"op": "replace", "path": "displayName", "value": "Engineers"}
        assert_problem(await client.patch(path, rename, operation), 400, "invalidValue")
        assert_problem(await client.create_group("Another", NOBODY), 400, "invalidValue")
        group = await client.get(path)
        assert (group.body["displayName"], group.members) == ("Engineering", {ada})
        assert (await client.get("/Groups")).total == 1


async def test_racing_adds_to_one_group_lose_nobody(hub: Hub) -> None:
    async with connected(hub.directory()) as client:
        ids = await people(client, 60)
        path = await made_group(client, "Engineering")
        operations: list[dict[str, Any]] = [{"op": "add", "path": "members", "value": [{"value": one}]} for one in ids]
        operations += [{"op": "replace", "value": {"displayName": f"Engineering {number}"}} for number in range(10)]
        answers = await asyncio.gather(*(client.patch(path, operation) for operation in operations))
        assert {answer.status for answer in answers} == {204}
        assert await members_of(client, path) == set(ids)


async def test_deleted_user_leaves_every_group(hub: Hub) -> None:
    async with connected(hub.directory()) as client:
        ada, grace = await people(client, 2)
        paths = [await made_group(client, name, ada, grace) for name in ("Engineering", "Mathematics")]
        assert (await client.delete(f"/Users/{ada}")).status == 204
        assert [await members_of(client, path) for path in paths] == [{grace}, {grace}]
        assert (await client.found("/Groups", f'members eq "{ada}"')).total == 0


# What a PATCH does not name


async def test_replace_without_a_path_keeps_what_it_does_not_name(hub: Hub) -> None:
    async with connected(hub.directory()) as client:
        emails = [{"value": "ada@example.com", "type": "work", "primary": True}]
        name = {"givenName": "Ada", "familyName": "Byron"}
        ada = await client.create_user("ada", name=name, emails=emails, active=False, title="Analyst")
        operation = {"op": "replace", "value": {"title": "Countess", "name": {"familyName": "Lovelace"}}}
        changed = await client.patch(f"/Users/{ada.id}", operation)
        assert changed.body["name"] == {"givenName": "Ada", "familyName": "Lovelace"}
        assert (changed.body["title"], changed.body["active"], changed.body["emails"]) == ("Countess", False, emails)


@pytest.mark.parametrize("active", [True, False])
async def test_change_that_does_not_mention_active_leaves_it(hub: Hub, active: bool) -> None:
    async with connected(hub.directory()) as client:
        ada = await client.create_user("ada", active=active)
        path = f"/Users/{ada.id}"
        patched = await client.patch(path, {"op": "add", "path": "title", "value": "Countess"})
        put = await client.put(path, {"schemas": [CORE_USER], "userName": "ada"})
        assert (patched.body["active"], put.body["active"]) == (active, active)


@pytest.mark.parametrize(("text", "meant"), [("False", False), ("false", False), ("True", True), ("TRUE", True)])
async def test_active_as_text_is_a_boolean(hub: Hub, text: str, meant: bool) -> None:
    async with connected(hub.directory()) as client:
        ada = await client.create_user("ada", active=not meant)
        changed = await client.patch(f"/Users/{ada.id}", {"op": "Replace", "path": "active", "value": text})
        assert changed.body["active"] is meant


async def test_text_that_is_no_boolean_is_refused_for_active(hub: Hub) -> None:
    async with connected(hub.directory()) as client:
        ada = await client.create_user("ada")
        answer = await client.patch(f"/Users/{ada.id}", {"op": "replace", "path": "active", "value": "no"})
        assert_problem(answer, 400, "invalidValue")


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "delete", "path": "title"}, "invalidSyntax"),
        ({"op": "replace", "path": "tilte", "value": "Countess"}, "invalidPath"),
        ({"op": "replace", "path": 'emails[type eq "work"', "value": "x"}, "invalidPath"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "replace", "path": "title"}, "invalidValue"),
    ],
)
async def test_what_is_not_understood_is_never_answered_by_success(
    hub: Hub, operation: dict[str, Any], scim_type: str
) -> None:
    async with connected(hub.directory()) as client:
        ada = await client.create_user("ada", title="Analyst")
        assert_problem(await client.patch(f"/Users/{ada.id}", operation), 400, scim_type)
        assert (await client.get(f"/Users/{ada.id}")).body == ada.body


async def test_change_to_what_is_there_already_is_no_change(hub: Hub) -> None:
    async with connected(hub.directory()) as client:
        ada = await client.create_user("ada", title="Analyst")
        same = await client.patch(f"/Users/{ada.id}", {"op": "replace", "path": "title", "value": "Analyst"})
        assert (same.status, same.body) == (200, ada.body)


async def test_inactive_user_stays_readable_and_comes_back(hub: Hub) -> None:
    async with connected(hub.directory()) as client:
        ada = await client.create_user("ada")
        group = await made_group(client, "Engineering", ada.id)
        path = f"/Users/{ada.id}"
        assert (await client.patch(path, {"op": "replace", "path": "active", "value": False})).status == 200
        assert (await client.get(path)).body["active"] is False
        assert (await client.found("/Users", 'userName eq "ada"')).body["Resources"][0]["active"] is False
        assert (await client.found("/Users", "active eq false")).total == 1
        assert await members_of(client, group) == {ada.id}
        back = await client.patch(path, {"op": "replace", "path": "active", "value": True})
        assert (back.body["active"], back.id) == (True, ada.id)


# Whose is what


async def test_disabled_directory_refuses_writes_and_serves_reads(hub: Hub) -> None:
    source = hub.directory()
    async with connected(source) as client:
        ada = await client.create_user("ada")
        group = await made_group(client, "Engineering", ada.id)
        hub.disable(source.id)
        await until_closed(client, f"/Users/{ada.id}")
        refused = [
            await client.create_user("grace"),
            await client.put(f"/Users/{ada.id}", NEVER_WRITTEN),
            await client.patch(f"/Users/{ada.id}", {"op": "replace", "value": {"active": False}}),
            await client.delete(f"/Users/{ada.id}"),
            await client.patch(group, {"op": "remove", "path": "members"}),
            await client.delete(group),
        ]
        for answer in refused:
            assert_problem(answer, 503)
            assert int(answer.headers["retry-after"]) > 0
        assert (await client.get(f"/Users/{ada.id}")).body["active"] is True
        assert (await client.get("/Users")).names == ["ada"]
        assert await members_of(client, group) == {ada.id}


async def test_parallel_creates_land_where_their_token_points(hub: Hub) -> None:
    one, other = hub.directory(), hub.directory()
    assert one.organization_id != other.organization_id
    async with connected(one) as first, connected(other) as second:
        names = [f"person-{number}" for number in range(200)]

        async def created(client: ScimClient, name: str, title: str) -> Answer:
            return await client.create_user(name, title=title, externalId=name)

        answers = await asyncio.gather(
            *(created(client, name, title) for name in names for client, title in ((first, "one"), (second, "other")))
        )
        assert {answer.status for answer in answers} == {201}
        assert len({answer.id for answer in answers}) == 400
        for client, title in ((first, "one"), (second, "other")):
            pages = [await client.get(f"/Users?startIndex={start}&count=100") for start in (1, 101, 201)]
            assert {page.total for page in pages} == {200}
            assert sorted(name for page in pages for name in page.names) == sorted(names)
            assert {found["title"] for page in pages for found in page.body["Resources"]} == {title}


@pytest.mark.parametrize("same_organization", [True, False])
async def test_token_of_one_directory_never_opens_another(hub: Hub, same_organization: bool) -> None:
    one = hub.directory()
    other = hub.directory(organization_id=one.organization_id if same_organization else None)
    assert (one.organization_id == other.organization_id) is same_organization
    async with connected(one) as owner, connected(other) as neighbour, connected(one, other.token) as stranger:
        ada = await owner.create_user("ada")
        path = f"/Users/{ada.id}"
        refused = [
            await stranger.get("/Users"),
            await stranger.get(path),
            await stranger.create_user("grace"),
            await stranger.put(path, NEVER_WRITTEN),
            await stranger.patch(path, {"op": "replace", "value": {"active": False}}),
            await stranger.delete(path),
        ]
        for answer in refused:
            assert_problem(answer, 401)
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert_problem(await neighbour.get(path), 404)
        assert_problem(await neighbour.delete(path), 404)
        assert_problem(await neighbour.create_group("Engineering", ada.id), 400, "invalidValue")
        assert (await neighbour.found("/Users", f'id eq "{ada.id}"')).total == 0
        assert (await neighbour.create_user("ada")).status == 201
        assert (await owner.get(path)).body == ada.body


async def test_external_id_is_never_an_internal_key(hub: Hub) -> None:
    one = hub.directory()
    other = hub.directory(organization_id=one.organization_id)
    async with connected(one) as client, connected(other) as elsewhere:
        admin = await client.create_user("admin", externalId="1")
        rival = await elsewhere.create_user("rival", externalId="1")
        twin = await client.create_user("twin", externalId="1")
        assert (rival.status, twin.status) == (201, 201)
        assert len({admin.id, rival.id, twin.id}) == 3
        for impostor in ("1", "admin"):
            assert_problem(await client.get(f"/Users/{impostor}"), 404)
            assert_problem(await client.put(f"/Users/{impostor}", NEVER_WRITTEN), 404)
            assert_problem(await client.delete(f"/Users/{impostor}"), 404)
            assert_problem(await client.create_group("Administrators", impostor), 400, "invalidValue")
        assert (await client.get(f"/Users/{admin.id}")).body == admin.body
        assert (await client.found("/Users", 'externalId eq "1"')).total == 2
