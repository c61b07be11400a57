"""A connection: who signs an organization's people in, by which keys, and what its word is worth here.

Rules: a connection has an entity id and an address to answer at of its own, so its answers are never another's; keys
that are trusted stand in its row and nowhere else; the private key and the client secret are sealed.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from hallway.ids import ConnectionId, MemberId, OrganizationId

DAY: Final = 86_400 * 1_000_000
MOST_CONNECTIONS: Final = 20
MAX_NAME: Final = 100
STAGED: Final = DAY
"""How long a key stands in the metadata, known to the administrators, before it is trusted by itself."""


class Protocol(Enum):
    """How its identity provider speaks."""

    SAML = "saml"
    OIDC = "oidc"


class ConnectionState(Enum):
    """`draft`: being set up; only test sign-ins. `active`: signs people in. `disabled`: refuses everybody."""

    DRAFT = "draft"
    ACTIVE = "active"
    DISABLED = "disabled"


class Provider(Enum):
    """Whose product the identity provider is: it chooses words and a guide, and changes no rule."""

    JUMPCLOUD = "jumpcloud"
    OKTA = "okta"
    ENTRA = "entra"
    GOOGLE = "google"
    ONELOGIN = "onelogin"
    PING = "ping"
    ADFS = "adfs"
    KEYCLOAK = "keycloak"
    SHIBBOLETH = "shibboleth"
    OTHER = "other"


class Match(Enum):
    """By what a person is found at her first sign-in; afterwards by her subject alone."""

    EMAIL = "email"
    USER_NAME = "user_name"
    EXTERNAL_ID = "external_id"


class KeyState(Enum):
    """`staged`: new in the metadata, trusted by itself after a day. `offered`: came with a message and stands in the
    metadata; trusted once an administrator approves. `rejected`: she refused it.
    """

    TRUSTED = "trusted"
    STAGED = "staged"
    OFFERED = "offered"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A key of the identity provider: its certificate (DER), since when it is in this state, when its certificate ends
    (None for a bare key), and since when the metadata has it no more.
    """

    certificate: bytes
    state: KeyState
    since: int
    expires_at: int | None = None
    missing_since: int | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """The names under which the identity provider sends what we keep; several stand in order, the first that is there
    counts.
    """

    email: tuple[str, ...] = ()
    first_name: tuple[str, ...] = ()
    last_name: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SamlSettings:
    """What is kept of a SAML identity provider, and what we say of ourselves to it.

    `certificates` are ours (DER): the first is in use, a second one is the next or the last; `other_key` is that one's
    private key, sealed, in base64. `entity_id` and `more_acs_urls` are of a service provider that this one stands in
    for, "" and empty for our own.
    """

    idp_entity_id: str = ""
    redirect_url: str = ""
    post_url: str = ""
    logout_redirect_url: str = ""
    logout_post_url: str = ""
    logout_response_url: str = ""
    wants_signed_requests: bool = False
    keys: tuple[ProviderKey, ...] = ()
    metadata_url: str = ""
    metadata_read_at: int | None = None
    metadata_finding: str = ""
    certificates: tuple[bytes, ...] = ()
    other_key: str = field(default="", repr=False)
    entity_id: str = ""
    more_acs_urls: tuple[str, ...] = ()
    name_id_format: str = ""
    both_signed: bool = False
    relaxations: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether people can be sent to it, and its answers judged."""
        addressed = bool(self.redirect_url or self.post_url)
        return bool(self.idp_entity_id) and addressed and any(one.state is KeyState.TRUSTED for one in self.keys)


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """What is kept of an OpenID provider: `discovery` and `jwks` as they were read, each a JSON text.

    `own_key` is our private key there (PKCS #8, PEM; sealed, in base64) and `own_public` its public half, a JWK: what
    the client shows where it has no secret (private_key_jwt). `staged` is a newer discovery that names other
    addresses: it counts a day after `staged_at`, or once an administrator reads the issuer anew. `returns_here`: the
    provider knows where people come back to once their session there ended.
    """

    issuer: str = ""
    client_id: str = ""
    authentication: str = "client_secret_basic"
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    discovery: str = ""
    discovery_read_at: int | None = None
    jwks: str = ""
    jwks_read_at: int | None = None
    finding: str = ""
    own_key: str = field(default="", repr=False)
    own_public: str = ""
    staged: str = ""
    staged_at: int | None = None
    returns_here: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether people can be sent to it, and its answers judged."""
        return bool(self.issuer and self.client_id and self.discovery)


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection. `sealed` has our private key (SAML) or the client secret (OIDC). `tested_at` is when a test
    sign-in was accepted last; `domains` are those whose people are sent here.
    """

    id: ConnectionId
    organization_id: OrganizationId
    name: str
    protocol: Protocol
    provider: Provider
    state: ConnectionState
    created_at: int
    saml: SamlSettings = field(default_factory=SamlSettings)
    oidc: OidcSettings = field(default_factory=OidcSettings)
    sealed: bytes = field(default=b"", repr=False)
    domains: tuple[str, ...] = ()
    is_default: bool = False
    allow_idp_initiated: bool = False
    just_in_time: bool = False
    match: Match = Match.EMAIL
    mapping: Mapping = field(default_factory=Mapping)
    tested_at: int | None = None
    last_sign_in_at: int | None = None
    due_at: int | None = None
    version: int = 1

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing to sign in."""
        return self.saml.is_complete if self.protocol is Protocol.SAML else self.oidc.is_complete


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is at a connection: the hash of her subject, and the member that she is here."""

    connection_id: ConnectionId
    subject: bytes
    shown: str
    member_id: MemberId
    reason: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Footprint:
    """What would go with a connection: people who are known by it, and sessions that its single logout could end."""

    people: int
    sessions: int


@dataclass(frozen=True, slots=True)
class NewConnection:
    """A row to insert, with its locator."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class ConnectionUpdate:
    """The whole row as it shall be; stale where `was` is not what is kept."""

    was: Connection
    connection: Connection


@dataclass(frozen=True, slots=True)
class ConnectionUsed:
    """Somebody signed in by it just now: noted beside the version, which does not move."""

    connection_id: ConnectionId
    at: int
    test: bool


@dataclass(frozen=True, slots=True)
class ConnectionRemoval:
    """The row goes, with its identities, waiting sign-ins and what was seen of it."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class ConnectionUnchanged:
    """Stale where the connection is no longer as it was decided on."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class NewIdentity:
    """A row to insert; stale where the subject is somebody already."""

    identity: Identity


@dataclass(frozen=True, slots=True)
class IdentitiesRemoval:
    """Every identity of a member goes: her next sign-in is a first one."""

    member_id: MemberId
