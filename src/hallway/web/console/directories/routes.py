"""The pages of directories, and who may open them."""

from typing import Final

from hallway.web.rows import ADMIN, FRESH_ADMIN, Row, page

ONE: Final = "/directories/{directory}"

ROUTES: Final[tuple[Row, ...]] = (
    page("GET", "/directories", ADMIN, "directories", "The organization's directories."),
    page("GET", "/directories/new", ADMIN, "directory_new", "Choose a provider and a name."),
    page("POST", "/directories/new", ADMIN, "directory_create", "Make a directory and its first token."),
    page("GET", ONE, ADMIN, "directory", "A directory at a glance: state, counts, requests, health."),
    page("GET", f"{ONE}/setup", ADMIN, "directory_setup", "How to connect this provider, and the first request."),
    page("GET", f"{ONE}/tokens", ADMIN, "directory_tokens", "The tokens, with their last use."),
    page("POST", f"{ONE}/tokens", FRESH_ADMIN, "directory_token_create", "Make another token; it is shown once."),
    page("POST", f"{ONE}/tokens/{{token}}/rotate", FRESH_ADMIN, "directory_token_rotate", "Make its successor."),
    page("POST", f"{ONE}/tokens/{{token}}/revoke", FRESH_ADMIN, "directory_token_revoke", "End a token now."),
    page("GET", f"{ONE}/token", ADMIN, "directory_token_once", "The new token, this once."),
    page("GET", f"{ONE}/activity", ADMIN, "directory_activity", "Exchanges, filtered and searched."),
    page("GET", f"{ONE}/activity/{{exchange}}", ADMIN, "directory_exchange", "One exchange and what it meant."),
    page("GET", f"{ONE}/people", ADMIN, "directory_people", "Directory users, found while one types."),
    page("GET", f"{ONE}/people/{{user}}", ADMIN, "directory_person", "One person: attributes, groups, history."),
    page("GET", f"{ONE}/groups", ADMIN, "directory_groups", "Groups, found while one types."),
    page("GET", f"{ONE}/groups/{{group}}", ADMIN, "directory_group", "One group and its members."),
    page("GET", f"{ONE}/waiting", ADMIN, "directory_waiting", "Who is not a member yet, and why."),
    page("POST", f"{ONE}/waiting/{{user}}", FRESH_ADMIN, "directory_accept", "Confirm or dismiss somebody who waits."),
    page("GET", f"{ONE}/settings", ADMIN, "directory_settings", "Name, rules, schemas; switch off, delete."),
    page("POST", f"{ONE}/settings", FRESH_ADMIN, "directory_settings_save", "Write name, rules and schemas."),
    page("POST", f"{ONE}/disable", FRESH_ADMIN, "directory_disable", "Refuse writes."),
    page("POST", f"{ONE}/enable", FRESH_ADMIN, "directory_enable", "Take writes again."),
    page("POST", f"{ONE}/delete", FRESH_ADMIN, "directory_delete", "Delete it, with a word about its people."),
)
