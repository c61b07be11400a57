"""Our signing keys: made at first use, published, rotated with an overlap.

Rules: private numbers are sealed at rest; of each algorithm one key is not retired; the next one is published before
it signs, and the last one stays published until nothing that it signed counts; rows are read with each use, so that
every process knows a key as soon as it is there.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import orjson
from joserfc.jwk import ECKey, OKPKey, RSAKey

from hallway.accounts.model import DEPLOYMENT
from hallway.accounts.ports import Vault
from hallway.hub.applications.model import (
    DAY,
    HOUR,
    KeptKey,
    KeyAlone,
    NewSigningKey,
    SigningKeyRetirement,
    SigningKeysForgotten,
)
from hallway.hub.applications.ports import SigningKeys
from hallway.ids import SIGNING_KEY, EntryId, SigningKeyId, fresh_id, wire
from hallway.journal.model import Actor, Change, Entry, Row, Stale, Unavailable
from hallway.journal.ports import Ledger
from hallway.oidc.issuing import SIGNING, SigningKey
from hallway.oidc.jose import KeySet, PublicKey, published_keys
from hallway.oidc.json import JsonObject

OVERLAP: Final = HOUR
"""How long a new key is published before it signs: applications keep what they read of our keys for a while."""
KEPT: Final = DAY
"""How long a key is published after it signed last."""
SYSTEM: Final = Actor("system", None, "Hallway")
_ATTEMPTS: Final = 5


@dataclass(slots=True)
class Signing:
    """The keys of one process; private ones are unsealed once."""

    ledger: Ledger
    kept: SigningKeys
    vault: Vault
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]
    _opened: dict[SigningKeyId, PublicKey] = field(default_factory=dict)

    async def key(self, algorithm: str) -> SigningKey:
        """The key that signs by this algorithm now; made where there is none."""
        for _ in range(_ATTEMPTS):
            now = self.clock()
            for one in reversed(await self._published()):
                if one.algorithm == algorithm and one.signs_from <= now and not _is_over(one.retired_at, now):
                    return SigningKey(wire(SIGNING_KEY, one.id), algorithm, self._private(one))
            await self._make(algorithm, now, (), SYSTEM)
        raise Unavailable("no signing key could be made")

    async def public(self) -> list[JsonObject]:
        """What we publish, oldest first."""
        return [orjson.loads(one.public) for one in await self._published()]

    async def key_set(self) -> KeySet:
        """What verifies our own tokens."""
        public = await self.public()
        return published_keys(orjson.dumps({"keys": public})) if public else KeySet(())

    async def rotate(self, actor: Actor, at_once: bool = False) -> list[KeptKey]:
        """A new key for each algorithm that has one. `at_once`, the old ones are published no more, and nothing that
        they signed counts: for keys that somebody else may have.
        """
        now, made = self.clock(), []
        for was in await self.kept.keys():
            if was.retired_at is not None:
                continue
            signs_from = now if at_once else now + OVERLAP
            gone: tuple[Row, ...] = (SigningKeyRetirement(was.id, now - KEPT if at_once else signs_from),)
            fresh = await self._make(was.algorithm, signs_from, gone, actor)
            made += [] if fresh is None else [fresh]
        if at_once:
            await self.ledger.commit(Change(DEPLOYMENT, (SigningKeysForgotten(now),)))
        return made

    async def _published(self) -> list[KeptKey]:
        now = self.clock()
        return [one for one in await self.kept.keys() if one.retired_at is None or now < one.retired_at + KEPT]

    async def _make(self, algorithm: str, signs_from: int, gone: tuple[Row, ...], actor: Actor) -> KeptKey | None:
        """A new key; None where another process made one in this moment."""
        now = self.clock()
        key_id = SigningKeyId(fresh_id(now, self.entropy(10)))
        private, public = await asyncio.to_thread(_made, algorithm, wire(SIGNING_KEY, key_id))
        sealed = self.vault.encrypt(orjson.dumps(private), _context(key_id))
        made = KeptKey(key_id, algorithm, sealed, orjson.dumps(public), now, signs_from)
        entry_id = EntryId(fresh_id(now, self.entropy(10)))
        entry = Entry(entry_id, "signing_key.made", now, actor, key_id, facts={"algorithm": algorithm})
        rows = (*gone, NewSigningKey(made), KeyAlone(algorithm), SigningKeysForgotten(now - 2 * KEPT))
        try:
            await self.ledger.commit(Change(DEPLOYMENT, rows, (entry,), entry.id))
        except Stale:
            return None
        return made

    def _private(self, one: KeptKey) -> PublicKey:
        found = self._opened.get(one.id)
        if found is None:
            numbers = orjson.loads(self.vault.decrypt(one.sealed, _context(one.id)))
            found = self._opened[one.id] = _imported(one.algorithm, numbers)
        return found


def _is_over(retired_at: int | None, now: int) -> bool:
    return retired_at is not None and retired_at <= now


def _context(key_id: SigningKeyId) -> bytes:
    return b"signing key " + key_id


def _made(algorithm: str, kid: str) -> tuple[dict[str, object], dict[str, object]]:
    """Private and public JWK."""
    if algorithm not in SIGNING:
        raise ValueError(f"we do not sign by {algorithm}")
    key: PublicKey
    if algorithm == "ES256":
        key = ECKey.generate_key("P-256")
    elif algorithm == "EdDSA":
        key = OKPKey.generate_key("Ed25519")
    else:
        key = RSAKey.generate_key(2048)
    more = {"kid": kid, "alg": algorithm, "use": "sig"}
    return {**key.as_dict(private=True), **more}, {**key.as_dict(private=False), **more}


def _imported(algorithm: str, numbers: dict[str, str | list[str]]) -> PublicKey:
    if algorithm == "ES256":
        return ECKey.import_key(numbers)
    return OKPKey.import_key(numbers) if algorithm == "EdDSA" else RSAKey.import_key(numbers)
