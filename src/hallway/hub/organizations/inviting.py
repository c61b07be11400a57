"""Inviting: made, sent again, taken back, accepted."""

import re
from dataclasses import dataclass, replace
from typing import Final

from hallway.hub.organizations.invitations import (
    DAY,
    DEFAULT_DAYS,
    LONGEST_DAYS,
    MOST_OPEN,
    AddressFree,
    Invitation,
    InvitationUpdate,
    NewInvitation,
    invitation_letter,
)
from hallway.hub.organizations.members import (
    Member,
    MemberRemoval,
    MemberState,
    MemberUpdate,
    NewMember,
    Role,
    Source,
    email_key,
)
from hallway.hub.organizations.model import Organization, OrganizationState
from hallway.hub.organizations.roster import Roster
from hallway.hub.organizations.service import MAX_NAME, Refused
from hallway.ids import AccountId, InvitationId, MemberId, OrganizationId
from hallway.journal.model import Actor, Change, Row
from hallway.journal.service import carried_out
from hallway.secret_text import INVITE, SECRET_BYTES, SecretText, read_secret

MAX_EMAIL: Final = 254
_EMAIL: Final = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"/]+\.[^\s@<>()\[\],;:\\\"/.]+")

NOT_OPEN: Final = "This invitation is not valid any more. Ask the person who invited you to send it again."


@dataclass(frozen=True, slots=True)
class Wish:
    """Who shall be invited, as what, and for how many days."""

    email: str
    role: Role = Role.USER
    days: int = DEFAULT_DAYS


@dataclass(frozen=True, slots=True)
class Joiner:
    """An account that accepts: `email` is an address that it has proved."""

    account_id: AccountId
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """What an invitation's link leads to."""

    organization: Organization
    member: Member
    invitation: Invitation


@dataclass(frozen=True, slots=True)
class Invited:
    """What was made, the link, which is nowhere else, and whether a mail carries it to her."""

    member: Member
    invitation: Invitation
    link: str
    mailed: bool = False


async def invite(roster: Roster, organization: Organization, wish: Wish, actor: Actor) -> Invited:
    """A new member who is invited, and the mail; refuses an address that has a membership already."""
    email = checked_email(wish.email)
    _refuse_days(wish.days)

    async def decide() -> tuple[Change, Invited]:
        await _refuse_known(roster, organization.id, email)
        await _refuse_too_many(roster, organization.id)
        now = roster.clock()
        member = Member(
            MemberId(roster.fresh_id()), organization.id, email, "", wish.role, MemberState.INVITED, Source.INVITED,
            now, now,
        )  # fmt: skip
        made, letter = _made(roster, organization, member, wish.days, actor)
        entry = roster.entry("member.invited", member, actor, expires_at=made.invitation.expires_at)
        rows = (NewMember(member), NewInvitation(made.invitation), AddressFree(member.id, email), *letter)
        return roster.change(member, entry, *rows), made

    return (await carried_out(roster.ledger, decide))[1]


async def resend(roster: Roster, organization: Organization, member: Member, actor: Actor) -> Invited:
    """A new link by mail, for as many days as the first one, to a member who has no account yet; the old link ends."""

    async def decide() -> tuple[Change, Invited]:
        was = await _invited(roster, member)
        old = await roster.invitations.invitation_of(organization.id, was.id)
        days = DEFAULT_DAYS if old is None else max(1, (old.expires_at - old.created_at) // DAY)
        made, letter = _made(roster, organization, was, days, actor)
        ending: tuple[Row, ...] = ()
        if old is not None and old.accepted_at is None and old.revoked_at is None:
            ending = (InvitationUpdate(old, replace(old, revoked_at=made.invitation.created_at)),)
        entry = roster.entry("member.invitation_sent_again", was, actor, expires_at=made.invitation.expires_at)
        return roster.change(was, entry, *ending, NewInvitation(made.invitation), *letter), made

    return (await carried_out(roster.ledger, decide))[1]


async def revoke(roster: Roster, member: Member, actor: Actor) -> None:
    """Take the invitation back: the link ends, and nobody of this address is a member."""

    async def decide() -> tuple[Change, None]:
        was = await _invited(roster, member)
        if was.state is not MemberState.INVITED:
            raise Refused("conflict", f"{was.shown} is a member already, by a directory. Deactivate her instead.")
        entry = roster.entry("member.invitation_revoked", was, actor)
        return roster.change(was, entry, MemberRemoval(was)), None

    await carried_out(roster.ledger, decide)


async def opened_invitation(roster: Roster, text: str) -> OpenInvitation | None:
    """What a link leads to, or None where it is wrong, used, taken back, too old, or its organization is closed."""
    secret = read_secret(INVITE, text)
    if secret is None:
        return None
    owner = OrganizationId(secret.owner)
    invitation = await roster.invitations.invitation(owner, InvitationId(secret.row))
    kept = bytes(32) if invitation is None else invitation.hash
    if not secret.fits(kept) or invitation is None or not invitation.is_open(roster.clock()):
        return None
    organization = await roster.organizations.by_id(owner)
    member = await roster.members.by_id(owner, invitation.member_id)
    if organization is None or member is None or not may_accept(member):
        return None
    if organization.state is OrganizationState.SUSPENDED:
        return None
    return OpenInvitation(organization, member, invitation)


async def accept(roster: Roster, text: str, joiner: Joiner, actor: Actor) -> Member:
    """The invited member joins; the link is used up. Refuses another address than the invited one."""

    async def decide() -> tuple[Change, Member]:
        found = await opened_invitation(roster, text)
        if found is None:
            raise Refused("not_found", NOT_OPEN)
        was, invitation = found.member, found.invitation
        if email_key(joiner.email) != email_key(invitation.email):
            raise Refused(
                "forbidden", "This invitation is for %(email)s. Sign in with that address.", email=invitation.email
            )
        if await roster.members.by_account(was.organization_id, joiner.account_id) is not None:
            raise Refused("conflict", "You are a member of %(name)s already.", name=found.organization.name)
        now = roster.clock()
        member = replace(
            was, account_id=joiner.account_id, name=joiner.name[:MAX_NAME], state=MemberState.ACTIVE, joined_at=now,
            access_from=now, version=was.version + 1,
        )  # fmt: skip
        used = InvitationUpdate(invitation, replace(invitation, accepted_at=now))
        entry = roster.entry("member.joined", member, actor, source=member.source.value)
        return roster.change(member, entry, MemberUpdate(was, member), used), member

    return (await carried_out(roster.ledger, decide))[1]


def checked_email(text: str) -> str:
    """An address without white space around it; refuses what is none."""
    email = text.strip()
    if len(email) > MAX_EMAIL or not email.isprintable() or _EMAIL.fullmatch(email) is None:
        raise Refused("invalid", "Enter an e-mail address, like jo@acme.example.")
    return email


def _refuse_days(days: int) -> None:
    if not 1 <= days <= LONGEST_DAYS:
        raise Refused("invalid", "An invitation lives 1 to %(most)s days.", most=LONGEST_DAYS)


async def _refuse_known(roster: Roster, organization_id: OrganizationId, email: str) -> None:
    for known in await roster.members.by_email(organization_id, email):
        match known.state:
            case MemberState.INVITED:
                raise Refused(
                    "conflict", "%(email)s is invited already. Send that invitation again instead.", email=email
                )
            case MemberState.DEACTIVATED:
                raise Refused(
                    "conflict", "%(email)s is a deactivated member. Reactivate that member instead.", email=email
                )
            case _:
                raise Refused("conflict", "%(email)s is a member already.", email=email)


async def _refuse_too_many(roster: Roster, organization_id: OrganizationId) -> None:
    counts = await roster.members.counts(organization_id)
    if counts.get(MemberState.INVITED, 0) >= MOST_OPEN:
        raise Refused(
            "conflict", "%(most)s people are invited and have not answered. Revoke some first.", most=MOST_OPEN
        )


def may_accept(member: Member) -> bool:
    """Whether this is somebody who has no account yet, and is not shut out."""
    return member.account_id is None and member.state is not MemberState.DEACTIVATED


async def _invited(roster: Roster, member: Member) -> Member:
    was = await roster.members.by_id(member.organization_id, member.id)
    if was is None:
        raise Refused("not_found", "This invitation was revoked.")
    if not may_accept(was):
        raise Refused("conflict", "%(name)s has accepted already.", name=was.shown)
    return was


def _made(
    roster: Roster, organization: Organization, member: Member, days: int, actor: Actor
) -> tuple[Invited, tuple[Row, ...]]:
    """A fresh invitation and the mail that carries its link, which is nowhere else."""
    now = roster.clock()
    secret = SecretText(organization.id, roster.fresh_id(), roster.entropy(SECRET_BYTES))
    inviter = MemberId(actor.id) if actor.kind == "member" and actor.id is not None else None
    invitation = Invitation(
        InvitationId(secret.row), organization.id, member.id, member.email, member.role, secret.hash, inviter, now,
        now + days * DAY,
    )  # fmt: skip
    link = f"{roster.base_url}/invitation?code={secret.text(INVITE)}"
    mailed = f"{link}&mailed={roster.mail_proof(invitation.id)}"
    subject, text = invitation_letter(organization.name, actor.label if inviter else "", mailed, days)
    letter = tuple(roster.letters(organization.id, member.email, subject, text))
    # Who has the command line has the deployment: her word stands for the mailbox.
    return Invited(member, invitation, mailed if actor.kind == "command" else link, bool(letter)), letter
