"""What of a directory's exchanges and counters a page asks for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol, TypeAlias

from hallway.exchanges.model import HOUR, Exchange
from hallway.hub.directories.resources import DirectoryKey
from hallway.ids import ExchangeId, ResourceId

PAGE: Final = 30
DAY_HOURS: Final = 24

Counts: TypeAlias = Mapping[int, Mapping[str, int]]
"""How many requests of each sort, by hour since 1970: `read`, `write`, `refused`, `unauthenticated`."""


class Outcome(Enum):
    """Which exchanges are wanted."""

    ALL = "all"
    CHANGED = "changed"
    REFUSED = "refused"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about exchanges; `people` and `paths` are None where it is about anybody.

    `status` is exact; `path` is a part of a path; `before` is the last one of the page before.
    """

    outcome: Outcome = Outcome.ALL
    people: tuple[ResourceId, ...] | None = None
    paths: tuple[str, ...] = ()
    path: str = ""
    status: int | None = None
    before: ExchangeId | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """The requests of one hour or day; `at` is its begin."""

    at: int
    answered: int
    refused: int
    unauthenticated: int


class Activity(Protocol):
    """Reads exchanges and counters of one directory."""

    async def exchanges(self, key: DirectoryKey, asked: Asked) -> Sequence[Exchange]:
        """One more than `PAGE`, newest first; raises `ScanTimedOut`."""
        ...

    async def counts(self, key: DirectoryKey, since_hour: int) -> Counts:
        """Requests from an hour on."""
        ...


def total(counts: Counts, first: int, after: int) -> Counter[str]:
    """Requests of each sort in the hours from `first` on, up to before `after`."""
    found: Counter[str] = Counter()
    for hour, sorts in counts.items():
        if first <= hour < after:
            found.update(sorts)
    return found


def buckets(counts: Counts, now: int, hours: int, width: int) -> list[Bucket]:
    """The last `hours`, in pieces of `width` hours that end with this hour, oldest first; empty ones too.

    A refusal is a read or a write too, and is taken off what was answered.
    """
    after = now // HOUR + 1
    found = []
    for first in range(after - hours, after, width):
        sorts = total(counts, first, first + width)
        answered = sorts["read"] + sorts["write"] - sorts["refused"]
        found.append(Bucket(first * HOUR, max(0, answered), sorts["refused"], sorts["unauthenticated"]))
    return found
