"""What the pages of the settings read, asked for in another organization's name: part of `test_fence.py`."""

from typing import Any, Final, cast

from hallway.hub.organizations.contacts import Contact, NewContact
from hallway.hub.organizations.domains import Domain, DomainState, NewDomain
from hallway.hub.organizations.invitations import Invitation, NewInvitation
from hallway.hub.organizations.members import Member, MemberSearch, MemberState, NewMember, Role, Source
from hallway.ids import AccountId, ContactId, EntryId, InvitationId, MemberId
from hallway.journal.model import Actor, Change, Entry
from hallway.journal.search import Question
from hallway.store import audit, directories, domains, invitations, members
from hallway.store.audit import AuditStore
from hallway.store.database import tenant
from hallway.store.directories import DirectoryStore
from hallway.store.domains import DomainStore
from hallway.store.invitations import InvitationStore
from hallway.store.members import MemberStore
from tests.store.stage import Stage

ACCOUNT: Final = AccountId(b"A" * 16)
DOMAIN: Final = "secret.example"


def _members(t: Any) -> MemberStore:
    return MemberStore(t.stage.database)


def _invitations(t: Any) -> InvitationStore:
    return InvitationStore(t.stage.database)


def _domains(t: Any) -> DomainStore:
    return DomainStore(t.stage.database)


def _audit(t: Any) -> AuditStore:
    return AuditStore(t.stage.database)


async def _later(t: Any) -> object:
    """The time of an entry behind the last one of Acme's; there is one of Beta's."""
    own = tenant(t.stage.database, t.key.organization_id)
    newest = await own.row(audit.NEWEST)
    assert newest is not None
    return await own.row(audit.TIME_AT, cast("int", newest[0]) + 1)


SETTINGS_READS: Final[dict[str, tuple[Any, str, Any]]] = {
    "member_by_id": (members, "BY_ID", lambda t: _members(t).by_id(t.key.organization_id, t.ids["member"])),
    "members_by_ids": (members, "BY_IDS", lambda t: _members(t).by_ids(t.key.organization_id, [t.ids["member"]])),
    "member_by_account": (members, "BY_ACCOUNT", lambda t: _members(t).by_account(t.key.organization_id, ACCOUNT)),
    "member_by_email": (
        members, "BY_EMAIL", lambda t: _members(t).by_email(t.key.organization_id, "nobody-elses-business"),
    ),
    "member_page": (members, "PAGE", lambda t: _members(t).page(t.key.organization_id, MemberSearch())),
    "member_counts": (members, "COUNTS", lambda t: _members(t).counts(t.key.organization_id)),
    "member_administrators": (
        members, "ADMINISTRATORS", lambda t: _members(t).administrators(t.key.organization_id),
    ),
    "invitation_by_id": (
        invitations, "BY_ID", lambda t: _invitations(t).invitation(t.key.organization_id, t.ids["invitation"]),
    ),
    "invitation_newest": (
        invitations, "NEWEST", lambda t: _invitations(t).invitation_of(t.key.organization_id, t.ids["member"]),
    ),
    "invitations_newest": (
        invitations, "NEWEST_OF", lambda t: _invitations(t).newest(t.key.organization_id, [t.ids["member"]]),
    ),
    "domain_by_name": (domains, "BY_NAME", lambda t: _domains(t).domain(t.key.organization_id, DOMAIN)),
    "domains": (domains, "ALL_OF_ONE", lambda t: _domains(t).domains(t.key.organization_id)),
    "contacts": (domains, "CONTACTS", lambda t: _domains(t).contacts(t.key.organization_id)),
    "organization_resource_counts": (
        directories, "TOTALS", lambda t: DirectoryStore(t.stage.database).totals(t.key.organization_id),
    ),
    "audit_window": (audit, "WINDOW", lambda t: _audit(t).found(t.key.organization_id, Question())),
    "audit_of_member": (audit, "OF_MEMBER", lambda t: _audit(t).of_member(t.key.organization_id, t.ids["member"])),
    "audit_newest": (audit, "NEWEST", lambda t: _audit(t).found(t.key.organization_id, Question())),
    "audit_time_at": (audit, "TIME_AT", _later),
}  # fmt: skip


async def settle(stage: Stage, secret: str) -> dict[str, Any]:
    """Write a member with her invitation, a domain and a contact of Beta's."""
    owner, now = stage.directories[2].organization_id, stage.desk.now()
    member = Member(
        MemberId(stage.desk.fresh_id()), owner, secret, secret, Role.ADMIN, MemberState.ACTIVE, Source.INVITED, now,
        now, ACCOUNT,
    )  # fmt: skip
    invitation = Invitation(
        InvitationId(stage.desk.fresh_id()), owner, member.id, secret, Role.ADMIN, b"h" * 32, None, now, now + 9
    )
    rows = (
        NewMember(member), NewInvitation(invitation),
        NewDomain(Domain(owner, DOMAIN, DomainState.PENDING, secret, now)),
        NewContact(Contact(ContactId(stage.desk.fresh_id()), owner, secret, secret, now)),
    )  # fmt: skip
    entry = Entry(
        EntryId(stage.desk.fresh_id()), "member.joined", now, Actor("system"), member.id, personal={"name": secret}
    )
    await stage.database.commit(Change(owner, rows, (entry,), entry.id))
    return {"member": member.id, "invitation": invitation.id}
