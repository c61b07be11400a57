"""The quick reads answer what the handlers would have answered, and leave to them whatever is not plain."""

from pathlib import Path

import pytest

from hallway.exchanges import service
from hallway.journal.model import Unavailable
from tests.web.deployment import Answer, Client, Deployment, deployed


@pytest.fixture(autouse=True)
def no_read_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first reads of an hour are the handlers', since they are kept."""
    monkeypatch.setattr(service, "READS_PER_HOUR", 0)


ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
NOBODY = "user_" + "0" * 32


def quickly(
    hub: Deployment, client: Client, path: str, more: tuple[tuple[str, str], ...] = (), peer: str = "192.0.2.1"
) -> tuple[int, dict[str, str], bytes] | None:
    """What the protocol would send without a task; None where it would call the application."""
    reader = hub.app.quick()
    assert reader is not None
    headers = {"host": "hub.localhost:8000", "authorization": f"Bearer {client.token}", "user-agent": "tests/1"}
    pairs = [(name.encode(), value.encode()) for name, value in (*headers.items(), *more)]
    answer = reader((client.base + path).encode(), pairs, peer)
    if answer is None:
        return None
    head, _, body = answer(b"date: x\r\n").partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    assert lines[0] == "date: x"
    return int(status.split(" ")[1]), dict(line.split(": ", 1) for line in lines[1:]), body


def assert_same(quick: tuple[int, dict[str, str], bytes] | None, slow: Answer) -> None:
    assert quick is not None
    status, headers, body = quick
    assert (status, body) == (slow.status, slow.raw)
    ids = headers.pop("x-request-id"), slow.headers.pop("x-request-id")
    assert ids[0] != ids[1] and len(ids[0]) == len(ids[1])
    assert list(headers.items()) == list(slow.headers.items())


async def test_answers_are_those_of_the_handlers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        boss = await client.user("boss@acme.example", displayName="Böss")
        extension = {"department": "Ops", "manager": {"value": boss.id}}
        ada = await client.user("Ada.Byron@acme.example", **{"title": "Gräfin", ENTERPRISE: extension})
        await client.group("Engineering", ada.id)
        for one in (boss, ada):
            for accept in ((), (("accept", "application/json"),)):
                path = f"/Users/{one.id}"
                slow = await client.get(path, **dict(accept))
                assert_same(quickly(hub, client, path, accept), slow)
        for question in (
            "userName%20eq%20%22ada.byron@acme.example%22",
            "userName+eq+%22ADA.byron%40acme.example%22",
            'userName%20eq%20"boss@acme.example"',
        ):
            path = f"/Users?filter={question}"
            slow = await client.get(path)
            assert slow.body["totalResults"] == 1
            assert_same(quickly(hub, client, path), slow)


async def test_what_is_not_plain_is_left_to_the_handlers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        ada = await client.user("ada")
        path = f"/Users/{ada.id}"
        assert quickly(hub, client, path) is not None
        for other in (
            f"{path}?attributes=userName", f"{path}/", f"/Users/{NOBODY}", "/Users", "/Users/", "/Users/ada",
            "/Users?filter=userName%20eq%20%22bob%22", "/Users?filter=userName%20eq%20%22a%22&count=1",
            "/Users?filter=userName%20ne%20%22ada%22", "/Users?filter=username%20eq%20%22ada%22",
            "/Users?filter=userName%20eq%20%22a%5C%22da%22", "/Users?filter=userName%20eq%20%22%FF%22",
            "/Users/?filter=userName%20eq%20%22ada%22", f"{path}?filter=userName%20eq%20%22ada%22", "/Groups",
        ):  # fmt: skip
            assert quickly(hub, client, other) is None, other
        for more in (
            ("if-none-match", 'W/"1"'), ("content-length", "0"), ("transfer-encoding", "chunked"),
            ("expect", "100-continue"), ("x-api-key", "x"), ("authorization", "twice"), ("host", "twice"),
        ):  # fmt: skip
            assert quickly(hub, client, path, (more,)) is None, more
        foreign = Client(hub.app, client.base, client.token)
        foreign.base = client.base.replace("/scim/dir_", "/scim/dir_0")
        assert quickly(hub, foreign, path) is None


async def test_a_nested_group_and_another_schema_version_are_left_to_the_handlers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        ada = await client.user("ada")
        inner = await client.group("Inner", ada.id)
        assert quickly(hub, client, f"/Users/{ada.id}") is not None
        await client.group("Outer", inner.id)
        assert quickly(hub, client, f"/Users/{ada.id}") is None


async def test_only_a_token_that_was_just_looked_up_opens_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        client = hub.client(place)
        ada = await client.user("ada")
        path = f"/Users/{ada.id}"
        assert quickly(hub, client, path) is not None
        hub.later(1)
        assert quickly(hub, client, path) is None
        await client.get(path)
        assert quickly(hub, client, path) is not None
        other = hub.client(await hub.place())
        await other.get("/Users")
        assert quickly(hub, Client(hub.app, client.base, other.token), path) is None
        for token in ("", "x" * 5000, "hw_scim_" + "0" * 32 + "_x"):
            assert quickly(hub, Client(hub.app, client.base, token), path) is None


async def test_a_foreign_host_and_a_proxy_are_left_to_the_handlers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch, trusted_proxies="203.0.113.0/24") as hub:
        client = await hub.connected()
        ada = await client.user("ada")
        path = f"/Users/{ada.id}"
        assert quickly(hub, client, path) is not None
        assert quickly(hub, client, path, peer="203.0.113.9") is None
        reader = hub.app.quick()
        assert reader is not None
        pairs = [(b"host", b"evil.example"), (b"authorization", b"Bearer " + client.token.encode())]
        assert reader((client.base + path).encode(), pairs, "192.0.2.1") is None
        assert (
            reader((client.base + path).encode(), [(b"host", b"hub.localhost"), (b"authorization", b"x")], "") is None
        )


async def test_quick_reads_are_limited_and_counted_like_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {"rate_limit_per_second": "1", "rate_limit_burst": "4"}
    async with deployed(tmp_path, monkeypatch, **limits) as hub:
        place = await hub.place()
        client = hub.client(place)
        ada = await client.user("ada")
        path = f"/Users/{ada.id}"
        answers = [quickly(hub, client, path) for _ in range(5)]
        assert [one is not None for one in answers] == [True, True, True, False, False]
        assert (await client.get(path)).status == 429
        await hub.written()
        standing = await hub.hub.stores.directories.standing(place.key)
        assert standing.reads == 3
        token = (await hub.hub.stores.directories.tokens(place.key))[0]
        assert (token.last_address, token.last_client) == ("192.0.2.1", "tests/1")
        assert b'route="/scim/{directory}/v2/Users/{id}",method="GET"' in hub.serving._metrics.text() or (
            b'method="GET",route="/scim/{directory}/v2/Users/{id}"' in hub.serving._metrics.text()
        )


async def test_reads_that_are_kept_are_left_to_the_handlers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "READS_PER_HOUR", 1)
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        path = f"/Users/{(await client.user('ada')).id}"
        assert quickly(hub, client, path) is None
        await client.get(path)
        assert quickly(hub, client, path) is not None


async def test_a_database_that_cannot_answer_is_left_to_the_handlers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        ada = await client.user("ada")
        path = f"/Users/{ada.id}"
        quick = hub.serving.quick
        assert quick is not None

        def lost(*_: object) -> None:
            raise Unavailable("busy")

        for answer in (lost, lambda *_: [(b"another organization",)]):
            with monkeypatch.context() as patch:
                patch.setattr(quick.database, "rows_now", answer)
                assert quickly(hub, client, path) is None
