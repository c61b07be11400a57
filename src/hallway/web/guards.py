"""From a credential to the object it unlocks.

Rules: a directory token opens its own directory and nothing else; the answer to a wrong token is the same whether
the directory is there or not; what is remembered is forgotten within half a second, so a revocation is too.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final

from hallway.hub.directories.catalogue import Catalogue, Served
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


def taken(limiter: RateLimiter, key: str | bytes) -> None:
    """Take one from the key's bucket; raises `Limited`."""
    wait = limiter.take(key, monotonic())
    if wait is not None:
        raise Limited("Too many attempts; wait a moment.", retry_after(wait))


class Unauthenticated(ScimProblem):
    """401; `reason` is for the counter of the directory, never for the stranger."""

    def __init__(self, reason: str) -> None:
        super().__init__(401, "The bearer token is missing, unknown, expired, revoked, or not one of this directory.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Unlocked:
    """What a directory token opened: the directory, its types, and the base URL that the client calls it by."""

    directory: Directory
    token: Token
    base: bytes
    served: Served
    name: str
    users_path: bytes
    quirk: Quirk | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What a guard stands on: where directories are, under which schemas, and below which base URL."""

    directories: Directories
    catalogue: Catalogue
    base_url: bytes


class DirectoryGuard:
    """Takes a request to a directory; counts failures per address, requests per token."""

    def __init__(self, ground: Ground, clock: Callable[[], int], per_token: RateLimiter, failures: RateLimiter) -> None:
        self._ground = ground
        self._clock = clock
        self._per_token = per_token
        self._failures = failures
        self._known: OrderedDict[bytes, tuple[float, Unlocked]] = OrderedDict()

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

    def remembered(self, authorization: bytes) -> Unlocked | None:
        """What a bearer token opened within the last half second, None where it is to be looked up."""
        scheme, _, text = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or len(authorization) > MAX_TEXT:
            return None
        known = self._known.get(hashlib.sha256(text.strip()).digest())
        if known is None:
            return None
        now = self._clock()
        return known[1] if known[0] > now / 1_000_000 and known[1].token.is_alive(now) else None

    def lets_through(self, unlocked: Unlocked) -> bool:
        """Whether the token may send one more request now, which is counted if so."""
        return self._per_token.take(unlocked.token.id, monotonic()) is None

    async def _unlocked(self, request: Request, text: str, quirk: Quirk | None, now: float) -> Unlocked:
        if not text:
            raise Unauthenticated("no token")
        known = await self._known_or_read(text, now)
        directory = known.directory
        if quirk is not None:
            Tolerance(directory.rules.strict).accept(quirk, Unauthenticated("not a bearer token"))
        if request.params.get("directory") == known.name:
            return known if quirk is None else replace(known, quirk=quirk)
        path, _ = split_alias(request.path)
        if not directory.base_path or path != directory.base_path:
            raise Unauthenticated("token of another directory")
        return replace(known, base=self._ground.base_url + path.encode(), quirk=quirk)

    async def _known_or_read(self, text: str, now: float) -> Unlocked:
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
        known = self._known.get(digest)
        if known is not None and known[0] > now and known[1].token.is_alive(int(now * 1_000_000)):
            return known[1]
        ground = self._ground
        token = await token_of(ground.directories, text, int(now * 1_000_000))
        directory = None if token is None else await ground.directories.located(token.directory_id)
        if token is None or directory is None:
            self._known.pop(digest, None)
            raise Unauthenticated("unknown token")
        base = ground.base_url + own_path(directory).encode()
        served = ground.catalogue.served(directory)
        users_path = own_path(directory).encode() + b"/Users"
        unlocked = Unlocked(directory, token, base, served, wire(DIRECTORY, directory.id), users_path)
        self._known[digest] = (now + REMEMBERED_SECONDS, unlocked)
        self._known.move_to_end(digest)
        if len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        return unlocked


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
