"""Authentication and SSO, and what the plan unlocks."""

from collections.abc import Mapping
from typing import Any

from hallway.hub.connections.model import Connection
from hallway.hub.directories.providers import product_of
from hallway.hub.organizations.model import UNLOCKED, Feature, Organization, Plan
from hallway.web.console.connections.bench import STATES, product
from hallway.web.console.connections.bench import root as connection_root
from hallway.web.console.directories.shelf import Shelf, root
from hallway.web.console.settings.office import Office
from hallway.web.http import Request, Response
from hallway.web.rows import PageHandler


class AccessPages:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._shelf = Shelf(office.hub, office.pages)

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {"settings_sso": self.sso, "settings_plan": self.plan}

    async def sso(self, request: Request, visitor: Any) -> Response:
        """The connections, and the SCIM values of each directory."""
        organization = self._office.owner(visitor)
        found = await self._office.hub.stores.directories.of_organization(organization.id)
        listed = [(one, product_of(one.provider), self._shelf.base_url(one), root(one)) for one in found]
        return self._office.render(
            request, "sso", listed=listed, provisions=organization.unlocks(Feature.SCIM),
            signs_on=organization.unlocks(Feature.SSO), connections=await self._connections(request, organization),
        )  # fmt: skip

    async def _connections(self, request: Request, owner: Organization) -> list[tuple[Connection, str, str, str, str]]:
        """Each with its address, its provider, and its state in words."""
        language, found = self._office.pages.language(request), []
        for one in await self._office.hub.stores.connections.connections(owner.id):
            kind, words = STATES[one.state]
            found.append((one, connection_root(one), product(one), kind, language.text(words)))
        return found

    async def plan(self, request: Request, visitor: Any) -> Response:
        """What is unlocked, what is not, and whom to ask."""
        organization = self._office.owner(visitor)
        larger = [plan.value for plan in Plan if UNLOCKED[plan] > UNLOCKED[organization.plan]]
        contact = self._office.hub.settings.support_address
        return self._office.render(
            request, "plan", organization=organization, larger=larger, contact=contact,
            contact_href=contact if "://" in contact else f"mailto:{contact}",
            features=[(feature.value, organization.unlocks(feature)) for feature in Feature],
        )  # fmt: skip
