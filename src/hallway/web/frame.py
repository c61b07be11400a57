"""What belongs to every page: its files, how it looks to this visitor, and the page of all components."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from hallway.web.forms import read_form
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.language import languages
from hallway.web.pages import THEMES, Pages, own_path
from hallway.web.patterns import EXAMPLES, WRONG
from hallway.web.routing import Handler
from hallway.web.rows import NONE, PageHandler, Row, page

ROUTES: Final = (
    Row("GET", "/static/{file}", NONE, "static_file", "A style sheet, a script or a picture."),
    page("GET", "/", NONE, "home", "To the console, or to sign in."),
    page("POST", "/preferences", NONE, "preferences", "Choose theme and language in this browser."),
    page("GET", "/patterns", NONE, "patterns", "Every component in every state; on loopback only."),
)
_YEAR: Final = 365 * 86400


class Frame:
    """The handlers; `pages` renders."""

    def __init__(self, pages: Pages, development: bool) -> None:
        self._pages = pages
        self._development = development

    def handlers(self) -> Mapping[str, Handler]:
        """The handlers that need no visitor."""
        return {"static_file": self._pages.files.serve}

    def page_handlers(self) -> Mapping[str, PageHandler]:
        """The handlers of pages."""
        return {"home": self.home, "preferences": self.preferences, "patterns": self.patterns}

    async def home(self, _: Request, visitor: Any) -> Response:
        """To where the visitor's work is."""
        if visitor is None:
            return self._pages.see_other("/sign-in")
        if not visitor.role:
            return self._pages.see_other("/organizations")
        return self._pages.see_other("/directories" if visitor.role == "admin" else "/settings/members")

    async def preferences(self, request: Request, _: Any) -> Response:
        """Keep the choice in a cookie, and go back to the page that it was made on."""
        form = await read_form(request)
        chosen = []
        if form["theme"] in THEMES:
            chosen.append(self._pages.cookies.made("theme", form["theme"], _YEAR))
        if form["language"] in languages():
            chosen.append(self._pages.cookies.made("language", form["language"], _YEAR))
        return self._pages.see_other(own_path(form["next"]), *chosen)

    async def patterns(self, request: Request, _: Any) -> Response:
        """All components, for those who build pages and for the browser's tests."""
        if not self._development:
            raise EdgeProblem(404, "There is nothing at this address.")
        wrong = dict(request.pairs()).get("wrong") == "1"
        return self._pages.render(
            request,
            "patterns.html",
            422 if wrong else 200,
            fragment="patterns/found.html",
            wrong=wrong,
            errors=WRONG if wrong else {},
            examples=EXAMPLES,
            asked=dict(request.pairs()).get("q", ""),
        )


def is_secure(base_url: str) -> bool:
    """Whether browsers reach us by TLS."""
    return urlsplit(base_url).scheme == "https"
