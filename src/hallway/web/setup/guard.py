"""The guard of the portal: the cookie of a browser in which a set-up link was opened becomes what it may work on.

Rules: it opens the pages of that link and nothing of the console; where the link ended, whatever the reason, the
answer is the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hallway.hub.organizations.model import Organization
from hallway.hub.setup.model import SetupLink
from hallway.hub.setup.service import SetupDesk, Visit, visit_of
from hallway.web.admitting import PageGuard
from hallway.web.http import Request, Response
from hallway.web.pages import Pages, is_fragment
from hallway.web.rows import SETUP_LINK

COOKIE: Final = "setup"


@dataclass(frozen=True, slots=True)
class Guest:
    """Who works with a link: nobody by name, in no role of the console."""

    visit: Visit
    address: str

    @property
    def organization(self) -> Organization:
        """Whose link it is."""
        return self.visit.organization

    @property
    def link(self) -> SetupLink:
        """The link."""
        return self.visit.link

    @property
    def name(self) -> str:
        """A link is no person."""
        return ""

    @property
    def email(self) -> str:
        """See `name`."""
        return ""

    @property
    def locale(self) -> str:
        """The browser says it."""
        return ""

    @property
    def role(self) -> str:
        """None of the console's."""
        return ""

    @property
    def organization_name(self) -> str:
        """The organization, as pages name it."""
        return self.visit.organization.name


@dataclass(frozen=True, slots=True)
class SetupAdmission:
    """The guard of the portal's pages."""

    pages: Pages
    desk: SetupDesk

    def guards(self) -> Mapping[str, PageGuard]:
        """By its name in the route table."""
        return {SETUP_LINK: self._guard}

    async def _guard(self, request: Request) -> Guest | Response:
        visit = await visit_of(self.desk, self.pages.cookies.read(request, COOKIE))
        if visit is not None:
            return Guest(visit, request.client_address)
        if is_fragment(request):
            return Response(403, b"", ((b"hx-redirect", b"/setup"),))
        answer = self.pages.render(request, "setup/closed.html", 403)
        return answer._replace(headers=(*answer.headers, self.pages.cookies.ended(COOKIE)))
