"""The domains of an organization: claimed, proved by a record, given up."""

from collections.abc import Mapping
from typing import Any, Final

from hallway.hub.organizations.domains import GRACE, RECORD_LABEL, Domain, DomainState, Finding, TextAnswer
from hallway.hub.organizations.proving import add, answers, concluded, found_domain, mark_proved, may_mark, remove
from hallway.hub.organizations.service import Refused
from hallway.web.console.settings.office import Office
from hallway.web.forms import FormErrors, read_form
from hallway.web.guards import taken
from hallway.web.http import Request, Response
from hallway.web.language import N_
from hallway.web.limits import DOMAIN_CHECKS, RateLimiter
from hallway.web.rows import PageHandler

LIST: Final = "/settings/domains"
_SHOWN_RECORDS: Final = 5
_SHOWN_CHARACTERS: Final = 200


class DomainPages:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._desk = office.hub.domain_desk
        self._checks = RateLimiter(DOMAIN_CHECKS)

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "settings_domains": self.index,
            "settings_domain_add": self.add,
            "settings_domain": self.show,
            "settings_domain_check": self.check,
            "settings_domain_mark": self.mark,
            "settings_domain_remove": self.remove,
        }

    async def index(self, request: Request, visitor: Any) -> Response:
        """Every claim with its state, and the form for another."""
        return await self._list(request, visitor, "", FormErrors())

    async def _list(self, request: Request, visitor: Any, typed: str, errors: FormErrors) -> Response:
        found = await self._desk.domains.domains(self._office.owner(visitor).id)
        return self._office.render(
            request, "domains", 422 if errors else 200, domains=found, typed=typed, errors=errors, grace=GRACE
        )

    async def add(self, request: Request, visitor: Any) -> Response:
        """Claim a name; then its record is shown."""
        typed, errors = (await read_form(request))["domain"], FormErrors()
        try:
            domain = await add(self._desk, self._office.owner(visitor), typed, self._office.actor(request, visitor))
        except Refused as refused:
            errors.add("domain", refused.text, **refused.values)
            return await self._list(request, visitor, typed, errors)
        return self._office.pages.see_other(f"{LIST}/{domain.name}")

    async def show(self, request: Request, visitor: Any) -> Response:
        """The record to add, what the last check found, and what it is worth."""
        return self._page(request, await self._domain(request, visitor))

    async def _domain(self, request: Request, visitor: Any) -> Domain:
        return await found_domain(self._desk, self._office.owner(visitor).id, request.params["domain"])

    def _page(
        self, request: Request, domain: Domain, status: int = 200, told: tuple[TextAnswer, ...] = (), problem: str = ""
    ) -> Response:
        names = (domain.record_name, domain.name)
        heard = [(name, answer, _texts(answer)) for name, answer in zip(names, told, strict=False)]
        return self._office.render(
            request, "domain", status, domain=domain, root=f"{LIST}/{domain.name}", grace=GRACE, label=RECORD_LABEL,
            heard=heard, problem=problem, contact=self._office.hub.settings.support_address,
            may_mark=may_mark(self._desk, domain.name) and not domain.is_owner,
        )  # fmt: skip

    async def check(self, request: Request, visitor: Any) -> Response:
        """Ask DNS now, and show what it answered where that is no proof."""
        domain = await self._domain(request, visitor)
        taken(self._checks, domain.organization_id)
        told = await answers(self._desk, domain)
        now = await concluded(self._desk, domain, told, self._office.actor(request, visitor))
        if now.finding is Finding.FOUND and now.state is not DomainState.CONTESTED:
            return self._office.done(
                request, f"{LIST}/{now.name}", N_("The record is there: %(name)s is proved."), name=now.name
            )
        return self._page(request, now, 422, told)

    async def mark(self, request: Request, visitor: Any) -> Response:
        """Proved without a record, where the deployment is for development."""
        domain = await self._domain(request, visitor)
        try:
            now = await mark_proved(self._desk, domain, self._office.actor(request, visitor))
        except Refused as refused:
            return self._page(request, domain, 409, problem=self._office.said(request, refused))
        return self._office.done(
            request, f"{LIST}/{now.name}", N_("%(name)s counts as proved, for development."), name=now.name
        )

    async def remove(self, request: Request, visitor: Any) -> Response:
        """Give it up."""
        domain = await self._domain(request, visitor)
        await remove(self._desk, domain, self._office.actor(request, visitor))
        return self._office.done(request, LIST, N_("%(name)s was given up."), name=domain.name)


def _texts(answer: TextAnswer) -> list[str]:
    """The records that are shown, each cut where it is long."""
    cut = _SHOWN_CHARACTERS
    return [text if len(text) <= cut else text[:cut] + "…" for text in answer.texts[:_SHOWN_RECORDS]]
