"""Single sign-on as a person sees it in Chromium, at an identity provider that nobody here wrote; pictures are kept."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE, OpenWindow, Window
from tests.peers.joining import Joined, joined
from tests.peers.simplesaml import EMAIL_FORMAT, PASSWORD, simplesaml
from tests.running import RunningHub

BY_ADDRESS = {
    "NameIDFormat": EMAIL_FORMAT,
    "authproc": {"3": {"class": "saml:AttributeNameID", "attribute": "mail", "Format": EMAIL_FORMAT}},
}
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


@contextmanager
def door(url: str) -> Iterator[str]:
    """Another host of the provider's, which sends forms on to this address, as large providers do."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(307)
            self.send_header("Location", url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://door.localhost:{server.server_address[1]}/sign-in"
        server.shutdown()


def looked_at(visitor: Window, name: str) -> None:
    """A picture, nothing for axe to find, nothing that stands out."""
    visitor.picture(f"single-sign-on-{name}")
    assert visitor.findings() == [] and visitor.is_within()


def sent_away(visitor: Window, there: Joined, email: str, name: str) -> None:
    """From the sign-in page to the provider's form, by her address alone."""
    page = visitor.page
    visitor.open("/sign-in")
    page.get_by_role("link", name="single sign-on").click()
    page.get_by_label("Your e-mail address at work").fill(email)
    looked_at(visitor, f"{name}-address")
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_url(re.compile("^http://127.0.0.1:"))


def typed(visitor: Window, name: str) -> None:
    """Past the provider's form, into the console."""
    page = visitor.page
    page.locator("#username").fill("ada")
    page.locator("#password").fill(PASSWORD)
    visitor.picture(f"single-sign-on-{name}-provider")
    page.locator("#password").press("Enter")


@pytest.mark.parametrize("binding", ["address", "form"])
def test_a_person_signs_in_where_her_organization_does(
    hub: RunningHub, window: OpenWindow, tmp_path: Path, binding: str
) -> None:
    name = f"Chrome{binding}"
    email = f"ada@{name.lower()}.example"
    people = {"ada": {"mail": [email], "givenName": ["Ada"], "sn": ["Byron"]}}
    forms = {} if binding == "address" else {"SingleSignOnServiceBinding": POST, "SingleLogoutServiceBinding": POST}
    with simplesaml(tmp_path, people, **BY_ADDRESS, **forms) as peer, ExitStack() as doors:
        there = joined(hub, name, peer.metadata)
        peer.service.write_bytes(there.metadata)
        there.invite("ada")
        if binding == "form":
            saml = there.connection.saml
            there.change(saml=replace(saml, post_url=doors.enter_context(door(saml.post_url))))
        visitor = window(WIDE, "light") if binding == "address" else window(NARROW, "dark")
        page = visitor.page
        sent_away(visitor, there, email, binding)
        typed(visitor, binding)
        expect(page.get_by_role("heading", name="Members", exact=True)).to_be_visible()
        assert page.url.startswith(there.base)
        looked_at(visitor, f"{binding}-console")
        assert there.attempts() == [("accepted", "", "sign_in", email)]
        visitor.open("/sign-in/again?next=/settings/members")
        looked_at(visitor, f"{binding}-again")
        page.get_by_role("button", name="Go on to the identity provider").click()
        expect(page.locator("#password")).to_be_visible()
        typed(visitor, binding)
        expect(page.get_by_role("heading", name="Members", exact=True)).to_be_visible()
        assert there.attempts()[0] == ("accepted", "", "again", email)
        if binding == "form":
            page.locator("summary", has_text="Menu").first.click()
        page.get_by_role("button", name="Sign out").locator("visible=true").first.click()
        expect(page).to_have_url(re.compile(re.escape(there.base) + "/sign-in"))
        looked_at(visitor, f"{binding}-out")
        page.goto(there.url)
        expect(page.locator("#password")).to_be_visible()


@pytest.mark.parametrize("binding", ["address", "form"])
def test_signing_out_there_reaches_here_from_within_a_frame(
    hub: RunningHub, window: OpenWindow, tmp_path: Path, binding: str
) -> None:
    name = f"Frame{binding}"
    people = {"ada": {"mail": [f"ada@{name.lower()}.example"]}}
    with simplesaml(tmp_path, people, **BY_ADDRESS, logouttype="iframe") as peer:
        there = joined(hub, name, peer.metadata)
        by_address = re.compile(rb'<[^<]*SingleLogoutService [^>]*HTTP-Redirect"[^>]*>')
        assert len(by_address.findall(there.metadata)) == 1
        peer.service.write_bytes(by_address.sub(b"", there.metadata) if binding == "form" else there.metadata)
        email = there.invite("ada")
        visitor = window()
        sent_away(visitor, there, email, "frame")
        typed(visitor, "frame")
        expect(visitor.page.get_by_role("heading", name="Members", exact=True)).to_be_visible()
        visitor.page.goto(peer.logout)
        # It knows us by the name in our metadata.
        expect(visitor.page.locator("#slostatustable")).to_contain_text("Hallway")
        visitor.page.get_by_role("button", name="Yes, all services").click()
        # It goes on by itself once every frame was answered.
        expect(visitor.page).to_have_url(re.compile("frontpage_welcome"))
        visitor.open("/settings/members")
        expect(visitor.page).to_have_url(re.compile("/sign-in"))
