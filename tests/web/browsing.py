"""A browser without a window: cookies, forms and redirects over the application in this process."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlencode

from bs4 import BeautifulSoup, Tag

from hallway.hub.organizations.inviting import Wish, invite
from hallway.hub.organizations.members import Role
from hallway.hub.organizations.model import Organization
from tests.rooms.opened import OPERATOR
from tests.web.asgi import Answer, call

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PASSWORD = "a green heron reads"


@dataclass
class Browser:
    """Keeps cookies; `page` is the last answer."""

    app: Any
    jar: dict[str, str] = field(default_factory=dict)
    address: str = "192.0.2.50"
    page: Answer = field(default_factory=Answer)
    path: str = "/"

    async def get(self, path: str, fragment: bool = False) -> Answer:
        """A page, or what htmx asks of it."""
        self.path = path
        return await self._sent("GET", path, {"hx-request": "true"} if fragment else {}, b"")

    async def post(self, path: str, **fields: str | list[str]) -> Answer:
        """A form of one of our pages."""
        own = {"referer": f"http://hub.localhost:8000{self.path}", "sec-fetch-site": "same-origin"}
        own["content-type"] = "application/x-www-form-urlencoded"
        return await self._sent("POST", path, own, urlencode(fields, doseq=True).encode())

    async def submit(self, action: str, **fields: str) -> Answer:
        """The form with this action on the last page, with what it hides and what is typed here."""
        hidden = self.hidden(action)
        return await self.post(action, **{**hidden, **fields})

    async def followed(self, answer: Answer) -> Answer:
        """The page that a form leads to."""
        assert answer.status == 303, (answer.status, answer.body[:500])
        return await self.get(answer.headers["location"])

    async def follow(self) -> Answer:
        """Go where the last answer leads, until it leads nowhere."""
        for _ in range(5):
            if self.page.status != 303:
                break
            await self.get(self.page.headers["location"])
        return self.page

    async def _sent(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        cookie = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        sent = {"accept": "text/html", "user-agent": FIREFOX, **({"cookie": cookie} if cookie else {}), **headers}
        self.page = await call(self.app, method, path, sent, body, self.address)
        for made in self.page.cookies:
            name, _, value = made.partition(";")[0].partition("=")
            if "Max-Age=0" in made:
                self.jar.pop(name, None)
            else:
                self.jar[name] = value
        return self.page

    @property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.page.body, "html.parser")

    @property
    def text(self) -> str:
        """What one reads on the last page."""
        return " ".join(self.soup.get_text(" ").split())

    def hidden(self, action: str) -> dict[str, str]:
        """What the form with this action hides."""
        form = self.form(action)
        found = form.find_all("input", {"type": "hidden"})
        return {str(one["name"]): str(one.get("value", "")) for one in found}

    def form(self, action: str) -> Tag:
        """The form with this action; the password's before the passkey's."""
        forms = [one for one in self.soup.find_all("form") if one.get("action") == action]
        assert forms, f"no form posts to {action} on {self.path}: {self.text[:300]}"
        return forms[0]

    def passkey_form(self) -> tuple[str, dict[str, str], str]:
        """The action of the page's passkey form, what it hides, and its options."""
        form = self.soup.find("form", {"data-passkey": True})
        assert isinstance(form, Tag)
        hidden = {str(one["name"]): str(one.get("value", "")) for one in form.find_all("input", {"type": "hidden"})}
        return str(form["action"]), hidden, unescape(str(form["data-options"]))


async def joined(hub: Any, browser: Browser, owner: Organization, email: str, role: Role = Role.ADMIN) -> Browser:
    """A person who came by an invitation's mail, made her account by password, and is in."""
    made = await invite(hub.roster, owner, Wish(email, role), OPERATOR)
    await browser.get(re.sub(r"^https?://[^/]+", "", made.link))
    await browser.submit("/invitation/register")
    await browser.follow()
    await browser.submit("/register/confirm", name=email.partition("@")[0].title(), password=PASSWORD)
    assert browser.page.status == 303, browser.text
    return browser
