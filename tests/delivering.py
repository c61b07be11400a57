"""Deliveries in simulated time: an open Hub, receivers of the test's own, a clock that goes from lane to lane.

Rules: time moves only where nothing is due; every visit that is due at one instant is made at once, as a worker does.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from hallway.delivery.courier import Courier
from hallway.delivery.model import Endpoint, Sent
from hallway.delivery.places import Places
from hallway.hub.organizations.model import Organization, Plan
from hallway.hub.webhooks.looking import DeliveryDesk
from hallway.hub.webhooks.service import WebhookDesk, Wish, create
from hallway.ids import EntryId, OrganizationId, fresh_id
from hallway.journal.model import Actor, Change, Entry
from hallway.outbound import Answer, OutboundProblem, Question
from hallway.store.lanes import LanesBeside
from hallway.web.delivering import courier, delivery_desk, webhook_desk
from hallway.web.wiring import Hub
from tests.rooms.opened import OPERATOR, opened

BEGAN = 1_700_000_000_000_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
Behaviour = Callable[["Heard"], "int | Answer | OutboundProblem"]


@dataclass(frozen=True)
class Heard:
    """What a receiver got, and when."""

    at: int
    url: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = orjson.loads(self.body)["data"]
        return data

    @property
    def place(self) -> tuple[str, int]:
        """Organization and sequence."""
        return self.data["organization"]["id"], self.data["sequence"]


@dataclass
class Receivers:
    """Answers in the place of every endpoint; by address, 200 where nothing else is said."""

    clock: Callable[[], int]
    behave: dict[str, Behaviour] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    taken: list[Heard] = field(default_factory=list)

    async def ask(self, question: Question) -> Answer:
        one = Heard(self.clock(), question.url, dict(question.headers), question.body or b"")
        self.heard.append(one)
        await asyncio.sleep(0)
        said = self.behave.get(question.url, lambda _: 200)(one)
        if isinstance(said, OutboundProblem):
            raise said
        answer = Answer(said, {}, b"said " + str(said).encode(), question.url) if isinstance(said, int) else said
        if 200 <= answer.status < 300:
            self.taken.append(one)
        return answer

    def at(self, url: str, heard: list[Heard] | None = None) -> list[Heard]:
        """What one address got."""
        return [one for one in (self.heard if heard is None else heard) if one.url == url]


@dataclass
class Round:
    """A Hub whose deliveries happen when the test says so."""

    hub: Hub
    now: int = BEGAN
    receivers: Receivers = field(init=False)
    places: Places = field(default_factory=Places)
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.receivers = Receivers(self.clock)
        beside = LanesBeside(self.hub.stores.endpoints, self.clock)
        self.hub.stores.feed._ready = beside.ready

    def clock(self) -> int:
        return self.now

    @property
    def webhooks(self) -> WebhookDesk:
        return replace(webhook_desk(self.hub), clock=self.clock)

    @property
    def desk(self) -> DeliveryDesk:
        made = delivery_desk(self.hub)
        trying = replace(made.again.trying, outbound=self.receivers, clock=self.clock)
        return replace(made, webhooks=self.webhooks, again=replace(made.again, trying=trying, clock=self.clock))

    @property
    def courier(self) -> Courier:
        made = courier(self.hub)
        off = replace(made.switch_off, desk=self.webhooks)  # type: ignore[type-var]
        trying = replace(made.trying, outbound=self.receivers, clock=self.clock)
        return replace(made, trying=trying, switch_off=off, clock=self.clock, chance=self.chance.random)

    async def webhook(self, url: str, *types: str, organization: Organization | None = None) -> Endpoint:
        owner = None if organization is None else organization.id
        made, _ = await create(self.webhooks, Wish(url, types), owner, OPERATOR)
        return made

    async def organization(self, name: str = "Acme") -> Organization:
        """One whose own entries are told already."""
        made = await self.hub.registrar.create(name, Plan.ENTERPRISE, None, OPERATOR)
        await self.placed()
        return made

    async def happen(self, owner: OrganizationId, count: int = 1, kind: str = "contact.added") -> None:
        """Entries, one change for all of them; not placed yet."""
        entries = tuple(
            Entry(EntryId(fresh_id(self.now + n, self.hub.desk.entropy(10))), kind, self.now + n, Actor("system"))
            for n in range(count)
        )
        await self.hub.stores.database.commit(Change(owner, (), entries, entries[0].id))

    async def placed(self) -> None:
        while await self.hub.stores.feed.place():
            pass

    async def visits(self) -> int:
        """Every visit that is due now, at one time; how many."""
        due = await self.hub.stores.lanes.due(self.now, 10_000)
        made = self.courier
        for sent in await asyncio.gather(*(made.visit(one) for one in due)):
            self.sent += sent
        return len(due)

    async def again(self) -> int:
        """Deliver what was asked for again; how many attempts."""
        made = [await self.desk.again.deliver(one) for one in await self.hub.stores.deliveries.asked(self.now, 1000)]
        self.sent += [one for one in made if one is not None]
        return len([one for one in made if one is not None])

    async def run(self, until: int | None = None) -> None:
        """Place and deliver until nothing is due, or up to an instant, which it is then."""
        await self.placed()
        last = until or 1 << 62
        while True:
            while await self.visits():
                pass
            due = await self.hub.stores.lanes.due((1 << 62) - 2, 1)
            if not due or due[0].due_at > last:
                break
            self.now = due[0].due_at
        if until is not None:
            self.now = until


@asynccontextmanager
async def delivering(directory: Path, database_url: str) -> AsyncIterator[Round]:
    """A Hub on a database of either engine."""
    async with opened(directory, database=database_url) as hub:
        yield Round(hub)
        await hub.post.aclose()
        await hub.outbound.aclose()
