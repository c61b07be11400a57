"""Lists in pages: a cursor names the last thing of the page before, and nothing else.

Rules: a cursor is opaque to whoever holds it; it holds an id or a name of this list, never a person's; what was
deleted meanwhile ends no list.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypeVar

from msgspec import Meta

from hallway.web.api.endpoint import Body
from hallway.web.api.problems import ApiProblem

MOST: Final = 200
DEFAULT: Final = 50
_LONGEST: Final = 400

Limit = Annotated[int, Meta(ge=1, le=MOST, description="How many at most.", examples=[50])]
After = Annotated[str, Meta(max_length=_LONGEST, description="The `next` of the page before.", examples=[""])]
Next = Annotated[
    str | None,
    Meta(
        description="The cursor of the next page, for `after`; null on the last one.",
        examples=["AZrNAAAAcACAAAAAAAAAAA"],
    ),
]

T = TypeVar("T")


class Paged(Body, frozen=True, kw_only=True):
    """Which page of a list."""

    limit: Limit = DEFAULT
    after: After = ""


def cursor(octets: bytes) -> str:
    """The text of a place in a list."""
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def place(after: str, size_bytes: int | None = 16) -> bytes | None:
    """The place that a cursor names, None for the beginning; raises `invalid_cursor`."""
    if not after:
        return None
    try:
        octets = base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        octets = b""
    if not octets or (size_bytes is not None and len(octets) != size_bytes):
        raise ApiProblem("invalid_cursor", "Use the `next` of a page of this very list, as it came, or begin anew.")
    return octets


def sliced(
    everything: Sequence[T], key: Callable[[T], bytes], asked: Paged, size_bytes: int | None = 16
) -> tuple[list[T], str | None]:
    """A page of a list that is in memory whole, put in the order of its keys; and the next cursor."""
    begin = place(asked.after, size_bytes)
    return _cut(sorted((one for one in everything if begin is None or key(one) > begin), key=key), key, asked)


def sliced_back(everything: Sequence[T], key: Callable[[T], bytes], asked: Paged) -> tuple[list[T], str | None]:
    """The same from the last key to the first: the newest of what has ids first."""
    begin = place(asked.after)
    left = (one for one in everything if begin is None or key(one) < begin)
    return _cut(sorted(left, key=key, reverse=True), key, asked)


def _cut(following: list[T], key: Callable[[T], bytes], asked: Paged) -> tuple[list[T], str | None]:
    page = following[: asked.limit]
    return page, cursor(key(page[-1])) if len(following) > len(page) else None
