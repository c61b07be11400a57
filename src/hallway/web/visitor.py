"""Who a request comes from: account, session, and her place in the organization that the session has opened.

Rules: every request asks the rows, so what ended has ended; a session opens an organization only for an active member
who entered after her access began; a session through a connection opens that connection's organization only; another
realm's session opens nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hallway.accounts.desk import Browser
from hallway.accounts.model import Account, Session
from hallway.accounts.rooms import AccountRooms
from hallway.hub.connections.enforcement import Enforcements
from hallway.hub.connections.ports import Connections
from hallway.hub.connections.ways import OpenWays
from hallway.hub.organizations.members import Member, MemberState
from hallway.hub.organizations.model import Organization
from hallway.hub.organizations.ports import Members, Organizations
from hallway.journal.model import Actor
from hallway.web.cookies import Cookies
from hallway.web.http import Request

SESSION_COOKIE = "session"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in; `member` and `organization` are there while the session has one open to her."""

    account: Account
    session: Session
    organization: Organization | None = None
    member: Member | None = None

    @property
    def name(self) -> str:
        """Her name, or her address."""
        return self.account.shown

    @property
    def email(self) -> str:
        """Her address."""
        return self.account.email

    @property
    def locale(self) -> str:
        """The language that she chose, "" for none."""
        return self.account.locale

    @property
    def role(self) -> str:
        """Her role in the organization that is open, "" while none is."""
        return self.member.role.value if self.member is not None else ""

    @property
    def organization_name(self) -> str:
        """The organization that is open, "" for none."""
        return self.organization.name if self.organization is not None else ""

    @property
    def authenticated_at(self) -> int:
        """When she last showed her credentials."""
        return self.session.authenticated_at

    @property
    def through_connection(self) -> bool:
        """Whether she signed in through her organization's provider, and not by a credential of her own."""
        return self.session.connection is not None

    def actor(self, request: Request) -> Actor:
        """Whom the organization's journal names."""
        if self.member is None:
            raise ValueError("nobody acts in an organization that she has not opened")
        return Actor("member", self.member.id, self.account.shown, request.client_address)


@dataclass(frozen=True, slots=True)
class OpenPlace:
    """An organization that an account is an active member of; `connection` is where it has to sign in first, in
    hexadecimal, "" where its session may enter.
    """

    organization: Organization
    member: Member
    connection: str = ""


@dataclass(frozen=True, slots=True)
class Visitors:
    """Finds the visitor of a request; `clock` in microseconds."""

    rooms: AccountRooms
    members: Members
    organizations: Organizations
    connections: Connections
    enforcements: Enforcements
    cookies: Cookies
    clock: Callable[[], int]

    async def find(self, request: Request) -> Visitor | None:
        """The visitor by her cookie; None where there is no living session."""
        text = self.cookies.read(request, SESSION_COOKIE)
        found = await self.rooms.sessions.visited(text) if text else None
        return None if found is None else await self.placed(*found)

    async def placed(self, account: Account, session: Session) -> Visitor:
        """The visitor with her place in the organization that the session opened, if it still has one."""
        if session.opened is None or session.entered_at is None:
            return Visitor(account, session)
        member = await self.members.by_account(session.opened, account.id)
        if member is None or not member.admits(session.entered_at):
            return Visitor(account, session)
        if await self._barred(session, member) is not None:
            return Visitor(account, session)
        organization = await self.organizations.by_id(session.opened)
        return Visitor(account, session) if organization is None else Visitor(account, session, organization, member)

    async def _barred(self, session: Session, member: Member) -> str | None:
        """See `OpenWays.barred`."""
        return await OpenWays(self.connections, self.enforcements, self.clock).barred(member, session)

    async def is_exempt(self, session: Session, member: Member) -> bool:
        """Whether she came in by a credential of her own although single sign-on is enforced."""
        if session.connection is not None:
            return False
        return await self.enforcements.enforcement(member.organization_id) is not None

    async def open_places(self, account: Account, session: Session) -> list[OpenPlace]:
        """The organizations that this session can open, or could behind a connection, by name."""
        found: list[OpenPlace] = []
        for place in await self.members.places(account.id):
            member = await self.members.by_id(place.organization_id, place.member_id)
            organization = await self.organizations.by_id(place.organization_id)
            if member is None or organization is None or member.state is not MemberState.ACTIVE:
                continue
            barred = await self._barred(session, member)
            if barred != "":
                found.append(OpenPlace(organization, member, barred or ""))
        return sorted(found, key=lambda one: one.organization.name.casefold())


def browser_of(request: Request) -> Browser:
    """Where a request of a person comes from."""
    return Browser(request.client_address, request.header(b"user-agent")[:300])
