"""What each scope of the REST API allows, in words: for the operators' forms and the reference."""

from collections.abc import Mapping
from typing import Final

from hallway.web.language import N_, Language

SCOPE_WORDS: Final[Mapping[str, str]] = {
    "organizations:read": N_("See organizations."),
    "organizations:write": N_("Make, change, suspend and delete organizations."),
    "members:read": N_("See members and their roles."),
    "members:write": N_("Invite members, change their roles, deactivate and remove them."),
    "directories:read": N_("See directories, their tokens without secrets, people, groups and recorded exchanges."),
    "directories:write": N_("Make, change and delete directories; make and end their tokens."),
    "connections:read": N_("See connections to identity providers, and sign-in attempts."),
    "connections:write": N_("Make, change, switch and delete connections."),
    "domains:read": N_("See domains."),
    "domains:write": N_("Claim, check and give up domains."),
    "setup_links:read": N_("See set-up links without their addresses."),
    "setup_links:write": N_("Make and revoke set-up links."),
    "events:read": N_("Read the feed of events, and snapshots."),
    "receipts:write": N_("Answer events with what the application did."),
    "applications:read": N_("See applications without their secrets."),
    "applications:write": N_("Make and change applications; make and end their secrets."),
    "webhooks:read": N_("See webhooks and their deliveries."),
    "webhooks:write": N_("Make, change and delete webhooks; deliver again."),
}
"""By scope, in the order of `SCOPES`."""


def scope_choices(language: Language) -> list[tuple[str, str, str]]:
    """What a form offers: value, label and hint of each."""
    return [(scope, scope, language.text(says)) for scope, says in SCOPE_WORDS.items()]
