"""What commands print of webhooks, as JSON values."""

from hallway.cli.shapes import instant
from hallway.delivery.model import Attempt, Delivery, Endpoint
from hallway.ids import DELIVERY_ATTEMPT, ENDPOINT, ENTRY, ORGANIZATION, wire
from hallway.scim.json import Json, JsonObject


def webhook_shape(one: Endpoint) -> JsonObject:
    """A webhook, without its secrets."""
    events: list[Json] = list(one.types)
    return {
        "id": wire(ENDPOINT, one.id),
        "url": one.url,
        "name": one.name,
        "events": events or ["*"],
        "organization_id": None if one.organization_id is None else wire(ORGANIZATION, one.organization_id),
        "state": one.state.value,
        "reason": one.reason,
        "created_at": instant(one.created_at),
        "last_success_at": instant(one.succeeded_at),
    }


def delivery_shape(one: Delivery) -> JsonObject:
    """What became of an event; `organization_id` of one that is gone is the deployment's, sixteen zero bytes."""
    return {
        "event": wire(ENTRY, one.event_id),
        "type": one.type,
        "organization_id": wire(ORGANIZATION, one.owner),
        "state": one.state.value,
        "tries": one.tries,
        "happened_at": instant(one.happened_at),
        "tried_at": instant(one.tried_at),
        "asked_again": one.due_at is not None,
    }


def attempt_shape(one: Attempt) -> JsonObject:
    """An attempt; `answer` is the beginning of the body as text."""
    return {
        "id": wire(DELIVERY_ATTEMPT, one.id),
        "at": instant(one.at),
        "status": one.status,
        "milliseconds": one.duration // 1000,
        "reason": one.reason,
        "answer": one.answer.decode(errors="replace"),
    }
