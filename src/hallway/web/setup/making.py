"""Making set-up links on a page: what the form says, the address that is shown once, the list.

Used by the console of an organization and by that of the operators.
"""

import base64
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from hallway.accounts.addresses import checked_address
from hallway.accounts.desk import Declined
from hallway.hub.organizations.model import Organization
from hallway.hub.organizations.service import Refused
from hallway.hub.setup.model import SetupLink, Task
from hallway.hub.setup.service import DAY, MadeLink, SetupDesk, Wish, create
from hallway.ids import SETUP_LINK, wire
from hallway.journal.model import Actor
from hallway.keys.model import Undecipherable, UnknownKey
from hallway.keys.service import HeldRing
from hallway.web.forms import Form, FormErrors
from hallway.web.http import Header, Request
from hallway.web.language import N_
from hallway.web.pages import Pages

DAYS: Final = (1, 7, 30, 90)
OFFERED: Final = (Task.DOMAIN, Task.DIRECTORY, Task.SSO)
SHOWN_SECONDS: Final = 300
_COOKIE: Final = "new_link"
FRESH_FORM: Final = Form([("task", Task.DOMAIN.value), ("task", Task.DIRECTORY.value), ("days", "30")])


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes a link on a page: as whom, and what the link remembers of it."""

    actor: Actor
    created_by: str


@dataclass(frozen=True, slots=True)
class LinkBench:
    """What pages that make links share; `can_mail` says whether a link can be sent from here."""

    pages: Pages
    keys: HeldRing
    desk: SetupDesk
    can_mail: bool

    async def made(self, organization: Organization, form: Form, maker: Maker) -> MadeLink | FormErrors:
        """The link that the form wants, or what is wrong with it."""
        errors = FormErrors()
        tasks = [task for task in OFFERED if task.value in form.all("task")]
        if not tasks:
            errors.add("task", N_("Choose at least one task"))
        days = int(form["days"]) if form["days"] in {str(one) for one in DAYS} else 0
        if not days:
            errors.add("days", N_("Choose how long the link works"))
        email = self._address(form["email"], errors)
        if errors:
            return errors
        wish = Wish(tasks, form["label"], email, days * DAY, maker.created_by)
        try:
            return await create(self.desk, organization, wish, maker.actor)
        except Refused as refused:
            errors.add("label" if refused.reason == "invalid" else "", refused.text, **refused.values)
            return errors

    def _address(self, typed: str, errors: FormErrors) -> str:
        if not typed or not self.can_mail:
            return ""
        try:
            return checked_address(typed)
        except Declined as declined:
            errors.add("email", declined.sentence)
            return ""

    async def listed(self, organization: Organization) -> list[tuple[SetupLink, str, str]]:
        """Every link with its id and its state, those that are alive first."""
        now = self.desk.clock()
        links = [
            (one, wire(SETUP_LINK, one.id), one.state(now).value)
            for one in await self.desk.links.links(organization.id)
        ]
        return sorted(links, key=lambda line: line[2] != "alive")

    def context(self, form: Mapping[str, str], errors: FormErrors) -> dict[str, Any]:
        """What the form's template needs."""
        chosen = form.all("task") if isinstance(form, Form) else ()
        return {"typed": form, "chosen": chosen, "days": DAYS, "can_mail": self.can_mail, "errors": errors}

    def remembered(self, owner: bytes, made: MadeLink) -> Header:
        """The address on its way to the page that shows it: sealed, for this browser, for five minutes."""
        sealed = self.keys.ring.encrypt(made.address.encode(), b"new set-up link" + owner)
        return self.pages.cookies.made(_COOKIE, base64.urlsafe_b64encode(sealed).decode(), SHOWN_SECONDS)

    def shown(self, request: Request, owner: bytes) -> str:
        """The address of the link that was made a moment ago in this browser by the same person, "" for none."""
        with suppress(ValueError, Undecipherable, UnknownKey):
            sealed = base64.urlsafe_b64decode(self.pages.cookies.read(request, _COOKIE))
            return self.keys.ring.decrypt(sealed, b"new set-up link" + owner).decode() if sealed else ""
        return ""

    def forgotten(self) -> Header:
        """The header by which the browser forgets it."""
        return self.pages.cookies.ended(_COOKIE)
