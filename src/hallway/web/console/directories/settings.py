"""A directory's name, rules and schemas; switching it off and on; deleting it with a word about its people."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hallway.hub.directories.administration import Parting, People
from hallway.hub.directories.model import Directory
from hallway.hub.directories.not_applied import still_open
from hallway.hub.organizations.service import Refused, checked_name
from hallway.ids import DIRECTORY, EXCHANGE, wire
from hallway.scim.quirks import Quirk
from hallway.web.console.directories.shelf import Shelf, key_of, root
from hallway.web.forms import Form, FormErrors, read_form
from hallway.web.guards import REMEMBERED_SECONDS
from hallway.web.http import Request, Response
from hallway.web.language import N_
from hallway.web.rows import PageHandler

_OPEN_AT_MOST = 100
_RULES = (
    "strict", "user_name_is_email", "delete_deactivates", "restore_by_external_id", "group_names_unique",
    "group_patch_answers_resource",
)  # fmt: skip


class SettingsPages:
    """The handlers."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._hub = shelf.hub

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "directory_settings": self.show,
            "directory_settings_save": self.save,
            "directory_disable": self.disable,
            "directory_enable": self.enable,
            "directory_delete": self.delete,
        }

    async def show(self, request: Request, visitor: Any) -> Response:
        """The form, and what a closed directory did not end."""
        directory = await self._shelf.directory(request, visitor)
        return await self._page(request, directory, directory.name, FormErrors())

    async def _page(self, request: Request, directory: Directory, name: str, errors: FormErrors) -> Response:
        refused = await self._hub.stores.exchanges.not_applied(directory.organization_id, directory.id)
        unapplied = await still_open(self._hub.desk, key_of(directory), refused[:_OPEN_AT_MOST])
        others = await self._hub.stores.directories.of_organization(directory.organization_id)
        standing = await self._hub.stores.directories.standing(key_of(directory))
        return self._shelf.render(
            request, "settings", directory, 422 if errors else 200, typed=name, errors=errors, rules=directory.rules,
            urns=self._hub.catalogue.urns, unapplied=[(one, wire(EXCHANGE, one.id)) for one in unapplied],
            others=[(wire(DIRECTORY, one.id), one.name) for one in others if one.id != directory.id],
            standing=standing, reads_missing_active=Quirk.MISSING_ACTIVE_MEANS_TRUE in directory.rules.quirks_on,
        )  # fmt: skip

    async def save(self, request: Request, visitor: Any) -> Response:
        """Write what the form says."""
        directory = await self._shelf.directory(request, visitor)
        form, errors = await read_form(request), FormErrors()
        try:
            name = checked_name(form["name"])
        except Refused:
            errors.add("name", N_("Enter a name of at most 200 printable characters"))
            return await self._page(request, directory, form["name"], errors)
        changed = replace(directory, name=name, rules=self._rules(directory, form))
        await self._shelf.acting(request, visitor).update(directory, changed)
        return self._to(request, directory, N_("Saved."))

    def _rules(self, directory: Directory, form: Form) -> Any:
        quirk = Quirk.MISSING_ACTIVE_MEANS_TRUE
        quirks = {one for one in directory.rules.quirks_on if one is not quirk}
        quirks |= {quirk} if form.ticked("missing_active_means_true") else set()
        ticked: dict[str, Any] = {name: form.ticked(name) for name in _RULES}
        chosen = set(form.all("schemas"))
        schemas = tuple(sorted(urn for urn in self._hub.catalogue.urns if urn in chosen))
        return replace(directory.rules, quirks_on=frozenset(quirks), schemas=schemas, **ticked)

    async def disable(self, request: Request, visitor: Any) -> Response:
        """Refuse writes from now on."""
        directory = await self._shelf.directory(request, visitor)
        await self._shelf.acting(request, visitor).disable(directory)
        return self._to(request, directory, N_("Switched off: writes are refused until you switch it on."))

    async def enable(self, request: Request, visitor: Any) -> Response:
        """Take writes again."""
        directory = await self._shelf.directory(request, visitor)
        await self._shelf.acting(request, visitor).enable(directory)
        return self._to(request, directory, N_("Switched on: writes are taken again."))

    async def delete(self, request: Request, visitor: Any) -> Response:
        """End it: its people stay, are deactivated, or move."""
        directory = await self._shelf.directory(request, visitor)
        form, acting = await read_form(request), self._shelf.acting(request, visitor)
        known = {one.value for one in People}
        if form["people"] not in known:
            errors = FormErrors()
            errors.add("people", N_("Choose what becomes of its people"))
            return await self._page(request, directory, directory.name, errors)
        others = await self._hub.stores.directories.of_organization(directory.organization_id)
        target = next((one for one in others if wire(DIRECTORY, one.id) == form["to"]), None)
        people = People(form["people"])
        parting = Parting(people, target if people is People.MOVE else None, lambda _: None)
        closed = await acting.close(directory, parting)
        if closed is not directory:
            # Whoever serves remembers that the directory takes writes; what it still takes is to be handled too.
            await asyncio.sleep(2 * REMEMBERED_SECONDS)
        await acting.delete(closed, parting)
        done = self._shelf.pages.language(request).text("%(name)s was deleted.", name=directory.name)
        return self._shelf.pages.see_other("/directories", done=done)

    def _to(self, request: Request, directory: Directory, done: str) -> Response:
        words = self._shelf.pages.language(request).text(done)
        return self._shelf.pages.see_other(f"{root(directory)}/settings", done=words)
