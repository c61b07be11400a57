"""Recorded exchanges of a directory, by the API: what its client sent, redacted, and what was answered."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from hallway.exchanges.model import Exchange as Kept
from hallway.hub.directories.activity import PAGE, Asked, Outcome
from hallway.ids import ENTRY, EXCHANGE, TOKEN, ExchangeId, parsed, wire
from hallway.web.api.directories import ONE as DIRECTORY_PATH
from hallway.web.api.directories import READ, directory_of, key_of
from hallway.web.api.endpoint import Answer, Body, Call, Document, Endpoint
from hallway.web.api.paging import After, Next, cursor, place
from hallway.web.api.problems import ApiProblem
from hallway.web.api.words import EventId, Instant, TokenId, instant
from hallway.web.api.words import ExchangeId as WireId

PATH: Final = f"{DIRECTORY_PATH}/exchanges"
ONE: Final = f"{PATH}/{{exchange}}"


class ExchangeLine(Document, frozen=True, kw_only=True):
    """One request of a directory's client, in a list."""

    id: WireId
    at: Instant
    method: Annotated[str, Meta(examples=["PATCH"])]
    path: Annotated[str, Meta(examples=["/scim/dir_…/v2/Users/user_…"])]
    status: Annotated[int, Meta(examples=[200])]
    duration_ms: Annotated[float, Meta(examples=[3.2])]
    client: Annotated[str, Meta(description="Its User-Agent.", examples=["okta/1"])]
    address: Annotated[str, Meta(examples=["192.0.2.7"])]
    quirks: Annotated[list[str], Meta(description="What was tolerated.", examples=[["active_as_string"]])]
    not_applied: Annotated[
        str, Meta(description="What a disabled directory refused to end; empty for nothing.", examples=[""])
    ]


class Exchange(Document, frozen=True, kw_only=True):
    """All that is kept of one request: redacted bodies, and the events that it led to."""

    exchange: ExchangeLine
    token: Annotated[TokenId | None, Meta(description="What it came with.")]
    request: Annotated[
        Any, Meta(description="The body, redacted; null where there was none.", examples=[{"active": False}])
    ]
    request_note: Annotated[str, Meta(description="Why the body is not there whole.", examples=[""])]
    answer: Annotated[Any, Meta(description="The answer, where it is no kept version.", examples=[None])]
    events: list[EventId]


class ExchangeList(Document, frozen=True, kw_only=True):
    """A page of exchanges, newest first."""

    items: list[ExchangeLine]
    next: Next


class ExchangeQuery(Body, frozen=True, kw_only=True):
    """Which exchanges."""

    outcome: Annotated[Outcome, Meta(description="What came of them.")] = Outcome.ALL
    status: Annotated[int, Meta(ge=100, le=599, description="Only those answered so.")] | None = None
    path: Annotated[str, Meta(max_length=200, description="A part of the path.")] = ""
    limit: Annotated[int, Meta(ge=1, le=PAGE, description="How many at most.")] = PAGE
    after: After = ""


def _line(one: Kept) -> ExchangeLine:
    return ExchangeLine(
        id=wire(EXCHANGE, one.id), at=instant(one.at), method=one.method, path=one.path, status=one.status,
        duration_ms=one.duration / 1000, client=one.client, address=one.address, quirks=list(one.quirks),
        not_applied=one.not_applied,
    )  # fmt: skip


async def exchange_list(call: Call) -> Answer:
    """Newest first."""
    directory, asked = await directory_of(call), call.asked(ExchangeQuery)
    before = place(asked.after)
    wanted = Asked(
        asked.outcome, path=asked.path, status=asked.status, before=None if before is None else ExchangeId(before)
    )
    found = await call.hub.stores.activity.exchanges(key_of(directory), wanted)
    page = found[: asked.limit]
    following = cursor(page[-1].id) if len(found) > len(page) else None
    return Answer(ExchangeList(items=[_line(one) for one in page], next=following))


async def exchange_get(call: Call) -> Answer:
    """One of them, whole."""
    directory, own = await directory_of(call), parsed(EXCHANGE, call.param("exchange"))
    stores = call.hub.stores
    found = None
    if own is not None:
        found = await stores.exchanges.show(directory.organization_id, directory.id, ExchangeId(own))
    if found is None:
        raise ApiProblem("not_found", "This directory has no such exchange, or it is past its retention.")
    entries = await stores.people.entries_of(directory.organization_id, found.seq, found.id) if found.seq else []
    told = Exchange(
        exchange=_line(found), token=None if found.token_id is None else wire(TOKEN, found.token_id),
        request=_raw(found.request), request_note=found.request_note, answer=_raw(found.answer),
        events=[wire(ENTRY, one.entry.id) for one in entries],
    )  # fmt: skip
    return Answer(told)


def _raw(octets: bytes | None) -> msgspec.Raw | None:
    return None if octets is None else msgspec.Raw(octets)


ENDPOINTS: Final = (
    Endpoint(
        "GET", PATH, READ, "List a directory's recorded exchanges.", exchange_list, ExchangeList, query=ExchangeQuery,
        about="Every write and refusal, and the first reads of each hour, as long as they are kept.",
    ),
    Endpoint("GET", ONE, READ, "Get a recorded exchange.", exchange_get, Exchange),
)  # fmt: skip
"""The rows."""
