"""Enforcing single sign-on: what it would do, to whom, and who is exempt."""

from collections.abc import Mapping
from typing import Any, Final

from hallway.hub.connections.enforcement import MOST_EXEMPT, enforce, exempt, lift
from hallway.hub.connections.model import ConnectionState
from hallway.hub.organizations.roster import found_member
from hallway.hub.organizations.service import Refused
from hallway.ids import CONNECTION, MEMBER, wire
from hallway.web.console.settings.office import Office
from hallway.web.forms import FormErrors, read_form
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.language import N_
from hallway.web.rows import PageHandler
from hallway.web.wiring import enforcement_desk

PAGE: Final = "/settings/sso/enforcement"
SHOWN: Final = 20


class EnforcingPages:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._desk = enforcement_desk(office.hub)

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "settings_enforcement": self.show,
            "settings_enforce": self.enforce,
            "settings_enforcement_lift": self.lift,
            "settings_exempt": self.exempt,
        }

    async def show(self, request: Request, visitor: Any) -> Response:
        """Whether it is enforced, whom it touches, and who is exempt."""
        return await self._page(request, visitor, FormErrors())

    async def enforce(self, request: Request, visitor: Any) -> Response:
        """Turn it on, from a session that came through the connection."""
        form, owner = await read_form(request), self._office.owner(visitor).id
        for connection in await self._office.hub.stores.connections.connections(owner):
            if wire(CONNECTION, connection.id) == form["connection"]:
                try:
                    await enforce(self._desk, connection, visitor.session, self._office.actor(request, visitor))
                except Refused as refused:
                    return await self._refused(request, visitor, refused)
                return self._office.done(request, PAGE, N_("Single sign-on is enforced."))
        raise EdgeProblem(404, "There is no such connection in this organization.")

    async def lift(self, request: Request, visitor: Any) -> Response:
        """Own credentials open the organization again."""
        try:
            await lift(self._desk, self._office.owner(visitor).id, self._office.actor(request, visitor))
        except Refused as refused:
            return await self._refused(request, visitor, refused)
        return self._office.done(request, PAGE, N_("Single sign-on is no longer enforced."))

    async def exempt(self, request: Request, visitor: Any) -> Response:
        """Exempt a member for so many days, or end it."""
        form, owner = await read_form(request), self._office.owner(visitor).id
        try:
            days = int(form["days"]) if form["days"].isdecimal() and len(form["days"]) < 4 else -1
            member = await self._named(owner, form["member"])
            await exempt(self._desk, member, days, self._office.actor(request, visitor))
        except Refused as refused:
            return await self._refused(request, visitor, refused, "days" if refused.reason == "invalid" else "member")
        return self._office.done(request, PAGE, N_("Who is exempt was changed."))

    async def _named(self, owner: Any, text: str) -> Any:
        """A member by her id or her address."""
        if "@" not in text:
            return await found_member(self._office.hub.roster, owner, text)
        found = await self._office.hub.stores.members.by_email(owner, text)
        if not found:
            raise Refused("conflict", "Nobody in this organization has the address %(email)s.", email=text)
        return found[0]

    async def _refused(self, request: Request, visitor: Any, refused: Refused, field: str = "") -> Response:
        if refused.reason == "not_found":
            raise refused
        errors = FormErrors()
        errors.add(field, refused.text, **refused.values)
        return await self._page(request, visitor, errors)

    async def _page(self, request: Request, visitor: Any, errors: FormErrors) -> Response:
        stores, owner = self._office.hub.stores, self._office.owner(visitor).id
        enforced = await stores.enforcements.enforcement(owner)
        connections = [
            one for one in await stores.connections.connections(owner) if one.state is ConnectionState.ACTIVE
        ]
        chosen = next((one for one in connections if one.id == visitor.session.connection), None)
        about = enforced.connection_id if enforced is not None else (chosen.id if chosen else None)
        touched = await stores.enforcements.unlinked(owner, about) if about is not None else ()
        now = self._office.pages.clock()
        spared = []
        for one in enforced.exempt if enforced is not None else ():
            member = await stores.members.by_id(owner, one.member_id)
            if member is not None and now < one.until:
                spared.append((wire(MEMBER, member.id), member, one.until))
        return self._office.render(
            request,
            "enforcement",
            422 if errors else 200,
            errors=errors,
            enforced=enforced,
            connections=[(wire(CONNECTION, one.id), one) for one in connections],
            chosen=chosen,
            chosen_id=wire(CONNECTION, chosen.id) if chosen else "",
            touched=touched[:SHOWN],
            count=len(touched),
            exempt=spared,
            most=MOST_EXEMPT,
        )
