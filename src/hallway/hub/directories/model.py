"""A directory, its rules and its tokens."""

from dataclasses import dataclass, field
from enum import Enum, IntEnum

from hallway.hub.organizations.model import Organization
from hallway.ids import DirectoryId, OrganizationId, TokenId
from hallway.scim.quirks import Quirk


class Provider(Enum):
    """Whose product pushes; it chooses the words of guides, and no behaviour."""

    JUMPCLOUD = "jumpcloud"
    OKTA = "okta"
    ENTRA = "entra"
    ONELOGIN = "onelogin"
    GOOGLE = "google"
    PING = "ping"
    CYBERARK = "cyberark"
    OTHER = "other"


class DirectoryState(Enum):
    """`DISABLED` refuses writes and serves reads; `DELETED` keeps only what its people left."""

    ACTIVE = "active"
    DISABLED = "disabled"
    DELETED = "deleted"


class Kind(IntEnum):
    """What a resource is, as its row says it; `GONE` is a deleted user that the directory's rules keep."""

    USER = 1
    GROUP = 2
    GONE = 3


@dataclass(frozen=True, slots=True)
class Rules:
    """How one directory wants to be served.

    `immutable` holds lower-case attribute paths that SCIM may not change after creation;
    `delete_deactivates` keeps a deleted user, hidden and inactive; `restore_by_external_id` makes a re-created
    user with the same externalId the same person; `quirks_on` are quirks that are off by default.
    """

    strict: bool = False
    user_name_is_email: bool = False
    immutable: tuple[str, ...] = ()
    delete_deactivates: bool = False
    restore_by_external_id: bool = True
    group_names_unique: bool = True
    group_patch_answers_resource: bool = False
    quirks_on: frozenset[Quirk] = frozenset()
    schemas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Directory:
    """One SCIM source of one organization; the object that a directory token unlocks."""

    id: DirectoryId
    organization: Organization
    name: str
    provider: Provider
    state: DirectoryState
    created_at: int
    base_path: str = ""
    rules: Rules = field(default_factory=Rules)

    @property
    def organization_id(self) -> OrganizationId:
        """The tenant."""
        return self.organization.id


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token of one directory; only the SHA-256 of its text is kept.

    `imported` tokens were made elsewhere: they are found by their hash, ours by their id. `replaces` is the token
    whose place this one takes, `first_used_at` when a request first came with it.
    """

    id: TokenId
    organization_id: OrganizationId
    directory_id: DirectoryId
    label: str
    hash: bytes
    created_at: int
    expires_at: int
    imported: bool = False
    revoked_at: int | None = None
    last_used_at: int | None = None
    last_address: str = ""
    last_client: str = ""
    first_used_at: int | None = None
    replaces: TokenId | None = None

    def is_alive(self, now: int) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class NewDirectory:
    """A row to insert, with its locator."""

    directory: Directory


@dataclass(frozen=True, slots=True)
class DirectoryUpdate:
    """The whole row as it shall be; stale where it is no longer in `was`."""

    directory: Directory
    was: DirectoryState


@dataclass(frozen=True, slots=True)
class NewToken:
    """A row to insert, with its locator."""

    token: Token


@dataclass(frozen=True, slots=True)
class TokenRevocation:
    """Ends a token that is not yet revoked; its locator goes."""

    token: Token
    at: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A directory at a glance."""

    users: int
    groups: int
    last_request_at: int | None = None
    quirks: dict[str, int] = field(default_factory=dict)
    reads: int = 0
