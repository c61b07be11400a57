"""Delivering again what somebody asked for by hand: one attempt each, beside the lane and its order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from hallway.delivery.model import (
    LEASE,
    Delivery,
    DeliveryAsked,
    DeliveryDone,
    DeliveryState,
    Endpoint,
    Fate,
    Sent,
)
from hallway.delivery.ports import Deliveries, Endpoints, Message, Strategy, Verdict
from hallway.delivery.trying import Trying
from hallway.journal.model import Change, Stale
from hallway.journal.ports import Ledger


@dataclass(frozen=True, slots=True)
class Again:
    """Makes deliveries that were asked for."""

    ledger: Ledger
    endpoints: Endpoints
    deliveries: Deliveries
    strategies: Mapping[str, Strategy]
    trying: Trying
    clock: Callable[[], int]

    async def ask(self, delivery: Delivery) -> bool:
        """Have it delivered again as soon as a worker comes to it; False where somebody just asked for it."""
        return await self._move(delivery, self.clock())

    async def deliver(self, asked: Delivery) -> Sent | None:
        """One attempt at a delivery that was asked for; None where another worker has it, or it cannot be made."""
        claimed = replace(asked, due_at=self.clock() + LEASE)
        if not await self._move(asked, claimed.due_at or 0):
            return None
        found = await self._message(asked)
        if found is None:
            await self._move(claimed, None)
            return None
        endpoint, message = found
        tried = await self.trying.tried(endpoint, message)
        taken = tried.verdict is Verdict.TAKEN
        state = DeliveryState.DELIVERED if taken or asked.state is DeliveryState.DELIVERED else DeliveryState.DEAD
        made = replace(asked, state=state, tries=asked.tries + 1, tried_at=tried.attempt.at, due_at=None)
        try:
            await self.ledger.commit(Change(asked.owner, (DeliveryDone(made, tried.attempt, claimed.due_at),)))
        except Stale:
            return None
        return _sent(endpoint, made, tried.attempt.reason, Fate.DELIVERED if taken else Fate.DEAD, self.clock())

    async def _message(self, asked: Delivery) -> tuple[Endpoint, Message] | None:
        """What is to be sent; None where the endpoint or the event is gone."""
        endpoint = await self.endpoints.endpoint(asked.endpoint_id)
        placed = await self.deliveries.entry(asked)
        if endpoint is None or placed is None or endpoint.kind not in self.strategies:
            return None
        message = (await self.strategies[endpoint.kind].messages(endpoint, [placed])).get(placed.position)
        return None if message is None else (endpoint, message)

    async def _move(self, was: Delivery, due_at: int | None) -> bool:
        try:
            await self.ledger.commit(Change(was.owner, (DeliveryAsked(was, due_at),)))
        except Stale:
            return False
        return True


def _sent(endpoint: Endpoint, made: Delivery, reason: str, fate: Fate, now: int) -> Sent:
    return Sent(endpoint, made.event_id, fate, reason, now - made.happened_at)
