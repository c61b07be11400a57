"""What delivering needs of the outside."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol, TypeAlias

from hallway.delivery.model import Attempt, Delivery, DueLane, Endpoint, Lane, Recent
from hallway.ids import EndpointId, EntryId, OrganizationId
from hallway.journal.feed import Placed, Told
from hallway.outbound import Answer

Headers: TypeAlias = tuple[tuple[str, str], ...]


class Endpoints(Protocol):
    """The endpoints of the deployment."""

    async def endpoint(self, endpoint_id: EndpointId) -> Endpoint | None:
        """One of them."""
        ...

    async def endpoints(self) -> Sequence[Endpoint]:
        """All of them, oldest first."""
        ...

    async def succeeded(self, endpoint: Endpoint, at: int) -> None:
        """Note that it took something."""
        ...


class Lanes(Protocol):
    """The lanes of every organization; every method raises `Unavailable` where the store cannot serve."""

    async def due(self, now: int, most: int) -> Sequence[DueLane]:
        """Lanes whose time has come, of all organizations, the longest due first."""
        ...

    async def lane(self, owner: OrganizationId, endpoint_id: EndpointId) -> Lane | None:
        """One lane."""
        ...

    async def events(self, lane: Lane, types: Collection[str], most: int) -> Told:
        """What a lane has to tell next, of these types (none: all), and how far that reads."""
        ...

    async def hasten(self, endpoint_id: EndpointId, now: int) -> int:
        """Make lanes due now that wait for another try of this endpoint; how many."""
        ...

    async def wake(self, endpoint_id: EndpointId, now: int) -> int:
        """Make lanes due now that have something to tell, after the endpoint was switched on; how many."""
        ...

    async def skip(self, endpoint_id: EndpointId) -> int:
        """Let lanes that rest go on from what comes next, leaving out what they had to tell; how many."""
        ...

    async def forget(self, owner: OrganizationId, endpoint_id: EndpointId) -> None:
        """Remove a lane, with what was kept of its deliveries."""
        ...

    async def forget_all(self, endpoint_id: EndpointId) -> None:
        """The same for every lane of an endpoint."""
        ...


class Deliveries(Protocol):
    """What became of events at endpoints."""

    async def delivery(self, owner: OrganizationId, endpoint_id: EndpointId, position: int) -> Delivery | None:
        """One of them."""
        ...

    async def of_event(self, endpoint_id: EndpointId, event_id: EntryId) -> Delivery | None:
        """What became of an event, while the feed has it."""
        ...

    async def recent(self, endpoint: Endpoint, most: int, before: int | None = None) -> Recent:
        """Of the events that happened last, or before a position, those that were tried. One question looks through a
        bounded part of the feed, and says where to go on: there may be fewer than `most`, and more behind them.
        """
        ...

    async def dead(self, endpoint_id: EndpointId, after: int, most: int) -> Sequence[Delivery]:
        """Dead letters behind a position, in their order."""
        ...

    async def attempts(self, delivery: Delivery) -> Sequence[Attempt]:
        """Every attempt, oldest first."""
        ...

    async def asked(self, now: int, most: int) -> Sequence[Delivery]:
        """Deliveries that were asked for again and are due."""
        ...

    async def entry(self, delivery: Delivery) -> Placed | None:
        """The event of a delivery, while the feed has it."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent of an event; `headers` are made at each attempt, for an instant in seconds."""

    body: bytes = field(repr=False)
    headers: Callable[[int], Headers]


class Verdict(Enum):
    """What an answer means."""

    TAKEN = auto()
    AGAIN = auto()
    NEVER = auto()
    """This one event is refused for good: a dead letter at once."""
    GONE = auto()
    """The endpoint wants nothing any more."""


class Strategy(Protocol):
    """What endpoints of one kind are sent, and what their answers mean."""

    def types(self, endpoint: Endpoint) -> Collection[str]:
        """The types of events that it is told of; none: all."""
        ...

    async def messages(self, endpoint: Endpoint, entries: Sequence[Placed]) -> Mapping[int, Message]:
        """A message for each entry by its position; an entry that is left out is not sent."""
        ...

    def verdict(self, answer: Answer) -> Verdict:
        """What an answer means; `usual_verdict` where nothing else is agreed on."""
        ...


def usual_verdict(answer: Answer) -> Verdict:
    """Any 2xx is taken, 410 ends the endpoint, everything else is tried again."""
    if 200 <= answer.status < 300:
        return Verdict.TAKEN
    return Verdict.GONE if answer.status == 410 else Verdict.AGAIN


SwitchOff: TypeAlias = Callable[[Endpoint, str], Awaitable[None]]
"""Switches an endpoint off for a reason, and tells those who run the deployment."""
