"""Organizations as an operator sees them: found, made, changed, suspended."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hallway.hub.directories.health import findings
from hallway.hub.directories.model import DirectoryState
from hallway.hub.directories.providers import product_of
from hallway.hub.operators.finding import found_organizations
from hallway.hub.organizations.model import Organization, Plan
from hallway.hub.organizations.proving import award, found_domain
from hallway.hub.organizations.service import Refused, checked_name
from hallway.ids import ORGANIZATION, OrganizationId, parsed
from hallway.web.console.directories.shelf import KINDS
from hallway.web.console.directories.standing import signs_of
from hallway.web.forms import Form, FormErrors, read_form
from hallway.web.http import Request, Response
from hallway.web.language import N_
from hallway.web.operator.guard import HOME, OperatorVisitor
from hallway.web.operator.office import Office, field_of, root
from hallway.web.rows import PageHandler

_PLANS = {plan.value for plan in Plan}


class OrganizationPages:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._hub = office.hub

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "operator_home": self.home,
            "operator_organizations": self.index,
            "operator_organization_new": self.new,
            "operator_organization_create": self.create,
            "operator_organization": self.show,
            "operator_plan": self.change,
            "operator_suspend": self.suspend,
            "operator_resume": self.resume,
            "operator_award": self.award,
        }

    async def home(self, _: Request, __: OperatorVisitor) -> Response:
        """To where the work is."""
        return self._office.pages.see_other(HOME)

    async def index(self, request: Request, _: OperatorVisitor) -> Response:
        """Newest first, found while one types."""
        query = dict(request.pairs())
        asked, before = query.get("q", "").strip()[:200], parsed(ORGANIZATION, query.get("before", ""))
        found = await found_organizations(
            self._hub.stores.organizations, asked, None if before is None else OrganizationId(before)
        )
        return self._office.render(
            request, "organizations", fragment="operator/organizations_found.html", asked=asked, found=found,
            listed=[(one, root(one)) for one in found.organizations],
        )  # fmt: skip

    async def new(self, request: Request, _: OperatorVisitor) -> Response:
        """The form."""
        return self._form(request, Form([("plan", Plan.ENTERPRISE.value)]), FormErrors())

    def _form(self, request: Request, typed: Form, errors: FormErrors) -> Response:
        return self._office.render(request, "new", 422 if errors else 200, typed=typed, errors=errors)

    async def create(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Make it; its journal says which operator did."""
        form, errors = await read_form(request), FormErrors()
        if form["plan"] not in _PLANS:
            errors.add("plan", N_("Choose a plan"))
            return self._form(request, form, errors)
        try:
            made = await self._hub.registrar.create(
                form["name"], Plan(form["plan"]), form["external_id"] or None, visitor.actor(request)
            )
        except Refused as refused:
            errors.add(field_of(refused, "external_id", "name"), refused.text, **refused.values)
            return self._form(request, form, errors)
        return self._office.pages.see_other(root(made))

    async def show(self, request: Request, visitor: OperatorVisitor) -> Response:
        """At a glance, and what may be changed."""
        return await self._overview(request, visitor, await self._office.organization(request), FormErrors())

    async def _overview(
        self, request: Request, visitor: OperatorVisitor, organization: Organization, errors: FormErrors,
        typed: Form | None = None,
    ) -> Response:  # fmt: skip
        stores = self._hub.stores
        return self._office.render(
            request, "organization", 422 if errors else 200, errors=errors, kinds=KINDS, typed=typed,
            directories=await self._directories(organization),
            domains=await stores.domains.domains(organization.id),
            members={state.value: count for state, count in (await stores.members.counts(organization.id)).items()},
            links=[line for line in await self._office.bench.listed(organization) if line[2] == "alive"],
            **self._office.about(request, organization, visitor),
        )  # fmt: skip

    async def _directories(self, organization: Organization) -> list[tuple[Any, ...]]:
        listed = []
        for one in await self._hub.stores.directories.of_organization(organization.id):
            if one.state is not DirectoryState.DELETED:
                signs, standing = await signs_of(self._hub, one)
                listed.append((one, product_of(one.provider), standing, findings(signs)[0]))
        return listed

    async def change(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Name, plan and external id as they shall be."""
        organization, form = await self._office.organization(request), await read_form(request)
        errors = FormErrors()
        if form["plan"] not in _PLANS:
            errors.add("plan", N_("Choose a plan"))
            return await self._overview(request, visitor, organization, errors, form)
        try:
            changed = replace(organization, name=checked_name(form["name"]), plan=Plan(form["plan"]))
            await self._hub.registrar.update(changed, visitor.actor(request))
        except Refused as refused:
            errors.add(field_of(refused, "name"), refused.text, **refused.values)
            return await self._overview(request, visitor, organization, errors, form)
        return self._done(request, organization, N_("Saved."))

    async def suspend(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Its directories refuse writes."""
        organization = await self._office.organization(request)
        await self._hub.registrar.suspend(organization, visitor.actor(request))
        return self._done(request, organization, N_("The organization is suspended."))

    async def resume(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Its directories take writes again."""
        organization = await self._office.organization(request)
        await self._hub.registrar.resume(organization, visitor.actor(request))
        return self._done(request, organization, N_("The organization is active again."))

    async def award(self, request: Request, visitor: OperatorVisitor) -> Response:
        """A contested name is this organization's; the other one has to prove it anew."""
        organization, desk = await self._office.organization(request), self._hub.domain_desk
        domain = await found_domain(desk, organization.id, request.params["domain"])
        await award(desk, domain, visitor.actor(request))
        return self._done(request, organization, N_("The domain was awarded."))

    def _done(self, request: Request, organization: Organization, sentence: str) -> Response:
        done = self._office.pages.language(request).text(sentence)
        return self._office.pages.see_other(root(organization), done=done)
