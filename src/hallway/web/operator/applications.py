"""Applications: listed, made, changed, given secrets that are shown once, switched off, deleted."""

from collections.abc import Mapping
from typing import Final

from hallway.hub.applications import service
from hallway.hub.applications.model import MOST_SECRETS, Application, ApplicationState, Kind
from hallway.hub.applications.service import Made, Wish, found_application, wish_of
from hallway.hub.organizations.service import Refused
from hallway.ids import CLIENT_SECRET, wire
from hallway.journal.model import Stale
from hallway.oidc.issuing import SIGNING
from hallway.web.forms import Form, FormErrors, read_form
from hallway.web.http import Request, Response
from hallway.web.language import N_
from hallway.web.operator.application_form import filled_form, judged, mark, shown_again, told_apart, typed_wish
from hallway.web.operator.guard import OperatorVisitor
from hallway.web.operator.office import Office
from hallway.web.operator.once import Once
from hallway.web.rows import PageHandler
from hallway.web.scope_words import scope_choices
from hallway.web.wiring import application_desk

APPLICATIONS: Final = "/operator/applications"
_KINDS: Final = {kind.value: kind for kind in Kind}
_OVERLAPS: Final = {"": 0, "24": 24}
"""How long a secret that is revoked still counts, in hours."""
_LIMIT_BYTES: Final = 512 * 1024
"""Fifty addresses of each kind, each as long as may be."""


class ApplicationPages:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._desk = application_desk(office.hub)

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "operator_applications": self.index,
            "operator_application_new": self.new,
            "operator_application_create": self.create,
            "operator_application": self.show,
            "operator_application_change": self.change,
            "operator_application_enable": self.enable,
            "operator_application_disable": self.disable,
            "operator_application_delete": self.delete,
            "operator_secret_add": self.add_secret,
            "operator_secret_once": self.once,
            "operator_secret_revoke": self.revoke_secret,
        }

    async def index(self, request: Request, _: OperatorVisitor) -> Response:
        """Oldest first."""
        return self._office.render(request, "applications", listed=await self._desk.applications.applications())

    async def new(self, request: Request, _: OperatorVisitor) -> Response:
        """Ask for the kind; then the form of it."""
        kind = _KINDS.get(dict(request.pairs()).get("kind", ""))
        if kind is None:
            return self._office.render(request, "application_kind")
        return self._new(request, filled_form(Wish("", kind)), kind, FormErrors())

    def _new(self, request: Request, typed: Form, kind: Kind, errors: FormErrors) -> Response:
        return self._office.render(
            request,
            "application_new",
            422 if errors else 200,
            typed=typed,
            errors=errors,
            kind=kind.value,
            **self._choices(request),
        )

    async def create(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Make it; its secret, where it has one, is shown on a page of its own."""
        form = await read_form(request, _LIMIT_BYTES)
        kind = _KINDS.get(form["kind"])
        if kind is None:
            return self._office.render(request, "application_kind", 422)
        empty = Wish("", kind)
        wish = typed_wish(form, empty)
        errors = judged(wish, self._desk.in_development)
        if not errors:
            try:
                return self._made(request, visitor, await service.create(self._desk, wish, visitor.actor(request)))
            except Refused as refused:
                errors.add("", refused.text, **refused.values)
        return self._new(request, shown_again(wish, empty, errors), kind, errors)

    def _made(self, request: Request, visitor: OperatorVisitor, made: Made) -> Response:
        if made.text:
            value = {"client": made.application.client_id, "text": made.text}
            return self._once(made.application).shown(visitor, value)
        return self._to(request, made.application, N_("%(name)s is made."))

    async def show(self, request: Request, _: OperatorVisitor) -> Response:
        """All of it, with the form."""
        one = await self._application(request)
        return await self._show(request, one, filled_form(wish_of(one)), FormErrors())

    async def _show(
        self, request: Request, one: Application, typed: Form, errors: FormErrors, status: int = 422
    ) -> Response:
        now = self._desk.clock()
        secrets = await self._desk.applications.secrets(one.id)
        alive = sum(each.is_alive(now) for each in secrets)
        return self._office.render(
            request, "application", status if errors else 200, application=one, root=_root(one), kind=one.kind.value,
            secrets=[(each, wire(CLIENT_SECRET, each.id), each.is_alive(now)) for each in secrets], alive=alive,
            may_add=alive < MOST_SECRETS, issuer=self._desk.issuer, typed=typed, errors=errors,
            **self._choices(request),
        )  # fmt: skip

    async def change(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Write what the form says, where nobody changed it since the form was shown."""
        one, form = await self._application(request), await read_form(request, _LIMIT_BYTES)
        was = wish_of(one)
        wish = typed_wish(form, was)
        if form["seen"] != mark(was):
            return await self._stale(request, one, wish)
        errors = judged(wish, self._desk.in_development)
        if errors:
            return await self._show(request, one, shown_again(wish, was, errors), errors)
        try:
            now = await service.change(self._desk, one, wish, visitor.actor(request))
        except Stale:
            return await self._stale(request, await self._application(request), wish)
        return self._to(request, now, N_("%(name)s is saved."))

    async def _stale(self, request: Request, now: Application, wish: Wish) -> Response:
        again = shown_again(wish, wish_of(now), judged(wish, self._desk.in_development))
        return await self._show(request, now, again, told_apart(wish, wish_of(now)), 409)

    async def enable(self, request: Request, visitor: OperatorVisitor) -> Response:
        """It gets something again."""
        one = await self._application(request)
        await service.set_state(self._desk, one, ApplicationState.ACTIVE, visitor.actor(request))
        return self._to(request, one, N_("%(name)s is switched on."))

    async def disable(self, request: Request, visitor: OperatorVisitor) -> Response:
        """It gets nothing from now on."""
        one = await self._application(request)
        await service.set_state(self._desk, one, ApplicationState.DISABLED, visitor.actor(request))
        return self._to(request, one, N_("%(name)s is switched off."))

    async def delete(self, request: Request, visitor: OperatorVisitor) -> Response:
        """It goes, with its secrets."""
        one = await self._application(request)
        await service.delete(self._desk, one, visitor.actor(request))
        done = self._office.pages.language(request).text(N_("%(name)s was deleted."), name=one.name)
        return self._office.pages.see_other(APPLICATIONS, done=done)

    async def add_secret(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Another one, shown on a page of its own."""
        one = await self._application(request)
        return self._made(request, visitor, await service.add_secret(self._desk, one, visitor.actor(request)))

    async def once(self, request: Request, visitor: OperatorVisitor) -> Response:
        """The new secret."""
        one = await self._application(request)
        return self._once(one).render(request, visitor, "application_secret", application=one, root=_root(one))

    async def revoke_secret(self, request: Request, visitor: OperatorVisitor) -> Response:
        """It ends now, or in a day."""
        one, form = await self._application(request), await read_form(request)
        hours = _OVERLAPS.get(form["hours"])
        if hours is None:
            raise Refused("invalid", "A secret ends now, or in 24 hours.")
        secret = request.params["secret"]
        left = await service.revoke_secret(self._desk, one, secret, visitor.actor(request), hours)
        return self._to(request, one, N_("The secret has ended.") if left is None else N_("The secret ends in a day."))

    async def _application(self, request: Request) -> Application:
        return await found_application(self._desk, request.params["application"])

    def _once(self, one: Application) -> Once:
        return Once(self._office, "operator_secret", f"{_root(one)}/secrets/made")

    def _to(self, request: Request, one: Application, done: str) -> Response:
        words = self._office.pages.language(request).text(done, name=one.name)
        return self._office.pages.see_other(_root(one), done=words)

    def _choices(self, request: Request) -> dict[str, object]:
        """What the form's boxes offer."""
        language = self._office.pages.language(request)
        return {"scopes": scope_choices(language), "algorithms": [(one, one) for one in SIGNING]}


def _root(one: Application) -> str:
    return f"{APPLICATIONS}/{one.client_id}"
