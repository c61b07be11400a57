"""The endpoints for programs: tokens, what a token is worth, and its end."""

from collections.abc import Mapping
from typing import Final, assert_never

from hallway.hub.applications.access import grant_of_access_token
from hallway.hub.applications.grants import end, exchanged, refreshed
from hallway.hub.applications.inspecting import grant_of_token, introspected
from hallway.hub.applications.model import Application, Kind
from hallway.hub.applications.telling import Issued, machine_token, person
from hallway.oidc.issuing import claims_of
from hallway.oidc.oauth_problem import OAuthProblem
from hallway.oidc.token_request import CodeExchange, MachineAccess, Refreshing, narrowed, token_request
from hallway.web.http import Request, Response
from hallway.web.oauth.ground import (
    JSON,
    NO_STORE,
    OauthGround,
    document,
    for_programs,
    form_of,
)
from hallway.web.routing import Handler

_BEARER: Final = "bearer"


class TokenEndpoints:
    """For programs."""

    def __init__(self, ground: OauthGround) -> None:
        self._ground = ground

    def handlers(self) -> Mapping[str, Handler]:
        """By their names in the route table."""
        return {
            "oauth_token": lambda request: for_programs(request, lambda: self._token(request)),
            "oauth_userinfo": lambda request: for_programs(request, lambda: self._userinfo(request)),
            "oauth_userinfo_posted": lambda request: for_programs(request, lambda: self._userinfo(request)),
            "oauth_introspect": lambda request: for_programs(request, lambda: self._introspect(request)),
            "oauth_revoke": lambda request: for_programs(request, lambda: self._revoke(request)),
        }

    async def _token(self, request: Request) -> Response:
        form = await form_of(request)
        application = await self._ground.client(request, form)
        return document(200, (await self._issued(application, form)).document())

    async def _issued(self, application: Application, form: dict[str, str]) -> Issued:
        desk, asked = self._ground.desk, token_request(form)
        if (application.kind is Kind.MACHINE) != isinstance(asked, MachineAccess):
            raise OAuthProblem("unauthorized_client", f"A {application.kind.value} application may not ask for this.")
        match asked:
            case CodeExchange():
                return await exchanged(desk, application, asked)
            case Refreshing():
                return await refreshed(desk, application, asked)
            case MachineAccess(scopes):
                return await machine_token(desk, application, narrowed(scopes, application.scopes))
            case _:  # pragma: no cover
                assert_never(asked)

    async def _userinfo(self, request: Request) -> Response:
        token = await _bearer(request)
        access = None if not token else await grant_of_access_token(self._ground.desk, token)
        if access is None or access.living is None:
            return _unauthenticated(token)
        if "openid" not in access.scopes:
            raise OAuthProblem("insufficient_scope", "The scope openid is needed.")
        return document(200, claims_of(await person(self._ground.desk, access.living), access.scopes))

    async def _introspect(self, request: Request) -> Response:
        form = await form_of(request)
        application = await self._ground.client(request, form)
        if application.kind is Kind.PUBLIC:
            raise OAuthProblem("unauthorized_client", "Only an application that proves itself may ask this.")
        if "token" not in form:
            raise OAuthProblem("invalid_request", "The parameter token is missing.")
        return document(200, await introspected(self._ground.desk, application, form["token"]))

    async def _revoke(self, request: Request) -> Response:
        form = await form_of(request)
        application = await self._ground.client(request, form)
        if "token" not in form:
            raise OAuthProblem("invalid_request", "The parameter token is missing.")
        grant = await grant_of_token(self._ground.desk, application, form["token"])
        if grant is not None:
            await end(self._ground.desk, grant, "revoked")
        return Response(200, b"{}", (JSON, *NO_STORE))


async def _bearer(request: Request) -> str:
    """The token of the header, or of a form (RFC 6750 §2.1, §2.2); never of the address."""
    scheme, _, token = request.header(b"authorization").partition(" ")
    found = token.strip() if scheme.lower() == _BEARER else ""
    if request.method != "POST" or not request.header(b"content-type"):
        return found
    form = await form_of(request)
    if found and "access_token" in form:
        raise OAuthProblem("invalid_request", "The access token stands there twice.")
    return found or form.get("access_token", "")


def _unauthenticated(token: str) -> Response:
    """401; what is wrong with a token is said only where one came (RFC 6750 §3.1)."""
    if not token:
        return Response(401, b"", (*NO_STORE, (b"www-authenticate", b'Bearer realm="Hallway"')))
    problem = OAuthProblem("invalid_token", "The access token is wrong, expired, or what it stood for has ended.")
    challenge = b'Bearer realm="Hallway", error="invalid_token", error_description="%b"' % problem.description.encode()
    said = {"error": problem.error, "error_description": problem.description}
    return document(401, {**said}, (b"www-authenticate", challenge))
