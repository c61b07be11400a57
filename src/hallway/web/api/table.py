"""Every row of the REST API."""

from typing import Final

from hallway.web.api import events, organizations, receipts
from hallway.web.api import (
    attempts,
    connections,
    directories,
    domains,
    exchanges,
    members,
    organizations,
    people,
    setup_links,
    tokens,
)
from hallway.web.api.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *organizations.ENDPOINTS,
    *events.ENDPOINTS,
    *receipts.ENDPOINTS,
    *members.ENDPOINTS,
    *directories.ENDPOINTS,
    *tokens.ENDPOINTS,
    *people.ENDPOINTS,
    *exchanges.ENDPOINTS,
    *domains.ENDPOINTS,
    *connections.ENDPOINTS,
    *attempts.ENDPOINTS,
    *setup_links.ENDPOINTS,
)
"""Guards, the document, docs and tests read it."""
