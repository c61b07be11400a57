"""Pages: templates, the frame around them, redirects, and the headers that every page has.

Rules: what stands in a page is escaped unless a template says that it is markup; no page runs a script or shows a
style that is not a file of ours; a redirect stays on this host; a page names the languages and the theme that the
visitor chose. Handlers are given `Pages`, and call `render`, `see_other` and `form`.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote, urlsplit

from hallway.web.branding import Brand
from hallway.web.cookies import Cookies
from hallway.web.forms import FormErrors
from hallway.web.http import Header, Request, Response
from hallway.web.language import Language, languages, negotiated
from hallway.web.navigation import ACCOUNT, CONSOLE, OPERATOR, Navigation
from hallway.web.static_files import StaticFiles
from hallway.web.templating import environment, render

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HTML: Final[Header] = (b"content-type", b"text/html; charset=utf-8")
PAGE_HEADERS: Final[tuple[Header, ...]] = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    # With `no-referrer` browsers send `Origin: null`, and we could not tell our own forms from others'.
    (b"referrer-policy", b"same-origin"),
)
STRICT_TRANSPORT: Final[Header] = (b"strict-transport-security", b"max-age=31536000")

THEMES: Final = ("auto", "light", "dark")
DONE_SECONDS: Final = 60
_MOST_PATH: Final = 5000
"""A path may have another one in its query, and that one the request of an application."""
_LONGEST_DONE: Final = 600
_OWN_PATH: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")


class Shown(Protocol):
    """Whom a page is shown to, as the frame around it names her."""

    @property
    def name(self) -> str:
        """Her name, or her address."""
        ...

    @property
    def email(self) -> str:
        """Her address."""
        ...

    @property
    def locale(self) -> str:
        """The language that she chose, "" for none."""
        ...

    @property
    def role(self) -> str:
        """Her role in the organization that is open: `admin`, `user`, `guest`; "" while none is open."""
        ...

    @property
    def organization_name(self) -> str:
        """The organization that is open, "" for none."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """What pages are made of: the brand, the cookies, and the paths that are served."""

    brand: Brand
    cookies: Cookies
    served: frozenset[str]
    development: bool = False


class Pages:
    """Renders; one per process."""

    def __init__(self, look: Look, clock: Callable[[], int]) -> None:
        self.brand = look.brand
        self.cookies = look.cookies
        self.files = StaticFiles(look.brand)
        self.clock = clock
        self._look = look
        self._navigation = Navigation(look.served)
        environment()
        transport = (STRICT_TRANSPORT,) if look.cookies.secure else ()
        self._headers = (HTML, *PAGE_HEADERS, *transport)

    def render(
        self, request: Request, template: str, status: int = 200, /, fragment: str = "", **context: Any
    ) -> Response:
        """A page, or, where htmx asks and there is one, only its fragment.

        `errors` may be `FormErrors`: the template sees the sentences by field.
        """
        partial = bool(fragment) and is_fragment(request)
        language = self.language(request)
        errors = context.get("errors")
        if isinstance(errors, FormErrors):
            context["errors"] = errors.said(language)
        frame, headers = self._frame(request, language, partial)
        page = fragment if partial else template
        body = render(page, language, {"errors": {}, **frame, **context}).encode()
        vary = ((b"vary", b"hx-request"),) if fragment else ()
        return Response(status, body, (*self._headers, *vary, *headers))

    def see_other(self, path: str, *headers: Header, done: str = "") -> Response:
        """After a form: go on to a page of ours, which says once what was `done`."""
        if done:
            headers = (*headers, self.cookies.made("done", _packed(done), DONE_SECONDS))
        return Response(303, b"", ((b"location", own_path(path).encode()), *headers))

    def language(self, request: Request) -> Language:
        """The language of the answer: the visitor's own, the one chosen in this browser, or the browser's."""
        wanted = (getattr(request.visitor, "locale", ""), self.cookies.read(request, "language"))
        return negotiated(wanted, request.header(b"accept-language"))

    def theme(self, request: Request) -> str:
        """The theme chosen in this browser."""
        chosen = self.cookies.read(request, "theme")
        return chosen if chosen in THEMES else THEMES[0]

    def _frame(self, request: Request, language: Language, partial: bool) -> tuple[dict[str, Any], tuple[Header, ...]]:
        """What every template may name, and the headers that go with it."""
        done = "" if partial else _unpacked(self.cookies.read(request, "done"))
        frame: dict[str, Any] = {
            "product": self.brand,
            "visitor": request.visitor,
            "path": request.path,
            "here": here(request),
            "language": language,
            "languages": languages().values(),
            "theme": self.theme(request),
            "themes": THEMES,
            "done": done,
            "development": self._look.development,
            "static": self.files.address,
            "served": self._look.served,
            "now": self.clock(),
            "sections": self._sections(request, language),
        }
        return frame, (self.cookies.ended("done"),) if done else ()

    def _sections(self, request: Request, language: Language) -> Mapping[str, Any]:
        role = getattr(request.visitor, "role", "")
        return {
            name: self._navigation.shown(sections, request.path, role, language)
            for name, sections in (("console", CONSOLE), ("account", ACCOUNT), ("operator", OPERATOR))
        }


def leading_to(page: Response, address: str) -> Response:
    """The page, whose form may lead to this address.

    Whoever takes the form may send on to hosts that we do not know, and Chromium holds that to this page's policy too:
    so the policy names the scheme and no host.
    """
    policy = POLICY.replace("form-action 'self'", f"form-action {urlsplit(address).scheme}:")
    kept = tuple(one for one in page.headers if one[0] != b"content-security-policy")
    return page._replace(headers=(*kept, (b"content-security-policy", policy.encode())))


def is_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of the page."""
    return request.headers.get(b"hx-request") == b"true" and b"hx-history-restore-request" not in request.headers


def here(request: Request) -> str:
    """The address of this request below our host, to come back to."""
    return own_path(request.path + ("?" + request.query.decode("latin-1") if request.query else ""))


def own_path(text: str) -> str:
    """The text where it is a path of ours, safe to redirect to; "/" for anything else."""
    quoted = quote(text, safe="/?#[]@!$&'()*+,;=:%~-._\\\t\r\n ")
    return quoted if is_own_path(quoted) else "/"


def is_own_path(text: str) -> bool:
    """Whether every browser reads this as a path of this host: `//`, backslashes and blanks are none."""
    if len(text) > _MOST_PATH or not _OWN_PATH.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc


def _packed(text: str) -> str:
    return base64.urlsafe_b64encode(text[:_LONGEST_DONE].encode()).decode().rstrip("=")


def _unpacked(value: str) -> str:
    if not value or len(value) > 4 * _LONGEST_DONE:
        return ""
    try:
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode()[:_LONGEST_DONE]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
