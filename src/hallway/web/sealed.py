"""Values on their way through a browser and back: sealed, for one purpose, for a while.

Rules: a browser can neither read nor change one; another purpose does not open it; what came too late is not there.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import orjson

from hallway.keys.model import Undecipherable, UnknownKey
from hallway.keys.service import HeldRing
from hallway.scim.json import JsonObject

_LONGEST: Final = 3000


@dataclass(frozen=True, slots=True)
class Sealed:
    """Seals with the deployment's keys; `clock` in microseconds."""

    keys: HeldRing
    clock: Callable[[], int]

    def text(self, purpose: str, value: JsonObject, seconds: int) -> str:
        """The value as a text of letters, digits, `-` and `_`."""
        plain = orjson.dumps({"until": self.clock() + seconds * 1_000_000, "value": value})
        return base64.urlsafe_b64encode(self.keys.encrypt(plain, b"browser: " + purpose.encode())).decode().rstrip("=")

    def value(self, purpose: str, text: str) -> JsonObject | None:
        """The value of a text, None where it is not one of ours for this purpose, or too old."""
        if not text or len(text) > _LONGEST or not text.isascii():
            return None
        try:
            sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            read = orjson.loads(self.keys.decrypt(sealed, b"browser: " + purpose.encode()))
        except (ValueError, Undecipherable, UnknownKey):
            return None
        value: JsonObject | None = read["value"] if self.clock() < read["until"] else None
        return value
