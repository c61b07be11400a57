"""A running Hub for the tests with peers, at a name that is another site than theirs."""

from collections.abc import Iterator

import pytest

from tests.running import RunningHub, sqlite_url


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """One on SQLite; each test makes an organization of its own."""
    running = RunningHub(sqlite_url(tmp_path_factory.mktemp("hub")))
    running.environ["HALLWAY_BASE_URL"] = f"http://hub.localhost:{running.port}"
    running.start()
    yield running
    running.stop()
