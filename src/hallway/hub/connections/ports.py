"""What connections need of the outside."""

from collections.abc import Sequence
from typing import Protocol

from hallway.hub.connections.model import Connection, Footprint, Identity
from hallway.ids import ConnectionId, MemberId, OrganizationId


class Connections(Protocol):
    """The connections of each organization, and who people are at them."""

    async def located(self, connection_id: ConnectionId) -> Connection | None:
        """A connection by its id alone."""
        ...

    async def connection(self, organization_id: OrganizationId, connection_id: ConnectionId) -> Connection | None:
        """One connection of this organization."""
        ...

    async def connections(self, organization_id: OrganizationId) -> Sequence[Connection]:
        """All of them, oldest first."""
        ...

    async def footprint(self, connection: Connection) -> Footprint:
        """Who and what depends on it."""
        ...

    async def due(self, now: int) -> Sequence[Connection]:
        """Connections whose metadata should be read again, of every organization."""
        ...

    async def identity(
        self, organization_id: OrganizationId, connection_id: ConnectionId, subject: bytes
    ) -> Identity | None:
        """Who a subject is."""
        ...

    async def identities(self, organization_id: OrganizationId, member_id: MemberId) -> Sequence[Identity]:
        """Who a member is, at each connection."""
        ...


class Vault(Protocol):
    """Seals what must be read back."""

    def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        """Ciphertext that only the same context opens."""
        ...

    def decrypt(self, ciphertext: bytes, context: bytes) -> bytes:
        """The plaintext; raises `Undecipherable` or `UnknownKey`."""
        ...


class Unreachable(Exception):
    """An address was not read; the text says why, without telling an open port from a closed one."""


class Fetch(Protocol):
    """Reads an address of somebody else's: guarded, with a limit on size and time."""

    async def __call__(self, url: str) -> bytes:
        """The body of a successful answer. Raises `Unreachable`."""
        ...


class KeyMaker(Protocol):
    """Makes our keys: RSA away from the loop, since that takes a tenth of a second and more."""

    def make_client(self) -> tuple[bytes, str]:
        """A private key on P-256 (PKCS #8, PEM) and its public half as a JWK, which names itself by its thumbprint."""
        ...

    async def make(self, name: str, now: int) -> tuple[bytes, bytes]:
        """A private key (PKCS #8, DER) and a certificate of it (DER) that names `name`, for ten years."""
        ...
