"""A new password for who forgot hers: a link by mail, and behind it the password.

Rules: what is answered and written is the same whether the address has an account or not; the new password ends every
session; one-time codes stay on, so a mailbox alone does not sign in where they are.
"""

from dataclasses import replace

from hallway.accounts.addresses import checked_address
from hallway.accounts.desk import AccountDesk, Browser
from hallway.accounts.letters import no_account_letter, password_changed_letter, reset_letter
from hallway.accounts.model import (
    DEPLOYMENT,
    Account,
    AccountState,
    AccountUpdate,
    MailLink,
    MailLinksEnd,
    MailLinkUse,
    NewMailLink,
    Purpose,
    Realm,
    SessionsEnd,
)
from hallway.accounts.passwords import Breached, checked_password
from hallway.accounts.registration import found_link
from hallway.ids import AccountId
from hallway.journal.model import Change


class Resetting:
    """The way back into an account of one realm; `path` is where its pages are."""

    def __init__(self, desk: AccountDesk, realm: Realm, path: str, breached: Breached | None = None) -> None:
        self._desk = desk
        self._realm = realm
        self._path = path
        self._breached = breached

    async def ask(self, email: str, browser: Browser) -> None:
        """Mail a link to the address, or say there that it has no account; raises `Declined` for what is no address."""
        address, desk = checked_address(email), self._desk
        account = await desk.means.accounts.by_email(self._realm, address)
        if account is None or account.state is not AccountState.ACTIVE:
            # As many rows as for an account: a link that opens nothing.
            link, _ = desk.link(DEPLOYMENT, Purpose.RESET, address, {})
            letter = no_account_letter(desk.product, desk.base_url)
            rows = (NewMailLink(link), *desk.means.letters(DEPLOYMENT, address, *letter))
            await desk.means.ledger.commit(Change(DEPLOYMENT, rows))
            return
        link, text = desk.link(account.id, Purpose.RESET, account.email, {})
        letter = reset_letter(desk.product, f"{desk.base_url}{self._path}/confirm?link={text}")
        rows = (NewMailLink(link), *desk.means.letters(account.id, account.email, *letter))
        await desk.write(account.id, rows, desk.entry(account, "account.reset_asked", browser, {}))

    async def link_for(self, account: Account, browser: Browser) -> str:
        """A link that whoever runs the deployment hands over by herself."""
        desk = self._desk
        link, text = desk.link(account.id, Purpose.RESET, account.email, {})
        entry = desk.entry(account, "account.reset_asked", browser, {})
        await desk.write(account.id, (NewMailLink(link),), entry)
        return f"{desk.base_url}{self._path}/confirm?link={text}"

    async def found(self, text: str) -> tuple[MailLink, Account] | None:
        """The open link that the text is, and its account; nothing is used up."""
        link = await found_link(self._desk, text, Purpose.RESET)
        account = None if link is None else await self._desk.means.accounts.by_id(AccountId(link.owner))
        if link is None or account is None or account.realm is not self._realm:
            return None
        return (link, account) if account.state is AccountState.ACTIVE and account.email == link.email else None

    async def complete(self, link: MailLink, account: Account, password: str, browser: Browser) -> None:
        """The new password; raises `Declined`, and `Stale` where the link was used meanwhile."""
        desk = self._desk
        checked = checked_password(password, (account.email, account.name, desk.product), self._breached)
        now, kept = desk.clock(), await desk.means.hasher.hash(checked)
        changed = replace(
            account, password=kept, password_at=now, sessions_from=now + 1, proved_at=account.proved_at or now,
            version=account.version + 1,
        )  # fmt: skip
        letter = password_changed_letter(desk.product, f"{desk.base_url}{self._path}")
        rows = (
            MailLinkUse(link.id, now),
            MailLinksEnd(Purpose.RESET, now),
            MailLinksEnd(Purpose.ADDRESS, now),
            AccountUpdate(account, changed),
            SessionsEnd(now),
            *desk.means.letters(account.id, account.email, *letter),
        )
        told = desk.entry(changed, "account.password_changed", browser, {"by": "link"})
        ended = desk.entry(changed, "account.sessions_ended", browser, {"by": "reset"})
        await desk.write(account.id, rows, told, ended)
