"""What the operators' pages share: the organization of an address, and who may look at its people just now.

Rules: looking at a customer's people or exchanges needs a reason, which the customer's journal keeps; it opens one
organization, for an hour, to the operator who gave it, in her browser.
"""

from dataclasses import dataclass
from typing import Any, Final

from hallway.hub.operators.service import OperatorDesk
from hallway.hub.organizations.model import Organization
from hallway.hub.organizations.service import Refused
from hallway.ids import ORGANIZATION, OrganizationId, parsed, wire
from hallway.web.console.directories.shelf import Shelf
from hallway.web.http import EdgeProblem, Header, Request, Response
from hallway.web.operator.guard import HOME, OperatorVisitor
from hallway.web.pages import Pages
from hallway.web.sealed import Sealed
from hallway.web.setup.making import LinkBench
from hallway.web.wiring import Hub

LOOK_SECONDS: Final = 3600
_LOOK: Final = "operator_look"


@dataclass(frozen=True, slots=True)
class Office:
    """The open Hub, what renders, and what operators need."""

    hub: Hub
    pages: Pages
    desk: OperatorDesk
    bench: LinkBench

    async def organization(self, request: Request) -> Organization:
        """The organization of the address, or 404."""
        found = parsed(ORGANIZATION, request.params["organization"])
        one = None if found is None else await self.hub.stores.organizations.by_id(OrganizationId(found))
        if one is None:
            raise EdgeProblem(404, "There is no such organization.")
        return one

    def render(self, request: Request, name: str, status: int = 200, /, **context: Any) -> Response:
        """A page of this console."""
        return self.pages.render(request, f"operator/{name}.html", status, wire=wire, **context)

    def about(self, request: Request, organization: Organization, visitor: OperatorVisitor) -> dict[str, Any]:
        """What every page of one organization says."""
        return {
            "organization": organization,
            "root": root(organization),
            "may_look": self.may_look(request, organization, visitor),
            "say": Shelf(self.hub, self.pages).speaker(request),
        }

    def look(self, organization: Organization, visitor: OperatorVisitor) -> Header:
        """The header by which this browser may look, for an hour."""
        value = {"operator": visitor.account.id.hex(), "organization": organization.id.hex()}
        text = self._sealed.text(_LOOK, {**value}, LOOK_SECONDS)
        return self.pages.cookies.made(_LOOK, text, LOOK_SECONDS)

    def may_look(self, request: Request, organization: Organization, visitor: OperatorVisitor) -> bool:
        """Whether she gave a reason within the hour, and may look at all."""
        value = self._sealed.value(_LOOK, self.pages.cookies.read(request, _LOOK)) or {}
        asked = (value.get("operator"), value.get("organization"))
        return visitor.sees_people and asked == (visitor.account.id.hex(), organization.id.hex())

    def refuse_unasked(self, request: Request, organization: Organization, visitor: OperatorVisitor) -> Response | None:
        """The way to the question for a reason, where none was given."""
        if self.may_look(request, organization, visitor):
            return None
        return self.pages.see_other(f"{root(organization)}/look?to={request.path.removeprefix(root(organization))}")

    @property
    def _sealed(self) -> Sealed:
        return Sealed(self.hub.keys, self.pages.clock)


def root(organization: Organization) -> str:
    """The path of an organization's pages."""
    return f"{HOME}/{wire(ORGANIZATION, organization.id)}"


def field_of(refused: Refused, *names: str) -> str:
    """The field that a refusal is about: the first that its text names, "" for the whole form."""
    text = refused.text.lower()
    return next((name for name in names if name.replace("_", " ") in text), "")
