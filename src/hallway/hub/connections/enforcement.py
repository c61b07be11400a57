"""Enforcement: an organization opens for sign-ins through its connections only, but for a few named people.

Rules: it is asked where a session enters, not by an address's domain; only somebody who has just signed in through the
connection turns it on; who is exempt signs in with a passkey or a one-time code, for a time, and every administrator
is told when she does; that a provider fails loosens nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from hallway.accounts.model import Session
from hallway.hub.connections.model import DAY, Connection, ConnectionState, ConnectionUnchanged
from hallway.hub.organizations.invitations import Letters
from hallway.hub.organizations.members import Member, MemberState
from hallway.hub.organizations.ports import Members
from hallway.hub.organizations.service import Refused
from hallway.ids import ConnectionId, EntryId, MemberId, OrganizationId, fresh_id
from hallway.journal.model import Actor, Change, Entry, Row
from hallway.journal.ports import Ledger
from hallway.journal.service import carried_out

GRACE: Final = DAY // 24
"""How long sessions of before stay once it is turned on."""
FRESH: Final = 10 * 60 * 1_000_000
MOST_EXEMPT: Final = 20
LONGEST_DAYS: Final = 90
STRONG: Final = frozenset({"passkey", "code"})
"""Methods of which one has to be among those of an exempt person's session."""


@dataclass(frozen=True, slots=True)
class Exemption:
    """A member who may sign in with a credential of her own until then."""

    member_id: MemberId
    until: int


@dataclass(frozen=True, slots=True)
class Enforcement:
    """That an organization enforces single sign-on, since when, and who is exempt."""

    organization_id: OrganizationId
    connection_id: ConnectionId
    since: int
    exempt: tuple[Exemption, ...] = ()
    version: int = 1

    def exemption(self, member_id: MemberId, now: int) -> Exemption | None:
        """A member's exemption, where it has not ended."""
        return next((one for one in self.exempt if one.member_id == member_id and now < one.until), None)

    def admits(self, session: Session, member: Member, now: int) -> bool:
        """Whether a session that began with an own credential may work in the organization."""
        if session.created_at < self.since and now < self.since + GRACE:
            return True
        return self.exemption(member.id, now) is not None and bool(STRONG.intersection(session.methods))


@dataclass(frozen=True, slots=True)
class NewEnforcement:
    """A row to insert; stale where there is one."""

    enforcement: Enforcement


@dataclass(frozen=True, slots=True)
class EnforcementUpdate:
    """Who is exempt, as it shall be; stale where `was` is not what is kept."""

    was: Enforcement
    enforcement: Enforcement


@dataclass(frozen=True, slots=True)
class EnforcementEnd:
    """The row goes; stale where it is not as it was."""

    was: Enforcement


class Enforcements(Protocol):
    """Which organizations enforce."""

    async def enforcement(self, organization_id: OrganizationId) -> Enforcement | None:
        """The organization's, None where it enforces nothing."""
        ...

    async def unlinked(self, organization_id: OrganizationId, connection_id: ConnectionId) -> Sequence[Member]:
        """Active members with an account whom the connection has never signed in, by name, a hundred at most."""
        ...


@dataclass(frozen=True, slots=True)
class EnforcementDesk:
    """What turning it on and off needs."""

    ledger: Ledger
    enforcements: Enforcements
    members: Members
    letters: Letters
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]

    def change(self, owner: OrganizationId, kind: str, actor: Actor, *rows: Row, **facts: str | int) -> Change:
        """Rows with their entry."""
        entry = Entry(
            EntryId(fresh_id(self.clock(), self.entropy(10))), kind, self.clock(), actor, owner, facts={**facts}
        )
        return Change(owner, rows, (entry,), entry.id)


async def enforce(desk: EnforcementDesk, connection: Connection, session: Session, actor: Actor) -> Enforcement:
    """Turn it on, from a session that began through this connection a moment ago."""
    now = desk.clock()
    if session.connection != connection.id or now - session.authenticated_at > FRESH:
        raise Refused("forbidden", "Sign in through this connection first: so you know that it works for you.")
    if connection.state is not ConnectionState.ACTIVE:
        raise Refused("conflict", "Turn the connection on first.")
    if await desk.enforcements.enforcement(connection.organization_id) is not None:
        raise Refused("conflict", "Single sign-on is enforced already.")
    made = Enforcement(connection.organization_id, connection.id, now)
    facts = {"connection": connection.id.hex()}
    rows = (NewEnforcement(made), ConnectionUnchanged(connection))
    await desk.ledger.commit(desk.change(connection.organization_id, "sso.enforced", actor, *rows, **facts))
    return made


async def lift(desk: EnforcementDesk, owner: OrganizationId, actor: Actor) -> None:
    """Own credentials open the organization again."""

    async def decide() -> tuple[Change, None]:
        was = await _kept(desk, owner)
        return desk.change(owner, "sso.enforcement_lifted", actor, EnforcementEnd(was)), None

    await carried_out(desk.ledger, decide)


async def exempt(desk: EnforcementDesk, member: Member, days: int, actor: Actor) -> Enforcement:
    """Let a member sign in with a passkey or a one-time code for so many days; 0 ends it now."""
    if not 0 <= days <= LONGEST_DAYS:
        raise Refused("invalid", "An exemption lasts 1 to %(most)s days.", most=LONGEST_DAYS)
    owner = member.organization_id

    async def decide() -> tuple[Change, Enforcement]:
        was, now = await _kept(desk, owner), desk.clock()
        if member.state is not MemberState.ACTIVE or member.account_id is None:
            raise Refused("conflict", "Only an active member who has an account can be exempt.")
        others = tuple(one for one in was.exempt if one.member_id != member.id and now < one.until)
        if days and len(others) >= MOST_EXEMPT:
            raise Refused("conflict", "%(most)s people are exempt already. End one of theirs first.", most=MOST_EXEMPT)
        own = (Exemption(member.id, now + days * DAY),) if days else ()
        changed = replace(was, exempt=(*others, *own), version=was.version + 1)
        change = desk.change(
            owner, "sso.exemption_changed", actor, EnforcementUpdate(was, changed), member=member.id.hex(), days=days
        )
        return change, changed

    return (await carried_out(desk.ledger, decide))[1]


async def tell_of_exempt(desk: EnforcementDesk, member: Member, name: str, actor: Actor) -> None:
    """An exempt person came in by a credential of her own: every administrator is told, and the journal knows."""
    rows: list[Row] = []
    subject = f"{name}: somebody came in without single sign-on"
    text = (
        f"{member.shown} ({member.email}) signed in to {name} with a credential of her own. Single sign-on is enforced "
        f"there, and she is exempt.\n\nIf that was not she, end her exemption: Settings, Authentication and SSO.\n"
    )
    for one in await desk.members.administrators(member.organization_id):
        rows += desk.letters(member.organization_id, one.email, subject, text)
    change = desk.change(member.organization_id, "sso.exemption_used", actor, *rows, member=member.id.hex())
    await desk.ledger.commit(change)


async def _kept(desk: EnforcementDesk, owner: OrganizationId) -> Enforcement:
    was = await desk.enforcements.enforcement(owner)
    if was is None:
        raise Refused("conflict", "Single sign-on is not enforced.")
    return was
