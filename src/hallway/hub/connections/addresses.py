"""The addresses of a connection: what is pasted into the identity provider, and where its answers come.

The id stands in them as 32 hexadecimal digits, since some consoles refuse an underscore.
"""

from hallway.hub.connections.model import Connection


def login_url(base_url: str, connection: Connection) -> str:
    """Where a sign-in through this connection begins: the tile of a user portal points here."""
    return f"{base_url}/sso/{connection.id.hex()}"


def acs_url(base_url: str, connection: Connection) -> str:
    """Where SAML responses are posted."""
    return f"{login_url(base_url, connection)}/acs"


def metadata_url(base_url: str, connection: Connection) -> str:
    """What we say of ourselves, as SAML metadata."""
    return f"{login_url(base_url, connection)}/metadata"


def entity_id(base_url: str, connection: Connection) -> str:
    """How we are called there: our own address, or the id of the service provider that this one stands in for."""
    return connection.saml.entity_id or metadata_url(base_url, connection)


def logout_url(base_url: str, connection: Connection) -> str:
    """Where logout messages come."""
    return f"{login_url(base_url, connection)}/logout"


def backchannel_logout_url(base_url: str, connection: Connection) -> str:
    """Where OpenID providers tell us, server to server, that somebody signed out."""
    return f"{login_url(base_url, connection)}/backchannel-logout"


def jwks_url(base_url: str, connection: Connection) -> str:
    """Where OpenID providers read our public key."""
    return f"{login_url(base_url, connection)}/jwks"


def redirect_uri(base_url: str, connection: Connection) -> str:
    """Where OpenID providers send the code."""
    return f"{login_url(base_url, connection)}/callback"
