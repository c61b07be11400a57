"""The pages of single sign-on: away to the provider, back with its answer, and who is sent where."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from hallway.accounts.model import Session
from hallway.hub.connections.model import Connection, ConnectionState, Protocol
from hallway.hub.connections.routing import connection_for
from hallway.hub.organizations.ports import Organizations
from hallway.hub.sign_in import oidc, saml
from hallway.hub.sign_in.desk import Purpose
from hallway.hub.sign_in.model import Kind, Said, SignIn, TurnedAway
from hallway.hub.sign_in.settling import Arrival, Settled, settle
from hallway.ids import SignInId
from hallway.oidc.problem import OidcProblem
from hallway.saml.problem import SamlProblem
from hallway.saml.xml import decoded_base64
from hallway.store.domains import DomainStore
from hallway.web.account.ground import wanted
from hallway.web.forms import FormErrors, read_form
from hallway.web.http import MalformedRequest, Request, Response
from hallway.web.language import N_
from hallway.web.rows import PageHandler
from hallway.web.setup.guard import COOKIE as PORTAL
from hallway.web.sso.ground import TRIED, TRIED_SECONDS, SsoGround
from hallway.web.visitor import browser_of

LIMIT_BYTES: Final = 768 * 1024
_ID_DIGITS: Final = 32
_MOST_FIELDS: Final = 10


class SsoPages:
    """Signing in through connections."""

    def __init__(self, ground: SsoGround, domains: DomainStore, organizations: Organizations) -> None:
        self._ground = ground
        self._domains = domains
        self._organizations = organizations

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "sso_start": self.start,
            "sso_acs": self.answered,
            "sso_callback": self.called_back,
            "sso_resume": self.resume,
            "sso_find": self.find,
            "sso_found": self.found,
        }

    async def start(self, request: Request, visitor: Any) -> Response:
        """Begin a sign-in; the tile of a user portal points here too."""
        ground, connection = self._ground, await self._ground.connection(request)
        if dict(request.pairs()).get("from") == "provider":
            if ground.account.pages.cookies.read(request, TRIED):
                return await ground.refuse(request, connection, _unsolicited())
            tried = ground.account.pages.cookies.made(TRIED, "1", TRIED_SECONDS)
            return await self.depart(request, connection, Purpose(b""), (tried,))
        if connection.state is not ConnectionState.ACTIVE:
            return await ground.refuse(request, connection, TurnedAway("connection_off"))
        return await self.depart(request, connection, Purpose(b"", next=wanted(request)))

    async def test(self, request: Request, connection: Connection) -> Response:
        """Begin a test sign-in, of whoever is at the provider; it signs nobody in here."""
        return await self.depart(request, connection, Purpose(b"", Kind.TEST))

    async def again(self, request: Request, visitor: Any, connection: Connection, target: str) -> Response:
        """Ask who is signed in through a connection to prove it there once more."""
        session: Session = visitor.session
        return await self.depart(request, connection, Purpose(b"", Kind.AGAIN, target, visitor.account.id, session.id))

    async def depart(
        self, request: Request, connection: Connection, purpose: Purpose, headers: tuple[Any, ...] = ()
    ) -> Response:
        """Away to the provider."""
        ground = self._ground
        if not connection.is_complete:
            return await ground.refuse(request, connection, TurnedAway("connection_off"))
        secret, cookie = ground.secret(request)
        held = Purpose(secret, purpose.kind, purpose.next, purpose.account_id, purpose.session_id)
        speaks = saml if connection.protocol is Protocol.SAML else oidc
        try:
            departure = await speaks.depart(ground.desk, connection, held)
        except OidcProblem as problem:
            return await ground.refuse(request, connection, problem, held.kind)
        return ground.away(request, departure.address, departure.fields, (*cookie, *headers))

    async def answered(self, request: Request, _: Any) -> Response:
        """A SAML response: judged, parked, and fetched by the browser with its next request."""
        ground, connection = self._ground, await self._ground.connection(request)
        if connection.protocol is not Protocol.SAML:
            return await ground.refuse(request, connection, TurnedAway("connection_off"))
        sign_in: SignIn | None = None
        try:
            message = decoded_base64(await _response_of(request))
            sign_in, said = await saml.arrive(ground.desk, connection, message)
            parked = await ground.desk.park(connection, sign_in, said)
        except SamlProblem as problem:
            if problem.code == "unsolicited":
                return ground.account.pages.see_other(f"/sso/{connection.id.hex()}?from=provider")
            return await ground.refuse(request, connection, problem, Kind.SIGN_IN if sign_in is None else sign_in.kind)
        except TurnedAway as problem:
            return await ground.refuse(request, connection, problem)
        return ground.account.pages.see_other(f"/sso/{connection.id.hex()}/resume?at={parked.hex()}")

    async def called_back(self, request: Request, _: Any) -> Response:
        """An OpenID provider's answer: the code is exchanged, what it stands for is judged and parked."""
        ground, connection = self._ground, await self._ground.connection(request)
        if connection.protocol is not Protocol.OIDC or not connection.is_complete:
            return await ground.refuse(request, connection, TurnedAway("connection_off"))
        secret, _cookie = ground.secret(request)
        came = oidc.Answered(request.pairs(), secret)
        try:
            sign_in, said = await oidc.arrive(ground.desk, ground.outbound, connection, came)
            parked = await ground.desk.park(connection, sign_in, said)
        except (OidcProblem, TurnedAway) as problem:
            return await ground.refuse(request, connection, problem)
        return ground.account.pages.see_other(f"/sso/{connection.id.hex()}/resume?at={parked.hex()}")

    async def resume(self, request: Request, visitor: Any) -> Response:
        """The parked answer becomes a session, in the browser that began."""
        ground, connection = self._ground, await self._ground.connection(request)
        at = dict(request.pairs()).get("at", "")
        if len(at) != _ID_DIGITS or not all(sign in "0123456789abcdef" for sign in at):
            return await ground.refuse(request, connection, TurnedAway("no_request"))
        secret, _ = ground.secret(request)
        kind = Kind.SIGN_IN
        try:
            sign_in, said = await ground.desk.parked(connection, SignInId(bytes.fromhex(at)), secret.hex())
            kind = sign_in.kind
            settled = await settle(ground.desk, self._arrival(request, connection, sign_in, said, visitor))
        except TurnedAway as problem:
            if problem.code == "confirm_first":
                return self._confirm(request, connection, at, visitor)
            return await ground.refuse(request, connection, problem, kind)
        if visitor is not None and settled.account is not None and settled.account.id != visitor.account.id:
            # This browser is somebody else's from now on; nobody could end the session that it had.
            await ground.account.rooms.sessions.end(visitor.account, visitor.session.id, browser_of(request))
        return self._settled(request, connection, settled)

    def _arrival(self, request: Request, connection: Connection, sign_in: SignIn, said: Said, visitor: Any) -> Arrival:
        own = visitor is not None and visitor.session.connection is None
        return Arrival(
            connection,
            sign_in,
            said,
            browser_of(request),
            visitor.account.id if own else None,
            visitor.session if visitor is not None else None,
        )

    def _settled(self, request: Request, connection: Connection, settled: Settled) -> Response:
        ground = self._ground
        if settled.account is None or settled.opened is None:
            problem = settled.turned_away
            return ground.render(
                request,
                "tested",
                connection=connection,
                said=settled.said,
                member=settled.member,
                code=problem.code if problem is not None else "",
                expected=problem.expected if problem is not None else "",
                received=problem.received if problem is not None else "",
                address=self._back(request, connection),
            )
        ended = ground.account.pages.cookies.ended(TRIED)
        target = settled.sign_in.next or "/"
        return ground.account.signed_in(settled.account, settled.opened, target, ended)

    def _back(self, request: Request, connection: Connection) -> str:
        """Where a test began: in the console, or in the portal of a set-up link."""
        in_portal = bool(self._ground.account.pages.cookies.read(request, PORTAL))
        return "/setup/sso/test" if in_portal else f"/connections/conn_{connection.id.hex()}"

    def _confirm(self, request: Request, connection: Connection, at: str, visitor: Any) -> Response:
        back = f"/sso/{connection.id.hex()}/resume?at={at}"
        return self._ground.render(
            request, "confirm", 403, connection=connection, sign_in=f"/sign-in?next={quote(back, safe='')}"
        )

    async def find(self, request: Request, _: Any) -> Response:
        """The form for an address."""
        given = dict(request.pairs())
        return self._ground.render(request, "find", email=given.get("email", "")[:254], next=wanted(request))

    async def found(self, request: Request, _: Any) -> Response:
        """On to the connection of the address's domain; the page is the same for every domain that has none."""
        form, ground = await read_form(request), self._ground
        ground.account.doors.come(request.client_address)
        target = wanted(request, form["next"])
        connection = await connection_for(self._domains, ground.connections, form["email"])
        if connection is None:
            errors = FormErrors()
            errors.add("email", N_("No organization has set up single sign-on for this address."))
            return ground.render(request, "find", 422, email=form["email"], next=target, errors=errors)
        return await self.depart(request, connection, Purpose(b"", next=target))


async def _response_of(request: Request) -> bytes:
    """The one SAMLResponse of a form, in base64. Raises `MalformedRequest`."""
    kind = request.header(b"content-type").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise MalformedRequest("A SAML response is posted as a form.")
    body = await request.body(LIMIT_BYTES)
    fields = [field.partition(b"=") for field in body.split(b"&", _MOST_FIELDS)]
    if not body.isascii() or len(fields) > _MOST_FIELDS:
        raise MalformedRequest("The form cannot be read.")
    found = [value for name, _, value in fields if unquote_to_bytes(name) == b"SAMLResponse"]
    if len(found) != 1:
        raise MalformedRequest("A form has one SAMLResponse.")
    return unquote_to_bytes(found[0].replace(b"+", b" "))


def _unsolicited() -> SamlProblem:
    return SamlProblem("unsolicited", "a sign-in that was begun here", "one that was begun at the identity provider")
