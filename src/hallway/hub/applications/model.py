"""What we issue to: the vendor's applications with their secrets, and what people granted them.

Rules: an application is a row of the deployment; a grant, its code and its refresh tokens are rows of the organization
that was signed in to; of every secret only the SHA-256 is kept. A grant is never alive by itself: whoever uses it asks
the rows of the organization, the member, the application and the session (`hub.applications.grants`).
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from hallway.ids import (
    APPLICATION,
    AccountId,
    ApplicationId,
    ClientSecretId,
    CodeId,
    ConnectionId,
    GrantId,
    MemberId,
    OrganizationId,
    SessionId,
    SigningKeyId,
    wire,
)

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

CODE_LASTS: Final = MINUTE
REFRESH_LASTS: Final = 30 * DAY
"""A refresh token that is not used for so long ends."""
GRANT_LASTS: Final = 90 * DAY
"""A grant that does not end with its session ends then."""
GRACE: Final = 10 * SECOND
"""How long a client may ask again with a refresh token whose answer it lost."""
MOST_SECRETS: Final = 2


class Kind(Enum):
    """`web` has a secret or a key of its own, `public` (on people's devices) has none, `machine` signs nobody in."""

    WEB = "web"
    PUBLIC = "public"
    MACHINE = "machine"


class ApplicationState(Enum):
    """A disabled application gets nothing, and what it got counts no more."""

    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where an application may send people, and where it is told that a session ended; each exact to the letter."""

    redirect_uris: tuple[str, ...] = ()
    post_logout_uris: tuple[str, ...] = ()
    logout_uri: str = ""
    setup_return_uris: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Application:
    """One client. `scopes` are those of the REST API that it may ask for itself; `jwks` the public keys by which it
    proves itself in place of a secret, "" for none; `required` the attributes of people that it cannot do without.
    """

    id: ApplicationId
    name: str
    kind: Kind
    state: ApplicationState
    created_at: int
    addresses: Addresses = Addresses()
    algorithm: str = "ES256"
    jwks: str = ""
    scopes: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    version: int = 1

    @property
    def client_id(self) -> str:
        """Its name in the protocol."""
        return wire(APPLICATION, self.id)


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """One secret, without its text; `expires_at` is set where another one takes its place."""

    id: ClientSecretId
    application_id: ApplicationId
    hash: bytes = field(repr=False)
    created_at: int
    expires_at: int | None = None
    last_used_at: int | None = None

    def is_alive(self, now: int) -> bool:
        """Whether it still proves anything."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True)
class Grant:
    """That an application may know a member: from one sign-in on. `sid` is the session as the application knows it,
    `session_id` the one that it lives by (another one once its person proved herself again in the same browser).
    `begun_at`, `authenticated_at` and `methods` are the session's.
    """

    id: GrantId
    organization_id: OrganizationId
    application_id: ApplicationId
    member_id: MemberId
    account_id: AccountId
    session_id: SessionId
    connection_id: ConnectionId | None
    scopes: tuple[str, ...]
    sid: str
    authenticated_at: int
    methods: tuple[str, ...]
    entered_at: int
    created_at: int
    expires_at: int
    ended_at: int | None = None
    version: int = 1

    @property
    def is_offline(self) -> bool:
        """Whether it outlives its session."""
        return "offline_access" in self.scopes


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code, with what it is bound to."""

    id: CodeId
    grant_id: GrantId
    hash: bytes = field(repr=False)
    redirect_uri: str
    code_challenge: str = field(repr=False)
    nonce: str = field(repr=False)
    expires_at: int
    used_at: int | None = None


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """One refresh token of a grant, known by its hash."""

    grant_id: GrantId
    hash: bytes = field(repr=False)
    created_at: int
    expires_at: int
    used_at: int | None = None


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A signing key as it is kept: `sealed` opens by the ring only, `public` is its JWK as JSON.

    It is published from the beginning, signs from `signs_from` on, and is published for a while after `retired_at`.
    """

    id: SigningKeyId
    algorithm: str
    sealed: bytes = field(repr=False)
    public: bytes
    created_at: int
    signs_from: int
    retired_at: int | None = None


# What a change writes


@dataclass(frozen=True, slots=True)
class NewApplication:
    """A row to insert."""

    application: Application


@dataclass(frozen=True, slots=True)
class ApplicationUpdate:
    """The whole row as it shall be, decided on `was`."""

    was: Application
    application: Application


@dataclass(frozen=True, slots=True)
class ApplicationRemoval:
    """The row goes with its secrets; stale where it is not as it was."""

    application: Application


@dataclass(frozen=True, slots=True)
class NewClientSecret:
    """A row to insert."""

    secret: ClientSecret


@dataclass(frozen=True, slots=True)
class ClientSecretEnd:
    """A secret ends at an instant; with None it goes now. Stale where it is not there."""

    secret: ClientSecret
    at: int | None


@dataclass(frozen=True, slots=True)
class NewSeenAssertion:
    """That an assertion of a client was used; stale where it was used before."""

    application_id: ApplicationId
    hash: bytes
    until: int
    now: int


@dataclass(frozen=True, slots=True)
class NewGrant:
    """A row to insert; grants, codes and tokens that are long past go."""

    grant: Grant


@dataclass(frozen=True, slots=True)
class GrantHolds:
    """Stale unless the grant has not ended, and its organization and member admit it, once all else is written."""

    grant_id: GrantId


@dataclass(frozen=True, slots=True)
class GrantEnd:
    """A grant ends; stale where it has ended already."""

    grant_id: GrantId
    at: int


@dataclass(frozen=True, slots=True)
class GrantsEnd:
    """These grants end; nothing happens to one that has ended."""

    grant_ids: tuple[GrantId, ...]
    at: int


@dataclass(frozen=True, slots=True)
class GrantsMove:
    """Grants that lived by a session live by the one that took its place."""

    was: SessionId
    session_id: SessionId


@dataclass(frozen=True, slots=True)
class NewCode:
    """A row to insert."""

    code: Code


@dataclass(frozen=True, slots=True)
class CodeUse:
    """A code is used; stale where it was used before."""

    code_id: CodeId
    at: int


@dataclass(frozen=True, slots=True)
class NewRefreshToken:
    """A row to insert."""

    token: RefreshToken


@dataclass(frozen=True, slots=True)
class RefreshTokenUse:
    """A refresh token is used, and those whose grace is over go; stale where it was used before."""

    token: RefreshToken
    at: int


@dataclass(frozen=True, slots=True)
class NewSigningKey:
    """A row to insert."""

    key: KeptKey


@dataclass(frozen=True, slots=True)
class KeyAlone:
    """Stale unless one key of this algorithm is not retired, once all else is written."""

    algorithm: str


@dataclass(frozen=True, slots=True)
class SigningKeyRetirement:
    """A key signs no more from an instant on; stale where it is retired already."""

    key_id: SigningKeyId
    at: int


@dataclass(frozen=True, slots=True)
class SigningKeysForgotten:
    """Keys that were retired before an instant go."""

    before: int
