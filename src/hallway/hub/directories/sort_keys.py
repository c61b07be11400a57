"""Instants as texts that sort as they do: written into cursors, and read back to go on from."""

from typing import Final

_SHIFT: Final = 10**21
"""Before every instant of the years 1 to 9999, in nanoseconds."""


def instant_key(nanoseconds: int) -> str:
    """A text that sorts as the instant does."""
    return f"{nanoseconds + _SHIFT:022d}"


def microseconds_of(key: str) -> int:
    """The instant of a key, in the unit that rows have."""
    return (int(key) - _SHIFT) // 1000
