"""The list of directories, a new one, one at a glance, and how to connect it."""

from collections.abc import Mapping
from typing import Any, Final

from hallway.exchanges.model import HOUR
from hallway.hub.directories.activity import Asked, buckets
from hallway.hub.directories.health import findings
from hallway.hub.directories.model import DirectoryState, Provider
from hallway.hub.directories.providers import PRODUCTS, product_of
from hallway.hub.organizations.model import Feature
from hallway.hub.organizations.service import Refused
from hallway.ids import DIRECTORY, wire
from hallway.web.console.directories.guides import GUIDES
from hallway.web.console.directories.shelf import KINDS, Shelf, key_of, query_of, root
from hallway.web.console.directories.standing import signs_of
from hallway.web.console.directories.telling import told_lines
from hallway.web.forms import FormErrors, read_form
from hallway.web.http import Request, Response
from hallway.web.language import N_
from hallway.web.rows import PageHandler

RANGES: Final = {"day": (24, 1), "month": (720, 24)}


class OverviewPages:
    """The handlers."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._hub = shelf.hub

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "directories": self.index,
            "directory_new": self.new,
            "directory_create": self.create,
            "directory": self.show,
            "directory_setup": self.setup,
        }

    async def index(self, request: Request, visitor: Any) -> Response:
        """Every directory with its worst finding."""
        found = await self._hub.stores.directories.of_organization(visitor.organization.id)
        listed = []
        for directory in found:
            signs, standing = await signs_of(self._hub, directory)
            worst = findings(signs)[0]
            listed.append((directory, product_of(directory.provider), standing, worst, root(directory)))
        return self._shelf.pages.render(
            request, "directories/index.html", listed=listed, kinds=KINDS, say=self._shelf.speaker(request)
        )

    async def new(self, request: Request, visitor: Any) -> Response:
        """The form; a plan without provisioning explains itself."""
        if not visitor.organization.unlocks(Feature.SCIM):
            return self._shelf.pages.render(request, "directories/locked.html", 403)
        return self._form(request, {"name": "", "provider": ""}, FormErrors())

    def _form(self, request: Request, typed: Mapping[str, str], errors: FormErrors) -> Response:
        products = [(provider.value, product.name) for provider, product in PRODUCTS.items()]
        return self._shelf.pages.render(
            request, "directories/new.html", 422 if errors else 200, typed=typed, products=products, errors=errors
        )

    async def create(self, request: Request, visitor: Any) -> Response:
        """Make it, then show its token on a page of its own."""
        if not visitor.organization.unlocks(Feature.SCIM):
            return self._shelf.pages.render(request, "directories/locked.html", 403)
        form, errors = await read_form(request), FormErrors()
        known = {provider.value for provider in Provider}
        if form["provider"] not in known:
            errors.add("provider", N_("Choose whose product will push"))
        if not form["name"]:
            errors.add("name", N_("Enter a name for this directory"))
        if errors:
            return self._form(request, form, errors)
        days = self._hub.settings.tokens_default_days
        try:
            directory, made = await self._shelf.acting(request, visitor).create(
                visitor.organization, form["name"], Provider(form["provider"]), days
            )
        except Refused:
            errors.add("name", N_("Enter a name of at most 200 printable characters"))
            return self._form(request, form, errors)
        token = self._shelf.remembered_token(directory, visitor, made.text)
        return self._shelf.pages.see_other(f"{root(directory)}/token", token)

    async def show(self, request: Request, visitor: Any) -> Response:
        """State, counts, requests over time, quirks, health."""
        directory = await self._shelf.directory(request, visitor)
        signs, standing = await signs_of(self._hub, directory)
        chosen = query_of(request).get("range", "day")
        hours, width = RANGES.get(chosen, RANGES["day"])
        counts = await self._hub.stores.activity.counts(key_of(directory), signs.now // HOUR - hours)
        pieces = buckets(counts, signs.now, hours, width)
        points = [(one.at, one.answered, one.refused + one.unauthenticated) for one in pieces]
        return self._shelf.render(
            request, "overview", directory,
            standing=standing, findings=findings(signs), kinds=KINDS, points=points,
            range=chosen if chosen in RANGES else "day", today=signs.day(0), base_url=self._shelf.base_url(directory),
        )  # fmt: skip

    async def setup(self, request: Request, visitor: Any) -> Response:
        """The guide of this provider, and what came first."""
        directory = await self._shelf.directory(request, visitor)
        key = key_of(directory)
        found = await self._hub.stores.activity.exchanges(key, Asked())
        told = await told_lines(self._hub, directory, list(found)[:5])
        strangers = await self._hub.stores.exchanges.strangers(directory.organization_id, directory.id)
        return self._shelf.render(
            request, "setup", directory, fragment="directories/first_request.html",
            guide=GUIDES[directory.provider], base_url=self._shelf.base_url(directory), told=told,
            strangers=list(strangers)[:3], is_closed=directory.state is not DirectoryState.ACTIVE,
            name=wire(DIRECTORY, directory.id),
        )  # fmt: skip
