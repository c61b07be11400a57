"""A Hub to talk to, and both clients that do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from hallway.client import Application, AsyncHubClient, HubClient
from hallway.client.sign_in import Known
from tests.client.hub import FakeHub, fake_hub
from tests.engines import run


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with fake_hub() as running:
        yield running


@dataclass
class Client:
    """One of the two; each call is driven to its end."""

    is_async: bool
    application: Application
    ahead: list[int] = field(default_factory=lambda: [0])
    known: Known = field(default_factory=Known)

    def clock(self) -> int:
        from hallway.client.blocking import clock

        return clock() + self.ahead[0] * 1_000_000

    def do(self, name: str, *given: Any) -> Any:
        if not self.is_async:
            found = getattr(HubClient(self.application, self.clock, self.known), name)(*given)
            return list(found) if hasattr(found, "__next__") else found

        async def whole() -> Any:
            async with AsyncHubClient(self.application, self.clock, self.known) as client:
                found = getattr(client, name)(*given)
                return [one async for one in found] if hasattr(found, "__anext__") else await found

        return run(whole())


@pytest.fixture(params=["blocking", "asynchronous"])
def make_client(request: pytest.FixtureRequest, hub: FakeHub) -> Callable[..., Client]:
    return lambda **changes: Client(request.param == "asynchronous", hub.application(**changes))


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    return make_client()
