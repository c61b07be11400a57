"""The page behind an invitation: what it is, and the one way to accept it for whoever opened it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from hallway.hub.organizations.inviting import NOT_OPEN, OpenInvitation, opened_invitation
from hallway.hub.organizations.members import email_key
from hallway.hub.organizations.service import Refused
from hallway.keys.stamp import Stamp
from hallway.web.account.ground import Ground
from hallway.web.account.joining import Joining
from hallway.web.forms import Form, FormErrors, read_form
from hallway.web.http import Request, Response
from hallway.web.rows import PageHandler
from hallway.web.visitor import browser_of


class InvitationPages:
    """Accepting invitations; `stamp` knows the mark that only the mail has."""

    def __init__(self, ground: Ground, joining: Joining, stamp: Stamp) -> None:
        self._ground = ground
        self._joining = joining
        self._stamp = stamp

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "invitation": self.show,
            "invitation_accept": self.accept,
            "invitation_register": self.register,
        }

    async def show(self, request: Request, visitor: Any) -> Response:
        """Who invites to what; a mail scanner that looks uses nothing up."""
        given = dict(request.pairs())
        return await self._shown(request, visitor, given.get("code", ""), given.get("mailed", ""))

    async def accept(self, request: Request, visitor: Any) -> Response:
        """She who is signed in joins."""
        form = await read_form(request)
        try:
            await self._joining.join(visitor.account, visitor.session, browser_of(request), form["code"])
        except Refused as problem:
            return await self._shown(request, visitor, form["code"], form["mailed"], problem)
        return self._ground.pages.see_other("/")

    async def register(self, request: Request, visitor: Any) -> Response:
        """A link for the invited address: shown at once to who came by its mail, else mailed."""
        form, ground = await read_form(request), self._ground
        ground.doors.come(request.client_address)
        found = await self._found(form["code"])
        if found is None:
            return self._dead(request)
        facts = {"invitation": form["code"], "invited_to": found.organization.name}
        if self._proves(found, form):
            text = await ground.rooms.registration.proved(found.invitation.email, facts)
            if text is None:
                return ground.pages.see_other(self._sign_in(found, form))
            return ground.pages.see_other(f"/register/confirm?link={text}")
        if not self._joining.can_mail:
            return ground.render(request, "no_mail", 503)
        if ground.doors.mail(request.client_address, found.invitation.email):
            await ground.rooms.registration.ask(found.invitation.email, facts)
        return ground.render(request, "mail_sent", email=found.invitation.email, what="register")

    async def _shown(
        self, request: Request, visitor: Any, code: str, mailed: str, problem: Refused | None = None
    ) -> Response:
        self._ground.doors.come(request.client_address)
        found = await self._found(code)
        if found is None:
            return self._dead(request)
        form = Form([("code", code), ("mailed", mailed)])
        errors = FormErrors()
        if problem is not None:
            errors.add("", problem.text, **problem.values)
        fits = visitor is not None and email_key(visitor.email) == email_key(found.invitation.email)
        return self._ground.render(
            request,
            "invitation",
            409 if problem else 200,
            found=found,
            code=code,
            mailed=mailed,
            fits=fits,
            sign_in=self._sign_in(found, form),
            errors=errors,
        )

    def _proves(self, found: OpenInvitation, form: Form) -> bool:
        return self._stamp.fits(found.invitation.id, form["mailed"])

    def _sign_in(self, found: OpenInvitation, form: Form) -> str:
        back = quote(f"/invitation?code={form['code']}", safe="")
        return f"/sign-in?{urlencode({'email': found.invitation.email})}&next={back}"

    async def _found(self, code: str) -> OpenInvitation | None:
        return await opened_invitation(self._joining.entering.roster, code)

    def _dead(self, request: Request) -> Response:
        detail = self._ground.pages.language(request).text(NOT_OPEN)
        return self._ground.render(request, "invitation_dead", 404, detail=detail)
