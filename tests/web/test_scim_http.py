"""HTTP as SCIM uses it (RFC 7644 §3): versions, representations, media types, methods, addresses, answers."""

from pathlib import Path
from typing import Any

import pytest

from hallway.scim.standard import USER_SCHEMA
from tests.web.deployment import ERROR, SCIM, Answer, Client, deployed

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
TITLE = {"op": "replace", "path": "title", "value": "Countess"}
NOBODY = "user_" + "0" * 32


def assert_error(answer: Answer, status: int, scim_type: str | None = None) -> None:
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/scim+json;charset=utf-8"
    assert answer.body["schemas"] == [ERROR]
    assert (answer.body["status"], answer.body.get("scimType")) == (str(status), scim_type)
    assert answer.body["detail"]


async def test_every_change_makes_a_new_version_and_a_change_to_the_same_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        ada = await client.user("ada", title="Analyst")
        path = f"/Users/{ada.id}"
        assert (ada.headers["etag"], ada.body["meta"]["version"]) == ('W/"1"', 'W/"1"')
        changed = await client.patch(path, TITLE)
        assert changed.headers["etag"] == changed.body["meta"]["version"] == 'W/"2"'
        again = await client.patch(path, TITLE)
        put = await client.put(path, {"schemas": [USER_SCHEMA.id], "userName": "ada", "title": "Countess"})
        read = await client.get(path)
        assert changed.raw == again.raw == put.raw == read.raw
        assert again.headers["etag"] == 'W/"2"'


async def test_a_group_has_a_new_version_with_each_change_of_its_members_and_none_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        ada, group = await client.user("ada"), await client.group("Engineering")
        path = f"/Groups/{group.id}"
        adding = {"op": "add", "path": "members", "value": [{"value": ada.id}]}
        assert (await client.patch(path, adding)).status == 204
        before = await client.get(path)
        assert before.headers["etag"] == 'W/"2"'
        assert (await client.patch(path, adding)).status == 204
        body = {"displayName": "Engineering", "members": [{"value": ada.id}]}
        assert (await client.put(path, body)).raw == before.raw == (await client.get(path)).raw
        assert (await client.put(path, {"displayName": "Engineering"})).raw == before.raw
        assert (await client.get(f"/Users/{ada.id}")).headers["etag"] == 'W/"1"'
        both = await client.patch(path, {"op": "replace", "value": {"displayName": "E", "members": []}})
        assert both.headers["etag"] == (await client.get(path)).headers["etag"] != 'W/"2"'


@pytest.mark.parametrize("kind", ["Users", "Groups"])
async def test_a_precondition_that_fails_is_412_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        made = await client.user("ada") if kind == "Users" else await client.group("Engineering")
        path = f"/{kind}/{made.id}"
        body = {"userName": "grace"} if kind == "Users" else {"displayName": "Mathematics"}
        name = next(iter(body))
        operation = {"op": "replace", "path": name, "value": body[name]}
        for tag in ('W/"7"', '"7"', "7", 'W/"6", W/"7"'):
            assert_error(await client.put(path, body, if_match=tag), 412)
            assert_error(await client.patch(path, operation, if_match=tag), 412)
            assert_error(await client.delete(path, if_match=tag), 412)
        assert (await client.get(path)).raw == made.raw
        assert (await client.put(path, body, if_match='W/"1"')).status == 200
        for tag in ('"2"', 'W/"1", W/"2"', "*"):
            assert (await client.patch(path, operation, if_match=tag)).status in {200, 204}
        external = {"op": "replace", "path": "externalId", "value": "7"}
        assert (await client.patch(path, external, if_match='"2"')).status in {200, 204}
        assert (await client.delete(path, if_match='W/"3"')).status == 204
        assert_error(await client.delete(path, if_match="*"), 404)


async def test_members_change_only_at_the_version_in_if_match(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        ada, grace = await client.user("ada"), await client.user("grace")
        path = f"/Groups/{(await client.group('Engineering')).id}"
        adding = [{"op": "add", "path": "members", "value": [{"value": one.id}]} for one in (ada, grace)]
        assert (await client.patch(path, adding[0], if_match='W/"1"')).status == 204
        assert_error(await client.patch(path, adding[1], if_match='W/"1"'), 412)
        assert (await client.get(path)).members == {ada.id}


@pytest.mark.parametrize("kind", ["Users", "Groups"])
async def test_a_reader_who_has_the_version_gets_304(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        made = await client.user("ada") if kind == "Users" else await client.group("Engineering")
        path = f"/{kind}/{made.id}"
        for tag in ('W/"1"', '"1"', 'W/"0", W/"1"', "*"):
            same = await client.get(path, if_none_match=tag)
            assert (same.status, same.raw, same.headers["etag"]) == (304, b"", 'W/"1"')
        assert (await client.get(path, if_none_match='W/"2"')).status == 200
        assert (await client.get(f"/{kind}/{NOBODY}", if_none_match="*")).status == 404


async def test_answers_say_where_the_resource_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        for made, kind in ((await client.user("ada"), "Users"), (await client.group("Engineering"), "Groups")):
            place = f"http://127.0.0.1:8000{client.base}/{kind}/{made.id}"
            assert made.headers["location"] == made.body["meta"]["location"] == place
            read = await client.get(f"/{kind}/{made.id}")
            assert read.headers["content-location"] == place
            assert "location" not in read.headers


async def test_attributes_project_every_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        asked = "?attributes=userName,name.givenName"
        body = {"userName": "ada", "name": {"givenName": "Ada", "familyName": "L."}, "title": "Countess"}
        made = await client.request("POST", f"/Users{asked}", body)
        path = f"/Users/{made.id}"
        answers = [
            made,
            await client.get(path + asked),
            await client.put(path + asked, {**body, "title": "Lady"}),
            await client.patch(path + asked, {**TITLE, "value": "Dr"}),
        ]
        for answer in answers:
            assert {**answer.body, "schemas": None} == {
                "schemas": None, "id": made.id, "userName": "ada", "name": {"givenName": "Ada"},
            }  # fmt: skip
        found = await client.get(f"/Users{asked}")
        assert found.body["Resources"][0] == answers[1].body
        without = await client.get(f"{path}?excludedAttributes=name,meta")
        assert "name" not in without.body and "meta" not in without.body and without.body["title"] == "Dr"
        searched = await client.request("POST", "/Users/.search", {"schemas": [], "attributes": ["title"]})
        assert set(searched.body["Resources"][0]) == {"schemas", "id", "title"}
        group = await client.group("Engineering", made.id)
        assert "members" not in (await client.get(f"/Groups/{group.id}?excludedAttributes=members")).body
        assert "members" not in (await client.get("/Groups?excludedAttributes=members")).body["Resources"][0]
        assert (await client.get("/Groups?attributes=members")).body["Resources"][0]["members"]
        assert_error(await client.get(f"{path}?attributes=id&attributes=id"), 400, "invalidValue")


async def test_ids_of_others_are_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        client, sibling, other = (
            hub.client(place),
            hub.client(await hub.place(place.directory.organization)),
            await hub.connected(),
        )
        ada, group = await client.user("ada"), await client.group("Engineering")
        for stranger in (sibling, other):
            for path in (f"/Users/{ada.id}", f"/Groups/{group.id}"):
                name = "userName" if "Users" in path else "displayName"
                for answer in (
                    await stranger.get(path),
                    await stranger.put(path, {name: "x"}),
                    await stranger.patch(path, {"op": "replace", "path": name, "value": "x"}),
                    await stranger.delete(path),
                ):
                    assert_error(answer, 404)
            assert_error(await stranger.group("Theirs", ada.id), 400, "invalidValue")
        for path in (
            "/Users/1",
            f"/Users/{ada.id.upper()}",
            f"/Users/{group.id}",
            f"/Groups/{ada.id}",
            "/Users/user_zz",
        ):
            assert_error(await client.get(path), 404)


async def test_head_is_get_without_its_body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        client = hub.client(place)
        ada = await client.user("ada")
        for path in (f"/Users/{ada.id}", "/Users", "/Schemas"):
            full, head = await client.get(path), await client.request("HEAD", path)
            assert (head.status, head.raw) == (200, b"")
            assert head.headers["content-length"] == str(len(full.raw))
        assert (await client.request("HEAD", "/Users/nobody")).status == 404
        assert (await client.request("HEAD", "/Users/nobody")).raw == b""
        assert {(one.method, one.status, one.request_note) for one in (await hub.exchanges(place))[1:]} == {
            ("HEAD", 404, "")
        }


@pytest.mark.parametrize("path", ["/Users/", "//Users", "/Users//", "/Users?aadOptscim062020", "/Users?zork=1&a=b&"])
async def test_addresses_are_understood_with_slashes_and_parameters_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        assert (await client.request("POST", path, {"userName": "ada"})).status == 201
        assert (await client.get(path)).names == ["ada"]
        trailing = Client(client.app, client.base + "/", client.token)
        assert (await trailing.get(path)).names == ["ada"]
        entra = Client(client.app, client.base, client.token)
        assert (await entra.get('/Users?aadOptscim062020&filter=userName+eq+"ada"')).names == ["ada"]


async def test_bodies_are_json_in_utf_8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()

        async def sent(media_type: str | None, body: bytes) -> Answer:
            return await client.send("POST", "/Users", body, {"content-type": media_type})

        good = [
            SCIM, "application/json", "APPLICATION/SCIM+JSON; Charset=UTF-8", 'application/json;charset="utf8"',
            "application/json; profile=x", None,
        ]  # fmt: skip
        for number, media_type in enumerate(good):
            assert (await sent(media_type, b'{"userName": "user-%d"}' % number)).status == 201, media_type
        for media_type in ("text/plain", "application/x-www-form-urlencoded", f"{SCIM};charset=latin-1", "x"):
            assert_error(await sent(media_type, b'{"userName": "other"}'), 415)
        for body in (b"", b"{", b"\xff", b"[]", b'"x"', b'{"userName": "a\\u0000b"}', b'{"userName": 1}'):
            assert (await sent(SCIM, body)).status == 400
        assert (await client.get("/Users")).body["totalResults"] == len(good)
        strict = await hub.connected(strict=True)
        assert_error(await strict.send("POST", "/Users", b'{"userName": "ada"}'), 415)


async def test_answers_are_plain_json_for_whoever_asks_for_that_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        for accept, expected in (
            ("application/json", "application/json;charset=utf-8"),
            ("application/json, application/scim+json", "application/scim+json;charset=utf-8"),
            ("*/*", "application/scim+json;charset=utf-8"),
            (None, "application/scim+json;charset=utf-8"),
        ):
            for path in ("/Users", "/Users/nobody", "/Schemas"):
                assert (await client.get(path, accept=accept)).headers["content-type"] == expected


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/Users", "GET, HEAD, POST"),
        ("POST", f"/Users/{NOBODY}", "DELETE, GET, HEAD, PATCH, PUT"),
        ("DELETE", "/Schemas", "GET, HEAD"),
        ("GET", "/Bulk", "POST"),
        ("GET", "/Users/.search", "POST"),
        ("OPTIONS", "/Groups", "GET, HEAD, POST"),
    ],
)
async def test_other_methods_are_405_and_say_which_are_possible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, path: str, allow: str
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        answer = await client.request(method, path)
        assert_error(answer, 405)
        assert answer.headers["allow"] == allow
        assert_error(await client.get("/Robots"), 404)
        assert_error(await client.get(f"/Users/{NOBODY}/more"), 404)


async def test_a_body_over_the_limit_is_413(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch, scim_body_limit_bytes="16 KiB") as hub:
        place = await hub.place()
        client = hub.client(place)
        big = b'{"userName": "ada", "title": "%b"}' % (b"x" * 16_384)
        assert_error(await client.send("POST", "/Users", big, {"content-type": SCIM}), 413)
        assert_error(await client.send("POST", "/Users/.search", big, {"content-type": SCIM}), 413)
        (first, _) = await hub.exchanges(place)
        assert (first.status, first.request) == (413, None)
        assert "16384" in first.request_note


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
async def test_me_is_501_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        answer = await client.request(method, "/Me", {} if method in {"POST", "PUT", "PATCH"} else None)
        assert answer.status == 501
        if method != "HEAD":
            assert_error(answer, 501)
            assert "not for a user" in answer.body["detail"]


async def test_a_manager_shows_name_and_address_of_whom_she_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        boss = await client.user("grace", displayName="Grace")
        sent = {"value": boss.id, "displayName": "Somebody", "$ref": "http://elsewhere/"}
        ada = await client.user("ada", **{ENTERPRISE: {"department": "Engines", "manager": sent}})

        async def manager() -> Any:
            read = await client.get(f"/Users/{ada.id}")
            listed = (await client.get('/Users?filter=userName+eq+"ada"')).body["Resources"][0]
            assert listed == read.body
            return read.body[ENTERPRISE]["manager"]

        place = boss.body["meta"]["location"]
        assert ada.body[ENTERPRISE]["manager"] == {"value": boss.id, "$ref": place, "displayName": "Grace"}
        assert await manager() == ada.body[ENTERPRISE]["manager"]
        await client.patch(f"/Users/{boss.id}", {"op": "replace", "path": "displayName", "value": "Rear Admiral"})
        assert (await manager())["displayName"] == "Rear Admiral"
        found = await client.get(f'/Users?filter={ENTERPRISE}:manager.value+eq+"{boss.id}"')
        assert found.names == ["ada"]
        await client.delete(f"/Users/{boss.id}")
        assert await manager() == {"value": boss.id}
        await client.patch(f"/Users/{ada.id}", {"op": "replace", "path": f"{ENTERPRISE}:manager", "value": "outside-7"})
        assert await manager() == {"value": "outside-7"}
        await client.patch(f"/Users/{ada.id}", {"op": "remove", "path": f"{ENTERPRISE}:manager"})
        assert (await client.get(f"/Users/{ada.id}")).body[ENTERPRISE] == {"department": "Engines"}


async def test_groups_of_a_user_are_direct_and_indirect_and_follow_every_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        ada = await client.user("ada")
        inner = await client.group("Inner", ada.id)
        middle = await client.group("Middle", inner.id)
        outer = await client.group("Outer", middle.id)

        async def groups() -> dict[str, tuple[str, str]]:
            read = (await client.get(f"/Users/{ada.id}")).body
            assert (await client.get("/Users")).body["Resources"][0] == read
            return {one["display"]: (one["value"], one["type"]) for one in read.get("groups", [])}

        assert await groups() == {
            "Inner": (inner.id, "direct"), "Middle": (middle.id, "indirect"), "Outer": (outer.id, "indirect"),
        }  # fmt: skip
        reference = (await client.get(f"/Users/{ada.id}")).body["groups"][0]["$ref"]
        assert reference == inner.body["meta"]["location"]
        await client.patch(f"/Groups/{outer.id}", {"op": "add", "path": "members", "value": [{"value": ada.id}]})
        await client.patch(f"/Groups/{middle.id}", {"op": "replace", "path": "displayName", "value": "Centre"})
        assert {name: kind for name, (_, kind) in (await groups()).items()} == {
            "Inner": "direct", "Centre": "indirect", "Outer": "direct",
        }  # fmt: skip
        assert (await client.get(f'/Users?filter=groups.value+eq+"{inner.id}"')).names == ["ada"]
        cycle = {"op": "add", "path": "members", "value": [{"value": outer.id}]}
        assert_error(await client.patch(f"/Groups/{inner.id}", cycle), 400, "invalidValue")
        itself = {"op": "add", "path": "members", "value": [{"value": inner.id}]}
        assert_error(await client.patch(f"/Groups/{inner.id}", itself), 400, "invalidValue")
        await client.delete(f"/Groups/{middle.id}")
        assert set(await groups()) == {"Inner", "Outer"}
        assert (await client.get(f"/Groups/{outer.id}")).members == {ada.id}
        await client.patch(f"/Groups/{inner.id}", {"op": "remove", "path": "members"})
        await client.delete(f"/Groups/{outer.id}")
        assert await groups() == {}


async def test_display_of_members_follows_a_rename_and_who_is_deleted_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        ada, grace = await client.user("ada", displayName="Ada"), await client.user("grace", displayName="Grace")
        group = await client.group("Engineering", ada.id, grace.id)
        path = f"/Groups/{group.id}"
        assert [one["display"] for one in group.body["members"]] == ["Ada", "Grace"]
        assert group.body["members"][0] == {
            "value": ada.id, "$ref": ada.body["meta"]["location"], "display": "Ada", "type": "User",
        }  # fmt: skip
        await client.patch(f"/Users/{ada.id}", {"op": "replace", "path": "displayName", "value": "Lady Ada"})
        now = await client.get(path)
        assert [one["display"] for one in now.body["members"]] == ["Lady Ada", "Grace"]
        assert now.headers["etag"] == group.headers["etag"]
        assert (await client.delete(f"/Users/{grace.id}")).status == 204
        after = await client.get(path)
        assert after.members == {ada.id}
        assert after.headers["etag"] != now.headers["etag"]
        assert after.body["meta"]["lastModified"] >= now.body["meta"]["lastModified"]
        removing = {"op": "remove", "path": 'members[display eq "Lady Ada" and type eq "User"]'}
        assert (await client.patch(path, removing)).status == 204
        assert (await client.get(path)).members == set()


async def test_a_large_group_is_read_replaced_and_emptied_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        operations = [
            {"method": "POST", "path": "/Users", "bulkId": str(number), "data": {"userName": f"user-{number}"}}
            for number in range(1000)
        ]
        made = (await client.bulk(*operations)).body["Operations"]
        ids = [one["location"].rpartition("/")[2] for one in made]
        group = await client.group("Everybody", *ids)
        assert group.members == set(ids)
        path = f"/Groups/{group.id}"
        await client.patch(path, {"op": "replace", "path": "members", "value": [{"value": one} for one in ids[:3]]})
        assert (await client.get(path)).members == set(ids[:3])
