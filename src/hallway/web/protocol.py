"""HTTP/1.1 on one connection: from octets to turns of the application. uvicorn's server calls it.

Rules: requests of one connection are answered in their order; an offer to speak another protocol is declined
by answering in this one, and the body of a request that offers is not lost (the JDK's client sends `Upgrade:
h2c` with every first request); whatever a sender does slowly has a deadline; what cannot be parsed gets one
plain answer and the end of the connection.

uvicorn's own class loses that body (its issue 2722), has no deadline but for keep-alive, and costs twice as
much: it starts a timer per request, writes twice per answer and checks each header with two expressions.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Final, NoReturn, cast
from urllib.parse import unquote

import httptools
from uvicorn.config import Config
from uvicorn.server import ServerState

from hallway.web.edge import QuickReader
from hallway.web.first_step import begun
from hallway.web.http import Header, Message, Receive, Scope, Send
from hallway.web.turn import Turn

_log = logging.getLogger("hallway.web")

_BETWEEN: Final = 0
_HEAD: Final = 1
_BODY: Final = 2


_HEAD_TOO_LONG: Final = "The head of the request is too long."


class _Refusal(Exception):
    """Raised inside the parser's callbacks to stop it."""


class HttpProtocol(asyncio.Protocol):
    """One connection. The limits are attributes of the class: a subclass may have others."""

    head_limit_bytes = 65_536
    head_seconds = 10.0
    body_seconds = 30.0
    """For a whole body, and a second more for each `body_bytes_per_second` that came."""
    body_bytes_per_second = 16_384
    linger_seconds = 2.0
    """How long a refused sender is listened to, so that it reads the refusal."""
    watch_seconds = 2.0
    """How often deadlines are looked at: a late sender is noticed by so much later."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.loop = _loop or asyncio.get_running_loop()
        self._app = config.loaded_app
        self._quick: Callable[[], QuickReader | None] = getattr(self._app, "quick", _none)
        self._app_ends: Callable[[], None] = getattr(self._app, "ending", _none)
        self._server_state = server_state
        self._app_state = app_state
        self._most = config.limit_concurrency
        self._keep_alive_seconds = config.timeout_keep_alive
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._surplus = False
        self._peer: tuple[Any, Any] = (None, None)
        self._url = b""
        self._headers: list[Header] = []
        self._awaits_continue = False
        self._incoming: Turn | None = None
        self._active: Turn | None = None
        self._due: Turn | None = None
        self._queue: deque[Turn] = deque()
        self._stage = _BETWEEN
        self._since = self.loop.time()
        self._begun = False
        self._head_bytes = 0
        self._body_bytes = 0
        self._upgrade = False
        self._refusal: tuple[int, str] | None = None
        self._ending = False
        self._reading = True
        self._drained: asyncio.Future[None] | None = None
        self._common: tuple[list[Header], bytes] = ([], b"")

    # asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = cast("asyncio.Transport", transport)
        self._peer = (_address(transport, "sockname"), _address(transport, "peername"))
        connections = self._server_state.connections
        self._surplus = self._most is not None and len(connections) >= self._most
        connections.add(cast("Any", self))
        self._watch = self.loop.call_later(self.watch_seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone, or we closed."""
        self._server_state.connections.discard(cast("Any", self))
        self._watch.cancel()
        self._queue.clear()
        self.resume_writing()
        for turn in (self._active, self._incoming):
            if turn is not None:
                turn.leave()

    def eof_received(self) -> bool:
        """The client sends no more; it still gets the answer to what it sent whole."""
        owed = [turn for turn in (self._active, *self._queue) if turn is not None and turn.complete]
        if not owed:
            return False
        self._queue = deque(owed[1:])
        owed[-1].keep_alive = False
        owed[0].hang_up()
        return True

    def pause_writing(self) -> None:
        """The client reads slower than the application writes."""
        if self._drained is None:
            self._drained = self.loop.create_future()

    def resume_writing(self) -> None:
        """The client caught up."""
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    def data_received(self, data: bytes) -> None:
        """Octets came."""
        if self._ending or self._refusal is not None:
            return
        self._head_bytes += len(data)
        self._begun = False
        octets = data
        while octets:
            octets = self._parsed(octets)
        if self._due is not None:
            turn, self._due = self._due, None
            self._begin(turn)
        if self._stage != _HEAD:
            self._head_bytes = 0
            return
        if self._begun:
            # How much of `data` is of this head cannot be told; at most one read goes uncounted.
            self._head_bytes = self._parsed_head_bytes()
        if self._head_bytes > self.head_limit_bytes and self._refusal is None:
            self._refuse(431, _HEAD_TOO_LONG)

    def _parsed(self, octets: bytes) -> bytes:
        """Feed the parser; what is to be fed next where it stopped at an offered upgrade."""
        try:
            self._parser.feed_data(octets)
        except httptools.HttpParserUpgrade as offer:
            head = self._head_without_offer()
            self._upgrade = False
            self._parser = httptools.HttpRequestParser(self)
            return head + octets[offer.args[0] :]
        except httptools.HttpParserError as error:
            if self._refusal is None and isinstance(error, httptools.HttpParserCallbackError):
                _log.error("Parsing failed by our own fault.", exc_info=error)
            self._refuse(*(self._refusal or (400, "This is no request of HTTP/1.1.")))
        return b""

    def _head_without_offer(self) -> bytes:
        """The head of the request that just came, as if it had offered nothing."""
        version = self._parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b\r\n" % (self._parser.get_method(), self._url, version)]
        for name, value in self._headers:
            if name == b"connection":
                tokens = [token.strip() for token in value.lower().split(b",")]
                value = b", ".join([token for token in tokens if token in (b"close", b"keep-alive")])
            if name not in (b"upgrade", b"http2-settings") and (value or name != b"connection"):
                lines.append(b"%b: %b\r\n" % (name, value))
        return b"".join((*lines, b"\r\n"))

    # The parser calls

    def on_message_begin(self) -> None:
        """The first octet of a request."""
        self._url = b""
        self._headers = []
        self._awaits_continue = False
        self._begun = True
        self._stage = _HEAD
        self._since = self.loop.time()

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, whole."""
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self._awaits_continue = True
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is there: the application may begin, the body is still to come."""
        if self._head_bytes > self.head_limit_bytes < self._parsed_head_bytes():
            self._stop(431, _HEAD_TOO_LONG)
        parser = self._parser
        method = parser.get_method()
        if method == b"CONNECT":
            self._stop(405, "This server is no proxy.")
        if parser.should_upgrade():
            self._upgrade = True
            return
        self._stage = _BODY
        self._body_bytes = 0
        version = parser.get_http_version()
        if method == b"GET" and version == "1.1" and self._active is None and self._is_quick():
            return
        turn = Turn(
            self, self._scope(method, version), version == "1.1" and parser.should_keep_alive(), self._awaits_continue
        )
        self._incoming = turn
        if self._active is None:
            # It begins when all that came is parsed: a request that came whole is answered at once.
            self._active = self._due = turn
        else:
            self._queue.append(turn)
            self.pause_reading()

    def _is_quick(self) -> bool:
        """Whether the request was answered at once, by the application's quick reader."""
        reader = self._quick()
        if reader is None or self._surplus or self._ending or not self._parser.should_keep_alive():
            return False
        answer = reader(self._url, self._headers, self._peer[1][0] if self._peer[1] else "")
        if answer is None:
            return False
        self.write(answer(self.common_headers()))
        self._server_state.total_requests += 1
        return True

    def on_body(self, part: bytes) -> None:
        """A part of the body."""
        self._body_bytes += len(part)
        if self._incoming is not None:
            self._incoming.feed(part)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._upgrade:
            return
        self._stage = _BETWEEN
        if self._incoming is not None:
            self._incoming.end()
            self._incoming = None

    def _parsed_head_bytes(self) -> int:
        return len(self._url) + sum([len(name) + len(value) + 4 for name, value in self._headers])

    def _scope(self, method: bytes, version: str) -> Scope:
        raw_path, query = self._target()
        path = raw_path.decode("ascii")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": version,
            "method": method.decode("ascii"),
            "scheme": "http",
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": self._headers,
            "server": self._peer[0],
            "client": self._peer[1],
            "state": self._app_state.copy(),
        }

    def _target(self) -> tuple[bytes, bytes]:
        """Path and query of the address that was asked for, which may be a whole one (RFC 9112 §3.2)."""
        url = self._url
        if url[:1] == b"/" and b"#" not in url:
            path, _, query = url.partition(b"?")
            return path, query
        try:
            parts = httptools.parse_url(url)
        except httptools.HttpParserInvalidURLError:
            self._stop(400, "This is not an address that can be asked for.")
        return parts.path or b"/", parts.query or b""

    def _stop(self, status: int, sentence: str) -> NoReturn:
        self._refusal = (status, sentence)
        raise _Refusal

    # Turns

    def _begin(self, turn: Turn) -> None:
        tasks = self._server_state.tasks
        busy = self._surplus or (self._most is not None and len(tasks) >= self._most)
        task = begun(turn.run(_busy if busy else self._app), self.loop)
        if task is not None:
            tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._server_state.tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("The application failed outside of its own handling.", exc_info=error)

    def write(self, octets: bytes) -> None:
        """Send, unless the connection is closed."""
        if not self._transport.is_closing():
            self._transport.write(octets)

    def pause_reading(self) -> None:
        """Let the sender wait."""
        if self._reading:
            self._reading = False
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Let the sender go on."""
        if not self._reading:
            self._reading = True
            self._since = self.loop.time()
            if not self._transport.is_closing():
                self._transport.resume_reading()

    async def drained(self) -> None:
        """Return once the receiver takes more."""
        if self._drained is not None:
            await self._drained

    def turn_done(self, turn: Turn) -> None:
        """Go on with the next request, or wait for one, or close."""
        self._server_state.total_requests += 1
        self._active = None
        if not turn.keep_alive or self._refusal is not None:
            self._end()
        elif self._queue:
            # In a turn of the loop of its own: who sends many ahead lets others come between.
            self._active = self._queue.popleft()
            self.loop.call_soon(self._begin, self._active)
        elif not self._transport.is_closing():
            if self._stage == _BETWEEN:
                self._since = self.loop.time()
            self.resume_reading()

    def common_headers(self) -> bytes:
        """The date, as the server keeps it, rendered once a second."""
        source = self._server_state.default_headers
        if self._common[0] is not source:
            self._common = (source, b"".join([b"%b: %b\r\n" % header for header in source]))
        return self._common[1]

    # Ends

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer plainly and close; where an answer is still owed, close after that one instead."""
        self._refusal = (status, sentence)
        if self._active is not None and self._active is not self._incoming:
            return
        if self._incoming is not None and self._incoming.started:
            self._end()
            return
        if self._active is not None:
            self._active.leave()
        body = sentence.encode() + b"\n"
        self.write(
            b"HTTP/1.1 %d \r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n"
            b"connection: close\r\n\r\n%b" % (status, len(body), body)
        )
        self._end()

    def _end(self) -> None:
        """Close; where octets may be on their way, not before they came: they would undo the answer (RFC 9112 §9.6)."""
        if self._ending or self._transport.is_closing():
            return
        if self._stage == _BETWEEN and self._refusal is None:
            self._transport.close()
            return
        self._ending = True
        self._transport.write_eof()
        self.resume_reading()
        self._watch.cancel()
        self._watch = self.loop.call_later(self.linger_seconds, self._transport.close)

    def _look(self) -> None:
        """Close what is late; look again later."""
        if self._transport.is_closing():
            return
        now = self.loop.time()
        if not self._reading or (self._stage != _BODY and self._active is not None):
            # It is our turn, not the sender's.
            self._since = now
        elif now > self._since + self._allowed_seconds():
            if self._stage == _BETWEEN:
                self._transport.close()
            else:
                self._refuse(408, "The request came too slowly.")
            return
        self._watch = self.loop.call_later(self.watch_seconds, self._look)

    def _allowed_seconds(self) -> float:
        if self._stage == _BETWEEN:
            return self._keep_alive_seconds
        if self._stage == _HEAD:
            return self.head_seconds
        return self.body_seconds + self._body_bytes / self.body_bytes_per_second

    def shutdown(self) -> None:
        """The server ends: close now if no answer is owed, else after it."""
        if self._active is None:
            self._transport.close()
        else:
            self._active.keep_alive = False
            self._app_ends()


def _none() -> None:
    """Of an application that has no quick reader, or nobody who waits."""


async def _busy(_scope: Scope, _receive: Receive, send: Send) -> None:
    """The application in place of the application, where too many are being served."""
    start: Message = {
        "type": "http.response.start",
        "status": 503,
        "headers": ((b"retry-after", b"1"), (b"content-length", b"0"), (b"connection", b"close")),
    }
    await send(start)
    await send({"type": "http.response.body"})


def _address(transport: asyncio.BaseTransport, name: str) -> tuple[str, int] | None:
    """Host and port, None for a Unix socket."""
    address = transport.get_extra_info(name)
    return (str(address[0]), int(address[1])) if isinstance(address, tuple) else None
