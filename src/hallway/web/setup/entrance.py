"""Opening a set-up link: the page that its address leads to, the code that was mailed, the words when it is over.

Rules: reading the address uses nothing up; the secret leaves the address with the first form; a link that is not
alive looks the same whatever ended it, and as one that never was.
"""

from collections.abc import Mapping
from typing import Any, Final

from hallway.hub.organizations.service import Refused
from hallway.hub.setup.service import NOT_ALIVE, Browser, Wanted, open_link, read_link
from hallway.web.forms import FormErrors, read_form
from hallway.web.guards import taken
from hallway.web.http import Request, Response
from hallway.web.language import N_
from hallway.web.limits import Bucket, RateLimiter
from hallway.web.rows import PageHandler
from hallway.web.setup.guard import COOKIE
from hallway.web.setup.portal import ROOT, Portal

ASKED: Final = "setup_asked"
ASKED_SECONDS: Final = 900
LEADING_SECONDS: Final = 2
PER_ADDRESS: Final = Bucket(1 / 6, 20)


class EntrancePages:
    """The handlers; `taken` by address, since nobody is known yet."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._pages = portal.pages
        self._limiter = RateLimiter(PER_ADDRESS)

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "setup_open": self.show,
            "setup_opened": self.open,
            "setup_code": self.code,
            "setup_code_given": self.give_code,
            "setup_done": self.done,
        }

    async def show(self, request: Request, _: Any) -> Response:
        """Whose link it is, and the one button that opens it."""
        taken(self._limiter, request.client_address)
        text = dict(request.pairs()).get("link", "")
        found = await read_link(self._portal.desk, text)
        if found is None:
            return self._dead(request)
        organization, link = found
        return _unreferred(
            self._pages.render(request, "setup/open.html", organization=organization, link=link, text=text)
        )

    async def open(self, request: Request, _: Any) -> Response:
        """A session for this browser, or the page that asks for the code."""
        taken(self._limiter, request.client_address)
        return await self._opened(request, (await read_form(request))["link"], "")

    async def code(self, request: Request, _: Any) -> Response:
        """The field for the code."""
        return await self._code_page(request, self._pages.cookies.read(request, ASKED), FormErrors())

    async def give_code(self, request: Request, _: Any) -> Response:
        """Open with the code; `again` mails another one, at most one a minute."""
        taken(self._limiter, request.client_address)
        form, text = await read_form(request), self._pages.cookies.read(request, ASKED)
        if form["again"]:
            return await self._opened(request, text, "")
        if not form["code"]:
            errors = FormErrors()
            errors.add("code", N_("Enter the code from the mail"))
            return await self._code_page(request, text, errors)
        return await self._opened(request, text, form["code"][:40])

    async def _opened(self, request: Request, text: str, code: str) -> Response:
        browser = Browser(code, request.client_address, request.header(b"user-agent"))
        try:
            outcome = await open_link(self._portal.desk, text, browser)
        except Refused:
            return self._dead(request)
        cookies = self._pages.cookies
        match outcome:
            case Wanted.CODE:
                return self._pages.see_other(f"{ROOT}/code", cookies.made(ASKED, text, ASKED_SECONDS))
            case Wanted.OTHER_CODE:
                errors = FormErrors()
                errors.add(
                    "code", N_("This code does not fit, or is too old. Look at the newest mail, or get another code")
                )
                return await self._code_page(request, text, errors)
            case session:
                return self._pages.see_other(ROOT, cookies.made(COOKIE, session), cookies.ended(ASKED))

    async def _code_page(self, request: Request, text: str, errors: FormErrors) -> Response:
        found = await read_link(self._portal.desk, text)
        if found is None:
            return self._dead(request)
        organization, link = found
        status = 422 if errors else 200
        return self._pages.render(
            request, "setup/code.html", status, organization=organization, link=link, errors=errors
        )

    def _dead(self, request: Request) -> Response:
        answer = self._pages.render(request, "setup/dead.html", 404, detail=NOT_ALIVE)
        return answer._replace(headers=(*answer.headers, self._pages.cookies.ended(ASKED)))

    async def done(self, request: Request, _: Any) -> Response:
        """Words only: the link has ended, and nothing of it is shown. Where it came from the application, the browser
        goes back there by itself.
        """
        back = await self._portal.shown_return(request)
        page = self._pages.render(request, "setup/done.html", back=back)
        if not back:
            return page
        leading = (b"refresh", f"{LEADING_SECONDS}; url={back}".encode())
        return page._replace(headers=(*page.headers, leading, self._portal.forgotten_return()))


def _unreferred(page: Response) -> Response:
    """A page whose own address is a secret: no request that it makes names it, not even to us. Its form then has
    `Origin: null`, and `Sec-Fetch-Site` vouches for it.
    """
    kept = tuple(header for header in page.headers if header[0] != b"referrer-policy")
    return page._replace(headers=(*kept, (b"referrer-policy", b"no-referrer")))
