"""What is kept of requests, and that no secret is."""

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import apsw
import pytest

from hallway.exchanges import service
from hallway.exchanges.model import HOUR
from hallway.hub.directories.model import Kind
from hallway.ids import USER, ResourceId, parsed
from hallway.journal.model import Unavailable
from hallway.logs import set_up_logs
from hallway.web.metrics import Metrics
from hallway.web.wiring import clock
from tests.rooms.opened import canaries_in, journal
from tests.web.deployment import SCIM, deployed

OFF = {"op": "replace", "path": "active", "value": False}
CANARY = "canary-7f3a"


def owned(text: str) -> ResourceId:
    found = parsed(USER, text)
    assert found is not None
    return ResourceId(found)


async def test_each_write_is_kept_with_its_outcome_and_the_entry_it_led_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        client = hub.client(place)
        began = clock()
        ada = await client.user("ada", active="True")
        await client.patch(f"/Users/{ada.id}", OFF, user_agent="Sender/7", accept="application/json")
        await client.patch(f"/Users/{ada.id}", OFF)
        await client.delete(f"/Users/{ada.id}")
        made, changed, same, deleted = await hub.exchanges(place)
        entries = [one for one in await journal(hub.hub, place.directory) if one.entry.exchange_id is not None]
        assert [one.entry.type for one in entries] == ["user.created", "user.deactivated", "user.deleted"]
        assert [one.entry.exchange_id for one in entries] == [made.id, changed.id, deleted.id]
        assert [one.seq for one in (made, changed, same, deleted)] == [
            entries[0].seq,
            entries[1].seq,
            0,
            entries[2].seq,
        ]
        assert (made.method, made.path, made.status) == ("POST", f"{client.base}/Users", 201)
        assert (made.content_type, made.quirks) == (SCIM, ("boolean_as_text",))
        assert json.loads(made.request or b"")["userName"] == "ada"
        assert (made.answer_resource, made.answer_revision, made.answer) == (owned(ada.id), 1, None)
        assert (changed.client, changed.accept, changed.address) == ("Sender/7", "application/json", "192.0.2.1")
        assert (changed.answer_revision, same.answer_revision, deleted.answer_resource) == (2, 2, None)
        assert deleted.request is None
        assert began <= made.at <= changed.at and 0 <= made.duration < 10_000_000
        assert {one.token_id for one in (made, changed, same, deleted)} == {place.made.token.id}
        directory = place.directory
        store = hub.hub.stores.exchanges
        assert await store.show(directory.organization_id, directory.id, made.id) == made
        assert await store.latest(directory.organization_id, directory.id, changed.id, 9) == [made]


async def test_each_refusal_is_kept_with_its_reason_and_reads_are_counted_by_the_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        client = hub.client(place)
        await client.user("ada")
        await client.user("ADA")
        await client.get("/Users")
        await client.get("/Users?filter=zork+pr")
        await client.get("/Users/nobody")
        await client.get("/Me")
        kept = await hub.exchanges(place)
        assert [(one.method, one.status) for one in kept] == [
            ("POST", 201), ("POST", 409), ("GET", 400), ("GET", 404), ("GET", 501),
        ]  # fmt: skip
        assert json.loads(kept[1].answer or b"")["scimType"] == "uniqueness"
        assert json.loads(kept[1].request or b"")["userName"] == "ADA"
        assert [one.seq for one in kept[1:]] == [0, 0, 0, 0]
        counted = counts(tmp_path)
        assert {what: count for (_, what), count in counted.items()} == {"read": 4, "write": 2, "refused": 4}
        assert {hour for hour, _ in counted} <= {clock() // HOUR, clock() // HOUR - 1}
        standing = await hub.hub.stores.directories.standing(place.key)
        assert standing.reads == 4


def counts(folder: Path) -> dict[tuple[int, str], int]:
    connection = apsw.Connection(str(folder / "hallway.db"))
    rows = list(connection.execute("SELECT hour, what, SUM(count) FROM request_count GROUP BY hour, what"))
    connection.close()
    found: dict[tuple[int, str], int] = {}
    for hour, what, count in rows:
        found[hour, what] = found.get((hour, what), 0) + count
    return found


def smuggled(canary: str) -> list[tuple[str, str, Any]]:
    """Requests with a canary in each place where a secret could stand."""
    user, group = "/Users/{ada}", "/Groups/{group}"
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

    def patch(*operations: Any, **more: Any) -> dict[str, Any]:
        return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations, **more}

    bulk = {"method": "POST", "path": "/Users", "bulkId": "1", "data": {"userName": "x", "password": canary}}
    return [
        ("POST", "/Users", {"userName": "b", "password": canary, "zork": canary, "deep": {"a": [canary]}}),
        ("POST", "/Users", {"userName": "c", "urn:x:y": {"secret": canary}, enterprise: {"zork": canary}}),
        ("POST", "/Users", {"userName": "ada", "password": canary, "active": "maybe"}),
        ("POST", "/Users", {"userName": {"value": canary}}),
        ("POST", "/Users", {"userName": "d", "emails": [{"value": "d@example.com", "zork": canary}]}),
        ("POST", "/Users", {"userName": "e", "emails": "x", "schemas": ["x"]}),
        ("POST", "/Users", [canary]),
        ("POST", "/Users", canary),
        ("POST", "/Users", f'{{"userName": "f", "password": "{canary}"'.encode()),
        ("POST", "/Users", f"userName=f&password={canary}".encode()),
        ("PUT", user, {"userName": "ada", "password": canary, "zork": canary}),
        ("PUT", "/Users/{nobody}", {"userName": "ada", "password": canary}),
        ("PATCH", user, patch({"op": "add", "path": "password", "value": canary})),
        ("PATCH", user, patch({"op": "add", "value": {"password": canary, "zork": canary}})),
        ("PATCH", user, patch({"op": "add", "path": "zork", "value": canary})),
        ("PATCH", user, patch({"op": "add", "path": f'zork[value eq "{canary}"]', "value": "x"})),
        ("PATCH", user, patch({"op": "add", "path": f'emails[zork eq "{canary}"].value', "value": "x"})),
        ("PATCH", user, patch({"op": "add", "value": {f'zork[value eq "{canary}"]': "x"}})),
        ("PATCH", user, patch({"op": "add", "path": f'emails[value eq "{canary}"', "value": "x"})),
        ("PATCH", user, patch({"op": canary, "path": "title", "value": "x"})),
        ("PATCH", user, patch({"op": "add", "path": "active", "value": "maybe"})),
        ("PATCH", user, patch({"op": "remove", "path": "title"}, secret=canary)),
        ("POST", "/Groups", {"displayName": "G", "password": canary, "members": [{"value": "x", "zork": canary}]}),
        ("PATCH", group, patch({"op": "add", "path": "zork", "value": canary})),
        ("POST", "/Users/.search", {"filter": f'password eq "{canary}"', "cursor": canary, "zork": canary}),
        ("POST", "/.search", {"filter": f'userName eq "{canary}"', "count": canary}),
        ("GET", f"/Users?filter=password+eq+%22{canary}%22", None),
        ("GET", f"/Users?filter=userName+eq+%22{canary}%22+zork", None),
        ("GET", f"/Users?cursor={canary}&count=1&x={canary}", None),
        ("POST", "/Bulk", {"Operations": [bulk, {**bulk, "bulkId": "2", "zork": canary}, canary], "zork": canary}),
        ("POST", "/Bulk", f'{{"Operations": "{canary}'.encode()),
        ("POST", "/Me", {"password": canary}),
    ]


async def test_no_secret_reaches_database_logs_or_metrics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "deployment"
    folder.mkdir()
    lines = io.StringIO()
    set_up_logs("debug", "json", lines)
    for strict in (False, True):
        async with deployed(folder, monkeypatch, log_level="debug") as hub:
            place = await hub.place(strict=strict)
            client = hub.client(place)
            client.headers = {"user-agent": "tests/1", "x-custom": CANARY, "cookie": CANARY, "x-api-key": CANARY}
            ada, group = await client.user("ada"), await client.group("Engineering")
            ids = {"ada": ada.id, "group": group.id, "nobody": "user_" + "0" * 32}
            for method, path, body in smuggled(CANARY):
                for name, one in ids.items():
                    path = path.replace("{" + name + "}", one)
                octets = body if isinstance(body, bytes) else json.dumps(body).encode()
                answer = await client.send(method, path, b"" if body is None else octets, {"content-type": SCIM})
                assert answer.status < 500 or path == "/Me", (method, path, body)
            await hub.client(place, f"hw_scim_{'0' * 32}_{CANARY}").get(f"/Users?{CANARY}")
            kept = await hub.exchanges(place)
            assert len(kept) > 25
            assert canaries_in(folder, CANARY, place.made.text.rpartition("_")[2]) == []
            metrics = hub.serving._metrics
            assert isinstance(metrics, Metrics)
            assert CANARY.encode() not in metrics.text()
            secret = place.made.text
        assert canaries_in(folder, CANARY, secret) == []
    told = capsys.readouterr()
    everything = told.err + told.out + lines.getvalue()
    assert "route=/scim/{directory}/v2/Users" in everything
    assert CANARY not in everything
    assert secret.rpartition("_")[2] not in everything


async def test_a_long_body_is_cut_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch, exchange_body_limit_bytes="100") as hub:
        place = await hub.place()
        client = hub.client(place)
        await client.user("ada", title="x" * 500)
        await client.user("ada", title="x" * 500)
        for kept in await hub.exchanges(place):
            assert kept.request is not None and len(kept.request) == 100
            assert kept.request_note.startswith("Cut: the first 100 of ")


async def test_what_is_past_its_retention_goes_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place, other = await hub.place(), await hub.place()
        for one in (place, other):
            await hub.client(one).user("ada")
            await hub.client(one).get("/Users/nobody")
            assert len(await hub.exchanges(one)) == 2
        await asyncio.sleep(0.002)
        middle = clock()
        await asyncio.sleep(0.002)
        await hub.client(place).user("grace")
        entries = len(await journal(hub.hub, place.directory))
        await hub.hub.stores.counters.expire(middle)
        assert [one.method for one in await hub.exchanges(place)] == ["POST"]
        assert await hub.exchanges(other) == []
        assert len(await journal(hub.hub, place.directory)) == entries
        assert counts(tmp_path) != {}
        await hub.hub.stores.counters.expire(middle + HOUR)
        assert counts(tmp_path) == {}


async def test_of_many_refusals_only_so_many_a_minute_are_kept_and_all_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hallway.exchanges.service.REFUSALS_PER_MINUTE", 3)
    async with deployed(tmp_path, monkeypatch) as hub:
        place, other = await hub.place(), await hub.place()
        for one in (place, other):
            for _ in range(5):
                await hub.client(one).get("/Users/nobody")
        assert [len(await hub.exchanges(one)) for one in (place, other)] == [3, 3]
        refused = [count for (_, what), count in counts(tmp_path).items() if what == "refused"]
        assert sum(refused) == 10


async def test_a_database_that_cannot_answer_is_503_with_retry_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch, retry_after_seconds="7") as hub:
        place = await hub.place()
        client = hub.client(place)
        ada = await client.user("ada")

        async def lost(*_: Any) -> None:
            raise Unavailable("the disk is full")

        with monkeypatch.context() as broken:
            broken.setattr(type(hub.hub.stores.database), "commit", lost)
            answer = await client.user("grace")
        assert (answer.status, answer.headers["retry-after"], answer.body["status"]) == (503, "7", "503")
        assert "disk" not in answer.body["detail"]
        text = hub.serving._metrics.text().decode()
        assert "hallway_store_unavailable_total 1.0" in text
        await hub.disable(place)
        assert (await client.user("grace")).status == 503
        assert "hallway_store_unavailable_total 1.0" in hub.serving._metrics.text().decode()
        assert (await client.get(f"/Users/{ada.id}")).status == 200
        assert await place.stored(Kind.USER, owned(ada.id)) is not None


async def test_kept_exchanges_and_quirks_are_counted_for_prometheus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        await client.user("ada", active="True")
        await client.user("ada")
        await client.get("/Users")
        text = hub.serving._metrics.text().decode()
        assert 'hallway_scim_quirks_total{quirk="boolean_as_text"} 1.0' in text
        assert "hallway_exchanges_written_total 2.0" in text


async def test_the_first_reads_of_an_hour_are_kept_with_what_they_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        client = hub.client(place)
        ada = await client.user("ada@example.com")
        await client.get("/Users?filter=userName+Eq+%22ada@example.com%22&startIndex=1&count=100&secret=x")
        await client.get(f"/Users/{ada.id}")
        await client.get(f"/Users?filter=password+eq+%22{CANARY}%22")
        await client.get(f"/Users?filter=zork+eq+%22{CANARY}%22&cursor=")
        await client.get("/Groups?startIndex=x")
        looked, got, hidden, unknown, wrong = (await hub.everything_kept(place))[1:]
        assert json.loads(looked.request or b"") == {"filter": 'userName eq "ada@example.com"', "count": 100}
        assert (looked.answer, looked.status, looked.seq) == (b'{"totalResults":1}', 200, 0)
        assert (got.request, got.answer, got.path) == (None, None, f"{client.base}/Users/{ada.id}")
        assert (hidden.status, json.loads(hidden.request or b"")) == (400, {"filter": "•••"})
        assert json.loads(unknown.request or b"") == {"filter": "•••", "cursor": "•••"}
        assert (wrong.status, json.loads(wrong.request or b"")) == (400, {"filter": "•••"})
    assert canaries_in(tmp_path, CANARY) == []


async def test_of_many_reads_the_first_of_each_hour_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "READS_PER_HOUR", 3)
    async with deployed(tmp_path, monkeypatch) as hub:
        place, other = await hub.place(), await hub.place()
        for one in (place, place, place, place, place, other):
            await hub.client(one).get("/Users")
        assert (len(await hub.everything_kept(place)), len(await hub.everything_kept(other))) == (3, 1)
        recorder = hub.serving._worker.recorder if hub.serving._worker else None
        assert recorder is not None
        assert not recorder.wants_read(place.directory.id, clock())
        assert recorder.wants_read(place.directory.id, clock() + HOUR)
