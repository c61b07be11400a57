"""The pages between organizations: pick one, or found one."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from hallway.hub.organizations.service import Refused
from hallway.ids import ORGANIZATION, parsed, wire
from hallway.web.account.ground import Ground, wanted
from hallway.web.account.joining import Joining
from hallway.web.forms import FormErrors, read_form
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.rows import PageHandler
from hallway.web.visitor import browser_of


class OrganizationPages:
    """Where somebody who is signed in works."""

    def __init__(self, ground: Ground, joining: Joining) -> None:
        self._ground = ground
        self._joining = joining

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "organizations": self.show,
            "organization_open": self.open,
            "organization_new": self.show_new,
            "organization_found": self.found,
        }

    async def show(self, request: Request, visitor: Any) -> Response:
        """Her organizations; there may be none."""
        places = await self._joining.entering.visitors.open_places(visitor.account, visitor.session)
        listed = [(wire(ORGANIZATION, one.organization.id), one) for one in places]
        current = visitor.organization.id if visitor.organization is not None else None
        return self._ground.render(
            request, "organizations", listed=listed, current=current, next=wanted(request), may_found=self._may_found
        )

    async def open(self, request: Request, visitor: Any) -> Response:
        """Work in another one; one that she is no active member of is not there."""
        form = await read_form(request)
        chosen = parsed(ORGANIZATION, form["organization"])
        entering, target = self._joining.entering, wanted(request, form["next"])
        for place in await entering.visitors.open_places(visitor.account, visitor.session):
            if place.organization.id == chosen and place.connection:
                return self._ground.pages.see_other(f"/sso/{place.connection}?next={quote(target, safe='')}")
            if place.organization.id == chosen:
                browser = browser_of(request)
                await entering.enter(visitor.account, visitor.session, place.organization, place.member, browser)
                return self._ground.pages.see_other(target or "/")
        raise EdgeProblem(404, "There is no such organization among yours.")

    async def show_new(self, request: Request, _: Any) -> Response:
        """The form for a name."""
        if not self._may_found:
            raise Refused("forbidden", "Whoever runs this service makes the organizations.")
        return self._ground.render(request, "organization_new", name="")

    async def found(self, request: Request, visitor: Any) -> Response:
        """A new organization, with her as its administrator."""
        form = await read_form(request)
        try:
            await self._joining.found(visitor.account, visitor.session, browser_of(request), form["name"])
        except Refused as problem:
            errors = FormErrors()
            errors.add("name" if problem.reason == "invalid" else "", problem.text, **problem.values)
            return self._ground.render(request, "organization_new", 422, name=form["name"], errors=errors)
        return self._ground.pages.see_other("/directories")

    @property
    def _may_found(self) -> bool:
        return self._joining.registration == "open"
