"""One request and its answer on a connection: the `receive` and `send` that the application is called with.

Rules: the head leaves together with the first part of the body, in one write; what stands in a header can
never end its line; an answer that breaks off closes the connection, so that nobody takes it for whole.
"""

import asyncio
import http
from collections.abc import Sequence
from typing import Any, Final, Protocol

from hallway.web.http import Header, Message, Scope

HIGH_WATER_BYTES: Final = 65_536
"""How much of a body waits for the application before the connection stops reading."""

_JOINED_BYTES: Final = 65_536
"""Up to this size one copy is cheaper than a second write."""

_STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in http.HTTPStatus
}


class Connection(Protocol):
    """What a turn needs of its connection."""

    def write(self, octets: bytes) -> None:
        """Send."""
        ...

    def pause_reading(self) -> None:
        """Let the sender wait."""
        ...

    def resume_reading(self) -> None:
        """Let the sender go on."""
        ...

    async def drained(self) -> None:
        """Return once the receiver takes more."""
        ...

    def turn_done(self, turn: "Turn") -> None:
        """The answer is sent, or never will be; the connection may go on if `turn.keep_alive`."""
        ...

    def common_headers(self) -> bytes:
        """Header lines that every answer has."""
        ...


class Turn:
    """A request that comes in, and the answer that goes out.

    `gone` is set when nobody will read the answer; `keep_alive` says whether another request may follow.
    """

    __slots__ = (
        "_bodiless",
        "_chunked",
        "_connection",
        "_head",
        "_hung_up",
        "_left",
        "_parts",
        "_size",
        "_told",
        "_waiter",
        "awaits_continue",
        "complete",
        "done",
        "gone",
        "keep_alive",
        "scope",
        "started",
    )

    def __init__(self, connection: Connection, scope: Scope, keep_alive: bool, awaits_continue: bool) -> None:
        self.scope = scope
        self.keep_alive = keep_alive
        self.awaits_continue = awaits_continue
        self.complete = False
        self.started = False
        self.done = False
        self.gone = False
        self._connection = connection
        self._parts: list[bytes] = []
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None
        self._head: tuple[int, Sequence[Header]] | None = None
        self._told = False
        self._hung_up = False
        self._chunked = False
        self._bodiless = False
        self._left: int | None = None

    # What the connection tells

    def feed(self, part: bytes) -> None:
        """A part of the body came."""
        if self.done:
            return
        self._parts.append(part)
        self._size += len(part)
        if self._size > HIGH_WATER_BYTES:
            self._connection.pause_reading()
        self._wake()

    def end(self) -> None:
        """The body is complete."""
        self.complete = True
        self._wake()

    def leave(self) -> None:
        """Nobody is there any more."""
        self.gone = True
        self._wake()

    def hang_up(self) -> None:
        """The sender sends no more; it may have gone, or may still read the answer."""
        self._hung_up = True
        self._wake()

    def _wake(self) -> None:
        """Let `receive` look again."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # What the application calls

    async def run(self, app: Any) -> None:
        """Call the application, and see to it that the turn ends."""
        try:
            await app(self.scope, self.receive, self.send)
        finally:
            if not self.done:
                self._abandon()

    async def receive(self) -> Message:
        """ASGI: what came of the body since the last call, or that the sender went away."""
        if self.awaits_continue and not self.started and not self.complete:
            self.awaits_continue = False
            self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not (self._parts or self._last_is_due() or self._is_over()):
            if not self.complete:
                self._connection.resume_reading()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
            self._waiter = None
        if self.gone or not (self._parts or self._last_is_due()):
            return {"type": "http.disconnect"}
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts, self._size = [], 0
        self._told = self.complete
        return {"type": "http.request", "body": body, "more_body": not self.complete}

    def _last_is_due(self) -> bool:
        """Whether the application still has to hear that the body is complete."""
        return self.complete and not self._told

    def _is_over(self) -> bool:
        return self.gone or self.done or self._hung_up

    async def send(self, message: Message) -> None:
        """ASGI: the start of the answer, then its body in one or more parts."""
        if self.gone:
            return
        if message["type"] == "http.response.start" and self._head is None and not self.started:
            self._head = (message["status"], message.get("headers", ()))
        elif message["type"] == "http.response.body" and (self._head or self.started) and not self.done:
            body, more = message.get("body", b""), message.get("more_body", False)
            head = b""
            if self._head is not None:
                head = self._opening(*self._head, body, more)
                self._head = None
            self._write(head, self._framed(body, more))
            if more:
                await self._connection.drained()
            else:
                self._finish()
        else:
            raise RuntimeError(f"{message['type']} cannot be sent now.")

    def _write(self, head: bytes, body: bytes) -> None:
        if len(body) < _JOINED_BYTES:
            octets = head + body
            if octets:
                self._connection.write(octets)
        else:
            if head:
                self._connection.write(head)
            self._connection.write(body)

    def _opening(self, status: int, headers: Sequence[Header], body: bytes, more: bool) -> bytes:
        """The head of the answer, `body` being the first part of what follows it."""
        lines = [_STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status, self._connection.common_headers()]
        for name, value in headers:
            if b"\n" in value or b"\r" in value:
                raise RuntimeError(f"The header {name!r} of the answer would end its line.")
            lines.append(b"%b: %b\r\n" % (name, value))
            if name == b"content-length":
                self._left = int(value)
            elif name == b"connection" and b"close" in value.lower():
                self.keep_alive = False
        if self.awaits_continue and not self.complete:
            # Whether the body still comes is for the sender to decide: no request can be told from it.
            self.keep_alive = False
        self._bodiless = self.scope["method"] == "HEAD" or status in (204, 304)
        if self._left is None and not self._bodiless:
            lines.append(self._delimiter(body, more))
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        lines.append(b"\r\n")
        self.started = True
        return b"".join(lines)

    def _delimiter(self, body: bytes, more: bool) -> bytes:
        """The header that says where a body ends whose length the application did not tell."""
        if not more:
            self._left = len(body)
            return b"content-length: %d\r\n" % len(body)
        if self.scope["http_version"] == "1.0":
            self.keep_alive = False
            return b""
        self._chunked = True
        return b"transfer-encoding: chunked\r\n"

    def _framed(self, body: bytes, more: bool) -> bytes:
        """A part of the body as it stands on the wire."""
        if self._bodiless:
            return b""
        if self._chunked:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            return chunk if more else chunk + b"0\r\n\r\n"
        if self._left is not None:
            self._left -= len(body)
            if self._left < 0 or (self._left and not more):
                raise RuntimeError("The body of the answer is not as long as its Content-Length says.")
        return body

    def _abandon(self) -> None:
        """End a turn that the application left open: with a 500 if nothing was sent, else by closing."""
        self.keep_alive = False
        if not (self.started or self.gone):
            self._connection.write(
                b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
        self._finish()

    def _finish(self) -> None:
        self.done = True
        self._parts.clear()
        self._wake()
        self._connection.turn_done(self)
