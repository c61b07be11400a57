"""What the secrets of a connection are sealed for: each opens in its own place only."""


def key_context(connection_id: bytes) -> bytes:
    """Our private keys."""
    return b"key of connection " + connection_id


def secret_context(connection_id: bytes) -> bytes:
    """The client secret."""
    return b"secret of connection " + connection_id


def hint_context(session_id: bytes) -> bytes:
    """The token by which a provider knows which of its sessions ends."""
    return b"hint of session " + session_id
