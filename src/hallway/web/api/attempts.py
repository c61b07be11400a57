"""Sign-in attempts of an organization, by the API."""

from typing import Annotated, Any, Final

from msgspec import Meta

from hallway.hub.connections.model import Protocol
from hallway.hub.sign_in.advice import Side
from hallway.hub.sign_in.model import Attempt as Kept
from hallway.hub.sign_in.model import Kind, Outcome
from hallway.hub.sign_in.openid_advice import advice_of
from hallway.ids import ATTEMPT, CONNECTION, MEMBER, AttemptId, ConnectionId, parsed, wire
from hallway.web.api.endpoint import Answer, Call, Document, Endpoint
from hallway.web.api.organizations import ONE as ORGANIZATION
from hallway.web.api.organizations import organization_of
from hallway.web.api.paging import Next, Paged, cursor, place
from hallway.web.api.problems import ApiProblem
from hallway.web.api.words import AttemptId as WireId
from hallway.web.api.words import ConnectionId as ConnectionWireId
from hallway.web.api.words import Instant, MemberId, instant

PATH: Final = f"{ORGANIZATION}/attempts"
ONE: Final = f"{PATH}/{{attempt}}"
READ: Final = "connections:read"


class Attempt(Document, frozen=True, kw_only=True):
    """One sign-in through a connection."""

    id: WireId
    connection: ConnectionWireId
    at: Instant
    kind: Annotated[Kind, Meta(description="Why somebody was sent to the provider; `test` signs nobody in.")]
    outcome: Outcome
    who: Annotated[str, Meta(description="Whom the provider named.", examples=["jo@acme.example"])]
    member: Annotated[MemberId | None, Meta(description="The member that she is here.")]
    code: Annotated[str | None, Meta(description="Why it was refused.", examples=["wrong_audience"])]
    sentence: Annotated[str | None, Meta(description="The same in words.", examples=["It was made for somebody else."])]
    side: Annotated[Side | None, Meta(description="Which side changes something.")]
    remedy: Annotated[str | None, Meta(description="What to change.", examples=["Copy the Entity ID again."])]


class AttemptDetail(Document, frozen=True, kw_only=True):
    """An attempt with its timeline, what was expected, and what came, redacted."""

    attempt: Attempt
    detail: Annotated[dict[str, Any], Meta(examples=[{"expected": "https://hub.example/…", "received": "https://…"}])]


class AttemptList(Document, frozen=True, kw_only=True):
    """A page of attempts, newest first."""

    items: list[Attempt]
    next: Next


class AttemptQuery(Paged, frozen=True, kw_only=True):
    """Which attempts."""

    connection: Annotated[ConnectionWireId | None, Meta(description="Only those through this one.")] = None
    search: Annotated[str, Meta(max_length=254, description="Anywhere in whom the provider named.")] = ""


def _document(one: Kept, protocol: Protocol | None) -> Attempt:
    advice = advice_of(one.code, protocol) if one.code else None
    return Attempt(
        id=wire(ATTEMPT, one.id), connection=wire(CONNECTION, one.connection_id), at=instant(one.at), kind=one.kind,
        outcome=one.outcome, who=one.who, member=None if one.member_id is None else wire(MEMBER, one.member_id),
        code=one.code or None, sentence=str(advice.sentence) if advice else None, side=advice.side if advice else None,
        remedy=str(advice.remedy) if advice else None,
    )  # fmt: skip


async def attempt_list(call: Call) -> Answer:
    """Newest first."""
    owner, asked, stores = await organization_of(call), call.asked(AttemptQuery), call.hub.stores
    chosen = None if asked.connection is None else parsed(CONNECTION, asked.connection)
    before = place(asked.after)
    found = await stores.sign_ins.attempts(
        owner.id, None if chosen is None else ConnectionId(chosen), asked.search,
        None if before is None else AttemptId(before), asked.limit + 1,
    )  # fmt: skip
    protocols = {one.id: one.protocol for one in await stores.connections.connections(owner.id)}
    page = found[: asked.limit]
    following = cursor(page[-1].id) if len(found) > len(page) else None
    items = [_document(one, protocols.get(one.connection_id)) for one in page]
    return Answer(AttemptList(items=items, next=following))


async def attempt_get(call: Call) -> Answer:
    """One of them, with what came."""
    owner, own = await organization_of(call), parsed(ATTEMPT, call.param("attempt"))
    stores = call.hub.stores
    found = None if own is None else await stores.sign_ins.attempt(owner.id, AttemptId(own))
    if found is None:
        raise ApiProblem("not_found", "This organization has no such attempt.")
    connection = await stores.connections.connection(owner.id, found.connection_id)
    told = _document(found, None if connection is None else connection.protocol)
    return Answer(AttemptDetail(attempt=told, detail=found.detail))


ENDPOINTS: Final = (
    Endpoint("GET", PATH, READ, "List sign-in attempts.", attempt_list, AttemptList, query=AttemptQuery),
    Endpoint(
        "GET", ONE, READ, "Get a sign-in attempt.", attempt_get, AttemptDetail,
        about="With what was expected and what came: no assertion, signature, code or token is kept.",
    ),
)  # fmt: skip
"""The rows."""
