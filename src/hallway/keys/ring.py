"""Keys as arithmetic: wrapping, encrypting, deriving, rotating.

Rules: every use of a key goes through HKDF with its own purpose, so that no two uses share a key. A
ciphertext is version (1 byte), data key id (4 bytes, big-endian), nonce (12 bytes), AES-256-GCM output;
header and context are authenticated.
"""

import hmac
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hallway.keys.model import DataKey, KeyRecord, Undecipherable, UnknownKey, WrongMasterKey

KEY_BYTES = 32
_NONCE_BYTES = 12
_HEADER_BYTES = 5
_VERSION = b"\x01"
_ENCRYPTION = "encryption at rest"


class Ring:
    """The opened data keys of a database; the current one encrypts, all of them decrypt."""

    __slots__ = ("_ciphers", "_keys", "current_id")

    def __init__(self, keys: Mapping[int, bytes], current_id: int) -> None:
        self._keys = dict(keys)
        self._ciphers = {key_id: AESGCM(_derived(key, _ENCRYPTION)) for key_id, key in keys.items()}
        self.current_id = current_id

    def __repr__(self) -> str:
        return f"Ring(ids={sorted(self._keys)}, current_id={self.current_id})"

    def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        """Ciphertext that only the same `context` opens: name table, row and column in it."""
        header = _VERSION + self.current_id.to_bytes(4, "big")
        nonce = os.urandom(_NONCE_BYTES)
        return header + nonce + self._ciphers[self.current_id].encrypt(nonce, plaintext, header + context)

    def decrypt(self, ciphertext: bytes, context: bytes) -> bytes:
        """The plaintext; raises `UnknownKey` (the ring may be out of date) or `Undecipherable`."""
        header, nonce = ciphertext[:_HEADER_BYTES], ciphertext[_HEADER_BYTES : _HEADER_BYTES + _NONCE_BYTES]
        if len(nonce) != _NONCE_BYTES or header[:1] != _VERSION:
            raise Undecipherable("not a ciphertext of ours")
        key_id = key_id_of(ciphertext)
        if key_id not in self._ciphers:
            raise UnknownKey(key_id)
        return _opened(self._ciphers[key_id], nonce, ciphertext[_HEADER_BYTES + _NONCE_BYTES :], header + context)

    def derive(self, purpose: str, key_id: int | None = None) -> bytes:
        """32 bytes for one purpose, from the current data key or from the one named; raises `UnknownKey`.

        What is sealed with it should carry the key's id, so that it can be opened after a rotation.
        """
        chosen = self.current_id if key_id is None else key_id
        if chosen not in self._keys:
            raise UnknownKey(chosen)
        return _derived(self._keys[chosen], f"derived: {purpose}")


def key_id_of(ciphertext: bytes) -> int:
    """The id of the data key that a ciphertext was made with."""
    return int.from_bytes(ciphertext[1:_HEADER_BYTES], "big")


def opened(record: KeyRecord, master: bytes) -> Ring:
    """The ring of a record that holds keys; raises `WrongMasterKey`."""
    if not master_fits(record.check, master):
        raise WrongMasterKey
    keys = {key.id: _unwrapped(key, master) for key in record.keys}
    return Ring(keys, current(record).id)


def current(record: KeyRecord) -> DataKey:
    """The data key that encrypts."""
    return max((key for key in record.keys if key.retired_at is None), key=lambda key: key.id)


def rotated(record: KeyRecord, master: bytes, now: int) -> KeyRecord:
    """The record with a new current data key, the former ones retired; the first key of `NO_KEYS`."""
    former = tuple(
        DataKey(key.id, key.wrapped, key.created_at, now if key.retired_at is None else key.retired_at)
        for key in record.keys
    )
    key_id = max((key.id for key in former), default=0) + 1
    fresh = DataKey(key_id, _wrapped(os.urandom(KEY_BYTES), key_id, master), now)
    return KeyRecord(master_check(master), (*former, fresh))


def rewrapped(record: KeyRecord, master: bytes, new_master: bytes) -> KeyRecord:
    """The same data keys under another master key; raises `WrongMasterKey`."""
    if not master_fits(record.check, master):
        raise WrongMasterKey
    keys = tuple(
        DataKey(key.id, _wrapped(_unwrapped(key, master), key.id, new_master), key.created_at, key.retired_at)
        for key in record.keys
    )
    return KeyRecord(master_check(new_master), keys)


def master_check(master: bytes) -> bytes:
    """A value that tells whether a master key is this one, and nothing else of it; new at each call."""
    salt = os.urandom(16)
    return salt + _check_code(master, salt)


def master_fits(check: bytes, master: bytes) -> bool:
    """Whether `check` was made with this master key."""
    return hmac.compare_digest(check[16:], _check_code(master, check[:16]))


def _check_code(master: bytes, salt: bytes) -> bytes:
    return hmac.digest(_derived(master, "master key check"), salt, "sha256")


def _wrapped(key: bytes, key_id: int, master: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _wrapping(master).encrypt(nonce, key, key_id.to_bytes(4, "big"))


def _unwrapped(key: DataKey, master: bytes) -> bytes:
    nonce, sealed = key.wrapped[:_NONCE_BYTES], key.wrapped[_NONCE_BYTES:]
    return _opened(_wrapping(master), nonce, sealed, key.id.to_bytes(4, "big"))


def _opened(cipher: AESGCM, nonce: bytes, sealed: bytes, authenticated: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, sealed, authenticated)
    except InvalidTag:
        raise Undecipherable("the bytes were changed, or belong to another place") from None


def _wrapping(master: bytes) -> AESGCM:
    return AESGCM(_derived(master, "data key wrapping"))


def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"hallway/1 " + purpose.encode()).derive(key)
