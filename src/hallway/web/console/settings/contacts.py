"""Technical contacts: who gets every alarm."""

from collections.abc import Mapping
from typing import Any, Final

from hallway.hub.organizations.contacts import MOST_CONTACTS
from hallway.hub.organizations.service import Refused
from hallway.ids import CONTACT, wire
from hallway.web.console.settings.office import Office
from hallway.web.forms import Form, FormErrors, read_form
from hallway.web.http import Request, Response
from hallway.web.language import N_
from hallway.web.rows import PageHandler

LIST: Final = "/settings/contacts"


class ContactPages:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._book = office.hub.contact_book

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "settings_contacts": self.index,
            "settings_contact_add": self.add,
            "settings_contact_remove": self.remove,
        }

    async def index(self, request: Request, visitor: Any) -> Response:
        """All of them, and which alarms they get."""
        return await self._list(request, visitor, Form(), FormErrors())

    async def _list(self, request: Request, visitor: Any, typed: Form, errors: FormErrors) -> Response:
        owner = self._office.owner(visitor).id
        found = [(one, wire(CONTACT, one.id)) for one in await self._book.all(owner)]
        administrators = len(await self._office.hub.stores.members.administrators(owner))
        return self._office.render(
            request, "contacts", 422 if errors else 200, contacts=found, typed=typed, errors=errors,
            administrators=administrators, most=MOST_CONTACTS,
        )  # fmt: skip

    async def add(self, request: Request, visitor: Any) -> Response:
        """One more address."""
        form, errors, actor = await read_form(request), FormErrors(), self._office.actor(request, visitor)
        try:
            added = await self._book.add(self._office.owner(visitor).id, form["email"], form["name"], actor)
        except Refused as refused:
            errors.add("email", refused.text, **refused.values)
            return await self._list(request, visitor, form, errors)
        return self._office.done(request, LIST, N_("%(email)s gets every alarm from now on."), email=added.email)

    async def remove(self, request: Request, visitor: Any) -> Response:
        """One less."""
        owner, actor = self._office.owner(visitor).id, self._office.actor(request, visitor)
        removed = await self._book.remove(owner, request.params["contact"], actor)
        return self._office.done(request, LIST, N_("%(email)s gets no alarm any more."), email=removed.email)
