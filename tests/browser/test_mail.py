"""The page of mails in a real browser: listed, readable, and its link can be followed."""

import pytest

from hallway.accounts.model import DEPLOYMENT
from hallway.hub.organizations.invitations import invitation_letter
from hallway.journal.model import Change
from hallway.web.wiring import Hub
from tests.browser.conftest import NARROW, WIDE, OpenWindow
from tests.running import RunningHub


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_mail_is_found_read_and_followed(
    window: OpenWindow, hub: RunningHub, size: tuple[int, int], theme: str
) -> None:
    subject = f"Join Acme, {theme} and {size[0]} wide"
    link = f"{hub.environ['HALLWAY_BASE_URL']}/patterns?code=hw_invite_{'x' * 86}"

    async def promise(opened: Hub) -> None:
        _, text = invitation_letter("Acme", "Ada Lovelace", link, 14)
        rows = tuple(opened.mailing.letters(DEPLOYMENT, "grace.hopper@acme.example", subject, text))
        await opened.stores.database.commit(Change(DEPLOYMENT, rows))

    hub.act(promise)
    visitor = window(size, theme)
    found = visitor.page.get_by_role("link", name=subject)
    visitor.open("/mail")
    for _ in range(100):
        if found.count():
            break
        visitor.page.wait_for_timeout(50)
        visitor.open("/mail")
    visitor.picture(f"mails-{theme}-{size[0]}")
    assert visitor.findings() == [] and visitor.is_within()
    found.click()
    visitor.page.get_by_role("heading", name=subject).wait_for()
    visitor.picture(f"mail-{theme}-{size[0]}")
    assert visitor.findings() == [] and visitor.is_within()
    visitor.page.get_by_role("link", name=link).click()
    assert visitor.page.url == link
