"""Signatures of Standard Webhooks: HMAC-SHA256 over id, instant and body, one for each secret that is alive.

Rules: what is signed is what is sent, octet by octet; the instant is that of the attempt; ids hold no full stop.
"""

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import orjson

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """A secret that signs; it ends at `ends_at` where another one took its place."""

    octets: bytes = field(repr=False)
    made_at: int
    ends_at: int | None = None

    @property
    def text(self) -> str:
        """What the receiver keeps."""
        return PREFIX + base64.b64encode(self.octets).decode()

    def signs(self, now: int) -> bool:
        """Whether it is alive."""
        return self.ends_at is None or now < self.ends_at


def signed_headers(
    message_id: str, at_seconds: int, body: bytes, secrets: Sequence[SigningSecret]
) -> tuple[tuple[str, str], ...]:
    """The three headers; `secrets` are those that are alive, the newest first."""
    signed = b".".join((message_id.encode(), str(at_seconds).encode(), body))
    signatures = (base64.b64encode(hmac.digest(one.octets, signed, sha256)).decode() for one in secrets)
    return (
        ("webhook-id", message_id),
        ("webhook-timestamp", str(at_seconds)),
        ("webhook-signature", " ".join(f"v1,{one}" for one in signatures)),
    )


def packed(secrets: Sequence[SigningSecret]) -> bytes:
    """What is sealed of secrets."""
    return orjson.dumps([[base64.b64encode(one.octets).decode(), one.made_at, one.ends_at] for one in secrets])


def unpacked(octets: bytes) -> tuple[SigningSecret, ...]:
    """The value of `packed`."""
    return tuple(SigningSecret(base64.b64decode(text), made, ends) for text, made, ends in orjson.loads(octets))
