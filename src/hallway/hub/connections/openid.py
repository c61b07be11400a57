"""An OpenID provider: its issuer, the client that we are there, and what it says of itself.

Rules: what is read has to name exactly the issuer that was asked for; the client secret is sealed at once, and never
shown again.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from hallway.hub.connections.desk import ConnectionDesk
from hallway.hub.connections.model import Connection, Protocol
from hallway.hub.connections.ports import Unreachable
from hallway.hub.connections.sealing import secret_context
from hallway.hub.connections.service import (
    EVERY,
    Changing,
    changed_connection,
    refuse_other_protocol,
    unusable,
    with_client_key,
)
from hallway.hub.organizations.service import Refused
from hallway.journal.model import Actor
from hallway.oidc.discovery import configuration_url, provider
from hallway.oidc.issuer import Issuer
from hallway.oidc.jose import published_keys
from hallway.oidc.problem import OidcProblem

PRIVATE_KEY: Final = "private_key_jwt"
AUTHENTICATIONS: Final = ("client_secret_basic", "client_secret_post", PRIVATE_KEY)
MOST_TEXT: Final = 512


@dataclass(frozen=True, slots=True)
class Client:
    """What the provider's console shows of us; an empty secret keeps the one of before, and `private_key_jwt` needs
    none. `returns_here`: it knows our address for people whose session there ended.
    """

    issuer: str
    client_id: str
    secret: str = field(default="", repr=False)
    authentication: str = AUTHENTICATIONS[0]
    returns_here: bool = False


async def take_client(desk: ConnectionDesk, actor: Actor, one: Connection, client: Client) -> Connection:
    """Read what the issuer says of itself now, and keep it with the client."""
    refuse_other_protocol(one, Protocol.OIDC)
    issuer, client_id, secret = client.issuer.strip(), client.client_id.strip(), client.secret.strip()
    if not issuer or "{" in issuer:
        raise Refused("invalid", "Enter the issuer as your provider writes it, starting with https://")
    if not client_id or any(len(text) > MOST_TEXT or not text.isprintable() for text in (client_id, secret)):
        raise Refused("invalid", "A client ID has 1 to %(most)s printable characters.", most=MOST_TEXT)
    if client.authentication not in AUTHENTICATIONS:
        raise Refused("invalid", "Choose how the client shows its secret.")
    if not secret and not one.sealed and client.authentication != PRIVATE_KEY:
        raise Refused("invalid", "Enter the client secret that your provider shows.")
    try:
        discovery = await _read(desk, configuration_url(issuer, desk.http_hosts))
        found = provider(200, discovery, Issuer(issuer), desk.http_hosts)
        jwks = await _read(desk, found.jwks_uri)
        published_keys(jwks)
    except OidcProblem as problem:
        raise unusable(problem.expected, problem.received) from None
    now = desk.clock()
    sealed = desk.vault.encrypt(secret.encode(), secret_context(one.id)) if secret else one.sealed

    def changed(was: Connection) -> Connection:
        oidc = replace(
            was.oidc, issuer=issuer, client_id=client_id, authentication=client.authentication,
            discovery=discovery.decode(), discovery_read_at=now, jwks=jwks.decode(),
            jwks_read_at=now, finding="", staged="", staged_at=None, returns_here=client.returns_here,
        )  # fmt: skip
        return replace(was, oidc=with_client_key(desk, was.id, oidc), sealed=sealed, due_at=now + EVERY)

    return await changed_connection(desk, actor, one, Changing("connection.provider_set", changed, {"by": "issuer"}))


async def _read(desk: ConnectionDesk, url: str) -> bytes:
    try:
        return await desk.fetch(url)
    except Unreachable as fault:
        raise Refused("invalid", "We could not read that address: %(why)s", why=str(fault)) from None
