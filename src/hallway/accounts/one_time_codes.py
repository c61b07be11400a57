"""One-time codes (RFC 6238) and the recovery codes that stand in for them; arithmetic only.

Rules: six digits, thirty seconds, SHA-1, as every authenticator app has it; one step before and after is taken, and no
step twice; a recovery code has 80 random bits, so that a plain hash of it is enough.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

from hallway.accounts.model import RecoveryCode

SEED_BYTES: Final = 20
RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 10
_STEP: Final = 30 * 1_000_000
_DIGITS: Final = 6


def fitting_step(seed: bytes, code: str, now: int, last_step: int) -> int | None:
    """The step that a code is of, later than the last one used; None where it is of none."""
    tidy = "".join(code.split())
    if len(tidy) != _DIGITS or not (tidy.isascii() and tidy.isdigit()):
        return None
    middle, found = now // _STEP, None
    for step in (middle - 1, middle, middle + 1):
        if hmac.compare_digest(code_at(seed, step), tidy) and step > last_step and found is None:
            found = step
    return found


def code_at(seed: bytes, step: int) -> str:
    """The code of a step (RFC 4226 §5.3)."""
    digest = hmac.digest(seed, step.to_bytes(8, "big"), "sha1")
    place = digest[-1] & 15
    number = int.from_bytes(digest[place : place + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}d}"


def step_of(now: int) -> int:
    """The step of an instant."""
    return now // _STEP


def seed_text(seed: bytes) -> str:
    """The seed as a person types it into her app."""
    return base64.b32encode(seed).decode()


def seed_address(seed: bytes, issuer: str, email: str) -> str:
    """What the QR code has (Key Uri Format of Google Authenticator)."""
    label = f"{quote(issuer, safe='')}:{quote(email, safe='@')}"
    return f"otpauth://totp/{label}?secret={seed_text(seed)}&issuer={quote(issuer, safe='')}&digits=6&period=30"


def recovery_texts(entropy: bytes) -> Iterator[str]:
    """Codes to show once, of ten bytes each."""
    for start in range(0, len(entropy), RECOVERY_BYTES):
        text = base64.b32encode(entropy[start : start + RECOVERY_BYTES]).decode().lower()
        yield "-".join(text[place : place + 4] for place in range(0, len(text), 4))


def recovery_hash(text: str) -> bytes:
    """What is kept of a code; case, blanks and dashes do not matter."""
    tidy = "".join(sign for sign in text.lower() if sign.isalnum())
    return hashlib.sha256(f"recovery\0{tidy}".encode()).digest()


def fitting_code(codes: Sequence[RecoveryCode], text: str) -> RecoveryCode | None:
    """The unused code that the text is; each one is compared, in constant time."""
    digest = recovery_hash(text)
    fitting = [code for code in codes if hmac.compare_digest(code.hash, digest) and code.used_at is None]
    return fitting[0] if fitting else None
