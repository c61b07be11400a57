"""Webhooks: listed, made, changed, given other secrets, switched off and on, deleted."""

from collections.abc import Mapping
from typing import Final

from hallway.accounts.model import DEPLOYMENT
from hallway.delivery.model import SWITCHED_OFF, TOOK_NOTHING, WANTS_NOTHING, Endpoint
from hallway.hub.organizations.model import Organization
from hallway.hub.organizations.service import Refused
from hallway.hub.webhooks.service import (
    DISABLED,
    change,
    create,
    delete,
    disable,
    enable,
    found_endpoint,
    listed,
    rotate,
)
from hallway.ids import ENDPOINT, OrganizationId, wire
from hallway.journal.search import Question
from hallway.web.delivering import webhook_desk
from hallway.web.forms import Form, FormErrors, read_form
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.language import N_
from hallway.web.operator.guard import OperatorVisitor
from hallway.web.operator.office import Office
from hallway.web.operator.once import Once
from hallway.web.operator.webhook_form import EVERYTHING, as_typed, options, read_wish
from hallway.web.operator.webhook_routes import ALL
from hallway.web.rows import PageHandler

OVERLAPS: Final = {"0": 0, "24": 24, "72": 72, "168": 168}
"""Hours for which a secret of before signs beside the new one, as the form has them."""
REASONS: Final[Mapping[str, str]] = {
    WANTS_NOTHING: N_("It answered 410 (Gone): it wants nothing any more."),
    TOOK_NOTHING: N_("It took nothing for three days."),
    DISABLED: N_("It was switched off by hand."),
}
REMEDIES: Final[Mapping[str, str]] = {
    WANTS_NOTHING: N_("Have your application answer 2xx at this address again, or enter another address; then enable."),
    TOOK_NOTHING: N_(
        "Look at the attempts for what it answered, mend that, send a ping; when the ping is taken, enable."
    ),
    DISABLED: N_("Enable it when it is to be told again."),
}
"""What to do about each."""


def root(endpoint: Endpoint) -> str:
    """The path of a webhook's pages."""
    return f"{ALL}/{wire(ENDPOINT, endpoint.id)}"


class Hooks:
    """What pages of webhooks share: the one of the address, and what every page of it says."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self.desk = webhook_desk(office.hub)

    async def endpoint(self, request: Request) -> Endpoint:
        """The webhook of the address, or 404."""
        return await found_endpoint(self.desk, request.params["webhook"])

    async def render(
        self, request: Request, endpoint: Endpoint, name: str, status: int = 200, /, **context: object
    ) -> Response:
        """A page of one webhook."""
        return self._office.render(
            request, name, status, hook=endpoint, root=root(endpoint), for_whom=await self.organization(endpoint),
            remedies=REMEDIES, off_since=await self._off_since(endpoint), **context,
        )  # fmt: skip

    async def organization(self, endpoint: Endpoint) -> Organization | None:
        """The one organization that it is told of; None: all, or one that is gone."""
        if endpoint.organization_id is None:
            return None
        return await self._office.hub.stores.organizations.by_id(endpoint.organization_id)

    async def _off_since(self, endpoint: Endpoint) -> int | None:
        """When it was switched off; None where it is on, or that was too long ago."""
        if not endpoint.reason:
            return None
        asked = Question(("endpoint.switched_off", "endpoint.disabled"), subject_id=endpoint.id, limit=1)
        found = (await self._office.hub.stores.audit.found(DEPLOYMENT, asked)).entries
        return found[0].entry.at if found else None


class WebhookPages:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._hooks = Hooks(office)
        self._desk = self._hooks.desk
        self._once = Once(office, "operator_webhook_secret", f"{ALL}/secret")

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "operator_webhooks": self.index,
            "operator_webhook_new": self.new,
            "operator_webhook_create": self.create,
            "operator_webhook_once": self.once,
            "operator_webhook_settings": self.settings,
            "operator_webhook_change": self.change,
            "operator_webhook_rotate": self.rotate,
            "operator_webhook_disable": self.disable,
            "operator_webhook_enable": self.enable,
            "operator_webhook_delete": self.delete,
        }

    async def index(self, request: Request, _: OperatorVisitor) -> Response:
        """Oldest first."""
        hooks = [(one, root(one), await self._hooks.organization(one)) for one in await listed(self._desk)]
        return self._office.render(request, "webhooks", hooks=hooks, by_itself=SWITCHED_OFF)

    async def new(self, request: Request, _: OperatorVisitor) -> Response:
        """The form, with everything ticked."""
        return self._new(request, Form([("type", EVERYTHING)]), FormErrors())

    def _new(self, request: Request, typed: Form, errors: FormErrors) -> Response:
        offered = options(self._office.pages.language(request))
        status = 422 if errors else 200
        return self._office.render(request, "webhook_new", status, typed=typed, errors=errors, options=offered)

    async def create(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Make it; its secret is shown on a page of its own."""
        form, errors = await read_form(request), FormErrors()
        wish = read_wish(form, errors, self._desk.wrong_url)
        owner = await self._owner(form["organization"], errors)
        if errors:
            return self._new(request, form, errors)
        try:
            made, secret = await create(self._desk, wish, owner, visitor.actor(request))
        except Refused as refused:
            errors.add("name", refused.text, **refused.values)
            return self._new(request, form, errors)
        return self._shown(visitor, made, secret)

    async def _owner(self, text: str, errors: FormErrors) -> OrganizationId | None:
        try:
            return (await self._office.hub.registrar.found(text)).id if text else None
        except Refused:
            errors.add("organization", N_("Enter the id or the external id of an organization, or nothing"))
            return None

    async def once(self, request: Request, visitor: OperatorVisitor) -> Response:
        """The new secret."""
        return self._once.render(request, visitor, "webhook_once")

    def _shown(self, visitor: OperatorVisitor, endpoint: Endpoint, secret: str) -> Response:
        return self._once.shown(visitor, {"text": secret, "url": endpoint.url, "root": root(endpoint)})

    async def settings(self, request: Request, _: OperatorVisitor) -> Response:
        """As it is."""
        endpoint = await self._hooks.endpoint(request)
        return await self._settings(request, endpoint, as_typed(endpoint), FormErrors())

    async def _settings(self, request: Request, endpoint: Endpoint, typed: Form, errors: FormErrors) -> Response:
        offered = options(self._office.pages.language(request), endpoint.types)
        return await self._hooks.render(
            request, endpoint, "webhook_settings", 422 if errors else 200, typed=typed, errors=errors, options=offered
        )

    async def change(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Another address, other events, another name."""
        endpoint, form, errors = await self._hooks.endpoint(request), await read_form(request), FormErrors()
        wish = read_wish(form, errors, self._desk.wrong_url, endpoint.types)
        if errors:
            return await self._settings(request, endpoint, form, errors)
        try:
            await change(self._desk, endpoint, wish, visitor.actor(request))
        except Refused as refused:
            errors.add("name" if refused.reason == "invalid" else "", refused.text, **refused.values)
            return await self._settings(request, endpoint, form, errors)
        return self._done(request, f"{root(endpoint)}/settings", N_("Saved."))

    async def rotate(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Another secret, shown once; that of before signs for some hours more."""
        endpoint, form = await self._hooks.endpoint(request), await read_form(request)
        if form["hours"] not in OVERLAPS:
            raise EdgeProblem(400, "The form does not say how long the old secret signs.")
        made, secret = await rotate(self._desk, endpoint, OVERLAPS[form["hours"]], visitor.actor(request))
        return self._shown(visitor, made, secret)

    async def disable(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Nothing is sent from now on."""
        endpoint = await self._hooks.endpoint(request)
        await disable(self._desk, endpoint, visitor.actor(request))
        return self._done(request, root(endpoint), N_("Nothing is sent any more; what happens waits."))

    async def enable(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Sent again, with what waited or without."""
        endpoint, form = await self._hooks.endpoint(request), await read_form(request)
        await enable(self._desk, endpoint, visitor.actor(request), form.ticked("skip"))
        return self._done(request, root(endpoint), N_("Events are sent again."))

    async def delete(self, request: Request, visitor: OperatorVisitor) -> Response:
        """It goes, with what was kept of its deliveries."""
        endpoint = await self._hooks.endpoint(request)
        await delete(self._desk, endpoint, visitor.actor(request))
        return self._done(request, ALL, N_("The webhook was deleted."))

    def _done(self, request: Request, path: str, said: str) -> Response:
        return self._office.pages.see_other(path, done=self._office.pages.language(request).text(said))
