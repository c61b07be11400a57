"""Keys: what is encrypted opens again after every rotation, and under no other key or place."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.keys import service
from hallway.keys.model import NO_KEYS, KeyRecord, KeysChanged, Undecipherable, UnknownKey, WrongMasterKey
from hallway.keys.ring import (
    Ring,
    current,
    key_id_of,
    master_check,
    master_fits,
    opened,
    rewrapped,
    rotated,
)

MASTER = b"m" * 32
OTHER = b"o" * 32
DAY = 86_400_000_000
NOW = 20_416 * DAY
LATER = NOW + 30 * DAY


@dataclass
class Kept:
    """A record in memory, for the races that no database can be asked to have."""

    record: KeyRecord = NO_KEYS
    before_write: list[KeyRecord] = field(default_factory=list)

    async def read(self) -> KeyRecord:
        return self.record

    async def replace(self, record: KeyRecord, expected_check: bytes) -> None:
        if self.before_write:
            self.record = self.before_write.pop()
        if self.record.check != expected_check:
            raise KeysChanged
        self.record = record


def first() -> KeyRecord:
    return rotated(NO_KEYS, MASTER, NOW)


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_what_is_encrypted_opens_in_its_place(plaintext: bytes, context: bytes) -> None:
    ring = Ring({1: b"k" * 32}, 1)
    sealed = ring.encrypt(plaintext, context)
    assert ring.decrypt(sealed, context) == plaintext
    with pytest.raises(Undecipherable):
        ring.decrypt(sealed, context + b"x")


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_or_unknown(stranger: bytes) -> None:
    with pytest.raises((Undecipherable, UnknownKey)):
        Ring({1: b"k" * 32}, 1).decrypt(stranger, b"")


@given(st.integers(min_value=0, max_value=44))
def test_no_bit_can_be_changed_unseen(position: int) -> None:
    ring = Ring({1: b"k" * 32}, 1)
    sealed = bytearray(ring.encrypt(b"twelve bytes", b"place"))
    assert len(sealed) == 45
    sealed[position] ^= 1
    with pytest.raises((Undecipherable, UnknownKey)):
        ring.decrypt(bytes(sealed), b"place")


def test_the_same_text_never_encrypts_to_the_same_bytes() -> None:
    ring = opened(first(), MASTER)
    assert ring.encrypt(b"x", b"") != ring.encrypt(b"x", b"")


def test_rotation_retires_the_former_key_and_still_opens_its_work() -> None:
    record = first()
    before = opened(record, MASTER)
    sealed, derived = before.encrypt(b"secret", b"row 1"), before.derive("cursor")
    record = rotated(record, MASTER, LATER)
    after = opened(record, MASTER)
    assert (current(record).id, after.current_id) == (2, 2)
    assert [key.retired_at for key in record.keys] == [LATER, None]
    assert after.decrypt(sealed, b"row 1") == b"secret"
    assert after.derive("cursor", key_id_of(sealed)) == derived != after.derive("cursor")
    with pytest.raises(UnknownKey) as problem:
        before.decrypt(after.encrypt(b"secret", b"row 1"), b"row 1")
    assert problem.value.key_id == 2


def test_a_retired_key_keeps_the_time_of_its_retirement() -> None:
    record = rotated(rotated(first(), MASTER, NOW + DAY), MASTER, LATER)
    assert [key.retired_at for key in record.keys] == [NOW + DAY, LATER, None]


def test_two_purposes_share_no_key() -> None:
    ring = opened(first(), MASTER)
    assert len({ring.derive("cursor"), ring.derive("session")}) == 2
    with pytest.raises(UnknownKey):
        ring.derive("cursor", 9)


def test_the_check_fits_its_master_key_only_and_differs_each_time() -> None:
    check = master_check(MASTER)
    assert master_fits(check, MASTER)
    assert not master_fits(check, OTHER)
    assert not master_fits(b"", MASTER)
    assert check != master_check(MASTER)


def test_a_wrong_master_key_opens_nothing() -> None:
    with pytest.raises(WrongMasterKey, match="not the one that this database was made with"):
        opened(first(), OTHER)
    with pytest.raises(WrongMasterKey):
        rewrapped(first(), OTHER, MASTER)


def test_another_master_key_wraps_the_same_data_keys() -> None:
    record = rotated(first(), MASTER, LATER)
    sealed = opened(record, MASTER).encrypt(b"secret", b"")
    moved = rewrapped(record, MASTER, OTHER)
    assert opened(moved, OTHER).decrypt(sealed, b"") == b"secret"
    assert [(key.id, key.created_at, key.retired_at) for key in moved.keys] == [
        (1, NOW, LATER),
        (2, LATER, None),
    ]
    with pytest.raises(WrongMasterKey):
        opened(moved, MASTER)


def test_a_wrapped_key_cannot_stand_under_another_id() -> None:
    record = first()
    swapped = KeyRecord(record.check, (replace(record.keys[0], id=2),))
    with pytest.raises(Undecipherable):
        opened(swapped, MASTER)


def test_nothing_of_a_key_is_printed() -> None:
    record = first()
    printed = repr(record) + repr(opened(record, MASTER))
    assert repr(record.keys[0].wrapped) not in printed
    assert "Ring(ids=[1], current_id=1)" in printed


def test_an_empty_database_gets_its_first_key_and_keeps_it() -> None:
    store = Kept()
    sealed = asyncio.run(service.open_ring(store, MASTER, NOW)).encrypt(b"x", b"")
    assert asyncio.run(service.open_ring(store, MASTER, LATER)).decrypt(sealed, b"") == b"x"
    assert [key.created_at for key in store.record.keys] == [NOW]


def test_of_two_first_starts_one_makes_the_key_and_both_use_it() -> None:
    winner = first()
    store = Kept(before_write=[winner])
    ring = asyncio.run(service.open_ring(store, MASTER, NOW))
    assert store.record is winner
    assert opened(winner, MASTER).decrypt(ring.encrypt(b"x", b""), b"") == b"x"


def test_serving_with_a_wrong_master_key_is_refused() -> None:
    store = Kept(first())
    for attempt in (
        service.open_ring(store, OTHER, NOW),
        service.rotate(store, OTHER, NOW),
        service.change_master(store, OTHER, MASTER),
        service.check(store, OTHER),
    ):
        with pytest.raises(WrongMasterKey):
            asyncio.run(attempt)


def test_rotations_at_once_do_not_overwrite_each_other() -> None:
    store = Kept(first())
    assert asyncio.run(service.rotate(store, MASTER, LATER)) == 2
    store.before_write = [rotated(store.record, MASTER, LATER)]
    with pytest.raises(KeysChanged):
        asyncio.run(service.rotate(store, MASTER, LATER))


def test_the_master_key_changes_in_the_store() -> None:
    store = Kept(first())
    asyncio.run(service.change_master(store, MASTER, OTHER))
    assert asyncio.run(service.check(store, OTHER)) is store.record
    assert asyncio.run(service.check(Kept(), OTHER)) == NO_KEYS


def test_a_held_ring_takes_up_what_was_rotated_since() -> None:
    store = Kept()
    held = asyncio.run(service.held_ring(store, MASTER, NOW))
    before = held.ring
    assert asyncio.run(held.renew()) is False and held.ring is before
    asyncio.run(service.rotate(store, MASTER, LATER))
    sealed = before.encrypt(b"x", b"")
    assert asyncio.run(held.renew()) is True and held.ring.current_id == 2
    assert held.ring.decrypt(sealed, b"") == b"x"
    assert MASTER.hex() not in repr(held) and repr(MASTER) not in repr(held)


def test_a_held_ring_stays_as_it_was_where_there_is_nothing_to_open() -> None:
    store = Kept()
    held = asyncio.run(service.held_ring(store, MASTER, NOW))
    before, record = held.ring, store.record
    store.record = NO_KEYS
    assert asyncio.run(held.renew()) is False
    store.record = rewrapped(record, MASTER, OTHER)
    assert asyncio.run(held.renew()) is False
    store.record = rotated(store.record, OTHER, LATER)
    with pytest.raises(WrongMasterKey):
        asyncio.run(held.renew())
    assert held.ring is before
