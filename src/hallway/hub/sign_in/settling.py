"""From a judged answer to a session, or to the attempt that says why not.

Rules: an answer is used up in the same transaction as what it does; a test does nothing but tell; what was refused is
kept with what was expected and what came; a session through a connection opens that connection's organization only.
"""

import base64
from dataclasses import dataclass, replace
from typing import Any, Final

from hallway.accounts.desk import Browser, Opened, begun
from hallway.accounts.model import SSO_METHOD, Account, AccountState, NewAccount, Realm, Session
from hallway.hub.connections.model import (
    Connection,
    ConnectionState,
    ConnectionUnchanged,
    ConnectionUsed,
    Identity,
    NewIdentity,
)
from hallway.hub.connections.sealing import hint_context
from hallway.hub.organizations.invitations import AddressFree
from hallway.hub.organizations.members import Member, MemberUpdate, NewMember
from hallway.hub.organizations.model import Feature
from hallway.hub.sign_in.desk import Ended, SignInDesk, subject_hash
from hallway.hub.sign_in.model import (
    DAY,
    Kind,
    NewSsoSession,
    Outcome,
    Said,
    SignIn,
    SignInEnded,
    SsoSession,
    TurnedAway,
)
from hallway.hub.sign_in.saml import USUAL
from hallway.hub.sign_in.verdict import Person, joined, person_of
from hallway.ids import AccountId, EntryId, MemberId
from hallway.journal.model import Actor, Change, Entry, Row, Stale
from hallway.scim.json import JsonObject

LASTS: Final = DAY
"""How long a session through a connection lives at most."""
_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of an answer: for a test only who it would have been, or why nobody; else the session."""

    sign_in: SignIn
    said: Said
    member: Member | None = None
    account: Account | None = None
    opened: Opened | None = None
    turned_away: TurnedAway | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """An answer on its way into a session: `confirmed` is the account that this browser proved by itself, `was` the
    session that it has.
    """

    connection: Connection
    sign_in: SignIn
    said: Said
    browser: Browser
    confirmed: AccountId | None = None
    was: Session | None = None


async def settle(desk: SignInDesk, arrival: Arrival) -> Settled:
    """Sign her in. Raises `TurnedAway`, which is kept as an attempt, unless she may still confirm."""
    for _ in range(_ATTEMPTS):
        try:
            person = await _person(desk, arrival)
        except TurnedAway as refusal:
            if arrival.sign_in.kind is Kind.TEST:
                await _told(desk, arrival, None, refusal)
                return Settled(arrival.sign_in, arrival.said, turned_away=refusal)
            if refusal.code != "confirm_first":
                await _told(desk, arrival, None, refusal)
            raise
        if arrival.sign_in.kind is Kind.TEST:
            await _told(desk, arrival, person, None)
            return Settled(arrival.sign_in, arrival.said, person.member)
        try:
            return await _signed_in(desk, arrival, person)
        except Stale:
            # Somebody changed the member or the connection in this moment: it is decided again, unless it was used.
            kept = await desk.sign_ins.sign_in(arrival.connection.organization_id, arrival.sign_in.id)
            if kept is None or kept.ended_at is not None:
                raise TurnedAway("no_request") from None
    raise TurnedAway("no_request")


async def _person(desk: SignInDesk, arrival: Arrival) -> Person:
    connection, said = arrival.connection, arrival.said
    organization = await desk.organizations.by_id(connection.organization_id)
    if organization is None or not organization.unlocks(Feature.SSO):
        raise TurnedAway("plan")
    testing = arrival.sign_in.kind is Kind.TEST and connection.state is not ConnectionState.DISABLED
    if connection.state is not ConnectionState.ACTIVE and not testing:
        raise TurnedAway("connection_off")
    subject = subject_hash(connection.id, said.subject)
    person = await person_of(desk.registry, connection, said, subject, arrival.confirmed)
    if arrival.sign_in.kind is Kind.AGAIN and person.member.account_id != arrival.sign_in.account_id:
        raise TurnedAway("nobody_here", "the person who is signed in here", said.shown)
    return person


async def _signed_in(desk: SignInDesk, arrival: Arrival, person: Person) -> Settled:
    connection, said, now = arrival.connection, arrival.said, desk.clock()
    account = await _account(desk, arrival, person)
    member = joined(person, account.id, said.name, now)
    rows: list[Row] = [SignInEnded(arrival.sign_in.id, now), ConnectionUnchanged(connection)]
    if person.was is None:
        fresh = MemberId(desk.fresh_id())
        member = replace(member, id=fresh, created_at=now, access_from=now, joined_at=now, version=1)
        rows += [NewMember(member), AddressFree(member.id, member.email)]
    elif member is not person.was:
        rows.append(MemberUpdate(person.was, member))
    subject = subject_hash(connection.id, said.subject)
    if person.reason:
        rows.append(NewIdentity(Identity(connection.id, subject, said.shown[:256], member.id, person.reason, now)))
    opened = _opened(desk, arrival, account)
    rows += [
        ConnectionUsed(connection.id, now, False),
        NewSsoSession(
            SsoSession(
                connection.id, subject, said.session_index, account.id, opened.session.id,
                _kept_name(desk, opened, said),
                opened.session.expires_at,
            ),
            now,
        ),
        _attempt(desk, arrival, Outcome.ACCEPTED, None, member),
    ]  # fmt: skip
    entries = _entries(desk, arrival, person, member)
    await desk.ledger.commit(Change(connection.organization_id, tuple(rows), tuple(entries), entries[0].id))
    signed = desk.accounts.client_entry(account, "account.signed_in", arrival.browser, {"methods": ["sso"]})
    was = arrival.was if arrival.was is not None and arrival.was.account_id == account.id else None
    await desk.accounts.write(account.id, begun(opened, was), signed)
    return Settled(arrival.sign_in, said, member, account, opened)


def _kept_name(desk: SignInDesk, opened: Opened, said: Said) -> JsonObject:
    """What the provider is told when the session ends: its NameID, or its own token, sealed."""
    if not said.hint:
        return said.name_id
    return {"hint": base64.b64encode(desk.vault.encrypt(said.hint.encode(), hint_context(opened.session.id))).decode()}


async def _account(desk: SignInDesk, arrival: Arrival, person: Person) -> Account:
    """Hers; where she has none, one of the connection's making, which no address finds."""
    kept = person.member.account_id
    if kept is not None:
        account = await desk.accounts.means.accounts.by_id(kept)
        if account is None or account.state is not AccountState.ACTIVE:
            raise TurnedAway("deactivated")
        return account
    said, now = arrival.said, desk.clock()
    name = person.member.name or said.name
    made = Account(
        AccountId(desk.fresh_id()), Realm.SSO, AccountState.ACTIVE, person.member.email or said.email, name, now
    )
    entry = desk.accounts.entry(made, "account.created", arrival.browser, {"realm": made.realm.value})
    await desk.accounts.write(made.id, (NewAccount(made),), entry)
    return made


def _opened(desk: SignInDesk, arrival: Arrival, account: Account) -> Opened:
    method = SSO_METHOD + arrival.connection.id.hex()
    opened = desk.accounts.opened(account, (method,), arrival.browser)
    session, said = opened.session, arrival.said
    ends = min(session.created_at + LASTS, said.session_ends_at or session.expires_at)
    bound = replace(
        session,
        authenticated_at=min(said.authenticated_at, session.created_at),
        expires_at=ends,
        opened=arrival.connection.organization_id,
        entered_at=session.created_at,
    )
    return Opened(bound, opened.text)


def _entries(desk: SignInDesk, arrival: Arrival, person: Person, member: Member) -> list[Entry]:
    actor = Actor("member", member.id, member.shown, arrival.browser.address)
    connection: JsonObject = {"connection": arrival.connection.id.hex()}
    personal: JsonObject = {"name": member.name, "email": member.email}

    def entry(kind: str, **more: str) -> Entry:
        facts: JsonObject = {"role": member.role.value, **connection, **more}
        return Entry(
            EntryId(desk.fresh_id()), kind, desk.clock(), actor, member.id, member.directory_id, None, facts, personal
        )

    entries = []
    if person.was is None or person.was.account_id is None:
        entries.append(entry("member.joined", source=member.source.value))
    if person.reason:
        entries.append(entry("member.identified", reason=person.reason))
    return [*entries, entry("member.entered", methods="sso")]


async def _told(desk: SignInDesk, arrival: Arrival, person: Person | None, refusal: TurnedAway | None) -> None:
    """Use the answer up, and keep what came of it."""
    now = desk.clock()
    outcome = Outcome.ACCEPTED if refusal is None else Outcome.REFUSED
    rows: list[Row] = [SignInEnded(arrival.sign_in.id, now)]
    if refusal is None:
        rows.append(ConnectionUsed(arrival.connection.id, now, True))
    rows.append(_attempt(desk, arrival, outcome, refusal, person.member if person is not None else None))
    try:
        await desk.ledger.commit(Change(arrival.connection.organization_id, tuple(rows)))
    except Stale:
        raise TurnedAway("no_request") from None


def _attempt(
    desk: SignInDesk, arrival: Arrival, outcome: Outcome, refusal: TurnedAway | None, member: Member | None
) -> Row:
    said, sign_in = arrival.said, arrival.sign_in
    known = member is not None and bool(member.id)
    ended = Ended(
        sign_in.kind,
        outcome,
        refusal.code if refusal is not None else "",
        said.email or said.shown,
        detail_of(arrival, refusal, desk.clock()),
        member.id if member is not None and known else None,
    )
    return desk.attempt(arrival.connection, ended)


def detail_of(arrival: Arrival, refusal: TurnedAway | None, now: int) -> JsonObject:
    """What an attempt keeps: times, what was expected and came, and of the attributes those that are mapped."""
    said, sign_in = arrival.said, arrival.sign_in
    began = [] if sign_in.kind is Kind.UNSOLICITED else [{"at": sign_in.created_at, "what": "began"}]
    timeline: list[Any] = [
        *began,
        {"at": sign_in.answered_at, "what": "answered"},
        {"at": now, "what": "refused" if refusal is not None else "accepted"},
    ]
    return {
        "timeline": timeline,
        "expected": refusal.expected if refusal is not None else "",
        "received": refusal.received if refusal is not None else "",
        "facts": said.facts,
        "name_id": said.shown,
        "attributes": shown_attributes(arrival.connection, said),
        "address": arrival.browser.address,
        "client": arrival.browser.client[:300],
    }


def shown_attributes(connection: Connection, said: Said) -> JsonObject:
    """Attributes by name; the values of those that mean nothing here are left out (None)."""
    own, usual = connection.mapping, USUAL
    known = {
        *own.email, *own.first_name, *own.last_name, *own.groups,
        *usual.email, *usual.first_name, *usual.last_name, *usual.groups,
    }  # fmt: skip
    return {name: list(values) if name in known else None for name, values in list(said.attributes.items())[:100]}
