"""Events and snapshots, by the API."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from hallway.hub.events.following import LONGEST_SECONDS, MOST, Asked, CursorGone, Unfollowed
from hallway.hub.events.snapshot import MOST as MOST_ITEMS
from hallway.ids import ORGANIZATION, OrganizationId, parsed
from hallway.web.api.endpoint import ROOT, Answer, Body, Call, Document, Endpoint
from hallway.web.api.problems import ApiProblem
from hallway.web.api.words import (
    DirectoryId,
    EventId,
    ExchangeId,
    ExternalId,
    GroupId,
    Instant,
    MemberId,
    Name,
    UserId,
)
from hallway.web.api.words import OrganizationId as WireId

READ: Final = "events:read"
EVENTS: Final = f"{ROOT}/events"
SNAPSHOT: Final = f"{ROOT}/snapshot"

Cursor = Annotated[
    str,
    Meta(
        max_length=100,
        description="A place in the feed, opaque: where to read on.",
        examples=["AaIVODsldwC07LSPrZT8XgAAAAAAAAAB"],
    ),
]
Sequence = Annotated[int, Meta(description="The number in the organization: the higher is the later.", examples=[41])]
Type = Annotated[
    str, Meta(min_length=1, max_length=60, description="A type of event, or `member.*`.", examples=["member.*"])
]
Only = Annotated[
    str, Meta(pattern=f"^({ORGANIZATION}[0-9a-f]{{32}})?$", description="Only of this organization.", examples=[""])
]
Text = Annotated[str, Meta(examples=["member"])]
Values = Annotated[dict[str, Any], Meta(examples=[{"state": "active"}])]


class EventQuery(Body, frozen=True, kw_only=True):
    """Which events."""

    after: Annotated[
        str, Meta(max_length=100, description="A cursor, or `now`; the oldest that is kept if left out.", examples=[""])
    ] = ""
    organization: Only = ""
    type: Annotated[
        list[Type], Meta(max_length=50, description="Only of these types; `member.*` is a whole area.", examples=[[]])
    ] = []
    limit: Annotated[int, Meta(ge=1, le=MOST, description="How many at most.", examples=[100])] = 100
    wait: Annotated[
        int, Meta(ge=0, le=LONGEST_SECONDS, description="Seconds to wait where there is nothing yet.", examples=[0])
    ] = 0


class EventOrganization(Document, frozen=True, kw_only=True):
    """Whose event it is."""

    id: WireId
    external_id: ExternalId | None


class EventSubject(Document, frozen=True, kw_only=True):
    """What an event is about."""

    kind: Text
    id: Annotated[str, Meta(examples=["mem_019acd00000070008000000000000000"])] | None


class EventMember(Document, frozen=True, kw_only=True):
    """A member, as an event or a snapshot shows her."""

    id: MemberId
    email: Annotated[str, Meta(examples=["jo@acme.example"])]
    name: Annotated[str, Meta(examples=["Jo Doe"])]
    role: Annotated[str, Meta(examples=["user"])]
    state: Annotated[str, Meta(description="`active`, `invited` or `deactivated`.", examples=["active"])]
    directory: DirectoryId | None
    directory_user: UserId | None


class EventActor(Document, frozen=True, kw_only=True):
    """Who did it."""

    kind: Annotated[str, Meta(examples=["token"])]
    id: Annotated[str, Meta(examples=["tok_019acd00000070008000000000000000"])] | None
    name: Annotated[str, Meta(examples=["Okta SCIM Client 1.0.0"])]
    address: Annotated[str, Meta(examples=["192.0.2.1"])]


class EventCause(Document, frozen=True, kw_only=True):
    """Why it happened."""

    actor: EventActor
    directory: DirectoryId | None
    person: UserId | None
    rule: Annotated[str, Meta(description="Null until groups are mapped to roles.", examples=["rule"])] | None


class Event(Document, frozen=True, kw_only=True):
    """What happened in an organization."""

    id: EventId
    type: Annotated[str, Meta(examples=["member.deactivated"])]
    cursor: Cursor
    at: Instant
    organization: EventOrganization
    sequence: Sequence
    subject: EventSubject | None
    member: MemberId | None
    member_after: EventMember | None
    before: Values | None
    after: Values | None
    cause: EventCause
    exchange: ExchangeId | None
    facts: Values


class EventList(Document, frozen=True, kw_only=True):
    """Events, oldest first."""

    items: list[Event]
    next: Cursor
    more: Annotated[bool, Meta(description="Whether there is more to read at once.")]


class SnapshotQuery(Body, frozen=True, kw_only=True):
    """Which part of a snapshot."""

    after: Annotated[str, Meta(max_length=100, description="The `next` of the page before.", examples=[""])] = ""
    organization: Only = ""
    limit: Annotated[int, Meta(ge=1, le=MOST_ITEMS, description="How many at most.", examples=[500])] = 500


class SnapshotOrganization(Document, frozen=True, kw_only=True, tag_field="kind", tag="organization"):
    """An organization, before its members."""

    id: WireId
    external_id: ExternalId | None
    name: Name
    plan: Annotated[str, Meta(examples=["enterprise"])]
    state: Annotated[str, Meta(examples=["active"])]
    sequence: Sequence


class SnapshotGroup(Document, frozen=True, kw_only=True):
    """A group of a directory that a member is in, directly or through another."""

    id: GroupId
    name: Annotated[str, Meta(examples=["Field team"])]


class SnapshotMember(EventMember, frozen=True, kw_only=True, tag_field="kind", tag="member"):
    """A member of an organization that came before."""

    organization: WireId
    groups: list[SnapshotGroup]
    sequence: Sequence


class SnapshotPart(Document, frozen=True, kw_only=True):
    """Organizations and their members, as they are; `cursor` is where to follow from once `next` is null."""

    items: list[SnapshotOrganization | SnapshotMember]
    next: Annotated[str, Meta(description="For `after`; null on the last page.", examples=["AaIVODsldwC0"])] | None
    cursor: Cursor


async def event_list(call: Call) -> Answer:
    """Events behind a cursor, at once or when they come."""
    asked = call.asked(EventQuery)
    wanted = Asked(asked.after, _organization(asked.organization), asked.type, asked.limit, asked.wait)
    try:
        page = await call.hub.follower.page(wanted)
    except (CursorGone, Unfollowed) as problem:
        raise _problem(call, problem) from None
    return Answer(EventList(items=msgspec.convert(page.items, list[Event]), next=page.next, more=page.more))


async def event_get(call: Call) -> Answer:
    """One event."""
    try:
        found = await call.hub.follower.event(call.param("event"))
    except Unfollowed as problem:
        raise _problem(call, problem) from None
    return Answer(msgspec.convert(found, Event))


async def snapshot_get(call: Call) -> Answer:
    """A page of what there is."""
    asked = call.asked(SnapshotQuery)
    try:
        page = await call.hub.surveyor.page(asked.after, _organization(asked.organization), asked.limit)
    except (CursorGone, Unfollowed) as problem:
        raise _problem(call, problem) from None
    items = msgspec.convert(page.items, list[SnapshotOrganization | SnapshotMember])
    return Answer(SnapshotPart(items=items, next=page.next, cursor=page.cursor))


def _organization(text: str) -> OrganizationId | None:
    found = parsed(ORGANIZATION, text)
    return None if found is None else OrganizationId(found)


def _problem(call: Call, problem: CursorGone | Unfollowed) -> ApiProblem:
    if isinstance(problem, Unfollowed):
        return ApiProblem(problem.reason, problem.detail)
    snapshot = f"{call.hub.settings.base_url}{SNAPSHOT}"
    return ApiProblem("cursor_gone", f"{problem} Begin anew from a snapshot.", more={"snapshot": snapshot})


ENDPOINTS: Final = (
    Endpoint(
        "GET", EVENTS, READ, "Read events.", event_list, EventList, query=EventQuery,
        about="What happened behind a cursor, oldest first.",
        problems=("cursor_gone", "not_found"),
    ),
    Endpoint(
        "GET", f"{EVENTS}/{{event}}", READ, "Get an event.", event_get, Event,
        about="As long as the feed keeps it.",
    ),
    Endpoint(
        "GET", SNAPSHOT, READ, "Read what there is.", snapshot_get, SnapshotPart, query=SnapshotQuery,
        about="Every organization with its members, and the cursor to go on from.",
        problems=("cursor_gone", "not_found"),
    ),
)  # fmt: skip
"""The rows."""
