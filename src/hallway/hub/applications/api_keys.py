"""API keys: what the vendor's own programs call the REST API with; made, shown once, revoked.

Rules: a key is a row of the deployment and opens every organization, as far as its scopes reach; the text names its
row, and only the SHA-256 of its secret part is kept, compared in constant time; when it was used last is gathered
and written every ten seconds.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from hallway.accounts.model import DEPLOYMENT
from hallway.hub.applications.scopes import checked_scopes
from hallway.hub.organizations.service import Refused, checked_name
from hallway.ids import API_KEY, ApiKeyId, EntryId, fresh_id, parsed
from hallway.journal.model import Actor, Change, Entry
from hallway.journal.ports import Ledger
from hallway.journal.service import carried_out
from hallway.scim.json import JsonObject
from hallway.secret_text import API, SECRET_BYTES, SecretText, read_secret

DAY: Final = 86_400 * 1_000_000
MOST_KEYS: Final = 500
LONGEST_DAYS: Final = 3650


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key, without its text."""

    id: ApiKeyId
    name: str
    hash: bytes
    scopes: tuple[str, ...]
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None
    last_used_at: int | None = None
    last_address: str = ""

    def is_alive(self, now: int) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A row to insert."""

    key: ApiKey


@dataclass(frozen=True, slots=True)
class ApiKeyRevocation:
    """The key ends; stale where it ended before."""

    key_id: ApiKeyId
    at: int


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key and its text, which is nowhere else."""

    key: ApiKey
    text: str


class ApiKeys(Protocol):
    """The deployment's keys."""

    async def key(self, key_id: ApiKeyId) -> ApiKey | None:
        """One key, alive or not."""
        ...

    async def keys(self) -> Sequence[ApiKey]:
        """All of them, oldest first."""
        ...

    async def used(self, uses: Sequence[tuple[ApiKeyId, int, str]]) -> None:
        """Note when keys were used last, and from where."""
        ...


@dataclass(frozen=True, slots=True)
class KeyDesk:
    """What keys need: a store, time, chance."""

    ledger: Ledger
    keys: ApiKeys
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]

    def fresh_id(self) -> bytes:
        """A new id."""
        return fresh_id(self.clock(), self.entropy(10))

    def entry(self, kind: str, key: ApiKey, actor: Actor) -> Entry:
        """A fact about a key, for the deployment's journal."""
        facts: JsonObject = {"scopes": list(key.scopes), "expires_at": key.expires_at}
        return Entry(
            EntryId(self.fresh_id()), kind, self.clock(), actor, key.id, facts=facts, personal={"name": key.name}
        )


async def create(desk: KeyDesk, name: str, scopes: Collection[str], days: int | None, actor: Actor) -> MadeKey:
    """A new key, that ends after `days` or never."""
    tidy, chosen = checked_name(name), checked_scopes(scopes)
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise Refused("invalid", f"A key lives 1 to {LONGEST_DAYS} days, or without an end.")
    now = desk.clock()
    if sum(one.is_alive(now) for one in await desk.keys.keys()) >= MOST_KEYS:
        raise Refused("conflict", f"There are at most {MOST_KEYS} living API keys. Revoke one first.")
    secret = SecretText(DEPLOYMENT, desk.fresh_id(), desk.entropy(SECRET_BYTES))
    ends = None if days is None else now + days * DAY
    key = ApiKey(ApiKeyId(secret.row), tidy, secret.hash, chosen, now, ends)
    entry = desk.entry("api_key.created", key, actor)
    await desk.ledger.commit(Change(DEPLOYMENT, (NewApiKey(key),), (entry,), entry.id))
    return MadeKey(key, secret.text(API))


async def revoke(desk: KeyDesk, key: ApiKey, actor: Actor) -> ApiKey:
    """End a key now; one that was revoked stays so."""

    async def decide() -> tuple[Change, ApiKey]:
        was = await desk.keys.key(key.id)
        if was is None or was.revoked_at is not None:
            return Change(DEPLOYMENT), was or key
        at = desk.clock()
        now = replace(was, revoked_at=at)
        entry = desk.entry("api_key.revoked", now, actor)
        return Change(DEPLOYMENT, (ApiKeyRevocation(was.id, at),), (entry,), entry.id), now

    return (await carried_out(desk.ledger, decide))[1]


async def found_key(desk: KeyDesk, text: str) -> ApiKey:
    """The key of an id (`key_…`)."""
    own = parsed(API_KEY, text)
    key = None if own is None else await desk.keys.key(ApiKeyId(own))
    if key is None:
        raise Refused("not_found", f"There is no API key {text!r}; list them with: hallway hub api-key list")
    return key


async def key_of(keys: ApiKeys, text: str, now: int) -> ApiKey | None:
    """The living key that a text is, or None."""
    secret = read_secret(API, text)
    if secret is None:
        return None
    key = await keys.key(ApiKeyId(secret.row))
    fits = secret.fits(bytes(32) if key is None else key.hash)
    return key if key is not None and fits and secret.owner == DEPLOYMENT and key.is_alive(now) else None


class KeyUses:
    """When keys were used, kept in memory until they are written: a request is worth no write."""

    def __init__(self, keys: ApiKeys) -> None:
        self._keys = keys
        self._seen: dict[ApiKeyId, tuple[int, str]] = {}

    def used(self, key_id: ApiKeyId, at: int, address: str) -> None:
        """Note a use."""
        self._seen[key_id] = (at, address)

    async def flush(self) -> None:
        """Write what was noted; raises `Unavailable`, and then nothing is forgotten."""
        taken, self._seen = self._seen, {}
        if not taken:
            return
        try:
            await self._keys.used([(key_id, at, address) for key_id, (at, address) in taken.items()])
        except BaseException:
            self._seen = {**taken, **self._seen}
            raise
