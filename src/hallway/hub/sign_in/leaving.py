"""Single logout by SAML, both ways (SAML profiles §4.4): a provider's session ends, and ours with it.

Rules: ours ends first, whatever the provider says; which sessions are meant, the store says, since a browser may come
without cookies; an unknown session is ended already. A request counts once, and is remembered before it ends anything:
without a SessionIndex a replayed one would end sessions that began after it. An answer counts only for a request of
ours that waits for it.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from hallway.accounts.desk import Browser
from hallway.accounts.model import SessionEnd
from hallway.hub.connections.addresses import entity_id
from hallway.hub.connections.model import Connection
from hallway.hub.sign_in.desk import Purpose, SignInDesk, subject_hash
from hallway.hub.sign_in.model import Kind, NewSeenMessage, SsoSession, SsoSessionsEnd, TurnedAway
from hallway.hub.sign_in.saml import Departure, own_key, subject_of, trust_of
from hallway.journal.model import Change, Stale
from hallway.saml.bindings import post_fields, redirect_query
from hallway.saml.logout import (
    LogoutMessage,
    Party,
    logout_answered,
    logout_asked,
    logout_request,
    logout_response,
)
from hallway.saml.response import NameId
from hallway.saml.writing import octets, signed
from hallway.saml.xml import Element


def party_of(desk: SignInDesk, connection: Connection, logout_url: str) -> Party:
    """The provider, as its logout messages are judged."""
    return Party(connection.saml.idp_entity_id, logout_url, trust_of(connection), desk.clock())


async def ended_by_provider(
    desk: SignInDesk, connection: Connection, party: Party, message: tuple[bytes, bool], relay_state: str
) -> Departure | None:
    """End what a LogoutRequest names, and answer it; None where the provider takes no answer. Raises `SamlProblem`, and
    `TurnedAway` for a replay.
    """
    asked = logout_asked(message[0], party, message[1])
    await remember(desk, connection, f"logout {asked.id}", asked.until)
    subject = subject_hash(connection.id, subject_of(asked.name_id))
    found = await desk.sign_ins.sso_sessions(connection.organization_id, connection.id, subject)
    chosen = [one for one in found if not asked.session_indexes or one.session_index in asked.session_indexes]
    await end_sessions(desk, chosen)
    indexes = asked.session_indexes or ("",)
    rows = tuple(SsoSessionsEnd(connection.id, subject, index) for index in indexes)
    await desk.ledger.commit(Change(connection.organization_id, rows))
    settings = connection.saml
    target = settings.logout_response_url or settings.logout_redirect_url or settings.logout_post_url
    if not target:
        return None
    by_redirect = bool(settings.logout_redirect_url)
    return _sent(desk, connection, ("SAMLResponse", target, by_redirect), relay_state, asked.id)


async def answered_by_provider(
    desk: SignInDesk, connection: Connection, party: Party, message: tuple[bytes, bool]
) -> bool:
    """Whether the answer to a logout of ours says that every session there ended. Raises `SamlProblem`, and
    `TurnedAway` where no logout of ours waits for it.
    """
    said = logout_answered(message[0], party, message[1])
    if not await desk.leave_taken(connection, said.in_response_to):
        raise TurnedAway("no_request")
    return said.complete


async def remember(desk: SignInDesk, connection: Connection, name: str, until: int) -> None:
    """Let a message of this name count once, in every process. Raises `TurnedAway` for the second."""
    seen = NewSeenMessage(connection.id, hashlib.sha256(name.encode()).digest(), until, desk.clock())
    try:
        await desk.ledger.commit(Change(connection.organization_id, (seen,)))
    except Stale:
        raise TurnedAway("replayed") from None


async def departure(desk: SignInDesk, connection: Connection, session: SsoSession) -> Departure | None:
    """The way to tell the provider that this session ended; None where it has no address for it."""
    settings = connection.saml
    target = settings.logout_redirect_url or settings.logout_post_url
    if not target or not session.name_id.get("value"):
        return None
    kept: Any = session.name_id
    name_id = NameId(kept["value"], kept["format"], kept["name_qualifier"], kept["sp_name_qualifier"])
    token = desk.fresh_token("_")
    await desk.begin(connection, Purpose(b"", Kind.LOGOUT), token, {})
    message = LogoutMessage(token, entity_id(desk.base_url, connection), target, desk.clock())
    root = logout_request(message, name_id, (session.session_index,) if session.session_index else ())
    return _away(desk, connection, ("SAMLRequest", target, bool(settings.logout_redirect_url)), root, token[1:33])


async def end_sessions(desk: SignInDesk, sessions: Sequence[SsoSession]) -> None:
    """End sessions of ours, each in its account's journal."""
    for one in sessions:
        account = await desk.accounts.means.accounts.by_id(one.account_id)
        if account is None:
            continue
        entry = desk.accounts.entry(account, "account.signed_out", Browser("", ""), {"by": "provider"})
        await desk.accounts.write(account.id, (SessionEnd(one.session_id, desk.clock()),), entry)


def _sent(
    desk: SignInDesk, connection: Connection, way: tuple[str, str, bool], relay_state: str, in_response_to: str
) -> Departure:
    message = LogoutMessage(desk.fresh_token("_"), entity_id(desk.base_url, connection), way[1], desk.clock())
    return _away(desk, connection, way, logout_response(message, in_response_to), relay_state)


def _away(
    desk: SignInDesk, connection: Connection, way: tuple[str, str, bool], root: Element, relay_state: str
) -> Departure:
    name, target, by_redirect = way
    key = own_key(desk, connection)
    if not by_redirect:
        return Departure(target, post_fields(name, octets(signed(root, key)), relay_state))
    query = redirect_query(name, octets(root), relay_state, key)
    return Departure(f"{target}{'&' if '?' in target else '?'}{query}", {})
