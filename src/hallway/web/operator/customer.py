"""A customer's set-up links, and, for a reason that the customer reads, its people and exchanges."""

from collections.abc import Mapping
from typing import Any

from hallway.hub.directories.activity import PAGE, Asked, Outcome
from hallway.hub.directories.model import Directory, DirectoryState
from hallway.hub.directories.providers import product_of
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.operators.service import note_look
from hallway.hub.organizations.members import MemberSearch
from hallway.hub.organizations.model import Organization
from hallway.hub.organizations.service import Refused
from hallway.hub.setup.service import found_link, revoke
from hallway.ids import ACCOUNT, DIRECTORY, EXCHANGE, MEMBER, DirectoryId, ExchangeId, MemberId, parsed, wire
from hallway.web.console.directories.telling import told_exchange, told_lines
from hallway.web.forms import Form, FormErrors, read_form
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.operator.guard import OperatorVisitor
from hallway.web.operator.office import Office, root
from hallway.web.pages import own_path
from hallway.web.rows import PageHandler
from hallway.web.setup.making import FRESH_FORM, Maker

_OUTCOMES = {outcome.value for outcome in Outcome}


class CustomerPages:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._bench = office.bench
        self._stores = office.hub.stores

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "operator_links": self.links,
            "operator_link_create": self.create_link,
            "operator_link_once": self.link_once,
            "operator_link_revoke": self.revoke_link,
            "operator_look": self.ask,
            "operator_looked": self.look,
            "operator_members": self.members,
            "operator_activity": self.activity,
            "operator_exchange": self.exchange,
        }

    async def links(self, request: Request, visitor: OperatorVisitor) -> Response:
        """The links; an owner makes them."""
        return await self._links(request, visitor, await self._office.organization(request), FRESH_FORM, FormErrors())

    async def _links(
        self, request: Request, visitor: OperatorVisitor, organization: Organization, form: Form, errors: FormErrors
    ) -> Response:
        return self._office.render(
            request, "links", 422 if errors else 200, links_at=f"{root(organization)}/setup-links",
            listed=await self._bench.listed(organization), reads_only=not visitor.is_owner,
            **self._office.about(request, organization, visitor), **self._bench.context(form, errors),
        )  # fmt: skip

    async def create_link(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Make it as an operator; one without an address is shown on a page of its own."""
        organization, form = await self._office.organization(request), await read_form(request)
        maker = Maker(visitor.actor(request), wire(ACCOUNT, visitor.account.id))
        made = await self._bench.made(organization, form, maker)
        if isinstance(made, FormErrors):
            return await self._links(request, visitor, organization, form, made)
        place = f"{root(organization)}/setup-links"
        if made.link.email:
            text = self._office.pages.language(request).text
            done = text("The link was mailed to %(email)s.", email=made.link.email)
            return self._office.pages.see_other(place, done=done)
        return self._office.pages.see_other(f"{place}/made", self._bench.remembered(visitor.account.id, made))

    async def link_once(self, request: Request, visitor: OperatorVisitor) -> Response:
        """The address; looked at again, it is not there."""
        organization = await self._office.organization(request)
        page = self._office.pages.render(
            request, "setup/link_once.html", layout="layouts/operator.html",
            address=self._bench.shown(request, visitor.account.id), links_at=f"{root(organization)}/setup-links",
        )  # fmt: skip
        return page._replace(headers=(*page.headers, self._bench.forgotten()))

    async def revoke_link(self, request: Request, visitor: OperatorVisitor) -> Response:
        """End it, whoever made it."""
        organization = await self._office.organization(request)
        link = await found_link(self._bench.desk, organization.id, request.params["link"])
        await revoke(self._bench.desk, link, visitor.actor(request))
        done = self._office.pages.language(request).text("The link has ended.")
        return self._office.pages.see_other(f"{root(organization)}/setup-links", done=done)

    async def ask(self, request: Request, visitor: OperatorVisitor) -> Response:
        """The form for the reason."""
        organization = await self._office.organization(request)
        return self._ask(request, visitor, organization, dict(request.pairs()).get("to", ""), FormErrors())

    def _ask(
        self, request: Request, visitor: OperatorVisitor, organization: Organization, to: str, errors: FormErrors
    ) -> Response:
        about = self._office.about(request, organization, visitor)
        return self._office.render(request, "look", 422 if errors else 200, to=to, errors=errors, **about)

    async def look(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Write the reason where the customer reads it, then go on."""
        organization, form = await self._office.organization(request), await read_form(request)
        try:
            await note_look(self._office.desk, organization.id, form["reason"], visitor.actor(request))
        except Refused as refused:
            errors = FormErrors()
            errors.add("reason", refused.text, **refused.values)
            return self._ask(request, visitor, organization, form["to"], errors)
        target = own_path(root(organization) + form["to"]) if form["to"].startswith("/") else root(organization)
        return self._office.pages.see_other(target, self._office.look(organization, visitor))

    async def members(self, request: Request, visitor: OperatorVisitor) -> Response:
        """By name, searched and paged."""
        organization = await self._office.organization(request)
        elsewhere = self._office.refuse_unasked(request, organization, visitor)
        if elsewhere is not None:
            return elsewhere
        query = dict(request.pairs())
        last = parsed(MEMBER, query.get("after", ""))
        after = None if last is None else (query.get("name", ""), MemberId(last))
        asked = query.get("q", "").strip()[:200]
        page = await self._stores.members.page(organization.id, MemberSearch(asked, after=after))
        more = None if page.following is None else {
            "q": asked, "name": page.following[0], "after": wire(MEMBER, page.following[1])
        }  # fmt: skip
        return self._office.render(
            request, "members", fragment="operator/members_found.html", page=page, asked=asked, more=more,
            **self._office.about(request, organization, visitor),
        )  # fmt: skip

    async def activity(self, request: Request, visitor: OperatorVisitor) -> Response:
        """What a directory was sent, newest first, by outcome."""
        organization = await self._office.organization(request)
        elsewhere = self._office.refuse_unasked(request, organization, visitor)
        if elsewhere is not None:
            return elsewhere
        directory, query = await self._directory(request, organization), dict(request.pairs())
        outcome = Outcome(query["outcome"]) if query.get("outcome") in _OUTCOMES else Outcome.ALL
        before = parsed(EXCHANGE, query.get("before", ""))
        asked = Asked(outcome, before=None if before is None else ExchangeId(before))
        key = DirectoryKey(directory.organization_id, directory.id)
        found = list(await self._stores.activity.exchanges(key, asked))
        return self._office.render(
            request, "activity", told=await told_lines(self._office.hub, directory, found[:PAGE]), asked="",
            outcome=outcome.value, more=wire(EXCHANGE, found[PAGE - 1].id) if len(found) > PAGE else "",
            **self._about(request, organization, directory, visitor),
        )  # fmt: skip

    async def exchange(self, request: Request, visitor: OperatorVisitor) -> Response:
        """One exchange, as the customer's console tells it."""
        organization = await self._office.organization(request)
        elsewhere = self._office.refuse_unasked(request, organization, visitor)
        if elsewhere is not None:
            return elsewhere
        directory = await self._directory(request, organization)
        told = await told_exchange(self._office.hub, directory, request.params["exchange"])
        about = self._about(request, organization, directory, visitor)
        return self._office.pages.render(
            request, "directories/exchange.html", layout="layouts/operator.html", wire=wire, **about, **told
        )

    async def _directory(self, request: Request, organization: Organization) -> Directory:
        found = parsed(DIRECTORY, request.params["directory"])
        directory = (
            None if found is None
            else await self._stores.directories.directory(organization.id, DirectoryId(found))
        )  # fmt: skip
        if directory is None or directory.state is DirectoryState.DELETED:
            raise EdgeProblem(404, "There is no such directory in this organization.")
        return directory

    def _about(
        self, request: Request, organization: Organization, directory: Directory, visitor: OperatorVisitor
    ) -> dict[str, Any]:
        about = self._office.about(request, organization, visitor)
        place = f"{root(organization)}/directories/{wire(DIRECTORY, directory.id)}"
        return {**about, "root": place, "back": root(organization), "directory": directory,
                "product_there": product_of(directory.provider)}  # fmt: skip
