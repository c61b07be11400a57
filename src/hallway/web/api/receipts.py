"""Receipts, by the API: what the application did about an event, and the proof of a leaving."""

from datetime import datetime
from typing import Annotated, Any, Final

from msgspec import Meta

from hallway.hub.applications.scopes import RECEIPTS
from hallway.hub.events.proof import leavings, proof
from hallway.hub.events.receipts import MOST_DONE, MOST_NOTE, Confirmer, Done, Receipt, Said, received
from hallway.hub.organizations.roster import found_member
from hallway.ids import ENTRY, MEMBER, ORGANIZATION, wire
from hallway.web.api.endpoint import ROOT, Answer, Body, Call, Document, Endpoint
from hallway.web.api.organizations import organization_of
from hallway.web.api.problems import ApiProblem
from hallway.web.api.words import Instant, MemberId, OrganizationId, instant
from hallway.web.event_desks import receipt_confirmers, receipt_desk

PATH: Final = f"{ROOT}/receipts"
PROOF: Final = f"{ROOT}/organizations/{{organization}}/members/{{member}}/leavings"

EventId = Annotated[
    str,
    Meta(
        description="The event.", pattern=f"^{ENTRY}[0-9a-f]{{32}}$", examples=["evt_019acd00000070008000000000000000"]
    ),
]
What = Annotated[
    str,
    Meta(
        min_length=1, max_length=64, pattern="^[a-z0-9_.]+$", description="What was done, in small letters.",
        examples=["sessions_ended"],
    ),
]  # fmt: skip
Count = Annotated[int, Meta(ge=0, le=1_000_000_000, description="How often.", examples=[2])]
Note = Annotated[str, Meta(max_length=MOST_NOTE, description="A word for whoever reads it.", examples=[""])]


class DoneThing(Body, frozen=True, kw_only=True):
    """One thing that was done."""

    what: What
    count: Count = 1


class NewReceipt(Body, frozen=True, kw_only=True):
    """What the application did about an event."""

    event: EventId
    did: Annotated[list[DoneThing], Meta(min_length=1, max_length=MOST_DONE, description="What was done.")]
    at: Instant | None = None
    note: Note = ""


class KeptReceipt(Document, frozen=True, kw_only=True):
    """A receipt as it is kept."""

    event: EventId
    organization: OrganizationId
    member: MemberId | None
    type: Annotated[str, Meta(description="The event's type.", examples=["member.deactivated"])]
    by: Annotated[str, Meta(description="Who sent it: the name of the key.", examples=["Fieldbook"])]
    event_at: Instant
    received_at: Instant
    seconds_after: Annotated[float, Meta(description="From the event to the receipt.", examples=[3.2])]
    late: Annotated[bool, Meta(description="Whether a leaving was confirmed after more than a minute.")]
    did: list[DoneThing]
    note: Note


class Leavings(Document, frozen=True, kw_only=True):
    """The proof of a leaving: what ended a person's access, and what was confirmed of it."""

    about: Annotated[str, Meta(description="What this is.", examples=["What ended this person's access."])]
    made_at: Annotated[str, Meta(description="In UTC.", examples=["2026-11-25T10:05:00.000Z"])]
    organization: Annotated[dict[str, Any], Meta(description="Its id, name and external id.", examples=[{}])]
    person: Annotated[dict[str, Any], Meta(description="Her id, name, address and state.", examples=[{}])]
    leavings: Annotated[
        list[dict[str, Any]], Meta(description="Each end, newest first, with who confirmed it.", examples=[[]])
    ]


def _document(one: Receipt) -> KeptReceipt:
    return KeptReceipt(
        event=wire(ENTRY, one.event_id), organization=wire(ORGANIZATION, one.organization_id),
        member=None if one.member_id is None else wire(MEMBER, one.member_id), type=one.type, by=one.by,
        event_at=instant(one.event_at), received_at=instant(one.at), seconds_after=one.took // 1000 / 1000,
        late=one.is_late, did=[DoneThing(what=done.what, count=done.count) for done in one.said.did],
        note=one.said.note,
    )  # fmt: skip


async def receipt_create(call: Call) -> Answer:
    """Keep it; the same again is the one of before."""
    said, caller = call.said(NewReceipt), call.caller
    did = tuple(Done(one.what, one.count) for one in said.did)
    confirmer = Confirmer(caller.id, caller.name, kind=caller.kind)
    made = Said(did, None if said.at is None else _instant(said.at), said.note)
    kept, _ = await received(receipt_desk(call.hub), confirmer, said.event, made)
    return Answer(_document(kept))


def _instant(text: str) -> int:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ApiProblem("invalid", "`at` is no instant: 2026-11-25T10:02:03Z.") from None
    if read.tzinfo is None:
        raise ApiProblem("invalid", "An instant names its zone: 2026-11-25T10:02:03Z.")
    return int(read.timestamp() * 1_000_000)


async def member_leavings(call: Call) -> Answer:
    """What ended her access, and who confirmed it."""
    owner, hub = await organization_of(call), call.hub
    member = await found_member(hub.roster, owner.id, call.param("member"))
    history = await hub.stores.audit.of_member(owner.id, member.id)
    receipts = await hub.stores.receipts.of_member(owner.id, member.id)
    ends = leavings(history, receipts, await receipt_confirmers(hub))
    made: dict[str, Any] = dict(proof(owner, member, ends, hub.desk.clock()))
    return Answer(Leavings(**made))


ENDPOINTS: Final = (
    Endpoint(
        "POST", PATH, RECEIPTS, "Say what was done about an event.", receipt_create, KeptReceipt, NewReceipt,
        status=201, problems=("not_found", "conflict"),
        about="The first receipt of a caller for an event stands: the same again is answered as the first was, "
        "another content is a conflict. Who may send receipts is expected to confirm each leaving within a minute.",
    ),
    Endpoint(
        "GET", PROOF, "members:read", "Get the proof of a leaving.", member_leavings, Leavings,
        about="What ended a member's access here, when and by whom, and which application confirmed it.",
    ),
)  # fmt: skip
"""The rows."""
