"""A new connection, one at a glance with what is left to do, and its switches."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from hallway.hub.connections.discovered import Moved, kept_provider, moved, staged_provider
from hallway.hub.connections.model import DAY, Connection, ConnectionState, KeyState, Protocol, Provider
from hallway.hub.connections.service import Draft, effects
from hallway.hub.connections.upkeep import last_key
from hallway.hub.directories.providers import product_of
from hallway.hub.organizations.domains import DomainState
from hallway.hub.organizations.model import Feature
from hallway.hub.organizations.service import Refused
from hallway.web.console.connections.attempts import lines_of
from hallway.web.console.connections.bench import Bench, root
from hallway.web.console.connections.guides import GUIDES
from hallway.web.console.directories.shelf import Shelf
from hallway.web.console.directories.shelf import root as directory_root
from hallway.web.forms import FormErrors, read_form
from hallway.web.http import Request, Response
from hallway.web.language import N_, Language
from hallway.web.rows import PageHandler

RECENT: Final = 5


class OverviewPages:
    """The handlers."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._hub = bench.hub

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "connection_new": self.new,
            "connection_create": self.create,
            "connection": self.show,
            "connection_test": self.test,
            "connection_enable": self.enable,
            "connection_disable": self.disable,
            "connection_default": self.make_default,
            "connection_delete": self.delete,
        }

    async def new(self, request: Request, visitor: Any) -> Response:
        """The form; a plan without single sign-on explains itself."""
        if not self._bench.owner(visitor).unlocks(Feature.SSO):
            return self._bench.pages.render(request, "connections/locked.html", 403)
        return self._form(request, {"name": "", "provider": ""}, FormErrors())

    def _form(self, request: Request, typed: Mapping[str, str], errors: FormErrors) -> Response:
        products = [(provider.value, guide.name) for provider, guide in GUIDES.items() if guide.name]
        return self._bench.pages.render(
            request, "connections/new.html", 422 if errors else 200, typed=typed, products=products, errors=errors
        )

    async def create(self, request: Request, visitor: Any) -> Response:
        """Make it, then show what to do."""
        if not self._bench.owner(visitor).unlocks(Feature.SSO):
            return self._bench.pages.render(request, "connections/locked.html", 403)
        form, errors = await read_form(request), FormErrors()
        chosen = form["provider"]
        protocol = Protocol.OIDC if chosen == "oidc" else Protocol.SAML
        if chosen != "oidc" and chosen not in {one.value for one in Provider}:
            errors.add("provider", N_("Choose whose product signs your people in"))
        if not form["name"]:
            errors.add("name", N_("Enter a name for this connection"))
        if errors:
            return self._form(request, form, errors)
        provider = Provider.OTHER if chosen == "oidc" else Provider(chosen)
        try:
            made = await self._bench.book(request, visitor).create(
                self._bench.owner(visitor), Draft(form["name"], protocol, provider)
            )
        except Refused as refused:
            errors.add("name", refused.text, **refused.values)
            return self._form(request, form, errors)
        return self._bench.pages.see_other(root(made))

    async def show(self, request: Request, visitor: Any) -> Response:
        """What is left to do, facts, recent sign-ins, and the ways out."""
        return await self._page(request, visitor, await self._bench.connection(request, visitor))

    async def _page(
        self, request: Request, visitor: Any, one: Connection, status: int = 200, problem: str = ""
    ) -> Response:
        language = self._bench.pages.language(request)
        domains = await effects(self._bench.desk, one)
        stores, owner = self._hub.stores, self._bench.owner(visitor)
        found = await stores.sign_ins.attempts(owner.id, one.id, "", None, RECENT)
        strangers = list(await stores.sign_ins.strangers(owner.id, one.id))
        key, now = last_key(one), self._hub.desk.clock()
        return self._bench.render(
            request, "connection", one, status, problem=problem, tasks=tasks_of(one, domains, language),
            domains=domains, attempts=lines_of(found, [one], language), strangers=strangers,
            footprint=await stores.connections.footprint(one), days=_days(key.expires_at if key else None, now),
            waiting=[key for key in one.saml.keys if key.state in (KeyState.STAGED, KeyState.OFFERED)],
            directories=await self._directories(owner.id), moved=_moved(one, self._bench.desk.http_hosts),
        )  # fmt: skip

    async def _directories(self, owner: Any) -> list[tuple[Any, str, str, str]]:
        shelf = Shelf(self._hub, self._bench.pages)
        found = await self._hub.stores.directories.of_organization(owner)
        return [(one, product_of(one.provider).name, shelf.base_url(one), directory_root(one)) for one in found]

    async def test(self, request: Request, visitor: Any) -> Response:
        """On to the provider."""
        one = await self._bench.connection(request, visitor)
        if not one.is_complete or one.state is ConnectionState.DISABLED:
            said = self._bench.pages.language(request).text(
                N_("A test needs the provider's metadata, and is not possible while the connection is switched off.")
            )
            return await self._page(request, visitor, one, 409, said)
        return await self._bench.start_test(request, one)

    async def enable(self, request: Request, visitor: Any) -> Response:
        """Sign people in from now on."""
        owner = self._bench.owner(visitor)
        return await self._switched(
            request,
            visitor,
            lambda one: self._bench.book(request, visitor).enable(one, owner),
            N_("The connection is on."),
        )

    async def disable(self, request: Request, visitor: Any) -> Response:
        """Refuse everybody from now on."""
        book = self._bench.book(request, visitor)
        return await self._switched(request, visitor, book.disable, N_("The connection is switched off."))

    async def make_default(self, request: Request, visitor: Any) -> Response:
        """Send people here whose domain no connection names."""
        book = self._bench.book(request, visitor)
        return await self._switched(request, visitor, book.make_default, N_("It is the default connection now."))

    async def _switched(
        self, request: Request, visitor: Any, act: Callable[[Connection], Awaitable[Connection]], message: str
    ) -> Response:
        one = await self._bench.connection(request, visitor)
        try:
            await act(one)
        except Refused as refused:
            return await self._page(request, visitor, one, 409, self._bench.said(request, refused))
        return self._bench.done(request, root(one), message)

    async def delete(self, request: Request, visitor: Any) -> Response:
        """It goes."""
        one = await self._bench.connection(request, visitor)
        enforced = await self._hub.stores.enforcements.enforcement(self._bench.owner(visitor).id)
        if enforced is not None and enforced.connection_id == one.id:
            said = self._bench.pages.language(request).text(
                N_("Your organization enforces this connection. End that first.")
            )
            return await self._page(request, visitor, one, 409, said)
        await self._bench.book(request, visitor).delete(one)
        return self._bench.done(request, "/settings/sso", N_("The connection %(name)s was deleted."), name=one.name)


def _moved(one: Connection, http_hosts: frozenset[str]) -> Moved | None:
    """What of an OpenID provider waits for its day."""
    waits = staged_provider(one, http_hosts)
    return None if waits is None else moved(kept_provider(one, http_hosts), waits)


def _days(ends: int | None, now: int) -> int | None:
    return None if ends is None else (ends - now) // DAY


def tasks_of(one: Connection, domains: Mapping[str, DomainState | None], language: Language) -> list[dict[str, Any]]:
    """What there is to do, each with its state; the rows are read, not what somebody clicked."""
    place, say = root(one), language.text
    effective = [
        name for name, state in domains.items() if state not in (None, DomainState.PENDING, DomainState.LAPSED)
    ]
    off = one.state is not ConnectionState.ACTIVE
    saml, oidc = N_("Give us your provider's metadata"), N_("Give us the issuer and the client")
    needs = (
        N_("Cannot start yet: needs the provider's metadata"),
        N_("Cannot start yet: needs the issuer and the client"),
    )
    later = say(needs[one.protocol is Protocol.OIDC])
    return [
        _task(say(N_("Give your provider our addresses")), f"{place}/guide", one.is_complete, say),
        _task(
            say(saml if one.protocol is Protocol.SAML else oidc),
            f"{place}/metadata", one.is_complete, say,
        ),
        _task(say(N_("Name your SSO domains")), f"{place}/domains", bool(effective), say, bool(domains)),
        _task(say(N_("Test a sign-in")), "#test", one.tested_at is not None, say)
        if one.is_complete
        else {"title": say(N_("Test a sign-in")), "kind": "locked", "state": later},
        _task(say(N_("Turn it on")), "#switch", not off, say)
        if one.is_complete
        else {"title": say(N_("Turn it on")), "kind": "locked", "state": later},
    ]  # fmt: skip


def _task(title: str, href: str, is_done: bool, say: Callable[[str], str], begun: bool = False) -> dict[str, Any]:
    kind = "done" if is_done else "now" if begun else "open"
    words = {"done": N_("Completed"), "now": N_("In progress"), "open": N_("Not started")}[kind]
    return {"title": title, "href": href, "kind": kind, "state": say(words)}
