"""Streams of a directory's security events (RFC 9967), polled or pushed, by the API."""

from enum import Enum
from typing import Annotated, Final

from msgspec import Meta

from hallway.delivery.model import Endpoint as Pushed
from hallway.delivery.model import EndpointState
from hallway.hub.directories.model import Directory
from hallway.hub.events.streams import Stream as Kept
from hallway.hub.events.streams import create_stream, delete_stream, found_stream
from hallway.hub.webhooks.pushing import PushWish, create_push, found_push, pushed
from hallway.hub.webhooks.service import delete, enable
from hallway.ids import ENDPOINT, STREAM, parsed, wire
from hallway.web.api.directories import ONE as DIRECTORY_PATH
from hallway.web.api.directories import READ, WRITE, directory_of
from hallway.web.api.endpoint import Answer, Body, Call, Document, Endpoint
from hallway.web.api.paging import Next, Paged, sliced
from hallway.web.api.problems import ApiProblem
from hallway.web.api.webhooks import Switching, Url
from hallway.web.api.words import Instant, StreamId, instant, maybe
from hallway.web.delivering import webhook_desk
from hallway.web.streaming import stream_desk

PATH: Final = f"{DIRECTORY_PATH}/streams"
ONE: Final = f"{PATH}/{{stream}}"

Audience = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        description="Who reads it: the `aud` of each token.",
        examples=["https://app.example"],
    ),
]


class Delivery(Enum):
    """How tokens come: RFC 8936 and RFC 8935."""

    POLL = "poll"
    PUSH = "push"


class Stream(Document, frozen=True, kw_only=True):
    """A stream of what becomes of a directory's users and groups, as Security Event Tokens."""

    id: StreamId
    audience: Audience
    delivery: Delivery
    url: Annotated[str, Meta(description="Where it is polled, or pushed to.", examples=["https://app.example/events"])]
    created_at: Instant
    polled_at: Annotated[Instant | None, Meta(description="When it was polled last; null of one that is pushed.")]
    refused: Annotated[int, Meta(ge=0, description="How many tokens its reader could not take.", examples=[0])]
    last_error: Annotated[str, Meta(description="Why it could not take the last of them.", examples=[""])]
    state: Annotated[EndpointState, Meta(description="One that is pushed and not taken for days is switched off.")]
    reason: Annotated[str, Meta(description="Why it is off.", examples=[""])]


class StreamList(Document, frozen=True, kw_only=True):
    """A page of streams, oldest first."""

    items: list[Stream]
    next: Next


class NewStream(Body, frozen=True, kw_only=True):
    """A stream to make: it tells what happens from then on. Without `push_url` it is polled."""

    audience: Audience
    push_url: Url | None = None
    authorization: Annotated[
        str,
        Meta(max_length=4096, description="With `push_url`: the Authorization of each post.", examples=["Bearer s"]),
    ] = ""


class StreamWithSecret(Document, frozen=True, kw_only=True):
    """A stream, and the secret of one that is polled, which is in no other answer."""

    stream: Stream
    secret: Annotated[str | None, Meta(description="The bearer token of whoever polls.", examples=["hw_stream_…"])]


def _polled(call: Call, one: Kept) -> Stream:
    text = wire(STREAM, one.id)
    return Stream(
        id=text, audience=one.audience, delivery=Delivery.POLL, refused=one.refused, last_error=one.last_error,
        url=f"{call.hub.settings.base_url}/streams/{text}/poll", created_at=instant(one.created_at),
        polled_at=maybe(one.polled_at), state=EndpointState.ACTIVE, reason="",
    )  # fmt: skip


def _pushed(one: Pushed) -> Stream:
    return Stream(
        id=wire(ENDPOINT, one.id), audience=one.name, delivery=Delivery.PUSH, url=one.url, refused=0, last_error="",
        created_at=instant(one.created_at), polled_at=None, state=one.state, reason=one.reason,
    )  # fmt: skip


def _octets(one: Stream) -> bytes:
    return parsed(STREAM, one.id) or parsed(ENDPOINT, one.id) or b""


async def _all(call: Call, directory: Directory) -> list[Stream]:
    owner = directory.organization_id
    polled = await call.hub.stores.streams.of_directory(owner, directory.id)
    return [
        *(_polled(call, one) for one in polled),
        *map(_pushed, await pushed(webhook_desk(call.hub), owner, directory.id)),
    ]


async def stream_list(call: Call) -> Answer:
    """Polled and pushed ones, oldest first."""
    page, following = sliced(await _all(call, await directory_of(call)), _octets, call.asked(Paged))
    return Answer(StreamList(items=page, next=following))


async def stream_get(call: Call) -> Answer:
    """One of either sort."""
    for one in await _all(call, await directory_of(call)):
        if one.id == call.param("stream"):
            return Answer(one)
    raise ApiProblem("not_found", "This directory has no such stream.")


async def stream_create(call: Call) -> Answer:
    """From now on."""
    said, directory = call.said(NewStream), await directory_of(call)
    secret = None
    if said.authorization and said.push_url is None:
        raise ApiProblem("invalid", "authorization goes with push_url: who polls shows the stream's secret.")
    if said.push_url is not None:
        wish = PushWish(said.push_url, said.audience, said.authorization)
        told = _pushed(await create_push(webhook_desk(call.hub), directory, wish, call.actor))
    else:
        made = await create_stream(stream_desk(call.hub), directory, said.audience, call.actor)
        told, secret = _polled(call, made.stream), made.secret
    return Answer(StreamWithSecret(stream=told, secret=secret), location=f"{call.request.path}/{told.id}")


async def stream_delete(call: Call) -> Answer:
    """End it now; what waits in it is not told any more."""
    directory, text = await directory_of(call), call.param("stream")
    hooks, desk = webhook_desk(call.hub), stream_desk(call.hub)
    if text.startswith(ENDPOINT):
        await delete(hooks, await found_push(hooks, directory, text), call.actor)
        return Answer()
    await delete_stream(desk, await found_stream(desk, directory, text), call.actor)
    return Answer()


async def stream_enable(call: Call) -> Answer:
    """Push again, what waited too unless it is skipped."""
    hooks = webhook_desk(call.hub)
    one = await found_push(hooks, await directory_of(call), call.param("stream"))
    return Answer(_pushed(await enable(hooks, one, call.actor, call.said(Switching).skip)))


ENDPOINTS: Final = (
    Endpoint("GET", PATH, READ, "List a directory's streams.", stream_list, StreamList, query=Paged),
    Endpoint(
        "POST", PATH, WRITE, "Make a stream.", stream_create, StreamWithSecret, NewStream, status=201,
        about="Its secret is in this answer only.",
    ),
    Endpoint("GET", ONE, READ, "Get a stream.", stream_get, Stream),
    Endpoint(
        "POST", f"{ONE}/enable", WRITE, "Switch a pushed stream on again.", stream_enable, Stream, Switching,
        about="One that is polled is never switched off.",
    ),
    Endpoint(
        "DELETE", ONE, WRITE, "End a stream.", stream_delete, status=204,
        about="What waits in it is not told any more.",
    ),
)  # fmt: skip
"""The rows."""
