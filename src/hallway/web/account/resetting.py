"""The pages for who forgot her password."""

from collections.abc import Mapping
from typing import Any

from hallway.accounts.addresses import checked_address
from hallway.accounts.desk import Declined
from hallway.journal.model import Stale
from hallway.web.account.ground import Ground, refused
from hallway.web.forms import FormErrors, read_form
from hallway.web.http import Request, Response
from hallway.web.rows import PageHandler
from hallway.web.visitor import browser_of


class ResetPages:
    """Choosing a new password by mail, in one realm."""

    def __init__(self, ground: Ground, can_mail: bool) -> None:
        self._ground = ground
        self._can_mail = can_mail

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table, without the realm's own prefix."""
        return {
            "reset": self.show,
            "reset_asked": self.ask,
            "reset_confirm": self.show_confirm,
            "reset_complete": self.complete,
        }

    async def show(self, request: Request, _: Any) -> Response:
        """The form for an address."""
        return self._ground.render(request, "reset", email=dict(request.pairs()).get("email", "")[:254])

    async def ask(self, request: Request, _: Any) -> Response:
        """Send the link; the page is the same for every address."""
        form, ground = await read_form(request), self._ground
        if not self._can_mail:
            return ground.render(request, "no_mail", 503)
        try:
            address = checked_address(form["email"])
        except Declined as problem:
            return ground.render(request, "reset", 422, email=form["email"], errors=refused(problem))
        if ground.doors.mail(request.client_address, address):
            await ground.rooms.resetting.ask(address, browser_of(request))
        return ground.render(request, "mail_sent", email=address, what="reset")

    async def show_confirm(self, request: Request, _: Any) -> Response:
        """What the link leads to; looking uses nothing up."""
        text = dict(request.pairs()).get("link", "")
        found = await self._ground.rooms.resetting.found(text)
        if found is None:
            return self._dead(request)
        return self._ground.render(request, "reset_confirm", link=text, email=found[1].email)

    async def complete(self, request: Request, _: Any) -> Response:
        """The new password; one signs in with it."""
        form, ground = await read_form(request), self._ground
        ground.doors.come(request.client_address)
        found = await ground.rooms.resetting.found(form["link"])
        if found is None:
            return self._dead(request)
        link, account = found
        try:
            await ground.rooms.resetting.complete(link, account, form.exact("password"), browser_of(request))
        except Declined as problem:
            return self._form(request, form["link"], account.email, refused(problem))
        except Stale:
            return self._dead(request)
        done = ground.pages.language(request).text("You have a new password. Every session ended; sign in.")
        return ground.pages.see_other(f"{ground.prefix}/sign-in", ground.pages.cookies.ended(ground.cookie), done=done)

    def _form(self, request: Request, link: str, email: str, errors: FormErrors) -> Response:
        return self._ground.render(request, "reset_confirm", 422, link=link, email=email, errors=errors)

    def _dead(self, request: Request) -> Response:
        return self._ground.render(request, "link_dead", 404, again=f"{self._ground.prefix}/reset")
