"""The REST API put together: the guard, the handlers, the document."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec

from hallway.hub.applications.api_keys import KeyUses
from hallway.secret_text import API
from hallway.web.api.door import JSON, ApiDoor
from hallway.web.api.guard import ApiGuard, ApplicationTokens, KeyTokens
from hallway.web.api.openapi import document
from hallway.web.api.repeats import Repeats
from hallway.web.api.table import ENDPOINTS
from hallway.web.http import Request, Response
from hallway.web.limits import Bucket, RateLimiter
from hallway.web.routing import Handler
from hallway.web.wiring import Hub, application_desk

_CACHED: Final = (b"cache-control", b"public, max-age=300")


class Api:
    """The handlers by their names in the route table; `flush` writes when keys were used."""

    def __init__(self, hub: Hub, clock: Callable[[], int]) -> None:
        settings = hub.settings
        uses = KeyUses(hub.stores.api_keys)
        per_caller = RateLimiter(Bucket(settings.rate_limit_per_second, settings.rate_limit_burst))
        failures = settings.failed_authentication_per_minute
        guard = ApiGuard(
            {API: KeyTokens(hub.stores.api_keys, uses), "": ApplicationTokens(application_desk(hub))},
            clock, per_caller, RateLimiter(Bucket(failures / 60, max(failures, 1))),
        )  # fmt: skip
        door = ApiDoor(hub, guard, Repeats(hub.stores.answers, hub.keys), clock)
        self.document = document(ENDPOINTS, settings.base_url)
        told = msgspec.json.encode(self.document)

        async def api_document(_: Request) -> Response:
            return Response(200, told, (JSON, _CACHED))

        self.handlers: Mapping[str, Handler] = {**door.handlers(ENDPOINTS), "api_document": api_document}
        self.flush: Callable[[], Awaitable[None]] = uses.flush
