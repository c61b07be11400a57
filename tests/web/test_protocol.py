import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from hallway.web.protocol import HttpProtocol

DATE = b"date: Tue, 24 Nov 2026 02:00:00 GMT\r\n"
OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
Step = Callable[[Any, Any, Any], Awaitable[None]]


async def answer(send: Any, body: bytes, status: int = 200, *headers: tuple[bytes, bytes]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": (*headers, length)})
    await send({"type": "http.response.body", "body": body})


async def read(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        body += message["body"]
        if not message["more_body"]:
            return body


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with what it understood."""
    body = await read(receive)
    text = f"{scope['method']} {scope['path']}?{scope['query_string'].decode()} {len(body)}:".encode()
    await answer(send, b"" if scope["method"] == "HEAD" else text + body[:20])


class Client:
    """A raw socket, and what came back on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *parts: bytes) -> None:
        """Each part in a packet of its own."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()
            for _ in range(5):
                await asyncio.sleep(0)

    async def head(self) -> bytes:
        return await self.reader.readuntil(b"\r\n\r\n")

    async def answer(self) -> tuple[int, bytes]:
        """Status and body of the next answer, which must have a Content-Length."""
        lines = (await self.head()).split(b"\r\n")
        headers = dict(line.lower().split(b": ", 1) for line in lines[1:] if line)
        return int(lines[0].split()[1]), await self.reader.readexactly(int(headers[b"content-length"]))

    async def rest(self) -> bytes:
        """All that comes until the server closes."""
        return await self.reader.read()


class Server:
    """What a test may look at while it runs."""

    def __init__(self, state: ServerState, port: int) -> None:
        self.state = state
        self.port = port

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Client(reader, writer)
        finally:
            writer.close()


@asynccontextmanager
async def serving(
    app: Any = echo, most: int | None = None, keep_alive: Any = 60, **limits: Any
) -> AsyncIterator[Server]:
    config = uvicorn.Config(
        app, limit_concurrency=most, log_config=None, ws="none", timeout_keep_alive=keep_alive, proxy_headers=False
    )
    config.load()
    state = ServerState()
    state.default_headers = [(b"date", b"Tue, 24 Nov 2026 02:00:00 GMT")]
    protocol = type("Limited", (HttpProtocol,), limits)
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: protocol(config, state, {}), "127.0.0.1", 0)
    try:
        async with asyncio.timeout(20):
            yield Server(state, listener.sockets[0].getsockname()[1])
            for connection in list(state.connections):
                connection.shutdown()
            while state.tasks or state.connections:
                await asyncio.sleep(0)
    finally:
        listener.close()
        for connection in list(state.connections):
            connection._transport.abort()
        for task in list(state.tasks):
            task.cancel()


@asynccontextmanager
async def connected(app: Any = echo, **more: Any) -> AsyncIterator[Client]:
    async with serving(app, **more) as server, server.client() as client:
        yield client


def get(path: str = "/", *lines: str) -> bytes:
    return "\r\n".join((f"GET {path} HTTP/1.1", "Host: x", *lines, "", "")).encode()


def post(body: bytes, extra: bytes = b"") -> bytes:
    return b"POST /p HTTP/1.1\r\nHost: x\r\n" + extra + b"Content-Length: %d\r\n\r\n" % len(body) + body


# Plain requests


async def test_the_whole_answer_is_as_the_application_gave_it() -> None:
    async with connected() as client:
        await client.send(get("/a%20b?x=%20", "Connection: close"))
        assert await client.rest() == (
            b"HTTP/1.1 200 OK\r\n" + DATE + b"content-length: 17\r\nconnection: close\r\n\r\nGET /a b?x=%20 0:"
        )


async def test_one_connection_serves_many_requests() -> None:
    async with connected() as client:
        for number in range(5):
            await client.send(post(b"body %d" % number))
            assert await client.answer() == (200, b"POST /p? 6:body %d" % number)


async def test_octets_may_come_one_by_one() -> None:
    async with connected() as client:
        await client.send(*[bytes([octet]) for octet in post(b"hello") + get("/next")])
        assert await client.answer() == (200, b"POST /p? 5:hello")
        assert await client.answer() == (200, b"GET /next? 0:")


async def test_requests_sent_ahead_are_answered_in_their_order() -> None:
    async def uneven(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(20 if scope["path"] == "/0" else 0):
            await asyncio.sleep(0)
        await echo(scope, receive, send)

    async with connected(uneven) as client:
        await client.send(b"".join([get(f"/{number}") + post(b"x" * number) for number in range(10)]))
        for number in range(10):
            assert await client.answer() == (200, f"GET /{number}? 0:".encode())
            assert await client.answer() == (200, f"POST /p? {number}:".encode() + b"x" * number)


async def test_a_whole_request_is_answered_without_a_task() -> None:
    async with serving() as server, server.client() as client:
        seen = []

        async def look(scope: Any, receive: Any, send: Any) -> None:
            seen.append((asyncio.current_task(), len(server.state.tasks)))
            await echo(scope, receive, send)

        while not server.state.connections:
            await asyncio.sleep(0)
        for connection in server.state.connections:
            connection._app = look  # type: ignore[union-attr]
        await client.send(post(b"hello"))
        assert await client.answer() == (200, b"POST /p? 5:hello")
        assert seen == [(None, 0)]


async def test_a_large_body_arrives_whole_and_the_next_request_too() -> None:
    async with connected() as client:
        await client.send(post(b"a" * 3_000_000) + get("/next"))
        assert await client.answer() == (200, b"POST /p? 3000000:" + b"a" * 20)
        assert await client.answer() == (200, b"GET /next? 0:")


async def test_a_body_in_chunks_arrives_joined() -> None:
    async with connected() as client:
        head = b"POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        await client.send(head, b"3\r\nabc\r\n", b"2\r\nde\r\n0\r\n\r\n" + get())
        assert await client.answer() == (200, b"POST /p? 5:abcde")
        assert await client.answer() == (200, b"GET /? 0:")


async def test_an_old_client_is_answered_and_left() -> None:
    async with connected() as client:
        await client.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert (await client.rest()).endswith(b"connection: close\r\n\r\nGET /? 0:")


async def test_a_client_that_sends_no_more_still_gets_its_answer() -> None:
    async def patient(scope: Any, receive: Any, send: Any) -> None:
        await read(receive)
        assert (await receive())["type"] == "http.disconnect"
        await answer(send, b"patience")

    async with connected(patient) as client:
        await client.send(get())
        client.writer.write_eof()
        assert (await client.rest()).endswith(b"connection: close\r\n\r\npatience")


async def test_whole_requests_before_half_a_one_are_answered() -> None:
    async def patient(scope: Any, receive: Any, send: Any) -> None:
        with suppress(ConnectionError):
            await echo(scope, receive, send)

    async with connected(patient) as client:
        await client.send(get("/1") + post(b"2") + post(b"only half")[:-4])
        client.writer.write_eof()
        assert await client.answer() == (200, b"GET /1? 0:")
        assert await client.answer() == (200, b"POST /p? 1:2")
        assert await client.rest() == b""


async def test_the_address_may_be_a_whole_one() -> None:
    async with connected() as client:
        await client.send(b"GET http://hub.localhost:8000/Users?a=b HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await client.answer() == (200, b"GET /Users?a=b 0:")
        await client.send(b"GET /Users?a=b#part HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await client.answer() == (200, b"GET /Users?a=b 0:")


# Offers of another protocol


@pytest.mark.parametrize("cut", ["in one packet", "body apart", "head cut too", "octet by octet"])
async def test_a_body_behind_an_offer_of_http_2_is_not_lost(cut: str) -> None:
    octets = post(b"hello", OFFER)
    parts = {
        "in one packet": [octets],
        "body apart": [octets[:-5], octets[-5:]],
        "head cut too": [octets[:30], octets[30:-7], octets[-7:-3], octets[-3:]],
        "octet by octet": [bytes([octet]) for octet in octets],
    }
    async with connected() as client:
        await client.send(*parts[cut])
        assert await client.answer() == (200, b"POST /p? 5:hello")
        await client.send(post(b"again", OFFER) + post(b"and again"))
        assert await client.answer() == (200, b"POST /p? 5:again")
        assert await client.answer() == (200, b"POST /p? 9:and again")


async def test_a_chunked_body_behind_an_offer_is_not_lost() -> None:
    async with connected() as client:
        head = b"POST /p HTTP/1.1\r\nHost: x\r\n" + OFFER + b"Transfer-Encoding: chunked\r\n\r\n"
        await client.send(head + b"3\r\nabc\r\n0\r\n\r\n" + get("/next", "Connection: Upgrade", "Upgrade: websocket"))
        assert await client.answer() == (200, b"POST /p? 3:abc")
        assert await client.answer() == (200, b"GET /next? 0:")


async def test_the_application_does_not_see_the_offer_but_all_else() -> None:
    seen: list[Any] = []

    async def keep(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(scope["headers"])
        await echo(scope, receive, send)

    async with connected(keep) as client:
        await client.send(get("/", "Connection: Upgrade, close", "Upgrade: h2c", "X-Other: 1"))
        assert b"200 OK" in await client.rest()
    assert seen == [(b"host", b"x"), (b"connection", b"close"), (b"x-other", b"1")]


# Bodies that are waited for


async def test_a_sender_is_told_to_continue_once_the_body_is_asked_for() -> None:
    async with connected() as client:
        octets = post(b"hello", b"Expect: 100-continue\r\n")
        await client.send(octets[:-5])
        assert await client.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        await client.send(octets[-5:])
        assert await client.answer() == (200, b"POST /p? 5:hello")


async def test_a_sender_that_was_not_told_to_continue_gets_no_second_request() -> None:
    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"no", 413)

    async with connected(refuse) as client:
        await client.send(post(b"hello", b"Expect: 100-continue\r\n")[:-5])
        assert (await client.rest()).endswith(b"connection: close\r\n\r\nno")


async def test_a_body_nobody_read_is_passed_over() -> None:
    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"no", 413)

    async with connected(refuse) as client:
        await client.send(post(b"a" * 500_000)[:-10])
        assert await client.answer() == (413, b"no")
        await client.send(b"a" * 10 + get())
        assert await client.answer() == (413, b"no")


async def test_the_application_learns_that_its_client_left() -> None:
    left = asyncio.Event()

    async def wait(scope: Any, receive: Any, send: Any) -> None:
        await read(receive)
        assert (await receive())["type"] == "http.disconnect"
        await answer(send, b"for nobody")
        left.set()

    async with serving(wait) as server:
        async with server.client() as client:
            await client.send(get())
            client.writer.transport.abort()
        await left.wait()


async def test_half_a_body_is_a_disconnect() -> None:
    left = asyncio.Event()

    async def wait(scope: Any, receive: Any, send: Any) -> None:
        with pytest.raises(ConnectionError):
            await read(receive)
        left.set()

    async with serving(wait) as server:
        async with server.client() as client:
            await client.send(post(b"hello")[:-1])
        await left.wait()


# Answers


async def test_an_answer_without_a_length_comes_in_chunks() -> None:
    async def stream(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": ()})
        for part in (b"abc", b"", b"d" * 16):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body"})

    async with connected(stream) as client:
        await client.send(get() + b"GET / HTTP/1.0\r\n\r\n")
        everything = await client.rest()
    chunked, old = everything.split(b"HTTP/1.1 200 OK\r\n")[1:]
    assert chunked == DATE + b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n" + b"d" * 16 + b"\r\n0\r\n\r\n"
    assert old == DATE + b"connection: close\r\n\r\nabc" + b"d" * 16


async def test_a_short_answer_without_a_length_gets_one() -> None:
    async def short(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 599})
        await send({"type": "http.response.body", "body": b"abc"})

    async with connected(short) as client:
        await client.send(get())
        assert await client.answer() == (599, b"abc")


@pytest.mark.parametrize(("request_line", "status"), [(b"HEAD", 200), (b"GET", 204), (b"GET", 304)])
async def test_an_answer_without_a_body_sends_none_whatever_the_application_does(
    request_line: bytes, status: int
) -> None:
    async def talk(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": ()})
        await send({"type": "http.response.body", "body": b"not to be sent", "more_body": True})
        await send({"type": "http.response.body", "body": b"nor this"})

    async with connected(talk) as client:
        for _ in range(2):
            await client.send(request_line + b" / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await client.head()).startswith(b"HTTP/1.1 %d" % status)


async def test_a_large_answer_waits_for_its_reader() -> None:
    async def pour(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"20000000")]})
        for number in range(20):
            await send({"type": "http.response.body", "body": b"a" * 1_000_000, "more_body": number < 19})

    async with connected(pour) as client:
        await client.send(get())
        assert await client.answer() == (200, b"a" * 20_000_000)


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b=c", b"a\nb", b"a\rb"])
async def test_no_header_of_an_answer_can_end_its_line(value: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def inject(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"body", 200, (b"location", value))

    async with connected(inject) as client:
        await client.send(get())
        assert (await client.rest()).startswith(b"HTTP/1.1 500 ")
    assert "would end its line" in caplog.text


@pytest.mark.parametrize("body", [b"longer than that", b"s"])
async def test_an_answer_of_another_length_is_broken_off(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def miscount(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"abc", "more_body": True})
        await send({"type": "http.response.body", "body": body})

    async with connected(miscount) as client:
        await client.send(get() + get())
        assert (await client.rest()).endswith(b"\r\n\r\nabc")
    assert "not as long as" in caplog.text


async def test_an_application_that_fails_gets_a_500_sent(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError("of the application")

    async with connected(fail) as client:
        await client.send(get())
        assert (await client.rest()).startswith(b"HTTP/1.1 500 ")
    assert "of the application" in caplog.text


async def test_an_application_out_of_order_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def twice(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"one")
        await answer(send, b"two")

    async with connected(twice) as client:
        await client.send(get("/", "Connection: close"))
        assert (await client.rest()).endswith(b"one")
    assert "cannot be sent now" in caplog.text


# Limits


@pytest.mark.parametrize(
    "octets",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_what_is_no_request_gets_one_400(octets: bytes) -> None:
    async with connected() as client:
        await client.send(octets)
        text = await client.rest()
        assert text.startswith(b"HTTP/1.1 400 ")
        assert text.count(b"connection: close\r\n") == 1


async def test_this_is_no_proxy() -> None:
    async with connected() as client:
        await client.send(b"CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await client.rest()).startswith(b"HTTP/1.1 405 ")


async def test_nonsense_behind_a_request_does_not_disturb_its_answer() -> None:
    async with connected() as client:
        await client.send(get("/first") + b"NONSENSE\r\n\r\n")
        assert (await client.rest()).endswith(b"\r\n\r\nGET /first? 0:")


async def test_nonsense_within_a_body_is_a_400_and_a_disconnect() -> None:
    async with connected() as client:
        await client.send(b"POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"zz\r\n")
        assert (await client.rest()).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("parts", [1, 50])
async def test_a_head_has_a_limit(parts: int) -> None:
    head = get("/", *[f"X-{number}: {'a' * 1000}" for number in range(100)])
    async with connected() as client:
        size = len(head) // parts + 1
        await client.send(*[head[start : start + size] for start in range(0, len(head), size)])
        assert (await client.rest()).startswith(b"HTTP/1.1 431 ")


async def test_a_header_without_an_end_has_a_limit() -> None:
    async with connected() as client:
        await client.send(b"GET / HTTP/1.1\r\nX: ", *[b"a" * 10_000] * 10)
        assert (await client.rest()).startswith(b"HTTP/1.1 431 ")


async def test_a_long_head_within_the_limit_is_read() -> None:
    async with connected() as client:
        await client.send(get("/", f"X: {'a' * 60_000}"), get("/?" + "b" * 60_000))
        assert (await client.answer())[0] == 200
        assert (await client.answer())[0] == 200


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\nHo", b"HTTP/1.1 408 "),
        (post(b"hello")[:-1], b"HTTP/1.1 408 "),
        (get(), b"HTTP/1.1 200 OK"),
    ],
)
async def test_a_slow_sender_is_left(octets: bytes, text: bytes) -> None:
    quick = {"head_seconds": 0.01, "body_seconds": 0.01, "watch_seconds": 0.01}
    async with connected(**quick, keep_alive=0.01) as client:
        await client.send(octets)
        got = await client.rest()
        assert got.startswith(text)
        assert got.count(b"HTTP/1.1") == (1 if text else 0)


async def test_a_slow_application_is_no_slow_sender() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.1)
        await echo(scope, receive, send)

    quick = {"head_seconds": 0.01, "body_seconds": 0.01, "watch_seconds": 0.01}
    async with connected(slow, **quick, keep_alive=0.01) as client:
        await client.send(post(b"hello"))
        assert await client.answer() == (200, b"POST /p? 5:hello")


async def test_too_many_at_once_are_told_to_come_again() -> None:
    go_on = asyncio.Event()

    async def wait(scope: Any, receive: Any, send: Any) -> None:
        await go_on.wait()
        await echo(scope, receive, send)

    async with serving(wait, most=1) as server, server.client() as first, server.client() as second:
        await first.send(get())
        while not server.state.tasks:
            await asyncio.sleep(0)
        await second.send(get())
        assert b"retry-after: 1\r\n" in await second.rest()
        go_on.set()
        assert await first.answer() == (200, b"GET /? 0:")


async def test_a_server_that_ends_gives_the_answers_it_owes() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait(scope: Any, receive: Any, send: Any) -> None:
        begun.set()
        await go_on.wait()
        await echo(scope, receive, send)

    async with serving(wait) as server, server.client() as busy, server.client() as idle:
        await busy.send(get())
        await begun.wait()
        while len(server.state.connections) < 2:
            await asyncio.sleep(0)
        for connection in list(server.state.connections):
            connection.shutdown()
        assert await idle.rest() == b""
        go_on.set()
        assert (await busy.rest()).endswith(b"connection: close\r\n\r\nGET /? 0:")


async def test_an_application_is_told_that_the_server_ends_while_an_answer_is_owed() -> None:
    class Waiting:
        """An application that answers once it is told."""

        def __init__(self) -> None:
            self.told = asyncio.Event()
            self.ending = self.told.set

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await self.told.wait()
            await echo(scope, receive, send)

    async with serving(Waiting()) as server, server.client() as client:
        await client.send(post(b"hello"))
        while not server.state.tasks:
            await asyncio.sleep(0)
        for connection in list(server.state.connections):
            connection.shutdown()
        assert await client.answer() == (200, b"POST /p? 5:hello")
