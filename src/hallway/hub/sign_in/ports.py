"""What sign-ins need of the outside."""

from collections.abc import Sequence
from typing import Protocol

from hallway.hub.connections.model import Match
from hallway.hub.organizations.members import Member
from hallway.hub.sign_in.model import Attempt, SignIn, SsoSession, StrangerRefusal
from hallway.ids import AttemptId, ConnectionId, OrganizationId, SessionId, SignInId


class SignIns(Protocol):
    """Sign-ins that wait, and what is kept of those that ended."""

    async def sign_in(self, organization_id: OrganizationId, sign_in_id: SignInId) -> SignIn | None:
        """One that waits, or waited."""
        ...

    async def sso_sessions(
        self, organization_id: OrganizationId, connection_id: ConnectionId, subject: bytes
    ) -> Sequence[SsoSession]:
        """Our sessions of a subject."""
        ...

    async def sso_sessions_by_index(
        self, organization_id: OrganizationId, connection_id: ConnectionId, session_index: str
    ) -> Sequence[SsoSession]:
        """Our sessions that began in one session of the provider, two hundred at most."""
        ...

    async def sso_session_of(
        self, organization_id: OrganizationId, connection_id: ConnectionId, session_id: SessionId
    ) -> SsoSession | None:
        """What one of our sessions is at the provider."""
        ...

    async def attempt(self, organization_id: OrganizationId, attempt_id: AttemptId) -> Attempt | None:
        """One attempt, opened."""
        ...

    async def attempts(
        self,
        organization_id: OrganizationId,
        connection_id: ConnectionId | None,
        text: str,
        before: AttemptId | None,
        limit: int,
    ) -> Sequence[Attempt]:
        """Attempts, newest first; `text` is looked for in whom the provider named. Their detail is left out."""
        ...

    async def strangers(
        self, organization_id: OrganizationId, connection_id: ConnectionId
    ) -> Sequence[StrangerRefusal]:
        """The last hundred messages that no key of the connection signed, newest first."""
        ...


class DirectoryPeople(Protocol):
    """Who directories say that people are."""

    async def members_by(self, organization_id: OrganizationId, match: Match, value: str) -> Sequence[Member]:
        """Members whose directory user has this userName or externalId, in any directory."""
        ...

    async def was_ended(self, organization_id: OrganizationId, identifiers: Sequence[str]) -> bool:
        """Whether any of these names belongs, or belonged, to somebody whom a directory or an administrator ended."""
        ...

    async def has_active_directory(self, organization_id: OrganizationId) -> bool:
        """Whether a directory decides who is a member."""
        ...
