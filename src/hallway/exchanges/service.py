"""Keeping what was refused and counting what was read: in memory, written every little while in one batch.

Rules: refusals are bounded per directory and minute, and of reads the first of each hour are kept; counters may be
lost in a crash, refusals of at most a second; nothing of it delays an answer.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from hallway.exchanges.model import HOUR, Exchange, Gathered, StrangerRefusal, TokenUse
from hallway.ids import DirectoryId, OrganizationId

REFUSALS_PER_MINUTE: Final = 600
READS_PER_HOUR: Final = 60
MINUTE: Final = 60 * 1_000_000
STRANGERS_KEPT: Final = 100


class Recorder:
    """Gathers; `taken` hands over what there is and begins anew."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._gathered = Gathered()
        self._kept_this_minute: Counter[DirectoryId] = Counter()
        self._minute = 0
        self._slots: Counter[DirectoryId] = Counter()
        self._reads_this_hour: Counter[DirectoryId] = Counter()
        self._hour = 0

    def used(self, use: TokenUse, what: str) -> None:
        """A token was used to `read` or `write`."""
        self._gathered.uses[use.token_id] = use
        self._gathered.requests[use.organization_id, use.directory_id, use.at // HOUR, what] += 1

    def met(self, organization_id: OrganizationId, directory_id: DirectoryId, quirks: Sequence[str]) -> None:
        """Deviations that a request made use of."""
        for quirk in quirks:
            self._gathered.quirks[organization_id, directory_id, quirk] += 1

    def refused(self, exchange: Exchange) -> None:
        """An authenticated request was refused."""
        minute = self._clock() // MINUTE
        if minute != self._minute:
            self._minute = minute
            self._kept_this_minute.clear()
        self._kept_this_minute[exchange.directory_id] += 1
        hour = exchange.at // HOUR
        self._gathered.requests[exchange.organization_id, exchange.directory_id, hour, "refused"] += 1
        if self._kept_this_minute[exchange.directory_id] <= REFUSALS_PER_MINUTE:
            self._gathered.refusals.append(exchange)

    def wants_read(self, directory_id: DirectoryId, at: int) -> bool:
        """Whether a read at this instant is one of the first of its hour."""
        if at // HOUR != self._hour:
            self._hour = at // HOUR
            self._reads_this_hour.clear()
        return self._reads_this_hour[directory_id] < READS_PER_HOUR

    def read(self, exchange: Exchange) -> None:
        """A read that was answered, and is to be kept."""
        self._reads_this_hour[exchange.directory_id] += 1
        self._gathered.reads.append(exchange)

    def strange(self, refusal: StrangerRefusal) -> None:
        """Somebody without a token of the directory was refused; the last hundred are kept."""
        slot = self._slots[refusal.directory_id] % STRANGERS_KEPT
        self._slots[refusal.directory_id] += 1
        self._gathered.strangers.append((slot, refusal))
        key = (refusal.organization_id, refusal.directory_id, refusal.at // HOUR, "unauthenticated")
        self._gathered.requests[key] += 1
        if len(self._gathered.strangers) > 10 * STRANGERS_KEPT:
            del self._gathered.strangers[: 5 * STRANGERS_KEPT]

    def is_pressed(self) -> bool:
        """Whether something waits that should be written within a second."""
        return bool(self._gathered.refusals or self._gathered.reads)

    def taken(self) -> Gathered:
        """All that was gathered since the last time."""
        gathered, self._gathered = self._gathered, Gathered()
        return gathered

    def give_back(self, gathered: Gathered) -> None:
        """The store could not take it: keep the counters and the newest refusals for the next time."""
        now = self._gathered
        now.requests.update(gathered.requests)
        now.quirks.update(gathered.quirks)
        now.uses = {**gathered.uses, **now.uses}
        now.refusals = [*gathered.refusals, *now.refusals][-10_000:]
        now.reads = [*gathered.reads, *now.reads][-1_000:]
