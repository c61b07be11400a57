"""The list of what there is to do, the domain, and the end of the work."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from hallway.hub.organizations.domains import Domain, domain_name
from hallway.hub.organizations.proving import add, check
from hallway.hub.organizations.service import Refused
from hallway.hub.setup.acts import as_link, complete, say_domain
from hallway.hub.setup.model import Status, Task
from hallway.hub.setup.progress import Findings, Step, is_complete, statuses
from hallway.hub.setup.service import leave
from hallway.web.console.connections.bench import product
from hallway.web.forms import FormErrors, read_form
from hallway.web.guards import taken
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.language import N_
from hallway.web.limits import DOMAIN_CHECKS, RateLimiter
from hallway.web.rows import PageHandler
from hallway.web.setup.guard import COOKIE, Guest
from hallway.web.setup.portal import ROOT, Portal

KINDS: Final = {
    Status.COMPLETED: "done",
    Status.IN_PROGRESS: "now",
    Status.NOT_STARTED: "open",
    Status.WAITING: "locked",
}
PAGES: Final = {
    Step.PROVE_DOMAIN: "domain",
    Step.CHOOSE_PROVIDER: "provider",
    Step.GIVE_VALUES: "guide",
    Step.FIRST_REQUEST: "activity",
    Step.TURN_ON: "turn-on",
    Step.SSO_PROVIDER: "sso",
    Step.SSO_VALUES: "sso/values",
    Step.SSO_METADATA: "sso/metadata",
    Step.SSO_TEST: "sso/test",
    Step.SSO_TURN_ON: "sso/test",
}


class TaskPages:
    """The handlers."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._pages = portal.pages
        self._checks = RateLimiter(DOMAIN_CHECKS)

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "setup": self.index,
            "setup_complete": self.complete,
            "setup_leave": self.leave,
            "setup_domain": self.domain,
            "setup_domain_add": self.add_domain,
            "setup_domain_check": self.check_domain,
        }

    async def index(self, request: Request, guest: Guest) -> Response:
        """Each step with its status, as the organization's rows have it."""
        found = await self._portal.findings(guest.link)
        directory = await self._portal.directory(guest.link)
        about = {} if directory is None else self._portal.about(directory)
        connection = found.connection
        if connection is not None:
            about["idp"] = product(connection)
            about["connection"] = connection
        steps = [
            (step.name, KINDS[status], self._page(step, status)) for step, status in statuses(guest.link, found).items()
        ]
        return self._portal.render(
            request, "tasks", guest, steps=steps, domain=await self._shown_domain(guest, found),
            is_complete=is_complete(guest.link, found), **about,
        )  # fmt: skip

    @staticmethod
    def _page(step: Step, status: Status) -> str:
        return f"{ROOT}/{PAGES[step]}" if step in PAGES and status is not Status.WAITING else ""

    async def _shown_domain(self, guest: Guest, found: Findings) -> str:
        proved = [name for name, is_proved in found.domains.items() if is_proved]
        if proved and not guest.link.progress.domain:
            return proved[0]
        domain = await self._portal.domain(guest.link) if Task.DOMAIN in guest.link.tasks else None
        return "" if domain is None else domain.shown

    async def complete(self, request: Request, guest: Guest) -> Response:
        """End the link; refused while something is left."""
        found = await self._portal.findings(guest.link)
        await complete(self._portal.desk, guest.visit, found, guest.address)
        leading = self._portal.remembered_return(guest.link)
        return self._pages.see_other(f"{ROOT}/done", self._pages.cookies.ended(COOKIE), *leading)

    async def leave(self, request: Request, guest: Guest) -> Response:
        """Forget the link in this browser."""
        await leave(self._portal.desk, guest.visit)
        done = self._pages.language(request).text("This browser has forgotten the link.")
        return self._pages.see_other(f"{ROOT}/done", self._pages.cookies.ended(COOKIE), done=done)

    async def domain(self, request: Request, guest: Guest) -> Response:
        """The record to make, or the field for the name; `other` asks for another name."""
        self._portal.refuse_task(guest, Task.DOMAIN)
        other = "other" in dict(request.pairs())
        return self._domain_page(request, guest, None if other else await self._portal.domain(guest.link), FormErrors())

    def _domain_page(
        self, request: Request, guest: Guest, domain: Domain | None, errors: FormErrors, typed: str = ""
    ) -> Response:
        status = 422 if errors else 200
        return self._portal.render(request, "domain", guest, status, domain=domain, errors=errors, typed=typed)

    async def add_domain(self, request: Request, guest: Guest) -> Response:
        """Claim the name, unless the organization has claimed it, and work on it."""
        self._portal.refuse_task(guest, Task.DOMAIN)
        typed = (await read_form(request))["domain"]
        try:
            name = domain_name(typed)
            if await self._portal.hub.stores.domains.domain(guest.organization.id, name) is None:
                await self._claim(guest, name)
        except Refused as refused:
            errors = FormErrors()
            errors.add("domain", refused.text, **refused.values)
            return self._domain_page(request, guest, None, errors, typed)
        await say_domain(self._portal.desk, guest.visit, name)
        return self._pages.see_other(f"{ROOT}/domain")

    async def _claim(self, guest: Guest, name: str) -> None:
        proving, actor = self._portal.hub.domain_desk, guest.visit.actor(guest.address)
        await as_link(
            self._portal.desk, guest.visit, f"claimed the domain {name}",
            lambda ledger: add(replace(proving, ledger=ledger), guest.organization, name, actor),
        )  # fmt: skip

    async def check_domain(self, request: Request, guest: Guest) -> Response:
        """Look for the record now."""
        self._portal.refuse_task(guest, Task.DOMAIN)
        domain = await self._portal.domain(guest.link)
        if domain is None:
            raise EdgeProblem(404, "Say first which domain it is.")
        taken(self._checks, guest.link.id)
        proving, actor = self._portal.hub.domain_desk, guest.visit.actor(guest.address)
        now = await as_link(
            self._portal.desk, guest.visit, f"had the record of {domain.name} checked",
            lambda ledger: check(replace(proving, ledger=ledger), domain, actor),
        )  # fmt: skip
        done = (
            self._pages.language(request).text(N_("The record is there: the domain is proved."))
            if now.has_effect
            else ""
        )
        return self._pages.see_other(f"{ROOT}/domain", done=done)
