"""A leaver's proof: what ended her access, when, by whom, and what the applications confirmed.

Rules: it is made of the journal and of receipts only; each entry comes with its place and the hash that its personal
part keeps for good, so that a copy can be held against the journal later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hallway.hub.events.receipts import LEAVING, Confirmer, Receipt, done_shape, instant
from hallway.hub.organizations.members import Member
from hallway.hub.organizations.model import Organization
from hallway.ids import DIRECTORY, ENTRY, EXCHANGE, MEMBER, ORGANIZATION, wire
from hallway.journal.model import Written
from hallway.journal.shape import actor_of
from hallway.scim.json import Json, JsonObject

_MILLISECOND: Final = 1000


@dataclass(frozen=True, slots=True)
class Leaving:
    """One end of a member's access, what was confirmed of it, and who has not confirmed it."""

    written: Written
    receipts: tuple[Receipt, ...]
    missing: tuple[Confirmer, ...]


def leavings(history: Sequence[Written], receipts: Sequence[Receipt], confirmers: Sequence[Confirmer]) -> list[Leaving]:
    """The ends of a member's access in a history of hers, newest first, each with its receipts."""
    found = []
    for written in sorted(history, key=lambda one: -one.seq):
        entry = written.entry
        if entry.type not in LEAVING:
            continue
        own = tuple(one for one in receipts if one.event_id == entry.id)
        came = {one.by_id for one in own}
        missing = tuple(one for one in confirmers if one.since <= entry.at and one.id not in came)
        found.append(Leaving(written, own, missing))
    return found


def proof(organization: Organization, member: Member, ends: Sequence[Leaving], made_at: int) -> JsonObject:
    """The document that is exported."""
    listed: list[Json] = [_leaving(one) for one in ends]
    return {
        "about": "What ended this person's access, and what the applications confirmed.",
        "made_at": instant(made_at),
        "organization": {
            "id": wire(ORGANIZATION, organization.id),
            "name": organization.name,
            "external_id": organization.external_id,
        },
        "person": {
            "id": wire(MEMBER, member.id),
            "name": member.name,
            "email": member.email,
            "state": member.state.value,
        },
        "leavings": listed,
    }


def _leaving(one: Leaving) -> JsonObject:
    entry = one.written.entry
    confirmed: list[Json] = [_confirmed(receipt) for receipt in one.receipts]
    missing: list[Json] = [confirmer.name for confirmer in one.missing]
    return {
        "event": wire(ENTRY, entry.id),
        "type": entry.type,
        "at": instant(entry.at),
        "by": {"kind": entry.actor.kind, "id": actor_of(entry), "name": entry.actor.label},
        "directory": None if entry.directory_id is None else wire(DIRECTORY, entry.directory_id),
        "exchange": None if entry.exchange_id is None else wire(EXCHANGE, entry.exchange_id),
        "journal": {"sequence": one.written.seq, "personal_sha256": one.written.personal_hash.hex()},
        "confirmed": confirmed,
        "not_confirmed_by": missing,
    }


def _confirmed(receipt: Receipt) -> JsonObject:
    own = receipt.said.at
    return {
        "by": receipt.by,
        "received_at": instant(receipt.at),
        "says_done_at": None if own is None else instant(own),
        "seconds_after": round(receipt.took / _MILLISECOND) / 1000,
        "late": receipt.is_late,
        "did": done_shape(receipt.said.did),
        "note": receipt.said.note,
    }
