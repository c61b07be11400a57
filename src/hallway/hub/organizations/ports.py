"""What organizations need of a store."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from hallway.hub.organizations.members import Member, MemberPage, MemberSearch, MemberState, Place
from hallway.hub.organizations.model import Organization
from hallway.ids import AccountId, MemberId, OrganizationId


class Organizations(Protocol):
    """The deployment's organizations."""

    async def by_id(self, organization_id: OrganizationId) -> Organization | None:
        """One organization."""
        ...

    async def by_external_id(self, external_id: str) -> Organization | None:
        """The one that the vendor calls so."""
        ...

    async def all(self) -> Sequence[Organization]:
        """Every organization, oldest first."""
        ...


class Members(Protocol):
    """The members of each organization."""

    async def by_id(self, organization_id: OrganizationId, member_id: MemberId) -> Member | None:
        """One member of this organization."""
        ...

    async def by_ids(self, organization_id: OrganizationId, ids: Sequence[MemberId]) -> Mapping[MemberId, Member]:
        """Who of these is a member of this organization."""
        ...

    async def by_account(self, organization_id: OrganizationId, account_id: AccountId) -> Member | None:
        """The membership of an account."""
        ...

    async def by_email(self, organization_id: OrganizationId, email: str) -> Sequence[Member]:
        """Everybody with this address, without case, oldest first."""
        ...

    async def page(self, organization_id: OrganizationId, search: MemberSearch) -> MemberPage:
        """A page of a search, by name."""
        ...

    async def counts(self, organization_id: OrganizationId) -> Mapping[MemberState, int]:
        """How many there are in each state; states that nobody is in are left out."""
        ...

    async def administrators(self, organization_id: OrganizationId) -> Sequence[Member]:
        """Active administrators who have an account, oldest first."""
        ...

    async def places(self, account_id: AccountId) -> Sequence[Place]:
        """Where an account is a member, whatever its state there."""
        ...
