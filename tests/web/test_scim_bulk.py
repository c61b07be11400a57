"""Bulk (RFC 7644 §3.7) as a client sends it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.rooms.opened import journal
from tests.web.deployment import SCIM, Client, deployed

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def post(bulk_id: str, user_name: str, **more: Any) -> dict[str, Any]:
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": {"userName": user_name, **more}}


def group(bulk_id: str, name: str, *members: str) -> dict[str, Any]:
    data = {"displayName": name, "members": [{"value": one} for one in members]}
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data}


def patch(path: str, name: str, value: str) -> dict[str, Any]:
    return {"method": "PATCH", "path": path, "data": {"Operations": [{"op": "add", "path": name, "value": value}]}}


def managed_by(reference: str) -> dict[str, Any]:
    return {ENTERPRISE: {"manager": {"value": reference}}}


def statuses(answer: Any) -> list[str]:
    assert answer.status == 200, answer.body
    return [one["status"] for one in answer.body["Operations"]]


async def names(client: Client, endpoint: str = "/Users") -> list[str]:
    return sorted((await client.get(endpoint)).names)


async def test_references_resolve_in_any_order_and_in_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        answer = await client.bulk(
            group("g", "Engineering", "bulkId:a"),
            patch("/Users/bulkId:a", "title", "Countess"),
            post("a", "ada"),
            {"method": "PUT", "path": "/Groups/bulkId:g", "data": {"displayName": "Mathematics"}},
            patch("/Groups/bulkId:g", "externalId", "7"),
        )  # fmt: skip
        assert statuses(answer) == ["201", "200", "201", "200", "200"]
        ada = (await client.get("/Users")).body["Resources"][0]
        found = (await client.get("/Groups")).body["Resources"][0]
        assert (ada["title"], found["displayName"], found["externalId"]) == ("Countess", "Mathematics", "7")
        assert [member["value"] for member in found["members"]] == [ada["id"]]
        operations = answer.body["Operations"]
        assert [one.get("bulkId") for one in operations] == ["g", None, "a", None, None]
        assert operations[2]["location"] == ada["meta"]["location"]
        assert operations[4]["version"] == found["meta"]["version"]


async def test_two_users_can_manage_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        answer = await client.bulk(
            post("a", "ada", **managed_by("bulkId:b"), displayName="Ada"),
            post("b", "grace", **managed_by("bulkId:a"), displayName="Grace"),
        )
        assert statuses(answer) == ["201", "201"]
        ada, grace = [one["location"].rpartition("/")[2] for one in answer.body["Operations"]]
        manager = (await client.get(f"/Users/{ada}")).body[ENTERPRISE]["manager"]
        assert (manager["value"], manager["displayName"]) == (grace, "Grace")
        assert (await client.get(f"/Users/{grace}")).body[ENTERPRISE]["manager"]["value"] == ada


@pytest.mark.parametrize("taken", ["ada", "grace"])
async def test_of_a_circle_none_is_made_where_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: str
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        await client.user(taken)
        answer = await client.bulk(
            post("a", "ada", **managed_by("bulkId:b")),
            post("b", "grace", **managed_by("bulkId:a")),
            post("c", "edith", **managed_by("bulkId:a")),
            post("d", "mary"),
        )
        assert statuses(answer) == ["409", "409", "409", "201"]
        kinds = [one["response"].get("scimType") for one in answer.body["Operations"][:3]]
        assert kinds.count("uniqueness") == 1
        assert await names(client) == sorted([taken, "mary"])


async def test_a_circle_with_an_operation_that_was_not_understood_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        broken = {**post("b", "grace", **managed_by("bulkId:a")), "version": 7}
        answer = await client.bulk(post("a", "ada", **managed_by("bulkId:b")), broken)
        assert statuses(answer) == ["400", "400"]
        assert await names(client) == []


async def test_a_closed_directory_looks_at_circles_too_and_makes_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        client = hub.client(place)
        await hub.disable(place)
        answer = await client.bulk(
            post("a", "ada", **managed_by("bulkId:b")), post("b", "grace", **managed_by("bulkId:a"))
        )
        assert answer.status == 503
        assert await names(client) == []


async def test_a_group_in_a_circle_waits_for_its_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        answer = await client.bulk(
            group("g", "Engineering", "bulkId:a"), post("a", "ada", groups=[{"value": "bulkId:g"}])
        )
        assert statuses(answer) == ["201", "201"]
        circle = await client.bulk(group("x", "X", "bulkId:y"), group("y", "Y", "bulkId:x"))
        assert statuses(circle) == ["400", "409"]
        assert await names(client, "/Groups") == ["Engineering"]


async def test_a_failure_takes_those_that_refer_to_it_along_and_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        await client.user("ada")
        answer = await client.bulk(
            post("a", "ADA"),
            group("g", "Engineering", "bulkId:a"),
            post("b", "grace"),
            {"method": "DELETE", "path": "/Users/user_" + "0" * 32},
            {"method": "DELETE", "path": "/Users/bulkId:b", "version": 'W/"7"'},
            {"method": "DELETE", "path": "/Users/bulkId:nobody"},
            {"method": "DELETE", "path": "/Robots/1"},
            {**patch("/Users/bulkId:b", "title", "Admiral"), "version": 'W/"1"'},
            {"method": "DELETE", "path": "/Users/bulkId:b", "version": 'W/"2"'},
            group("h", "Mathematics"),
            {"method": "DELETE", "path": "/Groups/bulkId:h"},
            {"method": "POST", "path": "/Users", "bulkId": "z", "data": {}},
        )  # fmt: skip
        expected = ["409", "409", "201", "404", "412", "400", "404", "200", "204", "201", "204", "400"]
        assert statuses(answer) == expected
        assert "location" not in answer.body["Operations"][0]
        assert answer.body["Operations"][3]["location"].endswith("/Users/user_" + "0" * 32)
        assert answer.body["Operations"][8]["location"] == answer.body["Operations"][2]["location"]
        assert await names(client) == ["ada"]


async def test_after_fail_on_errors_failures_the_rest_is_not_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        missing = {"method": "DELETE", "path": "/Users/nobody"}
        answer = await client.bulk(missing, post("a", "ada"), missing, post("b", "grace"), failOnErrors=2)
        assert statuses(answer) == ["404", "201", "404"]
        assert await names(client) == ["ada"]


async def test_too_many_operations_and_too_many_bytes_are_413(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {"bulk_max_operations": "2", "bulk_max_payload_bytes": "16 KiB"}
    async with deployed(tmp_path, monkeypatch, **limits) as hub:
        client = await hub.connected()
        config = (await client.get("/ServiceProviderConfig")).body["bulk"]
        assert (config["maxOperations"], config["maxPayloadSize"]) == (2, 16 * 1024)
        many = await client.bulk(*(post(str(number), f"user-{number}") for number in range(3)))
        large = await client.bulk(post("a", "ada", title="x" * 16_384))
        for answer in (many, large):
            assert (answer.status, answer.body["status"]) == (413, "413")
        assert await names(client) == []


async def test_a_bulk_request_is_one_exchange_and_an_entry_for_each_operation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        client = hub.client(place)
        before = len(await journal(hub.hub, place.directory))
        missing = {"method": "DELETE", "path": "/Users/nobody"}
        extra = post("b", "grace", hunter="hunter2", active="False")
        assert statuses(await client.bulk(missing, post("a", "ada"), extra, post("c", "ADA"))) == [
            "404", "201", "201", "409",
        ]  # fmt: skip
        (kept,) = await hub.exchanges(place)
        entries = (await journal(hub.hub, place.directory))[before:]
        assert [one.entry.type for one in entries] == ["user.created", "user.created"]
        assert {one.entry.exchange_id for one in entries} == {kept.id}
        assert (kept.method, kept.status, kept.seq) == ("POST", 200, entries[0].seq)
        assert {"boolean_as_text", "unknown_attribute_ignored"} <= set(kept.quirks)
        assert kept.request is not None
        shown = json.loads(kept.request)
        assert [one["data"]["userName"] for one in shown["Operations"][1:]] == ["ada", "grace", "ADA"]
        assert b"hunter2" not in kept.request


async def test_a_bulk_request_that_changes_nothing_is_kept_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        client = hub.client(place)
        await client.bulk({"method": "DELETE", "path": "/Users/nobody"})
        await client.bulk()
        assert (await client.send("POST", "/Bulk", b"[]", {"content-type": SCIM})).status == 400
        kept = await hub.exchanges(place)
        assert [(one.status, one.seq) for one in kept] == [(200, 0), (200, 0), (400, 0)]


async def test_what_an_operation_frees_is_free_for_those_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        ada, carl, dave = [(await client.user(name)).id for name in ("ada", "carl", "dave")]
        team = (await client.group("Team")).id
        adding = {"op": "add", "path": "members", "value": [{"value": ada}]}
        answer = await client.bulk(
            post("1", "first"),
            post("2", "ADA"),
            {"method": "PATCH", "path": f"/Groups/{team}", "data": {"Operations": [adding]}},
            {"method": "DELETE", "path": f"/Users/{ada}"},
            post("3", "ada"),
            patch(f"/Users/{carl}", "userName", "carl.smith"),
            patch(f"/Users/{dave}", "userName", "carl"),
            post("4", "dave"),
            post("5", "Dave"),
            group("6", "Team"),
            {"method": "DELETE", "path": f"/Groups/{team}"},
            group("7", "Team"),
        )
        assert statuses(answer) == [
            "201", "409", "200", "204", "201", "200", "200", "201", "409", "409", "204", "201",
        ]  # fmt: skip
        assert await names(client) == ["ada", "carl", "carl.smith", "dave", "first"]
        assert await names(client, "/Groups") == ["Team"]
