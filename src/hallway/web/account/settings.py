"""The pages of one's own account: name and language, address, sessions."""

from collections.abc import Mapping
from typing import Any

from hallway.accounts.desk import Declined
from hallway.accounts.sessions import is_alive
from hallway.ids import SESSION, SessionId, parsed, wire
from hallway.journal.model import Stale
from hallway.web.account.clients import client_shown
from hallway.web.account.ground import Ground, refused
from hallway.web.forms import Form, FormErrors, read_form
from hallway.web.http import Request, Response
from hallway.web.language import N_, languages
from hallway.web.rows import PageHandler
from hallway.web.visitor import browser_of


class AccountPages:
    """Profile, address and sessions in one realm."""

    def __init__(self, ground: Ground, can_mail: bool) -> None:
        self._ground = ground
        self._can_mail = can_mail

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table, without the realm's own prefix."""
        return {
            "account": self.show,
            "account_save": self.save,
            "account_address_asked": self.ask_address,
            "account_address": self.show_address,
            "account_address_change": self.change_address,
            "account_sessions": self.sessions,
            "account_session_end": self.end_session,
            "account_sessions_end": self.end_others,
        }

    async def show(self, request: Request, visitor: Any) -> Response:
        """Name, language, address."""
        return self._profile(request, visitor, _kept(visitor))

    async def save(self, request: Request, visitor: Any) -> Response:
        """Write name and language."""
        form, ground = await read_form(request), self._ground
        locale = form["locale"] if form["locale"] in languages() else ""
        try:
            await ground.rooms.profile.change(visitor.account, form["name"], locale, browser_of(request))
        except Declined as problem:
            return self._profile(request, visitor, form, refused(problem))
        return self._back(request, "", N_("Your profile was saved."))

    async def ask_address(self, request: Request, visitor: Any) -> Response:
        """Send a link to the address that she wants."""
        form, ground = await read_form(request), self._ground
        if not self._can_mail:
            return ground.render(request, "no_mail", 503)
        try:
            address = await ground.rooms.profile.ask_address(visitor.account, form["email"], browser_of(request))
        except Declined as problem:
            return self._profile(request, visitor, _kept(visitor, form["email"]), refused(problem))
        return ground.render(request, "mail_sent", email=address, what="address")

    async def show_address(self, request: Request, visitor: Any) -> Response:
        """What the link leads to."""
        text = dict(request.pairs()).get("link", "")
        link = await self._ground.rooms.profile.found(visitor.account, text)
        if link is None:
            return self._dead(request)
        return self._ground.render(request, "address_confirm", link=text, email=link.email)

    async def change_address(self, request: Request, visitor: Any) -> Response:
        """The proved address is hers."""
        form, ground = await read_form(request), self._ground
        link = await ground.rooms.profile.found(visitor.account, form["link"])
        if link is None:
            return self._dead(request)
        try:
            await ground.rooms.profile.change_address(visitor.account, link, browser_of(request))
        except Declined as problem:
            errors = refused(problem)
            return ground.render(request, "address_confirm", 409, link=form["link"], email=link.email, errors=errors)
        except Stale:
            return self._dead(request)
        return self._back(request, "", N_("Your address was changed."))

    async def sessions(self, request: Request, visitor: Any) -> Response:
        """Where she is signed in, for who came by a credential of her own."""
        if visitor.through_connection:
            return self._borrowed(request)
        kept = await self._ground.rooms.desk.means.accounts.sessions(visitor.account.id)
        now, account = self._ground.pages.clock(), visitor.account
        listed = [
            (wire(SESSION, one.id), one, client_shown(one.client), one.id == visitor.session.id)
            for one in kept
            if is_alive(account, one, now)
        ]
        return self._ground.render(request, "sessions", listed=sorted(listed, key=lambda one: not one[3]))

    async def end_session(self, request: Request, visitor: Any) -> Response:
        """End one of them."""
        if visitor.through_connection:
            return self._borrowed(request)
        found = parsed(SESSION, request.params["session"])
        if found is not None:
            await self._ground.rooms.sessions.end(visitor.account, SessionId(found), browser_of(request))
        return self._back(request, "/sessions", N_("The session ended."))

    async def end_others(self, request: Request, visitor: Any) -> Response:
        """End all but this one."""
        if visitor.through_connection:
            return self._borrowed(request)
        await self._ground.rooms.sessions.end_others(visitor.account, visitor.session, browser_of(request))
        return self._back(request, "/sessions", N_("Every other session ended."))

    def _profile(self, request: Request, visitor: Any, typed: Form, errors: FormErrors | None = None) -> Response:
        chosen = [("", self._ground.pages.language(request).text("As the browser says"))]
        return self._ground.render(
            request,
            "profile",
            422 if errors else 200,
            typed=typed,
            errors=errors or {},
            account=visitor.account,
            locales=chosen + [(one.code, one.name) for one in languages().values()],
            can_mail=self._can_mail,
        )

    def _back(self, request: Request, path: str, sentence: str) -> Response:
        done = self._ground.pages.language(request).text(sentence)
        return self._ground.pages.see_other(f"{self._ground.prefix}/account{path}", done=done)

    def _borrowed(self, request: Request) -> Response:
        """An organization's provider sees and ends nothing of what she has elsewhere."""
        return self._ground.pages.render(request, "errors/own_credential.html", 403)

    def _dead(self, request: Request) -> Response:
        return self._ground.render(request, "link_dead", 404, again=f"{self._ground.prefix}/account")


def _kept(visitor: Any, email: str = "") -> Form:
    account = visitor.account
    return Form([("name", account.name), ("locale", account.locale), ("email", email)])
