"""Endpoints: rows of the deployment. See `hallway.delivery.ports.Endpoints`."""

from collections.abc import Sequence
from typing import Any, Final, cast

import orjson

from hallway.delivery.model import Endpoint, EndpointRemoval, EndpointState, EndpointUpdate, NewEndpoint
from hallway.ids import EndpointId, OrganizationId
from hallway.journal.model import TenantBreach
from hallway.store.database import Database, tenant
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

COLUMNS: Final = "organization_id, id, kind, url, state, reason, body, sealed, created_at, succeeded_at, version"
BY_ID = statement("endpoint_by_id", f"SELECT {COLUMNS} FROM endpoint WHERE organization_id = ?1 AND id = ?2")
ALL = statement("endpoints", f"SELECT {COLUMNS} FROM endpoint WHERE organization_id = ?1 ORDER BY id")
INSERT = statement(
    "endpoint_insert",
    f"INSERT INTO endpoint ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
)
UPDATE = statement(
    "endpoint_update",
    """UPDATE endpoint SET url = ?4, state = ?5, reason = ?6, body = ?7, sealed = ?8, version = ?9
       WHERE organization_id = ?1 AND id = ?2 AND version = ?3 RETURNING organization_id""",
)
DELETE = statement(
    "endpoint_delete",
    "DELETE FROM endpoint WHERE organization_id = ?1 AND id = ?2 AND version = ?3 RETURNING organization_id",
)
SUCCEEDED = statement(
    "endpoint_succeeded", "UPDATE endpoint SET succeeded_at = ?3 WHERE organization_id = ?1 AND id = ?2"
)


class EndpointStore:
    """The port over either engine; `owner` is the deployment."""

    def __init__(self, database: Database, owner: OrganizationId) -> None:
        self._database = database
        self._owner = owner

    async def endpoint(self, endpoint_id: EndpointId) -> Endpoint | None:
        """One of them."""
        row = await tenant(self._database, self._owner).row(BY_ID, endpoint_id)
        return None if row is None else _endpoint(self._owner, row)

    async def endpoints(self) -> Sequence[Endpoint]:
        """All of them, oldest first."""
        return [_endpoint(self._owner, row) for row in await tenant(self._database, self._owner).rows(ALL)]

    async def succeeded(self, endpoint: Endpoint, at: int) -> None:
        """Note that it took something."""
        await self._database.run([Step(SUCCEEDED, (self._owner, endpoint.id, at))])


def _endpoint(owner: OrganizationId, row: ResultRow) -> Endpoint:
    endpoint_id, kind, url, state, reason, body, sealed, created_at, succeeded_at, version = cast(
        "tuple[EndpointId, str, str, str, str, bytes, bytes, int, int | None, int]", tuple(row)
    )
    told: dict[str, Any] = orjson.loads(body)
    organization, belongs_to = told["organization"], told["belongs_to"]
    return Endpoint(
        owner, endpoint_id, kind, url, EndpointState(state), created_at, sealed,
        tuple(told["types"]),
        None if organization is None else OrganizationId(bytes.fromhex(organization)),
        told["name"],
        None if belongs_to is None else bytes.fromhex(belongs_to),
        told["note"], reason, succeeded_at, version,
    )  # fmt: skip


def _body(one: Endpoint) -> bytes:
    return orjson.dumps(
        {
            "types": list(one.types),
            "organization": None if one.organization_id is None else one.organization_id.hex(),
            "name": one.name,
            "belongs_to": None if one.belongs_to is None else one.belongs_to.hex(),
            "note": one.note,
        }
    )


@writes(NewEndpoint)
def _insert(org: bytes, row: NewEndpoint) -> Sequence[Step]:
    one = row.endpoint
    if one.owner != org:
        raise TenantBreach("endpoint_insert")
    told = (one.kind, one.url, one.state.value, one.reason, _body(one), one.sealed, one.created_at)
    return [Step(INSERT, (org, one.id, *told, one.succeeded_at, one.version))]


@writes(EndpointUpdate)
def _update(org: bytes, row: EndpointUpdate) -> Sequence[Step]:
    one = row.endpoint
    told = (one.url, one.state.value, one.reason, _body(one), one.sealed, one.version)
    return [Step(UPDATE, (org, one.id, row.was.version, *told), 1)]


@writes(EndpointRemoval)
def _remove(org: bytes, row: EndpointRemoval) -> Sequence[Step]:
    return [Step(DELETE, (org, row.endpoint.id, row.endpoint.version), 1)]
