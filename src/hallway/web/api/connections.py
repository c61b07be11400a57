"""Connections to identity providers, by the API."""

from dataclasses import replace
from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from hallway.hub.connections.addresses import acs_url, entity_id, login_url, logout_url, metadata_url, redirect_uri
from hallway.hub.connections.desk import ConnectionDesk, found_connection
from hallway.hub.connections.keeping import KeyBook
from hallway.hub.connections.model import Connection as Kept
from hallway.hub.connections.model import ConnectionState, KeyState, Match, Protocol, Provider
from hallway.hub.connections.model import Mapping as KeptMapping
from hallway.hub.connections.openid import AUTHENTICATIONS, Client, take_client
from hallway.hub.connections.service import ConnectionBook, Draft, Wishes
from hallway.hub.connections.trusted import fingerprint, key_name
from hallway.ids import CONNECTION, ORGANIZATION, wire
from hallway.web.api.endpoint import Answer, Body, Call, Document, Endpoint
from hallway.web.api.organizations import ONE as ORGANIZATION_PATH
from hallway.web.api.organizations import organization_of
from hallway.web.api.paging import Next, Paged, sliced
from hallway.web.api.problems import ApiProblem
from hallway.web.api.words import ConnectionId, DomainName, Instant, OrganizationId, instant, maybe
from hallway.web.wiring import connection_desk

PATH: Final = f"{ORGANIZATION_PATH}/connections"
ONE: Final = f"{PATH}/{{connection}}"
KEY: Final = f"{ONE}/keys/{{key}}"
OWN: Final = f"{ONE}/own-certificates"
READ, WRITE = "connections:read", "connections:write"

Name = Annotated[str, Meta(min_length=1, max_length=100, description="A name for people.", examples=["Acme, Okta"])]
Names = Annotated[
    list[str], Meta(max_length=10, description="Names of attributes; the first that came counts.", examples=[["mail"]])
]
Url = Annotated[str, Meta(examples=["https://hub.example/sso/0f1e"])]
Domains = Annotated[list[DomainName], Meta(max_length=100, description="Whose people are sent to it.")]
MatchWord = Annotated[Match, Meta(description="By what a person is found at her first sign-in.")]


class Mapping(Document, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Under which names the provider sends what is kept; empty lists: the usual ones."""

    email: Names = []
    first_name: Names = []
    last_name: Names = []
    groups: Names = []


class ProviderKey(Document, frozen=True, kw_only=True):
    """A key of the identity provider."""

    name: Annotated[str, Meta(description="What its routes name it by.", examples=["0f" * 32])]
    fingerprint: Annotated[str, Meta(description="SHA-256 of its certificate.", examples=["0F:1E:2D"])]
    state: Annotated[KeyState, Meta(description="`offered` waits for approval; `staged` is trusted after a day.")]
    expires_at: Instant | None
    missing_since: Annotated[Instant | None, Meta(description="Since when the metadata has it no more.")]


class OwnCertificate(Document, frozen=True, kw_only=True):
    """A certificate of ours, as our metadata has it."""

    fingerprint: Annotated[str, Meta(description="SHA-256 of it.", examples=["0F:1E:2D"])]
    signs: Annotated[bool, Meta(description="Whether it signs; the other one is the next, or the one of before.")]


class Connection(Document, frozen=True, kw_only=True):
    """Who signs an organization's people in, and what is pasted there."""

    id: ConnectionId
    organization: OrganizationId
    name: Name
    protocol: Protocol
    provider: Annotated[Provider, Meta(description="Whose product it is: it chooses words, and changes no rule.")]
    state: Annotated[ConnectionState, Meta(description="A draft signs in for tests only.")]
    is_complete: Annotated[bool, Meta(description="Whether nothing is missing to enable it.")]
    is_default: Annotated[bool, Meta(description="Whether people whose domain no connection names are sent here.")]
    domains: Domains
    match: MatchWord
    allow_idp_initiated: bool
    just_in_time: Annotated[bool, Meta(description="Whether a first sign-in makes a member.")]
    both_signed: Annotated[bool, Meta(description="Whether response and assertion have to be signed.")]
    mapping: Mapping
    provider_entity_id: Annotated[
        str | None, Meta(description="How the provider names itself.", examples=["http://okta/1"])
    ]
    metadata_url: Annotated[
        str | None, Meta(description="Where its metadata is read again.", examples=["https://okta/m"])
    ]
    keys: list[ProviderKey]
    own_certificates: list[OwnCertificate]
    login_url: Url
    entity_id: Annotated[
        str | None, Meta(description="SAML: how we are called there.", examples=["https://hub.example/…"])
    ]
    acs_url: Annotated[
        str | None, Meta(description="SAML: where answers come.", examples=["https://hub.example/…/acs"])
    ]
    own_metadata_url: Annotated[str | None, Meta(description="SAML: our metadata.", examples=["https://hub.example/…"])]
    logout_url: Annotated[str | None, Meta(description="SAML: where logout messages come.", examples=["https://…"])]
    redirect_uri: Annotated[
        str | None, Meta(description="OIDC: where the code comes.", examples=["https://…/callback"])
    ]
    created_at: Instant
    tested_at: Annotated[Instant | None, Meta(description="When a test sign-in was accepted last.")]
    last_sign_in_at: Instant | None


class ConnectionList(Document, frozen=True, kw_only=True):
    """A page of connections, oldest first."""

    items: list[Connection]
    next: Next


class NewConnection(Body, frozen=True, kw_only=True):
    """A connection to make: a draft, which signs nobody in yet."""

    name: Name
    protocol: Protocol
    provider: Provider = Provider.OTHER


class ConnectionPatch(Body, frozen=True, kw_only=True):
    """What shall be different; what is left out stays."""

    name: Name | UnsetType = UNSET
    domains: Domains | UnsetType = UNSET
    match: MatchWord | UnsetType = UNSET
    allow_idp_initiated: bool | UnsetType = UNSET
    just_in_time: bool | UnsetType = UNSET
    both_signed: bool | UnsetType = UNSET
    mapping: Mapping | UnsetType = UNSET


class ProviderTold(Body, frozen=True, kw_only=True):
    """Who the identity provider is. SAML: `metadata_url`, or `metadata`, or `sign_in_url` with `certificate` and
    `entity_id`. OIDC: `issuer`, `client_id`, `client_secret`.
    """

    metadata_url: Annotated[str, Meta(max_length=2048, description="Read now, and from now on again.")] = ""
    metadata: Annotated[str, Meta(max_length=200_000, description="Metadata as XML; nothing reads it again.")] = ""
    sign_in_url: Annotated[str, Meta(max_length=2048)] = ""
    certificate: Annotated[str, Meta(max_length=20_000, description="PEM or base64.")] = ""
    entity_id: Annotated[str, Meta(max_length=1024)] = ""
    issuer: Annotated[str, Meta(max_length=2048)] = ""
    client_id: Annotated[str, Meta(max_length=512)] = ""
    client_secret: Annotated[
        str, Meta(max_length=512, description="Never shown again; empty keeps the one before.")
    ] = ""
    client_authentication: Annotated[str, Meta(description=" or ".join(f"`{one}`" for one in AUTHENTICATIONS))] = (
        AUTHENTICATIONS[0]
    )


def _desk(call: Call) -> ConnectionDesk:
    return replace(connection_desk(call.hub), ledger=call.hub.desk.ledger)


def _book(call: Call) -> ConnectionBook:
    return ConnectionBook(_desk(call), call.actor)


def document(one: Kept, base_url: str) -> Connection:
    """A connection as the API shows it."""
    saml, there = one.protocol is Protocol.SAML, one.saml
    return Connection(
        id=wire(CONNECTION, one.id), organization=wire(ORGANIZATION, one.organization_id), name=one.name,
        protocol=one.protocol, provider=one.provider, state=one.state, is_complete=one.is_complete,
        is_default=one.is_default, domains=list(one.domains), match=one.match,
        allow_idp_initiated=one.allow_idp_initiated, just_in_time=one.just_in_time, both_signed=there.both_signed,
        mapping=Mapping(
            email=list(one.mapping.email), first_name=list(one.mapping.first_name),
            last_name=list(one.mapping.last_name), groups=list(one.mapping.groups),
        ),
        provider_entity_id=there.idp_entity_id or one.oidc.issuer or None, metadata_url=there.metadata_url or None,
        keys=[
            ProviderKey(
                name=key_name(key.certificate), fingerprint=fingerprint(key.certificate), state=key.state,
                expires_at=maybe(key.expires_at), missing_since=maybe(key.missing_since),
            )
            for key in there.keys
        ],
        own_certificates=[
            OwnCertificate(fingerprint=fingerprint(certificate), signs=place == 0)
            for place, certificate in enumerate(there.certificates)
        ],
        login_url=login_url(base_url, one), entity_id=entity_id(base_url, one) if saml else None,
        acs_url=acs_url(base_url, one) if saml else None,
        own_metadata_url=metadata_url(base_url, one) if saml else None,
        logout_url=logout_url(base_url, one) if saml else None,
        redirect_uri=None if saml else redirect_uri(base_url, one), created_at=instant(one.created_at),
        tested_at=maybe(one.tested_at), last_sign_in_at=maybe(one.last_sign_in_at),
    )  # fmt: skip


def etag(one: Kept) -> str:
    """Its version: that somebody signs in by it is no new one."""
    return f'"{one.version}"'


def _answer(call: Call, one: Kept, location: str = "") -> Answer:
    return Answer(document(one, call.hub.settings.base_url), etag(one), location)


async def _connection(call: Call) -> Kept:
    """The connection that the path names, as If-Match wants it."""
    owner = await organization_of(call)
    one = await found_connection(_desk(call), owner.id, call.param("connection"))
    call.expected.must_be(etag(one), (one.id, one.version))
    return one


async def connection_list(call: Call) -> Answer:
    """Oldest first."""
    owner = await organization_of(call)
    there = await call.hub.stores.connections.connections(owner.id)
    page, following = sliced(there, lambda one: one.id, call.asked(Paged))
    return Answer(ConnectionList(items=[document(one, call.hub.settings.base_url) for one in page], next=following))


async def connection_create(call: Call) -> Answer:
    """A draft."""
    said, owner = call.said(NewConnection), await organization_of(call)
    made = await _book(call).create(owner, Draft(said.name, said.protocol, said.provider))
    return _answer(call, made, f"{call.request.path}/{wire(CONNECTION, made.id)}")


async def connection_get(call: Call) -> Answer:
    """One connection."""
    return _answer(call, await _connection(call))


async def connection_update(call: Call) -> Answer:
    """Name, domains, what it may do, names of attributes."""
    one, said = await _connection(call), call.said(ConnectionPatch)
    mapping = one.mapping
    if said.mapping is not UNSET:
        told = said.mapping
        mapping = KeptMapping(tuple(told.email), tuple(told.first_name), tuple(told.last_name), tuple(told.groups))
    wishes = Wishes(
        name=one.name if said.name is UNSET else said.name,
        allow_idp_initiated=one.allow_idp_initiated if said.allow_idp_initiated is UNSET else said.allow_idp_initiated,
        just_in_time=one.just_in_time if said.just_in_time is UNSET else said.just_in_time,
        match=one.match if said.match is UNSET else said.match,
        both_signed=one.saml.both_signed if said.both_signed is UNSET else said.both_signed,
        mapping=mapping,
        entity_id=one.saml.entity_id,
        more_acs_urls=one.saml.more_acs_urls,
    )
    now = await _book(call).set_up(one, wishes)
    if said.domains is not UNSET:
        now = await _book(call).set_domains(now, said.domains)
    return _answer(call, now)


async def connection_provider(call: Call) -> Answer:
    """Who the identity provider is."""
    one, said = await _connection(call), call.said(ProviderTold)
    book = _book(call)
    if one.protocol is Protocol.OIDC:
        way, returns = said.client_authentication, one.oidc.returns_here
        client = Client(said.issuer, said.client_id, said.client_secret, way, returns)
        return _answer(call, await take_client(_desk(call), call.actor, one, client))
    if said.metadata_url:
        return _answer(call, await book.take_url(one, said.metadata_url))
    if said.metadata:
        return _answer(call, await book.take_metadata(one, said.metadata.encode()))
    if not said.certificate:
        raise ApiProblem("invalid", "Say metadata_url, or metadata, or sign_in_url, certificate and entity_id.")
    return _answer(call, await book.take_certificate(one, said.sign_in_url, said.certificate, said.entity_id))


async def connection_enable(call: Call) -> Answer:
    """It signs people in."""
    owner, one = await organization_of(call), await _connection(call)
    return _answer(call, await _book(call).enable(one, owner))


async def connection_disable(call: Call) -> Answer:
    """It refuses everybody."""
    return _answer(call, await _book(call).disable(await _connection(call)))


async def connection_make_default(call: Call) -> Answer:
    """It takes whom no other one is for."""
    return _answer(call, await _book(call).make_default(await _connection(call)))


async def connection_key_approve(call: Call) -> Answer:
    """A key counts."""
    one = await _connection(call)
    return _answer(call, await KeyBook(_desk(call), call.actor).approve(one, call.param("key")))


async def connection_key_reject(call: Call) -> Answer:
    """A key never counts."""
    one = await _connection(call)
    return _answer(call, await KeyBook(_desk(call), call.actor).reject(one, call.param("key")))


async def connection_key_remove(call: Call) -> Answer:
    """A key counts no more."""
    await KeyBook(_desk(call), call.actor).remove(await _connection(call), call.param("key"))
    return Answer()


async def connection_own_add(call: Call) -> Answer:
    """A second certificate of ours."""
    return _answer(call, await KeyBook(_desk(call), call.actor).renew_own(await _connection(call)))


async def connection_own_switch(call: Call) -> Answer:
    """The second one signs."""
    return _answer(call, await KeyBook(_desk(call), call.actor).switch_own(await _connection(call)))


async def connection_own_drop(call: Call) -> Answer:
    """The one that does not sign goes."""
    await KeyBook(_desk(call), call.actor).drop_own(await _connection(call))
    return Answer()


async def connection_delete(call: Call) -> Answer:
    """It goes."""
    await _book(call).delete(await _connection(call))
    return Answer()


ENDPOINTS: Final = (
    Endpoint("GET", PATH, READ, "List connections.", connection_list, ConnectionList, query=Paged),
    Endpoint(
        "POST", PATH, WRITE, "Make a connection.", connection_create, Connection, NewConnection, status=201,
        about="A draft: it has its addresses, and signs nobody in yet.", versioned=True,
    ),
    Endpoint("GET", ONE, READ, "Get a connection.", connection_get, Connection, versioned=True),
    Endpoint(
        "PATCH", ONE, WRITE, "Change name, domains, rules or mapping.", connection_update, Connection, ConnectionPatch,
        versioned=True, about="A domain that is not proved may be named, and does nothing yet.",
    ),
    Endpoint(
        "POST", f"{ONE}/provider", WRITE, "Say who the identity provider is.", connection_provider, Connection,
        ProviderTold, about="What it publishes is read and judged at once. Keys of before go on beside the new ones.",
    ),
    Endpoint("POST", f"{ONE}/enable", WRITE, "Enable a connection.", connection_enable, Connection),
    Endpoint(
        "POST", f"{ONE}/disable", WRITE, "Disable a connection.", connection_disable, Connection,
        about="It refuses everybody; sessions that it opened go on until they end.",
    ),
    Endpoint("POST", f"{ONE}/make-default", WRITE, "Make it the default.", connection_make_default, Connection),
    Endpoint("POST", f"{KEY}/approve", WRITE, "Trust a provider's key.", connection_key_approve, Connection),
    Endpoint("POST", f"{KEY}/reject", WRITE, "Never trust a provider's key.", connection_key_reject, Connection),
    Endpoint("DELETE", KEY, WRITE, "Remove a provider's key.", connection_key_remove, status=204),
    Endpoint(
        "POST", OWN, WRITE, "Make a second certificate of ours.", connection_own_add, Connection,
        about="It is published beside the one that signs. Give it to the provider, then switch.",
    ),
    Endpoint("POST", f"{OWN}/switch", WRITE, "Sign with the second certificate.", connection_own_switch, Connection),
    Endpoint("DELETE", OWN, WRITE, "Remove the certificate that does not sign.", connection_own_drop, status=204),
    Endpoint(
        "DELETE", ONE, WRITE, "Delete a connection.", connection_delete, status=204, versioned=True,
        about="With what it knew of people, and its attempts.",
    ),
)  # fmt: skip
"""The rows."""
