"""From an account into an organization: the one she can open, the one she picks, or none yet."""

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from hallway.accounts.desk import Browser
from hallway.accounts.model import Account, Session
from hallway.hub.connections.enforcement import EnforcementDesk, tell_of_exempt
from hallway.hub.organizations.members import Member
from hallway.hub.organizations.model import Organization
from hallway.hub.organizations.roster import Roster
from hallway.journal.model import Actor
from hallway.web.account.ground import Ground
from hallway.web.visitor import Visitors


class Entering(Protocol):
    """Where a realm's people come in."""

    @property
    def registration(self) -> str:
        """Who may register: `open`, `invited` or `closed`."""
        ...

    async def after_sign_in(self, account: Account, session: Session, browser: Browser, target: str) -> str:
        """Where she goes on to; `target` is where she wanted to go, "" for nowhere."""
        ...


@dataclass(frozen=True, slots=True)
class ConsoleEntering:
    """The console: each session works in one organization at a time."""

    ground: Ground
    visitors: Visitors
    roster: Roster
    enforcing: EnforcementDesk
    registration: str

    async def after_sign_in(self, account: Account, session: Session, browser: Browser, target: str) -> str:
        """Into her only organization at once; to the list of them where there are several, or none."""
        kept = await self.visitors.placed(account, session)
        if kept.member is not None or target.startswith("/invitation"):
            return target or self.ground.home
        places = await self.visitors.open_places(account, session)
        if len(places) == 1 and places[0].connection:
            return f"/sso/{places[0].connection}?next={quote(target, safe='')}"
        if len(places) != 1:
            return f"/organizations?next={quote(target, safe='')}" if target else "/organizations"
        await self.enter(account, session, places[0].organization, places[0].member, browser)
        return target or self.ground.home

    async def enter(
        self, account: Account, session: Session, organization: Organization, member: Member, browser: Browser
    ) -> Session:
        """The session opens the organization, and its journal says so; administrators are told of who is exempt."""
        opened = await self.ground.rooms.sessions.open_organization(account, session, organization.id)
        actor = Actor("member", member.id, account.shown, browser.address)
        entry = self.roster.entry("member.entered", member, actor, methods=" ".join(session.methods))
        await self.roster.ledger.commit(self.roster.change(member, entry))
        if await self.visitors.is_exempt(session, member):
            await tell_of_exempt(self.enforcing, member, organization.name, actor)
        return opened
