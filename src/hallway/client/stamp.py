"""Texts that the application gives to a browser and takes back unchanged: signed, not secret, for one purpose."""

import base64
import binascii
import hashlib
import hmac
from typing import Final

SHORTEST_SECRET: Final = 32


def stamped(purpose: str, octets: bytes, secret: bytes) -> str:
    """A text that `opened` takes for the same purpose only."""
    body = base64.urlsafe_b64encode(octets).decode().rstrip("=")
    return f"{body}.{_mark(purpose, body, secret)}"


def opened(purpose: str, text: str, secret: bytes) -> bytes | None:
    """What was stamped, None for anything else."""
    body, _, mark = text.partition(".")
    if not hmac.compare_digest(mark.encode(), _mark(purpose, body, secret).encode()):
        return None
    try:
        return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        return None


def _mark(purpose: str, body: str, secret: bytes) -> str:
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(f"the secret of the application's cookies has at least {SHORTEST_SECRET} bytes")
    digest = hmac.digest(secret, f"{purpose}.{body}".encode(errors="surrogatepass"), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
