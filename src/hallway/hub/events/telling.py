"""Entries of the feed as documents."""

from asyncio import gather
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson

from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.events.model import CHANGING, Cursor, EntriesRead, MemberVersion, OrganizationsRead
from hallway.hub.organizations.model import Organization
from hallway.ids import (
    DIRECTORY,
    ENTRY,
    EXCHANGE,
    GROUP,
    MEMBER,
    ORGANIZATION,
    USER,
    MemberId,
    OrganizationId,
    ResourceId,
    parsed,
    wire,
)
from hallway.journal.feed import Placed
from hallway.journal.model import Entry, Written
from hallway.journal.shape import actor_of, changed, precisely, subject_of
from hallway.scim.json import Json, JsonObject

REMOVED: Final = "removed"
SYSTEM: Final[JsonObject] = {"kind": "system", "id": None, "name": "", "address": ""}


@dataclass(frozen=True, slots=True)
class Teller:
    """Makes documents of entries; a restore, which begins a new epoch, is only done while nobody serves."""

    entries: EntriesRead
    organizations: OrganizationsRead
    epoch: bytes

    async def told(self, placed: Sequence[Placed]) -> list[JsonObject]:
        """The documents, in the order of the entries; what was erased since is left out."""
        wanted: dict[OrganizationId, list[int]] = {}
        for one in placed:
            wanted.setdefault(one.organization_id, []).append(one.seq)
        read = await gather(*(self._book(owner, seqs) for owner, seqs in wanted.items()))
        books = dict(zip(wanted, read, strict=True))
        documents = await gather(*(self._document(one, books[one.organization_id]) for one in placed))
        return [one for one in documents if one is not None]

    async def _book(self, owner: OrganizationId, seqs: Sequence[int]) -> "_Book":
        organization = await self.organizations.by_id(owner)
        written = await self.entries.at(owner, seqs) if organization is not None else {}
        return _Book(organization, dict(written))

    async def _document(self, placed: Placed, book: "_Book") -> JsonObject | None:
        cursor = str(Cursor(self.epoch, placed.position))
        if placed.told is not None:
            return _of_a_deleted(placed, cursor)
        written = book.written.get(placed.seq)
        if written is None or book.organization is None:
            return None
        entry = written.entry
        before, after, member = await self._sides(placed.organization_id, written)
        if entry.type.startswith("user."):
            member_after = await self._member_after(placed.organization_id, member, written.seq)
        else:
            member_after = None if member is None else after
        return {
            "id": wire(ENTRY, entry.id),
            "type": entry.type,
            "cursor": cursor,
            "at": precisely(entry.at),
            "organization": organization_told(book.organization),
            "sequence": written.seq,
            "subject": _subject(entry),
            "member": None if member is None else wire(MEMBER, member),
            "member_after": member_after,
            "before": before,
            "after": after,
            "cause": _cause(entry),
            "exchange": None if entry.exchange_id is None else wire(EXCHANGE, entry.exchange_id),
            "facts": await self.facts(placed.organization_id, entry),
        }

    async def _sides(
        self, owner: OrganizationId, written: Written
    ) -> tuple[JsonObject | None, JsonObject | None, MemberId | None]:
        """What the subject was, what it became, and which member it is."""
        entry = written.entry
        area = entry.type.partition(".")[0]
        if entry.subject_id is None:
            return None, None, None
        if area == "member" and entry.type != "member.dismissed":
            before, after = await self._member_sides(owner, MemberId(entry.subject_id), written)
            return before, after, MemberId(entry.subject_id)
        if area not in ("user", "group"):
            return None, None, None
        was, became = await self.entries.around(owner, entry, written.seq)
        before, after = _document(was), _document(became)
        if entry.type.endswith(".deleted"):
            after = None
        else:
            before, after = changed(before, after)
        return before, after, await self._member_of(owner, entry) if area == "user" else None

    async def _member_sides(
        self, owner: OrganizationId, member_id: MemberId, written: Written
    ) -> tuple[JsonObject | None, JsonObject | None]:
        versions = [member_told(one) for one in await self.entries.members_around(owner, member_id, written.seq)]
        now = versions[0] if versions else None
        if written.entry.type not in CHANGING:
            return now, now
        return (versions[1] if len(versions) > 1 else None), now

    async def _member_after(self, owner: OrganizationId, member_id: MemberId | None, seq: int) -> JsonObject | None:
        """The member as an entry of her directory user leaves her: name and address follow without one of her own."""
        versions = [] if member_id is None else await self.entries.members_around(owner, member_id, seq)
        return member_told(versions[0]) if versions else None

    async def _member_of(self, owner: OrganizationId, entry: Entry) -> MemberId | None:
        if entry.directory_id is None or entry.subject_id is None:
            return None
        resource_id = ResourceId(entry.subject_id)
        linked = await self.entries.members_of(DirectoryKey(owner, entry.directory_id), [resource_id])
        return linked.get(resource_id)

    async def facts(self, owner: OrganizationId, entry: Entry) -> JsonObject:
        """What the journal notes beside it; of people who came into a group or left it, which members they are."""
        facts: JsonObject = {**entry.personal, **entry.facts}
        key = None if entry.directory_id is None else DirectoryKey(owner, entry.directory_id)
        if key is None or not entry.type.startswith("group.") or not facts.keys() & {"added", "removed"}:
            return facts
        gone = [ResourceId(bytes.fromhex(one)) for one in _texts(facts.get("removed"))]
        group = ResourceId(entry.subject_id or b"")
        groups = await self.entries.groups_among(key, group, gone)
        facts["removed"] = [wire(GROUP if one in groups else USER, one) for one in gone]
        named = {one: ResourceId(octets) for side in ("added", "removed") for one in _texts(facts.get(side))
                 if (octets := parsed(USER, one)) is not None}  # fmt: skip
        linked = await self.entries.members_of(key, list(named.values()))
        facts["members"] = {text: wire(MEMBER, linked[one]) for text, one in named.items() if one in linked}
        return facts


@dataclass(frozen=True, slots=True)
class _Book:
    organization: Organization | None
    written: dict[int, Written] = field(default_factory=dict)


def _texts(value: Json | None) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _document(version: tuple[object, bytes] | None) -> JsonObject | None:
    if version is None:
        return None
    document: JsonObject = orjson.loads(version[1] + b"}")
    return document


def member_told(one: MemberVersion) -> JsonObject | None:
    """A member as the application sees her; None for who is one no more."""
    if one.state == REMOVED:
        return None
    return {
        "id": wire(MEMBER, one.member_id),
        "email": one.email,
        "name": one.name,
        "role": one.role,
        "state": one.state,
        "directory": None if one.directory_id is None else wire(DIRECTORY, one.directory_id),
        "directory_user": None if one.resource_id is None else wire(USER, one.resource_id),
    }


def organization_told(one: Organization) -> JsonObject:
    """An organization as the application knows it: by our id and by its own."""
    return {"id": wire(ORGANIZATION, one.id), "external_id": one.external_id}


def _subject(entry: Entry) -> JsonObject | None:
    text = subject_of(entry)
    return None if text is None else {"kind": entry.type.partition(".")[0], "id": text}


def _cause(entry: Entry) -> JsonObject:
    """Who did it, by which directory; the person whose directory user it was; the rule, once groups are mapped."""
    actor = entry.actor
    who: JsonObject = {"kind": actor.kind, "id": actor_of(entry), "name": actor.label, "address": actor.address}
    is_user = entry.type.startswith("user.") and entry.subject_id is not None
    return {
        "actor": who,
        "directory": None if entry.directory_id is None else wire(DIRECTORY, entry.directory_id),
        "person": wire(USER, entry.subject_id or b"") if is_user else None,
        "rule": None,
    }


def _of_a_deleted(placed: Placed, cursor: str) -> JsonObject:
    """What is told of an organization whose journal is gone; its id as an event stands on its own id and instant."""
    facts: JsonObject = orjson.loads(placed.told or b"{}")
    owner = wire(ORGANIZATION, placed.organization_id)
    return {
        "id": wire(ENTRY, placed.event_id),
        "type": placed.type,
        "cursor": cursor,
        "at": precisely(placed.at),
        "organization": {"id": owner, "external_id": facts.get("external_id")},
        "sequence": placed.seq,
        "subject": {"kind": "organization", "id": owner},
        "member": None,
        "member_after": None,
        "before": None,
        "after": None,
        "cause": {"actor": SYSTEM, "directory": None, "person": None, "rule": None},
        "exchange": None,
        "facts": facts,
    }
