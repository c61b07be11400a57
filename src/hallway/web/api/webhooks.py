"""Webhooks and what became of events at them, by the API."""

from dataclasses import replace
from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from hallway.delivery.model import Attempt, Delivery, DeliveryState, EndpointState
from hallway.delivery.model import Endpoint as Kept
from hallway.delivery.ports import Verdict
from hallway.hub.webhooks import looking, service
from hallway.hub.webhooks.looking import DeliveryDesk
from hallway.hub.webhooks.service import MOST_NAME, MOST_OVERLAP, USUAL_OVERLAP, Wish
from hallway.ids import DELIVERY_ATTEMPT, ENDPOINT, ENTRY, ORGANIZATION, wire
from hallway.web.api.endpoint import ROOT, Answer, Body, Call, Document, Endpoint
from hallway.web.api.organizations import located
from hallway.web.api.paging import Next, Paged, cursor, place, sliced
from hallway.web.api.problems import ApiProblem
from hallway.web.api.words import DeliveryAttemptId, EventId, Instant, OrganizationId, WebhookId, instant, maybe
from hallway.web.delivering import delivery_desk

PATH: Final = f"{ROOT}/webhooks"
ONE: Final = f"{PATH}/{{webhook}}"
DELIVERIES: Final = f"{ONE}/deliveries"
READ, WRITE = "webhooks:read", "webhooks:write"
_POSITION_BYTES: Final = 8
_FARTHEST: Final = 2**63 - 1

Url = Annotated[
    str,
    Meta(max_length=2000, description="https, at a public address.", examples=["https://app.example/hooks/hallway"]),
]
Types = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=60, examples=["member.*"])]],
    Meta(max_length=50, description="Only events of these types; `member.*` is a whole area; empty: all."),
]
Called = Annotated[str, Meta(max_length=MOST_NAME, description="For people.", examples=["Fieldbook"])]


class Webhook(Document, frozen=True, kw_only=True):
    """Where events are sent to, signed as Standard Webhooks says."""

    id: WebhookId
    url: Url
    name: Called
    types: Types
    organization: Annotated[OrganizationId | None, Meta(description="Only its events; null: everybody's.")]
    state: Annotated[EndpointState, Meta(description="What happens while it is off waits for it.")]
    reason: Annotated[str, Meta(description="Why it is off.", examples=[""])]
    created_at: Instant
    last_success_at: Instant | None


class WebhookList(Document, frozen=True, kw_only=True):
    """A page of webhooks, oldest first."""

    items: list[Webhook]
    next: Next


class WebhookWithSecret(Document, frozen=True, kw_only=True):
    """A webhook with the secret that its messages are signed by, which is in no other answer."""

    webhook: Webhook
    secret: Annotated[str, Meta(description="Verify signatures with it.", examples=["whsec_…"])]


class NewWebhook(Body, frozen=True, kw_only=True):
    """A webhook to make: it is told what happens from then on."""

    url: Url
    types: Types = []
    name: Called = ""
    organization: OrganizationId | None = None


class WebhookPatch(Body, frozen=True, kw_only=True):
    """What shall be different; what is left out stays."""

    url: Url | UnsetType = UNSET
    types: Types | UnsetType = UNSET
    name: Called | UnsetType = UNSET


class Rotation(Body, frozen=True, kw_only=True):
    """How long the secrets of before still sign."""

    hours: Annotated[int, Meta(ge=0, le=MOST_OVERLAP, description="Beside the new one.", examples=[24])] = USUAL_OVERLAP


class Switching(Body, frozen=True, kw_only=True):
    """What becomes of what waited while it was off."""

    skip: Annotated[bool, Meta(description="It is never sent; without this it is sent now.")] = False


class WebhookAttempt(Document, frozen=True, kw_only=True):
    """One attempt to deliver: `answer` is the beginning of what came back."""

    id: DeliveryAttemptId
    at: Instant
    status: Annotated[int | None, Meta(description="Null where no answer came.", examples=[204])]
    duration_ms: Annotated[float, Meta(examples=[41.5])]
    reason: Annotated[str, Meta(description="Why it does not count; empty where it does.", examples=[""])]
    answer: Annotated[str, Meta(description="Its first kilobyte.", examples=[""])]


class WebhookDelivery(Document, frozen=True, kw_only=True):
    """What became of an event at a webhook."""

    event: EventId
    type: Annotated[str, Meta(examples=["member.deactivated"])]
    organization: OrganizationId
    state: Annotated[DeliveryState, Meta(description="`dead`: given up after about three days.")]
    tries: Annotated[int, Meta(examples=[1])]
    happened_at: Instant
    tried_at: Instant
    asked_again: Annotated[bool, Meta(description="Whether it waits to be sent once more.")]


class DeliveryList(Document, frozen=True, kw_only=True):
    """Deliveries, newest first, or dead letters, oldest first; with `next`, a page may be short."""

    items: list[WebhookDelivery]
    next: Next


class DeliveryWithAttempts(Document, frozen=True, kw_only=True):
    """What became of an event, with every attempt."""

    delivery: WebhookDelivery
    attempts: list[WebhookAttempt]


class DeliveryQuery(Paged, frozen=True, kw_only=True):
    """Which deliveries."""

    dead: Annotated[bool, Meta(description="Only dead letters, oldest first; else all tried, newest first.")] = False


class PingAnswer(Document, frozen=True, kw_only=True):
    """What came back of a ping."""

    attempt: WebhookAttempt
    taken: Annotated[bool, Meta(description="Whether an event would count as delivered.")]


def document(one: Kept) -> Webhook:
    """A webhook as the API shows it."""
    return Webhook(
        id=wire(ENDPOINT, one.id), url=one.url, name=one.name, types=list(one.types), state=one.state,
        organization=None if one.organization_id is None else wire(ORGANIZATION, one.organization_id),
        reason=one.reason, created_at=instant(one.created_at), last_success_at=maybe(one.succeeded_at),
    )  # fmt: skip


def _delivery(one: Delivery) -> WebhookDelivery:
    return WebhookDelivery(
        event=wire(ENTRY, one.event_id), type=one.type, organization=wire(ORGANIZATION, one.owner), state=one.state,
        tries=one.tries, happened_at=instant(one.happened_at), tried_at=instant(one.tried_at),
        asked_again=one.due_at is not None,
    )  # fmt: skip


def _attempt(one: Attempt) -> WebhookAttempt:
    return WebhookAttempt(
        id=wire(DELIVERY_ATTEMPT, one.id), at=instant(one.at), status=one.status, duration_ms=one.duration / 1000,
        reason=one.reason, answer=one.answer.decode(errors="replace"),
    )  # fmt: skip


def _answer(one: Kept) -> Answer:
    return Answer(document(one), f'"{one.version}"')


def _looking(call: Call) -> DeliveryDesk:
    """The desk that looks at deliveries; what it writes goes through this call's ledger."""
    desk = delivery_desk(call.hub)
    return replace(desk, webhooks=replace(desk.webhooks, ledger=call.hub.desk.ledger))


async def _webhook(call: Call) -> Kept:
    """The webhook that the path names, as If-Match wants it."""
    one = await service.found_endpoint(_looking(call).webhooks, call.param("webhook"))
    call.expected.must_be(f'"{one.version}"', (one.id, one.version))
    return one


async def webhook_list(call: Call) -> Answer:
    """Oldest first."""
    there = await service.listed(_looking(call).webhooks)
    page, following = sliced(there, lambda one: one.id, call.asked(Paged))
    return Answer(WebhookList(items=[document(one) for one in page], next=following))


async def webhook_create(call: Call) -> Answer:
    """A webhook with its secret."""
    said = call.said(NewWebhook)
    owner = None
    if said.organization is not None:
        try:
            owner = (await located(call, said.organization)).id
        except ApiProblem as problem:
            raise ApiProblem("invalid", problem.detail, [("organization", "there is no such organization")]) from None
    wish = Wish(said.url, tuple(said.types), said.name)
    made, secret = await service.create(_looking(call).webhooks, wish, owner, call.actor)
    told = document(made)
    return Answer(WebhookWithSecret(webhook=told, secret=secret), f'"{made.version}"', f"{PATH}/{told.id}")


async def webhook_get(call: Call) -> Answer:
    """One webhook."""
    return _answer(await _webhook(call))


async def webhook_update(call: Call) -> Answer:
    """Address, types, name."""
    one, said = await _webhook(call), call.said(WebhookPatch)
    wish = Wish(
        None if said.url is UNSET else said.url,
        None if said.types is UNSET else tuple(said.types),
        None if said.name is UNSET else said.name,
    )
    return _answer(await service.change(_looking(call).webhooks, one, wish, call.actor))


async def webhook_rotate(call: Call) -> Answer:
    """Another secret."""
    one, hours = await _webhook(call), call.said(Rotation).hours
    changed, secret = await service.rotate(_looking(call).webhooks, one, hours, call.actor)
    return Answer(WebhookWithSecret(webhook=document(changed), secret=secret), f'"{changed.version}"')


async def webhook_enable(call: Call) -> Answer:
    """Send again, what waited too unless it is skipped."""
    one, skips = await _webhook(call), call.said(Switching).skip
    return _answer(await service.enable(_looking(call).webhooks, one, call.actor, skips))


async def webhook_disable(call: Call) -> Answer:
    """Send nothing; what happens waits."""
    return _answer(await service.disable(_looking(call).webhooks, await _webhook(call), call.actor))


async def webhook_delete(call: Call) -> Answer:
    """It goes."""
    await service.delete(_looking(call).webhooks, await _webhook(call), call.actor)
    return Answer()


async def webhook_ping(call: Call) -> Answer:
    """Try it now."""
    tried = await looking.ping(_looking(call), await _webhook(call))
    return Answer(PingAnswer(attempt=_attempt(tried.attempt), taken=tried.verdict is Verdict.TAKEN))


async def delivery_list(call: Call) -> Answer:
    """The latest, or dead letters."""
    one, asked, desk = await _webhook(call), call.asked(DeliveryQuery), _looking(call)
    begin = _position(asked.after)
    if asked.dead:
        found = await looking.dead_letters(desk, one, begin or 0, asked.limit + 1)
        page = found[: asked.limit]
        following = page[-1].position if len(found) > len(page) else None
    else:
        latest = await looking.recent_before(desk, one, begin, asked.limit)
        page, following = latest.deliveries, latest.following
    told = None if following is None else cursor(following.to_bytes(_POSITION_BYTES, "big"))
    return Answer(DeliveryList(items=[_delivery(each) for each in page], next=told))


def _position(after: str) -> int | None:
    octets = place(after, _POSITION_BYTES)
    return None if octets is None else min(int.from_bytes(octets, "big"), _FARTHEST)


async def delivery_get(call: Call) -> Answer:
    """One event at a webhook, with every attempt."""
    delivery, made = await looking.attempts(_looking(call), await _webhook(call), call.param("event"))
    told = DeliveryWithAttempts(delivery=_delivery(delivery), attempts=[_attempt(each) for each in made])
    return Answer(told)


async def delivery_again(call: Call) -> Answer:
    """Ask for it once more."""
    one = await _webhook(call)
    return Answer(_delivery(await looking.redeliver(_looking(call), one, call.param("event"), call.actor)))


ENDPOINTS: Final = (
    Endpoint("GET", PATH, READ, "List webhooks.", webhook_list, WebhookList, query=Paged),
    Endpoint(
        "POST", PATH, WRITE, "Make a webhook.", webhook_create, WebhookWithSecret, NewWebhook, status=201,
        about="Its secret is in this answer only. It is told what happens from now on.", versioned=True,
    ),
    Endpoint("GET", ONE, READ, "Get a webhook.", webhook_get, Webhook, versioned=True),
    Endpoint(
        "PATCH", ONE, WRITE, "Change a webhook.", webhook_update, Webhook, WebhookPatch, versioned=True,
        about="What waits goes to the new address too.",
    ),
    Endpoint(
        "POST", f"{ONE}/rotate", WRITE, "Make another secret.", webhook_rotate, WebhookWithSecret, Rotation,
        about="Those of before sign beside it for some hours more.", versioned=True,
    ),
    Endpoint(
        "POST", f"{ONE}/enable", WRITE, "Enable a webhook.", webhook_enable, Webhook, Switching, versioned=True,
        about="What waited is sent now, unless it is skipped. Of an enabled one, what waits is tried at once.",
    ),
    Endpoint("POST", f"{ONE}/disable", WRITE, "Disable a webhook.", webhook_disable, Webhook, versioned=True),
    Endpoint(
        "POST", f"{ONE}/ping", WRITE, "Try a webhook.", webhook_ping, PingAnswer,
        about="An event of type `ping`, signed as every other; nothing of it is kept.",
    ),
    Endpoint(
        "DELETE", ONE, WRITE, "Delete a webhook.", webhook_delete, status=204, versioned=True,
        about="With what was kept of its deliveries.",
    ),
    Endpoint("GET", DELIVERIES, READ, "List deliveries.", delivery_list, DeliveryList, query=DeliveryQuery),
    Endpoint(
        "GET", f"{DELIVERIES}/{{event}}", READ, "See what became of an event.", delivery_get, DeliveryWithAttempts,
        about="With every attempt: its status, its time, and the first kilobyte of the answer.",
    ),
    Endpoint(
        "POST", f"{DELIVERIES}/{{event}}/again", WRITE, "Deliver an event again.", delivery_again, WebhookDelivery,
        about="One attempt, beside the order of the others.",
    ),
)  # fmt: skip
"""The rows."""
