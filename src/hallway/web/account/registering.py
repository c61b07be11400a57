"""The pages that make accounts: an address, the mail, and what is chosen behind the link.

Rules: what is answered to an address says nothing about it; an invitation's own mail proves its address, so that
whoever came by it needs no second one; where registration is closed, the page says so.
"""

from collections.abc import Mapping
from typing import Any, Final

from hallway.accounts.addresses import checked_address
from hallway.accounts.desk import Declined, Opened
from hallway.accounts.model import Account, MailLink
from hallway.accounts.registration import Chosen, fresh_account_id
from hallway.hub.organizations.service import Refused, checked_name
from hallway.ids import AccountId
from hallway.journal.model import Stale
from hallway.web.account.ground import Ground, declined, refused
from hallway.web.account.joining import Joining
from hallway.web.account.passkey_forms import PasskeyForms
from hallway.web.forms import Form, FormErrors, read_form
from hallway.web.http import Request, Response
from hallway.web.language import N_
from hallway.web.rows import PageHandler
from hallway.web.visitor import browser_of

_OWNER: Final = "new account"
_USED: Final = N_("This link was used in this moment. Sign in, or register again.")


class RegisterPages:
    """Registering in the console."""

    def __init__(self, ground: Ground, joining: Joining) -> None:
        self._ground = ground
        self._joining = joining
        self._passkeys = PasskeyForms(ground)

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "register": self.show,
            "register_asked": self.ask,
            "register_confirm": self.show_confirm,
            "register_complete": self.complete,
        }

    async def show(self, request: Request, visitor: Any) -> Response:
        """The form for an address and the organization's name."""
        if visitor is not None:
            return self._ground.pages.see_other("/organizations/new")
        if self._joining.registration != "open":
            return self._ground.render(request, "register_closed", 403, registration=self._joining.registration)
        return self._ground.render(request, "register", typed=Form())

    async def ask(self, request: Request, _: Any) -> Response:
        """Send the link; the page is the same for every address."""
        form, ground = await read_form(request), self._ground
        if self._joining.registration != "open":
            return ground.render(request, "register_closed", 403, registration=self._joining.registration)
        if not self._joining.can_mail:
            return ground.render(request, "no_mail", 503)
        errors = FormErrors()
        try:
            name = checked_name(form["organization"])
        except Refused:
            errors.add("organization", N_("Enter the name of your organization, at most 200 characters."))
        try:
            address = checked_address(form["email"])
        except Declined as problem:
            declined(problem, errors)
        if errors:
            return ground.render(request, "register", 422, typed=form, errors=errors)
        if ground.doors.mail(request.client_address, address):
            await ground.rooms.registration.ask(address, {"organization": name})
        return ground.render(request, "mail_sent", email=address, what="register")

    async def show_confirm(self, request: Request, _: Any) -> Response:
        """What the link leads to; looking uses nothing up."""
        text = dict(request.pairs()).get("link", "")
        link = await self._ground.rooms.registration.found(text)
        if link is None:
            return self._ground.render(request, "link_dead", 404, again="/register")
        return self._confirm_form(request, text, link, Form())

    async def complete(self, request: Request, visitor: Any) -> Response:
        """Name and password, or a passkey: the account, and the organization or the invitation it was for."""
        form, ground = await read_form(request), self._ground
        ground.doors.come(request.client_address)
        link = await ground.rooms.registration.found(form["link"])
        if link is None:
            return ground.render(request, "link_dead", 404, again="/register")
        try:
            account, opened = await self._completed(request, link, form)
        except Declined as problem:
            return self._confirm_form(request, form["link"], link, form, refused(problem))
        except Stale:
            errors = FormErrors()
            errors.add("", _USED)
            return self._confirm_form(request, form["link"], link, form, errors)
        if visitor is not None:
            await ground.rooms.sessions.end(visitor.account, visitor.session.id, browser_of(request))
        target = await self._joining.after_registration(account, opened.session, browser_of(request), link.facts)
        return ground.signed_in(account, opened, target)

    async def _completed(self, request: Request, link: MailLink, form: Form) -> tuple[Account, Opened]:
        passkey = None
        if form["answer"]:
            owner = self._ground.sealed.value(_OWNER, form["owner"])
            if owner is None or owner["link"] != link.id.hex():
                raise Declined("", "This took too long, or was sent already. Try again")
            passkey = self._passkeys.made(form, AccountId(bytes.fromhex(str(owner["account"]))))
        language = self._ground.pages.language(request).code
        chosen = Chosen(form["name"], form.exact("password"), passkey, language)
        return await self._ground.rooms.registration.complete(link, chosen, browser_of(request))

    def _confirm_form(
        self, request: Request, text: str, link: MailLink, typed: Form, errors: FormErrors | None = None
    ) -> Response:  # fmt: skip
        ground, account_id = self._ground, fresh_account_id(self._ground.rooms.desk)
        value: Any = {"account": account_id.hex(), "link": link.id.hex()}
        return ground.render(
            request,
            "register_confirm",
            422 if errors else 200,
            link=text,
            email=link.email,
            organization=link.facts.get("organization", ""),
            invited_to=link.facts.get("invited_to", ""),
            typed=typed,
            errors=errors or {},
            owner=ground.sealed.text(_OWNER, value, 3600),
            passkey=self._passkeys.creation(account_id, link.email, []),
        )
