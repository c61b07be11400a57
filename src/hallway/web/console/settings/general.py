"""The organization itself: its name and ids, leaving it, deleting it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from hallway.hub.directories.model import Kind
from hallway.hub.organizations.members import MemberState
from hallway.hub.organizations.roster import found_member, is_last_administrator, remove
from hallway.hub.organizations.service import Refused, checked_name
from hallway.ids import ORGANIZATION, wire
from hallway.web.console.settings.members import name_of
from hallway.web.console.settings.office import Office
from hallway.web.forms import FormErrors, read_form
from hallway.web.http import Request, Response
from hallway.web.language import N_
from hallway.web.rows import PageHandler

GENERAL: Final = "/settings/general"
ORGANIZATIONS: Final = "/organizations"


class GeneralPages:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._hub = office.hub

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "settings_general": self.show,
            "settings_general_save": self.save,
            "settings_leave": self.leaving,
            "settings_leave_now": self.leave,
            "settings_delete": self.deletion,
            "settings_delete_now": self.delete,
        }

    async def show(self, request: Request, visitor: Any) -> Response:
        """The name to change, ids to copy, plan and state."""
        return self._page(request, visitor, self._office.owner(visitor).name, FormErrors())

    def _page(self, request: Request, visitor: Any, typed: str, errors: FormErrors) -> Response:
        organization = self._office.owner(visitor)
        return self._office.render(
            request, "general", 422 if errors else 200, organization=organization, typed=typed, errors=errors,
            id=wire(ORGANIZATION, organization.id),
        )  # fmt: skip

    async def save(self, request: Request, visitor: Any) -> Response:
        """Another name."""
        typed, errors = (await read_form(request))["name"], FormErrors()
        try:
            name = checked_name(typed)
        except Refused as refused:
            errors.add("name", refused.text, **refused.values)
            return self._page(request, visitor, typed, errors)
        organization = self._office.owner(visitor)
        if name != organization.name:
            await self._hub.registrar.update(replace(organization, name=name), self._office.actor(request, visitor))
        return self._office.done(request, GENERAL, N_("Saved."))

    async def leaving(self, request: Request, visitor: Any) -> Response:
        """What leaving ends."""
        return await self._leaving(request, visitor)

    async def _leaving(self, request: Request, visitor: Any, status: int = 200, problem: str = "") -> Response:
        member = visitor.member
        last = await is_last_administrator(self._hub.roster, member)
        return self._office.render(
            request, "leave", status, organization=self._office.owner(visitor), member=member, last=last,
            problem=problem,
        )  # fmt: skip

    async def leave(self, request: Request, visitor: Any) -> Response:
        """End one's own membership."""
        organization, roster = self._office.owner(visitor), self._hub.roster
        member = await found_member(roster, organization.id, name_of(visitor.member))
        try:
            await remove(roster, member, self._office.actor(request, visitor))
        except Refused as refused:
            return await self._leaving(request, visitor, 409, self._office.said(request, refused))
        return self._office.done(request, ORGANIZATIONS, N_("You left %(name)s."), name=organization.name)

    async def deletion(self, request: Request, visitor: Any) -> Response:
        """What deleting ends, in numbers, and the name to type."""
        return await self._deletion(request, visitor, "", FormErrors())

    async def _deletion(self, request: Request, visitor: Any, typed: str, errors: FormErrors) -> Response:
        organization, stores = self._office.owner(visitor), self._hub.stores
        members = await stores.members.counts(organization.id)
        resources = await stores.directories.totals(organization.id)
        directories = await stores.directories.of_organization(organization.id)
        domains = await stores.domains.domains(organization.id)
        invited = members.get(MemberState.INVITED, 0)
        return self._office.render(
            request, "delete", 422 if errors else 200, organization=organization, typed=typed, errors=errors,
            members=sum(members.values()) - invited, invited=invited, directories=len(directories),
            users=resources.get(Kind.USER, 0), groups=resources.get(Kind.GROUP, 0), domains=len(domains),
        )  # fmt: skip

    async def delete(self, request: Request, visitor: Any) -> Response:
        """Everything of the organization goes, where its name was typed."""
        organization = self._office.owner(visitor)
        typed, errors = (await read_form(request))["name"], FormErrors()
        if typed != organization.name:
            errors.add("name", N_("Type the name as it stands here: %(name)s"), name=organization.name)
            return await self._deletion(request, visitor, typed, errors)
        await self._hub.registrar.delete(organization)
        return self._office.done(request, ORGANIZATIONS, N_("%(name)s was deleted."), name=organization.name)
