"""The whole route table. Guards, docs and tests read it; nothing is served that does not stand here."""

from typing import Final

from hallway.web.account.routes import ROUTES as ACCOUNT_ROUTES
from hallway.web.api.routes import ROUTES as API_ROUTES
from hallway.web.console.routes import ROUTES as CONSOLE_ROUTES
from hallway.web.frame import ROUTES as FRAME_ROUTES
from hallway.web.mail_pages import ROUTES as MAIL_ROUTES
from hallway.web.oauth.routes import ROUTES as OAUTH_ROUTES
from hallway.web.operator.routes import ROUTES as OPERATOR_ROUTES
from hallway.web.rows import METRICS_TOKEN, NONE, Row
from hallway.web.scim_routes import ROUTES as SCIM_ROUTES
from hallway.web.setup.routes import ROUTES as SETUP_ROUTES
from hallway.web.sso.routes import ROUTES as SSO_ROUTES
from hallway.web.streams import ROUTES as STREAM_ROUTES

OPERATION_ROUTES: Final = (
    Row("GET", "/healthz", NONE, "healthz", "200 while the process lives.", any_host=True),
    Row("GET", "/readyz", NONE, "readyz", "200 when it can serve, 503 and why when not.", any_host=True),
    Row("GET", "/metrics", METRICS_TOKEN, "metrics", "Counters for Prometheus.", any_host=True),
)

ROUTES: Final[tuple[Row, ...]] = (
    *OPERATION_ROUTES,
    *SCIM_ROUTES,
    *API_ROUTES,
    *FRAME_ROUTES,
    *ACCOUNT_ROUTES,
    *CONSOLE_ROUTES,
    *SETUP_ROUTES,
    *SSO_ROUTES,
    *OAUTH_ROUTES,
    *OPERATOR_ROUTES,
    *MAIL_ROUTES,
    *STREAM_ROUTES,
)
"""Every route."""
