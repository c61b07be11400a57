"""What accounts need of the outside."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from hallway.accounts.model import Account, MailLink, Passkey, Realm, RecoveryCode, Session
from hallway.ids import AccountId, MailLinkId, SessionId
from hallway.journal.model import Row


class Accounts(Protocol):
    """Accounts and all that belongs to them."""

    async def by_id(self, account_id: AccountId) -> Account | None:
        """One account."""
        ...

    async def by_email(self, realm: Realm, email: str) -> Account | None:
        """The account that has this address, without case."""
        ...

    async def session(self, account_id: AccountId, session_id: SessionId) -> Session | None:
        """One session, ended or not."""
        ...

    async def sessions(self, account_id: AccountId) -> Sequence[Session]:
        """Sessions that have not ended, newest first."""
        ...

    async def passkeys(self, account_id: AccountId) -> Sequence[Passkey]:
        """All passkeys, oldest first."""
        ...

    async def passkey(self, account_id: AccountId, credential: bytes) -> Passkey | None:
        """The passkey with this credential id."""
        ...

    async def recovery_codes(self, account_id: AccountId) -> Sequence[RecoveryCode]:
        """All codes, used or not, by slot."""
        ...

    async def link(self, owner: bytes, link_id: MailLinkId) -> MailLink | None:
        """One mail link of an account, or of the deployment."""
        ...

    async def seen(self, at: Mapping[tuple[AccountId, SessionId], int]) -> None:
        """Note when sessions were seen last; may be lost in a crash."""
        ...


class Letters(Protocol):
    """Makes the rows by which a change promises a mail."""

    def __call__(self, tenant: bytes, to: str, subject: str, text: str) -> Sequence[Row]:
        """Rows that send it once the change is durable."""
        ...


class Onlookers(Protocol):
    """Who has to know that sessions end: what somebody signed in to by them ends with them."""

    async def ending(self, account_id: AccountId, ends: Callable[[SessionId], bool]) -> None:
        """Sessions of the account are about to end; asked before they do, so that nobody is left untold."""
        ...

    async def replaced(self, account_id: AccountId, was: SessionId, now: SessionId) -> None:
        """One browser's session took the place of another."""
        ...


class Nobody:
    """No onlookers: of accounts that sign in to nothing else."""

    async def ending(self, account_id: AccountId, ends: Callable[[SessionId], bool]) -> None:
        """Nothing to do."""

    async def replaced(self, account_id: AccountId, was: SessionId, now: SessionId) -> None:
        """Nothing to do."""


class Vault(Protocol):
    """Seals what must be read back: see `hallway.keys.ring.Ring`."""

    def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        """Ciphertext that only the same context opens."""
        ...

    def decrypt(self, ciphertext: bytes, context: bytes) -> bytes:
        """The plaintext; raises `Undecipherable` or `UnknownKey`."""
        ...


class Hasher(Protocol):
    """Hashes passwords away from the loop, a few at a time; raises `Unavailable` where too many wait."""

    async def hash(self, password: str) -> str:
        """A PHC string."""
        ...

    async def fits(self, kept: str | None, password: str) -> bool:
        """Whether the password is the kept one; without one it is never, and costs as much."""
        ...
