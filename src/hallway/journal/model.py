"""What a change is: rows, the journal's entries about them, and what it was decided on.

Rules: entries are appended in the same transaction as the rows, in a gapless order per organization. Values
that could name a person stand in `personal` only, which can be erased while the entry keeps its hash.
"""

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from hallway.ids import DirectoryId, EntryId, ExchangeId, OrganizationId
from hallway.scim.json import JsonObject

EVENT_TYPES: Final = {
    "organization.created": "An organization was created.",
    "organization.updated": "Its name, external id or plan changed.",
    "organization.suspended": "Its directories refuse writes until it is resumed.",
    "organization.resumed": "Its directories take writes again.",
    "member.added": "A directory's user became a member.",
    "member.linked": "A directory's user and a member were said to be one person by an administrator.",
    "member.dismissed": "An administrator dismissed a directory's user who waited.",
    "member.deactivated": "A member's access ended: sessions, open invitations and set-up links that she made.",
    "member.reactivated": "A deactivated member may enter again; nothing that ended came back.",
    "member.sessions_ended": "Every session of a member in this organization ended; she may enter again.",
    "member.invited": "Somebody was invited.",
    "member.invitation_sent_again": "An invitation was sent again; the link of before ended.",
    "member.invitation_revoked": "An invitation was taken back; its link ended.",
    "member.joined": "A person became a member, with an account.",
    "member.identified": "A member's first sign-in through a connection linked her to who she is there.",
    "member.entered": "A session of a member opened this organization; `methods` says how she had signed in.",
    "member.signed_in": "An application was told who a member is; what it may know of her is a grant from then on.",
    "member.signed_out": "A session ended in which applications had been told who a member is; they are told of it.",
    "member.role_changed": "A member has another role; `was` is the one of before.",
    "member.removed": "A membership ended; the account stays.",
    "member.leaving_confirmed": "An application said what it did when a member left; `took_ms` after that.",
    "sso.enforced": "The organization opens through its connections only, but for the exempt.",
    "sso.enforcement_lifted": "Own credentials open the organization again.",
    "sso.exemption_changed": "A member may sign in by a credential of her own for a time, or no longer.",
    "sso.exemption_used": "An exempt member came in by a credential of her own; every administrator was told.",
    "domain.added": "A domain was claimed; it does nothing until it is proved.",
    "domain.proved": "The record was found: the organization owns the domain here.",
    "domain.marked_proved": "A domain was marked as proved without a record, for development.",
    "domain.contested": "Two organizations have proved the domain; the operator decides.",
    "domain.awarded": "The operator decided that the domain is this organization's.",
    "domain.lost": "The operator decided that the domain is another organization's.",
    "domain.failing": "A check did not find the record; new effects stop in seven days.",
    "domain.lapsed": "The record has been missing for seven days; new effects stopped.",
    "domain.recovered": "The record is there again.",
    "domain.removed": "A domain was given up; members stay.",
    "contact.added": "A technical contact gets every alarm from now on.",
    "contact.removed": "A technical contact gets no alarm any more.",
    "account.created": "An account was made, after its address was proved.",
    "account.signed_in": "A session began; `methods` says by what.",
    "account.signed_out": "A session ended because its person said so.",
    "account.sessions_ended": "Several sessions of an account ended at once.",
    "account.reset_asked": "A link to choose a new password was sent to the account's address.",
    "account.password_changed": "An account has another password; `by` says how.",
    "account.address_asked": "A link was sent to the address that an account wants to have.",
    "account.address_changed": "An account has another address, which was proved.",
    "account.profile_changed": "Name or language of an account changed.",
    "account.passkey_added": "An account has one more passkey.",
    "account.passkey_removed": "A passkey of an account was removed.",
    "account.codes_turned_on": "Signing in by password asks for a one-time code from now on.",
    "account.codes_turned_off": "Signing in by password asks for no one-time code any more.",
    "account.recovery_codes_made": "An account has new recovery codes; those of before ended.",
    "account.recovery_code_used": "A recovery code stood in for a one-time code.",
    "audit.exported": "Entries of the journal were taken along as a file.",
    "setup_link.created": "A set-up link was made; its address is not in the journal.",
    "setup_link.opened": "A set-up link was opened in a browser.",
    "setup_link.revoked": "A set-up link ended before its work was done.",
    "setup_link.completed": "The work of a set-up link was done, and it ended.",
    "operator.created": "Somebody became an operator of the deployment.",
    "operator.role_changed": "An operator has another role.",
    "operator.deactivated": "An operator opens nothing any more, and her sessions ended.",
    "operator.reactivated": "An operator may sign in again; no session of before revived.",
    "api_key.created": "An API key was made; its secret is not in the journal.",
    "api_key.revoked": "An API key ended.",
    "operator.looked": "An operator looked at the organization's people and exchanges; the reason is beside it.",
    "endpoint.created": "An endpoint was made: a webhook, a stream, or an application's logout address.",
    "endpoint.updated": "Address, types or name of an endpoint changed.",
    "endpoint.secret_rotated": "An endpoint has another secret; the one of before signs beside it for a while.",
    "endpoint.disabled": "An endpoint was switched off by hand; what happens waits for it.",
    "endpoint.enabled": "An endpoint was switched on; what waited for it is sent.",
    "endpoint.switched_off": "An endpoint was switched off because it took nothing; the operators were told.",
    "endpoint.deleted": "An endpoint was deleted, with what was kept of its deliveries.",
    "endpoint.redelivery_asked": "Somebody asked for `count` events to be delivered to an endpoint again.",
    "receipt.late": "An application had not confirmed in time that somebody left; the operators were told.",
    "application.created": "An application was made; its secret is not in the journal.",
    "application.updated": "Name, addresses or keys of an application changed.",
    "application.secret_added": "An application has another secret beside the one in use.",
    "application.secret_revoked": "A secret of an application ended, or ends soon.",
    "application.disabled": "An application gets nothing, and what it got counts no more.",
    "application.enabled": "An application works again.",
    "application.deleted": "An application went, with its secrets.",
    "signing_key.made": "We have another key to sign tokens with; the one of before goes in time.",
    "grant.ended": "What an application had of a member ended by itself; `reason` says why.",
    "directory.created": "A directory was created.",
    "directory.updated": "A directory's rules or addresses changed.",
    "directory.disabled": "A directory refuses writes.",
    "directory.enabled": "A directory takes writes again.",
    "directory.deleted": "A directory was deleted; `people` says what became of its people.",
    "directory.stop_told": "Administrators and technical contacts were told by mail that nothing arrives any more.",
    "connection.created": "A connection was made; it signs nobody in yet.",
    "connection.provider_set": "It was told who the identity provider is; `by` says how.",
    "connection.updated": "Name, mapping or rules of a connection changed.",
    "connection.domains_set": "The domains whose people are sent to a connection changed.",
    "connection.made_default": "People whose domain no connection names are sent to this one.",
    "connection.enabled": "A connection signs people in.",
    "connection.disabled": "A connection refuses everybody.",
    "connection.deleted": "A connection went, with what it knew of people.",
    "connection.key_approved": "An administrator trusted a key of the provider.",
    "connection.key_rejected": "An administrator refused a key of the provider.",
    "connection.key_removed": "A key of the provider counts no more.",
    "connection.own_key_added": "A second certificate of ours is published.",
    "connection.own_key_switched": "The second certificate of ours signs.",
    "connection.own_key_removed": "The certificate of ours that does not sign went.",
    "connection.metadata_changed": "The provider's metadata changed: keys or addresses.",
    "connection.metadata_failed": "The provider's metadata could not be read; what was known goes on.",
    "connection.ending_told": "Administrators and contacts were told by mail that the provider's certificate ends.",
    "token.created": "A directory token was made; its secret is not in the journal.",
    "token.revoked": "A directory token ended.",
    "token.ending_told": "Administrators and technical contacts were told by mail that a token ends.",
    "stream.created": "A directory's changes can be polled as security events; the secret is not in the journal.",
    "stream.deleted": "A stream of security events ended.",
    "user.created": "A directory user appeared.",
    "user.updated": "Attributes of a directory user changed.",
    "user.deactivated": "`active` became false: everything of this person ends here.",
    "user.reactivated": "`active` became true again.",
    "user.deleted": "A directory user was deleted.",
    "user.restored": "A deleted directory user was pushed again and is the same person.",
    "user.kept": "The directory was deleted; the user stays, kept by hand.",
    "user.moved": "The user now belongs to another directory.",
    "group.created": "A group appeared.",
    "group.updated": "Attributes of a group changed.",
    "group.members_changed": "Members were added to or removed from a group; only they are named.",
    "group.deleted": "A group was deleted.",
    "group.kept": "The directory was deleted; the group stays, kept by hand.",
    "group.moved": "The group now belongs to another directory.",
}
"""Every type of entry. `docs/reference/journal.md` has a heading for each."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: `kind` is `token`, `command`, `member`, `account`, `operator`, `setup_link`, `api_key`, `application`
    or `system`; `id` is that of the token, the member, the account (of an operator too), the link, the key, or the
    application.
    """

    kind: str
    id: bytes | None = None
    label: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact of the journal, before it has its place (`seq`)."""

    id: EntryId
    type: str
    at: int
    actor: Actor
    subject_id: bytes | None = None
    directory_id: DirectoryId | None = None
    exchange_id: ExchangeId | None = None
    facts: JsonObject = field(default_factory=dict)
    personal: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """One entry as the journal keeps it; `personal` is None once it was erased."""

    seq: int
    entry: Entry
    personal_hash: bytes
    personal: JsonObject | None


Row: TypeAlias = object
"""A row to write: a frozen dataclass of some room, known to `store/rows.py`."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one decision writes: all of it, or nothing. `request_id` is the id of its first entry, by which it is found
    again where the answer to a commit was lost; empty without entries.
    """

    organization_id: OrganizationId
    rows: tuple[Row, ...] = ()
    entries: tuple[Entry, ...] = ()
    request_id: bytes = b""


class Stale(Exception):
    """What the change was decided on is no longer so; decide again."""


class Unavailable(Exception):
    """The database cannot take or answer this now; the same request may succeed later."""


class TenantBreach(Exception):
    """A read met a row of another organization: our own fault, and nothing of it is shown."""
