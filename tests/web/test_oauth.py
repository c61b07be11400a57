"""Applications sign people in: from the authorization request to tokens, and what is told of whom."""

from pathlib import Path

import pytest

from hallway.hub.applications.model import Kind
from hallway.hub.connections.enforcement import Enforcement, NewEnforcement
from hallway.hub.organizations.inviting import Joiner, Wish, accept, invite
from hallway.hub.organizations.members import Role
from hallway.ids import CONNECTION, MEMBER, ORGANIZATION, wire
from hallway.journal.model import Change, Unavailable
from hallway.store.applications import ApplicationStore
from tests.furnished import person
from tests.rooms.opened import OPERATOR
from tests.web.asgi import call
from tests.web.browsing import Browser
from tests.web.deployment import Deployment, deployed
from tests.web.openid import openid
from tests.web.relying import BACK, Company, answer_of, company, relying


async def test_an_application_learns_who_somebody_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub, external_id="acme-1"), await relying(hub)
        answer = await app.answer(acme.browser)
        assert (answer["state"], answer["iss"]) == ("s1", app.issuer) and answer["code"].startswith("hw_code_")
        said = await app.token(answer["code"])
        assert said.status == 200 and said.answer.headers["cache-control"] == "no-store"
        tokens = said.body
        assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 300)
        claims = await app.claims(tokens["id_token"])
        subject = wire(MEMBER, acme.admin.id)
        organization = {"id": wire(ORGANIZATION, acme.organization.id), "external_id": "acme-1", "name": "Acme"}
        assert (claims["iss"], claims["aud"], claims["sub"]) == (app.issuer, app.client_id, subject)
        assert (claims["nonce"], claims["amr"], claims["org"]) == ("n1", ["pwd"], organization)
        assert (claims["role"], claims["groups"], claims["connection"]) == ("admin", [], None)
        info = await app.userinfo(tokens["access_token"])
        assert info.body == {
            "sub": subject, "org": organization, "role": "admin", "connection": None, "email": "ada@acme.example",
            "email_verified": True, "name": "Ada Byron", "groups": [],
        }  # fmt: skip
        again = await app.refresh(tokens["refresh_token"])
        assert again.status == 200 and "nonce" not in await app.claims(again.body["id_token"])


async def test_who_is_not_signed_in_signs_in_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        acme.browser.jar.clear()
        await acme.browser.get(app.url(login_hint="ada@acme.example"))
        page = await acme.browser.follow()
        assert page.status == 200 and "to go on to Fieldbook" in acme.browser.text
        await acme.browser.submit("/sign-in", email="ada@acme.example", password="a green heron reads")
        location = acme.browser.page.headers["location"]
        assert location.startswith("/oauth2/authorize?continued=")
        back = await acme.browser.get(location)
        assert back.status == 303 and back.headers["location"].startswith(f"{BACK}?code=hw_code_")


async def test_the_provider_says_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        app = await relying(hub)
        answer = await call(hub.app, "GET", "/.well-known/openid-configuration", {}, b"")
        assert answer.status == 200 and f'"issuer":"{app.issuer}"'.encode() in answer.body
        assert len((await app.keys()).keys) == 1


async def both(hub: Deployment) -> tuple[Company, Company, Browser]:
    """One person in two organizations, in a browser that has none of them open."""
    acme, beta = await company(hub, external_id="acme-1"), await company(hub, "Beta", "beta-1")
    account, cookies = await person(hub.hub, "una@both.example", "Una")
    for one in (acme, beta):
        made = await invite(hub.hub.roster, one.organization, Wish(account.email, Role.USER), OPERATOR)
        text = made.link.partition("code=")[2].partition("&")[0]
        await accept(hub.hub.roster, text, Joiner(account.id, account.email, account.name), OPERATOR)
    return acme, beta, Browser(hub.app, dict(cookies))


async def test_who_is_in_several_organizations_picks_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        _, beta, browser = await both(hub)
        app = await relying(hub)
        assert (await app.answer(browser, prompt="none"))["error"] == "interaction_required"
        await browser.get(app.url())
        assert browser.page.headers["location"].startswith("/organizations?next=")
        await browser.follow()
        chosen = wire(ORGANIZATION, beta.organization.id)
        target = browser.hidden("/organizations/open")["next"]
        await browser.post("/organizations/open", organization=chosen, next=target)
        answer = answer_of(await browser.get(browser.page.headers["location"]))
        claims = await app.claims((await app.token(answer["code"])).body["id_token"])
        assert claims["org"]["id"] == chosen
        assert "code" in await app.answer(browser, prompt="none"), "the one that is open"


async def test_an_application_names_the_organization(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, beta, browser = await both(hub)
        app, subjects = await relying(hub), set()
        for one, name in ((acme, "acme-1"), (beta, wire(ORGANIZATION, beta.organization.id)), (acme, "acme-1")):
            claims = await app.claims((await app.tokens(browser, organization=name))["id_token"])
            assert claims["org"]["id"] == wire(ORGANIZATION, one.organization.id)
            subjects.add(claims["sub"])
        assert len(subjects) == 2, "one person is another subject in each"
        written = await hub.hub.stores.journal.after(beta.organization.id, 0, 100)
        kinds = [each.entry.type for each in written]
        assert kinds[-2:] == ["member.entered", "member.signed_in"]


async def test_her_only_organization_is_entered_without_a_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        account, cookies = await person(hub.hub, "una@acme.example", "Una")
        browser = Browser(hub.app, dict(cookies))
        await browser.get(app.url())
        assert browser.page.status == 403 and "no access" in browser.text, "she is in none yet"
        made = await invite(hub.hub.roster, acme.organization, Wish(account.email, Role.USER), OPERATOR)
        text = made.link.partition("code=")[2].partition("&")[0]
        await accept(hub.hub.roster, text, Joiner(account.id, account.email, account.name), OPERATOR)
        assert "code" in await app.answer(browser)


async def test_a_request_leads_to_the_connection_that_it_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub, external_id="acme-1"), await relying(hub)
        there = await openid(hub.hub, acme.organization, hub.serving)
        own, way = wire(CONNECTION, there.connection.id), f"/sso/{there.connection.id.hex()}?next="
        stranger = Browser(hub.app)
        for asked in ({"connection": own}, {"connection": own, "organization": "acme-1"},
                      {"login_hint": "una@acme.example"}):  # fmt: skip
            await stranger.get(app.url(**asked))
            assert stranger.page.headers["location"].startswith(way), asked
        await stranger.get(app.url(organization="acme-1"))
        assert stranger.page.headers["location"].startswith("/sign-in?next="), "nothing is enforced"
        enforced = Enforcement(acme.organization.id, there.connection.id, 1)
        await hub.hub.stores.database.commit(Change(acme.organization.id, (NewEnforcement(enforced),)))
        await stranger.get(app.url(organization="acme-1"))
        assert stranger.page.headers["location"].startswith(way)
        await stranger.get(app.url(organization="beta-1", login_hint="una@acme.example"))
        assert stranger.page.headers["location"].startswith("/sign-in?"), "the hint is of another organization"


async def test_a_connection_that_is_asked_for_is_the_one_she_comes_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        there = await openid(hub.hub, acme.organization, hub.serving)
        own = wire(CONNECTION, there.connection.id)
        assert (await app.answer(acme.browser, connection=own, prompt="none"))["error"] == "login_required"
        await acme.browser.get(app.url(connection=own))
        assert acme.browser.page.headers["location"].startswith(f"/sso/{there.connection.id.hex()}?next=")


async def test_a_database_that_is_lost_is_said_in_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        app = await relying(hub)

        async def lost(*_: object) -> None:
            raise Unavailable("gone")

        monkeypatch.setattr(ApplicationStore, "application", lost)
        said = await app.post("/oauth2/token", grant_type="refresh_token", refresh_token="x")
        assert (said.status, said.error) == (503, "temporarily_unavailable") and said.answer.headers["retry-after"]


async def test_what_is_no_form_is_refused_in_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        app = await relying(hub)
        form = {"content-type": "application/x-www-form-urlencoded"}
        for headers, body, status in (
            ({"content-type": "application/json"}, b"{}", 400), (form, "ä".encode(), 400), (form, b"a=%ff", 400),
            (form, b"a=1&a=2", 400), (form, b"a" * 70_000, 413), (form, b"&".join([b"a=b"] * 50), 400),
        ):  # fmt: skip
            answer = await call(hub.app, "POST", "/oauth2/token", headers, body)
            assert answer.status == status and b'"error":"invalid_request"' in answer.body, body[:20]
        assert (await app.post("/oauth2/introspect")).error == "invalid_request"
        assert (await app.post("/oauth2/introspect", token="x")).body == {"active": False}
        public = await relying(hub, Kind.PUBLIC)
        said = await public.post("/oauth2/introspect", client_id=public.client_id, token="x")
        assert said.error == "unauthorized_client"
        bad = await call(hub.app, "GET", "/oauth2/authorize?client_id=%ff", {"accept": "text/html"}, b"")
        assert bad.status == 400


async def test_a_public_application_needs_no_secret_and_keeps_pkce(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub, Kind.PUBLIC)
        tokens = (await app.token(await app.code(acme.browser), client_id=app.client_id)).body
        again = await app.refresh(tokens["refresh_token"], client_id=app.client_id)
        assert again.status == 200
        code = await app.code(acme.browser)
        assert (await app.token(code, client_id=app.client_id, code_verifier=None)).error == "invalid_grant"


async def test_when_a_secret_was_used_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        await app.tokens(acme.browser)
        await hub.serving._gathered_written()
        (kept,) = await hub.hub.stores.applications.secrets(app.made.application.id)
        assert kept.last_used_at is not None
