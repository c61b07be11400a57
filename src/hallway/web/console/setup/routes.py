"""The pages on which administrators make set-up links."""

from typing import Final

from hallway.web.rows import ADMIN, FRESH_ADMIN, Row, page

LINKS: Final = "/settings/setup-links"

ROUTES: Final[tuple[Row, ...]] = (
    page("GET", LINKS, ADMIN, "setup_links", "The organization's set-up links, and the form for a new one."),
    page("POST", LINKS, FRESH_ADMIN, "setup_link_create", "Make a link; it is mailed, or shown once."),
    page("GET", f"{LINKS}/made", ADMIN, "setup_link_once", "The address of the new link, this once."),
    page(
        "POST", f"{LINKS}/{{link}}/revoke", ADMIN, "setup_link_revoke", "End a link and every browser's session in it."
    ),
)
