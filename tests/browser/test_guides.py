"""The guides of each provider, and a directory in use, as an administrator sees them; the docs show the pictures."""

import re
import time
from collections import Counter

from playwright.sync_api import expect

from hallway.exchanges.model import HOUR, Gathered
from hallway.hub.directories.administration import found_directory
from hallway.hub.directories.model import Provider
from hallway.ids import DirectoryId, OrganizationId
from hallway.web.wiring import Hub, clock
from tests.browser.conftest import OpenWindow, Window
from tests.browser.test_journeys import at, office, pushed, pushed_group, registered
from tests.running import RunningHub

__all__ = ["office"]
DAY_HOURS = 24
PEOPLE = (
    "Ada Byron", "Bea Beck", "Carl Cohn", "Dora Day", "Emil Erb", "Fay Fisk", "Gil Gray", "Hal Hart",
    "Ida Iven", "Jon Juel", "Kim Kerr", "Lea Lind",
)  # fmt: skip
TEAMS = ("Design", "Engineering", "Sales")


def made(visitor: Window, label: str, name: str) -> tuple[str, str]:
    """A directory of a provider: the path of its pages, and its token."""
    page = visitor.page
    visitor.open("/directories/new")
    page.get_by_label(label, exact=True).check()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create directory").click()
    token = page.locator("input.code[value^='hw_scim_']").first.input_value()
    return re.sub(r"^https?://[^/]+", "", page.url.removesuffix("/token")), token


def seen(visitor: Window, name: str) -> None:
    """A picture, nothing for axe to find, nothing that stands out."""
    visitor.picture(name)
    assert visitor.findings() == []
    assert visitor.is_within()


def test_every_provider_has_a_guide_with_the_base_url(office: RunningHub, window: OpenWindow) -> None:
    visitor = at(office, window)
    page = registered(visitor, "ada@acme.example", "Acme")
    products = {"jumpcloud": "JumpCloud", "okta": "Okta", "entra": "Microsoft Entra ID", "onelogin": "OneLogin",
                "ping": "PingOne", "cyberark": "CyberArk Identity"}  # fmt: skip
    assert set(products) | {"google", "other"} == {one.value for one in Provider}
    for provider, product in products.items():
        root, _ = made(visitor, product, f"Acme in {product.removeprefix('Microsoft ')}")
        visitor.open(f"{root}/setup")
        expect(page.get_by_role("heading", name=f"Connect {product}")).to_be_visible()
        expect(page.locator("main input.code").first).to_have_value(re.compile(r"/scim/dir_[0-9a-f]{32}/v2"))
        seen(visitor, f"guide-{provider}")


def test_a_guide_to_single_sign_on_has_our_addresses(office: RunningHub, window: OpenWindow) -> None:
    visitor = at(office, window)
    page = registered(visitor, "ada.byron@acme.example", "Acme")
    visitor.open("/connections/new")
    page.get_by_label("Connection name").fill("Acme in Okta")
    page.get_by_label("Okta", exact=True).check()
    page.get_by_role("button", name="Add connection").click()
    visitor.open(re.sub(r"^https?://[^/]+", "", page.url) + "/guide")
    expect(page.get_by_label("Single sign-on URL")).to_have_value(re.compile(r"/sso/[0-9a-f]{32}/acs$"))
    seen(visitor, "guide-sso-okta")


def test_a_directory_in_use_says_how_it_does(office: RunningHub, window: OpenWindow) -> None:
    visitor = at(office, window)
    page = registered(visitor, "office@acme.example", "Acme")
    root, token = made(visitor, "JumpCloud", "Acme in JumpCloud")
    name = root.rpartition("/")[2]
    base_url = f"http://127.0.0.1:{office.port}/scim/{name}/v2"
    for person in PEOPLE:
        pushed(base_url, token, f"{person.split()[0].lower()}@acme.example", displayName=person)
    for team in TEAMS:
        pushed_group(base_url, token, team)
    office.act(lambda hub: counted(hub, name))
    for _ in range(60):
        # When a directory was last asked is written within ten seconds.
        visitor.open(root)
        if page.get_by_text("never").count() == 0:
            break
        time.sleep(0.5)
    expect(page.get_by_text("never")).to_have_count(0)
    expect(page.locator(".figure", has_text="users")).to_contain_text(str(len(PEOPLE)))
    expect(page.get_by_text("2 requests were refused in the last 24 hours.")).to_be_visible()
    seen(visitor, "journey-in-use")


async def counted(hub: Hub, name: str) -> None:
    """Requests of a day, as the recorder would have counted them."""
    one, now = await found_directory(hub.desk, name), clock()
    key = (one.organization_id, one.id)
    requests: Counter[tuple[OrganizationId, DirectoryId, int, str]] = Counter()
    for back in range(1, DAY_HOURS):
        hour = now // HOUR - back
        requests[(*key, hour, "read")] = 6 + 5 * back % 17
        requests[(*key, hour, "write")] = 2 + 3 * back % 11
    requests[(*key, now // HOUR - 5, "refused")] = 2
    await hub.stores.counters.write(Gathered(requests), now)
