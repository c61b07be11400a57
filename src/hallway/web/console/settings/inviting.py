"""Inviting people, several at once."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hallway.hub.organizations.invitations import DEFAULT_DAYS, LONGEST_DAYS
from hallway.hub.organizations.inviting import Invited, Wish, checked_email, invite
from hallway.hub.organizations.members import Role
from hallway.hub.organizations.service import Refused
from hallway.web.admitting import FRESH_SECONDS, SIGN_IN_AGAIN
from hallway.web.console.settings.members import LIST
from hallway.web.console.settings.office import Office
from hallway.web.forms import Form, FormErrors, read_form
from hallway.web.http import Request, Response
from hallway.web.language import N_
from hallway.web.rows import PageHandler

MOST_AT_ONCE: Final = 50
_SAID_AT_MOST: Final = 5


class InvitingPages:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {"settings_invite": self.form, "settings_invite_send": self.send}

    async def form(self, request: Request, _: Any) -> Response:
        """Addresses, a role, and for how long."""
        return self._form(request, Form(), FormErrors())

    def _is_fresh(self, visitor: Any) -> bool:
        """Whether she showed her credentials lately: who may change everything is not invited from an open laptop."""
        age: int = self._office.hub.desk.clock() - visitor.authenticated_at
        return age <= FRESH_SECONDS * 1_000_000

    def _form(self, request: Request, typed: Mapping[str, str], errors: FormErrors, again: bool = False) -> Response:
        shown = {"days": str(DEFAULT_DAYS), "role": Role.USER.value, **typed}
        return self._office.render(
            request, "invite", 422 if errors else 200, typed=shown, errors=errors, longest=LONGEST_DAYS,
            most=MOST_AT_ONCE, again=f"{SIGN_IN_AGAIN}?next=/settings/members/invite" if again else "",
        )  # fmt: skip

    async def send(self, request: Request, visitor: Any) -> Response:
        """Invite everybody who can be; who cannot stays in the form with the reason."""
        form = await read_form(request)
        typed = {"emails": form.exact("emails"), "role": form["role"], "days": form["days"]}
        emails = list(dict.fromkeys(form.exact("emails").replace(",", "\n").replace(";", "\n").split()))
        errors = _mistakes(typed, emails)
        again = typed["role"] == Role.ADMIN.value and not self._is_fresh(visitor)
        if again:
            errors.add("role", N_("Show your credentials again before you invite administrators"))
        if errors:
            return self._form(request, typed, errors, again)
        made, wrong = await self._invited(request, visitor, typed, emails)
        if wrong and not made:
            errors.add("emails", "%(reasons)s", reasons=" ".join(reason for _, reason in wrong[:_SAID_AT_MOST]))
            return self._form(request, typed, errors)
        if wrong or not all(one.mailed for one in made):
            return self._office.render(request, "invited", 201, made=made, wrong=wrong)
        count = len(made)
        words = self._office.pages.language(request).plural(
            "%(num)s person was invited.", "%(num)s people were invited.", count
        )
        return self._office.pages.see_other(LIST, done=words)

    async def _invited(
        self, request: Request, visitor: Any, typed: Mapping[str, str], emails: Sequence[str]
    ) -> tuple[list[Invited], list[tuple[str, str]]]:
        """Who is invited now, and who is not, with the reason."""
        made: list[Invited] = []
        wrong: list[tuple[str, str]] = []
        role, days = Role(typed["role"]), int(typed["days"])
        owner, actor = self._office.owner(visitor), self._office.actor(request, visitor)
        for email in emails:
            try:
                made.append(await invite(self._office.hub.roster, owner, Wish(email, role, days), actor))
            except Refused as refused:
                wrong.append((email, self._office.said(request, refused)))
        return made, wrong


def _mistakes(typed: Mapping[str, str], emails: Sequence[str]) -> FormErrors:
    errors = FormErrors()
    if not emails:
        errors.add("emails", N_("Enter at least one e-mail address"))
    if len(emails) > MOST_AT_ONCE:
        errors.add("emails", N_("Enter at most %(most)s addresses at once"), most=MOST_AT_ONCE)
    for email in emails:
        try:
            checked_email(email)
        except Refused:
            errors.add("emails", N_("“%(email)s” is no e-mail address; write one on each line"), email=email)
    if typed["role"] not in {role.value for role in Role}:
        errors.add("role", N_("Choose a role"))
    if not typed["days"].isdecimal() or not 1 <= int(typed["days"][:6]) <= LONGEST_DAYS:
        errors.add("days", N_("Enter a number of days from 1 to %(most)s"), most=LONGEST_DAYS)
    return errors
