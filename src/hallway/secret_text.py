"""Secrets of ours that name their owner: found without a look-up table, kept only as the SHA-256 of their secret part.

The text is a readable prefix and base64url of the owner's id (16 bytes), the row's id (16) and the secret (32).
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

LINK: Final = "hw_link_"
INVITE: Final = "hw_invite_"
SETUP: Final = "hw_setup_"
API: Final = "hw_api_"
CLIENT: Final = "hw_client_"
CODE: Final = "hw_code_"
REFRESH: Final = "hw_refresh_"
STREAM: Final = "hw_stream_"

SECRET_BYTES: Final = 32
_ID_BYTES: Final = 16
_TEXT_LENGTH: Final = 86
"""64 bytes in base64url without padding."""


@dataclass(frozen=True, slots=True)
class SecretText:
    """What a secret of ours says: whose tenant, which row, and the part that proves it."""

    owner: bytes
    row: bytes
    secret: bytes

    @property
    def hash(self) -> bytes:
        """What is kept of it."""
        return hashlib.sha256(self.secret).digest()

    def fits(self, kept: bytes) -> bool:
        """Whether the row keeps this secret's hash; compared in constant time."""
        return hmac.compare_digest(self.hash, kept)

    def text(self, prefix: str) -> str:
        """What the bearer holds."""
        octets = base64.urlsafe_b64encode(self.owner + self.row + self.secret)
        return prefix + octets.decode().rstrip("=")


def read_secret(prefix: str, text: str) -> SecretText | None:
    """The parts of a secret with this prefix, or None where it is not one."""
    body = text.removeprefix(prefix)
    if len(body) != _TEXT_LENGTH or len(text) != len(prefix) + _TEXT_LENGTH or not body.isascii():
        return None
    try:
        octets = base64.b64decode(body + "==", altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    found = SecretText(octets[:_ID_BYTES], octets[_ID_BYTES : 2 * _ID_BYTES], octets[2 * _ID_BYTES :])
    # The last character has bits to spare: of the texts that say the same octets, one is the secret.
    return found if found.text(prefix) == text else None
