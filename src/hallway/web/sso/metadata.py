"""What providers read of us: SAML metadata of one connection, or the public key of an OpenID client."""

from collections.abc import Mapping
from typing import Final

from hallway.hub.connections.addresses import acs_url, entity_id, logout_url
from hallway.hub.connections.model import DAY, Protocol
from hallway.saml.metadata import ServiceProvider, service_provider_metadata
from hallway.saml.writing import octets
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.routing import Handler
from hallway.web.sso.ground import SsoGround

VALID_DAYS: Final = 14


class SsoMetadata:
    """The page for programs."""

    def __init__(self, ground: SsoGround) -> None:
        self._ground = ground

    def handlers(self) -> Mapping[str, Handler]:
        """By their names in the route table."""
        return {"sso_metadata": self.metadata, "sso_jwks": self.jwks}

    async def metadata(self, request: Request) -> Response:
        """An EntityDescriptor, valid for two weeks; every certificate of ours signs, the first one is encrypted to."""
        connection, desk = await self._ground.connection(request), self._ground.desk
        if connection.protocol is not Protocol.SAML:
            raise EdgeProblem(404, "This connection does not speak SAML.")
        own = ServiceProvider(
            entity_id(desk.base_url, connection),
            (acs_url(desk.base_url, connection), *connection.saml.more_acs_urls),
            logout_url(desk.base_url, connection),
            connection.saml.certificates,
            connection.saml.certificates[:1],
            self._ground.account.pages.brand.name,
            desk.clock() + VALID_DAYS * DAY,
        )
        body = b'<?xml version="1.0" encoding="UTF-8"?>\n' + octets(service_provider_metadata(own))
        return Response(200, body, ((b"content-type", b"application/samlmetadata+xml; charset=utf-8"),))

    async def jwks(self, request: Request) -> Response:
        """The public key that proves us where the client has no secret (private_key_jwt), as a JWK Set."""
        connection = await self._ground.connection(request)
        if connection.protocol is not Protocol.OIDC:
            raise EdgeProblem(404, "This connection does not speak OpenID Connect.")
        keys = f'{{"keys":[{connection.oidc.own_public}]}}'
        return Response(200, keys.encode(), ((b"content-type", b"application/jwk-set+json"),))
