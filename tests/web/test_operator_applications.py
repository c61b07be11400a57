"""The operators' pages of applications: made, changed, given secrets that are shown once, switched off, deleted."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bs4 import Tag
from joserfc.jwk import ECKey

from hallway.accounts.model import DEPLOYMENT
from hallway.hub.applications import service
from hallway.hub.applications.clients import SecretUses, authenticated
from hallway.hub.applications.model import Application, ApplicationState, Kind
from hallway.hub.operators.model import OperatorRole
from hallway.ids import CLIENT_SECRET, wire
from hallway.journal.model import Stale
from hallway.oidc.client_authentication import Presented
from hallway.oidc.oauth_problem import OAuthProblem
from hallway.web.wiring import application_desk
from tests.rooms.opened import OPERATOR as COMMAND
from tests.web.asgi import Answer
from tests.web.browsing import Browser
from tests.web.deployment import Deployment
from tests.web.test_operator_pages import world

PLACE = "/operator/applications"
BACK = "https://fieldbook.example/callback"
FULL = {
    "kind": "web", "name": "Fieldbook", "redirect_uris": f" {BACK} \r\n\r\nhttps://fieldbook.example/other\r\n",
    "post_logout_uris": "https://fieldbook.example/left", "logout_uri": "https://fieldbook.example/logout",
    "setup_return_uris": "https://fieldbook.example/settings", "algorithm": "EdDSA", "required": "email",
}  # fmt: skip


@dataclass
class Desk:
    """An owner's browser, and the deployment behind it; the one application of the world is out of the way."""

    served: Deployment
    browser: Browser

    async def all(self) -> list[Application]:
        return list(await self.served.hub.stores.applications.applications())

    async def one(self) -> Application:
        (one,) = await self.all()
        return one

    async def make(self, **fields: str | list[str]) -> str:
        """The path of a new application."""
        answer = await self.browser.post(f"{PLACE}/new", **{**FULL, **fields})
        assert answer.status == 303, self.browser.text
        return f"{PLACE}/{(await self.one()).client_id}"

    async def typed(self, path: str) -> dict[str, Any]:
        """What the settings form of a page has in its fields, as a browser sends it."""
        await self.browser.get(path)
        form, found = self.browser.form(path), dict[str, Any]()
        for one in form.find_all(["input", "textarea"]):
            if one.get("type") in ("checkbox", "radio"):
                found.setdefault(str(one["name"]), [])
                found[str(one["name"])] += [str(one["value"])] if one.has_attr("checked") else []
            else:
                found[str(one["name"])] = one.text[1:] if one.name == "textarea" else str(one.get("value", ""))
        for one in form.find_all("select"):
            chosen = one.find("option", selected=True)
            assert isinstance(chosen, Tag)
            found[str(one["name"])] = str(chosen["value"])
        return found

    async def secret(self, answer: Answer) -> str:
        """The text on the page that shows it, which shows it once."""
        assert answer.status == 303 and answer.headers["location"].endswith("/secrets/made"), self.browser.text
        shown = await self.browser.followed(answer)
        (text,) = set(re.findall(rb"hw_client_[\w-]+", shown.body))
        again = await self.browser.get(answer.headers["location"])
        assert b"hw_client_" not in again.body and b"was shown already" in again.body
        return text.decode()

    async def proves(self, text: str) -> bool:
        """Whether a secret opens the token endpoint."""
        one = await self.one()
        try:
            shown = Presented(one.client_id, "client_secret_basic", text)
            await authenticated(application_desk(self.served.hub), shown, SecretUses())
        except OAuthProblem:
            return False
        return True

    def beside(self, field: str) -> str:
        """The error that stands at a field, and, by the same words, in the summary."""
        told = self.browser.soup.find(id=f"{field}-error")
        assert isinstance(told, Tag), f"nothing beside {field}: {self.browser.text}"
        said = told.get_text(" ", strip=True).removeprefix("Error: ")
        assert self.browser.soup.select(f'[name="{field}"], fieldset[aria-describedby~="{field}-error"]')
        summary = self.browser.soup.select(f'.error-summary a[href="#{field}"]')
        assert [one.text for one in summary] == [said]
        return said


@asynccontextmanager
async def desk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    async with world(folder, monkeypatch) as here:
        there = application_desk(here.served.hub)
        await service.delete(there, await service.found_application(there, here.application), COMMAND)
        yield Desk(here.served, await here.operator(OperatorRole.OWNER))


async def test_an_application_is_made_and_its_secret_shown_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path, monkeypatch) as here:
        empty = await here.browser.get(PLACE)
        assert b"No application yet" in empty.body and empty.body.count(f'href="{PLACE}/new"'.encode()) == 1
        for query in ("", "?kind=spaceship"):
            asked = await here.browser.get(f"{PLACE}/new{query}")
            kinds = {one["value"] for one in here.browser.soup.select('input[name="kind"]')}
            assert asked.status == 200 and kinds == {"web", "public", "machine"}
        assert (await here.browser.post(f"{PLACE}/new", kind="spaceship", name="X")).status == 422
        await here.browser.get(f"{PLACE}/new?kind=web")
        text = await here.secret(await here.browser.submit(f"{PLACE}/new", **{**FULL, "kind": "web"}))
        one = await here.one()
        assert (one.name, one.kind, one.algorithm, one.required) == ("Fieldbook", Kind.WEB, "EdDSA", ("email",))
        assert one.addresses.redirect_uris == (BACK, "https://fieldbook.example/other")
        assert (one.addresses.logout_uri, one.addresses.setup_return_uris) == (
            "https://fieldbook.example/logout", ("https://fieldbook.example/settings",),
        )  # fmt: skip
        assert await here.proves(text) and not await here.proves(text[:-4] + "AAAA")
        page = await here.browser.get(f"{PLACE}/{one.client_id}")
        copied = {str(each["id"]): str(each["value"]) for each in here.browser.soup.select("input[readonly]")}
        assert copied == {
            "client": one.client_id, "issuer": "http://hub.localhost:8000",
            "discovery": "http://hub.localhost:8000/.well-known/openid-configuration",
        }  # fmt: skip
        assert text.encode() not in page.body
        listed = await here.browser.get(PLACE)
        assert b"Fieldbook" in listed.body and one.client_id.encode() in listed.body
        audit = await here.browser.get("/operator/audit")
        assert b"The application Fieldbook was made" in audit.body


async def test_each_kind_is_asked_for_what_it_can_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk(tmp_path, monkeypatch) as here:
        asked = {}
        for kind in Kind:
            await here.browser.get(f"{PLACE}/new?kind={kind.value}")
            form = here.browser.form(f"{PLACE}/new")
            asked[kind] = {str(one["name"]) for one in form.find_all(["input", "textarea", "select"])}
        assert asked[Kind.WEB] - asked[Kind.PUBLIC] == {"jwks"} and asked[Kind.PUBLIC] < asked[Kind.WEB]
        assert asked[Kind.MACHINE] == {"kind", "name", "scopes", "setup_return_uris", "jwks"}
        native = await here.browser.post(f"{PLACE}/new", **{**FULL, "kind": "public", "redirect_uris": "com.x.app:/cb"})
        public = await here.one()
        root = f"{PLACE}/{public.client_id}"
        assert native.headers["location"] == root and b'<h2 id="secrets' not in (await here.browser.get(root)).body
        assert (await here.browser.post(f"{root}/secrets")).status == 422
        await here.browser.post(f"{root}/delete")
        made = await here.browser.post(f"{PLACE}/new", kind="machine", name="Sync", scopes=["events:read"])
        machine = await here.one()
        assert await here.proves(await here.secret(made)) and machine.scopes == ("events:read",)
        page = await here.browser.get(f"{PLACE}/{machine.client_id}")
        assert b"http://hub.localhost:8000/oauth2/token" in page.body


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", ""), ("redirect_uris", ""), ("redirect_uris", f"{BACK}\r\nhttp://fieldbook.example/cb"),
        ("post_logout_uris", "javascript:alert(1)"), ("logout_uri", "https://u@fieldbook.example/"),
        ("setup_return_uris", "/settings"), ("algorithm", "HS256"), ("required", "shoe size"), ("jwks", "{}"),
    ],
)  # fmt: skip
async def test_a_wrong_value_is_told_beside_its_field_and_changes_nothing(
    field: str, wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path, monkeypatch) as here:
        assert (await here.browser.post(f"{PLACE}/new", **{**FULL, field: wrong})).status == 422
        assert here.beside(field)
        assert await here.all() == []
        root = await here.make()
        was, typed = await here.one(), await here.typed(root)
        answer = await here.browser.post(root, **{**typed, "name": "Logbook", field: wrong})
        assert answer.status == 422 and here.beside(field)
        if field.endswith(("uri", "uris")) and wrong:
            assert repr(wrong.splitlines()[-1]) in here.beside(field)
        assert await here.one() == was
        if field in ("redirect_uris", "logout_uri"):
            kept = here.browser.soup.find(id=field)
            assert isinstance(kept, Tag) and wrong.split() == (kept.text or str(kept.get("value", ""))).split()


async def test_every_mistake_is_told_at_once_and_private_keys_are_not_shown_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path, monkeypatch) as here:
        key, other = (ECKey.generate_key("P-256", {"kid": name}) for name in "ab")
        own = json.dumps({"keys": [key.as_dict(private=False), other.as_dict(private=True)]})
        answer = await here.browser.post(f"{PLACE}/new", kind="web", name="", algorithm="ES256", jwks=own)
        assert answer.status == 422
        assert [one["href"] for one in here.browser.soup.select(".error-summary a")] == [
            "#name", "#redirect_uris", "#jwks",
        ]  # fmt: skip
        assert "public keys only" in here.beside("jwks") and str(other.as_dict(private=True)["d"]) not in str(
            answer.body
        )
        public = json.dumps({"keys": [key.as_dict(private=False)]})
        root = await here.make(jwks=public)
        assert b"it proves itself by its own key" in (await here.browser.get(root)).body
        typed = await here.typed(root)
        assert json.loads(typed["jwks"]) == json.loads(public)
        was = await here.one()
        assert (await here.browser.post(root, **typed)).status == 303 and await here.one() == was, "nothing differs"
        assert (await here.browser.post(root, **{**typed, "jwks": own})).status == 422
        kept = here.browser.soup.find(id="jwks")
        assert isinstance(kept, Tag) and json.loads(kept.text) == json.loads(public)


async def test_settings_are_changed_as_the_form_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk(tmp_path, monkeypatch) as here:
        root = await here.make()
        typed = await here.typed(root)
        changed = {**typed, "name": "Logbook", "redirect_uris": BACK, "logout_uri": "", "required": ["name", "email"]}
        await here.browser.followed(await here.browser.post(root, **changed))
        assert "Logbook is saved." in here.browser.text
        one = await here.one()
        assert (one.name, one.addresses.redirect_uris, one.addresses.logout_uri) == ("Logbook", (BACK,), "")
        assert (one.required, one.algorithm) == (("email", "name"), "EdDSA")
        assert one.addresses.post_logout_uris == ("https://fieldbook.example/left",)


async def test_what_another_tab_saved_is_told_and_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path, monkeypatch) as here:
        root = await here.make()
        first = second = await here.typed(root)
        assert (await here.browser.post(root, **{**first, "redirect_uris": BACK})).status == 303
        saved = await here.one()
        stale = await here.browser.post(root, **{**second, "name": "Logbook"})
        assert stale.status == 409 and "Nothing of yours is saved." in here.browser.text
        assert f"Saved now: {BACK}." in here.beside("redirect_uris")
        assert "Saved now: Fieldbook." in here.beside("name")
        assert len(here.browser.soup.select(".error-summary a")) == 2, "where they differ"
        assert await here.one() == saved
        again = here.browser.hidden(root)["seen"]
        assert (await here.browser.post(root, **{**second, "name": "Logbook", "seen": again})).status == 303
        now = await here.one()
        assert now.name == "Logbook" and len(now.addresses.redirect_uris) == 2, "she saw what she replaces"
        typed = await here.typed(root)
        await here.browser.post(f"{root}/secrets")
        assert (await here.browser.post(root, **{**typed, "name": "Notes"})).status == 303, "a secret is no setting"
        assert (await here.browser.post(root, **{**typed, "name": "Diary", "seen": ""})).status == 409


async def test_keys_that_another_tab_saved_are_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path, monkeypatch) as here:
        root = await here.make()
        typed = await here.typed(root)
        keys, others = (
            json.dumps({"keys": [ECKey.generate_key("P-256", {"kid": name}).as_dict(private=False)]}) for name in "ab"
        )
        assert (await here.browser.post(root, **{**typed, "jwks": keys})).status == 303
        for mine, shown in (("no JSON", keys), (others, others)):
            assert (await here.browser.post(root, **{**typed, "jwks": mine})).status == 409
            assert "Other keys are saved now" in here.beside("jwks")
            kept = here.browser.soup.find(id="jwks")
            assert isinstance(kept, Tag) and json.loads(kept.text) == json.loads(shown)
        assert json.loads((await here.one()).jwks) == json.loads(keys)


async def test_a_change_that_lost_a_race_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk(tmp_path, monkeypatch) as here:
        root = await here.make()
        typed = await here.typed(root)

        async def overtaken(*_: Any) -> Application:
            raise Stale

        monkeypatch.setattr(service, "change", overtaken)
        assert (await here.browser.post(root, **{**typed, "name": "Logbook"})).status == 409
        assert "Nothing of yours is saved." in here.browser.text and (await here.one()).name == "Fieldbook"


async def test_a_secret_takes_the_place_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk(tmp_path, monkeypatch) as here:
        first = await here.secret(await here.browser.post(f"{PLACE}/new", **FULL))
        root = f"{PLACE}/{(await here.one()).client_id}"
        assert "the last one that is alive" in (await here.browser.get(root)).body.decode()
        second = await here.secret(await here.browser.post(f"{root}/secrets"))
        assert await here.proves(first) and await here.proves(second)
        page = await here.browser.get(root)
        assert b"Two are alive" in page.body and b"the last one that is alive" not in page.body
        third = await here.browser.post(f"{root}/secrets")
        assert third.status == 409 and b"Revoke one first" in third.body
        former, _ = await here.served.hub.stores.applications.secrets((await here.one()).id)
        revoke = f"{root}/secrets/{wire(CLIENT_SECRET, former.id)}/revoke"
        assert (await here.browser.post(revoke, hours="9")).status == 422
        await here.browser.followed(await here.browser.post(revoke, hours="24"))
        assert "The secret ends in a day." in here.browser.text and "Ends soon" in here.browser.text
        assert await here.proves(first), "until then"
        await here.browser.followed(await here.browser.post(revoke))
        assert "The secret has ended." in here.browser.text
        assert not await here.proves(first) and await here.proves(second)
        assert (await here.browser.post(revoke)).status == 404
        kinds = [one.entry.type for one in await here.served.hub.stores.journal.after(DEPLOYMENT, 0, 1000)]
        assert kinds.count("application.secret_added") == 1 and kinds.count("application.secret_revoked") == 2


async def test_a_secret_is_shown_at_its_own_application_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk(tmp_path, monkeypatch) as here:
        await here.make()
        other = (
            await service.create(application_desk(here.served.hub), service.wish_of(await here.one()), COMMAND)
        ).application
        assert b"hw_client_" not in (await here.browser.get(f"{PLACE}/{other.client_id}/secrets/made")).body


async def test_an_application_is_switched_off_and_on_and_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path, monkeypatch) as here:
        text = await here.secret(await here.browser.post(f"{PLACE}/new", **FULL))
        root = f"{PLACE}/{(await here.one()).client_id}"
        await here.browser.followed(await here.browser.post(f"{root}/disable"))
        assert (await here.one()).state is ApplicationState.DISABLED and not await here.proves(text)
        assert "is switched off" in here.browser.text
        assert b"Switched off" in (await here.browser.get(PLACE)).body
        assert (await here.browser.post(f"{root}/disable")).status == 303, "off already"
        await here.browser.followed(await here.browser.post(f"{root}/enable"))
        assert (await here.one()).state is ApplicationState.ACTIVE and await here.proves(text)
        await here.browser.followed(await here.browser.post(f"{root}/delete"))
        assert "Fieldbook was deleted." in here.browser.text and "No application yet" in here.browser.text
        for path in (root, f"{root}/secrets/made"):
            assert (await here.browser.get(path)).status == 404
        for act in ("", "/delete", "/disable", "/secrets", "/secrets/secret_1/revoke"):
            assert (await here.browser.post(root + act)).status == 404


async def test_there_is_an_end_to_how_many_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk(tmp_path, monkeypatch) as here:
        monkeypatch.setattr(service, "MOST_APPLICATIONS", 0)
        answer = await here.browser.post(f"{PLACE}/new", **FULL)
        assert answer.status == 422 and "There are at most 0 applications." in here.browser.text
        assert BACK in here.browser.form(f"{PLACE}/new").text, "what she typed is there"
