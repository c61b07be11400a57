"""The link's own directory: its provider, its values and token, what it was sent, and who turns it on."""

from collections.abc import Mapping

from hallway.hub.directories.activity import PAGE, Asked, Outcome
from hallway.hub.directories.model import DirectoryState, Provider
from hallway.hub.directories.providers import PRODUCTS, product_of
from hallway.hub.setup.acts import another_token, choose_provider, make_directory, say_pasted
from hallway.hub.setup.model import Task
from hallway.hub.setup.service import Visit
from hallway.ids import EXCHANGE, ExchangeId, parsed, wire
from hallway.web.console.directories.guides import GUIDES, TOKEN
from hallway.web.console.directories.shelf import key_of
from hallway.web.console.directories.telling import told_exchange, told_lines
from hallway.web.forms import FormErrors, read_form
from hallway.web.guards import taken
from hallway.web.http import Request, Response
from hallway.web.language import N_
from hallway.web.limits import Bucket, RateLimiter
from hallway.web.rows import PageHandler
from hallway.web.setup.guard import Guest
from hallway.web.setup.portal import ROOT, Portal

TOKENS = Bucket(1 / 60, 10)
_LONGEST_OWNER = 150
_OUTCOMES = {outcome.value for outcome in Outcome}


class DirectoryPages:
    """The handlers."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._pages = portal.pages
        self._tokens = RateLimiter(TOKENS)

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "setup_provider": self.provider,
            "setup_provider_choose": self.choose,
            "setup_token": self.token,
            "setup_token_create": self.create_token,
            "setup_guide": self.guide,
            "setup_pasted": self.pasted,
            "setup_activity": self.activity,
            "setup_exchange": self.exchange,
            "setup_turn_on": self.turn_on,
        }

    async def provider(self, request: Request, guest: Guest) -> Response:
        """The products; once the directory is made, which one it was."""
        self._portal.refuse_task(guest, Task.DIRECTORY)
        directory = await self._portal.directory(guest.link)
        if directory is not None:
            return self._portal.render(request, "made", guest, **self._portal.about(directory))
        return self._choices(request, guest, FormErrors())

    def _choices(self, request: Request, guest: Guest, errors: FormErrors) -> Response:
        products = [(provider.value, product.name) for provider, product in PRODUCTS.items()]
        status = 422 if errors else 200
        return self._portal.render(request, "provider", guest, status, products=products, errors=errors)

    async def choose(self, request: Request, guest: Guest) -> Response:
        """Make the directory for the chosen product, and go on to its token."""
        self._portal.refuse_task(guest, Task.DIRECTORY)
        chosen = (await read_form(request))["provider"]
        if chosen not in {provider.value for provider in Provider}:
            errors = FormErrors()
            errors.add("provider", N_("Choose whose product will push"))
            return self._choices(request, guest, errors)
        provider, desk = Provider(chosen), self._portal.desk
        link = await choose_provider(desk, guest.visit, provider)
        visit = Visit(guest.organization, link, guest.visit.session)
        owner = guest.organization.name[:_LONGEST_OWNER]
        name = owner if provider is Provider.OTHER else f"{owner}, {product_of(provider).name}"
        _, made = await make_directory(desk, self._portal.workshop, visit, name, guest.address)
        return self._pages.see_other(f"{ROOT}/token", self._portal.remembered_token(guest, made.text))

    async def token(self, request: Request, guest: Guest) -> Response:
        """The text of the token that was just made; looked at again, it is not there."""
        directory = await self._portal.own_directory(guest)
        pastes = [paste for step in GUIDES[directory.provider].steps for paste in step.pastes]
        field = next((paste.field for paste in pastes if paste.what == TOKEN), "")
        page = self._portal.render(
            request, "token", guest, text=self._portal.shown_token(request, guest), field=field,
            **self._portal.about(directory),
        )  # fmt: skip
        return page._replace(headers=(*page.headers, self._portal.forgotten_token()))

    async def create_token(self, request: Request, guest: Guest) -> Response:
        """Another token; those there are go on."""
        directory = await self._portal.own_directory(guest)
        taken(self._tokens, guest.link.id)
        made = await another_token(self._portal.desk, self._portal.workshop, guest.visit, directory, guest.address)
        return self._pages.see_other(f"{ROOT}/token", self._portal.remembered_token(guest, made.text))

    async def guide(self, request: Request, guest: Guest) -> Response:
        """The steps in the product's own words, and what came first."""
        directory = await self._portal.own_directory(guest)
        stores = self._portal.hub.stores
        found = await stores.activity.exchanges(key_of(directory), Asked())
        strangers = await stores.exchanges.strangers(directory.organization_id, directory.id)
        return self._portal.render(
            request, "guide", guest, fragment="directories/first_request.html",
            guide=GUIDES[directory.provider], guide_page="guide", tokens_page="token", strangers=list(strangers)[:3],
            told=await told_lines(self._portal.hub, directory, list(found)[:5]), **self._portal.about(directory),
        )  # fmt: skip

    async def pasted(self, request: Request, guest: Guest) -> Response:
        """Note what the bearer says, and go back to the list."""
        await self._portal.own_directory(guest)
        await say_pasted(self._portal.desk, guest.visit)
        return self._pages.see_other(ROOT)

    async def activity(self, request: Request, guest: Guest) -> Response:
        """Exchanges of the link's own directory, newest first, by outcome."""
        directory = await self._portal.own_directory(guest)
        query, stores = dict(request.pairs()), self._portal.hub.stores
        outcome = Outcome(query["outcome"]) if query.get("outcome") in _OUTCOMES else Outcome.ALL
        before = parsed(EXCHANGE, query.get("before", ""))
        asked = Asked(outcome, before=None if before is None else ExchangeId(before))
        found = list(await stores.activity.exchanges(key_of(directory), asked))
        strangers = await stores.exchanges.strangers(directory.organization_id, directory.id)
        return self._portal.render(
            request, "activity", guest, fragment="directories/first_request.html",
            told=await told_lines(self._portal.hub, directory, found[:PAGE]), asked="", outcome=outcome.value,
            more=wire(EXCHANGE, found[PAGE - 1].id) if len(found) > PAGE else "", strangers=list(strangers)[:20],
            guide_page="activity", **self._portal.about(directory),
        )  # fmt: skip

    async def exchange(self, request: Request, guest: Guest) -> Response:
        """One exchange, as the console tells it."""
        directory = await self._portal.own_directory(guest)
        told = await told_exchange(self._portal.hub, directory, request.params["exchange"])
        return self._pages.render(
            request, "directories/exchange.html", layout="layouts/portal.html", root=ROOT, wire=wire,
            say=self._portal.shelf.speaker(request), **self._portal.about(directory), **told,
        )  # fmt: skip

    async def turn_on(self, request: Request, guest: Guest) -> Response:
        """Whether it is on, and who can turn it on."""
        directory = await self._portal.own_directory(guest)
        is_on = directory.state is DirectoryState.ACTIVE
        return self._portal.render(request, "turn_on", guest, is_on=is_on, **self._portal.about(directory))
