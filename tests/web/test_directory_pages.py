"""The pages of directories, in this process: what they show, whom they let in, and that no token stays."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest

from hallway.hub.organizations.members import MemberState
from hallway.hub.organizations.model import Organization
from hallway.ids import DIRECTORY, EXCHANGE, TOKEN, wire
from hallway.journal.model import Actor
from hallway.store.database import ScanTimedOut
from hallway.store.people import PeopleStore
from hallway.web.admitting import Admission
from hallway.web.console.directories.routes import ROUTES
from hallway.web.rows import ADMIN, FRESH_ADMIN
from hallway.web.wiring import clock
from tests.rooms.opened import Place, canaries_in
from tests.web.asgi import Answer, call
from tests.web.deployment import Deployment, deployed


def visitor(organization: Organization, role: str = "admin") -> Any:
    """Somebody who is signed in."""
    member = SimpleNamespace(id=b"m" * 16)
    return SimpleNamespace(
        name="Olivia", email="o@acme.example", locale="", role=role, organization_name=organization.name,
        organization=organization, member=member, authenticated_at=clock(),
        actor=lambda request: Actor("member", member.id, "Olivia", request.client_address),
    )  # fmt: skip


@dataclass
class Browser:
    """Requests as a browser sends them; cookies are kept."""

    hub: Deployment
    jar: dict[str, str]

    async def get(self, path: str, fragment: bool = False) -> Answer:
        return await self._kept("GET", path, {"hx-request": "true"} if fragment else {}, b"")

    async def post(self, path: str, **fields: str) -> Answer:
        headers = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
        return await self._kept("POST", path, headers, urlencode(fields).encode())

    async def _kept(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        cookie = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        sent = {"accept": "text/html", **({"cookie": cookie} if cookie else {}), **headers}
        answer = await call(self.hub.app, method, path, sent, body)
        if "set-cookie" in answer.headers:
            name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
            self.jar[name] = value
        return answer


def signed_in(hub: Deployment, who: Any) -> Browser:
    """A browser of this visitor."""

    async def find(_: Any) -> Any:
        return who

    pages = hub.serving._pages
    assert pages is not None
    hub.serving.guards.update(Admission(pages, find, clock).guards())
    return Browser(hub, {})


async def filled(hub: Deployment) -> tuple[Place, dict[str, str]]:
    """A directory with people, a group, refusals; the parameters of its pages."""
    place = await hub.place()
    client = hub.client(place)
    ada = await client.user("ada@acme.example", displayName="Ada <Byron>")
    await client.user("ADA@acme.example")
    team = await client.group("Engineering", ada.id)
    await client.get("/Users?filter=userName+eq+%22bob%22")
    await hub.client(place, "hw_scim_wrong").get("/Users")
    kept = await hub.everything_kept(place)
    return place, {
        "directory": wire(DIRECTORY, place.directory.id), "user": ada.id, "group": team.id,
        "exchange": wire(EXCHANGE, kept[1].id), "token": wire(TOKEN, place.made.token.id),
    }  # fmt: skip


def path_of(template: str, params: dict[str, str]) -> str:
    for name, value in params.items():
        template = template.replace(f"{{{name}}}", value)
    return template


async def test_every_page_shows_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place, params = await filled(hub)
        browser = signed_in(hub, visitor(place.directory.organization))
        for row in ROUTES:
            if row.method == "GET":
                answer = await browser.get(path_of(row.path, params))
                assert answer.status == 200, (row.path, answer.body[:300])
                assert b"<h1>" in answer.body and b"<Byron>" not in answer.body, row.path


async def test_another_organizations_directory_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        _, params = await filled(hub)
        other = await hub.place()
        browser = signed_in(hub, visitor(other.directory.organization))
        for row in ROUTES:
            if "{directory}" in row.path:
                ask: Callable[[str], Awaitable[Answer]] = browser.get if row.method == "GET" else browser.post
                assert (await ask(path_of(row.path, params))).status == 404, row.path


async def test_only_administrators_open_the_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place, params = await filled(hub)
        assert {row.guard for row in ROUTES} == {ADMIN, FRESH_ADMIN}
        for role in ("user", "guest"):
            browser = signed_in(hub, visitor(place.directory.organization, role))
            for row in ROUTES:
                ask: Callable[[str], Awaitable[Answer]] = browser.get if row.method == "GET" else browser.post
                assert (await ask(path_of(row.path, params))).status == 403, row.path


async def test_a_new_directory_shows_its_token_once_and_keeps_it_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place, _ = await filled(hub)
        browser = signed_in(hub, visitor(place.directory.organization))
        wrong = await browser.post("/directories/new", name="", provider="x")
        assert wrong.status == 422 and b"Enter a name" in wrong.body
        made = await browser.post("/directories/new", name="Acme", provider="jumpcloud")
        assert made.status == 303
        once = await browser.get(made.headers["location"])
        text = once.body.decode().partition('value="hw_scim_')[2].partition('"')[0]
        assert len(text) > 60 and "Identity Management" not in made.headers["location"]
        assert "hw_scim" not in made.headers["location"] and text not in made.headers["set-cookie"]
        again = await browser.get(made.headers["location"])
        assert text not in again.body.decode() and b"shown already" in again.body
        assert canaries_in(tmp_path, text) == []


async def test_the_set_up_page_shows_the_first_request_and_then_stops_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        browser = signed_in(hub, visitor(place.directory.organization))
        page = f"/directories/{wire(DIRECTORY, place.directory.id)}/setup"
        waiting = await browser.get(page, fragment=True)
        assert b"every 3s" in waiting.body and b"Check now" in waiting.body and b"<html" not in waiting.body
        await hub.client(place).get("/Users")
        await hub.written()
        came = await browser.get(page, fragment=True)
        assert b"Asked for the list of users: 0 in all" in came.body and b"every 3s" not in came.body


async def test_tokens_are_made_rotated_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place, params = await filled(hub)
        browser = signed_in(hub, visitor(place.directory.organization))
        tokens = path_of("/directories/{directory}/tokens", params)
        assert (await browser.post(tokens, label="second")).status == 303
        assert (await browser.post(f"{tokens}/{params['token']}/rotate")).status == 303
        assert (await browser.post(f"{tokens}/{params['token']}/revoke")).status == 303
        listed = await hub.hub.stores.directories.tokens(place.key)
        assert [one.revoked_at is None for one in listed] == [False, True, True]
        assert listed[2].replaces == place.made.token.id


async def test_people_are_searched_and_waiting_ones_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place, params = await filled(hub)
        browser = signed_in(hub, visitor(place.directory.organization))
        base = path_of("/directories/{directory}", params)
        found = await browser.get(f"{base}/people?q=byron", fragment=True)
        assert b"Ada &lt;Byron&gt;" in found.body and b"<html" not in found.body
        assert b"Nobody here has" in (await browser.get(f"{base}/people?q=zork")).body
        assert b"Tried to create" in (await browser.get(f"{base}/activity?q=409&outcome=refused")).body
        assert b"Engineering" in (await browser.get(f"{base}/activity?q=engineer")).body
        assert (await browser.post(f"{base}/waiting/{params['user']}", act="accept")).status == 303
        assert (await browser.post(f"{base}/waiting/{params['user']}", act="dismiss")).status == 409
        members = await hub.hub.stores.members.by_email(place.directory.organization_id, "ada@acme.example")
        assert [one.directory_id for one in members] == [place.directory.id]
        assert b"Nobody waits" in (await browser.get(f"{base}/waiting")).body


async def test_one_outside_the_proved_domains_is_invited_by_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place, params = await filled(hub)
        owner = place.directory.organization
        browser, base = signed_in(hub, visitor(owner)), path_of("/directories/{directory}", params)
        assert b"Invite" in (await browser.get(f"{base}/waiting")).body
        assert (await browser.post(f"{base}/waiting/{params['user']}", act="invite")).status == 303
        [member] = await hub.hub.stores.members.by_email(owner.id, "ada@acme.example")
        assert (member.state, member.directory_id) == (MemberState.INVITED, None)
        listed = (await browser.get(f"{base}/waiting")).body
        assert b"has not answered yet" in listed and b'value="invite"' not in listed
        assert (await browser.post(f"{base}/waiting/{params['user']}", act="invite")).status == 409
        deliveries, kept = hub.serving._deliveries, hub.hub.mailing.kept
        assert deliveries is not None and kept is not None and hub.hub.mailing.postman is not None
        await hub.hub.mailing.postman.round()
        await deliveries.stop()
        assert [one.to for one in kept.mails() if "/invitation?code=" in one.text] == ["ada@acme.example"]
        assert (await browser.post(f"{base}/waiting/{params['user']}", act="accept")).status == 303
        [member] = await hub.hub.stores.members.by_email(owner.id, "ada@acme.example")
        assert (member.state, member.directory_id) == (MemberState.INVITED, place.directory.id)


async def test_without_mail_nobody_is_invited_from_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = {"base_url": "https://hub.example.com", "allowed_hosts": "hub.localhost"}
    async with deployed(tmp_path, monkeypatch, **elsewhere) as hub:
        place, params = await filled(hub)
        browser = signed_in(hub, visitor(place.directory.organization))
        base = path_of("/directories/{directory}", params)
        assert b'value="invite"' not in (await browser.get(f"{base}/waiting")).body
        assert (await browser.post(f"{base}/waiting/{params['user']}", act="invite")).status == 409


async def test_a_directory_is_renamed_switched_off_and_on_and_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place, params = await filled(hub)
        browser = signed_in(hub, visitor(place.directory.organization))
        base = path_of("/directories/{directory}", params)
        assert (await browser.post(f"{base}/settings", name="")).status == 422
        assert (await browser.post(f"{base}/settings", name="New name", strict="on")).status == 303
        now = (await place.again()).directory
        assert (now.name, now.rules.strict, now.rules.group_names_unique) == ("New name", True, False)
        for act, state in (("disable", "disabled"), ("enable", "active")):
            assert (await browser.post(f"{base}/{act}")).status == 303
            assert (await place.again()).directory.state.value == state
        assert (await browser.post(f"{base}/delete")).status == 422
        assert (await browser.post(f"{base}/delete", people="keep")).status == 303
        assert (await browser.get(base)).status == 404


async def test_a_search_that_takes_too_long_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place, params = await filled(hub)
        browser = signed_in(hub, visitor(place.directory.organization))

        async def slow(*_: Any) -> Any:
            raise ScanTimedOut("people")

        monkeypatch.setattr(PeopleStore, "page", slow)
        answer = await browser.get(path_of("/directories/{directory}/people?q=x", params))
        assert answer.status == 422 and b"Type more of the name" in answer.body
