"""What the keys ask of a store."""

from typing import Protocol

from hallway.keys.model import KeyRecord


class KeyStore(Protocol):
    """The one key record of a database (a global table)."""

    async def read(self) -> KeyRecord:
        """The record, its keys in the order of their ids; `NO_KEYS` where none was written."""
        ...

    async def replace(self, record: KeyRecord, expected_check: bytes) -> None:
        """Write `record` if the stored one has `expected_check` (`b""`: none is stored), durably.

        In one transaction; else raises `KeysChanged` and writes nothing.
        """
        ...
