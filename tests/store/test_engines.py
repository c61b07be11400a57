"""The databases that tests get are fresh, durable, and survive a crash as production's do."""

import signal
from pathlib import Path

import asyncpg
import pytest

from tests.engines import PostgresServer


async def test_an_async_test_runs_in_a_loop(sqlite_database: str, tmp_path: Path) -> None:
    assert sqlite_database == f"sqlite:///{tmp_path}/hallway.db"


def test_a_database_url_of_each_engine(database_url: str, request: pytest.FixtureRequest) -> None:
    assert database_url.startswith("sqlite" if "[sqlite]" in request.node.name else "postgresql")


@pytest.mark.postgres
@pytest.mark.parametrize("_attempt", [1, 2])
async def test_each_test_gets_an_empty_database(postgres_database: str, _attempt: int) -> None:
    connection = await asyncpg.connect(postgres_database)
    await connection.execute("CREATE TABLE once (id integer)")
    await connection.close()


@pytest.mark.postgres
@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit", "full_page_writes"])
async def test_the_server_is_as_durable_as_in_production(postgres_url: str, setting: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    assert await connection.fetchval(f"SHOW {setting}") == "on"
    await connection.close()


@pytest.mark.postgres
async def test_what_was_committed_is_there_after_a_crash() -> None:
    server = PostgresServer(options=("synchronous_commit=on",))
    server.start()
    try:
        connection = await asyncpg.connect(server.url)
        await connection.execute("CREATE TABLE kept AS SELECT 1 AS id")
        server.kill(signal.SIGQUIT)
        server.start()
        again = await asyncpg.connect(server.url)
        assert await again.fetchval("SELECT id FROM kept") == 1
        await again.close()
        connection.terminate()
    finally:
        server.stop()
