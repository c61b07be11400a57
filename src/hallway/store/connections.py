"""Connections and the identities of people at them: see `hallway.hub.connections.ports.Connections`."""

import base64
from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any, Final, NamedTuple, cast

import orjson

from hallway.hub.connections.model import (
    Connection,
    ConnectionRemoval,
    ConnectionState,
    ConnectionUnchanged,
    ConnectionUpdate,
    ConnectionUsed,
    Footprint,
    IdentitiesRemoval,
    Identity,
    KeyState,
    Mapping,
    Match,
    NewConnection,
    NewIdentity,
    OidcSettings,
    Protocol,
    Provider,
    ProviderKey,
    SamlSettings,
)
from hallway.ids import ConnectionId, MemberId, OrganizationId
from hallway.store.database import Database, everywhere, tenant
from hallway.store.directories import LOCATE, LOCATED, UNLOCATE, key_hash
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

_READ: Final = """organization_id, id, name, protocol, provider, state, created_at, body, sealed, is_default, tested_at,
    last_sign_in_at, due_at, version"""
_IDENTITY: Final = "organization_id, connection_id, subject, shown, member_id, reason, created_at"

BY_ID = statement("connection_by_id", f"SELECT {_READ} FROM connection WHERE organization_id = ?1 AND id = ?2")
ALL = statement("connections", f"SELECT {_READ} FROM connection WHERE organization_id = ?1 ORDER BY id")
HOLDERS = statement(
    "global_connection_holders",
    "SELECT DISTINCT organization_id FROM locator WHERE kind = 'connection' ORDER BY organization_id",
)
DUE = statement(
    "connections_due",
    f"SELECT {_READ} FROM connection WHERE organization_id = ?1 AND due_at <= ?2 ORDER BY due_at",
)
FOOTPRINT = statement(
    "connection_footprint",
    """SELECT organization_id,
         (SELECT count(DISTINCT member_id) FROM identity WHERE organization_id = ?1 AND connection_id = ?2),
         (SELECT count(*) FROM sso_session WHERE organization_id = ?1 AND connection_id = ?2)
       FROM connection WHERE organization_id = ?1 AND id = ?2""",
)
INSERT = statement(
    "connection_insert",
    f"INSERT INTO connection ({_READ}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
)
UPDATE = statement(
    "connection_update",
    """UPDATE connection SET name = ?3, provider = ?4, state = ?5, body = ?6, sealed = ?7, is_default = ?8,
         tested_at = ?9, due_at = ?10, version = ?11
       WHERE organization_id = ?1 AND id = ?2 AND version = ?12 RETURNING organization_id""",
)
USED = statement("connection_used", "UPDATE connection SET last_sign_in_at = ?3 WHERE organization_id = ?1 AND id = ?2")
TESTED = statement("connection_tested", "UPDATE connection SET tested_at = ?3 WHERE organization_id = ?1 AND id = ?2")
DELETE = statement(
    "connection_delete",
    "DELETE FROM connection WHERE organization_id = ?1 AND id = ?2 AND version = ?3 RETURNING organization_id",
)
UNCHANGED = statement(
    "connection_unchanged",
    "SELECT organization_id FROM connection WHERE organization_id = ?1 AND id = ?2 AND version = ?3 LIMIT 1",
)
IDENTITY = statement(
    "identity_by_subject",
    f"SELECT {_IDENTITY} FROM identity WHERE organization_id = ?1 AND connection_id = ?2 AND subject = ?3",
)
IDENTITIES = statement(
    "identities_of_member",
    f"SELECT {_IDENTITY} FROM identity WHERE organization_id = ?1 AND member_id = ?2",
)
NEW_IDENTITY = statement("identity_insert", f"INSERT INTO identity ({_IDENTITY}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
NO_IDENTITIES = statement(
    "identities_of_member_delete", "DELETE FROM identity WHERE organization_id = ?1 AND member_id = ?2"
)
_BELONGING: Final = tuple(
    statement(f"{table}_of_connection_delete", f"DELETE FROM {table} WHERE organization_id = ?1 AND connection_id = ?2")
    for table in ("identity", "sign_in", "seen_message", "sso_session", "attempt", "refused_stranger")
)


class ConnectionStore:
    """The port over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def located(self, connection_id: ConnectionId) -> Connection | None:
        """A connection by its id alone."""
        found = await everywhere(self._database, LOCATED, "connection", key_hash(connection_id))
        if not found:
            return None
        return await self.connection(OrganizationId(cast("bytes", found[0][0])), connection_id)

    async def connection(self, organization_id: OrganizationId, connection_id: ConnectionId) -> Connection | None:
        """One connection of this organization."""
        row = await tenant(self._database, organization_id).row(BY_ID, connection_id)
        return None if row is None else _connection(organization_id, row)

    async def connections(self, organization_id: OrganizationId) -> Sequence[Connection]:
        """All of them, oldest first."""
        rows = await tenant(self._database, organization_id).rows(ALL)
        return [_connection(organization_id, row) for row in rows]

    async def footprint(self, connection: Connection) -> Footprint:
        """Who and what depends on it."""
        row = await tenant(self._database, connection.organization_id).row(FOOTPRINT, connection.id)
        return Footprint(*cast("tuple[int, int]", row)) if row is not None else Footprint(0, 0)

    async def due(self, now: int) -> Sequence[Connection]:
        """Connections whose metadata should be read again, organization by organization."""
        found: list[Connection] = []
        for (owner,) in cast("list[tuple[OrganizationId]]", await everywhere(self._database, HOLDERS)):
            rows = await tenant(self._database, owner).rows(DUE, now)
            found += [_connection(owner, row) for row in rows]
        return found

    async def identity(
        self, organization_id: OrganizationId, connection_id: ConnectionId, subject: bytes
    ) -> Identity | None:
        """Who a subject is."""
        row = await tenant(self._database, organization_id).row(IDENTITY, connection_id, subject)
        return None if row is None else _identity(row)

    async def identities(self, organization_id: OrganizationId, member_id: MemberId) -> Sequence[Identity]:
        """Who a member is, at each connection."""
        rows = await tenant(self._database, organization_id).rows(IDENTITIES, member_id)
        return sorted((_identity(row) for row in rows), key=lambda one: (one.connection_id, one.subject))


def _identity(row: ResultRow) -> Identity:
    return Identity(*cast("tuple[ConnectionId, bytes, str, MemberId, str, int]", row))


def _connection(organization_id: OrganizationId, row: ResultRow) -> Connection:
    connection_id, name, protocol, provider, state, created, body, sealed, default, tested, used, due, version = cast(
        "tuple[ConnectionId, str, str, str, str, int, bytes, bytes, int, int | None, int | None, int | None, int]", row
    )
    kept = _settings(body)
    return Connection(
        connection_id, organization_id, name, Protocol(protocol), Provider(provider), ConnectionState(state), created,
        kept.saml, kept.oidc, sealed, kept.domains, bool(default), kept.allow_idp_initiated, kept.just_in_time,
        kept.match, kept.mapping, tested, used, due, version,
    )  # fmt: skip


class _Settings(NamedTuple):
    """What stands in a connection's body."""

    saml: SamlSettings
    oidc: OidcSettings
    domains: tuple[str, ...]
    allow_idp_initiated: bool
    just_in_time: bool
    match: Match
    mapping: Mapping


@lru_cache(256)
def _settings(body: bytes) -> _Settings:
    """Read once for as long as the octets stay the same: every request of a sign-in asks for its connection anew."""
    kept: dict[str, Any] = orjson.loads(body)
    return _Settings(
        _saml(kept["saml"]),
        _tuples(OidcSettings, kept["oidc"]),
        tuple(kept["domains"]),
        kept["allow_idp_initiated"],
        kept["just_in_time"],
        Match(kept["match"]),
        _tuples(Mapping, kept["mapping"]),
    )


def _tuples(kind: Any, kept: dict[str, Any]) -> Any:
    """A value of a dataclass whose lists are tuples."""
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()})


def _saml(kept: dict[str, Any]) -> SamlSettings:
    keys = tuple(
        ProviderKey(
            base64.b64decode(one["certificate"]), KeyState(one["state"]), one["since"], one["expires_at"],
            one["missing_since"],
        )
        for one in kept.pop("keys")
    )  # fmt: skip
    certificates = tuple(base64.b64decode(one) for one in kept.pop("certificates"))
    settings: SamlSettings = _tuples(SamlSettings, {**kept, "keys": keys, "certificates": certificates})
    return settings


def _body(one: Connection) -> bytes:
    saml: dict[str, Any] = {each.name: getattr(one.saml, each.name) for each in fields(one.saml)}
    saml["certificates"] = [base64.b64encode(der).decode() for der in one.saml.certificates]
    saml["keys"] = [
        {
            "certificate": base64.b64encode(key.certificate).decode(),
            "state": key.state.value,
            "since": key.since,
            "expires_at": key.expires_at,
            "missing_since": key.missing_since,
        }
        for key in one.saml.keys
    ]
    return orjson.dumps(
        {
            "saml": saml,
            "oidc": {each.name: getattr(one.oidc, each.name) for each in fields(one.oidc)},
            "domains": one.domains,
            "allow_idp_initiated": one.allow_idp_initiated,
            "just_in_time": one.just_in_time,
            "match": one.match.value,
            "mapping": {each.name: getattr(one.mapping, each.name) for each in fields(one.mapping)},
        }
    )


@writes(NewConnection)
def _insert(org: bytes, row: NewConnection) -> Sequence[Step]:
    one = row.connection
    columns = (
        one.id, one.name, one.protocol.value, one.provider.value, one.state.value, one.created_at, _body(one),
        one.sealed, int(one.is_default), one.tested_at, one.last_sign_in_at, one.due_at, one.version,
    )  # fmt: skip
    return [Step(LOCATE, (org, "connection", key_hash(one.id), one.id)), Step(INSERT, (org, *columns))]


@writes(ConnectionUpdate)
def _update(org: bytes, row: ConnectionUpdate) -> Sequence[Step]:
    one = row.connection
    columns = (one.id, one.name, one.provider.value, one.state.value, _body(one), one.sealed, int(one.is_default))
    return [Step(UPDATE, (org, *columns, one.tested_at, one.due_at, one.version, row.was.version), 1)]


@writes(ConnectionUsed)
def _used(org: bytes, row: ConnectionUsed) -> Sequence[Step]:
    return [Step(TESTED if row.test else USED, (org, row.connection_id, row.at))]


@writes(ConnectionRemoval)
def _remove(org: bytes, row: ConnectionRemoval) -> Sequence[Step]:
    one = row.connection
    return [
        Step(DELETE, (org, one.id, one.version), 1),
        Step(UNLOCATE, (org, "connection", key_hash(one.id))),
        *(Step(each, (org, one.id)) for each in _BELONGING),
    ]


@writes(ConnectionUnchanged)
def _unchanged(org: bytes, row: ConnectionUnchanged) -> Sequence[Step]:
    return [Step(UNCHANGED, (org, row.connection.id, row.connection.version), 1)]


@writes(NewIdentity)
def _new_identity(org: bytes, row: NewIdentity) -> Sequence[Step]:
    one = row.identity
    columns = (one.connection_id, one.subject, one.shown, one.member_id, one.reason, one.created_at)
    return [Step(NEW_IDENTITY, (org, *columns))]


@writes(IdentitiesRemoval)
def _no_identities(org: bytes, row: IdentitiesRemoval) -> Sequence[Step]:
    return [Step(NO_IDENTITIES, (org, row.member_id))]
