"""Every row of the REST API."""

from typing import Final

from hallway.web.api import (
    applications,
    attempts,
    connections,
    contacts,
    directories,
    domains,
    enforcement,
    events,
    exchanges,
    members,
    organizations,
    people,
    receipts,
    setup_links,
    streams,
    tokens,
    waiting,
    webhooks,
)
from hallway.web.api.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *organizations.ENDPOINTS,
    *contacts.ENDPOINTS,
    *members.ENDPOINTS,
    *directories.ENDPOINTS,
    *tokens.ENDPOINTS,
    *streams.ENDPOINTS,
    *people.ENDPOINTS,
    *waiting.ENDPOINTS,
    *exchanges.ENDPOINTS,
    *domains.ENDPOINTS,
    *connections.ENDPOINTS,
    *enforcement.ENDPOINTS,
    *attempts.ENDPOINTS,
    *setup_links.ENDPOINTS,
    *applications.ENDPOINTS,
    *webhooks.ENDPOINTS,
    *events.ENDPOINTS,
    *receipts.ENDPOINTS,
)
"""Guards, the document, docs and tests read it."""
