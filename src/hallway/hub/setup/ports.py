"""What set-up links need of the outside."""

from collections.abc import Sequence
from typing import Protocol

from hallway.hub.setup.model import SetupLink, SetupSession
from hallway.ids import OrganizationId, SetupLinkId, SetupSessionId
from hallway.journal.model import Row


class SetupLinks(Protocol):
    """The links of each organization, and the browsers in which they were opened."""

    async def link(self, organization_id: OrganizationId, link_id: SetupLinkId) -> SetupLink | None:
        """One link."""
        ...

    async def links(self, organization_id: OrganizationId) -> Sequence[SetupLink]:
        """All links, newest first, whatever their state."""
        ...

    async def session(self, organization_id: OrganizationId, session_id: SetupSessionId) -> SetupSession | None:
        """One browser's session."""
        ...


class Concerned(Protocol):
    """Who is told what a link does, and who is touched by it."""

    async def addresses(self, organization_id: OrganizationId) -> Sequence[str]:
        """The addresses of the administrators who can sign in."""
        ...

    async def has_members(self, organization_id: OrganizationId) -> bool:
        """Whether anybody is an active member."""
        ...


class Letters(Protocol):
    """Makes the rows by which a change promises a mail."""

    def __call__(self, tenant: bytes, to: str, subject: str, text: str) -> Sequence[Row]:
        """The rows that send it once the change is durable."""
        ...
