"""The handlers of the pages on which administrators make set-up links."""

from collections.abc import Mapping
from typing import Any

from hallway.hub.setup.service import found_link, revoke
from hallway.ids import MEMBER, wire
from hallway.web.console.setup.routes import LINKS
from hallway.web.forms import Form, FormErrors, read_form
from hallway.web.http import Request, Response
from hallway.web.rows import PageHandler
from hallway.web.setup.making import FRESH_FORM, LinkBench, Maker


class LinkPages:
    """The handlers."""

    def __init__(self, bench: LinkBench) -> None:
        self._bench = bench
        self._pages = bench.pages

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "setup_links": self.index,
            "setup_link_create": self.create,
            "setup_link_once": self.once,
            "setup_link_revoke": self.revoke,
        }

    async def index(self, request: Request, visitor: Any) -> Response:
        """What links there are, and the form."""
        return await self._page(request, visitor, FRESH_FORM, FormErrors())

    async def _page(self, request: Request, visitor: Any, form: Form, errors: FormErrors) -> Response:
        return self._pages.render(
            request, "setup/links.html", 422 if errors else 200, links_at=LINKS,
            listed=await self._bench.listed(visitor.organization), **self._bench.context(form, errors),
        )  # fmt: skip

    async def create(self, request: Request, visitor: Any) -> Response:
        """Make it; one without an address is shown on a page of its own."""
        form = await read_form(request)
        maker = Maker(visitor.actor(request), wire(MEMBER, visitor.member.id))
        made = await self._bench.made(visitor.organization, form, maker)
        if isinstance(made, FormErrors):
            return await self._page(request, visitor, form, made)
        if made.link.email:
            text = self._pages.language(request).text
            return self._pages.see_other(LINKS, done=text("The link was mailed to %(email)s.", email=made.link.email))
        return self._pages.see_other(f"{LINKS}/made", self._bench.remembered(visitor.member.id, made))

    async def once(self, request: Request, visitor: Any) -> Response:
        """The address; looked at again, it is not there."""
        address = self._bench.shown(request, visitor.member.id)
        page = self._pages.render(request, "setup/link_once.html", address=address, links_at=LINKS)
        return page._replace(headers=(*page.headers, self._bench.forgotten()))

    async def revoke(self, request: Request, visitor: Any) -> Response:
        """End it; another organization's is 404."""
        desk = self._bench.desk
        link = await found_link(desk, visitor.organization.id, request.params["link"])
        await revoke(desk, link, visitor.actor(request))
        return self._pages.see_other(LINKS, done=self._pages.language(request).text("The link has ended."))
