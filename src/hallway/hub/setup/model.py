"""A set-up link, the browser that opened it, and how far the work behind it is.

Rules: the secrets of link, browser and mailed code are kept as hashes; a link is alive until it expires, is revoked
or completed; a session of a browser ends with its link.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum

from hallway.hub.setup.returning import Returns
from hallway.ids import ConnectionId, DirectoryId, OrganizationId, SetupLinkId, SetupSessionId


class Task(Enum):
    """What a link can be limited to."""

    DOMAIN = "domain"
    DIRECTORY = "directory"
    SSO = "sso"


class LinkState(Enum):
    """What a link is at an instant."""

    ALIVE = "alive"
    EXPIRED = "expired"
    REVOKED = "revoked"
    COMPLETED = "completed"


class Status(Enum):
    """How far one task is."""

    NOT_STARTED = "not started"
    IN_PROGRESS = "in progress"
    WAITING = "cannot start yet"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Progress:
    """What only the link knows of its work: the provider that was chosen, the directory and the connection that it
    made, the domain that it claims, and whether the bearer said that the values are pasted.
    """

    provider: str = ""
    directory_id: DirectoryId | None = None
    domain: str = ""
    pasted: bool = False
    connection_id: ConnectionId | None = None


@dataclass(frozen=True, slots=True)
class SetupLink:
    """One link. `created_by` is an id on the wire (`mem_…`, `acct_…`, `key_…`) or `command`; with an `email` it also
    asks for a code that is mailed there. A `single_use` one opens once, in one browser, and then lives as long as that
    browser's session.
    """

    id: SetupLinkId
    organization_id: OrganizationId
    hash: bytes
    label: str
    tasks: tuple[Task, ...]
    created_by: str
    created_at: int
    expires_at: int
    email: str = ""
    code_hash: bytes | None = None
    code_at: int | None = None
    code_tries: int = 0
    progress: Progress = field(default_factory=Progress)
    opened_at: int | None = None
    completed_at: int | None = None
    revoked_at: int | None = None
    version: int = 1
    returns: Returns = field(default_factory=Returns)
    single_use: bool = False

    @property
    def is_used_up(self) -> bool:
        """Whether it opens nothing any more, though its work goes on."""
        return self.single_use and self.opened_at is not None

    def state(self, now: int) -> LinkState:
        """What it is at `now`; an end that somebody chose goes before the clock's."""
        if self.completed_at is not None:
            return LinkState.COMPLETED
        if self.revoked_at is not None:
            return LinkState.REVOKED
        return LinkState.ALIVE if now < self.expires_at else LinkState.EXPIRED


@dataclass(frozen=True, slots=True)
class SetupSession:
    """A browser in which a link was opened."""

    id: SetupSessionId
    link_id: SetupLinkId
    hash: bytes
    created_at: int
    expires_at: int
    address: str = ""
    client: str = ""


@dataclass(frozen=True, slots=True)
class NewSetupLink:
    """A row to insert."""

    link: SetupLink


@dataclass(frozen=True, slots=True)
class SetupLinkUpdate:
    """The whole row as it shall be; stale where `was` is not what is kept. A link that ended loses its sessions."""

    was: SetupLink
    link: SetupLink


@dataclass(frozen=True, slots=True)
class NewSetupSession:
    """A row to insert; sessions that are past their end go."""

    session: SetupSession


@dataclass(frozen=True, slots=True)
class SetupSessionEnd:
    """One browser's session goes; nothing happens where it went before."""

    session_id: SetupSessionId


def tasks_in_order(chosen: Collection[Task]) -> tuple[Task, ...]:
    """The chosen tasks, each once, in the order in which a page lists them."""
    return tuple(task for task in Task if task in chosen)
