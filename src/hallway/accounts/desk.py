"""What every service of accounts works with, and what they all make: ids, entries, links, sessions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from hallway.accounts.model import (
    DAY,
    HOUR,
    Account,
    MailLink,
    NewSession,
    Purpose,
    Session,
    SessionEnd,
    SessionsEnd,
)
from hallway.accounts.ports import Accounts, Hasher, Letters, Nobody, Onlookers, Vault
from hallway.ids import AccountId, EntryId, MailLinkId, OrganizationId, SessionId, fresh_id
from hallway.journal.model import Actor, Change, Entry, Row
from hallway.journal.ports import Ledger
from hallway.scim.json import JsonObject
from hallway.secret_text import LINK, SECRET_BYTES, SecretText

LINK_HOURS: Final = {Purpose.REGISTER: 24, Purpose.RESET: 1, Purpose.ADDRESS: 24}
SESSION: Final = "hw_session_"
SESSION_HOURS: Final = 14 * 24


class Declined(Exception):
    """A person's own input is refused; `field` is what to look at, `sentence` (a message, with `values` in it) what to
    do about it.
    """

    def __init__(self, field: str, sentence: str, **values: object) -> None:
        super().__init__(sentence % values if values else sentence)
        self.field = field
        self.sentence = sentence
        self.values = values


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a request of a person comes from."""

    address: str
    client: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session, and the text that its browser keeps, which is nowhere else."""

    session: Session
    text: str


@dataclass(frozen=True, slots=True)
class Means:
    """What accounts stand on; `clock` in microseconds, `entropy` n random bytes."""

    ledger: Ledger
    accounts: Accounts
    hasher: Hasher
    vault: Vault
    letters: Letters
    onlookers: Onlookers = field(default_factory=Nobody)


@dataclass(frozen=True, slots=True)
class AccountDesk:
    """Means, time and chance. `base_url` begins every link in a mail; `product` is what we are called there. A session
    ends after `session_hours` of its last proof.
    """

    means: Means
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]
    base_url: str
    product: str
    session_hours: int = SESSION_HOURS

    def fresh_id(self) -> bytes:
        """An id for something new."""
        return fresh_id(self.clock(), self.entropy(10))

    def entry(self, account: Account, kind: str, browser: Browser, facts: JsonObject, **personal: str) -> Entry:
        """What an account's own journal says."""
        actor = Actor("account", account.id, account.shown, browser.address)
        told: JsonObject = {**personal}
        return Entry(
            EntryId(self.fresh_id()), kind, self.clock(), actor, account.id, None, None, facts=facts, personal=told
        )

    def client_entry(self, account: Account, kind: str, browser: Browser, facts: JsonObject) -> Entry:
        """The same, with the program that the person used."""
        return self.entry(account, kind, browser, facts, client=browser.client[:300])

    async def write(self, account_id: AccountId, rows: tuple[Row, ...], *entries: Entry) -> None:
        """Commit rows of an account's tenant; who has to know of sessions that end is told. Raises `Stale` and
        `Unavailable`.
        """
        first = entries[0].id if entries else b""
        ended = [row.session_id for row in rows if isinstance(row, SessionEnd)]
        begun = next((row.session.id for row in rows if isinstance(row, NewSession)), None)
        others = next((row for row in rows if isinstance(row, SessionsEnd)), None)
        if others is not None:
            kept = others.kept
            await self.means.onlookers.ending(account_id, lambda one: one != kept)
        elif ended and begun is None:
            await self.means.onlookers.ending(account_id, lambda one: one in ended)
        await self.means.ledger.commit(Change(OrganizationId(account_id), rows, entries, first))
        if begun is not None:
            for one in ended:
                await self.means.onlookers.replaced(account_id, one, begun)

    def link(self, owner: bytes, purpose: Purpose, email: str, facts: dict[str, str]) -> tuple[MailLink, str]:
        """A link to mail, and the text of its secret."""
        now, link_id = self.clock(), MailLinkId(self.fresh_id())
        secret = SecretText(owner, link_id, self.entropy(SECRET_BYTES))
        expires = now + LINK_HOURS[purpose] * DAY // 24
        return MailLink(link_id, owner, purpose, secret.hash, email, facts, now, expires), secret.text(LINK)

    def opened(self, account: Account, methods: tuple[str, ...], browser: Browser, of: Session | None = None) -> Opened:
        """A new session; one that takes the place of another keeps what that had opened, and its beginning."""
        now, session_id = self.clock(), SessionId(self.fresh_id())
        secret = SecretText(account.id, session_id, self.entropy(SECRET_BYTES))
        session = Session(
            session_id,
            account.id,
            secret.hash,
            methods,
            max(now, account.sessions_from),
            now,
            now,
            now + self.session_hours * HOUR,
            browser.address[:100],
            browser.client[:300],
            opened=None if of is None else of.opened,
            entered_at=None if of is None else of.entered_at,
        )
        return Opened(session, secret.text(SESSION))


def begun(opened: Opened, was: Session | None) -> tuple[Row, ...]:
    """Rows that begin a session in place of what this browser had: no cookie of before stays good (fixation)."""
    ended = () if was is None else (SessionEnd(was.id, opened.session.created_at),)
    return (*ended, NewSession(opened.session))
