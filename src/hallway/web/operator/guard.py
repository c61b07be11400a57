"""Who may open a page of the operators' console: its own cookie, its own realm, a role, and two factors.

Rules: every request asks the rows, so what ended has ended; a password alone opens one's own account and nothing of a
customer; no cookie of the console opens anything here, nor the other way round.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from hallway.accounts.model import Account, Session
from hallway.accounts.rooms import AccountRooms
from hallway.accounts.sign_in import CODE, PASSKEY, RECOVERY_CODE
from hallway.hub.operators.model import Operator, OperatorRole, OperatorState
from hallway.hub.operators.ports import Operators
from hallway.journal.model import Actor
from hallway.web.admitting import FRESH_SECONDS, PageGuard, wanted
from hallway.web.http import Request, Response
from hallway.web.pages import Pages, is_fragment
from hallway.web.rows import (
    FRESH_OPERATOR_ACCOUNT,
    FRESH_OPERATOR_OWNER,
    OPERATOR,
    OPERATOR_ACCOUNT,
    OPERATOR_OWNER,
    OPERATOR_SUPPORT,
    OPERATOR_VISIT,
)

COOKIE: Final = "operator"
PREFIX: Final = "/operator"
HOME: Final = f"{PREFIX}/organizations"
_STRONG: Final = frozenset({PASSKEY, CODE, RECOVERY_CODE})


@dataclass(frozen=True, slots=True)
class OperatorVisitor:
    """An operator who is signed in."""

    account: Account
    session: Session
    operator: Operator

    @property
    def name(self) -> str:
        """Her name, or her address."""
        return self.account.shown

    @property
    def email(self) -> str:
        """Her address."""
        return self.account.email

    @property
    def locale(self) -> str:
        """The language that she chose, "" for none."""
        return self.account.locale

    @property
    def role(self) -> str:
        """Her role in this console."""
        return self.operator.role.value

    @property
    def organization_name(self) -> str:
        """She works in none."""
        return ""

    @property
    def is_owner(self) -> bool:
        """Whether she may change things."""
        return self.operator.may(OperatorRole.OWNER)

    @property
    def sees_people(self) -> bool:
        """Whether she may look at a customer's people, for a reason."""
        return self.operator.may(OperatorRole.SUPPORT)

    @property
    def authenticated_at(self) -> int:
        """When she last showed her credentials."""
        return self.session.authenticated_at

    def actor(self, request: Request) -> Actor:
        """Whom journals name."""
        return Actor("operator", self.account.id, self.account.shown, request.client_address)


@dataclass(frozen=True, slots=True)
class OperatorAdmission:
    """The guards of the operators' pages."""

    pages: Pages
    rooms: AccountRooms
    operators: Operators
    clock: Callable[[], int]

    def guards(self) -> Mapping[str, PageGuard]:
        """By their names in the route table."""
        return {
            OPERATOR_VISIT: self._find,
            OPERATOR_ACCOUNT: self._guard(None),
            FRESH_OPERATOR_ACCOUNT: self._guard(None, fresh=True),
            OPERATOR: self._guard(OperatorRole.VIEWER),
            OPERATOR_SUPPORT: self._guard(OperatorRole.SUPPORT),
            OPERATOR_OWNER: self._guard(OperatorRole.OWNER),
            FRESH_OPERATOR_OWNER: self._guard(OperatorRole.OWNER, fresh=True),
        }

    async def _find(self, request: Request) -> OperatorVisitor | None:
        text = self.pages.cookies.read(request, COOKIE)
        found = await self.rooms.sessions.visited(text) if text else None
        if found is None:
            return None
        account, session = found
        operator = await self.operators.operator(account.id)
        if operator is None or operator.state is not OperatorState.ACTIVE or session.created_at < operator.access_from:
            return None
        return OperatorVisitor(account, session, operator)

    def _guard(self, least: OperatorRole | None, fresh: bool = False) -> PageGuard:
        async def guard(request: Request) -> OperatorVisitor | Response:
            visitor = await self._find(request)
            if visitor is None:
                return await self._outside(request)
            request.visitor = visitor
            if least is not None and not _STRONG & set(visitor.session.methods):
                return await self._second_factor(request, visitor)
            if least is not None and not visitor.operator.may(least):
                return self.pages.render(request, "operator/role.html", 403, least=least.value)
            if fresh and self.clock() - visitor.authenticated_at > FRESH_SECONDS * 1_000_000:
                return self._elsewhere(request, f"{PREFIX}/sign-in/again")
            return visitor

        return guard

    async def _outside(self, request: Request) -> Response:
        """To the sign-in; one whose account is good and whose access has ended is told so."""
        text = self.pages.cookies.read(request, COOKIE)
        if not text or await self.rooms.sessions.visited(text) is None:
            return self._elsewhere(request, f"{PREFIX}/sign-in")
        ended = self.pages.render(request, "operator/ended.html", 403)
        return ended._replace(headers=(*ended.headers, self.pages.cookies.ended(COOKIE)))

    async def _second_factor(self, request: Request, visitor: OperatorVisitor) -> Response:
        """Once more with the factor that she has, or the page that says how to get one."""
        has = visitor.account.otp is not None or await self.rooms.desk.means.accounts.passkeys(visitor.account.id)
        if has:
            return self._elsewhere(request, f"{PREFIX}/sign-in/again")
        return self.pages.render(request, "operator/factor.html", 403)

    def _elsewhere(self, request: Request, path: str) -> Response:
        target = f"{path}?next={quote(wanted(request), safe='')}"
        if is_fragment(request):
            return Response(401, b"", ((b"hx-redirect", target.encode()),))
        return self.pages.see_other(target)
