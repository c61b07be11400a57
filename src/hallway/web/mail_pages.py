"""The mails that a deployment for development keeps, as pages.

Rules: there are such pages only where mails are kept in a folder, which is on loopback only; a link of a mail can be
followed where it leads to this deployment, any other stays text.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from hallway.mail import FolderCarrier
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.pages import Pages
from hallway.web.rows import NONE, PageHandler, page

ROUTES: Final = (
    page("GET", "/mail", NONE, "mails", "Mails that are kept in a folder, in development; else 404."),
    page("GET", "/mail/{mail}", NONE, "mail", "One of them, its links to this deployment to be followed."),
)
PATHS: Final = frozenset(row.path for row in ROUTES)
_AFTER: Final = ".,;:!?)"
"""What may stand behind an address in a sentence."""


class MailPages:
    """The handlers; `kept` is None where no mails are kept."""

    def __init__(self, pages: Pages, kept: FolderCarrier | None, base_url: str) -> None:
        self._pages = pages
        self._kept = kept
        self._link = re.compile(rf"{re.escape(base_url)}(?:[/?#]\S*)?(?=\s|$)")

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {"mails": self.mails, "mail": self.mail}

    async def mails(self, request: Request, _: Any) -> Response:
        """The newest, newest first."""
        return self._pages.render(request, "mail/index.html", mails=self._folder().mails())

    async def mail(self, request: Request, _: Any) -> Response:
        """One mail."""
        found = self._folder().mail(request.params["mail"])
        if found is None:
            raise EdgeProblem(404, "There is no such mail.")
        return self._pages.render(request, "mail/mail.html", mail=found, parts=self.parts(found.text))

    def _folder(self) -> FolderCarrier:
        if self._kept is None:
            raise EdgeProblem(404, "There is nothing at this address.")
        return self._kept

    def parts(self, text: str) -> list[tuple[str, bool]]:
        """The text in pieces, each with whether it is a link to this deployment."""
        pieces: list[tuple[str, bool]] = []
        end = 0
        for link in self._link.finditer(text):
            address = link[0].rstrip(_AFTER)
            pieces += [(text[end : link.start()], False), (address, True)]
            end = link.start() + len(address)
        return [*pieces, (text[end:], False)]
