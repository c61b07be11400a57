"""The pages of accounts as a browser sees them: in, out, once more, and what nobody can learn or do there."""

import base64
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hallway.accounts.desk import Browser as Where
from hallway.accounts.model import Realm
from hallway.accounts.one_time_codes import code_at, step_of
from hallway.hub.organizations.inviting import Wish, invite
from hallway.hub.organizations.members import Role
from hallway.hub.organizations.model import Plan
from hallway.hub.organizations.roster import deactivate, found_member, reactivate
from hallway.ids import MEMBER, wire
from tests.authenticator import Authenticator
from tests.rooms.opened import OPERATOR
from tests.web.browsing import PASSWORD, Browser, joined
from tests.web.deployment import Deployment, deployed

ORIGIN = "http://hub.localhost:8000"


@asynccontextmanager
async def standing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **settings: str) -> AsyncIterator[Deployment]:
    async with deployed(tmp_path, monkeypatch, **settings) as hub:
        yield hub


async def acme(hub: Deployment, email: str = "ada@acme.example", role: Role = Role.ADMIN) -> tuple[Browser, bytes]:
    """Somebody in a new organization, and its id."""
    owner = await hub.hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
    return await joined(hub.hub, Browser(hub.app), owner, email, role), owner.id


async def test_an_invitation_leads_into_the_organization(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        browser, _ = await acme(hub)
        await browser.follow()
        assert browser.page.status == 200 and "Acme" in browser.text and browser.path == "/directories"


async def test_one_signs_out_and_in_with_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        browser, _ = await acme(hub)
        await browser.get("/account")
        old = dict(browser.jar)
        assert (await browser.post("/sign-out")).status == 303
        assert "hub_session" not in browser.jar
        ended = Browser(hub.app, jar=old)
        assert (await ended.get("/account")).headers["location"] == "/sign-in?next=%2Faccount"
        await browser.get("/sign-in?next=%2Faccount%2Fsecurity")
        wrong = await browser.submit("/sign-in", email="ada@acme.example", password="not the password")
        assert wrong.status == 422 and "do not fit together" in browser.text
        await browser.submit("/sign-in", email="ADA@acme.example", password=PASSWORD)
        assert browser.page.headers["location"] == "/account/security"
        assert (await browser.follow()).status == 200 and "Acme" in browser.text


async def test_a_session_is_new_at_each_sign_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        browser, _ = await acme(hub)
        before = browser.jar["hub_session"]
        await browser.get("/sign-in/again?next=/account")
        await browser.submit("/sign-in/again", password=PASSWORD)
        assert browser.page.headers["location"] == "/account"
        assert browser.jar["hub_session"] != before
        fixed = Browser(hub.app, jar={"hub_session": before})
        assert (await fixed.get("/account")).status == 303


async def test_no_answer_tells_who_has_an_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        await acme(hub)
        pages: list[list[tuple[int, str]]] = []
        for email in ("ada@acme.example", "bob@acme.example"):
            browser, seen = Browser(hub.app), []
            await browser.get("/sign-in")
            for path, fields in (
                ("/sign-in", {"password": "not the password"}),
                ("/reset", {}),
                ("/register", {"organization": "Beta"}),
            ):
                answer = await browser.post(path, email=email, **fields)
                seen.append((answer.status, browser.text.replace(email, "…")))
            pages.append(seen)
        assert pages[0] == pages[1]


async def test_strangers_who_fail_shut_out_strangers_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        known, _ = await acme(hub)
        await known.get("/account")
        await known.post("/sign-out")
        stranger = Browser(hub.app, address="198.51.100.7")
        for _ in range(10):
            answer = await stranger.post("/sign-in", email="ada@acme.example", password="guess after guess")
            assert answer.status == 422
        answer = await stranger.post("/sign-in", email="ada@acme.example", password=PASSWORD)
        assert answer.status == 429 and "retry-after" in answer.headers
        answer = await known.post("/sign-in", email="ada@acme.example", password=PASSWORD)
        assert answer.status == 303


async def test_codes_are_asked_after_the_password_and_used_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        browser, _ = await acme(hub)
        await browser.get("/account/security/codes")
        seed = base64.b32decode(str(browser.soup.find(id="key")["value"]).replace(" ", ""))  # type: ignore[index]
        wrong = await browser.submit("/account/security/codes", code="000000")
        assert wrong.status == 422
        code = code_at(seed, step_of(time.time_ns() // 1000))
        await browser.submit("/account/security/codes", code=code)
        recovery = [one.text for one in browser.soup.select(".recovery-codes code")]
        assert browser.page.status == 200 and len(recovery) == 10
        other = Browser(hub.app)
        await other.post("/sign-in", email="ada@acme.example", password=PASSWORD)
        assert other.page.headers["location"] == "/sign-in/code" and "hub_session" not in other.jar
        await other.get("/sign-in/code")
        assert (await other.submit("/sign-in/code", code=code)).status == 422, "a step twice"
        assert (await other.submit("/sign-in/code", code=recovery[0].upper())).status == 303
        again = Browser(hub.app)
        await again.post("/sign-in", email="ada@acme.example", password=PASSWORD)
        assert (await again.post("/sign-in/code", code=recovery[0])).status == 422, "a recovery code twice"
        for _ in range(4):
            await again.post("/sign-in/code", code="123456")
        assert (await again.post("/sign-in/code", code="123456")).status == 429


async def test_a_passkey_is_added_and_signs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        browser, _ = await acme(hub)
        device = Authenticator(ORIGIN)
        await browser.get("/account/security/passkeys/new")
        action, hidden, options = browser.passkey_form()
        made = {**hidden, "answer": device.create(options), "label": "Phone"}
        assert (await browser.post(action, **made)).status == 303
        assert (await browser.post(action, **made)).status == 422, "an answer twice"
        other = Browser(hub.app)
        await other.get("/sign-in?next=/account")
        action, hidden, options = other.passkey_form()
        answer = {**hidden, "answer": device.get(options)}
        assert (await other.post(action, **answer)).headers["location"] == "/account"
        assert (await Browser(hub.app).post(action, **answer)).status == 422, "an answer twice"
        await other.get("/account/security")
        assert "Phone" in other.text
        await other.post("/account/security/passkeys/pkey_" + "0" * 32 + "/remove")
        assert other.page.status == 404
        await other.get("/account/security")
        actions = [str(one["action"]) for one in other.soup.find_all("form")]
        assert (await other.post(next(one for one in actions if one.endswith("/remove")))).status == 303
        third = Browser(hub.app)
        await third.get("/sign-in")
        action, hidden, options = third.passkey_form()
        assert (await third.post(action, **{**hidden, "answer": device.get(options)})).status == 422


@pytest.mark.parametrize("fault", ["origin", "unverified", "other key", "junk", "not json", "long"])
async def test_a_passkey_that_does_not_fit_opens_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        browser, _ = await acme(hub)
        device = Authenticator(ORIGIN)
        await browser.get("/account/security/passkeys/new")
        action, hidden, options = browser.passkey_form()
        await browser.post(action, **{**hidden, "answer": device.create(options)})
        other = Browser(hub.app)
        await other.get("/sign-in")
        action, hidden, options = other.passkey_form()
        if fault == "origin":
            device.origin = "https://evil.example"
        if fault == "unverified":
            device.flags = 0x01
        if fault == "other key":
            device.key = Authenticator(ORIGIN).key
        wrong = {"junk": "{}", "not json": "{", "long": "x" * 30_000}
        answer = wrong.get(fault) or device.get(options)
        assert (await other.post(action, **{**hidden, "answer": answer})).status == 422
        assert "hub_session" not in other.jar


async def test_somebody_registers_with_a_passkey_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        owner = await hub.hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        made = await invite(hub.hub.roster, owner, Wish("eve@acme.example", Role.USER), OPERATOR)
        browser, device = Browser(hub.app), Authenticator(ORIGIN)
        await browser.get(made.link.removeprefix(ORIGIN))
        await browser.submit("/invitation/register")
        await browser.follow()
        action, hidden, options = browser.passkey_form()
        await browser.post(action, **{**hidden, "name": "Eve", "answer": device.create(options)})
        assert browser.page.status == 303
        await browser.get("/account/security")
        forms = [str(one["action"]) for one in browser.soup.find_all("form")]
        last = await browser.post(next(one for one in forms if one.endswith("/remove")))
        assert last.status == 422 and "the only way" in browser.text


async def test_an_invitation_shown_without_its_mail_asks_for_the_mailbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        owner = await hub.hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        made = await invite(hub.hub.roster, owner, Wish("eve@acme.example"), OPERATOR)
        shown = re.sub("&mailed=.*", "", made.link.removeprefix(ORIGIN))
        for path in (shown, shown + "&mailed=1.AAAAAAAAAAAAAAAAAAAAAA", shown + "&mailed=x"):
            browser = Browser(hub.app)
            await browser.get(path)
            answer = await browser.submit("/invitation/register")
            assert answer.status != 303
        assert await hub.hub.stores.accounts.by_email(Realm.CONSOLE, "eve@acme.example") is None


async def test_an_invitation_is_for_its_address_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        browser, _ = await acme(hub)
        beta = await hub.hub.registrar.create("Beta", Plan.ENTERPRISE, None, OPERATOR)
        others = await invite(hub.hub.roster, beta, Wish("eve@beta.example"), OPERATOR)
        await browser.get(others.link.removeprefix(ORIGIN))
        assert "is for eve@beta.example" in browser.text
        code = re.search(r"code=([^&]+)", others.link)
        assert code is not None
        assert (await browser.post("/invitation", code=code[1])).status == 409
        own = await invite(hub.hub.roster, beta, Wish("ada@acme.example"), OPERATOR)
        await browser.get(own.link.removeprefix(ORIGIN))
        assert (await browser.submit("/invitation")).status == 303
        await browser.get("/organizations")
        assert "Acme" in browser.text and "Beta" in browser.text


async def test_two_organizations_are_opened_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        browser, acme_id = await acme(hub)
        await browser.get("/organizations/new")
        assert (await browser.post("/organizations/new", name=" ")).status == 422
        await browser.post("/organizations/new", name="Beta")
        await browser.follow()
        assert "Beta" in browser.text
        other = Browser(hub.app)
        await other.post("/sign-in", email="ada@acme.example", password=PASSWORD)
        assert other.page.headers["location"] == "/organizations"
        assert (await other.get("/directories")).headers["location"] == "/organizations?next=%2Fdirectories"
        await other.post("/organizations/open", organization="org_" + acme_id.hex(), next="/directories")
        assert (await other.follow()).status == 200 and "Acme" in other.text
        assert (await other.post("/organizations/open", organization="org_" + "0" * 32)).status == 404


async def test_a_deleted_organization_is_open_to_nobody_and_leaves_the_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        eve, owner = await acme(hub, "eve@acme.example", Role.USER)
        stores, registrar = hub.hub.stores, hub.hub.registrar
        organization = await registrar.found("org_" + owner.hex())
        ada = await joined(hub.hub, Browser(hub.app), organization, "ada@acme.example")
        assert (await ada.get("/directories")).status == 200
        accounts = [await stores.accounts.by_email(Realm.CONSOLE, f"{name}@acme.example") for name in ("ada", "eve")]
        assert [len(await stores.members.places(one.id)) for one in accounts if one is not None] == [1, 1]
        await registrar.delete(organization)
        assert [await stores.members.places(one.id) for one in accounts if one is not None] == [[], []]
        for browser in (ada, eve):
            assert (await browser.get("/directories")).headers["location"].startswith("/organizations")
            assert (await browser.get("/organizations")).status == 200 and "in no organization" in browser.text
            assert "Acme" not in browser.text and (await browser.get("/account")).status == 200
            opened = await browser.post("/organizations/open", organization="org_" + owner.hex())
            assert opened.status != 303 or "/organizations" in opened.headers["location"]
            assert (await browser.get("/directories")).headers["location"].startswith("/organizations")


async def test_who_is_deactivated_is_out_at_once_and_comes_back_by_entering_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        browser, owner = await acme(hub, "eve@acme.example", Role.USER)
        organization = await hub.hub.stores.organizations.by_id(owner)  # type: ignore[arg-type]
        assert organization is not None
        admin = await joined(hub.hub, Browser(hub.app), organization, "ada@acme.example")
        page = await hub.hub.stores.members.by_email(organization.id, "eve@acme.example")
        member = await found_member(hub.hub.roster, organization.id, wire(MEMBER, page[0].id))
        await deactivate(hub.hub.roster, member, OPERATOR)
        assert (await browser.get("/directories")).headers["location"].startswith("/organizations")
        await browser.get("/organizations")
        assert "in no organization" in browser.text
        await reactivate(hub.hub.roster, member, OPERATOR)
        assert (await browser.get("/directories")).headers["location"].startswith("/organizations")
        await browser.get("/organizations")
        await browser.post("/organizations/open", organization="org_" + owner.hex())
        assert (await browser.get("/directories")).status == 403, "a user, not an administrator"
        assert (await admin.get("/directories")).status == 200


async def test_old_proof_is_asked_again_before_what_is_dangerous(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        browser, _ = await acme(hub)
        await browser.get("/account/security")
        hub.later(601)
        answer = await browser.post("/account/security/password", password="another long sentence")
        assert answer.headers["location"] == "/sign-in/again?next=%2Faccount%2Fsecurity"
        hub.ahead[0] = 0


async def test_the_password_changes_and_other_sessions_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        browser, _ = await acme(hub)
        other = Browser(hub.app)
        await other.post("/sign-in", email="ada@acme.example", password=PASSWORD)
        assert (await other.get("/account")).status == 200
        await browser.get("/account/sessions")
        assert browser.text.count("Firefox · Linux") >= 2
        assert (await browser.post("/account/security/password", password="passwordpassword")).status == 422
        assert (await browser.post("/account/security/password", password="the heron flew away")).status == 303
        assert (await browser.get("/account")).status == 200
        assert (await other.get("/account")).status == 303
        assert (await other.post("/sign-in", email="ada@acme.example", password=PASSWORD)).status == 422


async def test_sessions_end_one_by_one_and_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        browser, _ = await acme(hub)
        others = [Browser(hub.app) for _ in range(3)]
        for one in others:
            await one.post("/sign-in", email="ada@acme.example", password=PASSWORD)
        await browser.get("/account/sessions")
        actions = [str(one["action"]) for one in browser.soup.find_all("form")]
        await browser.post(next(one for one in actions if re.search(r"sess_\w+/end", one)))
        assert sorted([(await one.get("/account")).status for one in others]) == [200, 200, 303]
        await browser.post("/account/sessions/end")
        assert [(await one.get("/account")).status for one in others] == [303] * 3
        assert (await browser.get("/account")).status == 200


async def test_name_and_language_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        browser, _ = await acme(hub)
        assert (await browser.post("/account", name="", locale="de")).status == 422
        assert (await browser.post("/account", name="Ada B.", locale="de")).status == 303
        await browser.get("/account")
        assert "Ada B." in browser.text and "Abmelden" in browser.text


async def test_a_new_password_by_link_ends_every_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        browser, _ = await acme(hub)
        account = await hub.hub.stores.accounts.by_email(Realm.CONSOLE, "ada@acme.example")
        assert account is not None
        link = await hub.hub.people.resetting.link_for(account, Where("", ""))
        path = link.removeprefix(ORIGIN)
        stranger = Browser(hub.app)
        assert (await stranger.get(path)).status == 200
        assert (await stranger.submit("/reset/confirm", password="short")).status == 422
        assert (await stranger.submit("/reset/confirm", password="the heron flew away")).status == 303
        assert (await stranger.get(path)).status == 404
        assert (await browser.get("/account")).status == 303
        await stranger.post("/sign-in", email="ada@acme.example", password="the heron flew away")
        assert stranger.page.status == 303


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/%0d%0aset-cookie:a=b", "\r\nx: y", "javascript:1"],
)
async def test_signing_in_never_leads_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        await acme(hub)
        browser = Browser(hub.app)
        answer = await browser.post("/sign-in", email="ada@acme.example", password=PASSWORD, next=target)
        location = answer.headers["location"]
        assert location.startswith("/") and not location.startswith(("//", "/\\"))
        assert not set("\r\n") & set(location) and urlsplit(location).netloc == ""


async def test_no_other_site_can_post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        browser, _ = await acme(hub)
        for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
            kind = {"content-type": "application/x-www-form-urlencoded", **headers}
            answer = await browser._sent("POST", "/account", kind, b"name=Eve")
            assert answer.status == 403
        await browser.get("/account")
        assert "Eve" not in browser.text


async def test_registration_is_closed_where_the_deployment_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with standing(tmp_path, monkeypatch, registration="closed") as hub:
        browser = Browser(hub.app)
        assert (await browser.get("/register")).status == 403
        assert (await browser.post("/register", email="a@b.example", organization="Beta")).status == 403
        inside, _ = await acme(hub)
        assert (await inside.get("/organizations/new")).status == 403
        assert (await inside.post("/organizations/new", name="Beta")).status == 422


async def test_one_organization_a_person_where_the_deployment_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with standing(tmp_path, monkeypatch, organizations_per_person="one") as hub:
        browser, _ = await acme(hub)
        answer = await browser.post("/organizations/new", name="Beta")
        assert answer.status == 422 and "only one" in browser.text


async def test_an_operators_session_opens_nothing_of_the_console(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with standing(tmp_path, monkeypatch) as hub:
        browser, _ = await acme(hub)
        text = browser.jar["hub_session"]
        assert await hub.hub.operators.sessions.visited(text) is None
        assert await hub.hub.people.sessions.visited(text) is not None
