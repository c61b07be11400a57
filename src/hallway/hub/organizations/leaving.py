"""What ends when somebody leaves an organization: one set of rows, whoever ends the membership and why.

Rules: the rows travel in the organization's own change, so that everything ends in one transaction; nothing here is
undone by coming back.
"""

from dataclasses import dataclass, replace

from hallway.hub.organizations.invitations import InvitationsEnded
from hallway.hub.organizations.members import AdministratorRemains, Member, MemberState, MemberUpdate, Role
from hallway.ids import MemberId
from hallway.journal.model import Row


@dataclass(frozen=True, slots=True)
class SetupLinksEnded:
    """Every set-up link that this member made, and the sessions in it, end."""

    member_id: MemberId
    at: int


@dataclass(frozen=True, slots=True)
class SignInsEnded:
    """Every sign-in through a connection that is under way and seems to be this member's ends."""

    member_id: MemberId
    at: int


def ended(member: Member, at: int) -> tuple[Member, tuple[Row, ...]]:
    """The member deactivated, and the rows that end her sessions, sign-ins, invitations and set-up links."""
    gone = replace(
        member, state=MemberState.DEACTIVATED, ended_at=at, access_from=later(member, at), version=member.version + 1
    )
    return gone, (MemberUpdate(member, gone), *ends_with(member.id, at))


def ends_with(member_id: MemberId, at: int) -> tuple[Row, ...]:
    """What of hers ends besides her row."""
    return (InvitationsEnded(member_id, at), SetupLinksEnded(member_id, at), SignInsEnded(member_id, at))


def returned(member: Member, at: int) -> Member:
    """The member as she comes back, whoever lets her: her sessions of before stay ended.

    She was accepted before she was ended, so she is active as she was, also where she has no account yet: it is the
    account that opens the organization, and an invitation or a sign-in brings it.
    """
    return replace(
        member, state=MemberState.ACTIVE, ended_at=None, access_from=later(member, at), version=member.version + 1
    )


def later(member: Member, at: int) -> int:
    """`access_from` from now on: behind every session that entered until now, even one of this microsecond."""
    return max(at, member.access_from) + 1


def loses_an_administrator(was: Member, now: Member | None) -> bool:
    """Whether an administrator who could sign in is one no longer."""
    return _administers(was) and (now is None or not _administers(now))


def _administers(member: Member) -> bool:
    return member.state is MemberState.ACTIVE and member.role is Role.ADMIN and member.account_id is not None


def remaining(able: tuple[MemberId, ...]) -> tuple[Row, ...]:
    """The row that keeps two demotions at once from taking the last two; `able` can sign in, and are not ended here."""
    return (AdministratorRemains(able),)
