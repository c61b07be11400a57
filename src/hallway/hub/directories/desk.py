"""What a decision needs around it: the store, the clock, entropy, and who asks.

Rules: instants that are stored are whole milliseconds, so that what is rendered equals what is compared.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hallway.exchanges.model import Exchange
from hallway.hub.directories.links import Ties
from hallway.hub.directories.model import Directory, Kind
from hallway.hub.directories.ports import Directories, Resources
from hallway.hub.directories.resources import DirectoryKey
from hallway.ids import ExchangeId, fresh_id
from hallway.journal.model import Actor
from hallway.journal.ports import Ledger
from hallway.scim.quirks import Tolerance
from hallway.scim.schema import ResourceType


class Queues:
    """One at a time per key, within this process; other processes are met by `Stale`."""

    def __init__(self) -> None:
        self._locks: dict[bytes, tuple[asyncio.Lock, int]] = {}

    def turn(self, key: bytes) -> "_Turn":
        """An asynchronous context manager: wait for the key's turn, and have it."""
        return _Turn(self._locks, key)


class _Turn:
    """One who waits for a key, or has its turn; the last one takes the lock away."""

    __slots__ = ("_key", "_lock", "_locks")

    def __init__(self, locks: dict[bytes, tuple[asyncio.Lock, int]], key: bytes) -> None:
        self._locks = locks
        self._key = key

    async def __aenter__(self) -> None:
        lock, waiting = self._locks.get(self._key, (None, 0))
        self._lock = lock or asyncio.Lock()
        self._locks[self._key] = (self._lock, waiting + 1)
        try:
            await self._lock.acquire()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()
        self._leave()

    def _leave(self) -> None:
        lock, waiting = self._locks[self._key]
        if waiting == 1:
            del self._locks[self._key]
        else:
            self._locks[self._key] = (lock, waiting - 1)


@dataclass(frozen=True, slots=True)
class Desk:
    """The ports, a clock (microseconds since 1970) and entropy (n random bytes)."""

    ledger: Ledger
    resources: Resources
    directories: Directories
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]
    ties: Ties
    queues: Queues = field(default_factory=Queues)

    def now(self) -> int:
        """This instant, to the millisecond."""
        return self.clock() // 1000 * 1000

    def fresh_id(self) -> bytes:
        """A new id."""
        return fresh_id(self.clock(), self.entropy(10))


@dataclass(frozen=True, slots=True)
class Scene:
    """One request to one directory: its types, what it tolerates, who asks, and what is kept of it.

    `base` is the directory's base URL as this client writes it; documents of another `schema_version` are projected
    anew before they are sent. `exchange` lacks its outcome, and is None where
    an earlier commit has written it; `cause` is its id either way.
    """

    directory: Directory
    types: Mapping[Kind, ResourceType]
    tolerance: Tolerance
    actor: Actor
    base: bytes
    schema_version: int = 1
    exchange: Exchange | None = None
    cause: ExchangeId | None = None

    @property
    def key(self) -> DirectoryKey:
        """Where the directory's rows are."""
        return DirectoryKey(self.directory.organization_id, self.directory.id)
