"""What is shown once: carried, sealed, in a cookie from the act to the page behind it, and then gone.

Rules: only the operator who acted sees it, within five minutes; reloading the page shows nothing any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hallway.web.http import Request, Response
from hallway.web.operator.guard import OperatorVisitor
from hallway.web.operator.office import Office
from hallway.web.sealed import Sealed

SHOWN_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Once:
    """One kind of secret: `cookie` names it, `page` is where it is shown."""

    office: Office
    cookie: str
    page: str

    def shown(self, visitor: OperatorVisitor, value: Mapping[str, str]) -> Response:
        """On to the page that shows it."""
        text = self._sealed.text(self.cookie, {**value, "by": visitor.account.id.hex()}, SHOWN_SECONDS)
        header = self.office.pages.cookies.made(self.cookie, text, SHOWN_SECONDS)
        return self.office.pages.see_other(self.page, header)

    def render(self, request: Request, visitor: OperatorVisitor, name: str, **context: Any) -> Response:
        """The page, with the value as `made`, empty where there is none for her; from then on there is none."""
        cookies = self.office.pages.cookies
        value: dict[str, Any] = self._sealed.value(self.cookie, cookies.read(request, self.cookie)) or {}
        made = value if value.get("by") == visitor.account.id.hex() else {}
        page = self.office.render(request, name, made=made, **context)
        return page._replace(headers=(*page.headers, cookies.ended(self.cookie)))

    @property
    def _sealed(self) -> Sealed:
        return Sealed(self.office.hub.keys, self.office.pages.clock)
