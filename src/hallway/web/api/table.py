"""Every row of the REST API."""

from typing import Final

from hallway.web.api import events, organizations, receipts
from hallway.web.api.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *organizations.ENDPOINTS,
    *events.ENDPOINTS,
    *receipts.ENDPOINTS,
)
"""Guards, the document, docs and tests read it."""
