"""An OpenID provider: its issuer, the client that we are there, and what it says of itself.

Rules: what is read has to name exactly the issuer that was asked for; the client secret is sealed at once, and never
shown again.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from hallway.hub.connections.desk import ConnectionDesk
from hallway.hub.connections.model import Connection, Protocol
from hallway.hub.connections.ports import Unreachable
from hallway.hub.connections.sealing import secret_context
from hallway.hub.connections.service import Changing, changed_connection, refuse_other_protocol
from hallway.hub.organizations.service import Refused
from hallway.journal.model import Actor
from hallway.saml.metadata import checked_url
from hallway.saml.problem import SamlProblem

AUTHENTICATIONS: Final = ("client_secret_basic", "client_secret_post")
MOST_TEXT: Final = 512
_WELL_KNOWN: Final = "/.well-known/openid-configuration"
_NEEDED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Client:
    """What the provider's console shows of us; an empty secret keeps the one of before."""

    issuer: str
    client_id: str
    secret: str = field(default="", repr=False)
    authentication: str = AUTHENTICATIONS[0]


async def take_client(desk: ConnectionDesk, actor: Actor, one: Connection, client: Client) -> Connection:
    """Read what the issuer says of itself now, and keep it with the client."""
    refuse_other_protocol(one, Protocol.OIDC)
    issuer, client_id, secret = client.issuer.strip(), client.client_id.strip(), client.secret.strip()
    if not client_id or any(len(text) > MOST_TEXT or not text.isprintable() for text in (client_id, secret)):
        raise Refused("invalid", "A client ID has 1 to %(most)s printable characters.", most=MOST_TEXT)
    if client.authentication not in AUTHENTICATIONS:
        raise Refused("invalid", "Choose how the client shows its secret.")
    if not secret and not one.sealed:
        raise Refused("invalid", "Enter the client secret that your provider shows.")
    discovery = await _read(desk, _address(desk, issuer.rstrip("/") + _WELL_KNOWN))
    _refuse_unfit(desk, discovery, issuer)
    jwks = await _read(desk, str(discovery["jwks_uri"]))
    now = desk.clock()
    sealed = desk.vault.encrypt(secret.encode(), secret_context(one.id)) if secret else one.sealed

    def changed(was: Connection) -> Connection:
        oidc = replace(
            was.oidc, issuer=issuer, client_id=client_id, authentication=client.authentication,
            discovery=orjson.dumps(discovery).decode(), discovery_read_at=now, jwks=orjson.dumps(jwks).decode(),
            jwks_read_at=now, finding="",
        )  # fmt: skip
        return replace(was, oidc=oidc, sealed=sealed)

    return await changed_connection(desk, actor, one, Changing("connection.provider_set", changed, {"by": "issuer"}))


async def _read(desk: ConnectionDesk, url: str) -> dict[str, Any]:
    try:
        found = orjson.loads(await desk.fetch(url))
    except Unreachable as fault:
        raise Refused("invalid", "We could not read that address: %(why)s", why=str(fault)) from None
    except orjson.JSONDecodeError:
        raise Refused("invalid", "What %(url)s answers is not JSON.", url=url) from None
    if not isinstance(found, dict):
        raise Refused("invalid", "What %(url)s answers is not JSON.", url=url)
    return found


def _address(desk: ConnectionDesk, url: str) -> str:
    try:
        return checked_url(url, desk.http)
    except SamlProblem:
        raise Refused("invalid", "Enter an address that begins with https://") from None


def _refuse_unfit(desk: ConnectionDesk, discovery: dict[str, Any], issuer: str) -> None:
    """An issuer that is not the one that was asked for, to the letter, or one that leaves out where to go."""
    if discovery.get("issuer") != issuer:
        raise Refused(
            "invalid", "The provider names itself %(received)s, not %(expected)s: enter the issuer as it writes it.",
            received=str(discovery.get("issuer", ""))[:200], expected=issuer[:200],
        )  # fmt: skip
    for name in _NEEDED:
        _address(desk, str(discovery.get(name, "")))
