"""Instants as SAML writes them: UTC, with a `Z`, with at most seven digits of fraction (SAML core §1.3.3)."""

import re
from datetime import UTC, datetime
from typing import Final

from hallway.saml.problem import SamlProblem

_FORM: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(?:Z|\+00:00)")


def instant(text: str) -> int:
    """Microseconds since 1970. Raises `SamlProblem`."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise SamlProblem("wrong_instant", "2026-01-31T09:30:00Z", text)
    seconds, fraction = match.groups()
    try:
        at = datetime.fromisoformat(seconds + "+00:00")
    except ValueError:
        raise SamlProblem("wrong_instant", "2026-01-31T09:30:00Z", text) from None
    return int(at.timestamp()) * 1_000_000 + int((fraction or "0")[:6].ljust(6, "0"))


def instant_text(at: int) -> str:
    """An instant to the millisecond, as we write it."""
    seconds, micro = divmod(at, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{micro // 1000:03d}Z"
