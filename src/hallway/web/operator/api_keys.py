"""Keys of the REST API: listed, made and shown once, revoked."""

from collections.abc import Mapping
from typing import Final

from hallway.hub.applications.api_keys import create, found_key, revoke
from hallway.hub.organizations.service import Refused
from hallway.ids import API_KEY, wire
from hallway.web.forms import Form, FormErrors, read_form
from hallway.web.http import Request, Response
from hallway.web.language import N_
from hallway.web.operator.guard import OperatorVisitor
from hallway.web.operator.office import Office
from hallway.web.operator.once import Once
from hallway.web.rows import PageHandler
from hallway.web.scope_words import scope_choices
from hallway.web.wiring import key_desk

KEYS: Final = "/operator/api-keys"
_LIFETIMES: Final = {"": None, "30": 30, "90": 90, "365": 365}


class KeyPages:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._desk = key_desk(office.hub)
        self._once = Once(office, "operator_key", f"{KEYS}/made")

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "operator_keys": self.index,
            "operator_key_create": self.create,
            "operator_key_once": self.once,
            "operator_key_revoke": self.revoke,
        }

    async def index(self, request: Request, _: OperatorVisitor) -> Response:
        """Living ones first, and the form."""
        return await self._index(request, Form([]), FormErrors())

    async def _index(self, request: Request, typed: Form, errors: FormErrors) -> Response:
        now = self._office.pages.clock()
        keys = sorted(await self._desk.keys.keys(), key=lambda one: (not one.is_alive(now), -one.created_at))
        listed = [(one, wire(API_KEY, one.id), one.is_alive(now)) for one in keys]
        return self._office.render(
            request, "api_keys", 422 if errors else 200, keys=listed, typed=typed, errors=errors,
            options=scope_choices(self._office.pages.language(request)), chosen=typed.all("scope"),
        )  # fmt: skip

    async def create(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Make it; the key is shown on a page of its own."""
        form, errors = await read_form(request), FormErrors()
        if form["days"] not in _LIFETIMES:
            errors.add("days", N_("Choose how long the key lives"))
        if not form.all("scope"):
            errors.add("scope", N_("Choose at least one thing that the key may do"))
        if errors:
            return await self._index(request, form, errors)
        days = _LIFETIMES[form["days"]]
        try:
            made = await create(self._desk, form["name"], form.all("scope"), days, visitor.actor(request))
        except Refused as refused:
            errors.add("name", refused.text, **refused.values)
            return await self._index(request, form, errors)
        return self._once.shown(visitor, {"name": made.key.name, "text": made.text})

    async def once(self, request: Request, visitor: OperatorVisitor) -> Response:
        """The new key."""
        return self._once.render(request, visitor, "api_key_once")

    async def revoke(self, request: Request, visitor: OperatorVisitor) -> Response:
        """End it now."""
        key = await found_key(self._desk, request.params["key"])
        await revoke(self._desk, key, visitor.actor(request))
        done = self._office.pages.language(request).text(N_("%(name)s opens nothing any more."), name=key.name)
        return self._office.pages.see_other(KEYS, done=done)
