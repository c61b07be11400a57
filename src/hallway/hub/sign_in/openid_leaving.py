"""Logout by OpenID Connect: a provider ends sessions of ours by a signed token (Back-Channel Logout 1.0), and is told
through the browser when somebody signs out here (RP-Initiated Logout 1.0).

Rules: the token counts once; which sessions are meant, the store says; a session that is not there is ended already.
Ours ends first; the ID token that the provider is shown was kept sealed, and goes to the provider's own address alone.
"""

import base64

from hallway.hub.connections.addresses import logout_url as own_logout_url
from hallway.hub.connections.model import Connection
from hallway.hub.connections.sealing import hint_context
from hallway.hub.sign_in.desk import Purpose, SignInDesk, subject_hash
from hallway.hub.sign_in.leaving import end_sessions, remember
from hallway.hub.sign_in.model import Kind, SsoSession, SsoSessionsEnd
from hallway.hub.sign_in.oidc import provider_of, subject_of
from hallway.journal.model import Change
from hallway.oidc.issuer import Issuer
from hallway.oidc.jose import Trust, published_keys
from hallway.oidc.logout import Leaving, LogoutExpectation, logout, logout_url


async def ended_by_token(desk: SignInDesk, connection: Connection, token: str) -> int:
    """End what a logout token names; how many sessions that was. Raises `OidcProblem`, `TurnedAway` for a replay."""
    settings = connection.oidc
    trust = Trust(published_keys(settings.jwks.encode()), provider_of(connection, desk.http_hosts).algorithms)
    asked = logout(token, LogoutExpectation(Issuer(settings.issuer), settings.client_id, trust, desk.clock()))
    owner = connection.organization_id
    await remember(desk, connection, f"logout {asked.token_id}", asked.until)
    if asked.subject:
        subject = subject_hash(connection.id, subject_of(asked.issuer, asked.subject))
        kept = await desk.sign_ins.sso_sessions(owner, connection.id, subject)
        found = [one for one in kept if not asked.session_id or one.session_index == asked.session_id]
    else:
        found = list(await desk.sign_ins.sso_sessions_by_index(owner, connection.id, asked.session_id))
    await end_sessions(desk, found)
    ended = {SsoSessionsEnd(connection.id, one.subject, one.session_index) for one in found}
    await desk.ledger.commit(Change(owner, tuple(ended)))
    return len(found)


async def departure(desk: SignInDesk, connection: Connection, session: SsoSession) -> str | None:
    """Where to tell the provider that this session ended; None where it cannot be told."""
    kept, settings = session.name_id.get("hint"), connection.oidc
    endpoint = provider_of(connection, desk.http_hosts).logout_endpoint
    if not endpoint or not isinstance(kept, str):
        return None
    hint = desk.vault.decrypt(base64.b64decode(kept), hint_context(session.session_id)).decode()
    if not settings.returns_here:
        return logout_url(Leaving(endpoint, settings.client_id, hint, "", ""))
    token = desk.fresh_token()
    await desk.begin(connection, Purpose(b"", Kind.LOGOUT), token, {})
    return logout_url(Leaving(endpoint, settings.client_id, hint, own_logout_url(desk.base_url, connection), token))
