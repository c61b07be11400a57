"""The whole way: in by a provider that nobody here wrote, out by her directory; pictures of Fieldbook are kept."""

import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from hallway.hub.directories.administration import Administration
from hallway.hub.directories.model import Provider
from hallway.hub.webhooks.service import Wish, create, delete
from hallway.ids import DIRECTORY, wire
from hallway.scim.patch_operations import PATCH_OP
from hallway.web.delivering import webhook_desk
from hallway.web.wiring import Hub
from tests.browser.conftest import NARROW, WIDE, OpenWindow, Window
from tests.fieldbook.running import fieldbook
from tests.peers.joining import Joined, joined
from tests.peers.simplesaml import EMAIL_FORMAT, PASSWORD, simplesaml
from tests.running import ACTOR, RunningHub, free_port

BY_ADDRESS = {
    "NameIDFormat": EMAIL_FORMAT,
    "authproc": {"3": {"class": "saml:AttributeNameID", "attribute": "mail", "Format": EMAIL_FORMAT}},
}
USER = "urn:ietf:params:scim:schemas:core:2.0:User"


class Pushing:
    """A directory of the organization, as its product pushes into it."""

    def __init__(self, hub: RunningHub, there: Joined) -> None:
        async def make(opened: Hub) -> tuple[str, str]:
            administration = Administration(opened.desk, opened.catalogue.types, ACTOR)
            made, token = await administration.create(there.organization, "Staff", Provider.OKTA, 365)
            return wire(DIRECTORY, made.id), token.text

        directory, self._token = hub.act(make)
        self._base = f"http://127.0.0.1:{hub.port}/scim/{directory}/v2"

    def send(self, method: str, path: str, body: object) -> str:
        """One request; the id in its answer."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/scim+json"}
        request = urllib.request.Request(self._base + path, json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            found: str = json.loads(answer.read() or b"{}").get("id", "")
            return found


@contextmanager
def told(hub: RunningHub, by_webhooks: bool) -> Iterator[dict[str, Any]]:
    """How Fieldbook learns what happened: by the feed, or by webhooks alone."""
    if not by_webhooks:
        yield {}
        return
    port = free_port()
    wish = Wish(f"http://fieldbook.localhost:{port}/hallway/webhook")
    made, secret = hub.act(lambda opened: create(webhook_desk(opened), wish, None, ACTOR))
    try:
        yield {"port": port, "FIELDBOOK_WEBHOOK_SECRETS": secret}
    finally:
        hub.act(lambda opened: delete(webhook_desk(opened), made, ACTOR))


def confirmed(hub: RunningHub, there: Joined, email: str) -> list[tuple[str, str, str, int]]:
    """What the application confirmed of a member, once it has: event, by whom, what, how often."""

    async def act(opened: Hub) -> list[tuple[str, str, str, int]]:
        (member,) = await opened.stores.members.by_email(there.organization.id, email)
        found = await opened.stores.receipts.of_member(there.organization.id, member.id)
        return [(one.type, one.by, did.what, did.count) for one in found for did in one.said.did]

    for _ in range(200):
        found = hub.act(act)
        if found:
            break
    return found


def looked_at(visitor: Window, name: str) -> None:
    """A picture, nothing for axe to find, nothing that stands out."""
    visitor.picture(f"fieldbook-{name}")
    assert visitor.findings() == [] and visitor.is_within()


@pytest.mark.parametrize("look", ["light", "dark"])
def test_a_leaver_sees_her_open_page_end(hub: RunningHub, window: OpenWindow, tmp_path: Path, look: str) -> None:
    name = f"Field{look}"
    email = f"ada@{name.lower()}.example"
    people = {"ada": {"mail": [email], "givenName": ["Ada"], "sn": ["Byron"]}}
    with (
        simplesaml(tmp_path, people, **BY_ADDRESS) as peer,
        told(hub, by_webhooks=look == "dark") as given,
        fieldbook(hub, tmp_path, **given) as application,
    ):
        there = joined(hub, name, peer.metadata, just_in_time=True)
        peer.service.write_bytes(there.metadata)
        directory = Pushing(hub, there)
        user = directory.send(
            "POST", "/Users", {"schemas": [USER], "userName": email, "displayName": "Ada Byron", "active": True,
                               "emails": [{"value": email, "primary": True}]},
        )  # fmt: skip
        visitor = window(WIDE if look == "light" else NARROW, look)
        page = visitor.page
        page.goto(application.base)
        looked_at(visitor, f"{look}-welcome")
        page.get_by_role("link", name="Sign in").click()
        page.get_by_role("link", name="single sign-on").click()
        page.get_by_label("Your e-mail address at work").fill(email)
        page.get_by_role("button", name="Go on").click()
        page.locator("#username").fill("ada")
        page.locator("#password").fill(PASSWORD)
        page.locator("#password").press("Enter")
        expect(page).to_have_url(f"{application.base}/visits")
        page.get_by_label("Site").fill("Weir 4")
        page.get_by_label("What did you see?").fill("The gauge is under water.")
        page.get_by_role("button", name="Add visit").click()
        expect(page.get_by_role("heading", name="Weir 4")).to_be_visible()
        looked_at(visitor, f"{look}-visits")
        for path in ("people", "settings", "news"):
            page.goto(f"{application.base}/{path}")
            looked_at(visitor, f"{look}-{path}")
        expect(page.get_by_text("member.added")).to_be_visible()
        page.goto(f"{application.base}/visits")
        leave = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "active", "value": False}]}
        directory.send("PATCH", f"/Users/{user}", leave)
        # Nobody touches the page: it says so itself.
        expect(page.get_by_role("heading", name="Your session has ended")).to_be_visible()
        expect(page.get_by_text(re.compile("Your organization's directory ended your access at"))).to_be_visible()
        looked_at(visitor, f"{look}-ended")
        assert confirmed(hub, there, email) == [("member.deactivated", "Fieldbook", "sessions_ended", 1)]
