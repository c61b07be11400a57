"""What everybody may read: the provider's configuration and keys."""

from collections.abc import Mapping
from typing import Final

import orjson

from hallway.hub.applications.scopes import SCOPES
from hallway.oidc.json import JsonObject
from hallway.oidc.publishing import configuration, key_set
from hallway.web.http import Header, Request, Response
from hallway.web.oauth.ground import JSON, OauthGround
from hallway.web.routing import Handler

_FOR_ALL: Final[Header] = (b"access-control-allow-origin", b"*")
"""Nothing in it is anybody's: scripts of other sites may read it."""
KEYS_SECONDS: Final = 300
_CONFIGURATION_SECONDS: Final = 3600


class OauthDocuments:
    """Two documents."""

    def __init__(self, ground: OauthGround) -> None:
        self._ground = ground

    def handlers(self) -> Mapping[str, Handler]:
        """By their names in the route table."""
        return {"oauth_configuration": self.configuration, "oauth_keys": self.keys}

    async def configuration(self, _: Request) -> Response:
        """What we say of ourselves."""
        return _cached(configuration(self._ground.desk.issuer, tuple(SCOPES)), _CONFIGURATION_SECONDS)

    async def keys(self, _: Request) -> Response:
        """Our keys; the first one is made where nobody signed anything yet, so that the document is never empty."""
        await self._ground.desk.signing.key("ES256")
        return _cached(key_set(await self._ground.desk.signing.public()), KEYS_SECONDS)


def _cached(value: JsonObject, seconds: int) -> Response:
    caching = (b"cache-control", b"public, max-age=%d" % seconds)
    return Response(200, orjson.dumps(value), (JSON, caching, _FOR_ALL))
