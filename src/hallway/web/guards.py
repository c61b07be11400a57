"""From a credential to the object it unlocks.

Rules: a directory token opens its own directory and nothing else; the answer to a wrong token is the same whether
the directory is there or not; what is remembered is forgotten within half a second, so a revocation is too.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from hallway.hub.directories.model import Directory, Token
from hallway.hub.directories.ports import Directories
from hallway.hub.directories.tokens import MAX_TEXT, token_of
from hallway.ids import DIRECTORY, wire
from hallway.scim.problem import ScimProblem
from hallway.scim.quirks import Quirk, Tolerance
from hallway.web.http import Request
from hallway.web.limits import RateLimiter, retry_after

REMEMBERED_SECONDS: Final = 0.5
_MOST_REMEMBERED: Final = 10_000
_ENDPOINTS: Final = frozenset(
    {"Users", "Groups", "Me", "ServiceProviderConfig", "ResourceTypes", "Schemas", "Bulk", ".search"}
)


class Limited(Exception):
    """Too many requests; `retry_after` is whole seconds."""

    def __init__(self, detail: str, wait: bytes) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = wait


class Unauthenticated(ScimProblem):
    """401; `reason` is for the counter of the directory, never for the stranger."""

    def __init__(self, reason: str) -> None:
        super().__init__(401, "The bearer token is missing, unknown, expired, revoked, or not one of this directory.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Unlocked:
    """What a directory token opened: the directory, and the path that the client calls it by."""

    directory: Directory
    token: Token
    base_path: str
    quirk: Quirk | None = None


class DirectoryGuard:
    """Takes a request to a directory; counts failures per address, requests per token."""

    def __init__(
        self, directories: Directories, clock: Callable[[], int], per_token: RateLimiter, failures: RateLimiter
    ) -> None:
        self._directories = directories
        self._clock = clock
        self._per_token = per_token
        self._failures = failures
        self._known: OrderedDict[bytes, tuple[float, Token, Directory]] = OrderedDict()

    async def unlock(self, request: Request) -> Unlocked:
        """The directory that the token and the address agree on; raises `Unauthenticated` or `Limited`."""
        now = self._clock() / 1_000_000
        text, quirk = _credential(request)
        try:
            unlocked = await self._unlocked(request, text, quirk, now)
        except Unauthenticated:
            wait = self._failures.take(request.client_address, monotonic())
            if wait is not None:
                raise Limited("Too many failed authentications from this address.", retry_after(wait)) from None
            raise
        wait = self._per_token.take(unlocked.token.id, monotonic())
        if wait is not None:
            raise Limited("Too many requests with this token; wait as long as Retry-After says.", retry_after(wait))
        return unlocked

    async def _unlocked(self, request: Request, text: str, quirk: Quirk | None, now: float) -> Unlocked:
        if not text:
            raise Unauthenticated("no token")
        token, directory = await self._known_or_read(text, now)
        if quirk is not None:
            tolerance = Tolerance(directory.rules.strict)
            tolerance.accept(quirk, Unauthenticated("not a bearer token"))
        return Unlocked(directory, token, _agreed_path(request, directory), quirk)

    async def _known_or_read(self, text: str, now: float) -> tuple[Token, Directory]:
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
        known = self._known.get(digest)
        if known is not None and known[0] > now and known[1].is_alive(int(now * 1_000_000)):
            return known[1], known[2]
        token = await token_of(self._directories, text, int(now * 1_000_000))
        directory = None if token is None else await self._directories.located(token.directory_id)
        if token is None or directory is None:
            self._known.pop(digest, None)
            raise Unauthenticated("unknown token")
        self._known[digest] = (now + REMEMBERED_SECONDS, token, directory)
        self._known.move_to_end(digest)
        if len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        return token, directory


def _credential(request: Request) -> tuple[str, Quirk | None]:
    """The token of a request, and the deviation in how it came; "" for none."""
    header = request.header(b"authorization").strip()
    if len(header) > MAX_TEXT:
        return "", None
    if not header:
        key = request.header(b"x-api-key").strip()
        return (key[:MAX_TEXT], Quirk.API_KEY_HEADER) if key else ("", None)
    scheme, space, value = header.partition(" ")
    if space and scheme.lower() == "bearer":
        return value.strip(), None
    return ("", None) if space else (header, Quirk.BARE_TOKEN)


def _agreed_path(request: Request, directory: Directory) -> str:
    """The base path of the address, when it is one of this directory; else the token is of another one."""
    named = request.params.get("directory")
    own = own_path(directory)
    if named is not None:
        if named != wire(DIRECTORY, directory.id):
            raise Unauthenticated("token of another directory")
        return own
    path, _ = split_alias(request.path)
    if not directory.base_path or path != directory.base_path:
        raise Unauthenticated("token of another directory")
    return path


def own_path(directory: Directory) -> str:
    """The path of our own making."""
    return f"/scim/{wire(DIRECTORY, directory.id)}/v2"


def split_alias(path: str) -> tuple[str, str]:
    """A path of another product's making as base path and the rest that is SCIM's."""
    segments = path.split("/")
    for place in range(len(segments) - 1, 0, -1):
        if segments[place] in _ENDPOINTS:
            if segments[place] == ".search" and place > 1 and segments[place - 1] in _ENDPOINTS:
                continue
            return "/".join(segments[:place]), "/".join(segments[place:])
    return path, ""
