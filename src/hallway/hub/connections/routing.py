"""Which connection an address is sent to: by its proved domain; without one, to none."""

from hallway.hub.connections.model import Connection, ConnectionState
from hallway.hub.connections.ports import Connections
from hallway.hub.organizations.domains import Domains, domain_name
from hallway.hub.organizations.service import Refused


async def connection_for(domains: Domains, connections: Connections, email: str) -> Connection | None:
    """The active connection that signs people with this address in: the one that names the domain, else the
    organization's default one, else its only one.
    """
    local, _, text = email.strip().rpartition("@")
    try:
        name = domain_name(text) if local else ""
    except Refused:
        return None
    owner = await domains.owner(name) if name else None
    if owner is None:
        return None
    claim = await domains.domain(owner, name)
    if claim is None or not claim.has_effect:
        return None
    active = [one for one in await connections.connections(owner) if one.state is ConnectionState.ACTIVE]
    named = [one for one in active if name in one.domains]
    default = [one for one in active if one.is_default]
    for found in (named, default, active if len(active) == 1 else []):
        if found:
            return found[0]
    return None
