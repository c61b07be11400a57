"""What connections need from time to time without anybody asking: metadata read again, and certificates that end told.

Rules: a connection that is due is claimed by moving its next time first, so that no two processes read for it; what
cannot be read changes nothing but what the page says; a key that appears by itself is staged, and people are told in
the same transaction; what vanished from the metadata stays trusted, and is shown. Of OpenID providers: `discovered.py`.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from hallway.hub.connections.desk import SYSTEM, ConnectionDesk
from hallway.hub.connections.discovered import (
    kept_provider,
    moved,
    ripens,
    same,
    staged,
    staged_provider,
    taken,
)
from hallway.hub.connections.letters import ending_letter, moved_letter, new_keys_letter
from hallway.hub.connections.model import (
    DAY,
    Connection,
    ConnectionState,
    ConnectionUpdate,
    KeyState,
    Protocol,
    ProviderKey,
)
from hallway.hub.connections.ports import Unreachable
from hallway.hub.connections.service import EVERY, Changing, changed_connection
from hallway.hub.connections.trusted import compared, described, key_name, ripened
from hallway.hub.organizations.model import Organization, OrganizationState
from hallway.hub.organizations.notices import NewNotice, Notices
from hallway.hub.organizations.ports import Organizations
from hallway.ids import CONNECTION, wire
from hallway.journal.model import Change, Row, Stale
from hallway.oidc.discovery import configuration_url, provider
from hallway.oidc.issuer import Issuer
from hallway.oidc.jose import published_keys
from hallway.oidc.problem import OidcProblem
from hallway.saml.metadata import IdentityProvider, identity_provider
from hallway.saml.problem import SamlProblem

HOUR: Final = DAY // 24
STEPS: Final = (60, 30, 7, 1)
"""So many days before a certificate ends people are told."""
CERTIFICATE_ENDS: Final = "certificate_ends"
AT_ONCE: Final = 16
"""So many providers are asked at the same time: a slow one holds nobody up."""
PAUSE: Final = 5 * 60 * 1_000_000
"""How long after a reading an unknown signer leads to no other one."""


@dataclass(frozen=True, slots=True)
class MetadataRounds:
    """Reads metadata again."""

    desk: ConnectionDesk

    async def round(self) -> None:
        """Once over every connection that is due."""
        places = asyncio.Semaphore(AT_ONCE)

        async def claim_and_read(one: Connection) -> None:
            async with places:
                claimed = await self._claimed(one)
                if claimed is not None:
                    await self.read(claimed)

        async with asyncio.TaskGroup() as group:
            for one in await self.desk.connections.due(self.desk.clock()):
                group.create_task(claim_and_read(one))

    async def _claimed(self, one: Connection) -> Connection | None:
        """The connection with its next time in an hour, which is moved again once it was read; None where another
        process has it.
        """
        now = replace(one, due_at=self.desk.clock() + HOUR, version=one.version + 1)
        with suppress(Stale):
            await self.desk.ledger.commit(Change(one.organization_id, (ConnectionUpdate(one, now),)))
            return now
        return None

    async def after_stranger(self, one: Connection) -> Connection:
        """An unknown key signed: read now, unless that was done just now; what is new then waits for approval."""
        if not one.saml.metadata_url or self.desk.clock() - _tried_at(one, self.desk.clock()) < PAUSE:
            return one
        claimed = await self._claimed(one)
        return one if claimed is None else await self.read(claimed, KeyState.OFFERED)

    async def read(self, one: Connection, state: KeyState = KeyState.STAGED) -> Connection:
        """Read the metadata of a connection, and keep what it says."""
        if one.protocol is Protocol.OIDC:
            return await self._read_discovery(one)
        try:
            octets = await self.desk.fetch(one.saml.metadata_url)
            provider = identity_provider(octets, self.desk.clock(), one.saml.idp_entity_id, self.desk.http)
        except Unreachable as fault:
            return await self._failed(one, str(fault))
        except SamlProblem as problem:
            return await self._failed(one, f"{problem.code}: {problem}")
        return await self._told(one, provider, state)

    async def _read_discovery(self, one: Connection) -> Connection:
        """Read what an OpenID provider says of itself, and its keys from where they have been."""
        desk, http = self.desk, self.desk.http_hosts
        if not one.is_complete:
            return await self._written(one, Changing("", lambda was: replace(was, due_at=None)))
        try:
            octets = await desk.fetch(configuration_url(one.oidc.issuer, http))
            found, kept = provider(200, octets, Issuer(one.oidc.issuer), http), kept_provider(one, http)
            waits = staged_provider(one, http)
        except Unreachable as fault:
            return await self._failed(one, str(fault))
        except OidcProblem as problem:
            return await self._failed(one, f"{problem.code}: {problem}")
        jwks = await self._keys(kept.jwks_uri)
        now, change = desk.clock(), moved(kept, found)
        again = waits is not None and same(waits, found)

        def changed(was: Connection) -> Connection:
            oidc = was.oidc if jwks is None else replace(was.oidc, jwks=jwks, jwks_read_at=now)
            if not change.names or (again and ripens(was.oidc, change, now)):
                oidc = taken(oidc, octets.decode(), now)
            elif not again:
                oidc = staged(oidc, octets.decode(), now)
            return replace(was, oidc=replace(oidc, finding=""), due_at=now + EVERY)

        if not change.names or (again and not ripens(one.oidc, change, now)):
            return await self._written(one, Changing("", changed))
        letters: tuple[Row, ...] = ()
        if not again:
            page = f"{desk.base_url}/connections/{wire(CONNECTION, one.id)}"
            letters = await desk.alarms.rows(one.organization_id, *moved_letter(one, change, page))
        facts = {"moved": list(change.names), "counts": again}
        return await self._written(one, Changing("connection.metadata_changed", changed, facts, letters))

    async def _keys(self, url: str) -> str | None:
        """The provider's keys, None where they cannot be had or used: those of before go on then."""
        try:
            octets = await self.desk.fetch(url)
            published_keys(octets)
        except (Unreachable, OidcProblem):
            return None
        return octets.decode()

    async def _failed(self, one: Connection, finding: str) -> Connection:
        def changed(was: Connection) -> Connection:
            if was.protocol is Protocol.OIDC:
                return replace(was, oidc=replace(was.oidc, finding=finding[:500]))
            keys, _ = ripened(was.saml.keys, self.desk.clock())
            return replace(was, saml=replace(was.saml, metadata_finding=finding[:500], keys=keys))

        kind = "connection.metadata_failed"
        if one.saml.metadata_finding or one.oidc.finding:
            kind = ""
        return await self._written(one, Changing(kind, changed, {"finding": finding[:500]}))

    async def _told(self, one: Connection, provider: IdentityProvider, state: KeyState) -> Connection:
        now = self.desk.clock()
        after = compared(one.saml.keys, provider.keys, now, state)
        _, ripe = ripened(after.keys, now)
        letters: tuple[Row, ...] = ()
        if after.new:
            page = f"{self.desk.base_url}/connections/{wire(CONNECTION, one.id)}"
            text = new_keys_letter(one, after.new, state is KeyState.OFFERED, page)
            letters = await self.desk.alarms.rows(one.organization_id, *text)

        def changed(was: Connection) -> Connection:
            again = compared(was.saml.keys, provider.keys, now, state)
            saml = replace(described(was.saml, provider, now), keys=ripened(again.keys, now)[0])
            return replace(was, saml=saml, due_at=now + EVERY)

        kind = ""
        if after.new or after.gone or ripe or _moved(one, provider):
            kind = "connection.metadata_changed"
        facts = {
            "new": [key_name(key.certificate) for key in after.new],
            "gone": [key_name(key.certificate) for key in after.gone],
            "trusted": [key_name(key.certificate) for key in ripe],
        }
        return await self._written(one, Changing(kind, changed, facts, letters))

    async def _written(self, one: Connection, changing: Changing) -> Connection:
        """Journaled where something came of it; the mere reading is no entry."""
        if changing.kind:
            return await changed_connection(self.desk, SYSTEM, one, changing)
        now = replace(changing.changed(one), version=one.version + 1)
        with suppress(Stale):  # somebody changed it meanwhile: the next round reads it
            await self.desk.ledger.commit(Change(one.organization_id, (ConnectionUpdate(one, now),)))
        return now


def _tried_at(one: Connection, now: int) -> int:
    """When it was read, or claimed to be read, last: a claim moves the next time to an hour from then."""
    claimed = one.due_at - HOUR if one.due_at is not None and one.due_at - now <= HOUR else 0
    return max(one.saml.metadata_read_at or 0, claimed)


def _moved(one: Connection, provider: IdentityProvider) -> bool:
    kept = one.saml
    return (kept.redirect_url, kept.post_url) != (provider.redirect_url, provider.post_url)


@dataclass(frozen=True, slots=True)
class CertificateEndings:
    """Tells of providers' certificates that end, each step once; nothing counts as told where nobody could be."""

    desk: ConnectionDesk
    organizations: Organizations
    notices: Notices

    async def round(self) -> None:
        """Once over everybody who is not suspended."""
        for organization in await self.organizations.all():
            await asyncio.sleep(0)  # requests come between
            if organization.state is OrganizationState.ACTIVE:
                await self._tell(organization)

    async def _tell(self, organization: Organization) -> None:
        now = self.desk.clock()
        due: list[tuple[Connection, ProviderKey, int]] = []
        for one in await self.desk.connections.connections(organization.id):
            key = last_key(one)
            step = None if key is None or one.state is ConnectionState.DISABLED else ending_step(key, now)
            if key is not None and step is not None:
                due.append((one, key, step))
        if not due:
            return
        told = await self.notices.told(organization.id, CERTIFICATE_ENDS)
        for one, key, step in due:
            if (_subject(one, key), step) not in told:
                await self._mail(one, key, step)

    async def _mail(self, one: Connection, key: ProviderKey, step: int) -> None:
        now, owner, ends = self.desk.clock(), one.organization_id, key.expires_at or 0
        page = f"{self.desk.base_url}/connections/{wire(CONNECTION, one.id)}"
        letters = await self.desk.alarms.rows(owner, *ending_letter(one, key.certificate, ends, now, page))
        if not letters:
            return
        notice = NewNotice(owner, CERTIFICATE_ENDS, _subject(one, key), step, now)
        facts = {"days": step, "expires_at": ends, "mails": len(letters), "fingerprint": key_name(key.certificate)}
        change = self.desk.change(one, "connection.ending_told", SYSTEM, notice, *letters, **facts)
        with suppress(Stale):  # another process was first
            await self.desk.ledger.commit(change)


def last_key(one: Connection) -> ProviderKey | None:
    """The trusted key whose certificate ends last, None where one never ends."""
    trusted: Sequence[ProviderKey] = [key for key in one.saml.keys if key.state is KeyState.TRUSTED]
    if not trusted or any(key.expires_at is None for key in trusted):
        return None
    return max(trusted, key=lambda key: key.expires_at or 0)


def ending_step(key: ProviderKey, now: int) -> int | None:
    """Which step the end of a certificate has come to; None before the first. One that ended long ago is not news."""
    if key.expires_at is None or now >= key.expires_at + DAY:
        return None
    return min((step for step in STEPS if key.expires_at - now <= step * DAY), default=None)


def _subject(one: Connection, key: ProviderKey) -> bytes:
    return hashlib.sha256(one.id + key.certificate).digest()[:16]
