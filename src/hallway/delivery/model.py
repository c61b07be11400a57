"""An endpoint, and its lanes: how far it was told what happened in each organization.

Rules: a lane is one organization's events on their way to one endpoint, in their order, one at a time; a lane moves on
only after an answer that counts, so an event may arrive twice and is never left out; one lane waits for no other. What
a lane gave up is a dead letter, and stays until somebody asks for it again or its retention is over.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from hallway.ids import DeliveryAttemptId, EndpointId, EntryId, OrganizationId

SECOND: Final = 1_000_000
LEASE: Final = 30 * SECOND
"""How long a worker has a lane for itself; longer than any run takes (`RUN` and one attempt more)."""
RUN: Final = 5 * SECOND
"""A run begins no attempt after this."""
RUN_EVENTS: Final = 20
ANSWER_BYTES: Final = 1024
"""What is kept of an answer."""


WANTS_NOTHING: Final = "It answered 410 (Gone): it wants nothing any more."
TOOK_NOTHING: Final = "It took nothing for three days."
SWITCHED_OFF: Final = frozenset({WANTS_NOTHING, TOOK_NOTHING})
"""Reasons of an endpoint that was switched off and not by hand."""


class EndpointState(StrEnum):
    """Whether an endpoint is told anything. What happens while it is off waits for it."""

    ACTIVE = "active"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events go: a row of `owner`, the deployment. `kind` names the strategy that makes messages of them.

    `types` are exact or end in `.*`; none: all. `organization_id` None: events of every organization. `belongs_to` is
    what the endpoint is a part of (an application), if anything; `note` is the kind's own. `sealed` holds its secrets.
    """

    owner: OrganizationId
    id: EndpointId
    kind: str
    url: str
    state: EndpointState
    created_at: int
    sealed: bytes = field(repr=False)
    types: tuple[str, ...] = ()
    organization_id: OrganizationId | None = None
    name: str = ""
    belongs_to: bytes | None = None
    note: str = ""
    reason: str = ""
    succeeded_at: int | None = None
    version: int = 1

    def covers(self, organization_id: OrganizationId) -> bool:
        """Whether it is told of this organization."""
        return self.organization_id in (None, organization_id)


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """A row to insert."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class EndpointUpdate:
    """The endpoint as it is to be, in the place of the version before."""

    was: Endpoint
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class EndpointRemoval:
    """A row to remove; its lanes were removed before."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class DueLane:
    """Which lane is to be looked at now."""

    owner: OrganizationId
    endpoint_id: EndpointId
    due_at: int


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane. `tries` were made of its next event since `head_since`; nothing succeeded in it since `failing_since`."""

    owner: OrganizationId
    endpoint_id: EndpointId
    position: int
    due_at: int | None
    tries: int = 0
    head_since: int | None = None
    failing_since: int | None = None


@dataclass(frozen=True, slots=True)
class LaneMove:
    """A lane as it is to be, if it is still due when it was; `held` while a worker has it for itself."""

    was: Lane
    now: Lane
    held: bool = False


@dataclass(frozen=True, slots=True)
class LaneRest:
    """A lane that has nothing to tell, unless the feed has more for it by now; `parked`: whatever the feed has."""

    was: Lane
    now: Lane
    parked: bool = False


class DeliveryState(StrEnum):
    """What became of an event at an endpoint."""

    DELIVERED = "delivered"
    FAILING = "failing"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event at an endpoint, once it was tried; `due_at` is set where somebody asked for it again."""

    owner: OrganizationId
    endpoint_id: EndpointId
    position: int
    event_id: EntryId
    type: str
    state: DeliveryState
    tries: int
    happened_at: int
    tried_at: int
    due_at: int | None = None


@dataclass(frozen=True, slots=True)
class Recent:
    """Deliveries, newest first; `following` is where to go on (`before`), None where all was looked through."""

    deliveries: tuple[Delivery, ...]
    following: int | None = None


@dataclass(frozen=True, slots=True)
class DeliveryDone:
    """What an attempt led to, with the attempt; `was_dead` and `asked_at` say which signs to take away."""

    delivery: Delivery
    attempt: "Attempt"
    asked_at: int | None = None


@dataclass(frozen=True, slots=True)
class DeliveryAsked:
    """A delivery to be made again, asked for by hand, if it is as it was; None: it cannot be made any more."""

    was: Delivery
    due_at: int | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: status (None where no answer came), how long it took, why it failed ("" where it did not), and the
    first kilobyte of the answer.
    """

    id: DeliveryAttemptId
    at: int
    status: int | None
    duration: int
    reason: str
    answer: bytes = b""


class Fate(StrEnum):
    """What an attempt led to, as it is counted."""

    DELIVERED = "delivered"
    POSTPONED = "postponed"
    DEAD = "dead"
    SWITCHED_OFF = "switched_off"


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt, for who counts: `lag` from the event to now, in microseconds."""

    endpoint: Endpoint
    event_id: EntryId
    fate: Fate
    reason: str
    lag: int
