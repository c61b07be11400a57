"""Lists (RFC 7644 §3.4.2, RFC 9865): paging by index and by cursor, order, search over types."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from hallway.keys.service import change_master, rotate
from hallway.store.database import ScanTimedOut
from hallway.web.app import application_of
from hallway.web.wiring import clock
from tests.rooms.opened import MASTER_KEY, opened, settings_in
from tests.web.deployment import Answer, Client, Deployment, deployed

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def filtered(condition: str) -> str:
    return f"filter={quote(condition)}"


def assert_refused(answer: Answer, status: int, scim_type: str | None) -> None:
    assert (answer.status, answer.body.get("scimType")) == (status, scim_type), answer.body


async def filled(hub: Deployment, count: int) -> Client:
    """Users `u00`, `u01`, … with titles in the other order."""
    client = await hub.connected()
    for number in range(count):
        await client.user(f"u{number:02}", title=f"t{count - number:02}", displayName=f"D{number % 3}")
    return client


async def walk(client: Client, endpoint: str = "/Users", **asked: Any) -> list[str]:
    """Names of all pages of a walk by cursor."""
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = "&".join(f"{name}={quote(str(value))}" for name, value in {**asked, "cursor": cursor}.items())
        page = await client.get(f"{endpoint}?{query}")
        assert page.status == 200, page.body
        assert "startIndex" not in page.body
        assert page.body["itemsPerPage"] == len(page.names)
        found += page.names
        cursor = page.body.get("nextCursor")
    return found


async def test_pages_by_index_hold_everybody_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch, page_size_default="4", page_size_max="6") as hub:
        client = await filled(hub, 13)
        first = await client.get("/Users")
        assert (first.body["schemas"], first.body["totalResults"], first.body["itemsPerPage"]) == ([LIST], 13, 4)
        assert (await client.get("/Users?count=100")).body["itemsPerPage"] == 6
        pages = [await client.get(f"/Users?startIndex={start}&count=5") for start in (1, 6, 11, 16)]
        assert [page.body["startIndex"] for page in pages] == [1, 6, 11, 16]
        assert [page.body["itemsPerPage"] for page in pages] == [5, 5, 3, 0]
        assert {page.body["totalResults"] for page in pages} == {13}
        assert [name for page in pages for name in page.names] == [f"u{number:02}" for number in range(13)]
        for nothing in ("count=0", "count=-3", "startIndex=99999999999"):
            page = await client.get(f"/Users?{nothing}")
            assert (page.names, page.body["totalResults"]) == ([], 13)
        assert (await client.get("/Users?startIndex=-7&count=2")).names == ["u00", "u01"]
        for wrong in ("count=x", "startIndex=1.5", "sortOrder=up", "count=1&count=2"):
            assert_refused(await client.get(f"/Users?{wrong}"), 400, "invalidValue")


@pytest.mark.parametrize(
    "sort", ["userName", "displayName", "title", "meta.created", "id", "externalId", "name", "active"]
)
@pytest.mark.parametrize("order", ["ascending", "descending"])
async def test_a_walk_by_cursor_holds_everybody_once_in_the_order_of_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sort: str, order: str
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        for number in range(11):
            more: dict[str, Any] = {"title": f"T{number % 3}", "externalId": "x"} if number % 2 else {}
            if number % 3:
                more["displayName"] = f"d{number % 4}"
            await client.user(f"user-{number:02}", **more)
        if sort == "name":
            sort = "name.familyName"
        asked = {"sortBy": sort, "sortOrder": order}
        whole = (await client.get(f"/Users?sortBy={sort}&sortOrder={order}")).names
        assert sorted(whole) == [f"user-{number:02}" for number in range(11)]
        for count in (1, 3, 11):
            assert await walk(client, **asked, count=count) == whole


async def test_a_walk_misses_nobody_while_people_come_and_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await filled(hub, 20)
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await client.get(f"/Users?sortBy=userName&count=3&cursor={cursor}")
            seen += page.names
            for one in page.body["Resources"][:2]:
                assert (await client.delete(f"/Users/{one['id']}")).status == 204
            await client.user(f"a-new-{len(seen)}")
            cursor = page.body.get("nextCursor")
        assert seen == [f"u{number:02}" for number in range(20)]


async def test_a_cursor_belongs_to_its_query_its_directory_and_its_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await filled(hub, 9)
        other = await filled(hub, 9)
        condition = quote('userName sw "u"')
        cursor = (await client.get(f"/Users?filter={condition}&count=2&cursor=")).body["nextCursor"]
        good = await client.get(f"/Users?filter={condition}&count=2&cursor={cursor}")
        assert good.names == ["u02", "u03"]
        another = filtered('userName sw "v"')
        also = filtered('(username SW "u")')
        again = await client.get(f"/Users?{also}&count=2&attributes=userName&cursor={cursor}")
        assert again.names == ["u02", "u03"]
        raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        raw[-1] ^= 1
        tampered = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
        for wrong, scim_type in (
            (f"filter={condition}&count=2&cursor={tampered}", "invalidCursor"),
            (f"filter={condition}&count=2&cursor=x", "invalidCursor"),
            (f"filter={condition}&count=2&cursor={'A' * 9000}", "invalidValue"),
            (f"{another}&count=2&cursor={cursor}", "invalidCursor"),
            (f"count=2&cursor={cursor}", "invalidCursor"),
            (f"filter={condition}&sortBy=userName&count=2&cursor={cursor}", "invalidCursor"),
            (f"filter={condition}&count=3&cursor={cursor}", "invalidCount"),
            (f"filter={condition}&count=x&cursor={cursor}", "invalidCount"),
        ):
            assert_refused(await client.get(f"/Users?{wrong}"), 400, scim_type)
        assert_refused(await other.get(f"/Users?filter={condition}&count=2&cursor={cursor}"), 400, "invalidCursor")
        assert_refused(await client.get(f"/Groups?count=2&cursor={cursor}"), 400, "invalidCursor")


async def test_a_cursor_outlives_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await filled(hub, 5)
        cursor = (await client.get("/Users?count=2&cursor=")).body["nextCursor"]
    async with deployed(tmp_path, monkeypatch) as hub:
        client.app = hub.app
        assert (await client.get(f"/Users?count=2&cursor={cursor}")).names == ["u02", "u03"]


async def test_a_cursor_sealed_before_the_key_was_rotated_still_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await filled(hub, 5)
        cursors = [(await client.get("/Users?count=2&cursor=")).body["nextCursor"]]
    for rotations in range(1, 4):
        async with opened(tmp_path) as command:
            await rotate(command.stores.keys, bytes.fromhex(MASTER_KEY), clock())
        async with deployed(tmp_path, monkeypatch) as hub:
            client.app = hub.app
            answers = [await client.get(f"/Users?count=2&cursor={cursor}") for cursor in cursors]
            assert [answer.status for answer in answers][-2:] == [200] * min(rotations, 2)
            assert (answers[0].status == 200) is (rotations < 3)
            cursors.append((await client.get("/Users?count=2&cursor=")).body["nextCursor"])


async def test_a_cursor_of_another_process_that_has_a_newer_key_opens_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as first:
        client = await filled(first, 5)
        await rotate(first.hub.stores.keys, bytes.fromhex(MASTER_KEY), clock())
        other = application_of(settings_in(tmp_path))
        await other.lifespan.start()
        try:
            with_newer = replace(client, app=other)
            cursor = (await with_newer.get("/Users?count=2&cursor=")).body["nextCursor"]
        finally:
            await other.lifespan.stop()
        assert (await client.get(f"/Users?count=2&cursor={cursor}")).names == ["u02", "u03"]
        assert_refused(await client.get(f"/Users?count=2&cursor={cursor[:-4]}AAAA"), 400, "invalidCursor")
        await rotate(first.hub.stores.keys, bytes.fromhex(MASTER_KEY), clock())
        await change_master(first.hub.stores.keys, bytes.fromhex(MASTER_KEY), bytes.fromhex("22" * 32))
        assert_refused(await client.get(f"/Users?count=2&cursor={cursor[:-4]}AAAA"), 400, "invalidCursor")


async def test_a_value_too_long_for_a_cursor_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        for letter in "ab":
            await client.user(letter, title=letter * 3000)
        answer = await client.get("/Users?sortBy=title&count=1&cursor=")
        assert_refused(answer, 400, None)
        assert "sort" in answer.body["detail"]
        assert (await client.get("/Users?sortBy=title&count=1")).names == ["a"]


async def test_people_are_sorted_by_value_with_those_without_one_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        people: dict[str, dict[str, Any]] = {
            "a": {"emails": [{"value": "z@example.com"}, {"value": "b@example.com", "primary": True}], "active": True},
            "b": {"emails": [{"value": "A@example.com"}], "active": False},
            "c": {"name": {"familyName": "Älpha"}},
            "d": {"emails": [{"value": "C@example.com"}], "name": {"familyName": "zeta"}, "title": ""},
        }
        for name, more in people.items():
            assert (await client.user(name, **more)).status == 201

        async def names(sort: str, order: str = "ascending") -> str:
            answer = await client.get(f"/Users?sortBy={sort}&sortOrder={order}")
            assert answer.status == 200, answer.body
            return "".join(answer.names)

        assert await names("emails") == await names("emails.value") == "badc"
        assert await names("EMAILS.VALUE", "Descending") == "cdab"
        assert await names("name.familyName") == "dcab"
        assert await names("active") == "bacd"
        assert await names("meta.lastModified") == "abcd"
        assert await names(f"{ENTERPRISE}:department") == "abcd"
        assert await names(f"{ENTERPRISE}:manager") == "abcd"
        for wrong in ("zork", "password", "groups.value", "name"):
            assert_refused(await client.get(f"/Users?sortBy={wrong}"), 400, "invalidValue")
        assert_refused(await client.get("/Groups?sortBy=members.value"), 400, "invalidValue")


async def test_numbers_and_instants_are_sorted_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    urn = "urn:example:measures:User"
    names = {"count": "integer", "weight": "decimal", "since": "dateTime", "code": "string", "size": "complex"}
    attributes: list[dict[str, Any]] = [{"name": name, "type": kind} for name, kind in names.items()]
    attributes[3]["caseExact"] = True
    attributes[4]["subAttributes"] = [{"name": "height", "type": "integer"}]
    declared = tmp_path / "measures.json"
    schema = {"id": urn, "name": "Measures", "attributes": attributes}
    declared.write_text(json.dumps([{"extends": "User", "schema": schema}]))
    async with deployed(tmp_path, monkeypatch, scim_schemas=str(declared)) as hub:
        client = await hub.connected(schemas=(urn,))
        held: list[dict[str, Any]] = [
            {"count": 9, "weight": -1.5, "since": "2026-01-01T12:00:00+02:00", "code": "b"},
            {"count": 10, "weight": 1e300, "since": "2026-01-01T11:00:00Z", "code": "B"},
            {"count": -3, "weight": -0.0, "since": "2025-12-31T23:59:59.999Z", "code": "a"},
            {},
        ]
        for number, one in enumerate(held):
            assert (await client.user(f"u{number}", **{urn: one})).status == 201
        for sort, order in (("count", "2013"), ("weight", "0213"), ("since", "2013"), ("code", "1203")):
            for count in (1, 4):
                walked = await walk(client, sortBy=f"{urn}:{sort}", count=count)
                assert "".join(name[1:] for name in walked) == order, sort
        assert_refused(await client.get(f"/Users?sortBy={urn}:size"), 400, "invalidValue")


async def test_groups_in_a_list_have_their_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        ids = [(await client.user(name)).id for name in ("ada", "grace")]
        made = [await client.group("A", *ids), await client.group("B"), await client.group("C", ids[1])]
        listed = (await client.get("/Groups")).body["Resources"]
        assert listed == [(await client.get(f"/Groups/{one.id}")).body for one in made]
        assert (await client.get(f'/Groups?filter=members+eq+"{ids[0]}"')).names == ["A"]


async def test_a_search_in_a_body_is_the_same_as_in_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await filled(hub, 5)
        wanted = filtered('title gt "t02"')
        by_address = await client.get(f"/Users?{wanted}&sortBy=title&startIndex=2&count=2")
        body = {"schemas": [SEARCH], "filter": 'title gt "t02"', "sortBy": "title", "startIndex": 2, "count": 2}
        by_body = await client.request("POST", "/Users/.search", body)
        assert by_body.raw == by_address.raw
        assert by_body.names == ["u01", "u00"]
        assert (await client.request("POST", "/Groups/.search", {"schemas": [SEARCH]})).body["totalResults"] == 0
        assert_refused(await client.request("POST", "/Users/.search", {"schemas": ["x"]}), 400, "invalidSyntax")
        assert_refused(await client.request("POST", "/Users/.search", {"filter": "x"}), 400, "invalidFilter")
        assert_refused(await client.request("POST", "/Users/.search", []), 400, "invalidSyntax")
        walked = await client.request("POST", "/Users/.search", {"count": 3, "cursor": ""})
        rest = await client.request("POST", "/Users/.search", {"count": 3, "cursor": walked.body["nextCursor"]})
        assert walked.names + rest.names == [f"u{number:02}" for number in range(5)]


async def test_the_root_lists_users_and_groups_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        for number in range(3):
            await client.user(f"u{number}", displayName="Same")
            await client.group(f"g{number}", externalId="7")
        whole = await client.get("")
        assert whole.names == ["u0", "u1", "u2", "g0", "g1", "g2"]
        assert (whole.body["totalResults"], whole.body["startIndex"]) == (6, 1)
        pages = [(await client.get(f"?startIndex={start}&count=2")) for start in (1, 3, 5, 7)]
        assert [page.names for page in pages] == [["u0", "u1"], ["u2", "g0"], ["g1", "g2"], []]
        assert {page.body["totalResults"] for page in pages} == {6}

        async def found(condition: str) -> list[str]:
            answer = await client.request("POST", "/.search", {"schemas": [SEARCH], "filter": condition})
            assert answer.status == 200, answer.body
            return answer.names

        assert await found('meta.resourceType eq "Group"') == ["g0", "g1", "g2"]
        assert await found('userName eq "u1"') == ["u1"]
        assert await found('externalId eq "7" or displayName eq "Same"') == ["u0", "u1", "u2", "g0", "g1", "g2"]
        assert (await client.request("POST", "/.search", {"count": 0})).body["totalResults"] == 6
        assert_refused(await client.get('?filter=zork+eq+"1"'), 400, "invalidFilter")
        only = await client.get("?attributes=displayName&sortBy=displayName&sortOrder=descending&count=4")
        assert only.names == ["Same", "Same", "Same", "g2"]


async def test_the_root_walks_by_index_only_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await filled(hub, 3)
        for answer in (await client.get("?cursor=&count=2"), await client.request("POST", "/.search", {"cursor": ""})):
            assert_refused(answer, 400, "invalidCursor")


async def test_a_filter_that_asks_for_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        deep = filtered("(" * 40 + "active pr" + ")" * 40)
        assert_refused(await client.get(f"/Users?{deep}"), 400, "invalidFilter")
        many = filtered(" or ".join(["active pr"] * 101))
        assert_refused(await client.get(f"/Users?{many}"), 400, "tooMany")
        assert_refused(await client.get(f"/Users?{filtered('zork pr')}"), 400, "invalidFilter")


@pytest.mark.parametrize("path", ["/Users?sortBy=title", "/Groups/{group}"])
async def test_what_takes_too_long_to_scan_is_refused_as_too_much_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        client = hub.client(place)
        group = await client.group("Engineering")

        async def late(*_: Any) -> None:
            raise ScanTimedOut("late")

        monkeypatch.setattr(type(hub.hub.stores.resources), "page" if "/Users" in path else "by_id", late)
        assert_refused(await client.get(path.format(group=group.id)), 400, "tooMany")
        assert [one.status for one in await hub.exchanges(place)] == [201, 400]


async def test_the_walk_through_all_users_has_the_bytes_of_a_sorted_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked without a filter and an order is read in its own way, and answered in the same one."""
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await filled(hub, 9)
        ids = [str(one["id"]) for one in (await client.get("/Users?sortBy=id")).body["Resources"]]
        extension = {"department": "Ops", "manager": {"value": ids[0]}}
        for one in (ids[2], ids[5]):
            hub.later(1.5)
            operation = {"op": "add", "value": {"title": "Gräfin", ENTERPRISE: extension}}
            assert (await client.patch(f"/Users/{one}", operation)).status == 200
        await client.group('Sprécher "1"', *ids[:4])
        await client.group("Empty")
        await client.group("Other", ids[3], ids[8])
        for page in ("count=50", "count=4", "startIndex=3&count=4", "startIndex=9", "startIndex=10", "count=9"):
            plain, ordered = await client.get(f"/Users?{page}"), await client.get(f"/Users?sortBy=id&{page}")
            assert (plain.status, plain.raw) == (200, ordered.raw)
        searched = await client.request("POST", "/Users/.search", {"schemas": [SEARCH], "count": 4})
        assert searched.raw == (await client.get("/Users?sortBy=id&count=4")).raw
        assert await walk(client, count=2) == [f"u{number:02}" for number in range(9)]
        outer = await client.group("Outer")
        nested = {
            "op": "add",
            "path": "members",
            "value": [{"value": (await client.get("/Groups")).body["Resources"][0]["id"]}],
        }
        assert (await client.patch(f"/Groups/{outer.id}", nested)).status == 204
        plain, ordered = await client.get("/Users"), await client.get("/Users?sortBy=id")
        assert plain.raw == ordered.raw
        assert b'"type":"indirect"' in plain.raw
