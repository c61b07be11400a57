"""The authorization endpoint: from an application's request to a code, past as many pages of ours as that takes.

Rules: a request is judged whole each time; on its way through our pages it is sealed, with when it began, so that
nobody adds to it and a sign-in that was asked for anew cannot be an old one; without a page (`prompt=none`) whatever is
missing is an error; whom the organization does not admit is told so by us, the same whether there is such an
organization or not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from hallway.hub.applications.clients import client_named
from hallway.hub.applications.grants import Visit, granted
from hallway.hub.applications.hints import hinted
from hallway.hub.applications.model import Application, Kind
from hallway.hub.connections.model import Connection, ConnectionState
from hallway.ids import CONNECTION, MEMBER, ConnectionId, OrganizationId, parsed, wire
from hallway.oidc.id_token import SKEW
from hallway.oidc.oauth_problem import OAuthProblem
from hallway.oidc.provider import Asked, Client, asked, client_of
from hallway.oidc.publishing import AUTHORIZE
from hallway.scim.json import Json, JsonObject
from hallway.web.http import Request, Response
from hallway.web.oauth.ground import OauthGround, Pairs, posted, queried
from hallway.web.oauth.routing import Routing
from hallway.web.rows import PageHandler
from hallway.web.visitor import OpenPlace, Visitor, browser_of

PURPOSE: Final = "request of an application"
HELD_SECONDS: Final = 3600
_KEPT: Final = frozenset(
    {"client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "code_challenge"}
    | {"code_challenge_method", "prompt", "max_age", "login_hint", "organization", "connection"}
)
"""What a request is held with; what means nothing to us is left out."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A judged request with who is there. `began` is when it was first sent to a page of ours, None before; `hint` is
    the member whom the application means, "" for none.
    """

    request: Request
    visitor: Visitor | None
    application: Application
    asked: Asked
    pairs: Pairs
    began: int | None = None
    hint: str = ""


class AuthorizePages:
    """For browsers that an application sends."""

    def __init__(self, ground: OauthGround, routing: Routing) -> None:
        self._ground = ground
        self._routing = routing

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {"oauth_authorize": self.authorize, "oauth_authorize_posted": self.posted}

    async def authorize(self, request: Request, visitor: Any) -> Response:
        """A request by its address, or one that was held comes back."""
        try:
            pairs = queried(request)
            held = dict(pairs).get("continued", "")
            if not held:
                return await self._decided(await self._judged(request, visitor, pairs))
            return await self._decided(await self._taken_up(request, visitor, held))
        except OAuthProblem as problem:
            return self._refused(request, problem)

    async def posted(self, request: Request, _: Any) -> Response:
        """A request in a form: judged, and taken up by a page to which the browser brings its cookies."""
        try:
            ask = await self._judged(request, None, await posted(request))
            return self._ground.account.pages.see_other(self._held(ask))
        except OAuthProblem as problem:
            return self._refused(request, problem)

    def name_of(self, target: str) -> str:
        """The name of the application for whose sake somebody is to go on to this path of ours; "" for none."""
        path, _, held = target.partition("?continued=")
        value = self._ground.account.sealed.value(PURPOSE, held) if path == AUTHORIZE else None
        return "" if value is None else str(value["name"])

    async def _judged(self, request: Request, visitor: Any, pairs: Pairs, began: int | None = None) -> Ask:
        application = await client_named(self._ground.desk, client_of(pairs))
        if application is None or application.kind is Kind.MACHINE:
            raise OAuthProblem("invalid_request", "There is no such client here, or it signs nobody in.")
        known = Client(application.client_id, application.addresses.redirect_uris, application.kind is Kind.PUBLIC)
        found = asked(pairs, known)
        hint = await hinted(self._ground.desk, application, found.unverified_hint) if found.unverified_hint else ""
        if hint is None:
            raise OAuthProblem("invalid_request", "The id_token_hint is not a token of ours for you.", found.back)
        kept = [(name, value) for name, value in pairs if name in _KEPT and value]
        return Ask(request, visitor, application, found, kept, began, hint)

    async def _taken_up(self, request: Request, visitor: Any, held: str) -> Ask:
        value: Any = self._ground.account.sealed.value(PURPOSE, held)
        if value is None:
            raise OAuthProblem("invalid_request", "Signing in took too long. Begin again in the application.")
        pairs = [(str(name), str(text)) for name, text in value["pairs"]]
        ask = await self._judged(request, visitor, pairs, value["began"])
        return replace(ask, hint=str(value["hint"]))

    async def _decided(self, ask: Ask) -> Response:
        """The code, or the page that comes before it."""
        connection = await self._connection(ask)
        visitor = ask.visitor
        if visitor is None:
            return await self._to_sign_in(ask, connection)
        if self._is_stale(ask, visitor):
            return self._on(ask, "login_required", "/sign-in/again")
        if "select_account" in ask.asked.prompts and not self._chose(ask, visitor):
            return self._on(ask, "account_selection_required", "/organizations")
        wanted = await self._routing.organization(ask.asked.organization, connection)
        place = await self._place(visitor, wanted)
        if isinstance(place, str):
            return self._on(ask, "interaction_required", place)
        if place is None:
            return self._no_access(ask)
        barred = place.connection
        if connection is not None and visitor.session.connection != connection.id:
            barred = connection.id.hex()
        if barred:
            return self._on(ask, "login_required", f"/sso/{barred}")
        if ask.hint and ask.hint != wire(MEMBER, place.member.id):
            return self._other(ask, visitor)
        return await self._answered(ask, visitor, place)

    async def _answered(self, ask: Ask, visitor: Visitor, place: OpenPlace) -> Response:
        if visitor.organization is None or visitor.organization.id != place.organization.id:
            browser = browser_of(ask.request)
            entering = self._ground.entering
            session = await entering.enter(visitor.account, visitor.session, place.organization, place.member, browser)
            visitor = replace(visitor, session=session)
        came = Visit(visitor.account, visitor.session, place.organization, place.member, ask.request.client_address)
        code = await granted(self._ground.desk, ask.application, ask.asked, came)
        return self._ground.sent_back(ask.request, ask.asked.back, code=code)

    async def _place(self, visitor: Visitor, wanted: OrganizationId | None) -> OpenPlace | str | None:
        """The organization that is meant, and may be entered; None for none; the address where one is picked."""
        places = await self._ground.entering.visitors.open_places(visitor.account, visitor.session)
        if wanted is not None:
            return next((one for one in places if one.organization.id == wanted), None)
        opened = visitor.organization.id if visitor.organization is not None else None
        current = next((one for one in places if one.organization.id == opened), None)
        if current is not None or len(places) < 2:
            return current or next(iter(places), None)
        return "/organizations"

    async def _connection(self, ask: Ask) -> Connection | None:
        """The connection that is asked for. Raises `OAuthProblem`, the same for one that is not there or is off."""
        if not ask.asked.connection:
            return None
        own = parsed(CONNECTION, ask.asked.connection)
        found = None if own is None else await self._routing.connections.located(ConnectionId(own))
        meant = await self._routing.organization(ask.asked.organization, found)
        if found is None or found.state is not ConnectionState.ACTIVE or meant != found.organization_id:
            raise OAuthProblem("invalid_request", "There is no such connection that signs people in.", ask.asked.back)
        return found

    def _is_stale(self, ask: Ask, visitor: Visitor) -> bool:
        """Whether she has to prove herself once more: always by `login`, else by the age of her last proof."""
        session, now = visitor.session, self._ground.desk.clock()
        age = ask.asked.max_age
        old = age is not None and now - session.authenticated_at > age * 1_000_000
        if "login" not in ask.asked.prompts and not old:
            return False
        if ask.began is None or session.created_at < ask.began:
            return True
        # A provider's clock may differ from ours; what we saw ourselves is exact.
        tolerance = SKEW if session.connection is not None else 0
        return session.authenticated_at < ask.began - tolerance

    def _chose(self, ask: Ask, visitor: Visitor) -> bool:
        """Whether she picked an organization, or signed in, since she was asked to."""
        latest = max(visitor.session.created_at, visitor.session.entered_at or 0)
        return ask.began is not None and latest >= ask.began

    async def _to_sign_in(self, ask: Ask, connection: Connection | None) -> Response:
        if ask.asked.silent:
            raise OAuthProblem("login_required", "Nobody is signed in.", ask.asked.back)
        way = await self._routing.way(ask.asked, connection)
        if way is not None:
            return self._on(ask, "login_required", f"/sso/{way.id.hex()}")
        hint = {"email": ask.asked.login_hint} if ask.asked.login_hint else {}
        return self._on(ask, "login_required", "/sign-in", **hint)

    def _no_access(self, ask: Ask) -> Response:
        """Nothing that she is signed in to may be entered: she may sign in as somebody else, or go back."""
        if ask.asked.silent:
            raise OAuthProblem("interaction_required", "The person has no access as she is signed in.", ask.asked.back)
        back = replace(ask.asked.back, mode="query")
        refusal = {"error": "access_denied", "error_description": "The person has no access."}
        return self._ground.render(
            ask.request,
            "no_access",
            403,
            application=ask.application.name,
            other=f"/sign-in?{urlencode({'as': 'other', 'next': self._held(ask)})}",
            back=self._ground.address(back, refusal),
        )

    def _other(self, ask: Ask, visitor: Visitor) -> Response:
        """The application means somebody else than who is signed in."""
        if ask.asked.silent or (ask.began is not None and visitor.session.created_at >= ask.began):
            raise OAuthProblem("login_required", "Somebody else is signed in.", ask.asked.back)
        return self._on(ask, "login_required", "/sign-in", **{"as": "other"})

    def _on(self, ask: Ask, error: str, path: str, **query: str) -> Response:
        """To a page of ours, and back from there; or, where none may be shown, that it would be needed."""
        if ask.asked.silent:
            raise OAuthProblem(error, "A page would have to be shown.", ask.asked.back)
        return self._ground.account.pages.see_other(f"{path}?{urlencode({**query, 'next': self._held(ask)})}")

    def _held(self, ask: Ask) -> str:
        """The path that takes this request up again."""
        pairs: list[Json] = [[name, value] for name, value in ask.pairs]
        began = self._ground.desk.clock() if ask.began is None else ask.began
        value: JsonObject = {"pairs": pairs, "began": began, "name": ask.application.name, "hint": ask.hint}
        text = self._ground.account.sealed.text(PURPOSE, value, HELD_SECONDS)
        if self._ground.account.sealed.value(PURPOSE, text) is None:
            raise OAuthProblem("invalid_request", "The request is too long.", ask.asked.back)
        return f"{AUTHORIZE}?continued={text}"

    def _refused(self, request: Request, problem: OAuthProblem) -> Response:
        """Back to the application where that was checked; else a page of ours says why."""
        if problem.deliver_to is not None:
            told = {"error": problem.error, "error_description": problem.description}
            return self._ground.sent_back(request, problem.deliver_to, **told)
        return self._ground.render(request, "refused", 400, problem=problem)
