"""All handlers of the provider."""

from collections.abc import Mapping
from dataclasses import dataclass

from hallway.web.account.entering import ConsoleEntering
from hallway.web.account.ground import Ground
from hallway.web.oauth.authorize import AuthorizePages
from hallway.web.oauth.documents import OauthDocuments
from hallway.web.oauth.ground import OauthGround
from hallway.web.oauth.leaving import OauthLeaving
from hallway.web.oauth.routing import Routing
from hallway.web.oauth.token import TokenEndpoints
from hallway.web.routing import Handler
from hallway.web.rows import PageHandler
from hallway.web.wiring import Hub, application_desk


@dataclass(frozen=True, slots=True)
class OauthProvider:
    """The pages and endpoints, made once."""

    ground: OauthGround
    authorize: AuthorizePages

    def page_handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {**self.authorize.handlers(), **OauthLeaving(self.ground).handlers()}

    def handlers(self) -> Mapping[str, Handler]:
        """Those for programs."""
        return {**OauthDocuments(self.ground).handlers(), **TokenEndpoints(self.ground).handlers()}

    async def flush(self) -> None:
        """Write when secrets were used."""
        await self.ground.uses.flush(self.ground.desk)


def oauth_provider(hub: Hub, account: Ground, entering: ConsoleEntering) -> OauthProvider:
    """Everything over an open Hub."""
    stores = hub.stores
    ground = OauthGround(application_desk(hub), account, entering)
    routing = Routing(stores.organizations, stores.connections, stores.domains, stores.enforcements)
    return OauthProvider(ground, AuthorizePages(ground, routing))
