"""Which organizations enforce single sign-on: see `hallway.hub.connections.enforcement.Enforcements`."""

from collections.abc import Sequence
from typing import Final, cast

import orjson

from hallway.hub.connections.enforcement import (
    Enforcement,
    EnforcementEnd,
    EnforcementUpdate,
    Exemption,
    NewEnforcement,
)
from hallway.hub.organizations.members import Member
from hallway.ids import ConnectionId, MemberId, OrganizationId
from hallway.store.database import Database, tenant
from hallway.store.members import COLUMNS, member_of
from hallway.store.rows import writes
from hallway.store.statement import Step, statement

_READ: Final = "organization_id, connection_id, since, body, version"
ENFORCEMENT = statement("enforcement", f"SELECT {_READ} FROM enforcement WHERE organization_id = ?1")
INSERT = statement("enforcement_insert", f"INSERT INTO enforcement ({_READ}) VALUES (?1, ?2, ?3, ?4, ?5)")
UPDATE = statement(
    "enforcement_update",
    """UPDATE enforcement SET body = ?2, version = ?3 WHERE organization_id = ?1 AND version = ?4
       RETURNING organization_id""",
)
DELETE = statement(
    "enforcement_delete",
    "DELETE FROM enforcement WHERE organization_id = ?1 AND version = ?2 RETURNING organization_id",
)
UNLINKED = statement(
    "members_without_identity",
    f"""SELECT {COLUMNS} FROM organization_member
        WHERE organization_id = ?1 AND state = 'active' AND account_id IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM identity i WHERE i.organization_id = ?1 AND i.connection_id = ?2
            AND i.member_id = organization_member.id)
        ORDER BY search_key, id LIMIT 100""",
)


class EnforcementStore:
    """The port over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def enforcement(self, organization_id: OrganizationId) -> Enforcement | None:
        """The organization's, None where it enforces nothing."""
        row = await tenant(self._database, organization_id).row(ENFORCEMENT)
        if row is None:
            return None
        connection_id, since, body, version = cast("tuple[ConnectionId, int, bytes, int]", row)
        exempt = tuple(Exemption(MemberId(bytes.fromhex(one)), until) for one, until in orjson.loads(body))
        return Enforcement(organization_id, connection_id, since, exempt, version)

    async def unlinked(self, organization_id: OrganizationId, connection_id: ConnectionId) -> Sequence[Member]:
        """Active members with an account whom the connection has never signed in."""
        rows = await tenant(self._database, organization_id).scan(UNLINKED, connection_id)
        return [member_of(organization_id, row) for row in rows]


def _body(one: Enforcement) -> bytes:
    return orjson.dumps([(each.member_id.hex(), each.until) for each in one.exempt])


@writes(NewEnforcement)
def _insert(org: bytes, row: NewEnforcement) -> Sequence[Step]:
    one = row.enforcement
    return [Step(INSERT, (org, one.connection_id, one.since, _body(one), one.version))]


@writes(EnforcementUpdate)
def _update(org: bytes, row: EnforcementUpdate) -> Sequence[Step]:
    one = row.enforcement
    return [Step(UPDATE, (org, _body(one), one.version, row.was.version), 1)]


@writes(EnforcementEnd)
def _end(org: bytes, row: EnforcementEnd) -> Sequence[Step]:
    return [Step(DELETE, (org, row.was.version), 1)]
