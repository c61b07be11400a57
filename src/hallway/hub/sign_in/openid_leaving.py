"""Back-channel logout (OpenID Connect Back-Channel Logout 1.0): a provider ends sessions of ours by a signed token.

Rules: the token counts once; which sessions are meant, the store says; a session that is not there is ended already.
"""

from hallway.hub.connections.model import Connection
from hallway.hub.sign_in.desk import SignInDesk, subject_hash
from hallway.hub.sign_in.leaving import end_sessions, remember
from hallway.hub.sign_in.model import SsoSessionsEnd
from hallway.hub.sign_in.oidc import provider_of, subject_of
from hallway.journal.model import Change
from hallway.oidc.issuer import Issuer
from hallway.oidc.jose import Trust, published_keys
from hallway.oidc.logout import LogoutExpectation, logout


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
