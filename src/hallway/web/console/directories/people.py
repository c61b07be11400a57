"""People and groups as the directory pushed them."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from hallway.exchanges.model import Exchange
from hallway.hub.directories.documents import complete, resource_of
from hallway.hub.directories.meaning import Told, ids_in, meaning
from hallway.hub.directories.model import Directory, Kind
from hallway.hub.directories.people import Wanted
from hallway.hub.directories.profile import lacking, profile_of
from hallway.hub.directories.providers import product_of
from hallway.hub.directories.resources import Stored
from hallway.ids import EXCHANGE, GROUP, USER, ResourceId, wire
from hallway.web.console.directories.shelf import Shelf, key_of, query_of, resource_id
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.language import N_
from hallway.web.rows import PageHandler

ATTRIBUTES: Final = {
    "email": N_("E-mail address"), "name": N_("Name"), "given_name": N_("Given name"), "family_name": N_("Family name"),
    "title": N_("Job title"), "department": N_("Department"), "manager": N_("Manager"),
    "employee_number": N_("Employee number"),
}  # fmt: skip
STATES = {"active": True, "deactivated": False}
_HISTORY = 50


class PeoplePages:
    """The handlers."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._hub = shelf.hub

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "directory_people": self.people,
            "directory_person": self.person,
            "directory_groups": self.groups,
            "directory_group": self.group,
        }

    async def people(self, request: Request, visitor: Any) -> Response:
        """Users, found while one types."""
        return await self._list(request, visitor, Kind.USER)

    async def groups(self, request: Request, visitor: Any) -> Response:
        """Groups, found while one types."""
        return await self._list(request, visitor, Kind.GROUP)

    async def _list(self, request: Request, visitor: Any, kind: Kind) -> Response:
        directory = await self._shelf.directory(request, visitor)
        query = query_of(request)
        text, state = query.get("q", "")[:200], query.get("state", "")
        prefix = USER if kind is Kind.USER else GROUP
        wanted = Wanted(kind, text, STATES.get(state), resource_id(prefix, query.get("after", "")))
        page = await self._hub.stores.people.page(key_of(directory), wanted)
        standing = await self._hub.stores.directories.standing(key_of(directory))
        name = "people" if kind is Kind.USER else "groups"
        return self._shelf.render(
            request, name, directory, fragment=f"directories/{name}_found.html", page=page, asked=text, state=state,
            prefix=prefix, total=standing.users if kind is Kind.USER else standing.groups,
            more=wire(prefix, page.listed[-1].id) if page.more else "",
        )  # fmt: skip

    async def person(self, request: Request, visitor: Any) -> Response:
        """Attributes, groups, what happened to her."""
        directory = await self._shelf.directory(request, visitor)
        stored = await self._stored(request.params["user"], directory, Kind.USER)
        link = await self._hub.stores.links.link_of(key_of(directory), stored.id)
        told = profile_of(complete(stored, b""), self._hub.catalogue.types(directory)[Kind.USER], {})
        lacks = [
            (one.name, [ATTRIBUTES[name] for name in names])
            for one, names in lacking(told, await self._hub.stores.applications.applications())
        ]
        return self._shelf.render(
            request, "person", directory, lacks=lacks, resource=resource_of(stored), stored=stored,
            name=_name(stored), link=link,
            source=_source(stored), history=await self._history(directory, stored.id), user_id=wire(USER, stored.id),
            group_prefix=GROUP,
        )  # fmt: skip

    async def group(self, request: Request, visitor: Any) -> Response:
        """A group's members, a page at a time."""
        directory = await self._shelf.directory(request, visitor)
        stored = await self._stored(request.params["group"], directory, Kind.GROUP)
        text = query_of(request).get("after", "")
        after = resource_id(USER, text) or resource_id(GROUP, text)
        page = await self._hub.stores.people.members(key_of(directory), stored.id, after)
        last = page.listed[-1] if page.more else None
        more = "" if last is None else wire(USER if last.kind is Kind.USER else GROUP, last.id)
        return self._shelf.render(
            request, "group", directory, stored=stored, name=_name(stored), source=_source(stored), page=page,
            more=more, user_prefix=USER, group_prefix=GROUP, group_id=wire(GROUP, stored.id),
            history=await self._history(directory, stored.id),
        )  # fmt: skip

    async def _stored(self, text: str, directory: Directory, kind: Kind) -> Stored:
        one = resource_id(USER if kind is Kind.USER else GROUP, text)
        stored = None if one is None else await self._hub.stores.resources.by_id(key_of(directory), kind, one)
        if stored is None:
            raise EdgeProblem(404, "There is nobody with this id in this directory.")
        return stored

    async def _history(self, directory: Directory, one: ResourceId) -> list[tuple[int, Any, str]]:
        """When, what, and the exchange that it came from; names are read for all entries at once."""
        people, key = self._hub.stores.people, key_of(directory)
        written = await people.history(key, one, _HISTORY)
        blank = _blank(directory)
        wanted = {found for entry in written for found in ids_in(blank, [entry])}
        names = {found: line.called for found, line in (await people.names(key, sorted(wanted))).items()}
        product = product_of(directory.provider)
        return [
            (
                entry.entry.at,
                meaning(Told(blank, [entry], names, product)),
                "" if entry.entry.exchange_id is None else wire(EXCHANGE, entry.entry.exchange_id),
            )
            for entry in written
        ]


def _blank(directory: Directory) -> Exchange:
    """An exchange of nothing, for entries that stand alone."""
    nothing: Any = bytes(16)
    return Exchange(nothing, directory.organization_id, directory.id, None, 0, "PUT", "", 200, 0)


def _name(stored: Stored) -> str:
    resource = resource_of(stored)
    return str(resource.get("displayName") or resource.get("userName") or "")


def _source(stored: Stored) -> str:
    return orjson.dumps(resource_of(stored), option=orjson.OPT_INDENT_2).decode()
