"""The application as a whole: whom it answers, when it is ready, when it refuses to start."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import apsw
import pytest

from hallway.journal.model import Unavailable
from hallway.store.migrate import SchemaProblem
from hallway.web import app as app_module
from hallway.web.app import application, application_of
from hallway.web.edge import CannotStart
from hallway.web.http import Request
from hallway.web.routes import ROUTES
from hallway.web.rows import API, METRICS_TOKEN, NONE, PAGE_GUARDS, STREAM_SECRET, TOKEN, Row
from tests.rooms.opened import MASTER_KEY, settings_in
from tests.web.asgi import Answer, call
from tests.web.deployment import Deployment, deployed

DISCOVERY = ("/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/Group", "/Schemas")
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


async def get(hub: Deployment, path: str, **headers: str) -> Answer:
    return await call(hub.app, "GET", path, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("host", "settings", "status"),
    [
        ("hub.localhost:8000", {}, 200),
        ("127.0.0.1:8000", {}, 200),
        ("HUB.localhost", {}, 200),
        ("evil.example:8000", {}, 421),
        ("hub.localhost.evil.example", {}, 421),
        ("hub.example.com", {"base_url": "https://hub.example.com"}, 200),
        ("127.0.0.1:8000", {"base_url": "https://hub.example.com"}, 421),
        ("inside", {"base_url": "https://hub.example.com", "allowed_hosts": "inside"}, 200),
    ],
)
async def test_a_foreign_host_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, settings: dict[str, str], status: int
) -> None:
    async with deployed(tmp_path, monkeypatch, **settings) as hub:
        client = await hub.connected()
        answer = await client.get("/Users", host=host)
        assert answer.status == status
        assert (await client.get("/Schemas", host=host)).status == status
        assert (await get(hub, "/healthz", host=host)).status == 200
        assert (await get(hub, "/elsewhere", host=host)).status == (404 if status == 200 else 421)
        if status == 421:
            assert answer.body["status"] == "421"
            assert host.partition(":")[0] not in json.dumps(answer.body)


async def test_host_and_forwarded_headers_never_build_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"base_url": "https://hub.example.com/", "allowed_hosts": "inside", "trusted_proxies": "192.0.2.0/24"}
    async with deployed(tmp_path, monkeypatch, **settings) as hub:
        client = await hub.connected()
        client.headers = {
            "host": "inside", "x-forwarded-host": "evil.example", "x-forwarded-proto": "http", "forwarded": "host=evil",
        }  # fmt: skip
        ada = await client.user("ada")
        assert ada.headers["location"] == f"https://hub.example.com{client.base}/Users/{ada.id}"
        assert b"evil" not in ada.raw + (await client.get("/Schemas")).raw


async def test_the_address_is_that_of_the_sender_unless_a_trusted_proxy_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch, trusted_proxies="10.0.0.0/8") as hub:
        place = await hub.place()
        client = hub.client(place)
        for peer in ("10.1.2.3", "198.51.100.7"):
            client.address = peer
            await client.request("POST", "/Users", {"userName": peer}, x_forwarded_for="203.0.113.9, 10.9.9.9")
        assert [one.address for one in await hub.exchanges(place)] == ["203.0.113.9", "198.51.100.7"]


async def test_metrics_ask_for_their_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = "a-token-for-metrics-0123456789"
    async with deployed(tmp_path, monkeypatch, metrics_token=token) as hub:
        client = await hub.connected()
        assert (await client.get("/Users")).status == 200
        assert (await get(hub, "/metrics")).status == 401
        assert (await get(hub, "/metrics", authorization=f"Bearer {client.token}")).status == 401
        answer = await get(hub, "/metrics", authorization=f"Bearer {token}")
        assert answer.status == 200
        assert b'route="/scim/{directory}/v2/Users",status="2xx"' in answer.body
        assert client.base.encode() not in answer.body
        assert b"hallway_refused_authentications_total 2.0" in answer.body
    async with deployed(tmp_path, monkeypatch) as hub:
        assert (await get(hub, "/metrics")).status == 200


async def test_who_can_serve_is_ready_and_who_cannot_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        ready = await get(hub, "/readyz")
        assert (ready.status, json.loads(ready.body)["status"]) == (200, "ready")
        monkeypatch.setattr(type(hub.hub.stores.database), "lax", lambda _: sentence("the disk forgets"))
        monkeypatch.setattr(app_module, "current", lambda _: sentence(False))
        unready = await get(hub, "/readyz")
        assert unready.status == 503
        assert json.loads(unready.body)["checks"] == {
            "schema": "The schema is older than this program. Run: hallway migrate",
            "durability": "the disk forgets",
        }
        for fault in (Unavailable("no connection"), SchemaProblem("too new")):
            monkeypatch.setattr(app_module, "current", lambda _, fault=fault: failing(fault))
            monkeypatch.setattr(type(hub.hub.stores.database), "lax", lambda _: failing(Unavailable("no connection")))
            assert json.loads((await get(hub, "/readyz")).body)["checks"] == {
                "schema": str(fault),
                "durability": "no connection",
            }
        assert (await get(hub, "/healthz")).status == 200


async def sentence(found: Any) -> Any:
    return found


async def failing(fault: Exception) -> Any:
    raise fault


async def started(folder: Path, **settings: str) -> None:
    app = application_of(settings_in(folder, **settings))
    try:
        await app.lifespan.start()
    finally:
        await app.lifespan.stop()


async def test_a_wrong_master_key_refuses_to_serve(tmp_path: Path) -> None:
    await started(tmp_path)
    with pytest.raises(CannotStart, match=r"(?i)master key"):
        await started(tmp_path, master_key="22" * 32)
    await started(tmp_path, master_key=MASTER_KEY)


async def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    await started(tmp_path)
    connection = apsw.Connection(str(tmp_path / "hallway.db"))
    connection.execute("INSERT INTO schema_step (id, name, checksum) VALUES (9999, 'later', 'x')")
    connection.close()
    with pytest.raises(CannotStart, match="newer"):
        await started(tmp_path)


async def test_settings_that_name_no_schema_file_refuse_to_serve(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{")
    unfit = tmp_path / "unfit.json"
    unfit.write_text('[{"extends": "Robot"}]')
    with pytest.raises(CannotStart) as problem:
        await started(tmp_path, scim_schemas=f"{tmp_path / 'nowhere.json'},{wrong},{unfit}")
    assert [name in str(problem.value) for name in ("nowhere.json", "wrong.json", "unfit.json")] == [True] * 3


def test_the_application_of_a_process_takes_its_settings_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALLWAY_DATABASE", f"sqlite:///{tmp_path / 'hallway.db'}")
    monkeypatch.setenv("HALLWAY_LOG_LEVEL", "error")
    monkeypatch.chdir(tmp_path)
    assert len(application().router.routes) == len(ROUTES)


def test_every_route_names_its_guard_and_no_two_are_the_same() -> None:
    places = [(row.method, row.path) for row in ROUTES]
    assert len(places) == len(set(places))
    assert {row.guard for row in ROUTES if not row.page} == {NONE, TOKEN, METRICS_TOKEN, API, STREAM_SECRET}
    assert {row.guard for row in ROUTES if row.page} <= PAGE_GUARDS
    posted = [row.path for row in ROUTES if row.page and (row.cross_site or row.any_host)]
    ours = ["/oauth2/authorize", "/oauth2/logout"]
    assert sorted(posted) == [*ours, "/sso/{hex}/acs", "/sso/{hex}/logout"], "what pages of others post to us"
    assert all(isinstance(row, Row) and row.description.endswith(".") for row in ROUTES)


async def test_every_guarded_route_is_closed_without_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        client = hub.client(place)
        for row in ROUTES:
            if row.guard != "directory token":
                continue
            path = row.path.removeprefix("/scim/{directory}/v2").replace("{id}", "user_" + "0" * 32)
            answer = await client.request(row.method, path, None, authorization=None)
            assert (answer.status, answer.body["status"]) == (401, "401"), row


async def test_discovery_is_readable_before_log_in_and_says_what_is_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch, page_size_max="500", page_size_default="50") as hub:
        client = await hub.connected()
        for path in DISCOVERY:
            assert (await client.get(path, authorization=None)).status == 200
        config = (await client.get("/ServiceProviderConfig")).body
        assert config["patch"]["supported"] and config["etag"]["supported"] and config["sort"]["supported"]
        assert not config["changePassword"]["supported"]
        assert config["filter"]["maxResults"] == 500
        assert config["pagination"]["cursor"] and config["pagination"]["index"]
        assert (config["pagination"]["defaultPageSize"], config["pagination"]["maxPageSize"]) == (50, 500)
        types = (await client.get("/ResourceTypes")).body
        assert [one["name"] for one in types["Resources"]] == ["User", "Group"]
        assert types["totalResults"] == 2
        for one in [*types["Resources"], *(await client.get("/Schemas")).body["Resources"], config]:
            place = one["meta"]["location"]
            path = place.removeprefix(f"http://127.0.0.1:8000{client.base}")
            assert (await client.get(path)).body == one
        assert (await client.get(f"/Schemas/{ENTERPRISE.upper()}")).body["id"] == ENTERPRISE
        for path, status in (
            ("/Schemas/urn:nothing", 404),
            ("/ResourceTypes/Robot", 404),
            ("/Schemas?filter=id+pr", 403),
            ("/ResourceTypes?FILTER=id+pr", 403),
        ):
            answer = await client.get(path)
            assert (answer.status, answer.body["status"]) == (status, str(status))
        nowhere = hub.client(await hub.place(), base=f"/scim/dir_{'0' * 32}/v2")
        assert (await nowhere.get("/Schemas", authorization=None)).status == 404


async def test_what_nobody_foresaw_is_a_500_in_the_form_of_scim_without_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        client = hub.client(place)

        async def wrong(_: Request) -> Any:
            raise KeyError("hunter2")

        hub.serving.handlers["user_list"] = wrong
        answer = await client.get("/Users")
        assert (answer.status, answer.body["status"]) == (500, "500")
        assert b"hunter2" not in answer.raw
        assert answer.headers["x-request-id"] in answer.body["detail"]
        elsewhere: Mapping[str, str] = {}
        assert (await call(hub.app, "GET", "/nothing", elsewhere)).headers["content-type"].startswith("text/plain")
        assert (await call(hub.app, "GET", "/scim", elsewhere)).status == 404
