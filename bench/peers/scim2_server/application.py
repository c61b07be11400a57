"""scim2-server's own ASGI application over its in-memory storage, with a bearer token: `uvicorn application:app`.

It is the class that the package's documentation names for a server such as uvicorn; its command
(`scim2-server`) serves the same core under the standard library's WSGI server, which would be slower.
"""

import logging
import os

from scim2_models import UnauthorizedException
from scim2_server.applications.asgi import ASGIApplication
from scim2_server.memory import AsyncInMemoryStorage
from scim2_server.requests import ScimRequest
from scim2_server.utils import load_default_provider

_AUTHORIZATION = f"Bearer {os.environ['BENCH_TOKEN']}"


class BearerTokenApplication(ASGIApplication):
    """Accepts one static token, as the package's own test server does."""

    def check_auth(self, request: ScimRequest) -> None:
        """Refuse a request without the token."""
        if request.header("Authorization") != _AUTHORIZATION:
            raise UnauthorizedException


logging.getLogger("scim2_server").setLevel(logging.WARNING)
app = BearerTokenApplication(AsyncInMemoryStorage(), load_default_provider())
