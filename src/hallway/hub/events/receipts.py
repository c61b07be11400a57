"""Receipts: what the application did about an event, above all when somebody left.

Rules: a receipt belongs to one event and one confirmer, the first one stands, and the same again changes nothing; when
we received it is ours to say, the application's own instant stands beside it. Who may send receipts is expected to
confirm each leaving within `DUE`; one that is late is told to the operators once, and stays visible when it comes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from hallway.hub.organizations.ports import Members
from hallway.hub.organizations.service import Refused
from hallway.ids import ENTRY, EntryId, MemberId, OrganizationId, fresh_id, parsed, wire
from hallway.journal.feed import Feed, Placed
from hallway.journal.model import Actor, Change, Entry, Stale
from hallway.journal.ports import Ledger
from hallway.scim.json import Json, JsonObject

SECOND: Final = 1_000_000
DUE: Final = 60 * SECOND
"""How long an application has to confirm that somebody is out."""
LEAVING: Final = frozenset({"member.deactivated", "member.removed", "member.sessions_ended"})
"""What asks for a receipt: her open sessions in the application are to end."""
MOST_DONE: Final = 50
MOST_NOTE: Final = 500
_SKEW: Final = 5 * 60 * SECOND
_NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_.")


@dataclass(frozen=True, slots=True)
class Confirmer:
    """Who sends receipts: an API key or an application; expected to for what happened since `since`."""

    id: bytes
    name: str
    since: int = 0
    kind: str = "api_key"


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that the application did, and how often: `sessions_ended`, 2."""

    what: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Said:
    """What a receipt says; `at` is the application's own instant, in microseconds."""

    did: tuple[Done, ...]
    at: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as it is kept."""

    organization_id: OrganizationId
    event_id: EntryId
    by_id: bytes
    seq: int
    type: str
    member_id: MemberId | None
    event_at: int
    at: int
    by: str
    said: Said

    @property
    def took(self) -> int:
        """From the event to the receipt, in microseconds."""
        return max(0, self.at - self.event_at)

    @property
    def is_late(self) -> bool:
        """Whether a leaving was confirmed later than it should."""
        return self.type in LEAVING and self.took > DUE


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """A row to insert."""

    receipt: Receipt


class Receipts(Protocol):
    """The receipts that are kept."""

    async def receipt(self, organization_id: OrganizationId, event_id: EntryId, by_id: bytes) -> Receipt | None:
        """The one of this confirmer for this event."""
        ...

    async def of_event(self, organization_id: OrganizationId, event_id: EntryId) -> Sequence[Receipt]:
        """Everybody's for one event, in order of their confirmers."""
        ...

    async def of_member(self, organization_id: OrganizationId, member_id: MemberId) -> Sequence[Receipt]:
        """Everybody's for what happened to a member, oldest event first."""
        ...

    async def subject_at(self, organization_id: OrganizationId, seq: int) -> bytes | None:
        """Whom an entry is about."""
        ...


@dataclass(frozen=True, slots=True)
class ReceiptDesk:
    """What receipts need: stores, time, chance."""

    ledger: Ledger
    feed: Feed
    receipts: Receipts
    members: Members
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]


async def received(desk: ReceiptDesk, confirmer: Confirmer, event: str, said: Said) -> tuple[Receipt, bool]:
    """The receipt as it is kept, and whether it is new; the same again is the one of before.

    Refuses an event that the feed does not know (any more), and another content for the same event (`conflict`).
    """
    placed = await _placed(desk, event)
    before = await desk.receipts.receipt(placed.organization_id, placed.event_id, confirmer.id)
    if before is not None:
        return _same(before, said), False
    subject = await desk.receipts.subject_at(placed.organization_id, placed.seq)
    is_member = placed.type.startswith("member.") and subject is not None
    now = desk.clock()
    made = Receipt(
        placed.organization_id, placed.event_id, confirmer.id, placed.seq, placed.type,
        MemberId(subject or b"") if is_member else None, placed.at, now, confirmer.name,
        _checked(said, placed.at, now),
    )  # fmt: skip
    entries = (await _entry(desk, made, confirmer.kind),) if made.type in LEAVING else ()
    request_id = entries[0].id if entries else b""
    try:
        await desk.ledger.commit(Change(made.organization_id, (NewReceipt(made),), entries, request_id))
    except Stale:
        kept = await desk.receipts.receipt(placed.organization_id, placed.event_id, confirmer.id)
        if kept is None:
            raise
        return _same(kept, said), False
    return made, True


async def _placed(desk: ReceiptDesk, event: str) -> Placed:
    own = parsed(ENTRY, event)
    placed = None if own is None else await desk.feed.event(EntryId(own))
    if placed is None:
        raise Refused("not_found", f"There is no event {event!r} in the feed.")
    if placed.told is not None:
        raise Refused("conflict", "The organization of this event was deleted; nothing is kept about it.")
    return placed


def _same(kept: Receipt, said: Said) -> Receipt:
    if (kept.said.did, kept.said.note) != (said.did, said.note):
        raise Refused("conflict", "There is a receipt of yours for this event, which says something else.")
    return kept


def _checked(said: Said, event_at: int, now: int) -> Said:
    if not 1 <= len(said.did) <= MOST_DONE:
        raise Refused("invalid", f"A receipt says from 1 to {MOST_DONE} things that were done.")
    for one in said.did:
        if not 1 <= len(one.what) <= 64 or not set(one.what) <= _NAME or not 0 <= one.count <= 1_000_000_000:
            raise Refused("invalid", "What was done is a short name in small letters (sessions_ended), and how often.")
    if len(said.note) > MOST_NOTE or not said.note.isprintable():
        raise Refused("invalid", f"A note has at most {MOST_NOTE} printable characters.")
    if said.at is not None and not event_at - _SKEW <= said.at <= now + _SKEW:
        raise Refused("invalid", "The instant of a receipt lies between the event and now.")
    return said


async def _entry(desk: ReceiptDesk, receipt: Receipt, kind: str) -> Entry:
    now, member_id = desk.clock(), receipt.member_id
    member = None if member_id is None else await desk.members.by_id(receipt.organization_id, member_id)
    facts: JsonObject = {
        "event": wire(ENTRY, receipt.event_id),
        "took_ms": receipt.took // 1000,
        "did": [f"{one.what} {one.count}" for one in receipt.said.did],
    }
    personal: JsonObject = {} if member is None else {"name": member.name, "email": member.email}
    own = EntryId(fresh_id(now, desk.entropy(10)))
    actor = Actor(kind, receipt.by_id, receipt.by)
    return Entry(own, "member.leaving_confirmed", now, actor, member_id, facts=facts, personal=personal)


def done_shape(did: Sequence[Done]) -> list[Json]:
    """What was done, as JSON."""
    return [{"what": one.what, "count": one.count} for one in did]


def said_shape(said: Said) -> JsonObject:
    """What a receipt says, as JSON."""
    return {"did": done_shape(said.did), "at": said.at, "note": said.note}


def said_of(shape: Mapping[str, Json]) -> Said:
    """The value of `said_shape`."""
    listed = shape.get("did")
    did = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    at = shape.get("at")
    found = tuple(Done(str(one["what"]), int(str(one["count"]))) for one in did)
    return Said(found, at if isinstance(at, int) else None, str(shape.get("note", "")))


def instant(at: int) -> str:
    """To the millisecond, as proofs have it."""
    return datetime.fromtimestamp(at / SECOND, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
