"""What the pages of connections share: the connection of an address, our values, words in the visitor's language."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from hallway.hub.connections.addresses import (
    acs_url,
    backchannel_logout_url,
    entity_id,
    jwks_url,
    login_url,
    logout_url,
    metadata_url,
    redirect_uri,
)
from hallway.hub.connections.desk import ConnectionDesk, found_connection
from hallway.hub.connections.keeping import KeyBook
from hallway.hub.connections.model import Connection, ConnectionState, KeyState, Protocol
from hallway.hub.connections.openid import Client
from hallway.hub.connections.service import ConnectionBook
from hallway.hub.organizations.model import Organization
from hallway.hub.organizations.service import Refused
from hallway.ids import CONNECTION, wire
from hallway.web.console.connections.guides import (
    ACS,
    BACKCHANNEL,
    ENTITY,
    IDP_ENTITY,
    JWKS,
    LOGIN,
    LOGOUT,
    METADATA,
    POST_LOGOUT,
    REDIRECT,
    Guide,
    guide_of,
)
from hallway.web.forms import Form, FormErrors
from hallway.web.http import Request, Response
from hallway.web.language import N_
from hallway.web.page_problems import refusal
from hallway.web.pages import Pages
from hallway.web.wiring import Hub, connection_desk

StartTest: TypeAlias = Callable[[Request, Connection], Awaitable[Response]]
"""Sends the visitor to the provider; her answer comes back to a page that tells what it says."""

STATES: Final = {
    ConnectionState.DRAFT: ("waiting", N_("Being set up")),
    ConnectionState.ACTIVE: ("good", N_("On")),
    ConnectionState.DISABLED: ("off", N_("Switched off")),
}
KEYS: Final = {
    KeyState.TRUSTED: ("good", N_("Trusted")),
    KeyState.STAGED: ("waiting", N_("New: trusted by itself in a day")),
    KeyState.OFFERED: ("waiting", N_("Came with a message: waits for you")),
    KeyState.REJECTED: ("off", N_("Rejected")),
}


@dataclass(frozen=True, slots=True)
class Bench:
    """The open Hub, what renders, and who starts tests."""

    hub: Hub
    pages: Pages
    start_test: StartTest

    @property
    def desk(self) -> ConnectionDesk:
        """What connections work with."""
        return connection_desk(self.hub)

    def book(self, request: Request, visitor: Any) -> ConnectionBook:
        """What this visitor does with connections."""
        return ConnectionBook(self.desk, visitor.actor(request))

    def keys(self, request: Request, visitor: Any) -> KeyBook:
        """What this visitor does with keys."""
        return KeyBook(self.desk, visitor.actor(request))

    @staticmethod
    def owner(visitor: Any) -> Organization:
        """The organization that is open."""
        organization: Organization = visitor.organization
        return organization

    async def connection(self, request: Request, visitor: Any) -> Connection:
        """The connection of the address; another organization's is 404, as one that never was."""
        return await found_connection(self.desk, self.owner(visitor).id, request.params["connection"])

    def values(self, one: Connection) -> dict[str, str]:
        """What the provider is given, by kind."""
        base = self.hub.settings.base_url
        return {
            ACS: acs_url(base, one),
            ENTITY: entity_id(base, one),
            LOGIN: login_url(base, one),
            METADATA: metadata_url(base, one),
            LOGOUT: logout_url(base, one),
            REDIRECT: redirect_uri(base, one),
            **client_values(base, one),
            IDP_ENTITY: f"{login_url(base, one)}/idp",
        }

    def render(self, request: Request, name: str, one: Connection, status: int = 200, /, **more: Any) -> Response:
        """A page of one connection."""
        language = self.pages.language(request)
        kind, words = STATES[one.state]
        return self.pages.render(
            request, f"connections/{name}.html", status,
            **{
                "connection": one, "root": root(one), "guide": guide_of(one.provider, one.protocol),
                "there": product(one), "state": (kind, language.text(words)), "values": self.values(one),
                "is_saml": one.protocol is Protocol.SAML, "errors": FormErrors(), **more,
            },
        )  # fmt: skip

    def done(self, request: Request, path: str, message: str, /, **values: object) -> Response:
        """On to a page that says what was done; `message` is marked by `N_`."""
        return self.pages.see_other(path, done=self.pages.language(request).text(message, **values))

    def said(self, request: Request, refused: Refused) -> str:
        """What a refusal says in the visitor's language; that something is not there is a page of its own."""
        if refused.reason == "not_found":
            raise refused
        return refusal(self.pages.language(request), refused)


def root(one: Connection) -> str:
    """The path of a connection's pages."""
    return f"/connections/{wire(CONNECTION, one.id)}"


def product(one: Connection) -> str:
    """What its provider is called; a provider without a name is "your provider" in every language."""
    return guide_name(guide_of(one.provider, Protocol.SAML))


def guide_name(guide: Guide) -> str:
    """The name of the product, "" for another one."""
    return guide.name


def client_in(form: Form) -> Client:
    """What a form says of a client."""
    returns = form.ticked("returns_here")
    return Client(form["issuer"], form["client_id"], form["secret"], form["authentication"], returns)


def client_values(base_url: str, one: Connection) -> dict[str, str]:
    """What an OpenID provider may be given besides the redirect URI."""
    return {
        POST_LOGOUT: logout_url(base_url, one), BACKCHANNEL: backchannel_logout_url(base_url, one),
        JWKS: jwks_url(base_url, one) if one.oidc.own_public else "", "public": one.oidc.own_public,
    }  # fmt: skip
