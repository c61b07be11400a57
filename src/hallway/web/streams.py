"""Polling streams of security events over HTTP (RFC 8936).

Rules: a stream's own secret opens it and nothing else; the answer to a wrong one is the same whatever is wrong with it;
members of a request that are not known are ignored, as the standard says.
"""

from collections.abc import Callable
from time import monotonic
from typing import Final

import orjson

from hallway.hub.events.following import CursorGone
from hallway.hub.events.polling import USUAL, Poll, Poller
from hallway.hub.events.streams import Stream, stream_of_secret
from hallway.ids import STREAM, wire
from hallway.scim.json import Json, JsonObject
from hallway.web.http import BodyTooLarge, Header, Request, Response
from hallway.web.limits import RateLimiter, retry_after
from hallway.web.routing import Handler
from hallway.web.rows import STREAM_SECRET, Row

PATH: Final = "/streams/{stream}/poll"
ROUTES: Final = (Row("POST", PATH, STREAM_SECRET, "stream_poll", "Get security events (RFC 8936).", cross_site=True),)
LIMIT_BYTES: Final = 256 * 1024
_JSON: Final[Header] = (b"content-type", b"application/json")
_CHALLENGE: Final[Header] = (b"www-authenticate", b'Bearer realm="Hallway streams"')


class StreamDoor:
    """The handler; `failures` counts wrong secrets by address."""

    def __init__(self, poller: Callable[[], Poller], failures: RateLimiter) -> None:
        self._poller = poller
        self._failures = failures

    def handlers(self) -> dict[str, Handler]:
        """By its name in the route table."""
        return {"stream_poll": self.poll}

    async def poll(self, request: Request) -> Response:
        """What a reader says she has is let go; what waits is handed on."""
        poller = self._poller()
        stream = await self._opened(poller, request)
        if stream is None:
            return self._stranger(request)
        try:
            asked = asked_of(await request.body(LIMIT_BYTES))
        except BodyTooLarge:
            return _problem(413, "invalid_request", "A request has at most 256 KiB.")
        if asked is None:
            return _problem(400, "invalid_request", "The body is no JSON object as RFC 8936 has it.")
        try:
            polled = await poller.poll(stream, asked)
        except CursorGone as gone:
            return _problem(410, "stream_expired", str(gone))
        body = {"sets": polled.tokens, "moreAvailable": polled.more}
        return Response(200, orjson.dumps(body), (_JSON,))

    async def _opened(self, poller: Poller, request: Request) -> Stream | None:
        scheme, _, text = request.header(b"authorization").partition(" ")
        found = await stream_of_secret(poller.streams, text.strip()) if scheme.lower() == "bearer" else None
        if found is not None and wire(STREAM, found.id) == request.params["stream"]:
            return found
        return None

    def _stranger(self, request: Request) -> Response:
        wait = self._failures.take(request.client_address, monotonic())
        if wait is None:
            return _problem(401, "authentication_failed", "The secret opens no stream at this address.", _CHALLENGE)
        later = (b"retry-after", retry_after(wait))
        return _problem(429, "access_denied", "Too many failed authentications from this address.", later)


def asked_of(body: bytes) -> Poll | None:
    """What a request asks (RFC 8936 §2.2); None where a member is of another type."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(said, dict):
        return None
    most, at_once = said.get("maxEvents", USUAL), said.get("returnImmediately", False)
    taken, errors = said.get("ack", []), said.get("setErrs", {})
    if not isinstance(most, int) or isinstance(most, bool) or most < 0 or not isinstance(at_once, bool):
        return None
    if not isinstance(taken, list) or not all(isinstance(one, str) for one in taken) or not isinstance(errors, dict):
        return None
    return Poll(most, at_once, taken, {name: _reason(told) for name, told in errors.items()})


def _reason(told: Json) -> str:
    if not isinstance(told, dict):
        return ""
    return ": ".join(one for one in (told.get("err"), told.get("description")) if isinstance(one, str))


def _problem(status: int, code: str, description: str, *headers: Header) -> Response:
    body: JsonObject = {"err": code, "description": description}
    return Response(status, orjson.dumps(body), (_JSON, *headers))
