"""One running Hub with something in every table, shared by the tests of a process, which only look at it."""

from collections.abc import Iterator

import pytest

from tests.cli.filled import Filled, fill
from tests.running import RunningHub


@pytest.fixture(scope="session")
def filled_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], Filled]]:
    """The environment of its commands, and what is in it; it has stopped, so that all of it is written."""
    hub = RunningHub(f"sqlite:///{tmp_path_factory.mktemp('commands') / 'hallway.db'}")
    hub.start()
    filled = fill(hub)
    hub.stop()
    yield hub.environ, filled


@pytest.fixture
def environ(filled_hub: tuple[dict[str, str], Filled]) -> dict[str, str]:
    """The environment of its commands."""
    return filled_hub[0]


@pytest.fixture
def filled(filled_hub: tuple[dict[str, str], Filled]) -> Filled:
    """What is in it."""
    return filled_hub[1]
