"""The client that waits, over the standard library: for threads, scripts and WSGI."""

import http.client
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import time
from typing import Any, TypeVar
from urllib.parse import urlsplit

from hallway.client import rest, sign_in
from hallway.client.application import Application
from hallway.client.model import Member, Organization, Page, Receipt, SetupLink, Snapshot, Told
from hallway.client.problem import Unreachable
from hallway.client.rest import LinkWish, Wanted
from hallway.client.sign_in import Attempt, Begun, Identity, Known, Wish
from hallway.client.steps import MOST_BYTES, Answer, Request, Steps, is_loopback
from hallway.oidc.logout import Logout

T = TypeVar("T")


def clock() -> int:
    """Microseconds since 1970."""
    return int(time() * 1_000_000)


@dataclass(slots=True)
class HubClient:
    """A Hub as an application asks it; every method raises `ApiProblem` and `Unreachable`. Threads may share it."""

    application: Application
    clock: Callable[[], int] = clock
    known: Known = field(default_factory=Known, repr=False)

    def begin_sign_in(self, wish: Wish | None = None, next_path: str = "/") -> Begun:
        """Where to send the browser, and what to keep in it. Raises `SignInRefused` too."""
        return self.ask(sign_in.begin(self.application, self.known, wish or Wish(), self.clock(), next_path))

    def finish_sign_in(self, attempt: Attempt, parameters: Sequence[tuple[str, str]]) -> Identity:
        """Who came back, by the query of the redirect URI. Raises `SignInRefused` too."""
        return self.ask(sign_in.finish(self.application, self.known, attempt, parameters, self.clock()))

    def sign_out_url(self, id_token: str, back_to: str) -> str:
        """Where to send the browser so that the session at the Hub ends too."""
        return self.ask(sign_in.sign_out_url(self.application, self.known, self.clock(), id_token, back_to))

    def logged_out(self, logout_token: str) -> Logout:
        """Whose sessions end, by what the Hub posted to the back-channel logout URI. Raises `SignInRefused` too."""
        return self.ask(sign_in.logged_out(self.application, self.known, logout_token, self.clock()))

    def organizations(self, external_id: str = "") -> Iterator[Organization]:
        """All organizations."""
        return _all(lambda after: self.ask(rest.organizations(self.application, after, external_id)))

    def create_organization(self, name: str, external_id: str = "") -> Organization:
        """A new organization."""
        return self.ask(rest.create_organization(self.application, name, external_id))

    def members(self, organization: str) -> Iterator[Member]:
        """All members of an organization."""
        return _all(lambda after: self.ask(rest.members(self.application, organization, after)))

    def member(self, organization: str, member_id: str) -> Member:
        """One member."""
        return self.ask(rest.member(self.application, organization, member_id))

    def create_setup_link(self, wish: LinkWish) -> SetupLink:
        """A link for the *Set up SSO* button."""
        return self.ask(rest.create_setup_link(self.application, wish))

    def events(self, after: str = "", wanted: Wanted | None = None) -> Told:
        """What happened behind a cursor. Raises `CursorExpired` too."""
        return self.ask(rest.events(self.application, after, wanted or Wanted()))

    def snapshot(self, after: str = "") -> Snapshot:
        """Part of how everything is now."""
        return self.ask(rest.snapshot(self.application, after))

    def send_receipt(self, receipt: Receipt) -> None:
        """Tell what was done about an event."""
        self.ask(rest.send_receipt(self.application, receipt))

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Anything else of the API: `call("GET", "/organizations/org_…/domains")`."""
        return self.ask(rest.called(self.application, rest.Call(method, path, body=body), Any))

    def ask(self, steps: Steps[T]) -> T:
        """Drive a conversation to its end."""
        try:
            request = next(steps)
            while True:
                try:
                    answer = sent(request)
                except Unreachable as problem:
                    request = steps.throw(problem)
                else:
                    request = steps.send(answer)
        except StopIteration as end:
            found: T = end.value
            return found


def sent(request: Request) -> Answer:
    """One request over a connection of its own; no redirect is followed. Raises `Unreachable`."""
    parts = urlsplit(request.url)
    connection = _connection(parts.scheme, parts.hostname or "", parts.port, request.seconds)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(request.method, target, request.body, dict(request.headers))
        response = connection.getresponse()
        octets = response.read(MOST_BYTES + 1)
        headers = {name.lower(): value for name, value in response.getheaders()}
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{parts.netloc} did not answer: {type(error).__name__}.") from None
    finally:
        connection.close()
    if len(octets) > MOST_BYTES:
        raise Unreachable(f"{parts.netloc} answered with more than {MOST_BYTES} bytes.")
    return Answer(response.status, headers, octets)


def _connection(scheme: str, host: str, port: int | None, seconds: float) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=seconds, context=ssl.create_default_context())
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    if is_loopback(host):
        connection.sock = _loopback(port or 80, seconds)
    return connection


def _loopback(port: int, seconds: float) -> socket.socket:
    try:
        return socket.create_connection(("127.0.0.1", port), seconds)
    except OSError as error:
        raise Unreachable(f"Nothing listens on port {port} of this machine: {type(error).__name__}.") from None


def _all(part: Callable[[str], Page[T]]) -> Iterator[T]:
    after = ""
    while True:
        page = part(after)
        yield from page.items
        if not page.next:
            return
        after = page.next
