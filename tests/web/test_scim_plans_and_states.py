"""What a plan unlocks, and what a disabled directory or a suspended organization still does."""

from pathlib import Path
from typing import Any

import pytest

from hallway.hub.organizations.model import Plan
from tests.rooms.opened import Place, journal
from tests.web.deployment import ERROR, Answer, Client, Deployment, deployed

OFF = {"op": "replace", "path": "active", "value": False}
ON = {"op": "replace", "path": "active", "value": True}


def adding(*ids: str) -> dict[str, Any]:
    return {"op": "add", "path": "members", "value": [{"value": one} for one in ids]}


def removing(one: str) -> dict[str, Any]:
    return {"op": "remove", "path": f'members[value eq "{one}"]'}


def assert_refused(answer: Answer, status: int) -> None:
    assert answer.status == status, answer.body
    assert answer.body["schemas"] == [ERROR]
    assert answer.body["status"] == str(status)


async def staffed(hub: Deployment, **rules: Any) -> tuple[Place, Client, list[str], str]:
    """A directory with Ada and Grace in a group; Edith is inactive."""
    place = await hub.place(**rules)
    client = hub.client(place)
    people = [(await client.user(name)).id for name in ("ada", "grace", "edith")]
    await client.patch(f"/Users/{people[2]}", OFF)
    group = await client.group("Engineering", *people[:2])
    return place, client, people, f"/Groups/{group.id}"


async def test_without_the_plan_growth_is_refused_and_ending_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place, client, (ada, grace, edith), group = await staffed(hub)
        await hub.set_plan(place, Plan.FREE)
        refused = [
            await client.user("new"),
            await client.group("New"),
            await client.patch(f"/Users/{edith}", ON),
            await client.put(f"/Users/{edith}", {"userName": "edith", "active": True}),
            await client.patch(group, adding(edith)),
            await client.put(group, {"displayName": "Engineering", "members": [{"value": edith}]}),
            await client.patch(group, removing(ada), adding(edith)),
        ]
        for answer in refused:
            assert_refused(answer, 403)
            assert "free" in answer.body["detail"]
            assert "enterprise" in answer.body["detail"]
        assert (await client.get(group)).members == {ada, grace}
        assert (await client.patch(group, removing(ada))).status == 204
        assert (await client.patch(f"/Users/{grace}", OFF)).body["active"] is False
        assert (await client.patch(f"/Users/{ada}", {"op": "add", "path": "title", "value": "Countess"})).status == 200
        assert (await client.delete(f"/Users/{ada}")).status == 204
        assert (await client.get("/Users")).names == ["grace", "edith"]
        assert (await client.delete(group)).status == 204
        await hub.set_plan(place, Plan.ENTERPRISE)
        assert (await client.user("new")).status == 201


async def test_the_first_request_of_a_free_organization_says_which_plan_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected(plan="free")
        assert_refused(await client.user("ada"), 403)
        answer = await client.bulk({"method": "POST", "path": "/Users", "bulkId": "1", "data": {"userName": "ada"}})
        assert answer.body["Operations"][0]["response"]["status"] == "403"
        assert (await client.get("/Users")).body["totalResults"] == 0


async def test_restoring_a_deleted_user_needs_the_plan_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place(delete_deactivates=True)
        client = hub.client(place)
        ada = await client.user("ada", externalId="1815")
        await client.delete(f"/Users/{ada.id}")
        await hub.set_plan(place, Plan.FREE)
        assert_refused(await client.user("ada", externalId="1815"), 403)


@pytest.mark.parametrize("how", ["disable", "suspend"])
async def test_a_closed_directory_refuses_writes_and_lists_what_it_did_not_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place, client, (ada, grace, edith), group = await staffed(hub)
        before = [(await client.get(path)).raw for path in (f"/Users/{ada}", f"/Users/{edith}", group)]
        written = len(await journal(hub.hub, place.directory))
        await (hub.disable(place) if how == "disable" else hub.suspend(place))
        deactivated = await client.patch(f"/Users/{ada}", OFF)
        endings = [
            deactivated,
            await client.put(f"/Users/{grace}", {"userName": "grace", "active": False}),
            await client.delete(f"/Users/{edith}"),
            await client.patch(group, removing(ada)),
            await client.delete(group),
        ]
        growth = [
            await client.user("new"),
            await client.group("New"),
            await client.patch(f"/Users/{edith}", ON),
            await client.patch(group, adding(edith)),
            await client.patch(f"/Users/{ada}", {"op": "add", "path": "title", "value": "Countess"}),
            await client.patch(f"/Users/{edith}", OFF),
        ]
        for answer in (*endings, *growth):
            assert_refused(answer, 503)
            assert answer.headers["retry-after"] == "5"
        assert [(await client.get(path)).raw for path in (f"/Users/{ada}", f"/Users/{edith}", group)] == before
        assert (await client.get('/Users?filter=userName+eq+"new"')).body["totalResults"] == 0
        assert len(await journal(hub.hub, place.directory)) == written + 1
        listed = await not_applied(hub, place)
        assert [what for _, _, what in listed] == [
            "user.deactivated",
            "user.deactivated",
            "user.deleted",
            "group.members_changed",
            "group.deleted",
        ]
        assert listed[0][:2] == ("PATCH", f"{client.base}/Users/{ada}")
        await (hub.enable(place) if how == "disable" else hub.resume(place))
        assert (await client.patch(f"/Users/{ada}", OFF)).body["active"] is False


async def not_applied(hub: Deployment, place: Place) -> list[tuple[str, str, str]]:
    await hub.written()
    directory = place.directory
    found = await hub.hub.stores.exchanges.not_applied(directory.organization_id, directory.id)
    return [(one.method, one.path, one.not_applied) for one in found]


async def test_endings_inside_a_bulk_request_to_a_disabled_directory_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place, client, (ada, grace, _), group = await staffed(hub)
        await hub.disable(place)
        answer = await client.bulk(
            {"method": "POST", "path": "/Users", "bulkId": "1", "data": {"userName": "new"}},
            {"method": "PATCH", "path": f"/Users/{ada}", "data": {"Operations": [OFF]}},
            {"method": "DELETE", "path": f"/Users/{grace}"},
            {"method": "DELETE", "path": "/Users/nobody"},
            failOnErrors=1,
        )
        assert_refused(answer, 503)
        assert await not_applied(hub, place) == [("POST", f"{client.base}/Bulk", "user.deactivated,user.deleted")]
        assert (await client.get("/Users")).body["totalResults"] == 3
        assert (await client.get(group)).members == {ada, grace}
        empty = await client.bulk()
        assert_refused(empty, 503)


async def test_what_is_wrong_with_a_request_is_said_by_a_disabled_directory_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place, client, (ada, _, _), _ = await staffed(hub)
        await hub.disable(place)
        assert_refused(await client.user("ADA"), 409)
        assert_refused(await client.delete("/Users/user_" + "0" * 32), 404)
        assert_refused(await client.patch(f"/Users/{ada}", {"op": "replace", "path": "zork", "value": 1}), 400)
