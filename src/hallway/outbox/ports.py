"""What the outbox needs of the outside."""

from collections.abc import Sequence
from typing import Protocol

from hallway.ids import MailId
from hallway.outbox.model import Due, Mail, OutgoingMail


class Vault(Protocol):
    """Seals what must be read back: see `hallway.keys.ring.Ring`."""

    def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        """Ciphertext that only the same context opens."""
        ...

    def decrypt(self, ciphertext: bytes, context: bytes) -> bytes:
        """The plaintext; raises `Undecipherable` or `UnknownKey`."""
        ...


class Outbox(Protocol):
    """The mails that wait; every method raises `Unavailable` where the store cannot serve."""

    async def due(self, now: int, most: int) -> Sequence[Due]:
        """Mails whose time has come, of all tenants, the longest due first."""
        ...

    async def claim(self, due: Due, until: int) -> OutgoingMail | None:
        """Have a mail alone until an instant; None where another process was faster."""
        ...

    async def postpone(self, mail: OutgoingMail, due_at: int) -> None:
        """Give a claimed mail back, to be tried again then; raises `Stale` where it is claimed no more."""
        ...

    async def remove(self, mail: OutgoingMail) -> None:
        """Forget a claimed mail; raises `Stale` where it is claimed no more."""
        ...


class NotCarried(Exception):
    """A mail could not be handed on; the text says why, without naming who it is to or what it says.

    `forever`: another attempt cannot end otherwise. `said` is what the other side said, which may name somebody: for
    whoever sent this one mail by hand, and for no log.
    """

    def __init__(self, reason: str, forever: bool = False, said: str = "") -> None:
        super().__init__(reason)
        self.forever = forever
        self.said = said


class Carrier(Protocol):
    """Hands a mail to whoever brings it on."""

    async def carry(self, mail: Mail, mail_id: MailId, at: int) -> None:
        """Return once the other side has it; the same mail has the same Message-ID and date every time.

        Raises `NotCarried`.
        """
        ...
