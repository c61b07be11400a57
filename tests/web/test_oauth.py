"""Applications sign people in: from the authorization request to tokens, and what is told of whom."""

from pathlib import Path

import pytest

from hallway.ids import MEMBER, ORGANIZATION, wire
from tests.web.asgi import call
from tests.web.deployment import deployed
from tests.web.relying import BACK, company, relying


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
