"""What a person sets for herself: name, language, address, password.

Rules: an address changes once the new one is proved, by a link that opens only while she is signed in; the old address
is told before and after; a changed password ends every other session.
"""

from dataclasses import replace

from hallway.accounts.addresses import checked_address, checked_person
from hallway.accounts.desk import AccountDesk, Browser, Declined
from hallway.accounts.letters import (
    address_changed_letter,
    address_letter,
    address_wanted_letter,
    password_changed_letter,
)
from hallway.accounts.model import (
    Account,
    AccountUpdate,
    MailLink,
    MailLinksEnd,
    MailLinkUse,
    NewMailLink,
    Purpose,
    Session,
    SessionsEnd,
)
from hallway.accounts.passwords import Breached, checked_password
from hallway.accounts.registration import found_link
from hallway.journal.model import Stale


class Profile:
    """The settings of one account at a time; `reset_path` is where a mail sends whoever did not want this."""

    def __init__(self, desk: AccountDesk, reset_path: str, breached: Breached | None = None) -> None:
        self._desk = desk
        self._reset = f"{desk.base_url}{reset_path}"
        self._breached = breached

    async def change(self, account: Account, name: str, locale: str, browser: Browser) -> Account:
        """Name and language; raises `Declined`."""
        changed = replace(account, name=checked_person(name), locale=locale, version=account.version + 1)
        if (changed.name, changed.locale) == (account.name, account.locale):
            return account
        entry = self._desk.entry(changed, "account.profile_changed", browser, {"locale": locale}, name=changed.name)
        await self._desk.write(account.id, (AccountUpdate(account, changed),), entry)
        return changed

    async def ask_address(self, account: Account, email: str, browser: Browser) -> str:
        """Mail a link to the address that she wants, and word to the one that she has; the same where it is taken."""
        desk, address = self._desk, checked_address(email)
        if address == account.email:
            raise Declined("email", "This is your address already")
        link, text = desk.link(account.id, Purpose.ADDRESS, address, {})
        wanted = address_letter(desk.product, f"{desk.base_url}/account/address?link={text}")
        told = address_wanted_letter(desk.product, address, self._reset)
        rows = (
            MailLinksEnd(Purpose.ADDRESS, desk.clock()),
            NewMailLink(link),
            *desk.means.letters(account.id, address, *wanted),
            *desk.means.letters(account.id, account.email, *told),
        )
        entry = desk.entry(account, "account.address_asked", browser, {}, email=address)
        await desk.write(account.id, rows, entry)
        return address

    async def found(self, account: Account, text: str) -> MailLink | None:
        """The open link of this account that the text is."""
        link = await found_link(self._desk, text, Purpose.ADDRESS)
        return link if link is not None and link.owner == account.id else None

    async def change_address(self, account: Account, link: MailLink, browser: Browser) -> Account:
        """The proved address; raises `Declined` where it belongs to somebody, `Stale` where the link was used."""
        desk, now = self._desk, self._desk.clock()
        other = await desk.means.accounts.by_email(account.realm, link.email)
        if other is not None and other.id != account.id:
            raise _taken()
        changed = replace(account, email=link.email, proved_at=now, version=account.version + 1)
        rows = (
            MailLinkUse(link.id, now),
            MailLinksEnd(Purpose.RESET, now),
            AccountUpdate(account, changed),
            *desk.means.letters(account.id, account.email, *address_changed_letter(desk.product, link.email)),
        )
        entry = desk.entry(changed, "account.address_changed", browser, {}, email=link.email, was=account.email)
        try:
            await desk.write(account.id, rows, entry)
        except Stale:
            if await desk.means.accounts.by_email(account.realm, link.email) is not None:
                raise _taken() from None
            raise
        return changed

    async def change_password(self, account: Account, session: Session, password: str, browser: Browser) -> Account:
        """Another password, or the first one; every other session ends. Raises `Declined`."""
        desk = self._desk
        checked = checked_password(password, (account.email, account.name, desk.product), self._breached)
        now, kept = desk.clock(), await desk.means.hasher.hash(checked)
        changed = replace(account, password=kept, password_at=now, version=account.version + 1)
        rows = (
            AccountUpdate(account, changed),
            SessionsEnd(now, session.id),
            MailLinksEnd(Purpose.RESET, now),
            *desk.means.letters(account.id, account.email, *password_changed_letter(desk.product, self._reset)),
        )
        told = desk.entry(changed, "account.password_changed", browser, {"by": "person"})
        ended = desk.entry(changed, "account.sessions_ended", browser, {"by": "password"})
        await desk.write(account.id, rows, told, ended)
        return changed


def _taken() -> Declined:
    return Declined("email", "This address has an account already")
