"""Accounts, and the locator that finds one by its address."""

import hashlib
from collections.abc import Sequence
from typing import Final, cast

import orjson

from hallway.accounts.model import (
    DAY,
    Account,
    AccountState,
    AccountUpdate,
    MailLink,
    MailLinksEnd,
    MailLinkUse,
    NewAccount,
    NewMailLink,
    Purpose,
    Realm,
)
from hallway.ids import AccountId, MailLinkId, OrganizationId, fresh_id
from hallway.scim.fold import fold
from hallway.store import sessions
from hallway.store.database import Database, everywhere, tenant
from hallway.store.ledger import FOUND_HEAD
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

_ACCOUNT: Final = """organization_id, realm, state, email, name, created_at, locale, password, password_at, otp, otp_at,
    otp_step, proved_at, sessions_from, version"""
_LINK: Final = "organization_id, id, purpose, hash, email, facts, created_at, expires_at, used_at"

BY_ID = statement("account_by_id", f"SELECT {_ACCOUNT} FROM account WHERE organization_id = ?1")
LOCATED = statement(
    "global_account_located", "SELECT organization_id FROM locator WHERE kind = 'account' AND key_hash = ?1"
)
LOCATE = statement(
    "account_locate",
    "INSERT INTO locator (organization_id, kind, key_hash, target) VALUES (?1, 'account', ?2, ?1)",
)
UNLOCATE = statement(
    "account_unlocate",
    """DELETE FROM locator WHERE organization_id = ?1 AND kind = 'account' AND key_hash = ?2
       RETURNING organization_id""",
)
INSERT = statement(
    "account_insert",
    f"""INSERT INTO account ({_ACCOUNT})
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)""",
)
UPDATE = statement(
    "account_update",
    """UPDATE account SET realm = ?2, state = ?3, email = ?4, name = ?5, created_at = ?6, locale = ?7, password = ?8,
         password_at = ?9, otp = ?10, otp_at = ?11, otp_step = ?12, proved_at = ?13, sessions_from = ?14, version = ?15
       WHERE organization_id = ?1 AND version = ?16 RETURNING organization_id""",
)
LINK = statement("mail_link_by_id", f"SELECT {_LINK} FROM mail_link WHERE organization_id = ?1 AND id = ?2")
NEW_LINK = statement("mail_link_insert", f"INSERT INTO mail_link ({_LINK}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
USE_LINK = statement(
    "mail_link_use",
    """UPDATE mail_link SET used_at = ?3 WHERE organization_id = ?1 AND id = ?2 AND used_at IS NULL
       RETURNING organization_id""",
)
END_LINKS = statement(
    "mail_links_end",
    "UPDATE mail_link SET used_at = ?3 WHERE organization_id = ?1 AND purpose = ?2 AND used_at IS NULL",
)
OLD_LINKS = statement("mail_links_forgotten", "DELETE FROM mail_link WHERE organization_id = ?1 AND id < ?2")
KEPT_DAYS: Final = 7
"""No link lives as long; older ones go when the next one is made."""


class AccountStore:
    """See `hallway.accounts.ports.Accounts`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        own = sessions.SessionStore(database)
        self.session, self.sessions, self.seen = own.session, own.sessions, own.seen
        self.passkeys, self.passkey, self.recovery_codes = own.passkeys, own.passkey, own.recovery_codes

    async def by_id(self, account_id: AccountId) -> Account | None:
        """One account."""
        row = await tenant(self._database, OrganizationId(account_id)).row(BY_ID)
        return None if row is None else _account(account_id, row)

    async def by_email(self, realm: Realm, email: str) -> Account | None:
        """The account that has this address, without case."""
        rows = await everywhere(self._database, LOCATED, address_key(realm, email))
        # Whoever is not there costs the same second read: time must not tell who is a customer.
        return await self.by_id(AccountId(cast("bytes", rows[0][0])) if rows else AccountId(b"\xff" * 16))

    async def link(self, owner: bytes, link_id: MailLinkId) -> MailLink | None:
        """One mail link of an account, or of the deployment."""
        row = await tenant(self._database, OrganizationId(owner)).row(LINK, link_id)
        return None if row is None else _link(owner, row)


def address_key(realm: Realm, email: str) -> bytes:
    """What the locator has of an address: realms never meet."""
    return hashlib.sha256(f"{realm.value}\0{fold(email.strip())}".encode()).digest()


def _account(account_id: AccountId, row: ResultRow) -> Account:
    realm, state, email, name, created, locale = cast("tuple[str, str, str, str, int, str]", row[:6])
    password, password_at, otp, otp_at, otp_step, proved, sessions_from, version = cast(
        "tuple[str | None, int | None, bytes | None, int | None, int, int | None, int, int]", row[6:]
    )
    return Account(
        account_id, Realm(realm), AccountState(state), email, name, created, locale, password, password_at, otp, otp_at,
        otp_step, proved, sessions_from, version,
    )  # fmt: skip


def _columns(one: Account) -> tuple[object, ...]:
    return (
        one.realm.value, one.state.value, one.email, one.name, one.created_at, one.locale, one.password,
        one.password_at, one.otp, one.otp_at, one.otp_step, one.proved_at, one.sessions_from, one.version,
    )  # fmt: skip


def _link(owner: bytes, row: ResultRow) -> MailLink:
    link_id, purpose, digest, email, facts, created, expires, used = cast(
        "tuple[MailLinkId, str, bytes, str, bytes, int, int, int | None]", row
    )
    return MailLink(link_id, owner, Purpose(purpose), digest, email, orjson.loads(facts), created, expires, used)


@writes(NewAccount)
def _insert(org: bytes, row: NewAccount) -> Sequence[Step]:
    one = row.account
    located = [Step(LOCATE, (org, address_key(one.realm, one.email)))] if one.realm is not Realm.SSO else []
    return [*located, Step(INSERT, (org, *_columns(one))), Step(FOUND_HEAD, (org,))]


@writes(AccountUpdate)
def _update(org: bytes, row: AccountUpdate) -> Sequence[Step]:
    steps = [Step(UPDATE, (org, *_columns(row.account), row.was.version), 1)]
    before, after = (address_key(one.realm, one.email) for one in (row.was, row.account))
    if before != after and row.account.realm is not Realm.SSO:
        steps += [Step(UNLOCATE, (org, before), 1), Step(LOCATE, (org, after))]
    return steps


@writes(NewMailLink)
def _new_link(org: bytes, row: NewMailLink) -> Sequence[Step]:
    one = row.link
    facts = orjson.dumps(one.facts)
    columns = (one.id, one.purpose.value, one.hash, one.email, facts, one.created_at, one.expires_at, one.used_at)
    oldest = fresh_id(one.created_at - KEPT_DAYS * DAY, bytes(10))
    return [Step(OLD_LINKS, (org, oldest)), Step(NEW_LINK, (org, *columns))]


@writes(MailLinkUse)
def _use_link(org: bytes, row: MailLinkUse) -> Sequence[Step]:
    return [Step(USE_LINK, (org, row.link_id, row.at), 1)]


@writes(MailLinksEnd)
def _end_links(org: bytes, row: MailLinksEnd) -> Sequence[Step]:
    return [Step(END_LINKS, (org, row.purpose.value, row.at))]
