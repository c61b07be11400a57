"""What administrators do with connections: made, told who the provider is, switched on and off, deleted.

Rules: a connection is switched on once it is complete and while the plan has single sign-on; an ended plan closes no
way out; a domain is a connection's alone in its organization, and has an effect only while it is proved.
"""

import base64
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Named
from dataclasses import dataclass, field, replace
from typing import Any, Final

from hallway.hub.connections.desk import ConnectionDesk
from hallway.hub.connections.given import Certificates, MetadataUrl, MetadataXml, key_of, recognised
from hallway.hub.connections.model import (
    MAX_NAME,
    MOST_CONNECTIONS,
    Connection,
    ConnectionRemoval,
    ConnectionState,
    ConnectionUpdate,
    Mapping,
    Match,
    NewConnection,
    OidcSettings,
    Protocol,
    Provider,
    SamlSettings,
)
from hallway.hub.connections.ports import Unreachable
from hallway.hub.connections.sealing import key_context
from hallway.hub.connections.trusted import given
from hallway.hub.organizations.domains import MOST_DOMAINS, DomainState, domain_name
from hallway.hub.organizations.model import Feature, Organization
from hallway.hub.organizations.service import Refused
from hallway.ids import ConnectionId
from hallway.journal.model import Actor, Change, Row
from hallway.journal.service import carried_out
from hallway.saml.metadata import IdentityProvider, SigningKey, checked_url, identity_provider
from hallway.saml.problem import SamlProblem
from hallway.saml.signature import MOST_KEYS

EVERY: Final = 6 * 3_600 * 1_000_000
"""How often metadata is read again."""
MOST_NAMES: Final = 10
LONGEST_NAME: Final = 256


@dataclass(frozen=True, slots=True)
class Draft:
    """A connection to make."""

    name: str
    protocol: Protocol
    provider: Provider = Provider.OTHER


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an administrator chooses freely."""

    name: str
    allow_idp_initiated: bool = False
    just_in_time: bool = False
    match: Match = Match.EMAIL
    both_signed: bool = False
    mapping: Mapping = field(default_factory=Mapping)
    entity_id: str = ""
    more_acs_urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changing:
    """One kind of change: what it makes of a connection, what the journal is told beside it, and the mails about it."""

    kind: str
    changed: Callable[[Connection], Connection]
    facts: Named[str, Any] = field(default_factory=dict)
    letters: tuple[Row, ...] = ()


class ConnectionBook:
    """What `actor` does with connections; everything is journaled."""

    def __init__(self, desk: ConnectionDesk, actor: Actor) -> None:
        self._desk = desk
        self._actor = actor

    async def create(self, organization: Organization, draft: Draft) -> Connection:
        """A draft: it signs nobody in yet, but has its addresses and a key of its own."""
        desk = self._desk
        refuse_plan(organization)
        name = checked_connection_name(draft.name)
        own, now = ConnectionId(desk.fresh_id()), desk.clock()
        sealed, saml, oidc = b"", SamlSettings(), OidcSettings()
        if draft.protocol is Protocol.SAML:
            private, certificate = await desk.keys.make(f"conn-{own.hex()}", now)
            sealed = desk.vault.encrypt(private, key_context(own))
            saml = replace(saml, certificates=(certificate,))
        else:
            oidc = with_client_key(desk, own, oidc)

        async def decide() -> tuple[Change, Connection]:
            there = await desk.connections.connections(organization.id)
            if len(there) >= MOST_CONNECTIONS:
                raise Refused("conflict", "An organization has at most %(most)s connections.", most=MOST_CONNECTIONS)
            _refuse_taken_name(name, there, None)
            made = Connection(
                own, organization.id, name, draft.protocol, draft.provider, ConnectionState.DRAFT, now, saml,
                oidc, sealed=sealed, is_default=not there,
            )  # fmt: skip
            return desk.change(made, "connection.created", self._actor, NewConnection(made)), made

        return (await carried_out(desk.ledger, decide))[1]

    async def take(self, one: Connection, text: str, entity_id: str = "") -> Connection:
        """What stood in the one box: metadata, its address, or a certificate with or without an address; `entity_id` is
        how the provider names itself, which a certificate does not say.
        """
        refuse_other_protocol(one, Protocol.SAML)
        match recognised(text):
            case MetadataUrl(url):
                return await self.take_url(one, url)
            case MetadataXml(octets):
                return await self.take_metadata(one, octets)
            case Certificates() as found:
                return await self.take_certificates(one, found, entity_id)

    async def take_certificates(self, one: Connection, found: Certificates, entity_id: str) -> Connection:
        """Certificates, how the provider names itself, and where to sign in if that stood beside them."""
        refuse_other_protocol(one, Protocol.SAML)
        if len(found.keys) > MOST_KEYS:
            raise Refused("conflict", "At most %(most)s keys are trusted; remove one first.", most=MOST_KEYS)
        return await self._take_keys(one, found.keys, found.sign_in_url, entity_id)

    async def take_url(self, one: Connection, url: str) -> Connection:
        """Read metadata at an address now, and from now on again and again."""
        refuse_other_protocol(one, Protocol.SAML)
        checked = self._address(url)
        try:
            octets = await self._desk.fetch(checked)
        except Unreachable as fault:
            raise Refused("invalid", "We could not read that address: %(why)s", why=str(fault)) from None
        return await self.take_metadata(one, octets, checked)

    async def take_metadata(self, one: Connection, octets: bytes, url: str = "") -> Connection:
        """Metadata by itself: nothing reads it again."""
        refuse_other_protocol(one, Protocol.SAML)
        provider, now = self._read(octets), self._desk.clock()

        def changed(was: Connection) -> Connection:
            saml = replace(given(was.saml, provider, now), metadata_url=url)
            return replace(was, saml=saml, due_at=now + EVERY if url else None)

        facts = {"by": "url" if url else "metadata", "keys": len(provider.keys)}
        return await self._changed(one, "connection.provider_set", changed, **facts)

    async def take_certificate(self, one: Connection, sign_in_url: str, certificate: str, entity_id: str) -> Connection:
        """The address to sign in at, the certificate, and how the provider names itself."""
        refuse_other_protocol(one, Protocol.SAML)
        if not sign_in_url.strip():
            raise Refused("invalid", "Enter the address to sign in at, starting with https://")
        return await self._take_keys(one, (key_of(certificate),), sign_in_url, entity_id)

    async def _take_keys(self, one: Connection, keys: tuple[SigningKey, ...], url: str, entity_id: str) -> Connection:
        entity = entity_id.strip() or one.saml.idp_entity_id
        address = self._address(url) if url else one.saml.redirect_url or one.saml.post_url
        if len(entity) > 1024 or not entity.isprintable():
            raise Refused("invalid", "An entity ID has at most %(most)s printable characters.", most=1024)
        now = self._desk.clock()
        provider = IdentityProvider(entity, keys, address, "")

        def changed(was: Connection) -> Connection:
            saml = given(was.saml, provider, now)
            if not url:
                saml = replace(saml, redirect_url=was.saml.redirect_url, post_url=was.saml.post_url)
            return replace(was, saml=replace(saml, metadata_url="", metadata_read_at=None), due_at=None)

        return await self._changed(one, "connection.provider_set", changed, by="certificate", keys=len(keys))

    def _read(self, octets: bytes) -> IdentityProvider:
        try:
            return identity_provider(octets, self._desk.clock(), http=self._desk.http)
        except SamlProblem as problem:
            raise unusable(problem.expected, problem.received) from None

    def _address(self, url: str) -> str:
        try:
            return checked_url(url.strip(), self._desk.http)
        except SamlProblem:
            raise Refused("invalid", "Enter an address that begins with https://") from None

    async def set_up(self, one: Connection, wishes: Wishes) -> Connection:
        """Write the name, what it may do, and the names of attributes."""
        name = checked_connection_name(wishes.name)
        mapping = checked_mapping(wishes.mapping)
        entity, acs = wishes.entity_id.strip(), tuple(self._address(url) for url in wishes.more_acs_urls)
        if len(entity) > 1024 or not entity.isprintable() or len(acs) > MOST_NAMES:
            raise Refused("invalid", "An entity ID has at most %(most)s printable characters.", most=1024)
        _refuse_taken_name(name, await self._desk.connections.connections(one.organization_id), one)

        def changed(was: Connection) -> Connection:
            saml = replace(was.saml, both_signed=wishes.both_signed, entity_id=entity, more_acs_urls=acs)
            return replace(
                was, name=name, saml=saml, allow_idp_initiated=wishes.allow_idp_initiated, match=wishes.match,
                just_in_time=wishes.just_in_time, mapping=mapping,
            )  # fmt: skip

        return await self._changed(one, "connection.updated", changed)

    async def set_domains(self, one: Connection, texts: Sequence[str]) -> Connection:
        """The domains whose people are sent here; one that is not proved may be named, and does nothing yet."""
        names = tuple(dict.fromkeys(domain_name(text) for text in texts if text.strip()))
        if len(names) > MOST_DOMAINS:
            raise Refused("conflict", "A connection has at most %(most)s domains.", most=MOST_DOMAINS)
        for other in await self._desk.connections.connections(one.organization_id):
            taken = set(names) & set(other.domains)
            if other.id != one.id and taken:
                raise Refused(
                    "conflict", "%(domain)s belongs to the connection %(name)s already.",
                    domain=min(taken), name=other.name,
                )  # fmt: skip
        return await self._changed(one, "connection.domains_set", lambda was: replace(was, domains=names))

    async def make_default(self, one: Connection) -> Connection:
        """People whose domain no connection names are sent here; the default of before is none any more."""
        desk = self._desk

        async def decide() -> tuple[Change, Connection]:
            was = await self._again(one)
            now = replace(was, is_default=True, version=was.version + 1)
            others = [
                ConnectionUpdate(other, replace(other, is_default=False, version=other.version + 1))
                for other in await desk.connections.connections(one.organization_id)
                if other.is_default and other.id != one.id
            ]
            if was.is_default and not others:
                return Change(one.organization_id), was
            rows = (ConnectionUpdate(was, now), *others)
            return desk.change(now, "connection.made_default", self._actor, *rows), now

        return (await carried_out(desk.ledger, decide))[1]

    async def enable(self, one: Connection, organization: Organization) -> Connection:
        """It signs people in from now on."""
        refuse_plan(organization)

        def changed(was: Connection) -> Connection:
            if not was.is_complete:
                raise Refused(
                    "conflict", "Something is missing: give us the metadata, or the address and certificate, first."
                )
            return replace(was, state=ConnectionState.ACTIVE)

        return await self._changed(one, "connection.enabled", changed)

    async def disable(self, one: Connection) -> Connection:
        """It refuses everybody from now on; sessions that it opened go on until they end."""

        def changed(was: Connection) -> Connection:
            return replace(was, state=ConnectionState.DISABLED)

        return await self._changed(one, "connection.disabled", changed)

    async def delete(self, one: Connection) -> None:
        """It goes, with what it knew of people and with its attempts."""
        desk = self._desk

        async def decide() -> tuple[Change, None]:
            was = await self._again(one)
            lost = await desk.connections.footprint(was)
            rows: tuple[Row, ...] = (ConnectionRemoval(was),)
            return desk.change(was, "connection.deleted", self._actor, *rows, people=lost.people), None

        await carried_out(desk.ledger, decide)

    async def _changed(
        self, one: Connection, kind: str, changed: Callable[[Connection], Connection], **facts: object
    ) -> Connection:
        return await changed_connection(self._desk, self._actor, one, Changing(kind, changed, facts))

    async def _again(self, one: Connection) -> Connection:
        return await connection_again(self._desk, one)


async def connection_again(desk: ConnectionDesk, one: Connection) -> Connection:
    """The connection as it is now."""
    kept = await desk.connections.connection(one.organization_id, one.id)
    if kept is None:
        raise Refused("not_found", "The connection was deleted.")
    return kept


async def changed_connection(desk: ConnectionDesk, actor: Actor, one: Connection, changing: Changing) -> Connection:
    """The connection with a change, decided on what is kept now; where it changes nothing, nothing is written."""

    async def decide() -> tuple[Change, Connection]:
        was = await connection_again(desk, one)
        now = changing.changed(was)
        if now == was:
            return Change(was.organization_id), was
        now = replace(now, version=was.version + 1)
        rows = (ConnectionUpdate(was, now), *changing.letters)
        return desk.change(now, changing.kind, actor, *rows, **changing.facts), now

    return (await carried_out(desk.ledger, decide))[1]


def refuse_plan(organization: Organization) -> None:
    """Growth needs the plan; what is there can always be looked at, switched off and deleted."""
    if not organization.unlocks(Feature.SSO):
        raise Refused("conflict", "The plan of this organization does not have single sign-on.")


def refuse_other_protocol(one: Connection, protocol: Protocol) -> None:
    """What belongs to another protocol."""
    if one.protocol is not protocol:
        raise Refused("invalid", "That does not belong to a connection of this protocol.")


def unusable(expected: str, received: str) -> Refused:
    """What is said of what a provider publishes and we cannot use."""
    return Refused(
        "invalid", "What the provider publishes cannot be used. Expected: %(expected)s. Received: %(received)s.",
        expected=expected or "–", received=received[:200] or "–",
    )  # fmt: skip


def checked_connection_name(text: str) -> str:
    """A name without white space around it."""
    tidy = text.strip()
    if not tidy or len(tidy) > MAX_NAME or not tidy.isprintable():
        raise Refused("invalid", "A name has 1 to %(most)s printable characters.", most=MAX_NAME)
    return tidy


def _refuse_taken_name(name: str, there: Sequence[Connection], own: Connection | None) -> None:
    others = [one for one in there if own is None or one.id != own.id]
    if any(one.name.casefold() == name.casefold() for one in others):
        raise Refused("conflict", "Another connection of this organization has this name.")


def checked_mapping(mapping: Mapping) -> Mapping:
    """Names of attributes without white space around them."""

    def tidy(names: tuple[str, ...]) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
        if len(found) > MOST_NAMES or any(len(name) > LONGEST_NAME or not name.isprintable() for name in found):
            raise Refused(
                "invalid", "At most %(most)s names of attributes, each of at most %(long)s characters.",
                most=MOST_NAMES, long=LONGEST_NAME,
            )  # fmt: skip
        return found

    return Mapping(tidy(mapping.email), tidy(mapping.first_name), tidy(mapping.last_name), tidy(mapping.groups))


async def effects(desk: ConnectionDesk, one: Connection) -> dict[str, DomainState | None]:
    """The domains of a connection, each with what is known of its proof; None for one that was never claimed."""
    claims = {claim.name: claim for claim in await desk.domains.domains(one.organization_id)}
    return {name: claims[name].state if name in claims else None for name in one.domains}


def with_client_key(desk: ConnectionDesk, own: ConnectionId, oidc: OidcSettings) -> OidcSettings:
    """The same with a key of ours to show instead of a secret; one that is there stays."""
    if oidc.own_key:
        return oidc
    private, public = desk.keys.make_client()
    sealed = desk.vault.encrypt(private, key_context(own))
    return replace(oidc, own_key=base64.b64encode(sealed).decode(), own_public=public)
