"""The application's own *Set up SSO* button: a link that opens once and leads back to registered addresses only."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from hallway.hub.organizations.proving import add, mark_proved
from hallway.hub.setup.model import Task
from hallway.hub.setup.returning import is_registered
from hallway.hub.setup.service import MINUTE, SESSION_LIFETIME, Wish, create
from hallway.web.wiring import setup_desk
from tests.rooms.opened import OPERATOR
from tests.web.api_world import RETURNS, ApiWorld, api_world
from tests.web.asgi import Answer
from tests.web.browsing import Browser

BACK = f"{RETURNS}?tenant=4711"


async def made(world: ApiWorld, organization: str | None = None, **more: Any) -> Any:
    """A link for a domain, which the test can prove."""
    wanted = {"tasks": ["domain"], "return_url": BACK, "success_url": RETURNS, **more}
    owner = organization or await world.fresh_organization()
    return await world.good("POST", "setup-links", {"organization": owner, **wanted})


async def opened(world: ApiWorld, url: str) -> tuple[Browser, Answer]:
    """A new browser that opens an address, and what it is answered."""
    browser = Browser(world.hub.app)
    return browser, await browser.post("/setup/open", link=url.partition("link=")[2])


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://app.example/settings/sso", True),
        ("https://app.example/settings/sso?tenant=4711&next=%2F", True),
        ("https://APP.example/settings/sso", True),
        ("https://app.example:443/settings/sso", True),
        ("http://app.example/settings/sso", False),
        ("https://app.example:8443/settings/sso", False),
        ("https://app.example/settings/sso/", False),
        ("https://app.example/settings/SSO", False),
        ("https://app.example/settings/sso/../../evil", False),
        ("https://app.example/settings/sso#fragment", False),
        ("https://app.example.evil.example/settings/sso", False),
        ("https://evil.example/settings/sso?https://app.example", False),
        ("https://user@app.example/settings/sso", False),
        ("https://app.example\\@evil.example/settings/sso", False),
        ("//app.example/settings/sso", False),
        ("/settings/sso", False),
        ("javascript:alert(1)//app.example/settings/sso", False),
        ("https://app.example/settings/sso?x=\r\nset-cookie:a=b", False),
        ("https://app.example/settings/sso?x= y", False),
        ("https://app.example:99999/settings/sso", False),
        ("https://[::1/settings/sso", False),
        ("https://äpp.example/settings/sso", False),
        ("https://app.example/settings/sso?" + "x" * 2000, False),
        ("", False),
    ],
)  # fmt: skip
def test_only_what_is_registered_is_led_back_to(url: str, fits: bool) -> None:
    assert is_registered(url, (RETURNS,)) is fits
    assert not is_registered(url, ())


async def test_an_address_that_is_not_registered_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        owner = await world.fresh_organization()
        for name in ("return_url", "success_url"):
            body = {"organization": owner, "tasks": ["sso"], name: "https://evil.example/settings/sso"}
            answer, read = await world.send("POST", "setup-links", body)
            assert (answer.status, read["code"]) == (422, "invalid") and name in read["detail"]
        answer, read = await world.send("POST", "setup-links", {"organization": f"org_{'0' * 32}", "tasks": ["sso"]})
        assert (answer.status, read["errors"][0]["at"]) == (422, "organization")
        for body in ({"tasks": []}, {"tasks": ["sso"], "expires_in": 59}, {"tasks": ["mapping"]}):
            answer, read = await world.send("POST", "setup-links", {"organization": owner, **body})
            assert (answer.status, read["code"]) == (422, "invalid")
        assert (await world.good("GET", f"organizations/{owner}/setup-links"))["items"] == []


async def test_it_opens_once_and_within_its_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        link = await made(world, expires_in=300)
        told = link["setup_link"]
        assert (told["state"], told["single_use"], told["opened_at"]) == ("alive", True, None)
        assert told["created_by"].startswith("key_") and "hw_setup_" not in str(told)
        browser, answer = await opened(world, link["url"])
        assert (answer.status, answer.headers["location"]) == (303, "/setup")
        _, second = await opened(world, link["url"])
        assert second.status == 404, "it opens once"
        reading = await Browser(world.hub.app).get(f"/setup/open?link={link['url'].partition('link=')[2]}")
        assert reading.status == 404
        assert (await browser.get("/setup")).status == 200, "the browser that opened it goes on"
        now = await world.good("GET", f"organizations/{told['organization']}/setup-links/{told['id']}")
        assert now["opened_at"] and now["expires_at"] > told["expires_at"], "for as long as the browser's session"
        revoked = await world.good("POST", f"organizations/{told['organization']}/setup-links/{told['id']}/revoke")
        assert revoked["state"] == "revoked"
        assert (await browser.get("/setup")).status == 403


async def test_a_link_that_nobody_opened_in_time_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        desk = setup_desk(world.hub.hub, world.hub.hub.mailing.letters)
        owner = await world.hub.hub.registrar.found(await world.fresh_organization())
        ago = desk.clock() - 2 * MINUTE
        past = await create(_at(desk, ago), owner, Wish([Task.SSO], lifetime=MINUTE, single_use=True), OPERATOR)
        _, answer = await opened(world, past.address)
        assert answer.status == 404
        listed = await world.good("GET", f"organizations/{_id(past.link.organization_id)}/setup-links")
        assert listed["items"][0]["state"] == "expired"
        assert SESSION_LIFETIME > MINUTE


def _at(desk: Any, now: int) -> Any:
    return replace(desk, clock=lambda: now)


def _id(organization: bytes) -> str:
    return f"org_{organization.hex()}"


async def test_one_that_opens_more_than_once_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        link = await made(world, single_use=False, expires_in=86_400)
        for _ in range(2):
            _, answer = await opened(world, link["url"])
            assert (answer.status, answer.headers["location"]) == (303, "/setup")
        mailed = await made(world, email="it@acme.example")
        assert mailed["url"] is None and mailed["setup_link"]["email"] == "it@acme.example"
        answer, _ = await world.send(
            "POST", "setup-links",
            {"organization": link["setup_link"]["organization"], "tasks": ["sso"], "email": "nobody"},
        )  # fmt: skip
        assert answer.status == 422


async def test_the_pages_lead_back_and_the_end_goes_there_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        organization = await world.fresh_organization()
        link = await made(world, organization)
        browser, _ = await opened(world, link["url"])
        page = BeautifulSoup((await browser.get("/setup")).body, "html.parser")
        assert [one.text for one in page.find_all("a", href=BACK)] == ["Back to app.example"]
        owner = await world.hub.hub.registrar.found(organization)
        desk = world.hub.hub.domain_desk
        await mark_proved(desk, await add(desk, owner, "button.example", OPERATOR), OPERATOR)
        assert "Finish and go back to app.example" in (await browser.get("/setup")).body.decode()
        done = await browser.post("/setup/complete")
        assert (done.status, done.headers["location"]) == (303, "/setup/done"), "a form's redirect stays on our host"
        last = await browser.get("/setup/done")
        assert last.headers["refresh"] == f"2; url={RETURNS}"
        assert BeautifulSoup(last.body, "html.parser").find("a", href=RETURNS) is not None
        again = await browser.get("/setup/done")
        assert "refresh" not in again.headers and RETURNS.encode() not in again.body, "once"
        told = await world.good("GET", f"organizations/{organization}/setup-links/{link['setup_link']['id']}")
        assert told["state"] == "completed"


async def test_a_link_without_addresses_leads_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        link = await made(world, return_url=None, success_url=None)
        browser, _ = await opened(world, link["url"])
        page = (await browser.get("/setup")).body.decode()
        assert "Back to" not in page
        browser.jar["hub_setup_return"] = "forged"
        assert "refresh" not in (await browser.get("/setup/done")).headers
