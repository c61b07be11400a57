"""The journeys of people from beginning to end, clicked and typed in Chromium against a server; pictures are kept."""

import json
import re
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from hallway.scim.standard import GROUP_SCHEMA, USER_SCHEMA
from tests.browser.conftest import NARROW, OpenWindow, Window
from tests.running import RunningHub, sqlite_url
from tests.web.browsing import PASSWORD


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A Hub of this file's own, whose mails are kept in a folder and shown on a page."""
    running = RunningHub(sqlite_url(tmp_path_factory.mktemp("office")))
    running.environ["HALLWAY_BASE_URL"] = f"http://hub.localhost:{running.port}"
    running.start()
    yield running
    running.stop()


def at(office: RunningHub, window: OpenWindow, **more: Any) -> Window:
    """A visitor's browser at this Hub."""
    visitor = window(**more)
    visitor.base = f"http://hub.localhost:{office.port}"
    return visitor


def looked_at(visitor: Window, name: str) -> None:
    """A picture, nothing for axe to find, nothing that stands out."""
    visitor.picture(f"journey-{name}")
    assert visitor.findings() == []
    assert visitor.is_within()


def mailed(visitor: Window, to: str) -> str:
    """The path of the link in the newest mail to an address, read on the page of mails."""
    page = visitor.page
    for _ in range(100):
        visitor.open("/mail")
        row = page.locator("tr", has_text=to).first
        if row.count():
            break
        time.sleep(0.1)
    row.get_by_role("link").click()
    address = page.locator("main a[href*='link='], main a[href*='code=']").first.get_attribute("href")
    assert address is not None
    return re.sub(r"^https?://[^/]+", "", address)


def registered(visitor: Window, email: str, organization: str, pictures: bool = False) -> Page:
    """An organization and its first administrator, from the start page on."""
    page = visitor.page
    visitor.open("/")
    page.get_by_role("link", name="Register your organization").click()
    page.get_by_label("Organization").fill(organization)
    page.get_by_label("Your e-mail address at work").fill(email)
    if pictures:
        looked_at(visitor, "register")
    page.get_by_role("button", name="Send me the link").click()
    if pictures:
        looked_at(visitor, "mail-sent")
    visitor.open(mailed(visitor, email))
    page.get_by_label("Your name").fill("Ada Byron")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    if pictures:
        looked_at(visitor, "make-account")
    page.get_by_role("button", name="Make my account").click()
    expect(page.get_by_role("heading", name="Directories", exact=True)).to_be_visible()
    return page


def pushed(base_url: str, token: str, user_name: str, **more: Any) -> None:
    """What a directory product sends for somebody new."""
    body = {"schemas": [USER_SCHEMA.id], "userName": user_name, "active": True, **more}
    _posted(f"{base_url}/Users", token, body)


def pushed_group(base_url: str, token: str, name: str) -> None:
    """The same for a new group."""
    _posted(f"{base_url}/Groups", token, {"schemas": [GROUP_SCHEMA.id], "displayName": name})


def _posted(address: str, token: str, body: dict[str, Any]) -> None:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/scim+json"}
    headers["user-agent"] = "JumpCloud SCIM Client"
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 201


def test_from_registration_to_the_first_users_exchange(office: RunningHub, window: OpenWindow) -> None:
    visitor = at(office, window)
    page = registered(visitor, "ada@acme.example", "Acme", pictures=True)
    looked_at(visitor, "no-directories")
    page.get_by_role("link", name="Add a directory").click()
    page.get_by_label("JumpCloud").check()
    page.get_by_label("Name", exact=True).fill("Acme in JumpCloud")
    looked_at(visitor, "add-directory")
    page.get_by_role("button", name="Create directory").click()
    looked_at(visitor, "token-once")
    token = page.locator("input.code[value^='hw_scim_']").first.input_value()
    visitor.open(re.sub(r"^https?://[^/]+", "", page.url.removesuffix("/token")) + "/setup")
    base_url = page.locator("input.code[value*='/scim/']").first.input_value()
    looked_at(visitor, "guide")
    pushed(base_url, token, "bea@acme.example", displayName="Bea Beck")
    told = page.get_by_role("link", name="Created Bea Beck").first
    expect(told).to_be_visible(timeout=15_000)
    looked_at(visitor, "first-request")
    told.click()
    expect(page.get_by_role("heading", name=re.compile("Created"))).to_be_visible()
    page.get_by_text("Show the request").click()
    looked_at(visitor, "exchange")
    assert token not in page.content()


def test_a_colleague_is_invited_and_joins(office: RunningHub, window: OpenWindow) -> None:
    visitor = at(office, window)
    page = registered(visitor, "cleo@acme.example", "Acme")
    page.get_by_role("link", name="Members").first.click()
    page.get_by_role("link", name="Invite people").click()
    page.get_by_label("E-mail addresses").fill("dora@acme.example")
    looked_at(visitor, "invite")
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_text("dora@acme.example").first).to_be_visible()
    colleague = at(office, window, size=NARROW, theme="dark")
    colleague.open(mailed(colleague, "dora@acme.example"))
    looked_at(colleague, "invitation")
    colleague.page.get_by_role("button", name="Make my account").click()
    colleague.page.get_by_label("Your name").fill("Dora Day")
    colleague.page.get_by_label("Password", exact=True).fill(PASSWORD)
    colleague.page.get_by_role("button", name="Make my account").click()
    expect(colleague.page.get_by_role("heading", name="Members", exact=True)).to_be_visible()
    looked_at(colleague, "colleague-in")
    visitor.open("/settings/members")
    page.get_by_role("link", name="Dora Day").click()
    page.get_by_role("button", name="Deactivate").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    assert colleague.open("/settings/members") == 200
    expect(colleague.page.get_by_text("You are in no organization yet")).to_be_visible()


def test_a_token_is_rotated(office: RunningHub, window: OpenWindow) -> None:
    visitor = at(office, window)
    page = registered(visitor, "eve@acme.example", "Acme")
    page.get_by_role("link", name="Add a directory").click()
    page.get_by_label("JumpCloud").check()
    page.get_by_label("Name", exact=True).fill("Acme in JumpCloud")
    page.get_by_role("button", name="Create directory").click()
    first = page.locator("input.code[value^='hw_scim_']").first.input_value()
    root = re.sub(r"^https?://[^/]+", "", page.url.removesuffix("/token"))
    base_url = f"http://127.0.0.1:{office.port}/scim/{root.rpartition('/')[2]}/v2"
    visitor.open(f"{root}/tokens")
    page.get_by_role("button", name="Rotate").click()
    looked_at(visitor, "rotate-question")
    page.get_by_role("button", name="Rotate token").click()
    second = page.locator("input.code[value^='hw_scim_']").first.input_value()
    assert first != second
    visitor.open(f"{root}/tokens")
    expect(page.locator("td .status", has_text="Its successor has not been used yet")).to_be_visible()
    pushed(base_url, first, "one@acme.example")
    pushed(base_url, second, "two@acme.example")
    closing = page.locator("td .status", has_text="Closes by itself")
    for _ in range(60):
        # When a token was used is written within ten seconds.
        visitor.open(f"{root}/tokens")
        if closing.count():
            break
        time.sleep(0.5)
    expect(closing).to_be_visible()
    looked_at(visitor, "rotated")


def test_a_link_is_made_and_opened_in_another_browser(office: RunningHub, window: OpenWindow) -> None:
    visitor = at(office, window)
    page = registered(visitor, "fay@delta.example", "Delta")
    page.get_by_role("link", name="Set-up links").click()
    page.get_by_role("checkbox", name=re.compile("irectory")).first.check()
    page.locator("form[action='/settings/setup-links'] button.primary").click()
    address = page.locator("input.code[value*='/setup/open']").input_value()
    looked_at(visitor, "set-up-link")
    other = at(office, window)
    other.open(re.sub(r"^https?://[^/]+", "", address))
    other.page.locator("main button.primary").click()
    expect(other.page).to_have_url(re.compile(r"/setup$"))
    looked_at(other, "portal")
    assert other.open("/directories") == 200
    expect(other.page).to_have_url(re.compile("/sign-in"))


def test_one_signs_in_by_keyboard_alone(office: RunningHub, window: OpenWindow) -> None:
    visitor = at(office, window)
    registered(visitor, "gil@epsilon.example", "Epsilon")
    other = at(office, window)
    other.open("/sign-in")
    page = other.page
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "email":
            break
    page.keyboard.type("gil@epsilon.example")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Directories", exact=True)).to_be_visible()


def test_one_registers_without_scripts(office: RunningHub, window: OpenWindow) -> None:
    visitor = at(office, window, scripts=False)
    page = registered(visitor, "hal@zeta.example", "Zeta")
    visitor.open("/account/security")
    looked_away = page.get_by_role("link", name="Add a passkey")
    expect(looked_away).to_be_visible()
    visitor.picture("journey-security-without-scripts")


def test_a_passkey_signs_in(office: RunningHub, window: OpenWindow) -> None:
    visitor = at(office, window)
    page = registered(visitor, "ida@eta.example", "Eta")
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    visitor.open("/account/security/passkeys/new")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("The passkey was added.")).to_be_visible()
    looked_at(visitor, "passkey")
    page.locator(".side").get_by_role("button", name="Sign out").click()
    # The authenticator answers of itself, as the browser offers the passkey in the field for the address.
    expect(page.get_by_role("heading", name="Directories", exact=True)).to_be_visible()
