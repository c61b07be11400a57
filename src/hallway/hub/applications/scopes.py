"""What a key or an access token of the REST API may do: a closed list of words.

Rules: each route asks for one scope; the scope that writes an area also reads it, and reaches no other area.
"""

from collections.abc import Collection
from typing import Final

from hallway.hub.organizations.service import Refused

RECEIPTS: Final = "receipts:write"
SCOPES: Final = (
    "organizations:read",
    "organizations:write",
    "members:read",
    "members:write",
    "directories:read",
    "directories:write",
    "connections:read",
    "connections:write",
    "domains:read",
    "domains:write",
    "setup_links:read",
    "setup_links:write",
    "events:read",
    RECEIPTS,
    "applications:read",
    "applications:write",
    "webhooks:read",
    "webhooks:write",
)
"""Every scope; `web/scope_words.py` says what each allows."""


def checked_scopes(words: Collection[str]) -> tuple[str, ...]:
    """The scopes, each once, in the order of the list; refuses unknown ones, and none at all."""
    unknown = sorted(set(words) - set(SCOPES))
    if unknown:
        raise Refused("invalid", f"There is no scope {unknown[0]!r}. There are: {', '.join(SCOPES)}.")
    if not words:
        raise Refused("invalid", "Name at least one scope: what the bearer may do.")
    return tuple(scope for scope in SCOPES if scope in words)


def allows(held: Collection[str], wanted: str) -> bool:
    """Whether these scopes are enough for a route."""
    area, _, act = wanted.partition(":")
    return wanted in held or (act == "read" and f"{area}:write" in held)
