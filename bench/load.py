"""The load generator: keep-alive connections over raw sockets, one request in flight on each.

Rules: a request is finished bytes before the clock starts; an answer is parsed only as far as its end and its
status. Connections stand before the clock starts, and what was sent is waited for before it stops.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias, cast

import httptools
import uvloop

Conversation: TypeAlias = Callable[[bytes], bytes | None]
"""Makes a connection's next request of the last answer's body (empty at first), or None when it is done."""

CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Stream:
    """Connections that do the same: `conversation` is called once for each."""

    conversation: Callable[[], Conversation]
    connections: int = CONNECTIONS
    name: str = ""


def repeated(requests: Iterable[bytes], connections: int = CONNECTIONS, name: str = "") -> Stream:
    """Connections that take their requests in turn from one iterable."""
    take = iter(requests).__next__

    def following(_: bytes) -> bytes | None:
        try:
            return take()
        except StopIteration:
            return None

    return Stream(lambda: following, connections, name)


@dataclass(slots=True)
class Sample:
    """What one stream saw: latencies in seconds, answers by status, the first body, the first that was no success."""

    name: str = ""
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    first: bytes | None = None
    complaint: str = ""

    @property
    def answers(self) -> int:
        """How many answers came."""
        return len(self.latencies)

    @property
    def failures(self) -> int:
        """How many of them were no success."""
        return sum(count for status, count in self.statuses.items() if not 200 <= status < 300)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run: its samples, its length in seconds, and whether every request was answered in time."""

    samples: tuple[Sample, ...]
    seconds: float
    finished: bool

    @property
    def answers(self) -> int:
        """Answers of all streams."""
        return sum(sample.answers for sample in self.samples)


@dataclass(frozen=True, slots=True)
class Limits:
    """When a run ends: after `seconds`, or `requests`; `patience` is how long the last answers may take."""

    seconds: float
    requests: int | None = None
    patience: float = 60.0


Meter: TypeAlias = Callable[[], None]


def run(port: int, streams: Iterable[Stream], limits: Limits, meter: Meter = lambda: None) -> Outcome:
    """Load the server; `meter` is called once the connections stand, and again after the last answer."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(port, list(streams), limits, meter))


async def _run(port: int, streams: list[Stream], limits: Limits, meter: Meter) -> Outcome:
    loop = asyncio.get_running_loop()
    samples = tuple(Sample(stream.name) for stream in streams)
    turn = _Turn(limits.requests, loop.create_future())
    connections = []
    for stream, sample in zip(streams, samples, strict=True):
        for _ in range(stream.connections):
            made = _Connection(turn, sample, stream.conversation())
            await loop.create_connection(lambda made=made: made, "127.0.0.1", port)  # type: ignore[misc]
            connections.append(made)
    turn.open = len(connections)
    meter()
    started = time.perf_counter()
    turn.deadline = started + limits.seconds
    for connection in connections:
        connection.proceed(b"")
    finished = True
    try:
        await asyncio.wait_for(turn.done, limits.seconds + limits.patience)
    except TimeoutError:
        finished = False
    seconds = time.perf_counter() - started
    meter()
    for connection in connections:
        connection.close()
    return Outcome(samples, seconds, finished)


@dataclass(slots=True)
class _Turn:
    """What the connections of a run share."""

    left: int | None
    done: "asyncio.Future[None]"
    deadline: float = 0.0
    open: int = 0

    def ended(self) -> None:
        self.open -= 1
        if self.open == 0 and not self.done.done():
            self.done.set_result(None)


class _Connection(asyncio.Protocol):
    """One keep-alive connection; a server that closes it ends its part of the run."""

    def __init__(self, turn: _Turn, sample: Sample, conversation: Conversation) -> None:
        self._turn = turn
        self._sample = sample
        self._conversation = conversation
        self._body = bytearray()
        self.on_body = self._body.extend
        self._transport: asyncio.Transport | None = None
        self._sent = 0.0
        self._is_over = False
        self._is_answered = False
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; the run says when to begin."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def proceed(self, body: bytes) -> None:
        """Send the next request, unless the run is over."""
        turn = self._turn
        now = time.perf_counter()
        if now >= turn.deadline or turn.left == 0:
            self._end()
            return
        request = self._conversation(body)
        if request is None or self._transport is None:
            self._end()
            return
        if turn.left is not None:
            turn.left -= 1
        self._sent = now
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Parse what came, and go on after an answer's end: not within the parser, which is not done by then."""
        self._parser.feed_data(data)
        if self._is_answered and not self._is_over:
            self._is_answered = False
            self.proceed(self._noted())

    def on_message_complete(self) -> None:
        """What httptools calls at an answer's end."""
        self._is_answered = True

    def _noted(self) -> bytes:
        sample = self._sample
        sample.latencies.append(time.perf_counter() - self._sent)
        status = self._parser.get_status_code()
        sample.statuses[status] += 1
        body = bytes(self._body)
        self._body.clear()
        if sample.first is None:
            sample.first = body
        if not 200 <= status < 300 and not sample.complaint:
            sample.complaint = f"{status} {body[:300].decode(errors='replace')}"
        return body

    def connection_lost(self, _: Exception | None) -> None:
        """A connection that the server closes answers no more."""
        if not self._is_over:
            self._sample.complaint = self._sample.complaint or "the server closed a connection"
            self._sample.statuses[0] += 1
        self._end()

    def _end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._turn.ended()

    def close(self) -> None:
        """Leave, answered or not."""
        self._is_over = True
        if self._transport is not None:
            self._transport.abort()
