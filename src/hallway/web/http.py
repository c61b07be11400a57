"""A request as the handlers see it, and an answer as they give it.

Rules: `Host` never builds a link; forwarded headers are believed from trusted proxies only; a body is read
once, and never past its limit; what no reading of a request can make sense of is an `EdgeProblem`.
"""

import os
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final, NamedTuple, TypeAlias

from hallway.setting_values import Network
from hallway.web import query
from hallway.web.forwarding import forwarded_address, is_trusted, well_formed_request_id

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Header: TypeAlias = tuple[bytes, bytes]

_SINGLE: Final = frozenset(
    {b"authorization", b"content-length", b"content-type", b"host", b"if-modified-since", b"if-unmodified-since"}
    | {b"origin", b"user-agent", b"x-request-id"}
)
"""Headers of one value: where two came, whoever reads the first and whoever reads the last disagree."""

_ID_DIGITS: Final = 24
_ID_STOCK_BYTES: Final = 128 * _ID_DIGITS // 2


class EdgeProblem(Exception):
    """A request that the edge itself refuses; `headers` belong to the answer."""

    def __init__(self, status: int, detail: str, headers: tuple[Header, ...] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


class MalformedRequest(EdgeProblem):
    """Headers or a query that can be read in two ways, or in none."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, detail)


class BodyTooLarge(EdgeProblem):
    """The body is, or says that it is, longer than this route takes."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(413, f"The body of this request may have at most {limit_bytes} bytes.")
        self.limit_bytes = limit_bytes


class ClientDisconnected(Exception):
    """Nobody waits for the answer any more."""


class Response(NamedTuple):
    """A whole answer; `Content-Length` is added when it is sent."""

    status: int
    body: bytes = b""
    headers: tuple[Header, ...] = ()


class Request:
    """One request: what came, where from, and once it is routed, where to.

    `path` is decoded, without repeated and trailing slashes; `raw_path` is as it came. `headers` has
    lower-case names, repeated ones combined (RFC 9110 §5.3). `params` and `template` are the route's, `visitor` is
    whom the guard of a page let in.
    Raises `MalformedRequest`.
    """

    __slots__ = (
        "_body",
        "_receive",
        "client_address",
        "headers",
        "method",
        "params",
        "path",
        "query",
        "raw_path",
        "request_id",
        "template",
        "visitor",
    )

    def __init__(self, scope: Scope, receive: Receive, trusted_proxies: tuple[Network, ...] = ()) -> None:
        path: str = scope["path"]
        self.method: str = scope["method"]
        self.raw_path: bytes = scope.get("raw_path") or path.encode()
        self.path = tidy_path(path)
        self.query: bytes = scope["query_string"]
        self.headers = combined(scope["headers"])
        self.params: dict[str, str] = {}
        self.template = ""
        self.visitor: object = None
        self._receive = receive
        self._body: bytes | None = None
        client = scope.get("client")
        self.client_address: str = client[0] if client else ""
        self.request_id = ""
        if trusted_proxies and is_trusted(self.client_address, trusted_proxies):
            self._believe(trusted_proxies)
        if not self.request_id:
            self.request_id = fresh_request_id()

    def _believe(self, trusted_proxies: tuple[Network, ...]) -> None:
        chain = self.headers.get(b"x-forwarded-for", b"")
        self.client_address = forwarded_address(self.client_address, chain, trusted_proxies)
        self.request_id = well_formed_request_id(self.headers.get(b"x-request-id", b""))

    def header(self, name: bytes) -> str:
        """The value of a header as text, "" where it did not come."""
        return self.headers.get(name, b"").decode("latin-1")

    def pairs(self) -> list[tuple[str, str]]:
        """The parameters of the query in their order. Raises `MalformedRequest`."""
        try:
            return query.pairs(self.query)
        except UnicodeDecodeError:
            raise MalformedRequest("The query is not UTF-8 in percent-encoding (RFC 3986 §2.1).") from None

    async def body(self, limit_bytes: int) -> bytes:
        """The whole body, kept for whoever asks again. Raises `BodyTooLarge`, `MalformedRequest`
        and `ClientDisconnected`.

        A sender that is too slow is disconnected by the server (`web/protocol.py`).
        """
        if self._body is None:
            length = self.headers.get(b"content-length", b"0")
            if not length.isdigit():
                raise MalformedRequest("The Content-Length is not a number.")
            if len(length) > 18 or int(length) > limit_bytes:
                raise BodyTooLarge(limit_bytes)
            self._body = await self._received(limit_bytes)
        elif len(self._body) > limit_bytes:
            raise BodyTooLarge(limit_bytes)
        return self._body

    async def _received(self, limit_bytes: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnected
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > limit_bytes:
                raise BodyTooLarge(limit_bytes)
            if not message.get("more_body", False):
                return part if not parts else b"".join((*parts, part))
            parts.append(part)


def tidy_path(path: str) -> str:
    """The path with single slashes and none at its end: `//Users/` is `/Users`."""
    if "//" in path or path[-1:] == "/":
        return "/" + "/".join([segment for segment in path.split("/") if segment])
    return path


def combined(pairs: Iterable[Header]) -> dict[bytes, bytes]:
    """Headers by name; repeated ones joined by a comma, cookies by a semicolon.

    Raises `MalformedRequest` where one came twice that must not.
    """
    pairs = list(pairs)
    headers = dict(pairs)
    if len(headers) == len(pairs):
        return headers
    headers.clear()
    for name, value in pairs:
        if name not in headers:
            headers[name] = value
        elif name in _SINGLE:
            raise MalformedRequest(f"The header {name.decode('latin-1')} came more than once (RFC 9110 §5.3).")
        else:
            headers[name] += (b"; " if name == b"cookie" else b", ") + value
    return headers


_id_stock = ""


def fresh_request_id() -> str:
    """24 random hexadecimal digits."""
    global _id_stock
    if not _id_stock:
        _id_stock = os.urandom(_ID_STOCK_BYTES).hex()
    fresh, _id_stock = _id_stock[:_ID_DIGITS], _id_stock[_ID_DIGITS:]
    return fresh


async def send(response: Response, send: Send, head_only: bool, more: tuple[Header, ...] = ()) -> None:
    """Send the answer whole; `more` are headers that stand behind its own."""
    status, body, headers = response
    if status not in (204, 304):
        headers = (*headers, (b"content-length", b"%d" % len(body)), *more)
    else:
        headers, body = (*headers, *more), b""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head_only else body})
