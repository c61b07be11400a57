"""A browser without a window over real HTTP: cookies of each host, redirects, forms, and those that post themselves.

As browsers do, it keeps cookies from what another site posts, says from where it comes, and holds what a form leads to
to the policy of the page that has the form.
"""

from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from urllib.parse import urlencode, urljoin, urlsplit

from bs4 import BeautifulSoup, Tag

from tests.web.browsing import FIREFOX

MOST_HOPS = 20


@dataclass
class Visitor:
    """`url`, `status` and `body` are the last answer's; `hops` names every address that was opened."""

    jar: dict[str, dict[str, str]] = field(default_factory=dict)
    url: str = ""
    status: int = 0
    body: bytes = b""
    hops: list[str] = field(default_factory=list)

    def get(self, url: str) -> "Visitor":
        """A page, and where it leads."""
        self._actions = ()
        self._asked("GET", urljoin(self.url, url), b"", self.url if self.url else "")
        return self._followed()

    def submit(self, having: str, **fields: str) -> "Visitor":
        """The form of the last page that has this field, with what it holds and what is typed here."""
        form = self.form(having)
        found = form.find_all("input", {"name": True})
        held = {
            str(one["name"]): str(one.get("value", "")) for one in found if one.get("type") not in ("checkbox", "radio")
        }
        action = urljoin(self.url, str(form.get("action") or self.url))
        assert str(form.get("method", "get")).lower() == "post"
        return self.post(action, **{**held, **fields})

    def post(self, path: str, **fields: str) -> "Visitor":
        """What a form of the last page would send there."""
        self._actions, self._own = self._allowed, self.url
        self._asked("POST", urljoin(self.url, path), urlencode(fields).encode(), self.url)
        return self._followed()

    def carried(self) -> "Visitor":
        """Past the pages whose scripts post a SAML message at once."""
        for _ in range(MOST_HOPS):
            names = [name for name in ("SAMLRequest", "SAMLResponse") if self.has(name)]
            if not names:
                return self
            self.submit(names[0])
        raise AssertionError(f"carried on and on: {self.hops}")

    def has(self, field_name: str) -> bool:
        """Whether the last page has a field of this name."""
        return self.soup.find("input", {"name": field_name}) is not None

    def form(self, having: str) -> Tag:
        """The form with this field."""
        field_found = self.soup.find(["input", "button"], {"name": having})
        assert isinstance(field_found, Tag), f"no field {having} at {self.url}: {self.status} {self.text[:500]}"
        form = field_found.find_parent("form")
        assert isinstance(form, Tag)
        return form

    @property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.body, "html.parser")

    @property
    def text(self) -> str:
        """What one reads on the last page."""
        return " ".join(self.soup.get_text(" ").split())

    @property
    def path(self) -> str:
        """The path of the last address."""
        return urlsplit(self.url).path

    def _followed(self) -> "Visitor":
        for _ in range(MOST_HOPS):
            location = self._location
            if self.status not in (301, 302, 303, 307) or location is None:
                location, self._actions = self._refreshed, ()
            if location is None:
                return self
            self._asked("GET", urljoin(self.url, location), b"", self.url)
        raise AssertionError(f"led on and on: {self.hops}")

    def _asked(self, method: str, url: str, body: bytes, origin: str) -> None:
        parts, comes_from = urlsplit(url), urlsplit(origin)
        place = f"{parts.scheme}://{parts.netloc}"
        fitting = (place, f"{parts.scheme}:", "'self'" if place == _place(self._own) else "")
        assert not self._actions or any(one in fitting for one in self._actions), f"a browser refuses {url}"
        host, port = str(parts.hostname), parts.port or 80
        # What a form of another site posts has none of our cookies: all of them are Lax, or taken as such.
        foreign = bool(origin) and comes_from.hostname != host
        jar = self.jar.setdefault(host, {})
        headers = {"Host": parts.netloc, "User-Agent": FIREFOX, "Accept": "text/html"}
        if origin:
            headers["Sec-Fetch-Site"] = "cross-site" if foreign else "same-origin"
        else:
            headers["Sec-Fetch-Site"] = "none"
        if jar and not (method == "POST" and foreign):
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"{comes_from.scheme}://{comes_from.netloc}"
        # Names below localhost are this machine, whatever its resolver says.
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
            answer = connection.getresponse()
            self.url, self.status, self.body = url, answer.status, answer.read()
            self._location = answer.headers.get("Location")
            self._allowed = _form_actions(answer.headers.get("Content-Security-Policy", ""))
            self._kept(jar, answer.headers)
        finally:
            connection.close()
        self.hops.append(f"{method} {url.partition('?')[0]} {self.status}")

    def _kept(self, jar: dict[str, str], headers: HTTPMessage) -> None:
        for made in headers.get_all("Set-Cookie", []):
            name, _, value = made.partition(";")[0].partition("=")
            if "max-age=0" in made.lower() or value in ("", "deleted"):
                jar.pop(name, None)
            else:
                jar[name] = value

    @property
    def _refreshed(self) -> str | None:
        """Where the page leads on by itself."""
        found = self.soup.find("meta", {"http-equiv": "refresh"})
        return str(found["content"]).partition("url=")[2] if isinstance(found, Tag) else None

    _location: str | None = None
    _allowed: tuple[str, ...] = ()
    _actions: tuple[str, ...] = ()
    _own: str = ""


def _place(url: str) -> str:
    return f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"


def _form_actions(policy: str) -> tuple[str, ...]:
    """Where forms of a page with this policy may lead; empty for everywhere."""
    for directive in policy.split(";"):
        name, *sources = directive.split() or [""]
        if name == "form-action":
            return tuple(sources)
    return ()
