"""How often somebody may guess, and how many mails she may have sent.

Rules: wrong passwords of browsers that never signed in to an account share one allowance for it, so that a stranger
who fails shuts out strangers only; a browser that did sign in has its own. Counted in this process.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from hallway.web.guards import Limited
from hallway.web.limits import Bucket, RateLimiter, retry_after

PER_ADDRESS: Final = Bucket(1, 60)
"""Attempts of one network address: a whole office may stand behind it."""
PASSWORDS: Final = Bucket(1 / 60, 10)
"""Wrong passwords for one account, from one browser that is known or from all that are not."""
CODES: Final = Bucket(1 / 120, 6)
"""Wrong one-time codes for one account."""
MAILS: Final = Bucket(1 / 600, 4)
"""Mails to one address that nobody who is signed in asked for."""
MAILS_FROM: Final = Bucket(1 / 60, 20)
"""Such mails that one network address may ask for."""

_TOO_MANY: Final = "Too many attempts."


@dataclass(slots=True)
class Doors:
    """The allowances of one process; raises `Limited`."""

    now: Callable[[], float] = monotonic
    _addresses: RateLimiter = field(default_factory=lambda: RateLimiter(PER_ADDRESS))
    _passwords: RateLimiter = field(default_factory=lambda: RateLimiter(PASSWORDS))
    _codes: RateLimiter = field(default_factory=lambda: RateLimiter(CODES))
    _mails: RateLimiter = field(default_factory=lambda: RateLimiter(MAILS))
    _mails_from: RateLimiter = field(default_factory=lambda: RateLimiter(MAILS_FROM))

    def come(self, address: str) -> None:
        """Somebody tries something that can be guessed."""
        self._refuse(self._addresses.take(address, self.now()))

    def password(self, key: bytes) -> None:
        """A password is about to be tried."""
        self._refuse(self._passwords.wait(key, self.now()))

    def wrong_password(self, key: bytes) -> None:
        """It was wrong."""
        self._passwords.take(key, self.now())

    def code(self, account_id: bytes) -> None:
        """A code is about to be tried."""
        self._refuse(self._codes.wait(account_id, self.now()))

    def wrong_code(self, account_id: bytes) -> None:
        """It was wrong."""
        self._codes.take(account_id, self.now())

    def mail(self, address: str, email: str) -> bool:
        """Whether a mail may go to this address once more; the answer of the page is the same."""
        self._refuse(self._mails_from.take(address, self.now()))
        key = hashlib.sha256(email.strip().casefold().encode()).digest()
        return self._mails.take(key, self.now()) is None

    def _refuse(self, wait: float | None) -> None:
        if wait is not None:
            raise Limited(_TOO_MANY, retry_after(wait))
