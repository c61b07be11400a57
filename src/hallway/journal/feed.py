"""The feed: the entries of all organizations in one order, each with a position of the whole deployment.

Rules: a position is given after the entry is durable, by one sequencer at a time, and never again; within one
organization positions rise as `seq` does; who has read up to a position misses nothing that comes later. Journals of
accounts and of the deployment are not told.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from hallway.ids import EntryId, OrganizationId

DELETED: Final = "organization.deleted"
"""The one type that no journal has: the organization's own is gone with it."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry by its position. `told` is what the feed itself knows, where no journal is left to ask: then `event_id`
    is the organization's own id.
    """

    position: int
    organization_id: OrganizationId
    seq: int
    event_id: EntryId
    type: str
    at: int
    told: bytes | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asks for: behind which position, of which organization (None: all), of which types (none: all)."""

    after: int
    limit: int
    organization_id: OrganizationId | None = None
    types: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """Entries in their order; `until` is how far the reader has now read, which filters may move past the last one."""

    entries: Sequence[Placed]
    until: int


class Feed(Protocol):
    """Reads the order; every method raises `Unavailable` where the store cannot serve."""

    async def after(self, wanted: Wanted) -> Told:
        """Entries behind a position, oldest first."""
        ...

    async def event(self, event_id: EntryId) -> Placed | None:
        """One entry by its id; None where it is not in the feed, or no more."""
        ...

    async def newest(self) -> int:
        """The last position that was given, 0 for none."""
        ...

    async def oldest(self) -> int:
        """The first position that is not forgotten; one more than the newest where all are."""
        ...

    async def tells_of(self, organization_id: OrganizationId) -> bool:
        """Whether the feed tells of an organization, be it that it is no more."""
        ...


@dataclass(slots=True)
class Bell:
    """Wakes who waits for something in this process: for commits, or for entries that got their positions. `rung` says
    how often it rang: who looked before she waits asks whether it did meanwhile.
    """

    rung: int = 0
    closed: bool = False
    _waiting: set[asyncio.Event] = field(default_factory=set)

    def ring(self) -> None:
        """Wake everybody who waits."""
        self.rung += 1
        for one in self._waiting:
            one.set()

    def close(self) -> None:
        """Wake everybody, and let nobody wait any more: the process ends."""
        self.closed = True
        self.ring()

    async def wait(self, seconds: float, ready: Callable[[], bool] = lambda: False) -> bool:
        """Wait for a ring; False where it did not come in time, or never will. `ready` is asked once the ring would be
        heard.
        """
        if self.closed:
            return False
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            if ready():
                return True
            # A request's first step runs before there is a task, which a timeout needs.
            await asyncio.sleep(0)
            async with asyncio.timeout(seconds):
                return await event.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(event)
