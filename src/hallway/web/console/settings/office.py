"""What the pages of an organization's settings share."""

from dataclasses import dataclass
from typing import Any

from hallway.hub.organizations.model import Organization
from hallway.hub.organizations.service import Refused
from hallway.journal.model import Actor
from hallway.web.forms import FormErrors
from hallway.web.http import Request, Response
from hallway.web.page_problems import refusal
from hallway.web.pages import Pages
from hallway.web.wiring import Hub


@dataclass(frozen=True, slots=True)
class Office:
    """The open Hub and what renders."""

    hub: Hub
    pages: Pages

    def owner(self, visitor: Any) -> Organization:
        """The organization that is open."""
        organization: Organization = visitor.organization
        return organization

    def actor(self, request: Request, visitor: Any) -> Actor:
        """Who does it."""
        actor: Actor = visitor.actor(request)
        return actor

    def render(self, request: Request, name: str, status: int = 200, /, **context: Any) -> Response:
        """A page of the settings."""
        return self.pages.render(request, f"settings/{name}.html", status, **{"errors": FormErrors(), **context})

    def done(self, request: Request, path: str, message: str, /, **values: object) -> Response:
        """On to a page that says what was done; `message` is marked by `N_`."""
        return self.pages.see_other(path, done=self.pages.language(request).text(message, **values))

    def said(self, request: Request, refused: Refused) -> str:
        """What a refusal says in the visitor's language; that something is not there is a page of its own."""
        if refused.reason == "not_found":
            raise refused
        return refusal(self.pages.language(request), refused)


def query_of(request: Request) -> dict[str, str]:
    """The parameters of a page; of two by one name the last."""
    return dict(request.pairs())
