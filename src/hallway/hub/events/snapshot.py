"""What there is, in pages, with the cursor of the feed to go on from.

Rules: the cursor is taken before the first page is read, so that what is read is at least as new: whoever walks the
pages and then follows from the cursor misses nothing. What changed meanwhile she sees twice; `sequence` tells: that of
an organization, and of a member, is the last event that its item already shows.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.events.following import CursorGone, Follower, Unfollowed
from hallway.hub.events.model import Cursor, MemberVersion, StateRead
from hallway.hub.events.telling import member_told, organization_told
from hallway.hub.organizations.model import Organization
from hallway.ids import GROUP, ORGANIZATION, DirectoryId, MemberId, OrganizationId, ResourceId, wire
from hallway.scim.json import JsonObject

MOST: Final = 1_000
"""Items on one page at most."""
_ID_BYTES: Final = 16
_POSITION_BYTES: Final = 8
_NOBODY: Final = MemberId(bytes(_ID_BYTES))
_NONE: Final = OrganizationId(bytes(_ID_BYTES))


@dataclass(frozen=True, slots=True)
class Place:
    """How far a walk is: the cursor of its beginning, and the last organization and member on a page."""

    cursor: Cursor
    owner: OrganizationId = _NONE
    member: MemberId = _NOBODY

    def __str__(self) -> str:
        octets = self.cursor.epoch + self.cursor.position.to_bytes(_POSITION_BYTES, "big") + self.owner + self.member
        return base64.urlsafe_b64encode(octets).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class SnapshotPage:
    """Items in their order: each organization, then its members. `next` is None on the last page."""

    items: Sequence[JsonObject]
    next: str | None
    cursor: str


@dataclass(slots=True)
class _Walk:
    limit: int
    items: list[JsonObject] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.limit - len(self.items)


@dataclass(frozen=True, slots=True)
class Surveyor:
    """Reads what there is for others."""

    follower: Follower
    state: StateRead

    async def page(self, place: str, organization_id: OrganizationId | None, limit: int) -> SnapshotPage:
        """The first page, or the one behind a place that a page named; of one organization, or of all.

        Raises `CursorGone` where the place is of before a restore, `Unfollowed` where it or the organization never was.
        """
        at = await self._begun(place)
        walk = _Walk(max(1, min(limit, MOST)))
        if at.owner != _NONE:
            at = await self._members(walk, at)
        while walk.left:
            found = await self._organizations(at.owner, organization_id, walk.left)
            for organization, seq in found:
                walk.items.append(_organization(organization, seq))
                at = await self._members(walk, Place(at.cursor, organization.id))
                if not walk.left:
                    break
            if not found or organization_id is not None:
                break
        is_last = walk.left > 0
        return SnapshotPage(walk.items, None if is_last else str(at), str(at.cursor))

    async def _begun(self, text: str) -> Place:
        epoch = self.follower.teller.epoch
        if not text:
            return Place(Cursor(epoch, await self.follower.feed.newest()))
        place = read_place(text)
        if place is None:
            raise Unfollowed(
                "invalid_cursor", "This is no page of a snapshot: send `next` as the page before named it."
            )
        if place.cursor.epoch != epoch:
            raise CursorGone("This snapshot was begun before the deployment was restored from a backup.")
        return place

    async def _organizations(
        self, after: OrganizationId, only: OrganizationId | None, limit: int
    ) -> Sequence[tuple[Organization, int]]:
        if only is None:
            return await self.state.organizations(after, limit)
        if after != _NONE:
            return ()
        found = await self.state.organization(only)
        if found is None:
            raise Unfollowed("not_found", "There is no such organization.")
        return [found]

    async def _members(self, walk: _Walk, at: Place) -> Place:
        """Put members of the place's organization on the page, as many as fit; where they end."""
        if not walk.left:
            return at
        members = await self.state.members(at.owner, at.member, walk.left)
        groups = await self._groups(at.owner, members)
        for one in members:
            walk.items.append(_member(at.owner, one, groups.get(one.resource_id or ResourceId(b""), [])))
        return Place(at.cursor, at.owner, members[-1].member_id) if members else at

    async def _groups(
        self, owner: OrganizationId, members: Sequence[MemberVersion]
    ) -> dict[ResourceId, list[JsonObject]]:
        """The groups of members who have a directory user, by that user."""
        users: dict[DirectoryId, list[ResourceId]] = {}
        for one in members:
            if one.directory_id is not None and one.resource_id is not None:
                users.setdefault(one.directory_id, []).append(one.resource_id)
        told: dict[ResourceId, list[JsonObject]] = {}
        for directory_id, ids in users.items():
            found = await self.state.groups_of(DirectoryKey(owner, directory_id), ids)
            for user, groups in found.items():
                told[user] = [{"id": wire(GROUP, group), "name": groups[group]} for group in sorted(groups)]
        return told


def read_place(text: str) -> Place | None:
    """The place of a text, or None where it is not one of ours."""
    try:
        octets = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(octets) != 3 * _ID_BYTES + _POSITION_BYTES:
        return None
    at = _ID_BYTES + _POSITION_BYTES
    cursor = Cursor(octets[:_ID_BYTES], int.from_bytes(octets[_ID_BYTES:at], "big"))
    made = Place(cursor, OrganizationId(octets[at : at + _ID_BYTES]), MemberId(octets[at + _ID_BYTES :]))
    return made if str(made) == text else None


def _organization(one: Organization, seq: int) -> JsonObject:
    told = organization_told(one)
    return {"kind": "organization", **told, "name": one.name, "plan": one.plan.value, "state": one.state.value,
            "sequence": seq}  # fmt: skip


def _member(owner: OrganizationId, one: MemberVersion, groups: list[JsonObject]) -> JsonObject:
    told = member_told(one) or {}
    return {
        "kind": "member",
        "organization": wire(ORGANIZATION, owner),
        **told,
        "groups": [*groups],
        "sequence": one.seq,
    }
