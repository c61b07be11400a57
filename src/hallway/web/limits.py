"""How often a key may come: a token bucket for each, in this process.

Rules: time is an argument, in seconds of a clock that never goes back; a refusal takes nothing; a full bucket
is not kept, since a new one is the same; the number of kept buckets has a bound, and the fullest go first.
"""

import math
from dataclasses import dataclass
from typing import Final

_MOST_KEYS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """`rate` requests a second for as long as one likes, `burst` at once after a rest; a rate of 0 limits nothing."""

    rate: float
    burst: int


DOMAIN_CHECKS: Final = Bucket(1 / 5, 5)
"""How often somebody has the record of a domain looked for: each time asks the DNS of others."""


class RateLimiter:
    """Buckets of one size by key.

    A bucket is one number: the instant at which it is full again (the "virtual scheduling" form of the
    generic cell rate algorithm, ITU-T I.371).
    """

    __slots__ = ("_allowance", "_full_at", "_interval", "_most_keys")

    def __init__(self, bucket: Bucket, most_keys: int = _MOST_KEYS) -> None:
        self._interval = 1 / bucket.rate if bucket.rate else 0.0
        self._allowance = self._interval * bucket.burst
        self._most_keys = most_keys
        self._full_at: dict[str | bytes, float] = {}

    def take(self, key: str | bytes, now: float) -> float | None:
        """None and one token taken; or, with none taken, the seconds until there is one."""
        full_at = self._full_at.get(key)
        if full_at is None or full_at < now:
            full_at = now
            if len(self._full_at) >= self._most_keys:
                self._forget(now)
        following = full_at + self._interval
        wait = following - now - self._allowance
        # What is less than a microsecond is the rounding of floating-point numbers.
        if wait > 1e-6:
            return wait
        if self._interval:
            self._full_at[key] = following
        return None

    def wait(self, key: str | bytes, now: float) -> float | None:
        """What `take` would answer, without taking."""
        full_at = max(self._full_at.get(key, now), now)
        wait = full_at + self._interval - now - self._allowance
        return wait if wait > 1e-6 else None

    def __len__(self) -> int:
        return len(self._full_at)

    def _forget(self, now: float) -> None:
        kept = {key: full_at for key, full_at in self._full_at.items() if full_at > now}
        if len(kept) >= self._most_keys:
            emptiest = sorted(kept.items(), key=lambda item: item[1])[len(kept) // 4 + 1 :]
            kept = dict(emptiest)
        self._full_at = kept


def retry_after(seconds: float) -> bytes:
    """The value of `Retry-After`: whole seconds, at least one (RFC 9110 §10.2.3)."""
    return b"%d" % max(1, math.ceil(seconds))
