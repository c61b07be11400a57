"""The portal behind a set-up link, opened in a real browser, while a real client pushes."""

import json
import urllib.request
from typing import Any

import pytest

from hallway.hub.organizations.model import Plan
from hallway.hub.setup.model import Task
from hallway.hub.setup.service import Wish, create
from hallway.scim.standard import USER_SCHEMA
from hallway.web.wiring import Hub, setup_desk
from tests.browser.conftest import NARROW, WIDE, OpenWindow, Window
from tests.running import ACTOR, RunningHub


def link_of(hub: RunningHub) -> str:
    """The path that a new link leads to."""

    async def make(opened: Hub) -> str:
        owner = await opened.registrar.create("Acme Corporation", Plan.ENTERPRISE, None, ACTOR)
        desk = setup_desk(opened, opened.domain_desk.letters)
        return (await create(desk, owner, Wish((Task.DOMAIN, Task.DIRECTORY), "For IT"), ACTOR)).address

    return "/setup/open?" + hub.act(make).partition("?")[2]


def push(base_url: str, token: str) -> None:
    """What a directory product sends first."""
    body = json.dumps({"schemas": [USER_SCHEMA.id], "userName": "ada@acme.example"}).encode()
    headers = {"authorization": f"Bearer {token}", "content-type": "application/scim+json"}
    request = urllib.request.Request(base_url + "/Users", body, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 201


def looked_at(visitor: Window, name: str) -> None:
    """A picture, nothing for axe to find, nothing that stands out."""
    visitor.picture(name)
    assert visitor.findings() == []
    assert visitor.is_within()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_customers_it_connects_its_directory(
    hub: RunningHub, window: OpenWindow, size: tuple[int, int], theme: str
) -> None:
    visitor = window(size, theme)
    mark = f"{theme}-{size[0]}"
    page = visitor.page

    assert visitor.open(link_of(hub)) == 200
    looked_at(visitor, f"portal-open-{mark}")
    page.get_by_role("button", name="Open the set-up").click()
    assert page.url.endswith("/setup")
    looked_at(visitor, f"portal-tasks-{mark}")

    page.get_by_role("link", name="Choose your directory product").click()
    looked_at(visitor, f"portal-provider-{mark}")
    page.get_by_label("JumpCloud").check()
    page.get_by_role("button", name="Go on to the address and token").click()
    looked_at(visitor, f"portal-token-{mark}")
    token = page.get_by_label("Token", exact=True).input_value()
    base_url = page.get_by_label("Base URL", exact=True).input_value()

    page.get_by_role("link", name="I have stored it").click()
    page.get_by_text("Waiting for the first request").wait_for()
    looked_at(visitor, f"portal-guide-{mark}")
    push(base_url.replace("hub.localhost", "127.0.0.1"), token)
    page.get_by_text("Requests arrive").wait_for()
    page.get_by_role("button", name="I have pasted both").click()

    page.get_by_role("link", name="See its first request").click()
    looked_at(visitor, f"portal-activity-{mark}")
    page.get_by_role("row").get_by_role("link").first.click()
    looked_at(visitor, f"portal-exchange-{mark}")

    visitor.open("/setup/domain")
    page.get_by_label("Domain", exact=True).fill("co.uk")
    page.get_by_role("button", name="Show the record").click()
    looked_at(visitor, f"portal-domain-wrong-{mark}")
    page.get_by_label("Domain", exact=True).fill("acme.example")
    page.get_by_role("button", name="Show the record").click()
    looked_at(visitor, f"portal-domain-{mark}")

    visitor.open("/setup")
    assert page.get_by_text("Completed").count() == 4
    looked_at(visitor, f"portal-tasks-later-{mark}")
    page.get_by_role("button", name="Forget the link in this browser").click()
    looked_at(visitor, f"portal-done-{mark}")
    assert visitor.open("/setup") == 403
    assert visitor.open("/setup/open?link=hw_setup_nothing") == 404
    looked_at(visitor, f"portal-dead-{mark}")


def test_the_portal_needs_no_script(hub: RunningHub, window: OpenWindow) -> None:
    visitor: Any = window(scripts=False)
    page = visitor.page
    visitor.open(link_of(hub))
    page.get_by_role("button", name="Open the set-up").click()
    page.get_by_role("link", name="Choose your directory product").click()
    page.get_by_label("Okta").check()
    page.get_by_role("button", name="Go on to the address and token").click()
    page.get_by_role("link", name="I have stored it").click()
    page.get_by_role("link", name="Check now").click()
    assert page.url.endswith("/setup/guide")
    page.get_by_role("button", name="I have pasted both").click()
    assert page.get_by_text("Completed").count() == 3
