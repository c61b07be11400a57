"""A database that cannot take a write: 503 with Retry-After in SCIM's own form, and all is well again afterwards."""

import asyncio
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import apsw
import asyncpg
import pytest

from hallway.settings import Settings
from hallway.store import sqlite
from hallway.store.keys import SET_VALUE
from hallway.store.opening import Opening, opened
from hallway.store.sqlite import SqliteDatabase, SqliteOptions
from hallway.store.statement import Step
from hallway.web import wiring
from tests.engines import PostgresServer, run
from tests.faults.agreement import disagreements
from tests.faults.forgetful_vfs import Disk
from tests.flows.scim_client import ERROR, Answer, connected
from tests.running import RunningHub
from tests.store.stage import staged
from tests.web.asgi import call
from tests.web.deployment import Deployment, deployed

Trouble = Callable[[SqliteDatabase], Callable[[], None]]


def _full(database: SqliteDatabase) -> Callable[[], None]:
    pages = database._writer.pragma("page_count")
    database._writer.pragma("max_page_count", pages)
    return lambda: database._writer.pragma("max_page_count", 1 << 30)


def _read_only(database: SqliteDatabase) -> Callable[[], None]:
    database._writer.pragma("query_only", True)
    return lambda: database._writer.pragma("query_only", False)


def _busy(database: SqliteDatabase) -> Callable[[], None]:
    other = apsw.Connection(database._writer.filename)
    other.execute("BEGIN IMMEDIATE")
    return other.close


@pytest.mark.parametrize("trouble", [_full, _read_only, _busy])
async def test_sqlite_that_takes_no_write_is_a_503(
    trouble: Trouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    async with deployed(tmp_path, monkeypatch) as deployment:
        client = await deployment.connected()
        kept = await client.user("before")
        over = trouble(_database_of(deployment))
        for number in range(3):
            answer = await client.user(f"refused{number}", title="x" * 60_000)
            _is_unavailable(answer.status, answer.headers, answer.body)
        assert (await client.get(f"/Users/{kept.id}")).status == 200
        over()
        assert (await client.user("refused1")).status == 201
        assert (await client.get("/Users?sortBy=userName")).names == ["before", "refused1"]
    assert await disagreements(f"sqlite:///{tmp_path / 'hallway.db'}") == []


@pytest.fixture
def disk() -> Iterator[Disk]:
    """A disk that can fail."""
    made = Disk(f"failing-{uuid.uuid4()}")
    yield made
    made.unregister()


@pytest.mark.parametrize("fault", [apsw.FullError, apsw.IOError])
async def test_a_disk_that_fails_in_the_middle_is_a_503(
    fault: type[apsw.Error], disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every way of it: while pages are written, and only when they are synced."""
    monkeypatch.setattr(sqlite, "CHECKPOINT_SECONDS", 0.005)
    _on_vfs(monkeypatch, disk.name)
    async with deployed(tmp_path, monkeypatch) as deployment:
        client = await deployment.connected()
        names = []
        for number in range(12):
            disk.after, disk.fault = number, fault
            answer = await client.user(f"u{number}")
            disk.fault = None
            if answer.status == 201:
                names.append(f"u{number}")
            else:
                _is_unavailable(answer.status, answer.headers, answer.body)
            names.append(f"good{number}")
            assert (await client.user(f"good{number}")).status == 201
        assert len(names) < 24
        assert (await client.get("/Users?sortBy=id")).names == names
    assert await disagreements(f"sqlite:///{tmp_path / 'hallway.db'}") == []


async def test_checkpoints_go_on_after_a_disk_was_full(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "CHECKPOINT_SECONDS", 0.0)
    opening = Opening(f"sqlite:///{tmp_path / 'hallway.db'}", sqlite=SqliteOptions(vfs=disk.name))
    async with staged(opening.url, opening) as stage:
        assert isinstance(stage.database, SqliteDatabase)
        await stage.user("one")
        checkpoints = stage.database._checkpoints
        disk.fault = apsw.FullError
        checkpoints._once()
        disk.fault = None
        checkpoints._once()
        assert checkpoints._connection is not None
        pages, done = checkpoints._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        assert pages == done > 0
        checkpoints._connection.close()


async def test_readiness_can_be_asked_while_a_commit_is_being_synced(disk: Disk, tmp_path: Path) -> None:
    opening = Opening(f"sqlite:///{tmp_path / 'hallway.db'}", sqlite=SqliteOptions(vfs=disk.name))
    async with staged(opening.url, opening) as stage:
        syncing, go_on = threading.Event(), threading.Event()

        def observe() -> None:
            syncing.set()
            assert go_on.wait(30)

        disk.observe = observe
        user = asyncio.create_task(stage.user("one"))
        await asyncio.to_thread(syncing.wait)
        lax = asyncio.create_task(stage.database.lax())
        for _ in range(5):
            await asyncio.sleep(0)
        go_on.set()
        assert await lax is None
        await user


async def test_who_is_cancelled_while_committing_leaves_a_writer_that_works(tmp_path: Path) -> None:
    async with staged(f"sqlite:///{tmp_path / 'hallway.db'}") as stage:
        for number in range(30):
            flush = asyncio.create_task(stage.database.run([Step(SET_VALUE, ("epoch", str(number)))]))
            for _ in range(number % 4):
                await asyncio.sleep(0)
            flush.cancel()
            with suppress(asyncio.CancelledError):
                await flush
            await stage.user(f"u{number}")


@pytest.mark.postgres
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_postgresql_that_was_gone_is_used_again_without_a_restart(how: signal.Signals, gone: PostgresServer) -> None:
    hub = RunningHub(gone.url_of(gone.make_database()))
    hub.start()
    try:
        source = hub.directory()

        async def before() -> str:
            async with connected(source) as client:
                return (await client.create_user("before")).id

        async def meanwhile(user: str) -> None:
            async with connected(source) as client:
                for ask in (
                    client.get(f"/Users/{user}"),
                    client.create_user("lost"),
                    client.patch(f"/Users/{user}", {"op": "replace", "path": "title", "value": "x"}),
                    client.get('/Users?filter=title eq "x"'.replace(" ", "%20").replace('"', "%22")),
                    client.delete(f"/Users/{user}"),
                ):
                    answer = await ask
                    _is_unavailable(answer.status, answer.headers, answer.body)

        async def afterwards(user: str) -> list[int]:
            async with connected(source) as client:
                answers: list[Answer] = [
                    await client.get(f"/Users/{user}"),
                    await client.create_user("lost"),
                    await client.get("/Users?count=0"),
                ]
            return [answer.status for answer in answers]

        user = run(before())
        gone.kill(how)
        run(meanwhile(user))
        gone.start()
        hub.wait_until_ready()
        assert run(afterwards(user)) == [200, 201, 200]
        assert run(disagreements(hub.environ["HALLWAY_DATABASE"])) == []
    finally:
        hub.stop()


@pytest.fixture(scope="module")
def gone() -> Iterator[PostgresServer]:
    """A server that may go away."""
    made = PostgresServer()
    made.start()
    yield made
    made.stop()


@pytest.mark.postgres
@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit"])
def test_a_lax_postgresql_server_is_not_ready(setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = PostgresServer(options=(f"{setting}=off",))
    server.start()
    try:
        url = server.url_of(server.make_database())
        status, body = run(_readiness(tmp_path, monkeypatch, url))
    finally:
        server.stop()
    assert status == 503
    assert f"{setting} = off" in body


@pytest.mark.postgres
async def test_a_lax_database_of_a_durable_server_is_not_ready_and_yet_written_durably(
    postgres_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = await asyncpg.connect(postgres_database)
    name = await connection.fetchval("SELECT current_database()")
    assert (await _readiness(tmp_path, monkeypatch, postgres_database))[0] == 200
    await connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    await connection.close()
    status, body = await _readiness(tmp_path, monkeypatch, postgres_database)
    assert (status, "synchronous_commit = off" in body) == (503, True)
    database = opened(Opening(postgres_database))
    writer = await database._write_connection()  # type: ignore[union-attr]
    assert await writer.fetchval("SHOW synchronous_commit") == "on"
    await database.close()


async def _readiness(folder: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> tuple[int, str]:
    async with deployed(folder, monkeypatch, database=url) as deployment:
        answer = await call(deployment.app, "GET", "/readyz")
        return answer.status, answer.body.decode()


def _database_of(deployment: Deployment) -> SqliteDatabase:
    """The database of those who serve."""
    hub = deployment.serving._hub
    assert hub is not None and isinstance(hub.stores.database, SqliteDatabase)
    return hub.stores.database


def _on_vfs(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    made = wiring.opening_of

    def on_vfs(settings: Settings) -> Opening:
        one = made(settings)
        return Opening(one.url, one.readers, SqliteOptions(vfs=name))

    monkeypatch.setattr(wiring, "opening_of", on_vfs)


def _is_unavailable(status: int, headers: object, body: object) -> None:
    assert status == 503, body
    assert isinstance(headers, dict) and int(headers["retry-after"]) > 0
    assert headers["content-type"].startswith("application/scim+json")
    assert isinstance(body, dict) and (body["schemas"], body["status"]) == ([ERROR], "503")
    assert body["detail"]
