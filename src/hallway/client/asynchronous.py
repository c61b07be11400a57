"""The client that does not block, over aiohttp: for ASGI."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeVar

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from hallway.client import rest, sign_in
from hallway.client.application import Application
from hallway.client.blocking import clock
from hallway.client.model import Member, Organization, Page, Receipt, SetupLink, Snapshot, Told
from hallway.client.problem import Unreachable
from hallway.client.rest import LinkWish, Wanted
from hallway.client.sign_in import Attempt, Begun, Identity, Known, Wish
from hallway.client.steps import MOST_BYTES, Answer, Request, Steps, is_loopback
from hallway.oidc.logout import Logout

T = TypeVar("T")


@dataclass(slots=True)
class AsyncHubClient:
    """A Hub as an application asks it; every method raises `ApiProblem` and `Unreachable`. Close it at the end.

    Its methods are those of `HubClient`, for `await`; lists are for `async for`.
    """

    application: Application
    clock: Callable[[], int] = clock
    known: Known = field(default_factory=Known, repr=False)
    _session: aiohttp.ClientSession | None = field(default=None, repr=False)

    async def begin_sign_in(self, wish: Wish | None = None, next_path: str = "/") -> Begun:
        """Where to send the browser, and what to keep in it. Raises `SignInRefused` too."""
        return await self.ask(sign_in.begin(self.application, self.known, wish or Wish(), self.clock(), next_path))

    async def finish_sign_in(self, attempt: Attempt, parameters: Sequence[tuple[str, str]]) -> Identity:
        """Who came back, by the query of the redirect URI. Raises `SignInRefused` too."""
        return await self.ask(sign_in.finish(self.application, self.known, attempt, parameters, self.clock()))

    async def sign_out_url(self, id_token: str, back_to: str) -> str:
        """Where to send the browser so that the session at the Hub ends too."""
        return await self.ask(sign_in.sign_out_url(self.application, self.known, self.clock(), id_token, back_to))

    async def logged_out(self, logout_token: str) -> Logout:
        """Whose sessions end, by what the Hub posted to the back-channel logout URI. Raises `SignInRefused` too."""
        return await self.ask(sign_in.logged_out(self.application, self.known, logout_token, self.clock()))

    def organizations(self, external_id: str = "") -> AsyncIterator[Organization]:
        """All organizations."""
        return _all(lambda after: self.ask(rest.organizations(self.application, after, external_id)))

    async def create_organization(self, name: str, external_id: str = "") -> Organization:
        """A new organization."""
        return await self.ask(rest.create_organization(self.application, name, external_id))

    def members(self, organization: str) -> AsyncIterator[Member]:
        """All members of an organization."""
        return _all(lambda after: self.ask(rest.members(self.application, organization, after)))

    async def member(self, organization: str, member_id: str) -> Member:
        """One member."""
        return await self.ask(rest.member(self.application, organization, member_id))

    async def create_setup_link(self, wish: LinkWish) -> SetupLink:
        """A link for the *Set up SSO* button."""
        return await self.ask(rest.create_setup_link(self.application, wish))

    async def events(self, after: str = "", wanted: Wanted | None = None) -> Told:
        """What happened behind a cursor. Raises `CursorExpired` too."""
        return await self.ask(rest.events(self.application, after, wanted or Wanted()))

    async def snapshot(self, after: str = "") -> Snapshot:
        """Part of how everything is now."""
        return await self.ask(rest.snapshot(self.application, after))

    async def send_receipt(self, receipt: Receipt) -> None:
        """Tell what was done about an event."""
        await self.ask(rest.send_receipt(self.application, receipt))

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Anything else of the API: `call("GET", "/organizations/org_…/domains")`."""
        return await self.ask(rest.called(self.application, rest.Call(method, path, body=body), Any))

    async def ask(self, steps: Steps[T]) -> T:
        """Drive a conversation to its end."""
        try:
            request = next(steps)
            while True:
                try:
                    answer = await self._sent(request)
                except Unreachable as problem:
                    request = steps.throw(problem)
                else:
                    request = steps.send(answer)
        except StopIteration as end:
            found: T = end.value
            return found

    async def close(self) -> None:
        """Close its connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> "AsyncHubClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _sent(self, request: Request) -> Answer:
        """One request; no redirect is followed, no cookie kept. Raises `Unreachable`."""
        timeout = aiohttp.ClientTimeout(total=request.seconds)
        try:
            async with self._opened().request(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=request.body,
                allow_redirects=False,
                timeout=timeout,
            ) as response:
                octets = await _read(response)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, headers, octets)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable(f"{request.url.split('?')[0]} did not answer: {type(error).__name__}.") from None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(resolver=_Resolver())
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._session


async def _read(response: aiohttp.ClientResponse) -> bytes:
    octets = bytearray()
    async for part in response.content.iter_any():
        octets += part
        if len(octets) > MOST_BYTES:
            raise Unreachable(f"{response.url.host} answered with more than {MOST_BYTES} bytes.")
    return bytes(octets)


class _Resolver(AbstractResolver):
    """`*.localhost` is this machine; for all else the system is asked."""

    def __init__(self) -> None:
        self._system = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        """See `AbstractResolver`."""
        return await self._system.resolve("127.0.0.1" if is_loopback(host) else host, port, family)

    async def close(self) -> None:
        """See `AbstractResolver`."""
        await self._system.close()


async def _all(part: Callable[[str], Awaitable[Page[T]]]) -> AsyncIterator[T]:
    after = ""
    while True:
        page = await part(after)
        for one in page.items:
            yield one
        if not page.next:
            return
        after = page.next
