"""A person who signs in here, what proves that it is her, and where she is signed in.

Rules: an account is a tenant of its own, so its id is the organization of its rows and of its journal; an address has
one account in each realm; of every secret only a hash is kept, except one-time codes, whose seed is sealed.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from hallway.ids import AccountId, ConnectionId, MailLinkId, OrganizationId, PasskeyId, SessionId

MINUTE: Final = 60 * 1_000_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

SSO_METHOD: Final = "sso:"
"""What the method of a session through a connection begins with; the connection's id in hexadecimal follows."""

DEPLOYMENT: Final = OrganizationId(bytes(16))
"""The tenant of what belongs to no customer: operators, and links to addresses that have no account yet."""


class Realm(Enum):
    """Whose console an account opens; one address may have an account in each, and they know nothing of each other.

    `SSO`: made by one organization's connection for one of its members; it opens the console there only, has no
    credential of its own, and no address finds it.
    """

    CONSOLE = "console"
    OPERATOR = "operator"
    SSO = "sso"


class AccountState(Enum):
    """A closed account signs in nowhere."""

    ACTIVE = "active"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Account:
    """One person. `password` is a PHC string; `otp` the sealed seed of her one-time codes, `otp_step` the last step
    that was used. Sessions that began before `sessions_from` are ended.
    """

    id: AccountId
    realm: Realm
    state: AccountState
    email: str
    name: str
    created_at: int
    locale: str = ""
    password: str | None = field(default=None, repr=False)
    password_at: int | None = None
    otp: bytes | None = field(default=None, repr=False)
    otp_at: int | None = None
    otp_step: int = 0
    proved_at: int | None = None
    sessions_from: int = 0
    version: int = 1

    @property
    def shown(self) -> str:
        """Her name, or her address while no name is known."""
        return self.name or self.email


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser. `opened` is the organization that it works in, entered at `entered_at`."""

    id: SessionId
    account_id: AccountId
    hash: bytes = field(repr=False)
    methods: tuple[str, ...]
    created_at: int
    authenticated_at: int
    seen_at: int
    expires_at: int
    address: str
    client: str
    ended_at: int | None = None
    opened: OrganizationId | None = None
    entered_at: int | None = None

    @property
    def connection(self) -> ConnectionId | None:
        """The connection that it began through, None where its person showed a credential of her own."""
        for method in self.methods:
            if method.startswith(SSO_METHOD):
                return ConnectionId(bytes.fromhex(method.removeprefix(SSO_METHOD)))
        return None


@dataclass(frozen=True, slots=True)
class Passkey:
    """A WebAuthn credential (W3C Web Authentication §4)."""

    id: PasskeyId
    account_id: AccountId
    label: str
    credential: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    created_at: int
    last_used_at: int | None = None


@dataclass(frozen=True, slots=True)
class RecoveryCode:
    """One of the codes that stand in for one-time codes, each once."""

    slot: int
    hash: bytes
    used_at: int | None = None


class Purpose(Enum):
    """What a link in a mail is for."""

    REGISTER = "register"
    RESET = "reset"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class MailLink:
    """A link that proves an address once. `owner` is the account's tenant, or the deployment's while there is none;
    `facts` is what was said when it was asked for.
    """

    id: MailLinkId
    owner: bytes
    purpose: Purpose
    hash: bytes = field(repr=False)
    email: str
    facts: dict[str, str]
    created_at: int
    expires_at: int
    used_at: int | None = None

    def is_open(self, now: int) -> bool:
        """Whether it can still be used."""
        return self.used_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A row to insert, with the locator of its address and the head of its journal."""

    account: Account


@dataclass(frozen=True, slots=True)
class AccountUpdate:
    """The whole row as it shall be, decided on `was`; another address takes the locator along."""

    was: Account
    account: Account


@dataclass(frozen=True, slots=True)
class NewSession:
    """A row to insert."""

    session: Session


@dataclass(frozen=True, slots=True)
class SessionUpdate:
    """The whole row as it shall be; stale where the session has ended meanwhile."""

    session: Session


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """One session ends; nothing happens to one that has ended."""

    session_id: SessionId
    at: int


@dataclass(frozen=True, slots=True)
class SessionsEnd:
    """All sessions of the account end but `kept`."""

    at: int
    kept: SessionId | None = None


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A row to insert."""

    passkey: Passkey


@dataclass(frozen=True, slots=True)
class PasskeyUpdate:
    """Label, counter and last use as they shall be; stale where the counter is no longer `was`'s."""

    was: Passkey
    passkey: Passkey


@dataclass(frozen=True, slots=True)
class PasskeyRemoval:
    """The row goes."""

    passkey_id: PasskeyId


@dataclass(frozen=True, slots=True)
class PasskeysRemoval:
    """All passkeys of the account go."""


@dataclass(frozen=True, slots=True)
class RecoveryCodes:
    """The codes as they shall be, in place of those of before; none at all where empty."""

    codes: tuple[RecoveryCode, ...]


@dataclass(frozen=True, slots=True)
class RecoveryCodeUse:
    """A code is used; stale where it was used before."""

    slot: int
    at: int


@dataclass(frozen=True, slots=True)
class NewMailLink:
    """A row to insert."""

    link: MailLink


@dataclass(frozen=True, slots=True)
class MailLinkUse:
    """A link is used; stale where it was used before."""

    link_id: MailLinkId
    at: int


@dataclass(frozen=True, slots=True)
class MailLinksEnd:
    """All open links of this tenant for a purpose end, but `kept`; only in an account's own tenant."""

    purpose: Purpose
    at: int
