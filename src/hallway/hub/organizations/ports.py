"""What organizations need of a store."""

from collections.abc import Sequence
from typing import Protocol

from hallway.hub.organizations.model import Organization
from hallway.ids import OrganizationId


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
