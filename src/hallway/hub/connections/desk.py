"""What connections work with, and how a change of one is journaled."""

from collections.abc import Callable
from dataclasses import dataclass

from hallway.hub.connections.model import Connection
from hallway.hub.connections.ports import Connections, Fetch, KeyMaker, Vault
from hallway.hub.organizations.alarms import Alarms
from hallway.hub.organizations.domains import Domains
from hallway.hub.organizations.service import Refused
from hallway.ids import CONNECTION, ConnectionId, EntryId, OrganizationId, fresh_id, parsed
from hallway.journal.model import Actor, Change, Entry, Row
from hallway.journal.ports import Ledger
from hallway.scim.json import JsonObject

SYSTEM = Actor("system", None, "metadata")


@dataclass(frozen=True, slots=True)
class ConnectionDesk:
    """Stores, time, chance, who makes keys and keeps secrets, who reads addresses, and who is told. `http` allows
    addresses of SAML without TLS: on loopback only; `http_hosts` may be asked without it.
    """

    ledger: Ledger
    connections: Connections
    domains: Domains
    vault: Vault
    keys: KeyMaker
    fetch: Fetch
    alarms: Alarms
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]
    base_url: str
    http: bool = False
    http_hosts: frozenset[str] = frozenset()

    def fresh_id(self) -> bytes:
        """A new id."""
        return fresh_id(self.clock(), self.entropy(10))

    def change(self, one: Connection, kind: str, actor: Actor, *rows: Row, **facts: object) -> Change:
        """Rows with their entry."""
        entry_id = EntryId(self.fresh_id())
        told: JsonObject = {
            "protocol": one.protocol.value,
            "provider": one.provider.value,
            "state": one.state.value,
            **facts,  # type: ignore[dict-item]
        }
        entry = Entry(entry_id, kind, self.clock(), actor, one.id, facts=told, personal={"name": one.name})
        return Change(one.organization_id, rows, (entry,), entry_id)


async def found_connection(desk: ConnectionDesk, organization_id: OrganizationId, text: str) -> Connection:
    """The connection of this organization; another organization's is not found."""
    one = parsed(CONNECTION, text)
    found = None if one is None else await desk.connections.connection(organization_id, ConnectionId(one))
    if found is None:
        raise Refused("not_found", "This organization has no connection %(id)s.", id=repr(text))
    return found
