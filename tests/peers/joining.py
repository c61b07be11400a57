"""An organization of a running Hub that joins a peer: by the metadata that each says of itself."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.request import urlopen

from hallway.hub.connections.model import Connection, ConnectionUpdate, KeyState, ProviderKey, SamlSettings
from hallway.hub.organizations.inviting import Wish, invite
from hallway.hub.organizations.members import Member, Role
from hallway.hub.organizations.model import Organization, Plan
from hallway.journal.model import Change
from hallway.saml.metadata import identity_provider
from hallway.web.wiring import Hub, clock
from tests.rooms.opened import OPERATOR
from tests.running import RunningHub
from tests.web.federation import certificate, federated


@dataclass
class Joined:
    """A connection of a running Hub, whose provider is a peer."""

    hub: RunningHub
    organization: Organization
    connection: Connection
    domain: str

    @property
    def base(self) -> str:
        """The address of the Hub as people open it."""
        return self.hub.environ["HALLWAY_BASE_URL"]

    @property
    def url(self) -> str:
        """Where a sign-in begins."""
        return f"{self.base}/sso/{self.connection.id.hex()}"

    @property
    def metadata(self) -> bytes:
        """What the Hub says of itself to the provider."""
        return _read(f"http://127.0.0.1:{self.hub.port}/sso/{self.connection.id.hex()}/metadata")

    def invite(self, name: str, role: Role = Role.USER) -> str:
        """Somebody who may sign in; her address."""
        email = f"{name}@{self.domain}"

        async def act(hub: Hub) -> None:
            await invite(hub.roster, self.organization, Wish(email, role), OPERATOR)

        self.hub.act(act)
        return email

    def change(self, **changes: Any) -> None:
        """Change the connection's row."""

        async def act(hub: Hub) -> Connection:
            kept = await hub.stores.connections.located(self.connection.id)
            assert kept is not None
            changed = replace(kept, **changes)
            await hub.stores.database.commit(Change(self.organization.id, (ConnectionUpdate(kept, changed),)))
            return changed

        self.connection = self.hub.act(act)

    def attempts(self) -> list[tuple[str, str, str, str]]:
        """What came of sign-ins, newest first: outcome, code, kind, who."""

        async def act(hub: Hub) -> list[tuple[str, str, str, str]]:
            found = await hub.stores.sign_ins.attempts(self.organization.id, None, "", None, 20)
            return [(one.outcome.value, one.code, one.kind.value, one.who) for one in found]

        return self.hub.act(act)

    def accepted(self) -> bool:
        """Whether anybody came in."""
        return any(outcome == "accepted" for outcome, *_ in self.attempts())

    def facts(self) -> Any:
        """The facts of the newest attempt, opened."""

        async def act(hub: Hub) -> Any:
            (newest,) = await hub.stores.sign_ins.attempts(self.organization.id, None, "", None, 1)
            whole = await hub.stores.sign_ins.attempt(self.organization.id, newest.id)
            assert whole is not None
            return whole.detail["facts"]

        return self.hub.act(act)

    def member(self, email: str) -> Member:
        """Who has this address."""

        async def act(hub: Hub) -> Member:
            (found,) = await hub.stores.members.by_email(self.organization.id, email)
            return found

        return self.hub.act(act)


def settings_of(metadata: bytes, own: SamlSettings) -> SamlSettings:
    """What a connection keeps of a provider's metadata; peers on loopback have no TLS."""
    found = identity_provider(metadata, clock(), http=True)
    keys = tuple(ProviderKey(one.certificate, KeyState.TRUSTED, clock(), one.expires_at) for one in found.keys)
    return replace(
        own,
        idp_entity_id=found.entity_id,
        redirect_url=found.redirect_url,
        post_url=found.post_url,
        logout_redirect_url=found.logout_redirect_url,
        logout_post_url=found.logout_post_url,
        logout_response_url=found.logout_response_url,
        wants_signed_requests=found.wants_signed_requests,
        keys=keys,
    )


def joined(hub: RunningHub, name: str, metadata: bytes, **changes: Any) -> Joined:
    """An organization whose people sign in at the peer that this metadata describes."""
    domain = f"{name.lower()}.example"

    async def act(opened: Hub) -> tuple[Organization, Connection]:
        owner = await opened.registrar.create(name, Plan.ENTERPRISE, None, OPERATOR)
        saml = settings_of(metadata, SamlSettings(certificates=(certificate("sp"),)))
        made = await federated(opened, owner, domain, name=f"{name} sign-in", saml=saml, **changes)
        return owner, made.connection

    organization, connection = hub.act(act)
    return Joined(hub, organization, connection, domain)


def _read(url: str) -> bytes:
    with urlopen(url, timeout=20) as answer:
        found: bytes = answer.read()
        return found
