"""The way out: what is asked, what never is, and that nobody learns about a network through us."""

import asyncio
import gzip
import ipaddress
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hallway.addresses import address, is_never_reached, is_public
from hallway.http_client import GuardedClient, Reach, checked
from hallway.outbound import CODES, Answer, OutboundProblem, Question
from hallway.web.first_step import begun

HOME = Reach(loopback=True)
ABROAD = Reach()


class Server:
    """Says what it is told to say to everybody, and keeps what it was asked."""

    def __init__(self, reply: bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]) -> None:
        self.reply = reply
        self.heard: list[bytes] = []
        self.port = 0
        self.tasks: set[asyncio.Task[None]] = set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
            )
            self.heard.append(head + await reader.readexactly(length))
            if isinstance(self.reply, bytes):
                writer.write(self.reply)
                await writer.drain()
            else:
                await self.reply(writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


@asynccontextmanager
async def serving(
    reply: bytes | Callable[[asyncio.StreamWriter], Awaitable[None]] = b"", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    server = Server(reply)
    listening = await asyncio.start_server(server._serve, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in server.tasks:
            task.cancel()
        await asyncio.gather(*server.tasks, return_exceptions=True)


def reply(body: bytes = b"", status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class Names:
    """A resolver of the tests' own: a list of answers for each name, the last one for ever."""

    def __init__(self, **answers: Sequence[str]) -> None:
        self.answers = {name.replace("_", "."): list(found) for name, found in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.answers:
            raise OSError("no such name")
        found = self.answers[host]
        return [found.pop(0) if len(found) > 1 else found[0]]


def ask(client: GuardedClient, url: str, **more: object) -> Awaitable[Answer]:
    return client.ask(Question(url, **more))  # type: ignore[arg-type]


async def refused(client: GuardedClient, url: str, **more: object) -> OutboundProblem:
    with pytest.raises(OutboundProblem) as caught:
        await ask(client, url, **more)
    assert str(caught.value) == CODES[caught.value.code]
    return caught.value


def run(act: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await act()

    asyncio.run(whole())


# What is asked ----------------------------------------------------------------------------------------------


def test_one_may_ask_before_there_is_a_task() -> None:
    found: list[int] = []

    async def asked(client: GuardedClient, url: str) -> None:
        found.append((await ask(client, url)).status)

    async def act() -> None:
        async with serving(reply(b"{}")) as server:
            client = GuardedClient(HOME)
            # As the server does with a request that has waited for nothing yet: this task is not the page's.
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            tasks: list[asyncio.Task[None] | None] = []

            def came() -> None:
                tasks.append(begun(asked(client, server.url), asyncio.get_running_loop()))
                turn.set_result(None)

            asyncio.get_running_loop().call_soon(came)
            await turn
            assert tasks[0] is not None
            await tasks[0]
            await client.aclose()
        assert found == [200]

    run(act)


def test_an_answer_of_any_status_is_an_answer() -> None:
    async def act() -> None:
        async with serving(reply(b"{}", "404 Not Found", "ETag: x", "Set-Cookie: a=b", "etag: y")) as server:
            client = GuardedClient(HOME)
            for _ in range(2):
                found = await ask(client, server.url, headers=(("Accept", "application/json"),))
                assert (found.status, found.body, found.url) == (404, b"{}", server.url)
                assert found.headers["etag"] == "x"
            heard = server.heard[1].lower()
            assert heard.startswith(b"get / http/1.1\r\n") and b"cookie" not in heard
            assert b"user-agent: hallway\r\n" in heard and b"accept-encoding: identity" in heard
            await client.aclose()

    run(act)


def test_a_body_is_posted_and_never_redirected() -> None:
    async def act() -> None:
        async with serving(reply()) as other, serving() as server:
            client = GuardedClient(HOME)
            server.reply = reply(b"", "307 Temporary Redirect", f"Location: {other.url}")
            assert (await refused(client, server.url, body=b"secret=1")).code == "redirected"
            secret = (("authorization", "Bearer x"),)
            assert (await refused(client, server.url, headers=secret)).code == "redirected"
            assert server.heard[0].startswith(b"POST ") and server.heard[0].endswith(b"secret=1")
            assert other.heard == []

    run(act)


def test_a_question_does_not_show_its_secrets() -> None:
    assert "s3cret" not in repr(Question("https://x", (("Authorization", "s3cret"),), b"s3cret"))


def test_three_redirects_are_followed_and_no_more() -> None:
    async def act() -> None:
        async with serving(reply(b"here")) as last:
            client = GuardedClient(HOME)
            hops = [last.url]

            async def hop(depth: int) -> None:
                async with serving(reply(b"", "302 Found", f"Location: {hops[-1]}#part")) as server:
                    hops.append(server.url)
                    if depth > 1:
                        await hop(depth - 1)
                        return
                    assert (await ask(client, hops[3])).url == last.url
                    assert (await refused(client, hops[4])).code == "too_many_redirects"

            await hop(4)

    run(act)


def test_names_of_loopback_need_no_resolver() -> None:
    async def act() -> None:
        async with serving(reply(b"x")) as server:
            names = Names()
            client = GuardedClient(HOME, resolve=names)
            assert (await ask(client, f"http://idp.localhost:{server.port}/")).body == b"x"
            assert names.asked == [] and f"Host: idp.localhost:{server.port}".encode() in server.heard[0]

    run(act)


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act() -> None:
        async with serving(reply(b"proxy")) as proxy, serving(reply(b"server")) as server:
            for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
                monkeypatch.setenv(name, proxy.url)
            monkeypatch.delenv("no_proxy", raising=False)
            assert (await ask(GuardedClient(HOME), server.url)).body == b"server"
            assert proxy.heard == []

    run(act)


# Where it never goes ----------------------------------------------------------------------------------------

PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.9.9.9",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "172.32.0.1",
    "100.128.0.1",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_private_addresses_are_known(text: str) -> None:
    assert not is_public(address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_known(text: str) -> None:
    assert is_public(address(text)) and not is_never_reached(address(text))


def test_a_zone_is_no_address() -> None:
    with pytest.raises(ValueError, match="zone"):
        address("fe80::1%eth0")
    assert not Reach(("x",)).may_connect("x", "fe80::1%eth0")


def test_a_public_host_never_reaches_loopback_not_even_in_development() -> None:
    async def act() -> None:
        async with serving(reply(b"x")) as server:
            for reach in (ABROAD, HOME):
                client = GuardedClient(reach, resolve=Names(evil_example=["127.0.0.1"]))
                found = await refused(client, f"https://evil.example:{server.port}/")
                assert found.code == "unreachable"
            assert server.heard == []

    run(act)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "a.localhost", "169.254.169.254", "10.0.0.1"])
def test_private_literals_are_refused(host: str) -> None:
    async def act() -> None:
        assert (await refused(GuardedClient(ABROAD), f"https://{host}:1/")).code == "unreachable"

    run(act)


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"]
)
def test_odd_spellings_of_loopback_are_refused(host: str) -> None:
    async def act() -> None:
        assert (await refused(GuardedClient(ABROAD), f"https://{host}:1/")).code in ("unreachable", "wrong_address")

    run(act)


def test_one_forbidden_address_among_allowed_ones_refuses_all() -> None:
    async def both(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1", "169.254.169.254"]

    async def act() -> None:
        async with serving(reply(b"x")) as server:
            client = GuardedClient(Reach(("idp.example",)), resolve=both)
            assert (await refused(client, f"http://idp.example:{server.port}/")).code == "unreachable"
            assert server.heard == []

    run(act)


def test_a_redirect_to_a_private_address_is_refused() -> None:
    async def act() -> None:
        async with serving(reply(b"secret")) as inner, serving() as outer:
            names = Names(idp_example=["127.0.0.1"], evil_example=["127.0.0.1"])
            client = GuardedClient(Reach(("idp.example",)), resolve=names)
            start = f"http://idp.example:{outer.port}/"
            for target, code in (
                (f"http://127.0.0.1:{inner.port}/", "not_https"),
                (f"https://127.0.0.1:{inner.port}/", "unreachable"),
                (f"https://evil.example:{inner.port}/", "unreachable"),
                ("https://[fe80::1%25lo]/", "wrong_address"),
                ("file:///etc/passwd", "wrong_address"),
                ("https://user:pw@idp.example/", "wrong_address"),
                ("http://[", "wrong_address"),
            ):
                outer.reply = reply(b"", "302 Found", f"Location: {target}")
                assert (await refused(client, start)).code == code, target
            assert inner.heard == []

    run(act)


def test_a_name_is_resolved_once_so_rebinding_changes_nothing() -> None:
    async def act() -> None:
        async with serving(reply(b"x")) as server:
            names = Names(idp_example=["127.0.0.1", "169.254.169.254"])
            client = GuardedClient(Reach(("idp.example",)), resolve=names)
            assert (await ask(client, f"http://idp.example:{server.port}/")).body == b"x"
            assert names.asked == ["idp.example"]
            # The next question asks anew, and is judged anew.
            assert (await refused(client, f"http://idp.example:{server.port}/")).code == "unreachable"

    run(act)


def test_the_socket_is_judged_even_if_the_names_were_not(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unjudged(self: GuardedClient, host: str, port: int) -> tuple[str, ...]:
        return ("127.0.0.1",)

    async def act() -> None:
        async with serving(reply(b"x")) as server:
            monkeypatch.setattr(GuardedClient, "_judged_addresses", unjudged)
            found = await refused(GuardedClient(ABROAD), f"https://evil.example:{server.port}/")
            assert (found.code, found.why[:10]) == ("unreachable", "the socket")
            assert (await refused(GuardedClient(ABROAD), f"https://127.0.0.1:{server.port}/")).why[:10] == "the socket"

    run(act)


def test_allowed_by_name_reaches_private_ones_but_no_metadata() -> None:
    reach = Reach(("idp.internal", "[fd00::1]", "169.254.169.254"))
    assert reach.may_connect("idp.internal", "10.0.0.1") and reach.may_connect("fd00::1", "fd00::1")
    assert reach.is_named("idp.internal") and not reach.is_named("other.internal")
    assert not reach.may_connect("idp.internal", "169.254.169.254")
    assert not reach.may_connect("169.254.169.254", "169.254.169.254")
    assert not reach.may_connect("sub.idp.internal", "10.0.0.1")


def test_a_host_is_beyond_reach_by_what_it_is_written_as() -> None:
    named = Reach(("10.0.0.1", "[fd00::1]", "localhost", "169.254.169.254"))
    for host in ("10.0.0.2", "fd00::2", "::ffff:10.0.0.2", "127.0.0.1", "hub.localhost", "169.254.169.254"):
        assert named.is_beyond(host), host
    for host in ("10.0.0.1", "fd00::1", "localhost", "a.example", "8.8.8.8", "2606:4700::1"):
        assert not named.is_beyond(host), host
    assert not Reach(loopback=True).is_beyond("hub.localhost") and Reach(loopback=True).is_beyond("10.0.0.1")


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "ftp://a.example/", "https://", "https://a b/", "https://a.example/\n", "https://a.example\\@b/",
        "https://u@a.example/", "https://:p@a.example/", "https://a.example:0/", "https://a.example:99999/",
        "https://a.example/#x", "https://ä.example/", "https://a.example/" + "x" * 4096, "https://[::1%25lo]/",
        "https://[", "//a.example/",
    ],
)  # fmt: skip
def test_what_is_no_address_is_said_to_be_none(url: str) -> None:
    with pytest.raises(OutboundProblem) as caught:
        checked(url, HOME)
    assert caught.value.code == "wrong_address"


def test_http_is_for_loopback_and_hosts_allowed_by_name() -> None:
    for url in ("http://a.example/", "http://localhost.a.example/", "http://10.0.0.1/"):
        with pytest.raises(OutboundProblem) as caught:
            checked(url, HOME)
        assert caught.value.code == "not_https"
    assert checked("http://a.localhost/", HOME) and checked("http://a.example/", Reach(("a.example",)))


# What nobody learns -----------------------------------------------------------------------------------------


def test_an_open_port_and_a_closed_one_are_told_in_the_same_words() -> None:
    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def act() -> None:
        said = set()
        async with serving(reply()) as gone:
            pass
        async with serving(b"SSH-2.0-OpenSSH\r\n") as other, serving(b"") as ends, serving(silent) as waits:
            client = GuardedClient(Reach(("idp.example",)), seconds=0.3, resolve=Names(idp_example=["127.0.0.1"]))
            for port in (gone.port, other.port, ends.port, waits.port):
                for scheme in ("http", "https"):
                    found = await refused(client, f"{scheme}://idp.example:{port}/")
                    said.add((found.code, str(found)))
            found = await refused(client, "https://nowhere.example/")
            said.add((found.code, str(found)))
        assert said == {("unreachable", CODES["unreachable"])}

    run(act)


# Limits -----------------------------------------------------------------------------------------------------


def test_more_than_is_taken_is_not_read() -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async def act() -> None:
        client = GuardedClient(HOME)
        async with serving(reply(b"x" * 101)) as told, serving(endless) as untold, serving(reply(b"x" * 100)) as fits:
            assert (await refused(client, told.url, most_bytes=100)).code == "too_large"
            assert (await refused(client, untold.url, most_bytes=100_000)).code == "too_large"
            assert len((await ask(client, fits.url, most_bytes=100)).body) == 100

    run(act)


def test_a_gzip_bomb_is_never_unpacked() -> None:
    async def act() -> None:
        client = GuardedClient(HOME)
        bomb = gzip.compress(bytes(50_000_000))
        cases = (
            (bomb, "gzip", "too_large"),
            (b"not gzip", "gzip", "wrong_encoding"),
            (gzip.compress(b"x") + b"more", "gzip", "wrong_encoding"),
            (gzip.compress(b"x")[:-3], "gzip", "broken"),
            (b"x", "br", "wrong_encoding"),
            (b"x", "gzip, gzip", "wrong_encoding"),
        )
        tracemalloc.start()
        for body, encoding, code in cases:
            async with serving(reply(body, "200 OK", f"Content-Encoding: {encoding}")) as server:
                assert (await refused(client, server.url)).code == code
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
        tracemalloc.stop()
        async with serving(reply(gzip.compress(b"plain"), "200 OK", "Content-Encoding: gzip")) as server:
            assert (await ask(client, server.url)).body == b"plain"

    run(act)


def test_a_slow_drip_ends() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async def act() -> None:
        async with serving(drip) as server:
            assert (await refused(GuardedClient(HOME, seconds=0.2), server.url)).code == "too_slow"

    run(act)


def test_an_answer_that_breaks_off_is_told() -> None:
    async def act() -> None:
        async with serving(reply(b"half", length=100)) as server:
            assert (await refused(GuardedClient(HOME), server.url)).code == "broken"

    run(act)


def test_long_headers_are_no_answer() -> None:
    async def act() -> None:
        async with serving(reply(b"", "200 OK", "X: " + "y" * 100_000)) as server:
            assert (await refused(GuardedClient(HOME), server.url)).code == "unreachable"

    run(act)


def test_headers_without_end_are_no_answer() -> None:
    async def headers(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X: y\r\n" * 10_000)
            await writer.drain()

    async def act() -> None:
        async with serving(headers) as server:
            found = await refused(GuardedClient(HOME), server.url)
            assert found.code == "unreachable" and found.why != "time is up"

    run(act)


def test_a_slow_resolver_counts_too() -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return ()

    async def act() -> None:
        client = GuardedClient(ABROAD, seconds=0.1, resolve=never)
        assert (await refused(client, "https://idp.example/")).code == "unreachable"

    run(act)


def test_the_machine_resolves_where_nobody_else_does() -> None:
    async def act() -> None:
        client = GuardedClient(ABROAD)
        assert "127.0.0.1" in await client._resolved_by_machine("localhost", 443)
        await client.aclose()

    run(act)


def test_only_the_judged_host_is_resolved_for_the_connection() -> None:
    from hallway.http_client import _Pinned

    async def act() -> None:
        pinned = _Pinned("a.example", ("1.1.1.1", "2606:4700::1"))
        assert [one["host"] for one in await pinned.resolve("a.example", 443)] == ["1.1.1.1", "2606:4700::1"]
        with pytest.raises(OSError, match="judged"):
            await pinned.resolve("b.example", 443)

    run(act)


# TLS --------------------------------------------------------------------------------------------------------


def certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))]), False
        )
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_the_name_is_sent_and_verified_though_the_address_is_pinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = certificate(tmp_path, "idp.example")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    indicated: list[str | None] = []
    tls.sni_callback = lambda _socket, name, _context: indicated.append(name)

    async def act() -> None:
        async with serving(reply(b"x"), tls) as server:
            names = Names(idp_example=["127.0.0.1"], other_example=["127.0.0.1"])
            reach = Reach(("idp.example", "other.example"))
            strange = await refused(GuardedClient(reach, resolve=names), f"https://idp.example:{server.port}/")
            assert strange.code == "unreachable" and "Certificate" in strange.why
            monkeypatch.setenv("SSL_CERT_FILE", str(path))
            client = GuardedClient(reach, resolve=names)
            assert (await ask(client, f"https://idp.example:{server.port}/")).body == b"x"
            wrong = await refused(client, f"https://other.example:{server.port}/")
            assert wrong.code == "unreachable" and "Certificate" in wrong.why
            assert indicated == ["idp.example", "idp.example", "other.example"]
            server.reply = reply(b"", "302 Found", f"Location: http://idp.example:{server.port}/")
            assert (await refused(client, f"https://idp.example:{server.port}/")).code == "not_https"

    run(act)
