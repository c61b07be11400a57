"""The little of ASGI that the door needs: a request's head and body, and whole answers."""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

Scope: TypeAlias = MutableMapping[str, Any]
Event: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]
AsgiApplication: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BYTES: Final = 256 * 1024
_PRIVATE: Final = ((b"cache-control", b"no-store"), (b"referrer-policy", b"same-origin"))


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer; `headers` beside those that each has."""

    status: int
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""

    async def __call__(self, send: Send) -> None:
        """Send it."""
        own = [(name.encode(), value.encode("latin-1")) for name, value in self.headers]
        length = [(b"content-length", str(len(self.body)).encode())]
        await send({"type": "http.response.start", "status": self.status, "headers": [*_PRIVATE, *own, *length]})
        await send({"type": "http.response.body", "body": self.body})


def redirect(url: str, *cookies: str) -> Reply:
    """To another page, with these cookies."""
    return Reply(303, [("location", url), *(("set-cookie", one) for one in cookies)])


def header(scope: Scope, name: str) -> str:
    """A header's value, "" where there is none."""
    wanted = name.encode()
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == wanted), "")


def headers(scope: Scope) -> dict[str, str]:
    """All headers; one that came twice is joined with a space, as it is no header of ours then."""
    found: dict[str, str] = {}
    for key, value in scope["headers"]:
        name, text = key.decode("latin-1").lower(), value.decode("latin-1")
        found[name] = f"{found[name]} {text}" if name in found else text
    return found


def cookie(scope: Scope, name: str) -> str:
    """A cookie's value, "" where there is none."""
    for value in (value for key, value in scope["headers"] if key == b"cookie"):
        for one in value.decode("latin-1").split(";"):
            key, _, text = one.strip().partition("=")
            if key == name:
                return str(text)
    return ""


def query(scope: Scope) -> list[tuple[str, str]]:
    """The parameters of the address, in their order."""
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def is_navigation(scope: Scope) -> bool:
    """Whether a person looks at the answer, rather than a script."""
    return scope.get("method") in ("GET", "HEAD") and "text/html" in header(scope, "accept")


def is_from_another_site(scope: Scope, base_url: str) -> bool:
    """Whether another site's page had the browser send this."""
    site = header(scope, "sec-fetch-site")
    if site:
        return site not in ("same-origin", "none")
    origin = header(scope, "origin")
    return bool(origin) and origin != base_url


async def body(receive: Receive) -> bytes | None:
    """The whole body; None where it is too long, or the sender has gone."""
    octets = b""
    while True:
        event = await receive()
        if event["type"] != "http.request":
            return None
        part: bytes = event.get("body", b"")
        octets += part
        if len(octets) > MOST_BYTES:
            return None
        if not event.get("more_body", False):
            return octets
