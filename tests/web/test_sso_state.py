"""Answers that are genuine and come at the wrong time, to the wrong place, twice, or in the wrong browser."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hallway.hub.connections.model import ConnectionState, ConnectionUpdate, KeyState, ProviderKey
from hallway.hub.organizations.members import Role
from hallway.hub.organizations.model import Plan
from hallway.hub.organizations.roster import deactivate, end_sessions, remove
from hallway.ids import SignInId
from hallway.journal.model import Change
from hallway.web.app import application_of
from tests.rooms.opened import OPERATOR, settings_in
from tests.saml.sender import Signing, rsa_key
from tests.web.browsing import PASSWORD, Browser, joined
from tests.web.deployment import Deployment
from tests.web.federation import Federation, certificate, federated
from tests.web.test_sso import acme, attempts, invited

ADA = "ada@acme.example"
MINUTES = 60 * 1_000_000


def later(hub: Deployment, minutes: int) -> None:
    """Time passes for who judges answers."""
    sso = hub.serving._sso
    assert sso is not None
    desk = sso.ground.desk
    object.__setattr__(sso.ground, "desk", replace(desk, clock=lambda: desk.clock() + minutes * MINUTES))


async def changed(hub: Deployment, there: Federation, **changes: Any) -> None:
    was = (await there.again()).connection
    now = replace(was, version=was.version + 1, **changes)
    await hub.hub.stores.database.commit(Change(was.organization_id, (ConnectionUpdate(was, now),)))
    there.connection = now


async def strangers(hub: Deployment, there: Federation) -> list[str]:
    sso = hub.serving._sso
    assert sso is not None
    await sso.flush()
    one = there.connection
    return [each.code for each in await hub.hub.stores.sign_ins.strangers(one.organization_id, one.id)]


@pytest.mark.parametrize("same_organization", [True, False])
async def test_an_answer_counts_at_its_own_connection_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same_organization: bool
) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True) as (hub, owner, there):
        second = owner if same_organization else await hub.hub.registrar.create("B", Plan.ENTERPRISE, None, OPERATOR)
        elsewhere = await federated(hub.hub, second, "second.example", just_in_time=True)
        browser = Browser(hub.app)
        asked = await there.asked(browser)
        assert (await elsewhere.posted(browser, there.response(asked))).status == 403
        assert (await elsewhere.posted(browser, elsewhere.response(asked))).status == 409
        found = await hub.hub.stores.sign_ins.attempts(second.id, elsewhere.connection.id, "", None, 9)
        assert [one.code for one in found] == ["no_request"]
        assert await strangers(hub, elsewhere) == ["wrong_destination"], "which no signature covered"
        taken = (await there.posted(browser, there.response(asked))).headers["location"]
        other = taken.replace(there.path, elsewhere.path)
        assert (await browser.get(other)).status == 409 and "hub_session" not in browser.jar
        assert (await browser.get(taken)).status == 303, "it waits until it is fetched where it belongs"


async def test_keys_of_before_of_others_and_of_our_own_sign_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True) as (hub, _, there):
        keys = (
            ProviderKey(certificate("new"), KeyState.TRUSTED, 2),
            ProviderKey(certificate("staged"), KeyState.STAGED, 2),
        )
        await changed(hub, there, saml=replace(there.connection.saml, keys=keys))
        browser = Browser(hub.app)
        asked = await there.asked(browser)
        for name in ("idp", "staged", "other tenant", "sp"):
            answer = await there.posted(browser, there.response(asked, how=Signing(rsa_key(name))))
            assert answer.status == 403 and not answer.cookies
        assert await strangers(hub, there) == ["wrong_key"] * 4
        assert (await there.posted(browser, there.response(asked, how=Signing(rsa_key("new"))))).status == 303


async def test_an_answer_counts_once_over_restarts_and_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True, allow_idp_initiated=True) as (hub, owner, there):
        async with AsyncExitStack() as stack:
            other = application_of(settings_in(hub.folder, rate_limit_per_second="0"))
            await other.lifespan.start()
            stack.push_async_callback(other.lifespan.stop)
            browser = Browser(hub.app)
            for response in (there.response(await there.asked(browser)), there.response(None)):
                two = [there.posted(Browser(app), response) for app in (hub.app, other)]
                answers = await asyncio.gather(*two)
                assert sorted(one.status for one in answers) == [303, 409]
        again = application_of(settings_in(hub.folder, rate_limit_per_second="0"))
        await again.lifespan.start()
        try:
            assert (await there.posted(Browser(again), response)).status == 409
        finally:
            await again.lifespan.stop()
        assert {code for _, code, _ in await attempts(hub, owner)} <= {"replayed", "no_request"}


async def test_the_same_assertion_in_another_response_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch, allow_idp_initiated=True) as (hub, _, there):
        browser = Browser(hub.app)
        for response_id, status in (("_one", 303), ("_two", 409)):
            response = there.response(None, response_id=response_id, assertion_id="_same")
            assert (await there.posted(browser, response)).status == status


async def test_what_waited_too_long_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True) as (hub, owner, there):
        parked, asking = Browser(hub.app), Browser(hub.app)
        taken = (await there.posted(parked, there.response(await there.asked(parked)))).headers["location"]
        asked = await there.asked(asking)
        later(hub, 16)
        assert (await parked.get(taken)).status == 409 and "hub_session" not in parked.jar
        fresh = there.login(asked)
        ahead = timedelta(minutes=16)
        times = {"not_after": fresh.not_after, "confirmed_until": fresh.confirmed_until}
        moved = {name: at + ahead for name, at in times.items() if at is not None}
        assert (await there.posted(asking, there.response(asked, **moved))).status == 409
        assert {code for _, code, _ in await attempts(hub, owner)} == {"no_request"}


async def test_an_attackers_answer_signs_nobody_in_at_the_victim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True) as (hub, _, there):
        attacker, fresh, busy = Browser(hub.app), Browser(hub.app), Browser(hub.app)
        await there.asked(busy)
        asked = await there.asked(attacker)
        taken = (await there.posted(fresh, there.response(asked))).headers["location"]
        for victim in (fresh, busy):
            assert (await victim.get(taken)).status == 409 and "hub_session" not in victim.jar
        attacker.jar["hub_session"] = fixed = "0" * 64
        assert (await attacker.get(taken)).status == 303
        assert attacker.jar["hub_session"] != fixed, "no session is taken from whoever gave it"


@pytest.mark.parametrize(
    "value",
    ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "a\r\nx: y", "x" * 10_000],
)
@pytest.mark.parametrize("unsolicited", [True, False])
async def test_a_relay_state_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, unsolicited: bool
) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True, allow_idp_initiated=True) as (hub, _, there):
        browser = Browser(hub.app)
        asked = None if unsolicited else await there.asked(browser)
        refused = await there.posted(browser, there.response(asked, audience=("x",)), RelayState=value)
        assert refused.status == 403 and b"evil" not in refused.body and "location" not in refused.headers
        answer = await there.posted(browser, there.response(asked), RelayState=value)
        assert answer.headers["location"].startswith(f"{there.path}/resume?at=")
        assert (await browser.get(answer.headers["location"])).headers["location"] == "/"
        begun = Browser(hub.app)
        assert (await there.signed_in(begun, f"{there.path}?next=//evil.example")).headers["location"] == "/"


async def test_what_ends_between_the_answer_and_its_fetching_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await invited(hub, owner, ADA)
        await there.signed_in(Browser(hub.app))
        off, out = Browser(hub.app), Browser(hub.app)
        parked = [
            (await there.posted(one, there.response(await there.asked(one)))).headers["location"] for one in (off, out)
        ]
        (member,) = await hub.hub.stores.members.by_email(owner.id, ADA)
        await deactivate(hub.hub.roster, member, OPERATOR)
        owner_id, ids = owner.id, [SignInId(bytes.fromhex(one.partition("at=")[2])) for one in parked]
        ended = [await hub.hub.stores.sign_ins.sign_in(owner_id, one) for one in ids]
        assert [(one.answer, one.ended_at is None) for one in ended if one] == [(None, False)] * 2, "with her leaving"
        assert (await off.get(parked[1])).status == 409, "nobody else is told why"
        assert (await out.get(parked[1])).status == 403 and "hub_session" not in out.jar
        await changed(hub, there, state=ConnectionState.DISABLED)
        assert (await off.get(parked[0])).status == 403 and "hub_session" not in off.jar
        found = [code for _, code, _ in await attempts(hub, owner)]
        assert found == ["deactivated", "deactivated", "no_request", ""]


async def test_what_is_switched_off_before_the_answer_is_fetched_signs_nobody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await invited(hub, owner, ADA)
        browser = Browser(hub.app)
        taken = (await there.posted(browser, there.response(await there.asked(browser)))).headers["location"]
        await changed(hub, there, state=ConnectionState.DISABLED)
        assert (await browser.get(taken)).status == 403 and "hub_session" not in browser.jar
        assert [code for _, code, _ in await attempts(hub, owner)] == ["connection_off"]


@pytest.mark.parametrize("way", ["removed", "sessions ended", "first", "unsolicited"])
async def test_a_parked_sign_in_ends_with_who_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    async with acme(tmp_path, monkeypatch, allow_idp_initiated=True) as (hub, owner, there):
        await invited(hub, owner, ADA)
        if way != "first":
            await there.signed_in(Browser(hub.app))
        browser, roster = Browser(hub.app), hub.hub.roster
        asked = None if way == "unsolicited" else await there.asked(browser)
        taken = (await there.posted(browser, there.response(asked))).headers["location"]
        (member,) = await hub.hub.stores.members.by_email(owner.id, ADA)
        await (end_sessions if way == "sessions ended" else remove)(roster, member, OPERATOR)
        kept = await hub.hub.stores.sign_ins.sign_in(owner.id, SignInId(bytes.fromhex(taken.partition("at=")[2])))
        assert kept is not None and kept.answer is None and kept.ended_at is not None
        assert (await browser.get(taken)).status in (403, 409) and "hub_session" not in browser.jar


async def test_nobody_confirms_for_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await joined(hub.hub, Browser(hub.app), owner, ADA)
        browser = await joined(hub.hub, Browser(hub.app), owner, "bob@acme.example", Role.USER)
        taken = (await there.posted(browser, there.response(await there.asked(browser)))).headers["location"]
        assert (await browser.get(taken)).status == 403 and "Confirm once" in browser.text
        (member,) = await hub.hub.stores.members.by_email(owner.id, ADA)
        assert not await hub.hub.stores.connections.identities(owner.id, member.id)
        await browser.post("/sign-out")
        await browser.post("/sign-in", email=ADA, password=PASSWORD, next=taken)
        assert (await browser.get(taken)).status == 303
        assert await hub.hub.stores.connections.identities(owner.id, member.id)
