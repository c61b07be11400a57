"""Marks that only this deployment can make: what they are of, and for what, is not in them."""

import base64
import hmac
from dataclasses import dataclass

from hallway.keys.model import UnknownKey
from hallway.keys.service import HeldRing


@dataclass(frozen=True, slots=True)
class Stamp:
    """Makes and checks marks for one purpose; one that was made before a key was rotated still fits."""

    keys: HeldRing
    purpose: str

    def made(self, subject: bytes) -> str:
        """The mark of a subject: the key's id, and a code of 16 bytes in base64url."""
        key_id = self.keys.ring.current_id
        return f"{key_id}.{self._code(subject, key_id)}"

    def fits(self, subject: bytes, mark: str) -> bool:
        """Whether the mark is the subject's; compared in constant time."""
        key_id, _, code = mark.partition(".")
        if not (key_id.isascii() and key_id.isdigit() and len(key_id) < 10 and code.isascii()):
            return False
        try:
            return hmac.compare_digest(self._code(subject, int(key_id)), code)
        except UnknownKey:
            return False

    def _code(self, subject: bytes, key_id: int) -> str:
        digest = hmac.digest(self.keys.ring.derive(f"stamp: {self.purpose}", key_id), subject, "sha256")
        return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")
