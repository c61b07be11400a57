"""What exchanges need of a store."""

from collections.abc import Sequence
from typing import Protocol

from hallway.exchanges.model import Exchange
from hallway.ids import DirectoryId, ExchangeId, OrganizationId


class ExchangeReader(Protocol):
    """Reads what was kept."""

    async def show(
        self, organization_id: OrganizationId, directory_id: DirectoryId, exchange_id: ExchangeId
    ) -> Exchange | None:
        """One exchange."""
        ...

    async def latest(
        self,
        organization_id: OrganizationId,
        directory_id: DirectoryId,
        before: ExchangeId | None,
        limit: int,
    ) -> Sequence[Exchange]:
        """Exchanges of a directory, newest first, before one of them if named."""
        ...

    async def not_applied(self, organization_id: OrganizationId, directory_id: DirectoryId) -> Sequence[Exchange]:
        """Deactivations and removals refused while the directory was disabled, oldest first."""
        ...
