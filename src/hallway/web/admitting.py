"""Who may open a page: the guards of the console, over whoever finds the visitor of a request.

Rules: without a session one signs in, and comes back to where one wanted to go; without an organization one picks
one; what a role does not allow says whom to ask; what is dangerous asks again after ten minutes; what she signs in with
changes only in a session that she began with a credential of her own.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias
from urllib.parse import quote, urlsplit

from hallway.web.http import Request, Response
from hallway.web.pages import Pages, Shown, here, is_fragment, own_path
from hallway.web.rows import ACCOUNT, ADMIN, FRESH_ACCOUNT, FRESH_ADMIN, MEMBER, NONE

FRESH_SECONDS: Final = 600
SIGN_IN: Final = "/sign-in"
SIGN_IN_AGAIN: Final = "/sign-in/again"
ORGANIZATIONS: Final = "/organizations"

PageGuard: TypeAlias = Callable[[Request], Awaitable[Any]]
"""Gives the visitor that the handler is called with, or the `Response` that is sent instead."""


class Visitor(Shown, Protocol):
    """Who is signed in, as guards need to know; `web/visitor.py` has the whole."""

    @property
    def authenticated_at(self) -> int:
        """When she last showed her credentials."""
        ...


FindVisitor: TypeAlias = Callable[[Request], Awaitable[Visitor | None]]
"""The visitor by the cookie of a request; None where there is no living session."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The guards of accounts and members, by their names in the route table."""

    pages: Pages
    find: FindVisitor
    clock: Callable[[], int]

    def guards(self) -> Mapping[str, PageGuard]:
        """One guard for each name that an account or a member may come behind."""
        return {
            NONE: self.find,
            ACCOUNT: self._guard(),
            MEMBER: self._guard(inside=True),
            ADMIN: self._guard(inside=True, admin=True),
            FRESH_ACCOUNT: self._guard(fresh=True),
            FRESH_ADMIN: self._guard(inside=True, admin=True, fresh=True),
        }

    def _guard(self, inside: bool = False, admin: bool = False, fresh: bool = False) -> PageGuard:
        async def guard(request: Request) -> Visitor | Response:
            visitor = await self.find(request)
            if visitor is None:
                return self._elsewhere(request, SIGN_IN)
            request.visitor = visitor
            if inside and not visitor.role:
                return self._elsewhere(request, ORGANIZATIONS)
            if admin and visitor.role != "admin":
                return self.pages.render(request, "errors/role.html", 403)
            if fresh and not inside and getattr(visitor, "through_connection", False):
                return self.pages.render(request, "errors/own_credential.html", 403)
            if fresh and self.clock() - visitor.authenticated_at > FRESH_SECONDS * 1_000_000:
                return self._elsewhere(request, SIGN_IN_AGAIN)
            return visitor

        return guard

    def _elsewhere(self, request: Request, path: str) -> Response:
        target = f"{path}?next={quote(wanted(request), safe='')}"
        if is_fragment(request):
            return Response(401, b"", ((b"hx-redirect", target.encode()),))
        return self.pages.see_other(target)


def wanted(request: Request) -> str:
    """Where to come back to: this page, or for a form the page that it stands on."""
    if request.method in ("GET", "HEAD"):
        return here(request)
    parts = urlsplit(request.header(b"referer"))
    return own_path(parts.path + (f"?{parts.query}" if parts.query else ""))
