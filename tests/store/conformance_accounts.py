"""What every store has to do with accounts and all that belongs to them.

Run by `test_conformance.py`, as `conformance.py` is.
"""

from dataclasses import replace

import pytest

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
    NewPasskey,
    NewSession,
    Passkey,
    PasskeyRemoval,
    PasskeysRemoval,
    PasskeyUpdate,
    Purpose,
    Realm,
    RecoveryCode,
    RecoveryCodes,
    RecoveryCodeUse,
    Session,
    SessionEnd,
    SessionsEnd,
    SessionUpdate,
)
from hallway.ids import AccountId, MailLinkId, OrganizationId, PasskeyId, SessionId
from hallway.journal.model import Stale
from hallway.store.accounts import AccountStore
from tests.store.stage import Stage


def account_of(stage: Stage, email: str = "Ada@example.com", realm: Realm = Realm.CONSOLE) -> Account:
    """An account with something in every column."""
    now = stage.desk.now()
    return Account(
        AccountId(stage.desk.fresh_id()), realm, AccountState.ACTIVE, email, "Ada", now, "de", "$argon2id$", now,
        b"sealed", now, 7, now, now, 1,
    )  # fmt: skip


async def made(stage: Stage, account: Account) -> Account:
    """The account, written."""
    await write(stage, account, NewAccount(account))
    return account


async def write(stage: Stage, account: Account, *rows: object) -> None:
    """Rows of an account's tenant, with an entry in its journal."""
    await stage.write(*rows, organization=OrganizationId(account.id))


def session_of(stage: Stage, account: Account) -> Session:
    """A session with something in every column that a new one has."""
    now = stage.desk.now()
    return Session(
        SessionId(stage.desk.fresh_id()), account.id, b"h" * 32, ("password", "otp"), now, now, now, now + DAY,
        "192.0.2.1", "Firefox", None, stage.key.organization_id, now,
    )  # fmt: skip


async def holds_an_account_is_found_by_its_address_without_case(stage: Stage) -> None:
    """In its own realm only; every column comes back."""
    store, one = AccountStore(stage.database), await made(stage, account_of(stage))
    assert await store.by_id(one.id) == one
    assert await store.by_email(Realm.CONSOLE, " ada@EXAMPLE.com ") == one
    assert await store.by_email(Realm.OPERATOR, one.email) is None
    assert await store.by_email(Realm.CONSOLE, "bob@example.com") is None
    other = await made(stage, account_of(stage, realm=Realm.OPERATOR))
    assert await store.by_email(Realm.OPERATOR, one.email) == other


async def holds_an_address_has_one_account(stage: Stage) -> None:
    """The second is refused whole."""
    store = AccountStore(stage.database)
    await made(stage, account_of(stage))
    second = account_of(stage, "ADA@example.com")
    with pytest.raises(Stale):
        await made(stage, second)
    assert await store.by_id(second.id) is None


async def holds_an_account_changes_only_as_it_was_decided_on(stage: Stage) -> None:
    """Another address takes the locator along; a taken one is refused."""
    store, one = AccountStore(stage.database), await made(stage, account_of(stage))
    await made(stage, account_of(stage, "bob@example.com"))
    moved = replace(one, email="new@example.com", name="A.", password=None, otp=None, version=2)
    await write(stage, one, AccountUpdate(one, moved))
    assert await store.by_email(Realm.CONSOLE, "new@example.com") == moved
    assert await store.by_email(Realm.CONSOLE, one.email) is None
    for was, now in ((one, replace(one, version=2)), (moved, replace(moved, email="bob@example.com", version=3))):
        with pytest.raises(Stale):
            await write(stage, one, AccountUpdate(was, now))
    assert await store.by_id(one.id) == moved


async def holds_sessions_begin_change_and_end(stage: Stage) -> None:
    """An ended session cannot be changed, and is not listed."""
    store, one = AccountStore(stage.database), await made(stage, account_of(stage))
    first, second, third = (session_of(stage, one) for _ in range(3))
    await write(stage, one, NewSession(first), NewSession(second), NewSession(third))
    assert await store.session(one.id, first.id) == first
    assert await store.session(AccountId(b"\x01" * 16), first.id) is None
    assert list(await store.sessions(one.id)) == [third, second, first]
    changed = replace(first, opened=None, entered_at=None, hash=b"n" * 32, methods=("passkey",))
    await write(stage, one, SessionUpdate(changed))
    assert await store.session(one.id, first.id) == changed
    await write(stage, one, SessionEnd(first.id, 5))
    with pytest.raises(Stale):
        await write(stage, one, SessionUpdate(changed))
    await write(stage, one, SessionEnd(first.id, 9))
    assert await store.session(one.id, first.id) == replace(changed, ended_at=5)
    await write(stage, one, SessionsEnd(6, second.id))
    assert list(await store.sessions(one.id)) == [second]
    await write(stage, one, SessionsEnd(7))
    assert list(await store.sessions(one.id)) == []
    assert await store.session(one.id, third.id) == replace(third, ended_at=6)


async def holds_a_session_is_seen_later_and_never_earlier(stage: Stage) -> None:
    """Several at once."""
    store, one = AccountStore(stage.database), await made(stage, account_of(stage))
    session = session_of(stage, one)
    await write(stage, one, NewSession(session))
    for at in (session.seen_at + 5, session.seen_at + 2):
        await store.seen({(one.id, session.id): at, (one.id, SessionId(b"n" * 16)): at})
    assert await store.session(one.id, session.id) == replace(session, seen_at=session.seen_at + 5)


async def holds_old_sessions_are_forgotten_when_the_next_begins(stage: Stage) -> None:
    """Those that ended long ago, by their id."""
    store, one = AccountStore(stage.database), await made(stage, account_of(stage))
    old, later = session_of(stage, one), session_of(stage, one)
    await write(stage, one, NewSession(old))
    await write(stage, one, NewSession(replace(later, created_at=later.created_at + 181 * DAY)))
    assert [session.id for session in await store.sessions(one.id)] == [later.id]
    assert await store.session(one.id, old.id) is None


async def holds_passkeys_are_found_by_credential(stage: Stage) -> None:
    """A credential is an account's once; its counter is changed only as it was decided on."""
    store, one = AccountStore(stage.database), await made(stage, account_of(stage))
    key = Passkey(PasskeyId(b"k" * 16), one.id, "Phone", b"credential", b"public", 3, ("usb", "nfc"), 1)
    await write(stage, one, NewPasskey(key))
    with pytest.raises(Stale):
        await write(stage, one, NewPasskey(replace(key, id=PasskeyId(b"l" * 16))))
    assert await store.passkey(one.id, b"credential") == key and await store.passkey(one.id, b"other") is None
    used = replace(key, sign_count=4, last_used_at=9, label="Telephone")
    await write(stage, one, PasskeyUpdate(key, used))
    with pytest.raises(Stale):
        await write(stage, one, PasskeyUpdate(key, used))
    assert list(await store.passkeys(one.id)) == [used]
    await write(stage, one, PasskeyRemoval(key.id), NewPasskey(key), PasskeysRemoval())
    assert list(await store.passkeys(one.id)) == []


async def holds_a_recovery_code_is_used_once(stage: Stage) -> None:
    """New codes replace all of before."""
    store, one = AccountStore(stage.database), await made(stage, account_of(stage))
    codes = tuple(RecoveryCode(slot, bytes([slot]) * 32) for slot in range(3))
    await write(stage, one, RecoveryCodes(codes))
    await write(stage, one, RecoveryCodeUse(1, 5))
    with pytest.raises(Stale):
        await write(stage, one, RecoveryCodeUse(1, 6))
    assert list(await store.recovery_codes(one.id)) == [codes[0], replace(codes[1], used_at=5), codes[2]]
    await write(stage, one, RecoveryCodes(codes[:1]))
    assert list(await store.recovery_codes(one.id)) == [codes[0]]


async def holds_a_mail_link_is_used_once(stage: Stage) -> None:
    """Links of one purpose end together; those of a week ago are forgotten when the next one is made."""
    store, one = AccountStore(stage.database), await made(stage, account_of(stage))
    now = stage.desk.now()

    def link(purpose: Purpose) -> MailLink:
        link_id = MailLinkId(stage.desk.fresh_id())
        return MailLink(link_id, one.id, purpose, b"h" * 32, "a@b.example", {"name": "Ä"}, now, now + DAY)

    reset, again, address = link(Purpose.RESET), link(Purpose.RESET), link(Purpose.ADDRESS)
    await write(stage, one, NewMailLink(reset), NewMailLink(again), NewMailLink(address))
    assert await store.link(one.id, reset.id) == reset
    assert await store.link(AccountId(b"\x01" * 16), reset.id) is None
    await write(stage, one, MailLinkUse(reset.id, 5))
    with pytest.raises(Stale):
        await write(stage, one, MailLinkUse(reset.id, 6))
    await write(stage, one, MailLinksEnd(Purpose.RESET, 7))
    used = [found.used_at for item in (reset, again, address) if (found := await store.link(one.id, item.id))]
    assert used == [5, 7, None]
    await write(stage, one, NewMailLink(replace(link(Purpose.RESET), created_at=now + 8 * DAY)))
    assert await store.link(one.id, address.id) is None
