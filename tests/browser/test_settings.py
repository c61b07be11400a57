"""The settings of an organization in a real browser: what they are for, without scripts."""

import re

from hallway.hub.directories.administration import Administration
from hallway.hub.directories.model import Provider
from hallway.hub.organizations.inviting import Wish, invite
from hallway.hub.organizations.members import Role
from hallway.hub.organizations.model import Plan
from hallway.hub.organizations.proving import add
from hallway.web.wiring import Hub
from tests.browser.conftest import NARROW, OpenWindow, Window
from tests.running import ACTOR, RunningHub


def administrator(hub: RunningHub, visitor: Window, email: str) -> None:
    """A new organization with a directory, a domain and an open invitation; its administrator is in."""

    async def make(opened: Hub) -> str:
        owner = await opened.registrar.create("Acme Corporation", Plan.ENTERPRISE, None, ACTOR)
        await Administration(opened.desk, opened.catalogue.types, ACTOR).create(owner, "Staff", Provider.OKTA, 365)
        await add(opened.domain_desk, owner, "acme.example", ACTOR)
        await invite(opened.roster, owner, Wish("grace.hopper@navy.department.example"), ACTOR)
        return (await invite(opened.roster, owner, Wish(email, Role.ADMIN), ACTOR)).link

    visitor.open(re.sub(r"^https?://[^/]+", "", hub.act(make)))
    page = visitor.page
    page.locator('form[action="/invitation/register"] button').click()
    page.locator("#name").fill("Olivia Lindqvist-Vandenberghe")
    page.locator("#password").fill("a green heron reads")
    page.locator('form:has(#password) button[type="submit"]').first.click()
    page.wait_for_url(lambda url: "/register" not in url)


def test_people_are_invited_found_and_taken_back_without_scripts(hub: RunningHub, window: OpenWindow) -> None:
    visitor = window(NARROW, scripts=False)
    administrator(hub, visitor, "olivia-without-scripts@acme.example")
    page = visitor.page
    visitor.open("/settings/members")
    page.get_by_role("link", name="Invite people").click()
    page.get_by_role("button", name="Invite", exact=True).click()
    assert page.locator(".error-summary").is_visible()
    page.get_by_label("E-mail addresses").fill("jo@acme.example\nkim@acme.example")
    page.get_by_label("Guest").check()
    page.get_by_role("button", name="Invite", exact=True).click()
    assert page.get_by_text("2 people were invited").is_visible()
    page.get_by_label("Search by name or address").fill("kim")
    page.get_by_role("button", name="Search").click()
    assert page.locator("tbody tr").count() == 1
    page.get_by_role("link", name="kim@acme.example").click()
    page.get_by_role("button", name="Revoke invitation").first.click()
    visitor.picture("settings-revoke-without-scripts")
    page.locator("dialog").get_by_role("button", name="Revoke invitation").click()
    assert page.get_by_text("The invitation of kim@acme.example was revoked.").is_visible()
    visitor.open("/settings/audit?q=kim")
    assert page.locator("tbody tr").count() == 2
