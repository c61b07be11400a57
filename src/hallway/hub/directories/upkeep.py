"""What directories need from time to time without anybody asking: replaced tokens end."""

from dataclasses import dataclass

from hallway.hub.directories.desk import Desk
from hallway.hub.directories.rotation import close_replaced
from hallway.hub.organizations.ports import Organizations


@dataclass(frozen=True, slots=True)
class TokenUpkeep:
    """Looks after every organization's tokens."""

    desk: Desk
    organizations: Organizations

    async def round(self) -> None:
        """Once over everybody."""
        for organization in await self.organizations.all():
            await close_replaced(self.desk, organization.id)
