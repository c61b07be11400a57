"""What ends at applications when somebody leaves, signs out, or is switched off; and what applications are told."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hallway.accounts.model import AccountUpdate
from hallway.hub.applications.leaving import logout_token_for
from hallway.hub.applications.model import ApplicationState
from hallway.hub.applications.service import delete, found_application, set_state
from hallway.hub.connections.enforcement import Enforcement, NewEnforcement
from hallway.hub.connections.model import ConnectionState, ConnectionUpdate
from hallway.hub.organizations.leaving import ended
from hallway.hub.organizations.members import MemberRemoval, MemberUpdate
from hallway.ids import MEMBER, wire
from hallway.journal.feed import Wanted
from hallway.journal.model import Change
from hallway.web.wiring import clock
from tests.rooms.opened import OPERATOR
from tests.web.browsing import PASSWORD, Browser
from tests.web.deployment import Deployment, deployed
from tests.web.openid import openid
from tests.web.relying import GONE, Company, Relying, answer_of, company, relying

DAY = 86_400 * 1_000_000


async def events(hub: Deployment, acme: Company) -> list[dict[str, Any]]:
    """What the feed tells of an organization."""
    await hub.hub.stores.feed.place()
    placed = await hub.hub.stores.feed.after(Wanted(0, 1000, acme.organization.id))
    return [dict(one) for one in await hub.hub.teller.told(placed.entries)]


async def told(hub: Deployment, app: Relying, acme: Company) -> list[dict[str, Any]]:
    """The logout tokens that an application is sent, read as it reads them."""
    made = [await logout_token_for(app.desk, app.made.application, one) for one in await events(hub, acme)]
    return [await app.claims(one, "logout+jwt") for one in made if one is not None]


async def is_out(app: Relying, tokens: dict[str, Any]) -> bool:
    """Whether nothing that the application has counts any more."""
    info = await app.userinfo(tokens["access_token"])
    inspected = await app.post("/oauth2/introspect", token=tokens["access_token"])
    of_refresh = await app.post("/oauth2/introspect", token=tokens["refresh_token"])
    refreshed = await app.refresh(tokens["refresh_token"])
    found = {info.status == 401, inspected.body == {"active": False}, of_refresh.body == {"active": False}}
    assert len(found | {refreshed.status == 400}) == 1, "all say the same"
    return info.status == 401


async def test_whoever_is_deactivated_is_out_of_every_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app, other = await company(hub), await relying(hub), await relying(hub)
        una, browser = await acme.somebody(hub.app, "una@acme.example")
        tokens = [await app.tokens(browser), await app.tokens(browser, scope="openid offline_access")]
        beside = await app.tokens(acme.browser)
        code = await app.code(browser)
        gone, rows = ended(una, clock())
        entry = app.desk.entry("member.deactivated", una.id, OPERATOR, {})
        await hub.hub.stores.database.commit(Change(una.organization_id, rows, (entry,), entry.id))
        assert [await is_out(app, one) for one in tokens] == [True, True]
        assert (await app.token(code)).error == "invalid_grant"
        assert not await is_out(app, beside), "nobody else's"
        back = replace(gone, state=una.state, access_from=gone.access_from, version=gone.version + 1)
        await hub.hub.stores.database.commit(Change(una.organization_id, (MemberUpdate(gone, back),)))
        assert await is_out(app, tokens[1]), "coming back revives no token"
        claims = await told(hub, app, acme)
        assert [(one["sub"], "sid" in one) for one in claims] == [(wire(MEMBER, una.id), False)]
        assert "nonce" not in claims[0] and claims[0]["aud"] == app.client_id and claims[0]["jti"]
        assert claims[0]["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
        assert await told(hub, other, acme) == [], "she never came there"


async def test_whoever_is_removed_is_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        una, browser = await acme.somebody(hub.app, "una@acme.example")
        tokens = await app.tokens(browser, scope="openid offline_access")
        entry = app.desk.entry("member.removed", una.id, OPERATOR, {})
        await hub.hub.stores.database.commit(Change(una.organization_id, (MemberRemoval(una),), (entry,), entry.id))
        assert await is_out(app, tokens)
        assert [one["sub"] for one in await told(hub, app, acme)] == [wire(MEMBER, una.id)]


async def test_signing_out_ends_what_was_granted_in_that_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app, other = await company(hub), await relying(hub), await relying(hub)
        tokens, offline = await app.tokens(acme.browser), await app.tokens(acme.browser, scope="openid offline_access")
        await other.tokens(acme.browser)
        sid = (await app.claims(tokens["id_token"]))["sid"]
        again = Browser(hub.app)
        await again.get("/sign-in")
        await again.submit("/sign-in", email="ada@acme.example", password=PASSWORD)
        beside = await app.tokens(again)
        await acme.browser.post("/sign-out")
        assert await is_out(app, tokens) and not await is_out(app, beside)
        assert not await is_out(app, offline), "it was granted for when nobody is there"
        for one in (app, other):
            assert [(claims["sid"], claims["sub"]) for claims in await told(hub, one, acme)] == [
                (sid, wire(MEMBER, acme.admin.id))
            ]


async def test_ending_the_other_sessions_ends_what_they_granted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        tokens, other = await app.tokens(acme.browser), Browser(hub.app)
        await other.get("/sign-in")
        await other.submit("/sign-in", email="ada@acme.example", password=PASSWORD)
        kept = await app.tokens(other)
        await other.post("/account/sessions/end")
        assert await is_out(app, tokens) and not await is_out(app, kept)
        assert len(await told(hub, app, acme)) == 1


async def test_proving_oneself_again_keeps_what_was_granted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        tokens = await app.tokens(acme.browser)
        sid = (await app.claims(tokens["id_token"]))["sid"]
        await acme.browser.get("/sign-in/again")
        await acme.browser.submit("/sign-in/again", password=PASSWORD)
        assert (await app.userinfo(tokens["access_token"])).status == 200
        again = (await app.refresh(tokens["refresh_token"])).body
        assert (await app.claims(again["id_token"]))["sid"] == sid, "the application knows the session by this"
        assert await told(hub, app, acme) == []
        await acme.browser.post("/sign-out")
        assert [one["sid"] for one in await told(hub, app, acme)] == [sid]


async def test_another_password_ends_what_other_sessions_granted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        tokens = await app.tokens(acme.browser, scope="openid offline_access")
        assert acme.admin.account_id is not None
        account = await hub.hub.stores.accounts.by_id(acme.admin.account_id)
        assert account is not None
        reset = replace(account, sessions_from=clock() + 1, version=account.version + 1)
        await hub.hub.people.desk.write(account.id, (AccountUpdate(account, reset),))
        assert await is_out(app, tokens), "what began before the proofs were taken back"


async def test_a_suspended_organization_lets_nobody_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        tokens = await app.tokens(acme.browser)
        await hub.hub.registrar.suspend(acme.organization, OPERATOR)
        assert (await app.userinfo(tokens["access_token"])).status == 401
        assert (await app.answer(acme.browser))["error"] == "access_denied"
        suspended = await hub.hub.stores.organizations.by_id(acme.organization.id)
        assert suspended is not None
        await hub.hub.registrar.resume(suspended, OPERATOR)
        assert (await app.userinfo(tokens["access_token"])).status == 200


async def test_a_disabled_application_has_nothing_and_a_deleted_one_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        tokens = await app.tokens(acme.browser)
        off = await set_state(app.desk, app.made.application, ApplicationState.DISABLED, OPERATOR)
        assert (await app.userinfo(tokens["access_token"])).status == 401
        assert (await app.refresh(tokens["refresh_token"])).error == "invalid_client"
        await set_state(app.desk, off, ApplicationState.ACTIVE, OPERATOR)
        assert (await app.userinfo(tokens["access_token"])).status == 200
        await delete(app.desk, await found_application(app.desk, app.client_id), OPERATOR)
        assert (await app.userinfo(tokens["access_token"])).status == 401


async def test_what_was_granted_by_an_own_credential_ends_where_it_may_not_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        there = await openid(hub.hub, acme.organization, hub.serving)
        tokens = await app.tokens(acme.browser, scope="openid offline_access")
        enforced = Enforcement(acme.organization.id, there.connection.id, clock() - 2 * DAY)
        await hub.hub.stores.database.commit(Change(acme.organization.id, (NewEnforcement(enforced),)))
        assert await is_out(app, tokens)
        away = await acme.browser.get(app.url())
        assert away.headers["location"].startswith(f"/sso/{there.connection.id.hex()}?next=")
        assert (await app.answer(acme.browser, prompt="none"))["error"] == "login_required"


async def test_a_connection_that_is_switched_off_takes_what_came_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app, browser = await company(hub), await relying(hub), Browser(hub.app)
        there = await openid(hub.hub, acme.organization, hub.serving)
        await acme.somebody(hub.app, "una@acme.example")
        there.provider.claims = {"email": "una@acme.example", "sub": "una-1"}
        asked = app.url(connection=f"conn_{there.connection.id.hex()}")
        await browser.get(asked)
        settled = await there.signed_in(browser, browser.page.headers["location"])
        back = await browser.get(settled.headers["location"])
        tokens = (await app.token(answer_of(back)["code"])).body
        claims = await app.claims(tokens["id_token"])
        assert (claims["connection"], claims["amr"]) == (f"conn_{there.connection.id.hex()}", ["fed"])
        kept = await hub.hub.stores.connections.connection(acme.organization.id, there.connection.id)
        assert kept is not None
        off = replace(kept, state=ConnectionState.DISABLED, version=kept.version + 1)
        await hub.hub.stores.database.commit(Change(acme.organization.id, (ConnectionUpdate(kept, off),)))
        assert await is_out(app, tokens)


async def test_an_application_signs_its_person_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app, other = await company(hub), await relying(hub), await relying(hub)
        tokens, beside = await app.tokens(acme.browser), await other.tokens(acme.browser)
        query = f"id_token_hint={tokens['id_token']}&post_logout_redirect_uri={GONE}&state=x1"
        answer = await acme.browser.get(f"/oauth2/logout?{query}")
        assert (answer.status, answer.headers["location"]) == (303, f"{GONE}?state=x1")
        assert "hub_session" not in acme.browser.jar
        assert await is_out(app, tokens) and await is_out(other, beside)
        assert len(await told(hub, other, acme)) == 1
        again = await acme.browser.get(f"/oauth2/logout?{query}")
        assert again.status == 303, "who is out stays out"


async def test_an_application_signs_its_person_out_by_a_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser brings no cookie with another site's form: the hint is enough."""
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        tokens = await app.tokens(acme.browser)
        stranger = Browser(hub.app)
        await stranger.post("/oauth2/logout", id_token_hint=tokens["id_token"], post_logout_redirect_uri=GONE)
        assert stranger.page.status == 200 and GONE in stranger.text + str(stranger.soup)
        assert await is_out(app, tokens)
        answer = await stranger.post("/oauth2/logout", client_id=app.client_id, post_logout_redirect_uri=GONE)
        assert answer.status == 303 and answer.headers["location"].startswith("/oauth2/logout?client_id=")


async def test_without_a_hint_the_person_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        tokens = await app.tokens(acme.browser)
        query = f"client_id={app.client_id}&post_logout_redirect_uri={GONE}"
        await acme.browser.get(f"/oauth2/logout?{query}")
        assert "Sign out?" in acme.browser.text
        assert (await app.userinfo(tokens["access_token"])).status == 200
        await acme.browser.submit("/oauth2/logout/confirm")
        assert GONE in str(acme.browser.soup) and "hub_session" not in acme.browser.jar
        assert await is_out(app, tokens)
        nobody = Browser(hub.app)
        assert (await nobody.get(f"/oauth2/logout?{query}")).headers["location"] == GONE
        await nobody.get("/oauth2/logout")
        assert nobody.page.headers["location"] == "/sign-in"


async def test_a_revoked_token_ends_its_grant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app, other = await company(hub), await relying(hub), await relying(hub)
        for name in ("access_token", "refresh_token"):
            tokens = await app.tokens(acme.browser)
            assert (await other.post("/oauth2/revoke", token=tokens[name])).status == 200
            assert (await app.userinfo(tokens["access_token"])).status == 200, "only its own"
            assert (await app.post("/oauth2/revoke", token=tokens[name])).status == 200
            assert await is_out(app, tokens)
        assert (await app.post("/oauth2/revoke", token="x")).status == 200
        assert (await app.post("/oauth2/revoke")).error == "invalid_request"


async def test_an_application_that_gave_its_tokens_back_still_signs_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Apache's mod_auth_openidc does: revocation first, then the browser."""
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        tokens = await app.tokens(acme.browser)
        assert (await app.post("/oauth2/revoke", token=tokens["refresh_token"])).status == 200
        await acme.browser.get(f"/oauth2/logout?id_token_hint={tokens['id_token']}")
        assert (await app.answer(acme.browser, prompt="none"))["error"] == "login_required"


async def test_an_event_that_is_nobodys_tells_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        await app.tokens(acme.browser)
        assert await told(hub, app, acme) == [], "signing in is not signing out"
        who = wire(MEMBER, acme.admin.id)
        place = {"id": "x"}
        for event in (
            {"type": "member.deactivated", "member": None, "organization": place},
            {"type": "member.deactivated", "member": who, "organization": None},
            {"type": "member.deactivated", "member": who, "organization": place},
            {"type": "member.signed_out", "member": who, "organization": place, "facts": None},
            {"type": "member.signed_out", "member": who, "organization": place, "facts": {"sid": "s"}},
            {"type": "member.signed_out", "member": who, "organization": place,
             "facts": {"sid": "s", "applications": ["app_x"]}},
        ):  # fmt: skip
            assert await logout_token_for(app.desk, app.made.application, {**event}) is None


async def test_somebody_else_in_the_same_browser_ends_the_session_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        tokens = await app.tokens(acme.browser)
        await acme.somebody(hub.app, "una@acme.example")
        await acme.browser.get("/sign-in?as=other")
        await acme.browser.submit("/sign-in", email="una@acme.example", password=PASSWORD)
        assert await is_out(app, tokens)
        assert len(await told(hub, app, acme)) == 1
