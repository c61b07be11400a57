"""The pages of connections and of attempts, and who may open them."""

from typing import Final

from hallway.web.rows import ADMIN, FRESH_ADMIN, Row, page

ONE: Final = "/connections/{connection}"
KEY: Final = f"{ONE}/keys/{{key}}"

ROUTES: Final[tuple[Row, ...]] = (
    page("GET", "/connections/new", ADMIN, "connection_new", "Choose a name and whose product signs people in."),
    page("POST", "/connections/new", ADMIN, "connection_create", "Make a connection, as a draft."),
    page("GET", "/connections/attempts", ADMIN, "attempts", "Sign-ins, found by person and time."),
    page("GET", "/connections/attempts/{attempt}", ADMIN, "attempt", "One sign-in: what came, and why it ended so."),
    page("GET", ONE, ADMIN, "connection", "A connection: what is left to do, its state, its last sign-ins."),
    page("GET", f"{ONE}/guide", ADMIN, "connection_guide", "What to paste at the provider, in its own words."),
    page("GET", f"{ONE}/metadata", FRESH_ADMIN, "connection_metadata", "One box for metadata, address, certificate."),
    page("POST", f"{ONE}/metadata", FRESH_ADMIN, "connection_metadata_take", "Take what stood in the box."),
    page("POST", f"{ONE}/client", FRESH_ADMIN, "connection_client_take", "Take issuer, client ID and secret."),
    page("POST", f"{ONE}/refresh", ADMIN, "connection_refresh", "Read the provider's metadata again now."),
    page("GET", f"{ONE}/domains", ADMIN, "connection_domains", "Whose people are sent here."),
    page("POST", f"{ONE}/domains", FRESH_ADMIN, "connection_domains_save", "Write the domains."),
    page("GET", f"{ONE}/settings", ADMIN, "connection_settings", "Name, attributes, and what it may do."),
    page("POST", f"{ONE}/settings", FRESH_ADMIN, "connection_settings_save", "Write them."),
    page("GET", f"{ONE}/keys", ADMIN, "connection_keys", "The provider's keys and ours, with their ends."),
    page("POST", f"{KEY}/approve", FRESH_ADMIN, "connection_key_approve", "Trust a key."),
    page("POST", f"{KEY}/reject", FRESH_ADMIN, "connection_key_reject", "Never trust a key by itself."),
    page("POST", f"{KEY}/remove", FRESH_ADMIN, "connection_key_remove", "Trust a key no more."),
    page("POST", f"{ONE}/own-key", FRESH_ADMIN, "connection_own_key", "Renew our certificate, step by step."),
    page("POST", f"{ONE}/test", ADMIN, "connection_test", "Begin a test sign-in; it signs nobody in."),
    page("POST", f"{ONE}/enable", FRESH_ADMIN, "connection_enable", "Sign people in from now on."),
    page("POST", f"{ONE}/disable", FRESH_ADMIN, "connection_disable", "Refuse everybody from now on."),
    page("POST", f"{ONE}/default", FRESH_ADMIN, "connection_default", "Send people here whose domain none names."),
    page("POST", f"{ONE}/delete", FRESH_ADMIN, "connection_delete", "Delete it."),
)
