"""Registering: a link by mail first, and behind it the account, so that nobody has one at an address that is not hers.

Rules: what is answered, written and mailed is the same whether the address has an account or not, except for the
words of the mail; looking at a link uses nothing up; the link is used before the account is made, so that two at once
make one account, and a crash in between costs a link, never a second account.
"""

from dataclasses import dataclass

from hallway.accounts.addresses import checked_address, checked_person
from hallway.accounts.desk import AccountDesk, Browser, Declined, Opened, begun
from hallway.accounts.letters import already_registered_letter, register_letter
from hallway.accounts.model import (
    DEPLOYMENT,
    Account,
    AccountState,
    MailLink,
    MailLinkUse,
    NewAccount,
    NewMailLink,
    NewPasskey,
    Passkey,
    Purpose,
    Realm,
)
from hallway.accounts.passwords import Breached, checked_password
from hallway.ids import AccountId, MailLinkId
from hallway.journal.model import Change, Row, Stale
from hallway.secret_text import LINK, read_secret


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person chose behind her link: a password, or a passkey that was made for `account_id`."""

    name: str
    password: str = ""
    passkey: Passkey | None = None
    locale: str = ""


class Registration:
    """The way to an account of the console."""

    def __init__(self, desk: AccountDesk, breached: Breached | None = None) -> None:
        self._desk = desk
        self._breached = breached

    async def ask(self, email: str, facts: dict[str, str]) -> None:
        """Mail a link to the address; `facts` (the organization's name, where to go next) come back behind it."""
        address = checked_address(email)
        known = await self._desk.means.accounts.by_email(Realm.CONSOLE, address)
        link, text = self._desk.link(DEPLOYMENT, Purpose.REGISTER, address, facts)
        desk = self._desk
        if known is None:
            letter = register_letter(desk.product, f"{desk.base_url}/register/confirm?link={text}", facts)
        else:
            letter = already_registered_letter(desk.product, f"{desk.base_url}/sign-in", f"{desk.base_url}/reset")
        rows = (NewMailLink(link), *desk.means.letters(DEPLOYMENT, address, *letter))
        await desk.means.ledger.commit(Change(DEPLOYMENT, rows))

    async def proved(self, email: str, facts: dict[str, str]) -> str | None:
        """The text of a link for an address that was proved otherwise; None where it has an account."""
        if await self._desk.means.accounts.by_email(Realm.CONSOLE, email) is not None:
            return None
        link, text = self._desk.link(DEPLOYMENT, Purpose.REGISTER, checked_address(email), facts)
        await self._desk.means.ledger.commit(Change(DEPLOYMENT, (NewMailLink(link),)))
        return text

    async def found(self, text: str) -> MailLink | None:
        """The open link that the text is; nothing is used up."""
        return await found_link(self._desk, text, Purpose.REGISTER)

    async def complete(self, link: MailLink, chosen: Chosen, browser: Browser) -> tuple[Account, Opened]:
        """The account of the proved address, signed in; raises `Declined`, and `Stale` where the link was used."""
        desk, name = self._desk, checked_person(chosen.name)
        password = None
        if chosen.passkey is None:
            words = (link.email, name, desk.product, link.facts.get("organization", ""))
            password = await desk.means.hasher.hash(checked_password(chosen.password, words, self._breached))
        if await desk.means.accounts.by_email(Realm.CONSOLE, link.email) is not None:
            raise Declined("email", "This address has an account already: sign in with it")
        now = desk.clock()
        own = desk.fresh_id() if chosen.passkey is None else chosen.passkey.account_id
        account = Account(
            AccountId(own), Realm.CONSOLE, AccountState.ACTIVE, link.email, name, now, chosen.locale, password,
            now if password else None, proved_at=now,
        )  # fmt: skip
        await desk.means.ledger.commit(Change(DEPLOYMENT, (MailLinkUse(link.id, now),)))
        method = "password" if password else "passkey"
        opened = desk.opened(account, (method,), browser)
        keys: tuple[Row, ...] = () if chosen.passkey is None else (NewPasskey(chosen.passkey),)
        made = desk.entry(account, "account.created", browser, {"realm": account.realm.value})
        signed = desk.client_entry(account, "account.signed_in", browser, {"methods": [method]})
        try:
            await desk.write(account.id, (NewAccount(account), *keys, *begun(opened, None)), made, signed)
        except Stale:
            raise Declined("email", "This address has an account already: sign in with it") from None
        return account, opened


async def found_link(desk: AccountDesk, text: str, purpose: Purpose) -> MailLink | None:
    """The open link of a purpose that the text is; reading it uses nothing up, so a scanner of mails may."""
    secret = read_secret(LINK, text)
    if secret is None:
        return None
    link = await desk.means.accounts.link(secret.owner, MailLinkId(secret.row))
    if link is None or not secret.fits(link.hash) or link.purpose is not purpose or not link.is_open(desk.clock()):
        return None
    return link


def fresh_account_id(desk: AccountDesk) -> AccountId:
    """An id for an account that a passkey is made for before it is there."""
    return AccountId(desk.fresh_id())
