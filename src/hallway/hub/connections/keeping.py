"""Keys by hand: a provider's approved, rejected, removed; our own renewed without an outage.

Rules: at most four keys of a provider are trusted, and of an active connection never none; our next certificate is
published beside the first one before it signs, and the one of before stays until it is taken away.
"""

import base64
from collections.abc import Callable
from dataclasses import replace

from hallway.hub.connections.desk import ConnectionDesk
from hallway.hub.connections.model import Connection, ConnectionState, KeyState, Protocol, ProviderKey
from hallway.hub.connections.sealing import key_context
from hallway.hub.connections.service import Changing, changed_connection, connection_again, refuse_other_protocol
from hallway.hub.connections.trusted import key_name
from hallway.hub.organizations.service import Refused
from hallway.journal.model import Actor
from hallway.saml.signature import MOST_KEYS


class KeyBook:
    """What `actor` does with the keys of connections."""

    def __init__(self, desk: ConnectionDesk, actor: Actor) -> None:
        self._desk = desk
        self._actor = actor

    async def approve(self, one: Connection, name: str) -> Connection:
        """A key counts from now on."""

        def changed(was: Connection) -> Connection:
            key = _key(was, name)
            if key.state is KeyState.TRUSTED:
                return was
            if sum(other.state is KeyState.TRUSTED for other in was.saml.keys) >= MOST_KEYS:
                raise Refused("conflict", "At most %(most)s keys are trusted; remove one first.", most=MOST_KEYS)
            return _with(was, key, replace(key, state=KeyState.TRUSTED, since=self._desk.clock()))

        return await self._changed(one, "connection.key_approved", changed, name)

    async def reject(self, one: Connection, name: str) -> Connection:
        """A key that waits is never trusted by itself."""

        def changed(was: Connection) -> Connection:
            key = _key(was, name)
            if key.state is KeyState.TRUSTED:
                raise Refused("conflict", "The key is trusted; remove it instead.")
            return _with(was, key, replace(key, state=KeyState.REJECTED, since=self._desk.clock()))

        return await self._changed(one, "connection.key_rejected", changed, name)

    async def remove(self, one: Connection, name: str) -> Connection:
        """A key counts no more; what stands in the metadata comes back with the next reading, as a new one."""

        def changed(was: Connection) -> Connection:
            key = _key(was, name)
            left = [other for other in was.saml.keys if other.certificate != key.certificate]
            if was.state is ConnectionState.ACTIVE and not any(other.state is KeyState.TRUSTED for other in left):
                raise Refused("conflict", "It is the only trusted key: without it nobody could sign in.")
            return replace(was, saml=replace(was.saml, keys=tuple(left)))

        return await self._changed(one, "connection.key_removed", changed, name)

    async def renew_own(self, one: Connection) -> Connection:
        """A second certificate of ours is published from now on; the first one goes on signing."""
        refuse_other_protocol(one, Protocol.SAML)
        private, certificate = await self._desk.keys.make(f"conn-{one.id.hex()}", self._desk.clock())
        sealed = base64.b64encode(self._desk.vault.encrypt(private, key_context(one.id))).decode()

        def changed(was: Connection) -> Connection:
            if len(was.saml.certificates) > 1:
                raise Refused("conflict", "There are two certificates already: finish with the other one first.")
            certificates = (*was.saml.certificates, certificate)
            return replace(was, saml=replace(was.saml, certificates=certificates, other_key=sealed))

        return await self._changed(one, "connection.own_key_added", changed, key_name(certificate))

    async def switch_own(self, one: Connection) -> Connection:
        """The second certificate signs from now on; the one of before stays published, and still opens what comes."""
        refuse_other_protocol(one, Protocol.SAML)

        def changed(was: Connection) -> Connection:
            if len(was.saml.certificates) < 2:
                raise Refused("conflict", "There is one certificate only.")
            first, second = was.saml.certificates[:2]
            other = base64.b64encode(was.sealed).decode()
            saml = replace(was.saml, certificates=(second, first), other_key=other)
            return replace(was, saml=saml, sealed=base64.b64decode(was.saml.other_key))

        kept = await connection_again(self._desk, one)
        return await self._changed(one, "connection.own_key_switched", changed, _second(kept))

    async def drop_own(self, one: Connection) -> Connection:
        """The certificate that does not sign goes, with its key."""
        refuse_other_protocol(one, Protocol.SAML)

        def changed(was: Connection) -> Connection:
            if len(was.saml.certificates) < 2:
                raise Refused("conflict", "There is one certificate only.")
            return replace(was, saml=replace(was.saml, certificates=was.saml.certificates[:1], other_key=""))

        kept = await connection_again(self._desk, one)
        return await self._changed(one, "connection.own_key_removed", changed, _second(kept))

    async def _changed(
        self, one: Connection, kind: str, changed: Callable[[Connection], Connection], name: str
    ) -> Connection:
        changing = Changing(kind, changed, {"fingerprint": name})
        return await changed_connection(self._desk, self._actor, one, changing)


def _second(one: Connection) -> str:
    return key_name(one.saml.certificates[1]) if len(one.saml.certificates) > 1 else ""


def _key(one: Connection, name: str) -> ProviderKey:
    for key in one.saml.keys:
        if key_name(key.certificate) == name:
            return key
    raise Refused("not_found", "The connection has no such key.")


def _with(one: Connection, was: ProviderKey, now: ProviderKey) -> Connection:
    keys = tuple(now if key.certificate == was.certificate else key for key in one.saml.keys)
    return replace(one, saml=replace(one.saml, keys=keys))
