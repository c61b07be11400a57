"""All handlers of single sign-on, and what other pages need of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from hallway.hub.connections.model import Connection
from hallway.hub.connections.upkeep import MetadataRounds
from hallway.journal.model import Unavailable
from hallway.outbound import Outbound
from hallway.web.account.entering import ConsoleEntering
from hallway.web.account.ground import Ground
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.routing import Handler
from hallway.web.rows import PageHandler
from hallway.web.sso.backchannel import SsoBackChannel
from hallway.web.sso.ground import SsoGround, Strangers
from hallway.web.sso.leaving import SsoLeaving
from hallway.web.sso.metadata import SsoMetadata
from hallway.web.sso.pages import SsoPages
from hallway.web.wiring import Hub, connection_desk, sign_in_desk


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """The pages, made once."""

    hub: Hub
    ground: SsoGround
    pages: SsoPages
    leaving: SsoLeaving

    def page_handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {**self.pages.handlers(), **self.leaving.handlers()}

    def handlers(self) -> Mapping[str, Handler]:
        """Those that need no visitor."""
        return {**SsoMetadata(self.ground).handlers(), **SsoBackChannel(self.ground).handlers()}

    async def again(self, request: Request, visitor: Any, target: str) -> Response:
        """Ask somebody at her provider once more."""
        return await self.pages.again(request, visitor, await self._connection(visitor), target)

    async def leave(self, request: Request, visitor: Any) -> Response | None:
        """Tell the provider that somebody signed out; None where it cannot be told."""
        way = await self.leaving.started(await self._connection(visitor), visitor.session)
        return None if way is None else self.ground.away(request, *way, ())

    async def _connection(self, visitor: Any) -> Connection:
        found = await self.hub.stores.connections.located(visitor.session.connection)
        if found is None:
            raise EdgeProblem(404, "There is no such connection any more. Sign out, and sign in again.")
        return found

    async def flush(self) -> None:
        """Write refusals of strangers; what the store cannot take now is dropped: they are a hundred at most."""
        for change in self.ground.strangers.taken():
            try:
                await self.hub.stores.database.commit(change)
            except Unavailable:
                return


def single_sign_on(hub: Hub, account: Ground, entering: ConsoleEntering, outbound: Outbound) -> SingleSignOn:
    """Everything over an open Hub."""
    desk = sign_in_desk(hub)
    asked = MetadataRounds(connection_desk(hub)).after_stranger
    ground = SsoGround(desk, account, entering, hub.stores.connections, Strangers(), monotonic, outbound, asked)
    pages = SsoPages(ground, hub.stores.domains, hub.stores.organizations)
    return SingleSignOn(hub, ground, pages, SsoLeaving(ground))
