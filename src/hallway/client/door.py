"""The application's door: ASGI middleware that lets people in by the Hub, and nobody whose access has ended.

Rules: every request asks the application's own row, so whoever left is refused at once; a session's key is kept as
its hash only; `scope["hallway"]` is a `Visitor`, an `Ended` or None, and the last two reach only open paths.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import time
from typing import Any, Final, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

from msgspec import DecodeError, ValidationError
from msgspec.json import decode, encode

from hallway.client import asgi, webhook
from hallway.client.asgi import AsgiApplication, Receive, Reply, Scope, Send
from hallway.client.asynchronous import AsyncHubClient
from hallway.client.following import AsyncFollower, Batch
from hallway.client.model import OrganizationRef
from hallway.client.notices import ENDED, Notice, lost, no_answer, plain, refused
from hallway.client.problem import HubProblem, SignInRefused, WebhookRefused
from hallway.client.sign_in import Attempt, Identity, Wish
from hallway.client.stamp import opened, stamped
from hallway.oidc.logout import Logout

ATTEMPT_SECONDS: Final = 600
_PURPOSE: Final = "sign-in"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: a member of one organization. `session` is the session's key as the application keeps it."""

    organization: OrganizationRef
    member: str
    role: str
    name: str
    email: str = ""
    groups: tuple[str, ...] = ()
    session: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that was open: `sentence` says calmly why it is not any more."""

    sentence: str


class Sessions(Protocol):
    """The application's own sessions, in its own database. A key is 64 hex digits, and no secret."""

    async def begin(self, key: str, identity: Identity) -> Ended | None:
        """Keep a session of the account that `identity.key` names; why not, where that account has no access."""
        ...

    async def found(self, key: str) -> Visitor | Ended | None:
        """Whose session it is now; it is asked at each request."""
        ...

    async def end(self, key: str) -> str:
        """End a session; the ID token that it began with, "" if there is none."""
        ...

    async def end_by(self, logout: Logout) -> None:
        """End the sessions of a subject, or those that began with this session at the Hub."""
        ...


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """What the door needs. `secret` signs a cookie for the minutes of a sign-in; `open_paths` need no session, and one
    that ends with `/` stands for all below it. With `follower` the door keeps the application up to date: by the
    feed, or by webhooks where `webhook_secrets` are set.
    """

    client: AsyncHubClient
    sessions: Sessions
    secret: bytes = field(repr=False)
    prefix: str = "/hallway"
    open_paths: tuple[str, ...] = ("/",)
    follower: AsyncFollower | None = None
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    page: Callable[[Notice], bytes] = plain
    now: Callable[[], float] = time

    def is_open(self, path: str) -> bool:
        """Whether a path needs no session."""
        return any(
            path == one or (len(one) > 1 and one.endswith("/") and path.startswith(one)) for one in self.open_paths
        )


class Door:
    """`app = Door(app, DoorSettings(…))`."""

    def __init__(self, app: AsgiApplication, settings: DoorSettings) -> None:
        redirect_uri = urlsplit(settings.client.application.redirect_uri)
        if redirect_uri.path != f"{settings.prefix}/callback":
            raise ValueError(f"the redirect URI has to end with {settings.prefix}/callback")
        self._app, self._settings = app, settings
        self._base_url = f"{redirect_uri.scheme}://{redirect_uri.netloc}"
        self._host_only = redirect_uri.scheme == "https"
        self._task: asyncio.Task[None] | None = None
        self._own: dict[tuple[str, str], Callable[[Scope, Receive], Any]] = {
            ("GET", "/sign-in"): self._sign_in,
            ("GET", "/callback"): self._callback,
            ("POST", "/sign-out"): self._sign_out,
            ("POST", "/logout"): self._logout,
            ("POST", "/webhook"): self._webhook,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "lifespan":
            return await self._live(scope, receive, send)
        path = scope["path"]
        own = self._own.get((scope.get("method", ""), path.removeprefix(self._settings.prefix)))
        if own is not None and path.startswith(self._settings.prefix):
            reply: Reply = await own(scope, receive)
            return await reply(send)
        visitor = await self._visitor(scope)
        scope["hallway"] = visitor
        if isinstance(visitor, Visitor) or self._settings.is_open(path):
            return await self._app(scope, receive, send)
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008})
        return await self._shut(scope, visitor)(send)

    def _shut(self, scope: Scope, visitor: Ended | None) -> Reply:
        """What a request gets that nobody may make."""
        notice = ENDED.saying(visitor.sentence) if visitor else ENDED
        if not asgi.is_navigation(scope):
            return Reply(401, [("content-type", "text/plain; charset=utf-8")], notice.sentence.encode())
        here = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
        to_sign_in = f"{self._settings.prefix}/sign-in?{urlencode({'next': here})}"
        return self._notice(notice.leading(to_sign_in)) if visitor else asgi.redirect(to_sign_in)

    async def _visitor(self, scope: Scope) -> Visitor | Ended | None:
        token = asgi.cookie(scope, self._name("session"))
        return await self._settings.sessions.found(_hashed(token)) if token else None

    async def _sign_in(self, scope: Scope, _: Receive) -> Reply:
        asked = dict(asgi.query(scope))
        wish = Wish(asked.get("organization", ""), asked.get("login_hint", ""), asked.get("connection", ""))
        try:
            begun = await self._settings.client.begin_sign_in(wish, _local(asked.get("next", "/")))
        except HubProblem as problem:
            return self._notice(no_answer(problem).leading(self._again()))
        name = self._attempt_name(begun.attempt.state)
        kept = stamped(_PURPOSE, encode(begun.attempt), self._settings.secret)
        return asgi.redirect(begun.url, self._cookie(name, kept, ATTEMPT_SECONDS))

    async def _callback(self, scope: Scope, _: Receive) -> Reply:
        parameters = asgi.query(scope)
        name = self._attempt_name(dict(parameters).get("state", ""))
        attempt = self._attempt(asgi.cookie(scope, name))
        if attempt is None:
            return self._notice(lost().leading(self._again()))
        try:
            identity = await self._settings.client.finish_sign_in(attempt, parameters)
        except SignInRefused as problem:
            return self._notice(refused(problem).leading(self._again()), self._cookie(name, "", 0))
        except HubProblem as problem:
            return self._notice(no_answer(problem).leading(self._again()))
        token = secrets.token_urlsafe(32)
        ended = await self._settings.sessions.begin(_hashed(token), identity)
        if ended is not None:
            return self._notice(ENDED.saying(ended.sentence).leading(self._again()), self._cookie(name, "", 0))
        session = self._cookie(self._name("session"), token, None)
        return asgi.redirect(attempt.next, session, self._cookie(name, "", 0))

    async def _sign_out(self, scope: Scope, _: Receive) -> Reply:
        if asgi.is_from_another_site(scope, self._base_url):
            return Reply(403)
        token = asgi.cookie(scope, self._name("session"))
        id_token = await self._settings.sessions.end(_hashed(token)) if token else ""
        back_to = f"{self._base_url}/"
        with suppress(HubProblem):
            back_to = await self._settings.client.sign_out_url(id_token, back_to)
        return asgi.redirect(back_to, self._cookie(self._name("session"), "", 0))

    async def _logout(self, _: Scope, receive: Receive) -> Reply:
        """Back-channel logout: 200 once it is done, 400 for a token that is none (Back-Channel Logout 1.0 §2.8)."""
        octets = await asgi.body(receive) or b""
        token = parse_qs(octets.decode("latin-1")).get("logout_token", [""])[0]
        try:
            logout = await self._settings.client.logged_out(token)
        except SignInRefused as problem:
            return Reply(400, [("content-type", "application/json")], encode({"error": problem.code}))
        except HubProblem:
            return Reply(503)
        await self._settings.sessions.end_by(logout)
        return Reply(200)

    async def _webhook(self, scope: Scope, receive: Receive) -> Reply:
        settings = self._settings
        octets = await asgi.body(receive)
        if octets is None or settings.follower is None or not settings.webhook_secrets:
            return Reply(404 if octets is not None else 413)
        try:
            message = webhook.verified(asgi.headers(scope), octets, settings.webhook_secrets, settings.now())
        except WebhookRefused as problem:
            return Reply(400, [("content-type", "text/plain; charset=utf-8")], str(problem).encode())
        if message.event is not None:
            await settings.follower.reader.take(Batch((message.event,), None))
        return Reply(204)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application's own beginning and end, and in between what keeps it up to date."""

        async def heard() -> asgi.Event:
            event = await receive()
            if event["type"] == "lifespan.shutdown":
                await self._stop()
            return event

        async def said(event: asgi.Event) -> None:
            follower = self._settings.follower
            if event["type"] == "lifespan.startup.complete" and follower is not None:
                follow = follower.run_for_webhooks if self._settings.webhook_secrets else follower.run
                self._task = asyncio.create_task(follow())
            await send(event)

        await self._app(scope, heard, said)

    async def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._settings.client.close()

    def _attempt(self, text: str) -> Attempt | None:
        octets = opened(_PURPOSE, text, self._settings.secret)
        try:
            attempt = None if octets is None else decode(octets, type=Attempt)
        except (DecodeError, ValidationError):
            return None
        if attempt is None or self._settings.client.clock() - attempt.began > ATTEMPT_SECONDS * 1_000_000:
            return None
        return attempt

    def _notice(self, notice: Notice, *cookies: str) -> Reply:
        kinds = [("content-type", "text/html; charset=utf-8"), *(("set-cookie", one) for one in cookies)]
        return Reply(notice.status, kinds, self._settings.page(notice))

    def _again(self) -> str:
        return f"{self._settings.prefix}/sign-in"

    def _name(self, of: str) -> str:
        """A cookie's name; over https no other host and no http page can set it."""
        own = f"{self._settings.prefix.strip('/').replace('/', '_')}_{of}"
        return f"__Host-{own}" if self._host_only else own

    def _attempt_name(self, state: str) -> str:
        """One cookie for each sign-in that waits: two tabs do not disturb each other."""
        return self._name(f"sign_in_{_hashed(state)[:12]}")

    def _cookie(self, name: str, value: str, seconds: int | None) -> str:
        age = "" if seconds is None else f"; Max-Age={seconds}"
        return f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{'; Secure' if self._host_only else ''}{age}"


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _local(path: str) -> str:
    """A path of this application and nothing that a browser reads as another site."""
    parts = urlsplit(path)
    plain_path = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isascii() and path.isprintable()
    return path if plain_path and not parts.netloc and "\\" not in path else "/"
