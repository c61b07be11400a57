"""The operators' console in a real browser: the first operator, a customer, a set-up link, a reason."""

import base64

import pytest

from hallway.accounts.one_time_codes import code_at, step_of
from hallway.hub.operators.model import OperatorRole
from hallway.hub.operators.service import create
from hallway.hub.organizations.model import Plan
from hallway.web.wiring import Hub, clock, operator_desk
from tests.browser.conftest import NARROW, WIDE, OpenWindow, Window
from tests.running import ACTOR, RunningHub
from tests.web.browsing import PASSWORD


def first_operator(hub: RunningHub, email: str) -> str:
    """The path of the link that the command prints."""

    async def make(opened: Hub) -> str:
        return (await create(operator_desk(opened), email, "Olga Berg", OperatorRole.OWNER, ACTOR)).address

    address = hub.act(make)
    return "/" + address.partition("://")[2].partition("/")[2]


def customers(hub: RunningHub) -> None:
    """A few, so that the list is one."""

    async def make(opened: Hub) -> None:
        for name, plan in (("Globex", Plan.ENTERPRISE), ("Initech", Plan.FREE), ("Umbrella Health", Plan.ENTERPRISE)):
            await opened.registrar.create(name, plan, None, ACTOR)

    hub.act(make)


def looked_at(visitor: Window, name: str) -> None:
    """A picture, nothing for axe to find, nothing that stands out."""
    visitor.picture(name)
    assert visitor.findings() == []
    assert visitor.is_within()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_an_operator_comes_in_and_looks_after_a_customer(
    hub: RunningHub, window: OpenWindow, size: tuple[int, int], theme: str
) -> None:
    customers(hub)
    source = hub.directory(provider="jumpcloud")
    mark, visitor = f"{theme}-{size[0]}", window(size, theme)
    page, email = visitor.page, f"olga-{mark}@vendor.example"

    visitor.open(first_operator(hub, email))
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Set this password").click()
    looked_at(visitor, f"operator-sign-in-{mark}")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    looked_at(visitor, f"operator-factor-{mark}")
    page.get_by_role("link", name="Turn on one-time codes").click()
    seed = base64.b32decode(page.get_by_label("Or type the key").input_value().replace(" ", ""))
    page.get_by_label("The code that it shows now").fill(code_at(seed, step_of(clock())))
    page.get_by_role("button", name="Turn on").click()
    recovery = page.locator(".recovery-codes code").first.inner_text()
    visitor.open("/operator")
    page.get_by_label(f"Password of {email}").fill(PASSWORD)
    page.get_by_label("One-time code").fill(recovery)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="Organizations").wait_for()
    looked_at(visitor, f"operator-organizations-{mark}")

    root = f"/operator/organizations/{source.organization_id}"
    visitor.open(root)
    looked_at(visitor, f"operator-organization-{mark}")
    page.get_by_role("link", name="Set-up links").last.click()
    page.get_by_label("What it is for").fill("Acme IT")
    page.get_by_role("button", name="Make link").click()
    looked_at(visitor, f"operator-link-once-{mark}")
    page.get_by_role("link", name="I have sent it").click()
    looked_at(visitor, f"operator-links-{mark}")
    visitor.open(f"{root}/directories/{source.id}/activity")
    looked_at(visitor, f"operator-look-{mark}")
    page.get_by_label("Reason").fill("Ticket 4711")
    page.get_by_role("button", name="Note the reason and look").click()
    assert page.url.endswith("/activity")
    looked_at(visitor, f"operator-activity-{mark}")
    visitor.open("/operator/operators")
    looked_at(visitor, f"operator-operators-{mark}")
    for name in ("problems", "audit", "organizations/new"):
        visitor.open(f"/operator/{name}")
        looked_at(visitor, f"operator-{name.replace('/', '-')}-{mark}")
