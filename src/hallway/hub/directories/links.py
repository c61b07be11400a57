"""Links between directory users and members: rows with their reason and time; and what following them needs.

Rules: a directory user has one link at most, and a member one owning directory; a link that was dismissed names
nobody, and says only that an administrator has seen it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from hallway.hub.directories.people import ListPage
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.organizations.ports import Members
from hallway.ids import AccountId, MemberId, OrganizationId, ResourceId

NOBODY: Final = MemberId(bytes(16))


class Reason(Enum):
    """Why a directory user and a member are one person."""

    DOMAIN = "domain"
    ADMIN_ASKED = "admin_asked"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class MemberLink:
    """One link; `ADMIN_ASKED` is by domain, and the directory asked for the role Admin, which nobody granted yet."""

    key: DirectoryKey
    resource_id: ResourceId
    member_id: MemberId
    reason: Reason
    at: int


@dataclass(frozen=True, slots=True)
class NewLink:
    """A row to insert; stale where she has one."""

    link: MemberLink


@dataclass(frozen=True, slots=True)
class LinkUpdate:
    """Another reason or member for a link that is still as it was."""

    was: MemberLink
    link: MemberLink


@dataclass(frozen=True, slots=True)
class LinkRemoval:
    """The link goes, with the directory user."""

    link: MemberLink


@dataclass(frozen=True, slots=True)
class LinkAbsent:
    """Nothing to write, but stale where somebody linked her since."""

    key: DirectoryKey
    resource_id: ResourceId


class Links(Protocol):
    """Reads links, and which domains an organization has proved."""

    async def proved_domains(self, organization_id: OrganizationId) -> frozenset[str]:
        """Domains that new links may rest on; half a second old at most."""
        ...

    async def link_of(self, key: DirectoryKey, resource_id: ResourceId) -> MemberLink | None:
        """A directory user's link."""
        ...

    async def unlinked(self, key: DirectoryKey, after: ResourceId | None) -> ListPage:
        """Active directory users without a link, by id."""
        ...

    async def asking(self, key: DirectoryKey) -> Sequence[MemberLink]:
        """Links of people whom the directory wants to be administrators."""
        ...


@dataclass(frozen=True, slots=True)
class Ties:
    """What following directory users into the organization needs."""

    links: Links
    members: Members
    can_sign_in: Callable[[AccountId], Awaitable[bool]]
