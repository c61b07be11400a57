"""Where the REST API is served."""

from typing import Final

from hallway.web.api.endpoint import ROOT, Endpoint
from hallway.web.api.table import ENDPOINTS
from hallway.web.rows import API, NONE, Row, page


def _row(one: Endpoint) -> Row:
    """Programs call from anywhere: they bring a token, and no cookie opens anything."""
    return Row(one.method, one.path, API, one.name, one.summary, cross_site=True)


ROUTES: Final = (
    Row("GET", f"{ROOT}/openapi.json", NONE, "api_document", "The REST API as an OpenAPI 3.1 document."),
    page("GET", f"{ROOT}/docs", NONE, "api_docs", "The REST API for people."),
    *(_row(one) for one in ENDPOINTS),
)
"""The rows."""
