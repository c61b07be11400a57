"""The REST API: reading, refusing, pages, versions, and requests that are sent twice."""

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hallway.exchanges.idempotency import ABANDONED, LIFETIME
from hallway.hub.applications.api_keys import found_key, revoke
from hallway.hub.organizations.members import Role
from hallway.hub.organizations.roster import found_member, set_role
from hallway.ids import API_KEY, wire
from hallway.journal.model import Unavailable
from hallway.secret_text import API, read_secret
from hallway.web.api import organizations
from hallway.web.api.endpoint import Call
from hallway.web.api.examples import example_of
from hallway.web.api.openapi import document
from hallway.web.api.paging import cursor
from hallway.web.api.table import ENDPOINTS
from hallway.web.app import hourly
from hallway.web.wiring import clock, key_desk
from tests.rooms.opened import OPERATOR, canaries_in
from tests.web.api_world import ApiWorld, api_world
from tests.web.asgi import call


@pytest.mark.parametrize("kind", sorted({one.body for one in ENDPOINTS if one.body}, key=lambda one: one.__name__))
def test_the_example_of_a_body_is_a_body(kind: Any) -> None:
    assert msgspec.json.decode(json.dumps(example_of(kind)), type=kind)


def test_the_document_has_every_row_once_with_examples() -> None:
    made = document(ENDPOINTS, "https://hub.example")
    told = {(method.upper(), path) for path, item in made["paths"].items() for method in item}
    assert told == {(one.method, one.path) for one in ENDPOINTS}
    assert len({one["operationId"] for item in made["paths"].values() for one in item.values()}) == len(ENDPOINTS)
    kinds = {kind.__name__ for one in ENDPOINTS for kind in (one.body, one.answer) if kind is not None}
    assert all(made["components"]["schemas"][name]["examples"] for name in kinds)
    text = json.dumps(made)
    refs = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert refs <= set(made["components"]["schemas"])


async def test_the_document_and_its_page_are_served_to_anybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        answer = await call(world.hub.app, "GET", "/api/v1/openapi.json")
        served = json.loads(answer.body)
        assert answer.headers["content-type"] == "application/json" and served["openapi"] == "3.1.0"
        assert served["servers"] == [{"url": "http://hub.localhost:8000"}]
        page = (await call(world.hub.app, "GET", "/api/v1/docs", {"accept": "text/html"})).body.decode()
        for one in ENDPOINTS:
            assert f"{one.method} {one.path}" in page and f'id="{one.serve.__name__}"' in page


BODIES: tuple[tuple[bytes, dict[str, str], int, str, str | None], ...] = (
    (b"", {}, 400, "malformed_request", None),
    (b"{", {}, 400, "malformed_request", None),
    (b"[]", {}, 422, "invalid", "body"),
    (b'{"name": 5}', {}, 422, "invalid", "name"),
    (b'{"name": ""}', {}, 422, "invalid", "name"),
    (b'{"name": "  "}', {}, 422, "invalid", None),
    (b'{"name": "A", "nam": "B"}', {}, 422, "invalid", "body"),
    (b'{"name": "A", "plan": "gold"}', {}, 422, "invalid", "plan"),
    (b'{"name": "A\\u0000"}', {}, 400, "malformed_request", None),
    (b'{"name": "A\\\\u0000"}', {}, 201, "", None),
    (b'{"name": "A\\ud800"}', {}, 400, "malformed_request", None),
    (b'{"name": "\xff"}', {}, 400, "malformed_request", None),
    (b'{"name": "A"}', {"content-type": "text/plain"}, 415, "unsupported_media_type", None),
    (b'{"name": "A"}', {"content-type": "application/json; charset=latin1"}, 415, "unsupported_media_type", None),
    (b'{"name": "A"}', {"content-type": "application/json; charset=UTF-8"}, 201, "", None),
    (b"[" * 100_000, {}, 422, "invalid", "body"),
    (b'{"name": ' + b"[" * 100_000, {}, 422, "invalid", "name"),
    (b" " * (256 * 1024 + 1), {}, 413, "body_too_large", None),
    (b'{"name": "A"}', {"host": "elsewhere.example"}, 421, "wrong_host", None),
)


async def test_a_body_is_read_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        for body, headers, status, code, at in BODIES:
            answer, read = await world.send("POST", "organizations", body, **headers)
            assert answer.status == status, (body[:40], read)
            if status >= 400:
                assert answer.headers["content-type"] == "application/problem+json"
                assert read["code"] == code and read["status"] == status
                assert read["type"] == f"http://hub.localhost:8000/api/v1/docs#{code}"
                assert read["request_id"] == answer.headers["x-request-id"]
                assert (read["errors"][0]["at"] if "errors" in read else None) == at


QUERIES = (
    ("limit=0", 422, "invalid"),
    ("limit=201", 422, "invalid"),
    ("limit=x", 422, "invalid"),
    ("limit=1&limit=2", 422, "invalid"),
    ("page=2", 422, "invalid"),
    ("after=%00", 400, "malformed_request"),
    ("after=x", 400, "invalid_cursor"),
    ("after=%ff", 400, "malformed_request"),
    ("after=AAAA", 400, "invalid_cursor"),
    ("external_id=nobody", 200, ""),
)


async def test_a_query_is_read_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        for query, status, code in QUERIES:
            answer, read = await world.send("GET", f"organizations?{query}")
            assert (answer.status, read.get("code", "")) == (status, code), query
        plain, _ = await world.send("GET", f"{world.here}?x=1")
        assert plain.status == 422, "a route that takes no parameter refuses every one"


async def test_addresses_that_are_none_answer_in_the_apis_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        for method, path, status, code in (
            ("GET", "nothing", 404, "not_found"),
            ("PUT", "organizations", 405, "method_not_allowed"),
            ("GET", "organizations/nothing", 404, "not_found"),
            ("GET", "organizations/org_" + "0" * 32, 404, "not_found"),
        ):
            answer, read = await world.send(method, path)
            assert (answer.status, read["code"]) == (status, code)
            assert answer.headers["content-type"] == "application/problem+json"
            assert ("allow" in answer.headers) == (status == 405)


async def test_what_is_our_fault_is_500_and_says_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: Any, __: Any) -> Any:
        raise KeyError("hunter2")

    async with api_world(tmp_path, monkeypatch) as world:
        monkeypatch.setattr(type(world.hub.hub.stores.organizations), "newest", lambda *_: broken(0, 0))
        answer, read = await world.send("GET", "organizations")
        assert (answer.status, read["code"]) == (500, "internal_error") and b"hunter2" not in answer.body

        async def away(*_: Any) -> Any:
            raise Unavailable("the database is gone")

        monkeypatch.setattr(type(world.hub.hub.stores.organizations), "newest", away)
        answer, read = await world.send("GET", "organizations")
        assert (answer.status, read["code"], answer.headers["retry-after"]) == (503, "unavailable", "5")


async def test_each_page_goes_on_where_the_last_one_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is made and deleted meanwhile, what stays comes once."""
    async with api_world(tmp_path, monkeypatch) as world:
        made = [await world.fresh_organization() for _ in range(5)]
        first = await world.good("GET", "organizations?limit=2")
        assert [one["id"] for one in first["items"]] == [made[4], made[3]]
        await world.good("DELETE", f"organizations/{made[3]}")
        later = await world.fresh_organization()
        seen = []
        following = first["next"]
        while following:
            page = await world.good("GET", f"organizations?limit=2&after={following}")
            seen += [one["id"] for one in page["items"]]
            following = page["next"]
        assert seen[:3] == [made[2], made[1], made[0]] and later not in seen and len(seen) == 5


async def test_pages_of_members_survive_a_removal_and_tell_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        everybody = await world.good("GET", f"{world.here}/members")
        assert everybody["next"] is None and len(everybody["items"]) == 5
        names = [one["id"] for one in everybody["items"]]
        first = await world.good("GET", f"{world.here}/members?limit=2")
        assert [one["id"] for one in first["items"]] == names[:2]
        invited = next(one for one in everybody["items"] if one["state"] == "invited")
        last = first["items"][-1]
        await world.good("DELETE", f"{world.here}/members/{last['id']}")
        second = await world.good("GET", f"{world.here}/members?limit=2&after={first['next']}")
        assert [one["id"] for one in second["items"]] == names[2:4] and second["next"]
        assert last["email"].partition("@")[0].encode() not in bytes(first["next"], "ascii")
        for strange in (first["next"][:-2] + "AA", cursor(b"x" * 60)):
            answer, read = await world.send("GET", f"{world.here}/members?after={strange}")
            assert (answer.status, read["code"]) == (400, "invalid_cursor")
        other = f"organizations/{world.beta.values['organization']}/members?after={first['next']}"
        answer, read = await world.send("GET", other)
        assert (answer.status, read["code"]) == (400, "invalid_cursor"), "a cursor is its list's alone"
        only = await world.good("GET", f"{world.here}/members?state=invited&search={invited['email'][:3]}")
        assert [one["id"] for one in only["items"]] == [invited["id"]]


async def test_a_version_that_moved_on_is_412(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        for path, body, other in (
            (world.here, {"name": "First"}, {"name": "Second"}),
            (f"{world.here}/members/{world.acme.values['member']}", {"role": "guest"}, {"role": "admin"}),
            (f"{world.here}/connections/{world.acme.values['connection']}", {"name": "First"}, {"name": "Second"}),
            (f"{world.here}/directories/{world.acme.values['directory']}", {"name": "First"}, {"name": "Second"}),
        ):
            read, _ = await world.send("GET", path)
            tag = read.headers["etag"]
            done, _ = await world.send("PATCH", path, body, if_match=f'"other", {tag}')
            assert done.status == 200 and done.headers["etag"] != tag
            late, problem = await world.send("PATCH", path, other, if_match=tag)
            assert (late.status, problem["code"]) == (412, "precondition_failed"), path
            assert (await world.send("GET", path))[0].headers["etag"] == done.headers["etag"]
            anyhow, _ = await world.send("PATCH", path, other, if_match="*")
            assert anyhow.status == 200
            gone, _ = await world.send("DELETE", path + ("?people=keep" if "directories" in path else ""), if_match=tag)
            assert gone.status == 412


async def test_the_commit_holds_what_if_match_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody changes the member after she was looked at and before the change is written: 412, and hers stands."""
    async with api_world(tmp_path, monkeypatch) as world:
        hub, owner = world.hub.hub, world.acme.organization
        path = f"{world.here}/members/{world.acme.values['member']}"
        tag = (await world.send("GET", path))[0].headers["etag"]
        member = await found_member(hub.roster, owner.id, world.acme.values["member"])
        stores = world.hub.serving._hub
        assert stores is not None
        real = type(stores.stores.members).by_id
        looks = 0

        async def by_id(self: Any, *about: Any) -> Any:
            nonlocal looks
            looks += 1
            if looks == 2:
                await set_role(hub.roster, member, Role.ADMIN, OPERATOR)
            return await real(self, *about)

        monkeypatch.setattr(type(stores.stores.members), "by_id", by_id)
        answer, read = await world.send("PATCH", path, {"role": "guest"}, if_match=tag)
        monkeypatch.setattr(type(stores.stores.members), "by_id", real)
        assert (answer.status, read["code"]) == (412, "precondition_failed")
        assert (await world.good("GET", path))["role"] == "admin"


async def test_two_who_change_an_organization_at_once_do_not_lose_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        tag = (await world.send("GET", world.here))[0].headers["etag"]
        answers = await asyncio.gather(
            *(world.send("PATCH", world.here, {"name": f"Name {number}"}, if_match=tag) for number in range(5))
        )
        assert sorted(answer.status for answer, _ in answers)[0] == 200
        assert sum(answer.status == 200 for answer, _ in answers) == 1


async def test_a_post_that_is_sent_again_is_done_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        where, body = f"{world.here}/directories/{world.acme.values['directory']}/tokens", {"label": "again"}
        first, made = await world.send("POST", where, body, idempotency_key="one")
        second, same = await world.send("POST", where, body, idempotency_key="one")
        assert first.status == second.status == 201 and made == same, "the secret too"
        assert second.headers["idempotency-replayed"] == "true" and "idempotency-replayed" not in first.headers
        assert second.headers["location"] == first.headers["location"]
        assert len((await world.good("GET", where))["items"]) == 2
        answer, read = await world.send("POST", where, {"label": "other"}, idempotency_key="one")
        assert (answer.status, read["code"]) == (422, "idempotency_key_reused")
        answer, read = await world.send("POST", "organizations", body, idempotency_key="one")
        assert (answer.status, read["code"]) == (422, "idempotency_key_reused")
        other = await world.bearer("directories:write")
        third, fresh = await world.send("POST", where, body, other, idempotency_key="one")
        assert third.status == 201 and fresh != made, "another caller's key is another one"
        for strange in ("", "x" * 256, "ä"):
            answer, read = await world.send("POST", where, body, idempotency_key=strange)
            assert (answer.status, read["code"]) == (400, "malformed_request"), strange
        assert canaries_in(tmp_path, made["text"]) == [], "the kept answer is sealed"


async def test_what_was_refused_may_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        body = {"name": "Taken", "external_id": "customer-1"}
        there = await world.good("POST", "organizations", body)
        refused, _ = await world.send("POST", "organizations", body, idempotency_key="k")
        assert refused.status == 409
        await world.good("DELETE", f"organizations/{there['id']}")
        done, _ = await world.send("POST", "organizations", body, idempotency_key="k")
        assert done.status == 201


async def test_requests_with_one_key_at_once_are_done_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        body = {"name": "Racing", "external_id": "racing"}
        answers = await asyncio.gather(
            *(world.send("POST", "organizations", body, idempotency_key="race") for _ in range(6))
        )
        done = [read["id"] for answer, read in answers if answer.status == 201]
        waiting = {read["code"] for answer, read in answers if answer.status == 409}
        assert len(set(done)) == 1 and waiting <= {"request_in_progress"}
        again, read = await world.send("POST", "organizations", body, idempotency_key="race")
        assert again.status == 201 and read["id"] == done[0]


async def test_a_server_that_ends_before_it_answers_makes_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ended before the commit: begun anew after a minute. After the commit: `answer_lost`, for a day."""
    async with api_world(tmp_path, monkeypatch) as world:
        serving = world.hub.serving._hub
        assert serving is not None
        answers = type(serving.stores.answers)
        real_keep, real_give_up = answers.keep, answers.give_up

        async def lost(*_: Any) -> None:
            raise ConnectionAbortedError

        body = {"name": "Crash", "external_id": "crash"}
        monkeypatch.setattr(answers, "keep", lost)
        assert (await world.send("POST", "organizations", body, idempotency_key="after"))[0].status == 500
        monkeypatch.setattr(answers, "keep", real_keep)
        answer, read = await world.send("POST", "organizations", body, idempotency_key="after")
        assert (answer.status, read["code"]) == (409, "answer_lost")
        assert len((await world.good("GET", "organizations?external_id=crash"))["items"]) == 1

        monkeypatch.setattr(answers, "give_up", lost)
        bad = {"name": "Crash", "external_id": "crash"}
        assert (await world.send("POST", "organizations", bad, idempotency_key="before"))[0].status == 500
        monkeypatch.setattr(answers, "give_up", real_give_up)
        answer, read = await world.send("POST", "organizations", bad, idempotency_key="before")
        assert (answer.status, read["code"], answer.headers["retry-after"]) == (409, "request_in_progress", "1")
        world.hub.later(ABANDONED / 1_000_000 + 1)
        answer, read = await world.send("POST", "organizations", bad, idempotency_key="before")
        assert (answer.status, read["code"]) == (409, "conflict"), "it is carried out anew"
        world.hub.later(LIFETIME / 1_000_000 + 1)
        for job in hourly(serving)[:1]:
            await job()
        answer, _ = await world.send("POST", "organizations", {**body, "external_id": "x"}, idempotency_key="after")
        assert answer.status == 201, "after a day the key is free"


async def test_a_key_that_was_revoked_opens_nothing_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        text = await world.bearer("organizations:read")
        assert (await world.send("GET", "organizations", None, text))[0].status == 200
        secret = read_secret(API, text)
        assert secret is not None
        desk = key_desk(world.hub.hub)
        await revoke(desk, await found_key(desk, wire(API_KEY, secret.row)), OPERATOR)
        assert (await world.send("GET", "organizations", None, text))[0].status == 401
        assert canaries_in(tmp_path, text) == []


async def test_the_last_use_of_a_key_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        await world.good("GET", "organizations")
        worker = world.hub.serving._worker
        assert worker is not None
        await worker.note_visits()
        secret = read_secret(API, world.key)
        assert secret is not None
        key = await found_key(key_desk(world.hub.hub), wire(API_KEY, secret.row))
        assert key.last_used_at is not None and abs(key.last_used_at - clock()) < 60_000_000
        assert key.last_address == "127.0.0.1"


async def test_who_asks_too_often_is_told_when_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch, rate_limit_per_second="1", rate_limit_burst="20") as world:
        answers = [(await world.send("GET", "organizations"))[0] for _ in range(25)]
        limited = [one for one in answers if one.status == 429]
        assert limited and all(int(one.headers["retry-after"]) >= 1 for one in limited)
        assert answers[0].status == 200
    async with api_world(tmp_path / "other", monkeypatch, failed_authentication_per_minute="2") as world:
        statuses = [(await world.send("GET", "organizations", None, "wrong"))[0].status for _ in range(4)]
        assert statuses[:2] == [401, 401] and statuses[-1] == 429


async def test_what_a_key_does_stands_in_the_journal_as_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        made = await world.good("POST", "organizations", {"name": "Told"})
        owner = await world.hub.hub.registrar.found(made["id"])
        entry = (await world.hub.hub.stores.journal.after(owner.id, 0, 10))[0].entry
        secret = read_secret(API, world.key)
        assert secret is not None
        assert (entry.type, entry.actor.kind, entry.actor.id) == ("organization.created", "api_key", secret.row)
        assert (entry.actor.label, entry.actor.address) == ("Everything", "127.0.0.1")


def test_a_row_that_lies_about_its_body_is_our_fault() -> None:
    call_: Any = Call(None, None, None)  # type: ignore[arg-type]  # nothing of it is asked
    with pytest.raises(TypeError):
        call_.said(organizations.NewOrganization)


async def test_head_is_answered_wherever_get_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        answer, _ = await world.send("HEAD", world.here)
        assert answer.status == 200 and answer.body == b"" and "etag" in answer.headers


async def read_all(world: ApiWorld, path: str) -> list[Any]:
    """Every item of a list, page by page."""
    found: list[Any] = []
    following = ""
    while True:
        page = await world.good("GET", f"{path}{'&' if '?' in path else '?'}limit=1&after={following}")
        found += page["items"]
        following = page["next"]
        if not following:
            return found


async def test_every_list_reads_the_same_in_pages_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        place = f"{world.here}/directories/{world.acme.values['directory']}"
        await world.good("POST", f"{world.here}/directories", {"name": "Second"})
        await world.good("POST", f"{place}/tokens", {})
        await world.good("POST", "setup-links", {"organization": world.acme.values["organization"], "tasks": ["sso"]})
        await world.good("POST", f"{world.here}/domains", {"name": "another.example"})
        for path in (
            f"{world.here}/members", f"{world.here}/directories", f"{place}/tokens", f"{place}/users",
            f"{place}/groups", f"{place}/groups/{world.acme.values['group']}/members", f"{place}/exchanges",
            f"{world.here}/people", f"{world.here}/domains", f"{world.here}/connections", f"{world.here}/attempts",
            f"{world.here}/setup-links", f"{place}/users?active=true", f"{place}/users?search=bea",
        ):  # fmt: skip
            whole = await world.good("GET", path)
            assert whole["items"] and whole["next"] is None, path
            assert await read_all(world, path) == whole["items"], path
