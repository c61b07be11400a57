"""Registering and sessions: what is proved first, what is used once, what ends what."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hallway.accounts.addresses import checked_address, checked_person
from hallway.accounts.desk import AccountDesk, Browser, Declined, Means, Opened
from hallway.accounts.model import DAY, DEPLOYMENT, HOUR, MINUTE, Account, AccountUpdate, NewSession, Passkey, Realm
from hallway.accounts.passwords import Argon2
from hallway.accounts.registration import Chosen, Registration
from hallway.accounts.sessions import Sessions, is_fresh
from hallway.ids import AccountId, OrganizationId, PasskeyId
from hallway.journal.model import Row, Stale, Unavailable
from hallway.store.accounts import AccountStore
from hallway.web.wiring import clock
from tests.rooms.opened import opened

HERE = Browser("192.0.2.1", "Firefox on Linux")
PASSWORD = "a green heron reads"


@dataclass
class Person:
    """The services over a database, a clock that can be moved, and the mails that were promised."""

    desk: AccountDesk
    ahead: list[int]
    mails: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def registration(self) -> Registration:
        return Registration(self.desk)

    def link(self) -> str:
        """The secret in the last mail."""
        found = re.search(r"link=(\S+)", self.mails[-1][2])
        assert found is not None
        return found[1]

    async def registered(self, email: str = "ada@example.com") -> tuple[Account, Opened]:
        """An account, by way of the mail."""
        await self.registration.ask(email, {"organization": "Acme"})
        link = await self.registration.found(self.link())
        assert link is not None
        return await self.registration.complete(link, Chosen("Ada", PASSWORD), HERE)


@asynccontextmanager
async def standing(tmp_path: Path) -> AsyncIterator[Person]:
    """The services, closed afterwards."""
    async with opened(tmp_path) as hub:
        ahead = [0]
        mails: list[tuple[str, str, str]] = []

        def letters(tenant: bytes, to: str, subject: str, text: str) -> Sequence[Row]:
            mails.append((to, subject, text))
            return ()

        means = Means(hub.stores.database, AccountStore(hub.stores.database), Argon2(), hub.keys.ring, letters)
        desk = AccountDesk(means, lambda: clock() + ahead[0], os.urandom, "https://hub.example", "Hallway")
        yield Person(desk, ahead, mails)


def with_person(test: Callable[[Person], Awaitable[None]]) -> Callable[[Path], Awaitable[None]]:
    """The test with the services."""

    async def run(tmp_path: Path) -> None:
        async with standing(tmp_path) as person:
            await test(person)

    return run


@with_person
async def test_an_account_is_made_behind_the_link_only(person: Person) -> None:
    await person.registration.ask("Ada@Example.com", {"organization": "Acme"})
    accounts = person.desk.means.accounts
    assert await accounts.by_email(Realm.CONSOLE, "ada@example.com") is None
    link = await person.registration.found(person.link())
    assert link is not None and link.facts == {"organization": "Acme"} and link.email == "Ada@example.com"
    account, begun = await person.registration.complete(link, Chosen(" Ada  B ", PASSWORD), HERE)
    assert await accounts.by_email(Realm.CONSOLE, "ada@example.com") == account
    assert (account.name, account.proved_at is not None) == ("Ada B", True)
    assert await accounts.session(account.id, begun.session.id) == begun.session
    assert account.password is not None and PASSWORD not in account.password


@with_person
async def test_looking_at_a_link_uses_nothing_up_and_using_it_once_does(person: Person) -> None:
    await person.registration.ask("ada@example.com", {})
    for _ in range(3):
        link = await person.registration.found(person.link())
    assert link is not None
    await person.registration.complete(link, Chosen("Ada", PASSWORD), HERE)
    assert await person.registration.found(person.link()) is None
    with pytest.raises(Declined):
        await person.registration.complete(link, Chosen("Eve", "another long sentence"), HERE)


@with_person
async def test_two_who_use_a_link_at_once_make_one_account(person: Person) -> None:
    await person.registration.ask("ada@example.com", {})
    link = await person.registration.found(person.link())
    assert link is not None
    both = [person.registration.complete(link, Chosen(name, PASSWORD), HERE) for name in ("Ada", "Eve")]
    ended = await asyncio.gather(*both, return_exceptions=True)
    assert len([one for one in ended if isinstance(one, tuple)]) == 1
    assert len([one for one in ended if isinstance(one, Stale | Declined)]) == 1


@with_person
async def test_a_link_ends_after_a_day_and_is_only_what_it_is(person: Person) -> None:
    await person.registration.ask("ada@example.com", {})
    text = person.link()
    changed = text[:-3] + ("AAA" if text[-3:] != "AAA" else "BBB")
    for wrong in ("", "hw_link_", changed, text + "A", text.replace("hw_link_", "hw_setup_")):
        assert await person.registration.found(wrong) is None
    person.ahead[0] = DAY
    assert await person.registration.found(text) is None


@with_person
async def test_a_known_address_gets_a_mail_without_a_link(person: Person) -> None:
    await person.registered()
    await person.registration.ask("ADA@example.com", {"organization": "Acme"})
    to, _, text = person.mails[-1]
    assert to == "ADA@example.com" and "link=" not in text and "/sign-in" in text


@with_person
async def test_asking_for_a_known_and_an_unknown_address_writes_as_much(person: Person) -> None:
    await person.registered()
    written: list[int] = []
    commit = person.desk.means.ledger.commit

    class Counting:
        """The ledger, counting rows."""

        async def commit(self, change):  # type: ignore[no-untyped-def]
            written.append(len(change.rows))
            return await commit(change)

    person.desk = replace(person.desk, means=replace(person.desk.means, ledger=Counting()))
    for email in ("ada@example.com", "nobody@example.com"):
        await person.registration.ask(email, {})
    assert len(written) == 2 and written[0] == written[1]


@with_person
async def test_a_passkey_needs_no_password(person: Person) -> None:
    await person.registration.ask("ada@example.com", {})
    link = await person.registration.found(person.link())
    own = AccountId(person.desk.fresh_id())
    key = Passkey(PasskeyId(person.desk.fresh_id()), own, "Phone", b"c", b"p", 0, (), person.desk.clock())
    assert link is not None
    account, begun = await person.registration.complete(link, Chosen("Ada", passkey=key), HERE)
    assert (account.id, account.password, begun.session.methods) == (own, None, ("passkey",))
    assert list(await person.desk.means.accounts.passkeys(own)) == [key]


@with_person
async def test_a_session_is_its_text_and_nothing_else(person: Person) -> None:
    account, begun = await person.registered()
    sessions = Sessions(person.desk, Realm.CONSOLE)
    assert await sessions.visited(begun.text) == (account, begun.session)
    other = begun.text[:-4] + ("AAAA" if begun.text[-4:] != "AAAA" else "BBBB")
    for wrong in ("", other, begun.text.replace("hw_session_", "hw_link_"), begun.text[:-1]):
        assert await sessions.visited(wrong) is None


@with_person
async def test_a_session_ends_when_it_is_old_idle_ended_or_swept(person: Person) -> None:
    account, begun = await person.registered()
    sessions, accounts = Sessions(person.desk, Realm.CONSOLE), person.desk.means.accounts
    person.ahead[0] = 71 * HOUR
    assert await sessions.visited(begun.text) is not None
    await sessions.flush()
    person.ahead[0] = 142 * HOUR
    assert await sessions.visited(begun.text) is not None
    person.ahead[0] = 144 * HOUR
    assert await sessions.visited(begun.text) is None
    person.ahead[0] = 0
    moved = replace(account, sessions_from=person.desk.clock() + 1, version=2)
    await person.desk.write(account.id, (AccountUpdate(account, moved),))
    assert await sessions.visited(begun.text) is None
    assert await accounts.by_id(account.id) == moved


@with_person
async def test_one_ends_one_session_or_all_others(person: Person) -> None:
    account, begun = await person.registered()
    sessions = Sessions(person.desk, Realm.CONSOLE)
    others = [person.desk.opened(account, ("password",), HERE) for _ in range(3)]
    for one in others:
        await person.desk.write(account.id, (NewSession(one.session),))
    await sessions.end(account, others[0].session.id, HERE)
    alive = [one.text for one in (begun, *others) if await sessions.visited(one.text)]
    assert alive == [begun.text, others[1].text, others[2].text]
    await sessions.end_others(account, begun.session, HERE)
    assert [one.text for one in (begun, *others) if await sessions.visited(one.text)] == [begun.text]


@with_person
async def test_a_session_opens_one_organization_at_a_time(person: Person) -> None:
    account, begun = await person.registered()
    sessions, org = Sessions(person.desk, Realm.CONSOLE), OrganizationId(b"o" * 16)
    await sessions.open_organization(account, begun.session, org)
    visited = await sessions.visited(begun.text)
    assert visited is not None and visited[1].opened == org and visited[1].entered_at is not None
    await sessions.open_organization(account, visited[1], None)
    visited = await sessions.visited(begun.text)
    assert visited is not None and (visited[1].opened, visited[1].entered_at) == (None, None)


@with_person
async def test_a_session_is_fresh_for_ten_minutes(person: Person) -> None:
    _, begun = await person.registered()
    at = begun.session.authenticated_at
    assert is_fresh(begun.session, at + 9 * MINUTE) and not is_fresh(begun.session, at + 10 * MINUTE)


@with_person
async def test_what_was_seen_is_kept_while_the_store_cannot_take_it(person: Person) -> None:
    account, begun = await person.registered()
    store, failing = person.desk.means.accounts, [True]

    class Failing(AccountStore):
        """Takes nothing while told so."""

    accounts = Failing(store._database)  # type: ignore[attr-defined]
    seen = accounts.seen

    async def refusing(at):  # type: ignore[no-untyped-def]
        if failing[0]:
            raise Unavailable("busy")
        await seen(at)

    accounts.seen = refusing
    sessions = Sessions(replace(person.desk, means=replace(person.desk.means, accounts=accounts)), Realm.CONSOLE)
    person.ahead[0] = HOUR
    await sessions.visited(begun.text)
    with pytest.raises(Unavailable):
        await sessions.flush()
    failing[0] = False
    await sessions.flush()
    found = await store.session(account.id, begun.session.id)
    assert found is not None and found.seen_at > begun.session.seen_at


@pytest.mark.parametrize(
    "text",
    ["", "ada", "ada@", "@example.com", "ada@example", "a da@example.com", "ada@exa\nmple.com",
     "a@b.example\r\nBcc: x@y.z",
     "ada@.example.com", "ada..b@example.com", "ada@example.com, eve@example.com", "<ada@example.com>",
     "a" * 65 + "@example.com", "ada@" + "e" * 260 + ".com", "ada@-example.com", '"ada"@example.com'],
)  # fmt: skip
def test_what_is_no_address_is_declined(text: str) -> None:
    with pytest.raises(Declined):
        checked_address(text)


def test_names_and_addresses_are_tidied() -> None:
    assert checked_address(" Ada.B+x@EXAMPLE.com ") == "Ada.B+x@example.com"
    assert checked_person(" Ada\tB ") == "Ada B"
    for wrong in ("", " ", "a" * 101, "a\x00b"):
        with pytest.raises(Declined):
            checked_person(wrong)


def test_the_deployment_is_no_customer() -> None:
    assert bytes(16) == DEPLOYMENT
