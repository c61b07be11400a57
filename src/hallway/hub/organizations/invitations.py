"""Invitations: a link by mail that lets the person with that address join one organization, once.

Rules: the link's secret is kept as a hash; sending it again makes a new secret, and the old link ends; the link
opens nothing by itself: an account that proved the invited address accepts it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from hallway.hub.organizations.members import Role
from hallway.ids import InvitationId, MemberId, OrganizationId
from hallway.journal.model import Row

DAY: Final = 86_400 * 1_000_000
DEFAULT_DAYS: Final = 14
LONGEST_DAYS: Final = 90
MOST_OPEN: Final = 1000
"""How many people may have an invitation that they have not accepted, in one organization."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """One invitation; `created_by` is the member who made it, None for operators and commands."""

    id: InvitationId
    organization_id: OrganizationId
    member_id: MemberId
    email: str
    role: Role
    hash: bytes
    created_by: MemberId | None
    created_at: int
    expires_at: int
    accepted_at: int | None = None
    revoked_at: int | None = None

    def is_open(self, now: int) -> bool:
        """Whether its link can still be accepted."""
        return self.accepted_at is None and self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """A row to insert."""

    invitation: Invitation


@dataclass(frozen=True, slots=True)
class InvitationUpdate:
    """The whole row as it shall be; stale where `was` is no longer what is kept."""

    was: Invitation
    invitation: Invitation


@dataclass(frozen=True, slots=True)
class InvitationsEnded:
    """Every open invitation that this member made, or that was made for her, ends."""

    member_id: MemberId
    at: int


@dataclass(frozen=True, slots=True)
class AddressFree:
    """Stale where a member other than this one has the address."""

    member_id: MemberId
    email: str


class Invitations(Protocol):
    """What invitations need of a store."""

    async def invitation(self, organization_id: OrganizationId, invitation_id: InvitationId) -> Invitation | None:
        """One invitation."""
        ...

    async def invitation_of(self, organization_id: OrganizationId, member_id: MemberId) -> Invitation | None:
        """The newest one for a member."""
        ...

    async def newest(
        self, organization_id: OrganizationId, member_ids: Sequence[MemberId]
    ) -> Mapping[MemberId, Invitation]:
        """The newest one for each of these members."""
        ...


class Letters(Protocol):
    """Makes the row by which a change promises a mail."""

    def __call__(self, tenant: bytes, to: str, subject: str, text: str) -> Sequence[Row]:
        """The rows that send it once the change is durable."""
        ...


def invitation_letter(organization: str, inviter: str, address: str, days: int) -> tuple[str, str]:
    """Subject and text; `address` is the link."""
    subject = f"Join {organization}"
    who = f"{inviter} invites you" if inviter else "You are invited"
    return subject, (
        f"{who} to join {organization}.\n\n"
        f"Open this address to see what it is, and to accept:\n\n{address}\n\n"
        f"It works once, for {days} days. If you did not expect it, do nothing.\n"
    )
