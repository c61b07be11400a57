"""The link's own connection: whose product it is, our values in its words, its metadata, a test, its switch."""

from collections.abc import Mapping
from typing import Any

from hallway.hub.connections.model import Connection, ConnectionState, Protocol, Provider
from hallway.hub.connections.openid import AUTHENTICATIONS
from hallway.hub.connections.service import Draft
from hallway.hub.organizations.service import Refused
from hallway.hub.setup.model import Task
from hallway.hub.setup.signing_on import Hand, make_connection, take, take_openid, turn_on
from hallway.web.console.connections.bench import Bench, StartTest, client_in, client_values, product
from hallway.web.console.connections.guides import GUIDES, NAMES, guide_of
from hallway.web.forms import FormErrors, read_form
from hallway.web.http import Request, Response
from hallway.web.language import N_
from hallway.web.rows import PageHandler
from hallway.web.setup.guard import Guest
from hallway.web.setup.portal import ROOT, Portal

BOX_BYTES = 3 * 1024 * 1024
_LONGEST_OWNER = 60


class SigningOnPages:
    """The handlers."""

    def __init__(self, portal: Portal, start_test: StartTest) -> None:
        self._portal = portal
        self._bench = Bench(portal.hub, portal.pages, start_test)

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "setup_sso": self.provider,
            "setup_sso_choose": self.choose,
            "setup_sso_values": self.values,
            "setup_sso_metadata": self.metadata,
            "setup_sso_take": self.take,
            "setup_sso_test": self.test,
            "setup_sso_test_start": self.start,
            "setup_sso_turn_on": self.turn_on,
        }

    async def provider(self, request: Request, guest: Guest) -> Response:
        """The products; once the connection is made, on to its values."""
        self._portal.refuse_task(guest, Task.SSO)
        if await self._portal.connection(guest.link) is not None:
            return self._portal.pages.see_other(f"{ROOT}/sso/values")
        return self._choices(request, guest, FormErrors())

    def _choices(self, request: Request, guest: Guest, errors: FormErrors) -> Response:
        products = [(provider.value, guide.name) for provider, guide in GUIDES.items() if guide.name]
        return self._portal.render(
            request, "sso_provider", guest, 422 if errors else 200, products=products, errors=errors
        )

    async def choose(self, request: Request, guest: Guest) -> Response:
        """Make the connection for the chosen product."""
        self._portal.refuse_task(guest, Task.SSO)
        chosen, errors = (await read_form(request))["provider"], FormErrors()
        if chosen != "oidc" and chosen not in {one.value for one in Provider}:
            errors.add("provider", N_("Choose whose product signs your people in"))
            return self._choices(request, guest, errors)
        protocol = Protocol.OIDC if chosen == "oidc" else Protocol.SAML
        provider = Provider.OTHER if chosen == "oidc" else Provider(chosen)
        there = GUIDES[provider].name
        owner = guest.organization.name[:_LONGEST_OWNER]
        draft = Draft(f"{owner}, {there}" if there else owner, protocol, provider)
        try:
            await make_connection(self._hand(guest), draft)
        except Refused as refused:
            self._bench.said(request, refused)
            errors.add("provider", refused.text, **refused.values)
            return self._choices(request, guest, errors)
        return self._portal.pages.see_other(f"{ROOT}/sso/values")

    def _hand(self, guest: Guest) -> Hand:
        return Hand(self._portal.desk, self._bench.desk, guest.visit, guest.address)

    def _render(
        self, request: Request, name: str, guest: Guest, one: Connection, status: int = 200, /, **more: Any
    ) -> Response:
        return self._portal.render(
            request, name, guest, status, connection=one, guide=guide_of(one.provider, one.protocol),
            there=product(one), values=self._bench.values(one), names=NAMES, is_saml=one.protocol is Protocol.SAML,
            ways=AUTHENTICATIONS, own=client_values(self._portal.hub.settings.base_url, one),
            **{"errors": FormErrors(), **more},
        )  # fmt: skip

    async def values(self, request: Request, guest: Guest) -> Response:
        """Steps at the provider, each value beside the name that it has there."""
        return self._render(request, "sso_values", guest, await self._portal.own_connection(guest))

    async def metadata(self, request: Request, guest: Guest) -> Response:
        """The box, or the fields of a client."""
        one = await self._portal.own_connection(guest)
        return self._render(request, "sso_metadata", guest, one, typed=_typed(one))

    async def take(self, request: Request, guest: Guest) -> Response:
        """Keep what was given."""
        one = await self._portal.own_connection(guest)
        form, errors = await read_form(request, BOX_BYTES), FormErrors()
        hand = self._hand(guest)
        try:
            if one.protocol is Protocol.OIDC:
                await take_openid(hand, one, client_in(form))
            else:
                await take(hand, one, form["given"], form["entity_id"])
        except Refused as refused:
            self._bench.said(request, refused)
            errors.add("issuer" if one.protocol is Protocol.OIDC else "given", refused.text, **refused.values)
            typed = {name: form[name] for name in _typed(one)}
            return self._render(request, "sso_metadata", guest, one, 422, typed=typed, errors=errors)
        return self._portal.pages.see_other(f"{ROOT}/sso/test")

    async def test(self, request: Request, guest: Guest) -> Response:
        """The test, whether one was accepted, and who turns it on."""
        return await self._test_page(request, guest, await self._portal.own_connection(guest))

    async def _test_page(
        self, request: Request, guest: Guest, one: Connection, status: int = 200, problem: str = ""
    ) -> Response:
        held = await self._portal.desk.concerned.has_members(guest.organization.id)
        is_on = one.state is ConnectionState.ACTIVE
        return self._render(request, "sso_test", guest, one, status, held=held, is_on=is_on, problem=problem)

    async def start(self, request: Request, guest: Guest) -> Response:
        """On to the provider."""
        one = await self._portal.own_connection(guest)
        if not one.is_complete or one.state is ConnectionState.DISABLED:
            return await self._test_page(request, guest, one, 409)
        return await self._bench.start_test(request, one)

    async def turn_on(self, request: Request, guest: Guest) -> Response:
        """Sign people in from now on, where nobody is there yet."""
        one = await self._portal.own_connection(guest)
        try:
            await turn_on(self._hand(guest), one)
        except Refused as refused:
            return await self._test_page(request, guest, one, 409, self._bench.said(request, refused))
        return self._portal.pages.see_other(f"{ROOT}/sso/test")


def _typed(one: Connection) -> dict[str, str]:
    if one.protocol is Protocol.OIDC:
        kept = one.oidc
        returns = "on" if kept.returns_here else ""
        named = {"issuer": kept.issuer, "client_id": kept.client_id, "authentication": kept.authentication}
        return {**named, "returns_here": returns}
    return {"given": one.saml.metadata_url, "entity_id": one.saml.idp_entity_id}
