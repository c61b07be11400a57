"""Every row of the REST API."""

from typing import Final

from hallway.web.api import organizations, receipts
from hallway.web.api.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint, ...]] = (*organizations.ENDPOINTS, *receipts.ENDPOINTS)
"""Guards, the document, docs and tests read it."""
