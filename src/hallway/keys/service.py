"""Opening, rotating and checking the keys of a database."""

from contextlib import suppress
from dataclasses import dataclass, field

from hallway.keys.model import NO_KEYS, KeyRecord, KeysChanged, WrongMasterKey
from hallway.keys.ports import KeyStore
from hallway.keys.ring import Ring, current, master_fits, opened, rewrapped, rotated


@dataclass(slots=True)
class HeldRing:
    """The ring of a process that runs on: `renew` takes up what another process made current since."""

    ring: Ring
    _store: KeyStore
    _master: bytes = field(repr=False)

    def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        """See `Ring.encrypt`; with the newest key that was taken up."""
        return self.ring.encrypt(plaintext, context)

    def decrypt(self, ciphertext: bytes, context: bytes) -> bytes:
        """See `Ring.decrypt`."""
        return self.ring.decrypt(ciphertext, context)

    async def renew(self) -> bool:
        """Whether there was a newer data key; raises `WrongMasterKey` where the master key was changed since too."""
        record = await self._store.read()
        if not record.keys or current(record).id == self.ring.current_id:
            return False
        self.ring = opened(record, self._master)
        return True


async def held_ring(store: KeyStore, master: bytes, now: int) -> HeldRing:
    """The ring of this database, to be renewed; raises as `open_ring` does."""
    return HeldRing(await open_ring(store, master, now), store, master)


async def open_ring(store: KeyStore, master: bytes, now: int) -> Ring:
    """The ring of this database; an empty one gets its first data key. Raises `WrongMasterKey`."""
    record = await store.read()
    if not record.keys:
        # Two processes may start at once: the second one takes what the first one wrote.
        with suppress(KeysChanged):
            await store.replace(rotated(NO_KEYS, master, now), NO_KEYS.check)
        record = await store.read()
    return opened(record, master)


async def rotate(store: KeyStore, master: bytes, now: int) -> int:
    """Make a new data key current; what was encrypted before stays readable. Returns the new key's id.

    Raises `WrongMasterKey`, or `KeysChanged` when another rotation came in between.
    """
    record = await _checked(store, master)
    fresh = rotated(record, master, now)
    await store.replace(fresh, record.check)
    return current(fresh).id


async def change_master(store: KeyStore, master: bytes, new_master: bytes) -> None:
    """Wrap all data keys with another master key; raises as `rotate` does."""
    record = await _checked(store, master)
    await store.replace(rewrapped(record, master, new_master), record.check)


async def check(store: KeyStore, master: bytes) -> KeyRecord:
    """The record, after every data key in it was opened; raises `WrongMasterKey` or `Undecipherable`."""
    record = await _checked(store, master)
    if record.keys:
        opened(record, master)
    return record


async def _checked(store: KeyStore, master: bytes) -> KeyRecord:
    record = await store.read()
    if record.keys and not master_fits(record.check, master):
        raise WrongMasterKey
    return record
