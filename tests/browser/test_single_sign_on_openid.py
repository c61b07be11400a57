"""Single sign-on by OpenID Connect as a person sees it in Chromium, at npm's oidc-provider; pictures are kept."""

import re
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow
from tests.browser.test_single_sign_on import looked_at
from tests.peers.simplesaml import PASSWORD
from tests.peers.test_oidc_sign_in import acquainted
from tests.running import RunningHub


def test_a_person_signs_in_and_proves_it_once_more(hub: RunningHub, window: OpenWindow, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Chromeopenid") as (peer, there):
        visitor = window()
        page = visitor.page

        def typed() -> None:
            expect(page).to_have_url(re.compile("^" + re.escape(peer.base) + "/interaction/"))
            page.locator("#username").fill("ada")
            page.locator("#password").fill(PASSWORD)
            visitor.picture("single-sign-on-openid-provider")
            page.get_by_role("button", name="Sign in").click()
            expect(page.get_by_role("heading", name="Members", exact=True)).to_be_visible()
            assert page.url.startswith(there.base)

        there.change(oidc=replace(there.connection.oidc, returns_here=True))
        # The page on which the provider asks whether to sign out wants fonts from the internet.
        page.route(re.compile("^https://"), lambda route: route.fulfill(body=""))
        visitor.open("/sign-in")
        page.get_by_role("link", name="single sign-on").click()
        page.get_by_label("Your e-mail address at work").fill(f"ada@{there.domain}")
        page.get_by_role("button", name="Go on").click()
        typed()
        looked_at(visitor, "openid-console")
        visitor.open("/sign-in/again?next=/settings/members")
        page.get_by_role("button", name="Go on to the identity provider").click()
        typed()
        assert [one[:3] for one in there.attempts()] == [("accepted", "", "again"), ("accepted", "", "sign_in")]
        page.get_by_role("button", name="Sign out").locator("visible=true").first.click()
        page.get_by_role("button", name="Yes, sign me out").click()
        expect(page).to_have_url(re.compile(re.escape(there.base) + "/sign-in"))
        expect(page.get_by_text("You are signed out")).to_be_visible()
        looked_at(visitor, "openid-out")
