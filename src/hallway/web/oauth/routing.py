"""Which organization and which connection an application's request means."""

from dataclasses import dataclass
from typing import Final

from hallway.hub.connections.enforcement import Enforcements
from hallway.hub.connections.model import Connection, ConnectionState
from hallway.hub.connections.routing import connection_for
from hallway.hub.organizations.domains import Domains
from hallway.hub.organizations.ports import Organizations
from hallway.ids import ORGANIZATION, OrganizationId, parsed
from hallway.oidc.provider import Asked
from hallway.store.connections import ConnectionStore

NOWHERE: Final = OrganizationId(b"\xff" * 16)
"""An organization that there is not: who asks for it is admitted to it as to any other that is not hers."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Where people come in."""

    organizations: Organizations
    connections: ConnectionStore
    domains: Domains
    enforcements: Enforcements

    async def organization(self, text: str, connection: Connection | None) -> OrganizationId | None:
        """The organization of an id, or of the vendor's own name for it, or of the connection; None for none asked."""
        if not text:
            return None if connection is None else connection.organization_id
        own = parsed(ORGANIZATION, text)
        if own is not None:
            return OrganizationId(own)
        found = await self.organizations.by_external_id(text)
        return NOWHERE if found is None else found.id

    async def way(self, asked: Asked, connection: Connection | None) -> Connection | None:
        """The connection to sign in by: the one asked for, the one that is enforced, or that of the hint's domain;
        None for a page that offers all.
        """
        if connection is not None:
            return connection
        wanted = await self.organization(asked.organization, None)
        enforced = None if wanted is None else await self.enforcements.enforcement(wanted)
        if wanted is not None and enforced is not None:
            found = await self.connections.connection(wanted, enforced.connection_id)
            return found if found is not None and found.state is ConnectionState.ACTIVE else None
        hinted = await connection_for(self.domains, self.connections, asked.login_hint) if asked.login_hint else None
        return hinted if hinted is not None and wanted in (None, hinted.organization_id) else None
