"""From a bearer token to whoever calls the REST API.

Rules: the answer to a wrong token is the same whatever is wrong with it; a key is read with each request, so that a
revocation is at once; failures are counted by address, requests by caller.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Final, TypeAlias

from hallway.hub.applications.access import grant_of_access_token
from hallway.hub.applications.api_keys import ApiKeys, KeyUses, key_of
from hallway.hub.applications.desk import ApplicationDesk
from hallway.hub.applications.scopes import allows
from hallway.journal.model import Actor
from hallway.secret_text import API
from hallway.web.api.problems import ApiProblem
from hallway.web.guards import Limited
from hallway.web.http import Header, Request
from hallway.web.limits import RateLimiter, retry_after

MAX_TEXT: Final = 4096
_CHALLENGE: Final = b'Bearer realm="Hallway API"'


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an API key (`kind` is `api_key`), or an application with a token of its own (`application`)."""

    kind: str
    id: bytes
    name: str
    scopes: tuple[str, ...]

    def actor(self, address: str) -> Actor:
        """As the journal names it."""
        return Actor(self.kind, self.id, self.name, address)


Tokens: TypeAlias = Callable[[str, int, str], Awaitable[Caller | None]]
"""Whom a token of this kind stands for, at an instant, from an address."""


@dataclass(frozen=True, slots=True)
class KeyTokens:
    """API keys as bearer tokens; each use is noted."""

    keys: ApiKeys
    uses: KeyUses

    async def __call__(self, text: str, now: int, address: str) -> Caller | None:
        """Whose key it is."""
        key = await key_of(self.keys, text, now)
        if key is None:
            return None
        self.uses.used(key.id, now, address)
        return Caller("api_key", key.id, key.name, key.scopes)


@dataclass(frozen=True, slots=True)
class ApplicationTokens:
    """Access tokens of machine applications (client credentials), each asked of the rows."""

    desk: ApplicationDesk

    async def __call__(self, text: str, _now: int, _address: str) -> Caller | None:
        """Whose token it is; a person's opens nothing here."""
        access = await grant_of_access_token(self.desk, text)
        if access is None or not access.is_machine:
            return None
        return Caller("application", access.application.id, access.application.name, access.scopes)


class ApiGuard:
    """Lets callers in. `kinds` has who reads tokens with a prefix; the prefix "" takes all others."""

    def __init__(
        self, kinds: Mapping[str, Tokens], clock: Callable[[], int], per_caller: RateLimiter, failures: RateLimiter
    ) -> None:
        self._kinds = kinds
        self._clock = clock
        self._per_caller = per_caller
        self._failures = failures

    async def unlock(self, request: Request, scope: str) -> Caller:
        """The caller, who may do what the scope says; raises `ApiProblem` and `Limited`."""
        caller = await self._caller(request)
        if caller is None:
            wait = self._failures.take(request.client_address, monotonic())
            if wait is not None:
                raise Limited("Too many failed authentications from this address.", retry_after(wait))
            raise unauthenticated(has_token=bool(request.header(b"authorization")))
        wait = self._per_caller.take(caller.id, monotonic())
        if wait is not None:
            raise Limited("Too many requests with this key; wait as long as Retry-After says.", retry_after(wait))
        if not allows(caller.scopes, scope):
            told = f'{_CHALLENGE.decode()}, error="insufficient_scope", scope="{scope}"'.encode()
            raise ApiProblem("insufficient_scope", f"This needs the scope {scope}.", (), ((b"www-authenticate", told),))
        return caller

    async def _caller(self, request: Request) -> Caller | None:
        header = request.header(b"authorization")
        scheme, _, text = header.partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text or len(header) > MAX_TEXT:
            return None
        prefix = API if text.startswith(API) else ""
        read = self._kinds.get(prefix)
        return None if read is None else await read(text, self._clock(), request.client_address)


def unauthenticated(has_token: bool) -> ApiProblem:
    """401; the challenge names an error only where something came (RFC 6750 §3)."""
    told: Header = (b"www-authenticate", _CHALLENGE + (b', error="invalid_token"' if has_token else b""))
    return ApiProblem("unauthenticated", "The bearer token is missing, unknown, expired or revoked.", (), (told,))
