"""By which way of signing in a member's session may work in her organization."""

from collections.abc import Callable
from dataclasses import dataclass

from hallway.accounts.model import Session
from hallway.hub.connections.enforcement import Enforcements
from hallway.hub.connections.model import ConnectionState
from hallway.hub.connections.ports import Connections
from hallway.hub.organizations.members import Member


@dataclass(frozen=True, slots=True)
class OpenWays:
    """See `hallway.hub.applications.ports.Ways`; `clock` in microseconds."""

    connections: Connections
    enforcements: Enforcements
    clock: Callable[[], int]

    async def admits(self, member: Member, session: Session) -> bool:
        """Whether the session came by a way that is open."""
        return await self.barred(member, session) is None

    async def barred(self, member: Member, session: Session) -> str | None:
        """None where the session may work in the member's organization, else the connection that would let her in.

        One through a connection works in that connection's organization, while the connection is active; one by an
        own credential works where single sign-on is not enforced, or its member is exempt.
        """
        owner = member.organization_id
        if session.connection is not None:
            connection = await self.connections.connection(owner, session.connection)
            return None if connection is not None and connection.state is ConnectionState.ACTIVE else ""
        enforced = await self.enforcements.enforcement(owner)
        if enforced is None or enforced.admits(session, member, self.clock()):
            return None
        return enforced.connection_id.hex()
