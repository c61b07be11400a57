"""The one way out: metadata, discovery, keys, tokens, userinfo, webhooks.

Rules: a name is resolved once, every address that it has is judged, and the socket connects to those addresses only,
judged again where it is made; https, or http where `Reach` says so by name; each redirect is a new question under the
same rules; time, size and number have limits; no cookies, no proxy of the environment. A connection serves one
question; where the question says that it may be kept, it serves others to the same host and port, for some seconds,
without the name being resolved again.
"""

import asyncio
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Final, TypeAlias

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from hallway.addresses import address, is_never_reached, is_public
from hallway.outbound import Answer, OutboundProblem, Question

SECONDS: Final = 10.0
MOST_REDIRECTS: Final = 3
MOST_AT_ONCE: Final = 64
MOST_ADDRESSES: Final = 16
LONGEST_URL: Final = 4096
KEPT_SECONDS: Final = 30.0
"""So long a name is not resolved again for questions whose connections are kept."""
IDLE_SECONDS: Final = 4.0
"""Less than most servers keep a connection that nobody uses."""
THREADS: Final = 8
AGENT: Final = "Hallway"

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_LOOPBACK: Final = ("127.0.0.1", "::1")

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a name. Raises `OSError`."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a deployment reaches beside the internet: hosts by name, and in development names of loopback."""

    allowed: tuple[str, ...] = ()
    loopback: bool = False

    def is_named(self, host: str) -> bool:
        """Whether http and private addresses are taken for this host."""
        return _bracketed(host) in self.allowed or (self.loopback and _is_loopback_name(host))

    def may_connect(self, host: str, text: str) -> bool:
        """Whether the socket for this host may go to this address."""
        try:
            one = address(text)
        except ValueError:
            return False
        if _bracketed(host) in self.allowed:
            return not is_never_reached(one)
        if _is_loopback_name(host):
            return self.loopback and one.is_loopback
        return is_public(one)

    def is_beyond(self, host: str) -> bool:
        """Whether no socket goes to this host, as far as its text says; the addresses of a name are judged later."""
        if _is_loopback_name(host):
            return not self.loopback and _bracketed(host) not in self.allowed
        try:
            address(host)
        except ValueError:
            return False
        return not self.may_connect(host, host)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_loopback_name(host: str) -> bool:
    return host in ("localhost", *_LOOPBACK) or host.endswith(".localhost")


class GuardedClient:
    """See `hallway.outbound.Outbound`. One for each process, in its event loop."""

    def __init__(
        self, reach: Reach, seconds: float = SECONDS, resolve: Resolve | None = None, threads: int = THREADS
    ) -> None:
        self._reach = reach
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="outbound-names")
        self._kept: dict[URL, _Line] = {}
        self._resolve = resolve if resolve is not None else self._resolved_by_machine
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    async def ask(self, question: Question) -> Answer:
        """The answer, after at most three redirects. Raises `OutboundProblem`."""
        progress = _Progress()
        if asyncio.current_task() is None:
            # The server begins requests without one, and time limits ask for it.
            await asyncio.sleep(0)
        try:
            async with asyncio.timeout(self._seconds), self._places:
                return await self._followed(question, progress)
        except TimeoutError:
            raise OutboundProblem("too_slow" if progress.answered else "unreachable", "time is up") from None

    async def aclose(self) -> None:
        """Names are no longer resolved, and no connection is kept."""
        for line in self._kept.values():
            await line.session.close()
        self._kept.clear()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _followed(self, question: Question, progress: "_Progress") -> Answer:
        url = checked(question.url, self._reach)
        for _ in range(MOST_REDIRECTS + 1):
            found = await self._asked(url, question, progress)
            if isinstance(found, Answer):
                return found
            if question.is_confidential:
                raise OutboundProblem("redirected")
            if url.scheme == "https" and found.scheme != "https":
                raise OutboundProblem("not_https", "a redirect from https to http")
            url = checked(str(found), self._reach)
        raise OutboundProblem("too_many_redirects")

    async def _asked(self, url: URL, question: Question, progress: "_Progress") -> "Answer | URL":
        """The answer, or where it leads."""
        progress.answered = progress.reused = False
        try:
            if question.keeps:
                return await self._asked_on_a_line(url, question, progress)
            async with await self._session(url, keeps=False) as session:
                return await self._exchanged(session, url, question, progress)
        except (aiohttp.ClientError, aiohttp.http.HttpProcessingError, OSError, ssl.SSLError) as error:
            code = "broken" if progress.answered else "unreachable"
            raise OutboundProblem(code, type(error).__name__) from None

    async def _asked_on_a_line(self, url: URL, question: Question, progress: "_Progress") -> "Answer | URL":
        """By a connection that is there; where the other side has just closed that one, by a new one."""
        async with self._line(url) as line:
            try:
                return await self._exchanged(line.session, url, question, progress)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if progress.answered or not progress.reused:
                    raise
                line.until = 0
        async with self._line(url) as line:
            return await self._exchanged(line.session, url, question, progress)

    @asynccontextmanager
    async def _line(self, url: URL) -> AsyncIterator["_Line"]:
        """The connections that are kept to a host and port; what is too old is closed once nobody uses it."""
        now, origin = asyncio.get_running_loop().time(), url.origin()
        line = self._kept.get(origin)
        if line is None or line.until <= now:
            line = _Line(await self._session(url, keeps=True), now + KEPT_SECONDS)
            before, self._kept[origin] = self._kept.get(origin), line
            if before is not None:
                await before.let_go()
        line.users += 1
        try:
            yield line
        finally:
            line.users -= 1
            if self._kept.get(origin) is not line:
                await line.let_go()

    async def _session(self, url: URL, keeps: bool) -> aiohttp.ClientSession:
        """What asks one host, at the addresses that were judged now."""
        host = url.host or ""
        connector = aiohttp.TCPConnector(
            resolver=_Pinned(host, await self._judged_addresses(host, url.port or 443)),
            socket_factory=self._socket_factory(host),
            ssl=self._tls,
            use_dns_cache=False,
            force_close=not keeps,
            keepalive_timeout=IDLE_SECONDS if keeps else None,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            trust_env=False,
            auto_decompress=False,
            max_line_size=8190,
            max_field_size=8190,
            trace_configs=[_told_of_reuse()] if keeps else None,
        )

    async def _exchanged(
        self, session: aiohttp.ClientSession, url: URL, question: Question, progress: "_Progress"
    ) -> "Answer | URL":
        headers = {"User-Agent": AGENT, "Accept-Encoding": "identity", **dict(question.headers)}
        method = "GET" if question.body is None else "POST"
        async with session.request(
            method, url, headers=headers, data=question.body, allow_redirects=False, trace_request_ctx=progress
        ) as response:  # fmt: skip
            progress.answered = True
            if response.status in _REDIRECTS:
                return _led(url, response.headers.get("Location", ""))
            body = await (_beginning if question.is_cut else _body)(response, question.most_bytes)
            kept: dict[str, str] = {}
            for name, value in response.headers.items():
                kept.setdefault(name.lower(), value)
            return Answer(response.status, kept, body, str(url))

    async def _judged_addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Every address of the host; if one of them is forbidden, none is tried."""
        if host == "localhost" or host.endswith(".localhost"):
            found: Sequence[str] = _LOOPBACK
        else:
            try:
                found = await self._resolve(host, port)
            except (OSError, UnicodeError) as error:
                raise OutboundProblem("unreachable", type(error).__name__) from None
        if not found or not all(self._reach.may_connect(host, one) for one in found):
            raise OutboundProblem("unreachable", "no address, or one that is not public and not allowed by name")
        return tuple(dict.fromkeys(found))[:MOST_ADDRESSES]

    def _socket_factory(self, host: str) -> Callable[[aiohttp.AddrInfoType], socket.socket]:
        def made(info: aiohttp.AddrInfoType) -> socket.socket:
            family, kind, protocol, _, place = info
            if not self._reach.may_connect(host, str(place[0])):
                raise OutboundProblem("unreachable", "the socket would go to an address that is not allowed")
            return socket.socket(family, kind, protocol)

        return made

    async def _resolved_by_machine(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        infos = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )  # fmt: skip
        return [str(info[4][0]) for info in infos]

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The machine's authorities, read once."""
        return ssl.create_default_context()


@dataclass(slots=True)
class _Progress:
    """Whether the head of an answer has come: until then nothing is told about the port. `reused`: whether the
    connection had served before.
    """

    answered: bool = False
    reused: bool = False


@dataclass(slots=True)
class _Line:
    """Connections to one host and port that are kept until an instant of the loop."""

    session: aiohttp.ClientSession
    until: float
    users: int = 0

    async def let_go(self) -> None:
        """Close them, unless somebody uses them still: then she does."""
        if not self.users:
            await self.session.close()


def _told_of_reuse() -> aiohttp.TraceConfig:
    async def reused(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        context.trace_request_ctx.reused = True

    config = aiohttp.TraceConfig()
    config.on_connection_reuseconn.append(reused)
    return config


class _Pinned(AbstractResolver):
    """Resolves one host to addresses that were judged before, and nothing else."""

    def __init__(self, host: str, addresses: Sequence[str]) -> None:
        self._host = host
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host != self._host:
            raise OSError("another host than the one that was judged")
        return [
            ResolveResult(
                hostname=host,
                host=one,
                port=port,
                family=socket.AF_INET6 if ":" in one else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for one in self._addresses
        ]

    async def close(self) -> None:
        """There is nothing to close."""


def checked(text: str, reach: Reach) -> URL:
    """An address that may be asked, as it will be. Raises `OutboundProblem`."""
    if len(text) > LONGEST_URL or not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise OutboundProblem("wrong_address")
    try:
        url = URL(text)
        host, port = url.host or "", url.port
    except ValueError:
        raise OutboundProblem("wrong_address") from None
    if url.scheme not in ("http", "https") or not host or not port or url.user is not None or url.password is not None:
        raise OutboundProblem("wrong_address")
    if "%" in host or url.fragment:
        raise OutboundProblem("wrong_address")
    if url.scheme == "http" and not reach.is_named(host):
        raise OutboundProblem("not_https")
    return url


def _led(url: URL, location: str) -> URL:
    try:
        return url.join(URL(location)).with_fragment(None)
    except ValueError:
        raise OutboundProblem("wrong_address", "a redirect that leads to no address") from None


async def _beginning(response: aiohttp.ClientResponse, most: int) -> bytes:
    """The first bytes of the body as they came; the connection is given up where there are more."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most:
            response.close()
            break
    return bytes(body[:most])


async def _body(response: aiohttp.ClientResponse, most: int) -> bytes:
    """The body, opened if it is gzip. Never more than `most` bytes are held, and never more is unpacked."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", ""):
        raise OutboundProblem("wrong_encoding", encoding[:40])
    if (response.content_length or 0) > most:
        raise OutboundProblem("too_large")
    packed = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding == "gzip" else None
    body = bytearray()
    async for chunk in response.content.iter_any():
        try:
            body += chunk if packed is None else packed.decompress(chunk, most + 1 - len(body))
        except zlib.error:
            raise OutboundProblem("wrong_encoding", "not gzip") from None
        if len(body) > most or (packed is not None and packed.unconsumed_tail):
            raise OutboundProblem("too_large")
        if packed is not None and packed.unused_data:
            raise OutboundProblem("wrong_encoding", "something behind the gzip stream")
    if packed is not None and not packed.eof:
        raise OutboundProblem("broken", "a gzip stream without an end")
    return bytes(body)
