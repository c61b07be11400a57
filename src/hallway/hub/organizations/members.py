"""Members: an account, or a person who has not arrived yet, in one organization.

Rules: only an active member with an account opens the organization, and only in sessions that entered it at or
after `access_from`; ending somebody moves `access_from`, so that no session of before ever comes back. A member has
one owning directory, or none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from hallway.ids import AccountId, DirectoryId, MemberId, OrganizationId, ResourceId
from hallway.scim.fold import fold

MAX_SHOWN: Final = 100


class Role(Enum):
    """What a member may do: a guest looks, a user works, an administrator changes."""

    ADMIN = "admin"
    USER = "user"
    GUEST = "guest"


class MemberState(Enum):
    """Whoever waits to be accepted after a directory pushed her is no member yet: a `Link` says why she waits."""

    INVITED = "invited"
    ACTIVE = "active"
    DEACTIVATED = "deactivated"


class Source(Enum):
    """How the membership came to be."""

    REGISTERED = "registered"
    INVITED = "invited"
    DIRECTORY = "directory"
    SSO = "sso"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Member:
    """One membership. `ended_at` is when it was deactivated last; `confirmed_at`, when an administrator confirmed
    that a directory may own this administrator.
    """

    id: MemberId
    organization_id: OrganizationId
    email: str
    name: str
    role: Role
    state: MemberState
    source: Source
    created_at: int
    access_from: int
    account_id: AccountId | None = None
    directory_id: DirectoryId | None = None
    resource_id: ResourceId | None = None
    joined_at: int | None = None
    ended_at: int | None = None
    confirmed_at: int | None = None
    version: int = 1

    @property
    def shown(self) -> str:
        """Her name, or her address while no name is known."""
        return self.name or self.email

    def admits(self, entered_at: int) -> bool:
        """Whether a session that entered at this instant is still let in."""
        return self.state is MemberState.ACTIVE and entered_at >= self.access_from


def email_key(email: str) -> str:
    """What a member is found by: the address without case."""
    return fold(email.strip())


def search_key(member: Member) -> str:
    """What the list is ordered by and searched in: name, then address, without case."""
    return f"{fold(member.shown)}\n{email_key(member.email)}"


@dataclass(frozen=True, slots=True)
class MemberSearch:
    """A page of members: `text` is looked for anywhere in name and address; `after` is where the last page ended."""

    text: str = ""
    state: MemberState | None = None
    role: Role | None = None
    limit: int = 50
    after: tuple[str, MemberId] | None = None


@dataclass(frozen=True, slots=True)
class MemberPage:
    """Members by name; `following` is where the next page begins, None on the last one."""

    members: Sequence[Member]
    following: tuple[str, MemberId] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an account is a member: one row of the global table that the picker of organizations reads."""

    account_id: AccountId
    organization_id: OrganizationId
    member_id: MemberId


@dataclass(frozen=True, slots=True)
class NewMember:
    """A row to insert; one with an account gets its `Place` by the same step."""

    member: Member


@dataclass(frozen=True, slots=True)
class MemberUpdate:
    """The whole row as it shall be, decided on `was`; an account that came or went takes its `Place` along."""

    was: Member
    member: Member


@dataclass(frozen=True, slots=True)
class MemberRemoval:
    """The row goes, with its invitations, its links to directory users, its identities and sessions at connections,
    and its `Place`.
    """

    member: Member


@dataclass(frozen=True, slots=True)
class AdministratorRemains:
    """Stale unless one of these is an active administrator with an account once the rows before it are written."""

    among: tuple[MemberId, ...]


@dataclass(frozen=True, slots=True)
class AddressUnheld:
    """Nothing to write, but stale where a living member other than this one has the address."""

    member_id: MemberId
    email: str
