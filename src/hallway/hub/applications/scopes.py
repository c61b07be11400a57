"""What a key or an access token of the REST API may do: a closed list of words.

Rules: each route asks for one scope; the scope that writes an area also reads it, and reaches no other area.
"""

from collections.abc import Collection
from typing import Final

from hallway.hub.organizations.service import Refused

RECEIPTS: Final = "receipts:write"
SCOPES: Final = {
    "organizations:read": "See organizations.",
    "organizations:write": "Make, change, suspend and delete organizations.",
    "members:read": "See members and their roles.",
    "members:write": "Invite members, change their roles, deactivate and remove them.",
    "directories:read": "See directories, their tokens without secrets, people, groups and recorded exchanges.",
    "directories:write": "Make, change and delete directories; make and end their tokens.",
    "connections:read": "See connections to identity providers, and sign-in attempts.",
    "connections:write": "Make, change, switch and delete connections.",
    "domains:read": "See domains.",
    "domains:write": "Claim, check and give up domains.",
    "setup_links:read": "See set-up links without their addresses.",
    "setup_links:write": "Make and revoke set-up links.",
    "events:read": "Read the feed of events, and snapshots.",
    RECEIPTS: "Answer events with what the application did.",
    "receipts:write": "Answer events with what the application did.",
    "applications:read": "See applications without their secrets.",
    "applications:write": "Make and change applications; make and end their secrets.",
    "webhooks:read": "See webhooks and their deliveries.",
    "webhooks:write": "Make, change and delete webhooks; deliver again.",
}
"""Every scope, with what it allows."""


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
