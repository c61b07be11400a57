"""The deployment itself: what goes wrong in it, who runs it, and its own journal."""

from collections.abc import Mapping
from typing import Final

from hallway.accounts.model import DEPLOYMENT
from hallway.hub.operators.model import OperatorRole
from hallway.hub.operators.problems import HOUR, HOURS
from hallway.hub.operators.service import (
    create,
    deactivate,
    found_operator,
    listed,
    reactivate,
    set_role,
    welcome,
)
from hallway.hub.organizations.service import Refused
from hallway.hub.webhooks.switching_off import switched_off
from hallway.ids import ACCOUNT, wire
from hallway.journal.search import Question
from hallway.web.console.settings.event_words import told
from hallway.web.delivering import webhook_desk
from hallway.web.forms import Form, FormErrors, read_form
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.language import N_
from hallway.web.operator.guard import OperatorVisitor
from hallway.web.operator.office import Office, root
from hallway.web.operator.once import Once
from hallway.web.rows import PageHandler
from hallway.web.wiring import lookout

OPERATORS: Final = "/operator/operators"
_ROLES: Final = {role.value for role in OperatorRole}


class DeploymentPages:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._lookout = lookout(office.hub)
        self._once = Once(office, "operator_link", f"{OPERATORS}/made")

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "operator_problems": self.problems,
            "operator_operators": self.operators,
            "operator_operator_create": self.create,
            "operator_operator_once": self.once,
            "operator_operator_change": self.change,
            "operator_audit": self.audit,
        }

    async def problems(self, request: Request, _: OperatorVisitor) -> Response:
        """Refusals and failed sign-ins of the last day, contested names, late receipts, what was switched off."""
        now = self._office.pages.clock()
        found = await self._lookout.problems(now)
        asked = Question(types=("receipt.late",), since=now - HOURS * HOUR)
        late = (await self._office.hub.stores.audit.found(DEPLOYMENT, asked)).entries
        off = await switched_off(webhook_desk(self._office.hub))
        return self._office.render(request, "problems", found=found, root_of=root, late=late, off=off)

    async def operators(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Everybody, and the form."""
        return await self._operators(request, visitor, Form([("role", "viewer")]), FormErrors())

    async def _operators(self, request: Request, visitor: OperatorVisitor, typed: Form, errors: FormErrors) -> Response:
        everybody = [(one, account, wire(ACCOUNT, one.account_id)) for one, account in await listed(self._office.desk)]
        return self._office.render(
            request, "operators", 422 if errors else 200, everybody=everybody, typed=typed, errors=errors,
            own=visitor.account.id,
        )  # fmt: skip

    async def create(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Make her; the link is shown on a page of its own, to be handed over."""
        form, errors = await read_form(request), FormErrors()
        if form["role"] not in _ROLES:
            errors.add("role", N_("Choose a role"))
            return await self._operators(request, visitor, form, errors)
        try:
            made = await create(
                self._office.desk, form["email"], form["name"], OperatorRole(form["role"]), visitor.actor(request)
            )
        except Refused as refused:
            errors.add(
                "name" if refused.text.startswith("Enter your name") else "email", refused.text, **refused.values
            )
            return await self._operators(request, visitor, form, errors)
        return self._once.shown(visitor, {"address": made.address})

    async def once(self, request: Request, visitor: OperatorVisitor) -> Response:
        """The address behind which she chooses her password, this once."""
        return self._once.render(request, visitor, "operator_once")

    async def change(self, request: Request, visitor: OperatorVisitor) -> Response:
        """What the form says is to become of her."""
        form, desk, actor = await read_form(request), self._office.desk, visitor.actor(request)
        operator, account = await found_operator(desk, request.params["operator"])
        match form["act"]:
            case "deactivate":
                await deactivate(desk, operator, actor)
            case "reactivate":
                await reactivate(desk, operator, actor)
            case "link":
                return self._once.shown(visitor, {"address": await welcome(desk, account, actor)})
            case role if role in _ROLES:
                await set_role(desk, operator, OperatorRole(role), actor)
            case _:
                raise EdgeProblem(400, "The form does not say what is to be done.")
        done = self._office.pages.language(request).text(N_("Saved."))
        return self._office.pages.see_other(OPERATORS, done=done)

    async def audit(self, request: Request, _: OperatorVisitor) -> Response:
        """Newest first."""
        before = dict(request.pairs()).get("before", "")
        asked = Question(before=int(before) if before.isdecimal() and len(before) < 18 else None)
        found = await self._office.hub.stores.audit.found(DEPLOYMENT, asked)
        language = self._office.pages.language(request)
        lines = [told(one, language) for one in found.entries]
        return self._office.render(request, "audit", lines=lines, following=found.following)
