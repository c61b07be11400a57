"""Cursors of lists that are in the order of names: the name is in them, so they are sealed."""

from contextlib import suppress
from typing import NamedTuple

import msgspec

from hallway.ids import MemberId
from hallway.keys.model import Undecipherable, UnknownKey
from hallway.web.api.paging import cursor, place
from hallway.web.api.problems import ApiProblem
from hallway.web.wiring import Hub


class Named(NamedTuple):
    """The last one of a page: what it is ordered by, and its id."""

    name: str
    id: bytes

    @property
    def member(self) -> MemberId:
        """The id, in a list of members."""
        return MemberId(self.id)


def sealed(hub: Hub, what: str, owner: bytes, last: tuple[str, bytes]) -> str:
    """The cursor behind this one, for this list of this owner alone."""
    return cursor(hub.keys.encrypt(msgspec.msgpack.encode(last), _context(what, owner)))


def opened(hub: Hub, what: str, owner: bytes, text: str) -> Named | None:
    """What a cursor names, None for the beginning. Raises `invalid_cursor`."""
    octets = place(text, None)
    if octets is None:
        return None
    with suppress(Undecipherable, UnknownKey, msgspec.MsgspecError):
        name, one = msgspec.msgpack.decode(hub.keys.decrypt(octets, _context(what, owner)), type=tuple[str, bytes])
        return Named(name, one)
    raise ApiProblem("invalid_cursor", "Use the `next` of a page of this very list, as it came, or begin anew.")


def _context(what: str, owner: bytes) -> bytes:
    return b"api cursor " + what.encode() + b" " + owner
