"""What the journal says, in words: one table of every kind of entry, and the words of the facts beside it.

Rules: a sentence names what it is about as `%(what)s`; a fact that has no word of its own is shown as it is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from hallway.ids import DIRECTORY, EXCHANGE, GROUP, USER, ResourceId, parsed, wire
from hallway.journal.model import EVENT_TYPES, Entry, Written
from hallway.journal.shape import actor_of, subject_of
from hallway.scim.json import Json
from hallway.web.language import N_, Language

GROUPS: Final[Mapping[str, str]] = {
    "organization": N_("Organization"),
    "member": N_("Members"),
    "domain": N_("Domains"),
    "contact": N_("Technical contacts"),
    "directory": N_("Directories"),
    "connection": N_("Connections"),
    "token": N_("Tokens"),
    "stream": N_("Streams of events"),
    "user": N_("Directory users"),
    "group": N_("Groups"),
    "setup_link": N_("Set-up links"),
    "account": N_("Accounts"),
    "audit": N_("Audit"),
    "sso": N_("Single sign-on"),
    "operator": N_("Operators"),
    "api_key": N_("API keys"),
    "receipt": N_("Receipts of applications"),
    "grant": N_("Applications that people signed in to"),
    "application": N_("Applications"),
    "signing_key": N_("Signing keys"),
    "endpoint": N_("Endpoints"),
}
"""Kinds of entries by what stands before the point of their type."""

ELSEWHERE: Final = frozenset({"account", "api_key", "receipt", "application", "signing_key", "endpoint"})
"""Kinds that are in the journals of people or of the deployment only, not in an organization's."""

EVENTS: Final[Mapping[str, str]] = {
    "organization.created": N_("The organization %(what)s was made"),
    "organization.updated": N_("Name, external id or plan of %(what)s changed"),
    "organization.suspended": N_("%(what)s was suspended: its directories refuse writes"),
    "organization.resumed": N_("%(what)s was resumed: its directories take writes again"),
    "member.added": N_("%(what)s became a member, by a directory"),
    "member.linked": N_("%(what)s and a directory's user were confirmed to be one person"),
    "member.dismissed": N_("%(what)s, who waited in a directory, was dismissed"),
    "member.deactivated": N_("%(what)s was deactivated"),
    "member.reactivated": N_("%(what)s was reactivated"),
    "member.sessions_ended": N_("All sessions of %(what)s ended"),
    "member.invited": N_("%(what)s was invited"),
    "member.invitation_sent_again": N_("The invitation of %(what)s was sent again"),
    "member.invitation_revoked": N_("The invitation of %(what)s was revoked"),
    "member.joined": N_("%(what)s joined"),
    "member.identified": N_("%(what)s was recognized at the identity provider"),
    "member.entered": N_("%(what)s signed in to this organization"),
    "member.signed_in": N_("%(what)s signed in to an application"),
    "member.signed_out": N_("%(what)s signed out, and applications were told"),
    "member.role_changed": N_("%(what)s has another role"),
    "member.removed": N_("%(what)s was removed"),
    "member.leaving_confirmed": N_("An application confirmed that %(what)s is out"),
    "sso.enforced": N_("Single sign-on was enforced"),
    "sso.enforcement_lifted": N_("Single sign-on is no longer enforced"),
    "sso.exemption_changed": N_("Who is exempt from single sign-on changed"),
    "sso.exemption_used": N_("An exempt person came in without single sign-on"),
    "domain.added": N_("%(what)s was claimed"),
    "domain.proved": N_("%(what)s was proved"),
    "domain.marked_proved": N_("%(what)s was marked as proved, for development"),
    "domain.contested": N_("%(what)s is contested: another organization has proved it too"),
    "domain.awarded": N_("%(what)s was decided to be this organization's"),
    "domain.lost": N_("%(what)s was decided to be another organization's"),
    "domain.failing": N_("The record of %(what)s was not found"),
    "domain.lapsed": N_("The record of %(what)s has been missing for seven days"),
    "domain.recovered": N_("The record of %(what)s is there again"),
    "domain.removed": N_("%(what)s was given up"),
    "contact.added": N_("%(what)s became a technical contact"),
    "contact.removed": N_("%(what)s is no technical contact any more"),
    "account.created": N_("The account %(what)s was made"),
    "account.signed_in": N_("%(what)s signed in"),
    "account.signed_out": N_("%(what)s signed out"),
    "account.sessions_ended": N_("Sessions of the account %(what)s ended"),
    "account.reset_asked": N_("A link to choose a new password was sent to %(what)s"),
    "account.password_changed": N_("The password of %(what)s changed"),
    "account.address_asked": N_("A link was sent to an address that %(what)s wants to have"),
    "account.address_changed": N_("%(what)s has another address"),
    "account.profile_changed": N_("Name or language of %(what)s changed"),
    "account.passkey_added": N_("%(what)s has one more passkey"),
    "account.passkey_removed": N_("A passkey of %(what)s was removed"),
    "account.codes_turned_on": N_("%(what)s turned one-time codes on"),
    "account.codes_turned_off": N_("%(what)s turned one-time codes off"),
    "account.recovery_codes_made": N_("%(what)s has new recovery codes"),
    "account.recovery_code_used": N_("%(what)s used a recovery code"),
    "receipt.late": N_("An application has not confirmed in time that somebody of %(what)s is out"),
    "operator.looked": N_("An operator of the service looked at this organization"),
    "audit.exported": N_("The audit was exported"),
    "operator.created": N_("%(what)s became an operator"),
    "operator.role_changed": N_("The operator %(what)s has another role"),
    "operator.deactivated": N_("The operator %(what)s was deactivated"),
    "operator.reactivated": N_("The operator %(what)s was reactivated"),
    "api_key.created": N_("The API key %(what)s was made"),
    "api_key.revoked": N_("The API key %(what)s was revoked"),
    "setup_link.created": N_("The set-up link %(what)s was made"),
    "setup_link.opened": N_("The set-up link %(what)s was opened"),
    "setup_link.revoked": N_("The set-up link %(what)s was revoked"),
    "setup_link.completed": N_("The work of the set-up link %(what)s was done"),
    "application.created": N_("The application %(what)s was made"),
    "application.updated": N_("The application %(what)s changed"),
    "application.secret_added": N_("The application %(what)s has another secret"),
    "application.secret_revoked": N_("A secret of the application %(what)s ended, or ends soon"),
    "application.disabled": N_("The application %(what)s was switched off"),
    "application.enabled": N_("The application %(what)s was switched on"),
    "application.deleted": N_("The application %(what)s was deleted"),
    "signing_key.made": N_("We have another signing key, %(what)s"),
    "grant.ended": N_("What an application knew of somebody ended: %(what)s"),
    "endpoint.created": N_("An endpoint was made"),
    "endpoint.updated": N_("An endpoint changed"),
    "endpoint.secret_rotated": N_("An endpoint has another secret"),
    "endpoint.disabled": N_("An endpoint was switched off"),
    "endpoint.enabled": N_("An endpoint was switched on"),
    "endpoint.switched_off": N_("An endpoint was switched off, since it took nothing"),
    "endpoint.deleted": N_("An endpoint was deleted"),
    "endpoint.redelivery_asked": N_("Deliveries to an endpoint were asked for again"),
    "directory.created": N_("The directory %(what)s was made"),
    "directory.updated": N_("Name, rules or addresses of the directory %(what)s changed"),
    "directory.disabled": N_("The directory %(what)s was switched off"),
    "directory.enabled": N_("The directory %(what)s was switched on"),
    "directory.deleted": N_("The directory %(what)s was deleted"),
    "directory.stop_told": N_("It was told by mail that nothing arrives in the directory %(what)s any more"),
    "connection.created": N_("The connection %(what)s was made"),
    "connection.provider_set": N_("%(what)s was told who its identity provider is"),
    "connection.updated": N_("The settings of %(what)s changed"),
    "connection.domains_set": N_("The domains of %(what)s changed"),
    "connection.made_default": N_("%(what)s became the default connection"),
    "connection.enabled": N_("%(what)s was turned on"),
    "connection.disabled": N_("%(what)s was turned off"),
    "connection.deleted": N_("The connection %(what)s was deleted"),
    "connection.key_approved": N_("A key of the provider of %(what)s was approved"),
    "connection.key_rejected": N_("A key of the provider of %(what)s was rejected"),
    "connection.key_removed": N_("A key of the provider of %(what)s was removed"),
    "connection.own_key_added": N_("A second certificate of ours was made for %(what)s"),
    "connection.own_key_switched": N_("%(what)s signs with our new certificate"),
    "connection.own_key_removed": N_("The other certificate of ours was removed from %(what)s"),
    "connection.metadata_changed": N_("The metadata of %(what)s changed"),
    "connection.metadata_failed": N_("The metadata of %(what)s could not be read"),
    "connection.ending_told": N_("People were told that the certificate of %(what)s ends"),
    "token.created": N_("The token %(what)s was made"),
    "token.revoked": N_("The token %(what)s ended"),
    "token.ending_told": N_("It was told by mail that the token %(what)s ends"),
    "stream.created": N_("A stream of events was made for %(what)s"),
    "stream.deleted": N_("The stream of events for %(what)s ended"),
    "user.created": N_("%(what)s was created"),
    "user.updated": N_("Attributes of %(what)s changed"),
    "user.deactivated": N_("%(what)s was deactivated by the directory"),
    "user.reactivated": N_("%(what)s was activated again by the directory"),
    "user.deleted": N_("%(what)s was deleted by the directory"),
    "user.restored": N_("%(what)s came back, as the same person"),
    "user.kept": N_("%(what)s stays, looked after by hand"),
    "user.moved": N_("%(what)s moved to another directory"),
    "group.created": N_("The group %(what)s was created"),
    "group.updated": N_("The group %(what)s changed"),
    "group.members_changed": N_("Members of the group %(what)s changed"),
    "group.deleted": N_("The group %(what)s was deleted"),
    "group.kept": N_("The group %(what)s stays, looked after by hand"),
    "group.moved": N_("The group %(what)s moved to another directory"),
}
"""Every type of entry; the journal's page of the reference has what each means."""

ACTORS: Final[Mapping[str, str]] = {
    "member": N_("Member"),
    "token": N_("Directory"),
    "operator": N_("Operator"),
    "setup_link": N_("Set-up link"),
    "account": N_("Account"),
    "api_key": N_("API key"),
    "command": N_("Command line"),
    "application": N_("Application"),
    "system": N_("The service itself"),
}
"""Who does things, by the kind of the actor."""

FACTS: Final[Mapping[str, str]] = {
    "event": N_("Event"),
    "took_ms": N_("Milliseconds later"),
    "did": N_("What it did"),
    "organization": N_("Organization"),
    "happened": N_("When it happened"),
    "application": N_("Application"),
    "type": N_("Kind"),
    "role": N_("Role"),
    "was": N_("Role before"),
    "state": N_("State"),
    "plan": N_("Plan"),
    "source": N_("Source"),
    "reason": N_("Reason"),
    "expires_at": N_("Ends"),
    "days": N_("Days before"),
    "mails": N_("Mails sent"),
    "finding": N_("Last check"),
    "development": N_("For development"),
    "attributes": N_("Attributes"),
    "added": N_("Added"),
    "removed": N_("Removed"),
    "people": N_("Its people"),
    "tasks": N_("Tasks"),
    "methods": N_("By"),
    "name": N_("Name"),
    "email": N_("E-mail address"),
    "domain": N_("Domain"),
    "userName": N_("User name"),
    "displayName": N_("Displayed name"),
    "label": N_("Label"),
    "provider": N_("Product"),
    "imported": N_("Brought along"),
    "mailed": N_("Sent by mail"),
    "groups": N_("Groups"),
    "format": N_("Format"),
    "entries": N_("Entries"),
    "protocol": N_("Protocol"),
    "fingerprint": N_("Fingerprint"),
    "by": N_("By"),
    "keys": N_("Keys"),
    "new": N_("New keys"),
    "gone": N_("Keys that are gone"),
    "trusted": N_("Keys that are trusted now"),
    "application_name": N_("Name of the application"),
    "applications": N_("Applications"),
    "sid": N_("Session, as applications know it"),
    "algorithm": N_("Algorithm"),
}
_VALUES: Final[Mapping[str, str]] = {
    "admin": N_("Administrator"),
    "user": N_("User"),
    "guest": N_("Guest"),
    "invited": N_("Invited"),
    "active": N_("Active"),
    "deactivated": N_("Deactivated"),
    "suspended": N_("Suspended"),
    "pending": N_("Waiting for its record"),
    "proved": N_("Proved"),
    "failing": N_("Record missing"),
    "lapsed": N_("Record missing for seven days"),
    "contested": N_("Contested"),
    "free": N_("Free"),
    "enterprise": N_("Enterprise"),
    "viewer": N_("Viewer"),
    "support": N_("Support"),
    "owner": N_("Owner"),
    "draft": N_("Being set up"),
    "disabled": N_("Switched off"),
}
_IN_WORDS: Final = frozenset({"role", "was", "state", "plan", "source"})
_NAMES: Final = ("name", "userName", "displayName", "domain", "label", "email")
_LISTED_AT_MOST: Final = 20
_NAMED_AT_MOST: Final = 100
PEOPLE: Final = ("added", "removed", "groups")
"""Facts that list users and groups."""
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as a list has it."""

    seq: int
    at: int
    what: str
    subject: str
    who: str
    actor: str
    actor_id: str
    address: str
    facts: Sequence[tuple[str, str]]
    exchange: str


def types_of(group: str) -> tuple[str, ...]:
    """The types of a group, none for a group that is not there."""
    return tuple(one for one in EVENT_TYPES if one.partition(".")[0] == group)


def told(written: Written, language: Language) -> Line:
    """An entry in words."""
    entry = written.entry
    subject = called(written)
    exchange = ""
    if entry.exchange_id is not None and entry.directory_id is not None:
        exchange = f"/directories/{wire(DIRECTORY, entry.directory_id)}/activity/{wire(EXCHANGE, entry.exchange_id)}"
    return Line(
        written.seq, entry.at, sentence(entry.type, subject, language), subject_of(entry) or "",
        entry.actor.label or actor_of(entry) or "", word(ACTORS, entry.actor.kind, language), actor_of(entry) or "",
        entry.actor.address, facts_of(entry, language), exchange,
    )  # fmt: skip


def sentence(kind: str, subject: str, language: Language) -> str:
    """What happened; a type without words is named."""
    text = EVENTS.get(kind)
    return f"{kind}: {subject}" if text is None else language.text(text, what=subject)


def called(written: Written) -> str:
    """What people call the subject, or its id once that was erased."""
    known = written.entry.personal
    names = [known[name] for name in _NAMES if known.get(name)]
    names += [written.entry.facts["label"]] if written.entry.facts.get("label") else []
    return str(names[0]) if names else subject_of(written.entry) or written.entry.type


def facts_of(entry: Entry, language: Language) -> list[tuple[str, str]]:
    """What is kept beside it, in words; of people only how many."""
    found = [
        (word(FACTS, name, language), _value(name, value, language))
        for name, value in entry.facts.items()
        if value not in ("", None, False, [], {}) and name != "label"
    ]
    email, reason = entry.personal.get("email"), entry.personal.get("reason")
    if email and email != entry.personal.get("name") and entry.personal.get("name"):
        found.append((word(FACTS, "email", language), str(email)))
    return [*found, (word(FACTS, "reason", language), str(reason))] if reason else found


def people_in(entry: Entry) -> list[ResourceId]:
    """Users and groups whom the facts name, as many as a page shows."""
    found = []
    for name in PEOPLE:
        listed = entry.facts.get(name)
        for text in listed if isinstance(listed, list) else []:
            # A removed one stands without its kind.
            one = isinstance(text, str) and (parsed(USER, text) or parsed(GROUP, text) or parsed(USER, USER + text))
            if one:
                found.append(ResourceId(one))
    return found[:_NAMED_AT_MOST]


def _value(name: str, value: Json, language: Language) -> str:
    if name in PEOPLE and isinstance(value, list):
        return language.number(len(value))
    if name in _IN_WORDS and isinstance(value, str):
        return word(_VALUES, value, language)
    if name.endswith("_at") and isinstance(value, int):
        return language.instant(value)
    return shown(value, language)


def shown(value: Json, language: Language) -> str:
    """A value on one line, cut where it is long."""
    if value is True:
        return language.text("yes")
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        more = "" if len(value) <= _LISTED_AT_MOST else " …"
        return ", ".join(str(one) for one in value[:_LISTED_AT_MOST]) + more
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def word(words: Mapping[str, str], name: str, language: Language) -> str:
    """A word of a table in a language; what is not in the table stays as it is."""
    return language.text(words[name]) if name in words else name
