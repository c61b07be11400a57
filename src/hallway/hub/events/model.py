"""An event as the application sees it: one entry of the feed as a JSON document, the same wherever it is read.

Rules: `before` and `after` are what the subject was and became: of members and of directory users and groups, whole
where one side is empty; ids have their prefixes; a cursor is opaque and of one epoch; a member's id is her `sub`.
"""

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from hallway.hub.directories.model import Kind
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.organizations.model import Organization
from hallway.ids import DirectoryId, MemberId, OrganizationId, ResourceId
from hallway.journal.feed import DELETED
from hallway.journal.model import EVENT_TYPES, Entry, Written

UNTOLD: Final = (
    "account.",
    "api_key.",
    "receipt.",
    "application.",
    "signing_key.",
    "endpoint.",
    "operator.created",
    "operator.role_changed",
    "operator.deactivated",
    "operator.reactivated",
)
"""Types that stand in other journals than an organization's."""
ORGANIZATION_DELETED: Final = "An organization was deleted, with everything in it; `facts` says what it was called."
TOLD_TYPES: Final[Mapping[str, str]] = {
    **{name: said for name, said in EVENT_TYPES.items() if not name.startswith(UNTOLD)},
    DELETED: ORGANIZATION_DELETED,
}
"""Every type of event, and what it says. `docs/reference/events.md` has a row for each."""

CHANGING: Final = frozenset(
    f"member.{what}"
    for what in (
        "added", "linked", "deactivated", "reactivated", "invited", "invitation_revoked", "joined", "role_changed",
        "removed",
    )
) | frozenset({"user.created", "user.updated", "user.deactivated", "user.reactivated", "user.deleted"})  # fmt: skip
"""Events in which a member changes: those of members, and those of directory users, whom she follows."""

_POSITION_BYTES: Final = 8
_EPOCH_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class MemberVersion:
    """What a member was from an entry on; `state` may be `removed`."""

    member_id: MemberId
    seq: int
    email: str
    name: str
    role: str
    state: str
    directory_id: DirectoryId | None
    resource_id: ResourceId | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far somebody has read, in one epoch of the feed."""

    epoch: bytes
    position: int

    def __str__(self) -> str:
        octets = self.epoch + self.position.to_bytes(_POSITION_BYTES, "big")
        return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def read_cursor(text: str) -> Cursor | None:
    """The cursor of a text, or None where it is not one of ours."""
    try:
        octets = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(octets) != _EPOCH_BYTES + _POSITION_BYTES:
        return None
    made = Cursor(octets[:_EPOCH_BYTES], int.from_bytes(octets[_EPOCH_BYTES:], "big"))
    return made if str(made) == text else None


class EntriesRead(Protocol):
    """Entries of one organization, and what their subjects were."""

    async def at(self, organization_id: OrganizationId, seqs: Sequence[int]) -> Mapping[int, Written]:
        """Entries by their `seq`; those that are gone are left out."""
        ...

    async def around(
        self, organization_id: OrganizationId, entry: Entry, seq: int
    ) -> tuple[tuple[Kind, bytes] | None, tuple[Kind, bytes] | None]:
        """The document of a user or group before and after an entry, without its closing brace."""
        ...

    async def members_around(
        self, organization_id: OrganizationId, member_id: MemberId, seq: int
    ) -> Sequence[MemberVersion]:
        """The newest two versions of a member that are not behind `seq`, newest first."""
        ...

    async def members_of(self, key: DirectoryKey, resource_ids: Sequence[ResourceId]) -> Mapping[ResourceId, MemberId]:
        """Which members directory users are now linked to."""
        ...

    async def groups_among(
        self, key: DirectoryKey, group_id: ResourceId, removed: Sequence[ResourceId]
    ) -> Collection[ResourceId]:
        """Which of those who were removed from a group were groups themselves."""
        ...


class StateRead(Protocol):
    """What there is now, in the order of ids, so that a walk over all of it misses nobody who stays."""

    async def organizations(self, after: OrganizationId | None, limit: int) -> Sequence[tuple[Organization, int]]:
        """Organizations behind one, each with the last `seq` of its journal."""
        ...

    async def organization(self, organization_id: OrganizationId) -> tuple[Organization, int] | None:
        """One of them."""
        ...

    async def members(
        self, organization_id: OrganizationId, after: MemberId | None, limit: int
    ) -> Sequence[MemberVersion]:
        """Members behind one, as they are."""
        ...

    async def groups_of(
        self, key: DirectoryKey, users: Sequence[ResourceId]
    ) -> Mapping[ResourceId, Mapping[ResourceId, str]]:
        """The groups that each user is in, directly or through others, with their names; nobody is left out."""
        ...


class OrganizationsRead(Protocol):
    """Organizations by their id."""

    async def by_id(self, organization_id: OrganizationId) -> Organization | None:
        """One organization."""
        ...
