"""From a new account, or an accepted invitation, into the organization that it was for."""

from dataclasses import dataclass

from hallway.accounts.desk import Browser, Declined
from hallway.accounts.model import Account, Session
from hallway.hub.organizations.founding import found_organization
from hallway.hub.organizations.inviting import Joiner, accept, opened_invitation
from hallway.hub.organizations.members import Member
from hallway.hub.organizations.model import Plan
from hallway.hub.organizations.service import Refused
from hallway.journal.model import Actor
from hallway.web.account.entering import ConsoleEntering


@dataclass(frozen=True, slots=True)
class Joining:
    """What the deployment allows, and how a person comes into an organization."""

    entering: ConsoleEntering
    plan: Plan
    one_only: bool
    can_mail: bool

    @property
    def registration(self) -> str:
        """Who may register: `open`, `invited` or `closed`."""
        return self.entering.registration

    async def after_registration(
        self, account: Account, session: Session, browser: Browser, facts: dict[str, str]
    ) -> str:
        """Join or found what the link was for; where that is no longer possible, the list of organizations says so."""
        try:
            if facts.get("invitation"):
                await self.join(account, session, browser, facts["invitation"])
                return "/"
            if facts.get("organization"):
                await self.found(account, session, browser, facts["organization"])
                return "/directories"
        except (Refused, Declined):
            return "/organizations"
        return "/organizations"

    async def found(self, account: Account, session: Session, browser: Browser, name: str) -> None:
        """A new organization with her as its administrator, opened; raises `Refused`."""
        if self.registration != "open":
            raise Refused("forbidden", "Whoever runs this service makes the organizations.")
        _refuse_borrowed(session)
        await self._refuse_second(account)
        joiner = Joiner(account.id, account.email, account.name)
        member = await found_organization(self.entering.roster, name, self.plan, joiner, browser.address)
        await self._enter(account, session, member, browser)

    async def join(self, account: Account, session: Session, browser: Browser, text: str) -> None:
        """The invitation accepted, its organization opened; raises `Refused`."""
        _refuse_borrowed(session)
        await self._refuse_second(account)
        roster = self.entering.roster
        found = await opened_invitation(roster, text)
        actor = Actor("member", None if found is None else found.member.id, account.shown, browser.address)
        member = await accept(roster, text, Joiner(account.id, account.email, account.name), actor)
        await self._enter(account, session, member, browser)

    async def _enter(self, account: Account, session: Session, member: Member, browser: Browser) -> None:
        organization = await self.entering.visitors.organizations.by_id(member.organization_id)
        if organization is not None:
            await self.entering.enter(account, session, organization, member, browser)

    async def _refuse_second(self, account: Account) -> None:
        if self.one_only and await self.entering.visitors.members.places(account.id):
            raise Refused("conflict", "You are a member of an organization already, and here a person has only one.")


def _refuse_borrowed(session: Session) -> None:
    """One organization's provider says who she is there, and puts her into no other."""
    if session.connection is not None:
        raise Refused(
            "forbidden", "You came in through another organization's identity provider. Sign in with your own password."
        )
