"""The query of an address as names and values.

Rules: `%XX` is decoded once, as UTF-8. A `+` is a space for senders that encode forms (`a+eq+%22b%22`) and a
plus for those that encode addresses (`a%20eq%20%22b+c%22`): outside of a quoted string it is a space; inside
one it is a space only where the sender wrote a space as `+` outside too and never as `%20`, and no bare `@` is
in the string, since who encodes forms writes `%40`. So an e-mail address with a plus survives all senders we know of.
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

_RUN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"?|[^"]+', re.DOTALL)
"""A quoted string, as in a filter, or what stands between two."""


def pairs(raw: bytes) -> list[tuple[str, str]]:
    """Every name and value in order; a name without `=` has the value "".

    Raises `UnicodeDecodeError` where the bytes are not UTF-8.
    """
    found = []
    for part in raw.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            found.append((decoded(name), decoded(value)))
    return found


def decoded(raw: bytes) -> str:
    """The text of one name or value. Raises `UnicodeDecodeError`."""
    return unquote_to_bytes(_pluses_settled(raw) if b"+" in raw else raw).decode()


def _pluses_settled(raw: bytes) -> bytes:
    """The value with a space for each `+` that means one."""
    bare = raw.replace(b"%22", b'"').replace(b"%5C", b"\\").replace(b"%5c", b"\\")
    runs = _RUN.findall(bare)
    form_encoded = b"%20" not in raw and any(b"+" in run for run in runs if not run.startswith(b'"'))
    return b"".join(
        run if run.startswith(b'"') and (not form_encoded or b"@" in run) else run.replace(b"+", b" ") for run in runs
    )
