"""Logout tokens of OpenID providers, server to server."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

import orjson

from hallway.hub.connections.model import Protocol
from hallway.hub.sign_in.model import TurnedAway
from hallway.hub.sign_in.openid_leaving import ended_by_token
from hallway.oidc.problem import OidcProblem
from hallway.web.http import Request, Response
from hallway.web.routing import Handler
from hallway.web.sso.ground import SsoGround

LIMIT_BYTES: Final = 96 * 1024


class SsoBackChannel:
    """The door for programs of providers."""

    def __init__(self, ground: SsoGround) -> None:
        self._ground = ground

    def handlers(self) -> Mapping[str, Handler]:
        """By their names in the route table."""
        return {"sso_backchannel": self.logout}

    async def logout(self, request: Request) -> Response:
        """200 once the sessions ended; 400 with an OAuth error for what is refused (§2.8)."""
        ground, connection = self._ground, await self._ground.connection(request)
        if connection.protocol is not Protocol.OIDC or not connection.is_complete:
            return _refused("This connection takes no logout tokens.")
        try:
            pairs = parse_qsl((await request.body(LIMIT_BYTES)).decode("ascii"), max_num_fields=10)
        except ValueError:
            return _refused("The form cannot be read.")
        tokens = [value for name, value in pairs if name == "logout_token"]
        if len(tokens) != 1:
            return _refused("A form has one logout_token.")
        try:
            await ended_by_token(ground.desk, connection, tokens[0])
        except OidcProblem as problem:
            ground.note(request, connection, problem.code)
            return _refused(str(problem))
        except TurnedAway:
            return _refused("This token was used before.")
        return Response(200)


def _refused(why: str) -> Response:
    body = orjson.dumps({"error": "invalid_request", "error_description": why})
    return Response(400, body, ((b"content-type", b"application/json"),))
