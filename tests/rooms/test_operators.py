"""Operators: made without a password, given roles, deactivated, and never without an owner."""

from pathlib import Path

import pytest

from hallway.accounts.desk import Browser
from hallway.accounts.model import DEPLOYMENT, HOUR, Realm
from hallway.accounts.sessions import is_alive
from hallway.hub.operators.model import OperatorRole, OperatorState
from hallway.hub.operators.service import (
    create,
    deactivate,
    found_operator,
    listed,
    note_look,
    reactivate,
    set_role,
    welcome,
)
from hallway.hub.organizations.model import Plan
from hallway.hub.organizations.service import Refused
from hallway.ids import ACCOUNT, MailLinkId, wire
from hallway.journal.model import Actor
from hallway.secret_text import LINK, read_secret
from hallway.store.accounts import AccountStore
from hallway.web.wiring import operator_desk
from tests.rooms.opened import OPERATOR, canaries_in, opened

OLGA = "olga@vendor.example"


async def test_a_new_operator_has_a_link_and_no_password(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        desk, accounts = operator_desk(hub), AccountStore(hub.stores.database)
        made = await create(desk, " olga@Vendor.example ", "Olga", OperatorRole.OWNER, OPERATOR)
        account = await accounts.by_email(Realm.OPERATOR, OLGA)
        assert account == made.account and account.password is None and account.name == "Olga"
        assert await accounts.by_email(Realm.CONSOLE, OLGA) is None
        secret = read_secret(LINK, made.address.partition("link=")[2])
        assert secret is not None and secret.owner == account.id
        link = await accounts.link(account.id, MailLinkId(secret.row))
        assert link is not None and link.is_open(desk.clock()) and secret.fits(link.hash)
        assert [one.entry.type for one in await hub.stores.journal.after(DEPLOYMENT, 0, 10)] == ["operator.created"]
        with pytest.raises(Refused, match="operator already"):
            await create(desk, "OLGA@vendor.example", "", OperatorRole.VIEWER, OPERATOR)
        text = made.address.partition("link=")[2]
    assert canaries_in(tmp_path, text, text[-43:]) == []


async def test_a_session_of_an_operator_ends_within_the_day(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        account = (await create(operator_desk(hub), OLGA, "", OperatorRole.OWNER, OPERATOR)).account
        session = hub.operators.desk.opened(account, ("passkey",), Browser("192.0.2.1", "Firefox")).session
        twelve = session.created_at + 12 * HOUR
        assert is_alive(account, session, twelve - 1) and not is_alive(account, session, twelve)
        of_the_console = hub.people.desk.opened(account, ("passkey",), Browser("192.0.2.1", "Firefox")).session
        assert is_alive(account, of_the_console, of_the_console.created_at + 13 * HOUR)


async def test_what_was_interrupted_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(tmp_path) as hub:
        desk = operator_desk(hub)
        with monkeypatch.context() as broken:
            broken.setattr("hallway.hub.operators.service.NewOperator", lambda _: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                await create(desk, OLGA, "", OperatorRole.OWNER, OPERATOR)
        assert await desk.accounts.by_email(Realm.OPERATOR, OLGA) is not None and await listed(desk) == []
        made = await create(desk, OLGA, "", OperatorRole.OWNER, OPERATOR)
        assert await listed(desk) == [(made.operator, made.account)]


async def test_an_owner_remains(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        desk = operator_desk(hub)
        olga = (await create(desk, OLGA, "", OperatorRole.OWNER, OPERATOR)).operator
        viv = (await create(desk, "viv@vendor.example", "", OperatorRole.VIEWER, OPERATOR)).operator
        for act in (deactivate(desk, olga, OPERATOR), set_role(desk, olga, OperatorRole.SUPPORT, OPERATOR)):
            with pytest.raises(Refused, match="last owner"):
                await act
        await set_role(desk, viv, OperatorRole.OWNER, OPERATOR)
        gone = await deactivate(desk, olga, OPERATOR)
        assert gone.state is OperatorState.DEACTIVATED and gone.access_from > olga.access_from
        assert not gone.may(OperatorRole.VIEWER)
        assert await deactivate(desk, olga, OPERATOR) == gone, "twice changes nothing"
        back = await reactivate(desk, gone, OPERATOR)
        assert back.may(OperatorRole.OWNER) and back.access_from > gone.access_from
        told = [one.entry.type for one in await hub.stores.journal.after(DEPLOYMENT, 2, 10)]
        assert told == ["operator.role_changed", "operator.deactivated", "operator.reactivated"]


async def test_each_role_may_what_those_before_it_may(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        desk = operator_desk(hub)
        await create(desk, OLGA, "", OperatorRole.OWNER, OPERATOR)
        for role in OperatorRole:
            one = (await create(desk, f"{role.value}@vendor.example", "", role, OPERATOR)).operator
            places = list(OperatorRole)
            assert [one.may(least) for least in places] == [
                places.index(least) <= places.index(role) for least in places
            ]


async def test_an_operator_is_found_by_id_or_address(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        desk = operator_desk(hub)
        made = await create(desk, OLGA, "", OperatorRole.OWNER, OPERATOR)
        found = (made.operator, made.account)
        assert await found_operator(desk, wire(ACCOUNT, made.account.id)) == found
        assert await found_operator(desk, "OLGA@vendor.example") == found
        for text in ("nobody@vendor.example", wire(ACCOUNT, b"x" * 16), "acct_"):
            with pytest.raises(Refused, match="no operator"):
                await found_operator(desk, text)
        again = await welcome(desk, made.account, OPERATOR)
        assert again != made.address


async def test_a_wrong_address_or_name_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        desk = operator_desk(hub)
        for email, name in (("nobody", ""), (OLGA, "x" * 101)):
            with pytest.raises(Refused):
                await create(desk, email, name, OperatorRole.OWNER, OPERATOR)
        assert await listed(desk) == []


async def test_a_look_at_people_stands_in_the_customers_journal_with_its_reason(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        owner = await hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        desk, olga = operator_desk(hub), Actor("operator", b"o" * 16, OLGA, "192.0.2.9")
        for reason in ("", "   ", "x" * 501):
            with pytest.raises(Refused, match="reason"):
                await note_look(desk, owner.id, reason, olga)
        await note_look(desk, owner.id, " ticket  4711 ", olga)
        written = (await hub.stores.journal.after(owner.id, 1, 10))[0]
        assert (written.entry.type, written.entry.actor) == ("operator.looked", olga)
        assert written.personal == {"reason": "ticket 4711"}
