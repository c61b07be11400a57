"""Single logout: the provider's messages, and ours when somebody signs out here."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from hallway.accounts.model import Session
from hallway.hub.connections.addresses import logout_url
from hallway.hub.connections.model import Connection, Protocol
from hallway.hub.sign_in import openid_leaving
from hallway.hub.sign_in.leaving import answered_by_provider, departure, ended_by_provider, party_of
from hallway.hub.sign_in.model import Kind, TurnedAway
from hallway.hub.sign_in.saml import trust_of
from hallway.saml.bindings import MOST_RELAY_STATE, redirected
from hallway.saml.problem import SamlProblem
from hallway.saml.xml import decoded_base64
from hallway.web.http import MalformedRequest, Request, Response
from hallway.web.language import N_
from hallway.web.rows import PageHandler
from hallway.web.sso.ground import SsoGround, led

LIMIT_BYTES = 512 * 1024


class SsoLeaving:
    """Signing out through connections."""

    def __init__(self, ground: SsoGround) -> None:
        self._ground = ground

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {"sso_logout": self.by_address, "sso_logout_posted": self.by_form}

    async def by_address(self, request: Request, _: Any) -> Response:
        """A message in the query (redirect binding), signed by the octets of the query; of an OpenID provider, who
        comes back.
        """
        found = await self._ground.connection(request)
        if found.protocol is Protocol.OIDC:
            state = dict(request.pairs()).get("state", "")
            if await self._ground.desk.leave_taken(found, state):
                return self._done(request, True)
            return self._ground.account.pages.see_other("/sign-in")
        connection = self._refuse_others(found)
        try:
            came = redirected(request.query, trust_of(connection))
            return await self._taken(request, connection, came.name, (came.octets, came.signed), came.relay_state)
        except SamlProblem as problem:
            return await self._ground.refuse(request, connection, problem, Kind.LOGOUT)

    async def by_form(self, request: Request, _: Any) -> Response:
        """A message in a form (POST binding), signed within."""
        connection = await self._connection(request)
        try:
            found = parse_qsl((await request.body(LIMIT_BYTES)).decode("ascii"), max_num_fields=10)
        except ValueError:
            raise MalformedRequest("The form cannot be read.") from None
        pairs = dict(found)
        if len(pairs) != len(found):
            raise MalformedRequest("A form has each field once.")
        names = [name for name in ("SAMLRequest", "SAMLResponse") if name in pairs]
        if len(names) != 1:
            raise MalformedRequest("A form has one SAMLRequest or one SAMLResponse.")
        relay_state = pairs.get("RelayState", "")
        if len(relay_state) > MOST_RELAY_STATE:
            raise MalformedRequest("The RelayState is too long.")
        try:
            message = decoded_base64(pairs[names[0]].encode())
            return await self._taken(request, connection, names[0], (message, False), relay_state)
        except SamlProblem as problem:
            return await self._ground.refuse(request, connection, problem, Kind.LOGOUT)

    async def started(self, connection: Connection, session: Session) -> tuple[str, dict[str, str]] | None:
        """Where to tell the provider that a session ended here; None where it need not know."""
        desk = self._ground.desk
        kept = await desk.sign_ins.sso_session_of(connection.organization_id, connection.id, session.id)
        if kept is None or not connection.is_complete:
            return None
        if connection.protocol is Protocol.OIDC:
            address = await openid_leaving.departure(desk, connection, kept)
            return None if address is None else (address, {})
        way = await departure(desk, connection, kept)
        return None if way is None else (way.address, way.fields)

    async def _connection(self, request: Request) -> Connection:
        return self._refuse_others(await self._ground.connection(request))

    @staticmethod
    def _refuse_others(connection: Connection) -> Connection:
        if connection.protocol is not Protocol.SAML or not connection.is_complete:
            raise MalformedRequest("This connection takes no SAML logout.")
        return connection

    async def _taken(
        self, request: Request, connection: Connection, name: str, message: tuple[bytes, bool], relay_state: str
    ) -> Response:
        ground = self._ground
        desk, pages = ground.desk, ground.account.pages
        party = party_of(desk, connection, logout_url(desk.base_url, connection))
        try:
            if name == "SAMLResponse":
                complete = await answered_by_provider(desk, connection, party, message)
                return self._done(request, complete)
            way = await ended_by_provider(desk, connection, party, message, relay_state)
        except TurnedAway as problem:
            return await ground.refuse(request, connection, problem, Kind.LOGOUT)
        if way is None:
            return pages.see_other("/sign-in", pages.cookies.ended(ground.account.cookie))
        ended = pages.cookies.ended(ground.account.cookie)
        if not way.fields:
            # Also where the provider's form posted: that page may stand in a frame, in which none of ours is shown.
            return led(way.address, (ended,))
        return ground.away(request, way.address, way.fields, (ended,))

    def _done(self, request: Request, complete: bool) -> Response:
        """Ours ended before we asked; what the provider says of its own is told."""
        pages = self._ground.account.pages
        said = N_("You are signed out.")
        if not complete:
            said = N_(
                "You are signed out here. Your identity provider did not end all of its sessions: sign out there."
            )
        return pages.see_other("/sign-in", done=pages.language(request).text(said))
