"""A webhook on the operators' pages in a real browser: an application answers it, refuses, and is asked again."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import orjson
import pytest

from hallway.client.webhook import verified
from hallway.delivery.model import TOOK_NOTHING
from hallway.hub.operators.model import OperatorRole
from hallway.hub.organizations.model import Plan
from hallway.hub.webhooks.service import found_endpoint
from hallway.web.delivering import switching_off, webhook_desk
from hallway.web.wiring import Hub
from tests.browser.conftest import NARROW, WIDE, OpenWindow, Window
from tests.furnished import given_up, operator
from tests.running import ACTOR, RunningHub


@dataclass
class Application:
    """Answers with `status`, and notes what came."""

    port: int = 0
    status: int = 204
    came: Queue[tuple[dict[str, str], bytes]] = field(default_factory=Queue)


@pytest.fixture
def application() -> Iterator[Application]:
    """On a port of its own."""
    own = Application()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = b"" if own.status == 204 else b"<h1>The database is down.</h1>"
            self.send_response(own.status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            own.came.put(({name.lower(): value for name, value in self.headers.items()}, body))

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    own.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield own
    server.shutdown()
    server.server_close()
    thread.join()


def looked_at(visitor: Window, name: str) -> None:
    """A picture, nothing for axe to find, nothing that stands out."""
    visitor.picture(name)
    assert visitor.findings() == []
    assert visitor.is_within()


@pytest.mark.parametrize(("size", "theme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide", "narrow"])
def test_a_webhook_is_made_tried_and_asked_again(
    hub: RunningHub, window: OpenWindow, application: Application, size: tuple[int, int], theme: str
) -> None:
    mark, visitor = f"{theme}-{size[0]}", window(size, theme)
    page = visitor.page

    async def signed_in(opened: Hub) -> dict[str, str]:
        return (await operator(opened, OperatorRole.OWNER, f"hetty-{mark}@vendor.example"))[1]

    cookies = hub.act(signed_in)
    page.context.add_cookies([{"name": name, "value": value, "url": visitor.base} for name, value in cookies.items()])
    visitor.open("/operator/webhooks/new")
    page.get_by_label("Address").fill("http://app.example/hook")
    page.get_by_role("button", name="Make webhook").click()
    page.locator("#url-error").wait_for()
    looked_at(visitor, f"operator-webhook-wrong-{mark}")
    page.get_by_label("Address").fill(f"http://127.0.0.1:{application.port}/hook")
    page.get_by_label("Name").fill("Fieldbook")
    page.get_by_role("button", name="Make webhook").click()
    secret = page.locator("input#secret").input_value()
    assert secret.startswith("whsec_")
    looked_at(visitor, f"operator-webhook-secret-{mark}")
    page.get_by_role("link", name="I have stored it").click()
    root = page.url.removeprefix(visitor.base)

    page.get_by_role("button", name="Send a ping").click()
    page.get_by_text("Your application took it.").wait_for()
    headers, body = application.came.get(timeout=30)
    verified(headers, body, [secret], time.time())
    application.status = 500
    page.get_by_role("button", name="Send a ping").click()
    page.get_by_text("<h1>The database is down.</h1>").wait_for()
    looked_at(visitor, f"operator-webhook-ping-{mark}")
    application.came.get(timeout=30)

    async def refused(opened: Hub) -> str:
        owner = (await opened.registrar.create(f"Acme {mark}", Plan.ENTERPRISE, None, ACTOR)).id
        endpoint = await found_endpoint(webhook_desk(opened), root.rpartition("/")[2])
        event = await given_up(opened, owner, endpoint)
        await switching_off(opened)(endpoint, TOOK_NOTHING)
        return event

    event = hub.act(refused)
    for path, name in ((root, "off"), ("/operator/problems", "problems"), ("/operator/webhooks", "list")):
        visitor.open(path)
        page.get_by_text(TOOK_NOTHING).wait_for()
        looked_at(visitor, f"operator-webhook-{name}-{mark}")
    visitor.open(root)
    page.get_by_role("button", name="Enable").click()
    looked_at(visitor, f"operator-webhook-enable-{mark}")
    page.get_by_role("button", name="Enable webhook").click()
    page.get_by_text("Events are sent again.").wait_for()
    application.status = 204
    visitor.open(f"{root}/deliveries/{event}")
    page.get_by_role("button", name="Deliver again").click()
    came = iter(lambda: application.came.get(timeout=30), None)
    headers, body = next((had, said) for had, said in came if had["webhook-id"] == event)
    verified(headers, body, [secret], time.time())
    assert orjson.loads(body)["data"]["id"] == event

    visitor.open(f"{root}/settings")
    page.get_by_role("button", name="Delete").click()
    looked_at(visitor, f"operator-webhook-delete-{mark}")
    page.get_by_role("button", name="Delete webhook").click()
    page.get_by_text("The webhook was deleted.").wait_for()
