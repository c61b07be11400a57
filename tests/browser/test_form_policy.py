"""Why the page that posts to a provider names no host in its policy: how far Chromium holds a form to `form-action`.

Where a case changes, a newer Chromium judges otherwise: then the policy may be narrower, and the pages that say why not
are to be changed (`leading_to`, what-is-verified-and-why.md).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, expect

from hallway.web.http import Response
from hallway.web.pages import PAGE_HEADERS, leading_to

CSP = b"content-security-policy"


@dataclass
class Town:
    """One server by three names: ours, the provider's, and where the provider sends on. Notes where a form came."""

    port: int = 0
    policy: str = ""
    action: str = ""
    reached: list[str] = field(default_factory=list)

    def at(self, name: str, path: str) -> str:
        return f"http://{name}.localhost:{self.port}{path}"


@pytest.fixture
def town() -> Iterator[Town]:
    found = Town()

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/form":
                self._say(f'<form method="post" action="{found.action}"><button>Go on</button></form>', found.policy)
            elif self.path.startswith("/sends/"):
                self.do_POST()
            else:
                self._arrived()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            if not self.path.startswith("/sends/"):
                self._arrived()
                return
            self._note()
            status, name, path = self.path.removeprefix("/sends/").split("/", 2)
            onward = found.at(name, f"/{path}")
            if status == "page":
                self._say(f'<meta http-equiv="refresh" content="0; url={onward}">', found.policy)
                return
            self.send_response(int(status))
            self.send_header("Location", onward)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _note(self) -> None:
            found.reached.append(self.headers["Host"].partition(".")[0])

        def _arrived(self) -> None:
            if "favicon" not in self.path:
                self._note()
            self._say("<h1>Arrived</h1>", "")

        def _say(self, page: str, policy: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        found.port = server.server_address[1]
        yield found
        server.shutdown()


def policy_for(town: Town, kind: str) -> str:
    if kind == "own":
        return dict(PAGE_HEADERS)[CSP].decode()
    if kind == "host":
        return f"form-action {town.at('idp', '')}"
    return dict(leading_to(Response(200, b"", PAGE_HEADERS), town.at("idp", "/")).headers)[CSP].decode()


@pytest.mark.parametrize("status", [302, 303, 307, 308])
@pytest.mark.parametrize(("kind", "held"), [("host", True), ("scheme", False)])
def test_where_a_provider_sends_a_form_on_to_must_be_in_our_policy(
    chromium: Browser, town: Town, kind: str, held: bool, status: int
) -> None:
    town.policy, town.action = policy_for(town, kind), town.at("idp", f"/sends/{status}/behind/end")
    send(chromium, town, held)
    assert town.reached == (["idp"] if held else ["idp", "behind"])


@pytest.mark.parametrize(
    ("way", "held", "reached"),
    [
        ("/sends/303/idp/end", True, ["hub"]),
        ("/sends/303/hub/sends/303/idp/end", True, ["hub", "hub"]),
        ("/sends/303/hub/sends/page/idp/end", False, ["hub", "hub", "idp"]),
    ],
)
def test_a_form_of_ours_leads_to_another_site_by_a_page_in_between_alone(
    chromium: Browser, town: Town, way: str, held: bool, reached: list[str]
) -> None:
    town.policy, town.action = policy_for(town, "own"), way
    send(chromium, town, held)
    assert town.reached == reached


def send(chromium: Browser, town: Town, held: bool) -> None:
    """Send the form, and wait until the browser says that its policy holds it, or has arrived."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(town.at("hub", "/form"))
    if held:
        with page.expect_console_message(lambda said: "form-action" in said.text):
            page.get_by_role("button").click()
    else:
        page.get_by_role("button").click()
        expect(page.get_by_role("heading", name="Arrived")).to_be_visible()
    context.close()
