"""What became of events at a webhook: looked at, asked for again, and a ping to try it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hallway.delivery.again import Again
from hallway.delivery.model import Attempt, Delivery, DeliveryState, Endpoint, EndpointState, Recent
from hallway.delivery.ports import Deliveries
from hallway.delivery.trying import Tried
from hallway.hub.organizations.service import Refused
from hallway.hub.webhooks.messages import PING, body_of, message, opened_secrets
from hallway.hub.webhooks.service import WebhookDesk, entry_of
from hallway.ids import ENDPOINT, ENTRY, EntryId, parsed, wire
from hallway.journal.model import Actor, Change
from hallway.journal.shape import precisely
from hallway.scim.json import JsonObject

PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class DeliveryDesk:
    """What is needed to look, and to ask."""

    webhooks: WebhookDesk
    deliveries: Deliveries
    again: Again


async def recent(desk: DeliveryDesk, endpoint: Endpoint, most: int = 20) -> Sequence[Delivery]:
    """What was tried of the events that happened last, newest first."""
    return list((await desk.deliveries.recent(endpoint, most)).deliveries)


async def recent_before(desk: DeliveryDesk, endpoint: Endpoint, before: int | None, most: int) -> Recent:
    """The same page by page; `before` is where the page before says to go on."""
    return await desk.deliveries.recent(endpoint, most, before)


async def next_try(desk: DeliveryDesk, endpoint: Endpoint, delivery: Delivery) -> int | None:
    """When an event that failed is tried again by itself; None where it is not."""
    if delivery.state is not DeliveryState.FAILING or endpoint.state is EndpointState.OFF:
        return None
    lane = await desk.webhooks.lanes.lane(delivery.owner, endpoint.id)
    return None if lane is None else lane.due_at


async def dead_letters(desk: DeliveryDesk, endpoint: Endpoint, after: int = 0, most: int = 100) -> Sequence[Delivery]:
    """What was given up, in its order; `after` is the position of the last one seen."""
    return await desk.deliveries.dead(endpoint.id, after, most)


async def attempts(desk: DeliveryDesk, endpoint: Endpoint, event: str) -> tuple[Delivery, Sequence[Attempt]]:
    """One event at an endpoint, with every attempt."""
    delivery = await _found(desk, endpoint, event)
    return delivery, await desk.deliveries.attempts(delivery)


async def redeliver(desk: DeliveryDesk, endpoint: Endpoint, event: str, actor: Actor) -> Delivery:
    """Ask for one event again: one attempt, beside the lane. An event that is still tried is tried now."""
    delivery = await _found(desk, endpoint, event)
    if delivery.state is DeliveryState.FAILING:
        await desk.webhooks.lanes.hasten(endpoint.id, desk.webhooks.clock())
    elif not await desk.again.ask(delivery):
        raise Refused("conflict", "Somebody else has just asked for this event again.")
    await _note(desk, endpoint, actor, 1)
    return delivery


async def redeliver_dead(desk: DeliveryDesk, endpoint: Endpoint, since: int, actor: Actor) -> int:
    """Ask for every dead letter again that was given up since an instant; how many."""
    count, after = 0, 0
    while found := await desk.deliveries.dead(endpoint.id, after, PAGE):
        for one in found:
            if one.tried_at >= since and one.due_at is None:
                count += await desk.again.ask(one)
        after = found[-1].position
    if count:
        await _note(desk, endpoint, actor, count)
    return count


async def ping(desk: DeliveryDesk, endpoint: Endpoint) -> Tried:
    """Send an event of type `ping` now, signed as every other; nothing of it is kept."""
    own = desk.webhooks
    now = own.clock()
    name = wire(ENTRY, own.fresh_id())
    document: JsonObject = {"id": name, "type": PING, "at": precisely(now), "endpoint": wire(ENDPOINT, endpoint.id)}
    sent = message(name, body_of(document), opened_secrets(own.vault(), endpoint))
    return await desk.again.trying.tried(endpoint, sent)


async def _found(desk: DeliveryDesk, endpoint: Endpoint, event: str) -> Delivery:
    own = parsed(ENTRY, event)
    found = None if own is None else await desk.deliveries.of_event(endpoint.id, EntryId(own))
    if found is None:
        raise Refused("not_found", f"The event {event!r} was not sent to this endpoint, or is not kept any more.")
    return found


async def _note(desk: DeliveryDesk, endpoint: Endpoint, actor: Actor, count: int) -> None:
    own = desk.webhooks
    entry = entry_of(own, endpoint, "endpoint.redelivery_asked", actor)
    entry.facts["count"] = count
    await own.ledger.commit(Change(own.owner, (), (entry,), entry.id))
