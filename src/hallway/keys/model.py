"""What is kept of keys, and what can be wrong with them."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DataKey:
    """A key that encrypts, itself encrypted ("wrapped") under the master key.

    The one without `retired_at` encrypts; the retired ones still decrypt. Instants are microseconds since 1970.
    """

    id: int
    wrapped: bytes = field(repr=False)
    created_at: int
    retired_at: int | None = None


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """All that a database keeps of keys.

    `check` tells whether a master key is the right one, and is drawn anew with every change of the record: it
    is the record's version too. A database without keys has `NO_KEYS`.
    """

    check: bytes = field(repr=False)
    keys: tuple[DataKey, ...]


NO_KEYS = KeyRecord(b"", ())


class WrongMasterKey(Exception):
    """The master key is not the one that this database's keys are wrapped with."""

    def __init__(self) -> None:
        super().__init__(
            "The master key is not the one that this database was made with. "
            "Set master_key or master_key_file to the right one; nothing was read or changed."
        )


class KeysChanged(Exception):
    """Another process changed the keys between reading and writing; nothing was written."""


class UnknownKey(Exception):
    """The ring has no key of this id.

    Another process rotated since (read the ring again, once), or the bytes are not ours.
    """

    def __init__(self, key_id: int) -> None:
        super().__init__(f"no data key {key_id}")
        self.key_id = key_id


class Undecipherable(Exception):
    """The bytes were not encrypted here, not for this place, or were changed since."""
