"""Signing in through a SAML connection, as browsers and providers do it over HTTP."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from bs4 import Tag

from hallway.accounts.one_time_codes import code_at, step_of
from hallway.hub.connections.keeping import KeyBook
from hallway.hub.connections.model import ConnectionState, ConnectionUpdate, KeyState
from hallway.hub.organizations.inviting import Wish, invite
from hallway.hub.organizations.members import MemberState, Role, Source
from hallway.hub.organizations.model import Organization, Plan
from hallway.hub.organizations.roster import deactivate, remove
from hallway.journal.model import Change
from hallway.web.wiring import Reading, clock, connection_desk
from tests.rooms.opened import OPERATOR
from tests.saml.sender import Signing, rsa_key
from tests.web.asgi import Answer, call
from tests.web.browsing import PASSWORD, Browser, joined
from tests.web.deployment import Deployment, deployed
from tests.web.federation import IDP, STRANGER, Federation, federated, metadata


@asynccontextmanager
async def acme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any
) -> AsyncIterator[tuple[Deployment, Organization, Federation]]:
    async with deployed(tmp_path, monkeypatch) as hub:
        owner = await hub.hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        yield hub, owner, await federated(hub.hub, owner, **changes)


async def invited(hub: Deployment, owner: Organization, email: str, role: Role = Role.USER) -> None:
    await invite(hub.hub.roster, owner, Wish(email, role), OPERATOR)


async def attempts(hub: Deployment, owner: Organization) -> list[tuple[str, str, str]]:
    found = await hub.hub.stores.sign_ins.attempts(owner.id, None, "", None, 20)
    return [(one.outcome.value, one.code, one.who) for one in found]


def led_to(browser: Browser) -> str:
    """Where the last page leads on by itself: a form of ours may not lead to another site."""
    assert browser.page.status == 200 and "location" not in browser.page.headers, browser.text
    found = browser.soup.find("meta", {"http-equiv": "refresh"})
    assert isinstance(found, Tag)
    return str(found["content"]).removeprefix("0; url=")


async def test_a_member_signs_in_through_her_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await invited(hub, owner, "ada@acme.example")
        browser = Browser(hub.app)
        answer = await there.signed_in(browser, f"{there.path}?next=/settings/members")
        assert (answer.status, answer.headers["location"]) == (303, "/settings/members")
        await browser.follow()
        assert browser.page.status == 200 and "Acme" in browser.text
        (member,) = await hub.hub.stores.members.by_email(owner.id, "ada@acme.example")
        assert member.state is MemberState.ACTIVE and member.account_id is not None
        assert await attempts(hub, owner) == [("accepted", "", "ada@acme.example")]
        again = Browser(hub.app)
        await there.signed_in(again, name_id="ada@acme.example")
        assert (await again.get("/settings/members")).status == 200


async def test_a_session_through_a_connection_opens_one_organization(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        beta = await hub.hub.registrar.create("Beta", Plan.ENTERPRISE, None, OPERATOR)
        own = await joined(hub.hub, Browser(hub.app), beta, "ada@acme.example")
        made = await invite(hub.hub.roster, owner, Wish("ada@acme.example", Role.USER), OPERATOR)
        await own.get(made.link.removeprefix("http://hub.localhost:8000"))
        await own.submit("/invitation")
        browser = Browser(hub.app)
        await there.signed_in(browser)
        await browser.get("/organizations")
        assert "Acme" in browser.text and "Beta" not in browser.text
        opened = await browser.post("/organizations/open", organization="org_" + beta.id.hex())
        assert opened.status == 404
        password = await browser.post("/account/security/password", password="another long sentence")
        assert password.status == 403, "her provider does not decide how she signs in elsewhere"
        assert (await browser.get("/account/sessions")).status == 403
        assert (await browser.post("/account/sessions/end")).status == 403
        assert (await browser.post("/organizations/new", name="Gamma")).status == 422
        gamma = await hub.hub.registrar.create("Gamma", Plan.ENTERPRISE, None, OPERATOR)
        wanted = await invite(hub.hub.roster, gamma, Wish("ada@acme.example"), OPERATOR)
        await browser.get(wanted.link.removeprefix("http://hub.localhost:8000"))
        assert (await browser.submit("/invitation")).status == 409


async def test_an_administrator_confirms_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await joined(hub.hub, Browser(hub.app), owner, "ada@acme.example")
        browser = Browser(hub.app)
        asked = await there.asked(browser)
        answer = await there.posted(browser, there.response(asked))
        taken = answer.headers["location"]
        assert (await browser.get(taken)).status == 403 and "Confirm once" in browser.text
        await browser.post("/sign-in", email="ada@acme.example", password=PASSWORD, next=taken)
        assert (await browser.get(browser.page.headers["location"])).status == 303
        assert (await browser.get("/directories")).status == 200
        other = Browser(hub.app)
        await there.signed_in(other)
        assert (await other.get("/directories")).status == 200


async def test_a_form_has_one_response_among_few_fields(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await invited(hub, owner, "ada@acme.example")
        browser = Browser(hub.app)
        response = there.response(await there.asked(browser))

        async def sent(body: str) -> Answer:
            return await call(hub.app, "POST", f"{there.path}/acs", STRANGER, body.encode(), "192.0.2.50")

        value = quote(response, safe="")
        others = "&".join(f"field{number}=" for number in range(9))
        for body in (f"{others}&one=&SAMLResponse={value}", f"SAMLResponse={value}&SAML%52esponse={value}"):
            assert (await sent(body)).status == 400
        for body in (others, f"SAMLResponse={value}\N{DEGREE SIGN}", f"samlresponse={value}", ""):
            assert (await sent(body)).status == 400
        assert (await sent(f"SAMLResponse={value}%FF")).status == 403
        answer = await sent(f"{others}&SAML%52esponse={value}")
        assert answer.status == 303
        await browser.get(answer.headers["location"])
        assert await attempts(hub, owner) == [("accepted", "", "ada@acme.example")]


@pytest.mark.parametrize("email", ["nobody@acme.example", "ada@other.example"])
async def test_a_stranger_is_nobody_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, email: str) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        browser = Browser(hub.app)
        answer = await there.signed_in(browser, name_id=email, attributes=())
        assert answer.status == 403 and "hub_session" not in browser.jar
        code = "domain_unproved" if "other" in email else "nobody_here"
        assert await attempts(hub, owner) == [("refused", code, email)]


async def test_a_deactivated_member_stays_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True) as (hub, owner, there):
        await invited(hub, owner, "ada@acme.example")
        browser = Browser(hub.app)
        await there.signed_in(browser)
        (member,) = await hub.hub.stores.members.by_email(owner.id, "ada@acme.example")
        await deactivate(hub.hub.roster, member, OPERATOR)
        assert (await browser.get("/settings/members")).status == 303
        assert (await there.signed_in(Browser(hub.app))).status == 403
        renamed = await there.signed_in(Browser(hub.app), name_id="new-name", attributes=(("email", (member.email,)),))
        assert renamed.status == 403
        assert {code for _, code, _ in await attempts(hub, owner)} == {"", "deactivated"}


async def test_who_was_removed_is_somebody_new_when_she_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await invited(hub, owner, "ada@acme.example")
        before = Browser(hub.app)
        await there.signed_in(before)
        (member,) = await hub.hub.stores.members.by_email(owner.id, "ada@acme.example")
        await remove(hub.hub.roster, member, OPERATOR)
        assert (await there.signed_in(Browser(hub.app))).status == 403
        await invited(hub, owner, "ada@acme.example")
        assert (await before.get("/settings/members")).status == 303
        browser = Browser(hub.app)
        assert (await there.signed_in(browser)).status == 303, browser.text
        assert (await browser.get("/settings/members")).status == 200
        assert (await before.get("/settings/members")).status == 303, "a session of before stays ended"
        assert [code for _, code, _ in await attempts(hub, owner)] == ["", "nobody_here", ""]


async def test_somebody_new_becomes_a_guest_where_the_connection_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True) as (hub, owner, there):
        answer = await there.signed_in(Browser(hub.app))
        assert answer.status == 303
        (member,) = await hub.hub.stores.members.by_email(owner.id, "ada@acme.example")
        assert (member.role, member.source) == (Role.GUEST, Source.SSO)


async def test_no_member_is_made_where_a_directory_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True) as (hub, owner, there):
        await hub.place(owner)
        assert (await there.signed_in(Browser(hub.app))).status == 403
        assert (await attempts(hub, owner))[0][1] == "directory_decides"


async def test_an_answer_counts_once_and_in_its_own_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await invited(hub, owner, "ada@acme.example")
        browser, thief = Browser(hub.app), Browser(hub.app)
        await there.asked(thief)
        asked = await there.asked(browser)
        response = there.response(asked)
        taken = (await there.posted(browser, response)).headers["location"]
        assert (await there.posted(browser, response)).status == 409
        assert (await thief.get(taken)).status == 409 and "hub_session" not in thief.jar
        assert (await browser.get(taken)).status == 303
        assert (await browser.get(taken)).status == 409


@pytest.mark.parametrize("sign", ["assertion", "response", "both"])
async def test_whatever_of_it_is_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sign: str) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await invited(hub, owner, "ada@acme.example")
        browser = Browser(hub.app)
        asked = await there.asked(browser)
        answer = await there.posted(browser, there.response(asked, sign))
        assert (await browser.get(answer.headers["location"])).status == 303


async def test_an_encrypted_assertion_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await invited(hub, owner, "ada@acme.example")
        browser = Browser(hub.app)
        asked = await there.asked(browser)
        answer = await there.posted(browser, there.sealed_response(asked))
        assert (await browser.get(answer.headers["location"])).status == 303


async def test_an_unsolicited_answer_begins_a_sign_in_where_such_are_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await invited(hub, owner, "ada@acme.example")
        browser = Browser(hub.app)
        answer = await there.posted(browser, there.response(None))
        assert answer.headers["location"] == f"{there.path}?from=provider"
        assert (await browser.get(answer.headers["location"])).headers["location"].startswith("https://idp.example/sso")
        assert (await browser.get(answer.headers["location"])).status == 403, "it does not go round for ever"


async def test_an_unsolicited_answer_is_taken_where_the_connection_allows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch, allow_idp_initiated=True) as (hub, owner, there):
        await invited(hub, owner, "ada@acme.example")
        browser = Browser(hub.app)
        response = there.response(None)
        answer = await there.posted(browser, response, RelayState="https://evil.example")
        assert (await browser.get(answer.headers["location"])).headers["location"] == "/"
        assert (await there.posted(browser, response)).status == 409


async def test_a_test_sign_in_signs_nobody_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await invited(hub, owner, "ada@acme.example")
        browser = Browser(hub.app)
        sso = hub.serving._sso
        assert sso is not None

        async def test(request: Any, _: Any) -> Any:
            return await sso.pages.test(request, there.connection)

        hub.serving.page_handlers["sso_find"] = test
        asked = await there.asked(browser, "/sign-in/sso")
        answer = await there.posted(browser, there.response(asked))
        shown = await browser.get(answer.headers["location"])
        assert shown.status == 200 and "would be signed in" in browser.text and "groups" in browser.text
        assert "hub_session" not in browser.jar
        (member,) = await hub.hub.stores.members.by_email(owner.id, "ada@acme.example")
        assert member.state is MemberState.INVITED and member.account_id is None
        await there.again()
        assert there.connection.tested_at is not None and there.connection.last_sign_in_at is None


async def test_a_connection_that_is_off_signs_nobody_in_and_its_sessions_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await invited(hub, owner, "ada@acme.example")
        browser = Browser(hub.app)
        await there.signed_in(browser)
        assert (await browser.get("/settings/members")).status == 200
        was = (await there.again()).connection
        off = replace(was, state=ConnectionState.DISABLED, version=was.version + 1)
        await hub.hub.stores.database.commit(Change(owner.id, (ConnectionUpdate(was, off),)))
        assert (await browser.get("/settings/members")).status == 303
        assert (await Browser(hub.app).get(there.path)).status == 403


async def test_a_fresh_proof_is_asked_of_the_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await joined(hub.hub, Browser(hub.app), owner, "ada@acme.example")
        browser = Browser(hub.app)
        await there.signed_in(browser)
        await browser.post("/sign-in", email="ada@acme.example", password=PASSWORD)
        await there.signed_in(browser)
        await browser.get("/sign-in/again?next=/directories")
        await browser.submit("/sign-in/again")
        assert led_to(browser).startswith("https://idp.example/sso")


async def test_an_address_is_sent_to_its_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, _, _there):
        browser = Browser(hub.app)
        for email in ("a@nowhere.example", "nonsense", "a@"):
            assert (await browser.post("/sign-in/sso", email=email)).status == 422
        await browser.post("/sign-in/sso", email="Bea@ACME.example")
        assert led_to(browser).startswith("https://idp.example/sso?SAMLRequest=")


async def test_forms_of_providers_may_lead_to_other_hosts_of_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, _, there):
        was = there.connection
        by_form = replace(was.saml, redirect_url="", post_url="https://idp.example/post")
        changed = replace(was, saml=by_form, version=was.version + 1)
        await hub.hub.stores.database.commit(Change(was.organization_id, (ConnectionUpdate(was, changed),)))
        browser = Browser(hub.app)
        answer = await browser.get(there.path)
        assert browser.form("https://idp.example/post").find("input", {"name": "SAMLRequest"}) is not None
        policy = answer.headers["content-security-policy"]
        assert "form-action https:;" in policy and "script-src 'self';" in policy


async def test_the_provider_reads_what_we_say_of_ourselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, _, there):
        answer = await Browser(hub.app).get(f"{there.path}/metadata")
        assert answer.status == 200 and b"AssertionConsumerService" in answer.body
        assert (await Browser(hub.app).get("/sso/" + "0" * 32)).status == 404
        assert (await Browser(hub.app).get("/sso/conn_" + "0" * 32 + "/metadata")).status == 404


async def enforcing(hub: Deployment, owner: Organization, there: Federation) -> Browser:
    """An administrator who came through the connection and enforces it."""
    browser = await joined(hub.hub, Browser(hub.app), owner, "ada@acme.example")
    asked = await there.asked(browser)
    answer = await there.posted(browser, there.response(asked))
    await browser.get(answer.headers["location"])
    assert browser.page.status == 303
    await browser.get("/settings/sso/enforcement")
    assert browser.page.status == 200
    await browser.submit("/settings/sso/enforce")
    assert browser.page.status == 303, browser.text
    return browser


async def test_it_is_enforced_only_by_who_came_through_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        browser = await joined(hub.hub, Browser(hub.app), owner, "eve@acme.example")
        await browser.get("/settings/sso/enforcement")
        assert "Sign in through the connection first" in browser.text
        answer = await browser.post("/settings/sso/enforce", connection="conn_" + there.connection.id.hex())
        assert answer.status == 422
        assert (await browser.post("/settings/sso/enforce", connection="conn_" + "0" * 32)).status == 404


async def test_where_it_is_enforced_own_credentials_open_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        before = await joined(hub.hub, Browser(hub.app), owner, "bea@acme.example", Role.USER)
        admin = await enforcing(hub, owner, there)
        assert (await admin.get("/settings/members")).status == 200
        assert (await before.get("/settings/members")).status == 200, "sessions of before have an hour"
        other = Browser(hub.app)
        await other.post("/sign-in", email="bea@acme.example", password=PASSWORD)
        assert other.page.headers["location"].startswith("/sso/")
        assert (await other.get("/settings/members")).headers["location"].startswith("/organizations")
        hub.later(3601)
        assert (await before.get("/settings/members")).status == 303
        await there.signed_in(other)
        hub.ahead[0] = 0
        assert (await other.get("/settings/members")).status == 200


async def test_the_exempt_come_in_with_two_factors_and_everybody_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await joined(hub.hub, Browser(hub.app), owner, "bea@acme.example", Role.USER)
        admin = await enforcing(hub, owner, there)
        for wrong in ({"member": "nobody@acme.example", "days": "5"}, {"member": "bea@acme.example", "days": "91"}):
            assert (await admin.post("/settings/sso/exempt", **wrong)).status == 422
        assert (await admin.post("/settings/sso/exempt", member="bea@acme.example", days="5")).status == 303
        other = Browser(hub.app)
        await other.post("/sign-in", email="bea@acme.example", password=PASSWORD)
        assert (await other.get("/settings/members")).status == 303, "a password alone is not enough"
        await other.get("/account/security/codes")
        seed = base64.b32decode(str(other.soup.find(id="key")["value"]).replace(" ", ""))  # type: ignore[index]
        await other.submit("/account/security/codes", code=code_at(seed, step_of(clock())))
        codes = [one.text for one in other.soup.select(".recovery-codes code")]
        strong = Browser(hub.app)
        await strong.post("/sign-in", email="bea@acme.example", password=PASSWORD)
        await strong.post("/sign-in/code", code=code_at(seed, step_of(clock()) + 1))
        if strong.page.status != 303:
            await strong.post("/sign-in/code", code=codes[0])
        assert (await strong.get("/settings/members")).status == 200
        entries = await hub.hub.stores.journal.after(owner.id, 0, 100)
        assert "sso.exemption_used" in [one.entry.type for one in entries]
        assert (await admin.post("/settings/sso/lift")).status == 303
        assert (await other.get("/organizations")).status == 200


async def test_what_a_form_led_to_leads_on_by_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Browsers hold every redirect after a form to the form's policy, also one by way of another page of ours."""
    async with acme(tmp_path, monkeypatch) as (hub, _, there):
        browser = Browser(hub.app)
        answer = await browser._sent("GET", there.path, {"sec-fetch-site": "same-origin"}, b"")
        assert answer.status == 200 and b"https://idp.example/sso?SAMLRequest=" in answer.body
        answer = await browser._sent("GET", there.path, {"sec-fetch-site": "cross-site"}, b"")
        assert answer.status == 303


async def test_an_unknown_signer_is_offered_and_signs_nobody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {IDP: metadata("idp", "stranger")}

    async def read(_: Reading, url: str) -> bytes:
        return pages[url]

    monkeypatch.setattr(Reading, "__call__", read)
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await invited(hub, owner, "ada@acme.example")
        was = there.connection
        by_url = replace(was, saml=replace(was.saml, metadata_url=IDP), version=2)
        await hub.hub.stores.database.commit(Change(owner.id, (ConnectionUpdate(was, by_url),)))
        browser = Browser(hub.app)
        for _ in range(2):
            asked = await there.asked(browser)
            answer = await there.posted(browser, there.response(asked, how=Signing(rsa_key("stranger"))))
            assert answer.status == 403 and "session" not in "".join(answer.cookies)
            states = [key.state for key in (await there.again()).connection.saml.keys]
            assert states == [KeyState.TRUSTED, KeyState.OFFERED]


async def test_what_is_encrypted_to_the_certificate_of_before_still_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await invited(hub, owner, "ada@acme.example")
        keys = KeyBook(connection_desk(hub.hub), OPERATOR)
        await keys.switch_own(await keys.renew_own(there.connection))
        browser = Browser(hub.app)
        for opens in (True, False):
            asked = await there.asked(browser)
            answer = await there.posted(browser, there.sealed_response(asked))
            assert (answer.status == 303) is opens
            await keys.drop_own(there.connection) if opens else None


async def test_an_address_of_before_is_taken_where_the_connection_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = "https://old.example/acs"
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        await invited(hub, owner, "ada@acme.example")
        browser = Browser(hub.app)
        asked = await there.asked(browser)
        moved = there.response(asked, destination=old, recipient=old)
        assert (await there.posted(browser, moved)).status == 403
        was = there.connection
        named = replace(was, saml=replace(was.saml, more_acs_urls=(old,)), version=2)
        await hub.hub.stores.database.commit(Change(owner.id, (ConnectionUpdate(was, named),)))
        answer = await there.posted(browser, moved)
        assert (await browser.get(answer.headers["location"])).status == 303
        mixed = there.response(await there.asked(browser), destination=old)
        assert (await there.posted(browser, mixed)).status == 403, "both say the same address"
