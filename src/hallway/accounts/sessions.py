"""Sessions: found by what a browser keeps, ended one by one or together, and opened to one organization at a time."""

from dataclasses import replace
from typing import Final

from hallway.accounts.desk import SESSION, AccountDesk, Browser
from hallway.accounts.model import (
    HOUR,
    MINUTE,
    Account,
    AccountState,
    Realm,
    Session,
    SessionEnd,
    SessionsEnd,
    SessionUpdate,
)
from hallway.ids import AccountId, OrganizationId, SessionId
from hallway.secret_text import read_secret

IDLE: Final = 72 * HOUR
FRESH: Final = 10 * MINUTE


class Sessions:
    """One realm's sessions, and when they were seen: kept in memory for a while, as a visit is worth no write.

    The console's are also those that began through a connection.
    """

    def __init__(self, desk: AccountDesk, realm: Realm) -> None:
        self._desk = desk
        self._realms = {realm, Realm.SSO} if realm is Realm.CONSOLE else {realm}
        self._seen: dict[tuple[bytes, bytes], int] = {}

    async def visited(self, text: str) -> tuple[Account, Session] | None:
        """Whose living session the text is; two reads by key, of an account that may have ended it just now."""
        secret, now = read_secret(SESSION, text), self._desk.clock()
        if secret is None:
            return None
        accounts = self._desk.means.accounts
        account_id = AccountId(secret.owner)
        session = await accounts.session(account_id, SessionId(secret.row))
        if session is None or not secret.fits(session.hash):
            return None
        account = await accounts.by_id(account_id)
        if account is None or account.realm not in self._realms or not is_alive(account, session, now):
            return None
        self._seen[(account.id, session.id)] = now
        return account, session

    def seen(self, account_id: AccountId, session_id: SessionId) -> None:
        """Its person is at work, in an application that she signed in to by this session."""
        self._seen[(account_id, session_id)] = self._desk.clock()

    async def flush(self) -> None:
        """Write when sessions were seen; raises `Unavailable`, and then nothing is forgotten."""
        taken, self._seen = self._seen, {}
        try:
            if taken:
                await self._desk.means.accounts.seen(
                    {(AccountId(owner), SessionId(row)): at for (owner, row), at in taken.items()}
                )
        except BaseException:
            self._seen = {**taken, **self._seen}
            raise

    async def open_organization(
        self, account: Account, session: Session, organization: OrganizationId | None
    ) -> Session:
        """The session works in this organization from now on, or in none; whether it may, its members say."""
        entered = None if organization is None else self._desk.clock()
        opened = replace(session, opened=organization, entered_at=entered)
        await self._desk.write(account.id, (SessionUpdate(opened),))
        return opened

    async def end(self, account: Account, session_id: SessionId, browser: Browser) -> None:
        """One session ends, this one or another of the same account."""
        entry = self._desk.entry(account, "account.signed_out", browser, {})
        await self._desk.write(account.id, (SessionEnd(session_id, self._desk.clock()),), entry)

    async def end_others(self, account: Account, kept: Session, browser: Browser) -> None:
        """All of the account's sessions end but this one."""
        entry = self._desk.entry(account, "account.sessions_ended", browser, {"by": "person"})
        await self._desk.write(account.id, (SessionsEnd(self._desk.clock(), kept.id),), entry)


def is_alive(account: Account, session: Session, now: int) -> bool:
    """Whether the session still signs its account in."""
    lasting = session.ended_at is None and now < session.expires_at and now - session.seen_at < IDLE
    return lasting and account.state is AccountState.ACTIVE and session.created_at >= account.sessions_from


def is_fresh(session: Session, now: int) -> bool:
    """Whether its person proved herself a moment ago."""
    return now - session.authenticated_at < FRESH
