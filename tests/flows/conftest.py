"""One running Hub for each engine, shared by the tests of a process; each test makes directories of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines import PostgresServer
from tests.running import RunningHub, sqlite_url


@pytest.fixture(scope="session")
def sqlite_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A Hub on SQLite."""
    directory: Path = tmp_path_factory.mktemp("hub")
    yield from _running(sqlite_url(directory))


@pytest.fixture(scope="session")
def postgres_hub(postgres_server: PostgresServer) -> Iterator[RunningHub]:
    """A Hub on PostgreSQL."""
    yield from _running(postgres_server.url_of(postgres_server.make_database()))


def _running(url: str) -> Iterator[RunningHub]:
    hub = RunningHub(url)
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def hub(request: pytest.FixtureRequest) -> RunningHub:
    """The Hub on each engine."""
    running: RunningHub = request.getfixturevalue(f"{request.param}_hub")
    return running
