"""The ASGI application: every request comes in here, and every answer leaves from here.

Rules: whatever happens, exactly one answer is sent, with an id that the log has too; the only `except
Exception` of the edge is here; what a handler raises is rendered by the table of problems, and what that does
not know is our own fault, a 500; no query and no header value of a request is ever logged.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import structlog

from hallway.setting_values import Network
from hallway.web.http import (
    ClientDisconnected,
    EdgeProblem,
    Header,
    MalformedRequest,
    Receive,
    Request,
    Response,
    Scope,
    Send,
    send,
)
from hallway.web.routing import Match, Router, WrongMethod

Problems: TypeAlias = Callable[[Request, Exception], Response | None]
"""Renders what a handler raised in the form of its protocol; None for an exception that it does not know."""

PLAIN: Final[Header] = (b"content-type", b"text/plain; charset=utf-8")
_CACHING: Final[Header] = (b"cache-control", b"no-store")
_NO_SNIFFING: Final[Header] = (b"x-content-type-options", b"nosniff")
_REFERRER: Final[Header] = (b"referrer-policy", b"no-referrer")
_SECURITY: Final[tuple[Header, ...]] = (_NO_SNIFFING, _REFERRER)
SAME_HEADERS: Final = (*_SECURITY, _CACHING)
"""Of every answer whose handler says nothing of caching, before the request's id."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CLIENT_GONE: Final = 499
"""The status that log and metrics have for a request whose sender did not wait."""

_log = structlog.get_logger("hallway.web")


class CannotStart(Exception):
    """Serving cannot begin, for a reason that the operator can remove; the sentence says how."""


class Observed(Protocol):
    """What an observer is told of a request; `template` is "" where no route was found."""

    @property
    def method(self) -> str:
        """As it came."""
        ...

    @property
    def template(self) -> str:
        """The route's."""
        ...

    @property
    def request_id(self) -> str:
        """As the answer names it."""
        ...


class Observer(Protocol):
    """Told of every answer once it left: for the access log, and for metrics."""

    def __call__(self, request: Observed, status: int, size_bytes: int, seconds: float) -> None:
        """One answer."""
        ...


class QuickReader(Protocol):
    """Answers plain reads before a task is made; see `hallway.web.quick_reads`."""

    def __call__(self, url: bytes, pairs: Sequence[Header], peer: str) -> Callable[[bytes], bytes] | None:
        """What makes the answer of the headers that every answer has; None: the application is to be called."""
        ...


@dataclass(frozen=True, slots=True)
class Door:
    """Whom the edge believes: names that a `Host` may carry (lower-case, no port), and proxies; `secure` says that
    browsers come by TLS.
    """

    hosts: frozenset[str]
    trusted_proxies: tuple[Network, ...] = ()
    secure: bool = False


@dataclass(frozen=True, slots=True)
class Lifespan:
    """What runs before the first request and after the last; `start` may raise `CannotStart`."""

    start: Callable[[], Awaitable[None]]
    stop: Callable[[], Awaitable[None]]


def plain_problem(problem: EdgeProblem) -> Response:
    """A problem of the edge for whoever speaks no protocol of ours."""
    return Response(problem.status, problem.detail.encode() + b"\n", (PLAIN, *problem.headers))


@dataclass(frozen=True, slots=True)
class Edge:
    """The application that the server calls."""

    router: Router
    door: Door
    problems: Problems
    lifespan: Lifespan
    observers: tuple[Observer, ...] = ()
    quick: Callable[[], QuickReader | None] = lambda: None
    """There is one only once the database is open."""
    ending: Callable[[], None] = lambda: None
    """The server stops as soon as nobody is owed an answer: whoever waits for something is to be answered now."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3."""
        match scope["type"]:
            case "http":
                await self._serve(scope, receive, send)
            case "lifespan":
                await self._live(receive, send)
            case _:
                raise ValueError("Only HTTP is served here.")

    async def _serve(self, scope: Scope, receive: Receive, send_message: Send) -> None:
        began = time.perf_counter()
        try:
            request = Request(scope, receive, self.door.trusted_proxies)
        except MalformedRequest as problem:
            bare = Request({**scope, "headers": ()}, receive)
            response = self.problems(bare, problem) or plain_problem(problem)
            await send(response, send_message, scope["method"] == "HEAD", (_CACHING, *_SECURITY))
            return
        # Each request is a task of its own: what is bound here ends with it.
        structlog.contextvars.bind_contextvars(request_id=request.request_id)
        try:
            response = await self._answer(request)
        except ClientDisconnected:
            self._observe(request, CLIENT_GONE, 0, began)
            return
        await send(response, send_message, request.method == "HEAD", _added(request, response))
        self._observe(request, response.status, len(response.body), began)

    async def _answer(self, request: Request) -> Response:
        try:
            return await self._handled(request)
        except ClientDisconnected:
            raise
        except Exception as error:  # noqa: BLE001 - the one place at the edge
            response = self.problems(request, error)
            if response is not None:
                return response
            if isinstance(error, EdgeProblem):
                return plain_problem(error)
            _log.exception("request_failed", method=request.method, route=request.template)
            return self._our_fault(request)

    async def _handled(self, request: Request) -> Response:
        found = self.router.match(request.method, request.path)
        if type(found) is Match:
            route = found.route
            request.template, request.params = route.path, found.params
            if not route.any_host:
                self._check_host(request)
            if not route.cross_site and request.method not in _SAFE:
                _check_site(request, self.door.secure)
            return await route.handler(request)
        self._check_host(request)
        if type(found) is WrongMethod:
            raise EdgeProblem(
                405,
                f"{request.method} is not possible here, but {found.allow} is.",
                ((b"allow", found.allow.encode()),),
            )
        if self.router.fallback is None:
            raise EdgeProblem(404, "There is nothing at this address.")
        return await self.router.fallback(request)

    def _check_host(self, request: Request) -> None:
        if without_port(request.header(b"host").lower()) not in self.door.hosts:
            raise EdgeProblem(421, "This server does not answer under the name in the Host header.")

    def _our_fault(self, request: Request) -> Response:
        detail = f"This is our fault, not yours. The log has it under {request.request_id}."
        problem = EdgeProblem(500, detail)
        return self.problems(request, problem) or plain_problem(problem)

    def _observe(self, request: Request, status: int, size_bytes: int, began: float) -> None:
        seconds = time.perf_counter() - began
        for observer in self.observers:
            observer(request, status, size_bytes, seconds)

    async def _live(self, receive: Receive, send_message: Send) -> None:
        await receive()
        try:
            await self.lifespan.start()
        except CannotStart as reason:
            await send_message({"type": "lifespan.startup.failed", "message": str(reason)})
            return
        await send_message({"type": "lifespan.startup.complete"})
        await receive()
        await self.lifespan.stop()
        await send_message({"type": "lifespan.shutdown.complete"})


def _check_site(request: Request, secure: bool) -> None:
    """Refuse what a page of another site makes a browser send; programs have neither header.

    `Origin` is compared with the `Host`, which is one of ours; it says `null` where a browser hides it, and then
    `Sec-Fetch-Site` has to vouch for the page.
    """
    site = request.headers.get(b"sec-fetch-site")
    origin = request.headers.get(b"origin")
    ours = site in (None, b"none", b"same-origin")
    if origin is not None and not (origin == b"null" and site == b"same-origin"):
        scheme, _, host = origin.lower().partition(b"://")
        ours = ours and host == request.headers.get(b"host", b"").lower() and scheme in _schemes(secure)
    if not ours:
        raise EdgeProblem(403, "Pages of other sites may not send this.")


def _schemes(secure: bool) -> tuple[bytes, ...]:
    return (b"https",) if secure else (b"http", b"https")


def without_port(host: str) -> str:
    """The name in a `Host`: `[::1]:8000` is `[::1]`."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host


def _added(request: Request, response: Response) -> tuple[Header, ...]:
    """Headers that every answer has; how it may be cached, and what it says where it leads to, is the handler's word
    where it has one.
    """
    given = {name for name, _ in response.headers}
    identity = (b"x-request-id", request.request_id.encode())
    return (*[header for header in SAME_HEADERS if header[0] not in given], identity)
