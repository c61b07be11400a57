"""A running Hub on each engine, whose directories can switch on the schemas of the shipped example."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines import PostgresServer
from tests.running import RunningHub, sqlite_url

DECLARED = Path(__file__).parents[2] / "examples" / "schemas" / "lambdatest.json"


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
    hub = RunningHub(url, {"HALLWAY_SCIM_SCHEMAS": str(DECLARED), "HALLWAY_SCIM_BODY_LIMIT_BYTES": "64 KiB"})
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def hub(request: pytest.FixtureRequest) -> RunningHub:
    """The Hub on each engine."""
    running: RunningHub = request.getfixturevalue(f"{request.param}_hub")
    return running
