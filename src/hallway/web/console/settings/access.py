"""Authentication and SSO, and what the plan unlocks."""

from collections.abc import Mapping
from typing import Any

from hallway.hub.directories.providers import product_of
from hallway.hub.organizations.model import UNLOCKED, Feature, Plan
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
        """The SCIM values of each directory, and where single sign-on will stand."""
        organization = self._office.owner(visitor)
        found = await self._office.hub.stores.directories.of_organization(organization.id)
        listed = [(one, product_of(one.provider), self._shelf.base_url(one), root(one)) for one in found]
        return self._office.render(
            request, "sso", listed=listed, provisions=organization.unlocks(Feature.SCIM),
            signs_on=organization.unlocks(Feature.SSO),
        )  # fmt: skip

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
