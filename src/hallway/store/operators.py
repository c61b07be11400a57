"""The operators of the deployment: see `hallway.hub.operators.ports.Operators`."""

from collections.abc import Sequence
from typing import Final, cast

from hallway.accounts.model import DEPLOYMENT
from hallway.hub.operators.model import (
    NewOperator,
    Operator,
    OperatorRole,
    OperatorState,
    OperatorUpdate,
    OwnerRemains,
)
from hallway.ids import AccountId, OrganizationId
from hallway.store.database import Database, tenant
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

_COLUMNS: Final = "organization_id, account_id, role, state, created_at, access_from"

BY_ACCOUNT = statement(
    "operator_by_account", f"SELECT {_COLUMNS} FROM operator WHERE organization_id = ?1 AND account_id = ?2"
)
OPERATORS = statement("operators", f"SELECT {_COLUMNS} FROM operator WHERE organization_id = ?1 ORDER BY account_id")
INSERT = statement("operator_insert", f"INSERT INTO operator ({_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
UPDATE = statement(
    "operator_update",
    """UPDATE operator SET role = ?3, state = ?4, access_from = ?5
       WHERE organization_id = ?1 AND account_id = ?2 AND role = ?6 AND state = ?7 RETURNING organization_id""",
)
OWNER_REMAINS = statement(
    "operator_owner_remains",
    """SELECT organization_id FROM operator
       WHERE organization_id = ?1 AND account_id IN {ids:2} AND state = 'active' AND role = 'owner' LIMIT 1""",
)


class OperatorStore:
    """The port over either engine."""

    def __init__(self, database: Database, own: OrganizationId = DEPLOYMENT) -> None:
        self._own = tenant(database, own)

    async def operator(self, account_id: AccountId) -> Operator | None:
        """The operator that an account is."""
        row = await self._own.row(BY_ACCOUNT, account_id)
        return None if row is None else _operator(row)

    async def operators(self) -> Sequence[Operator]:
        """Everybody who is or was one, oldest first."""
        return [_operator(row) for row in await self._own.rows(OPERATORS)]


def _operator(row: ResultRow) -> Operator:
    account_id, role, state, created, access_from = cast("tuple[AccountId, str, str, int, int]", tuple(row))
    return Operator(account_id, OperatorRole(role), OperatorState(state), created, access_from)


@writes(NewOperator)
def _insert(org: bytes, row: NewOperator) -> Sequence[Step]:
    one = row.operator
    return [Step(INSERT, (org, one.account_id, one.role.value, one.state.value, one.created_at, one.access_from))]


@writes(OperatorUpdate)
def _update(org: bytes, row: OperatorUpdate) -> Sequence[Step]:
    one, was = row.operator, row.was
    now = (one.role.value, one.state.value, one.access_from)
    return [Step(UPDATE, (org, one.account_id, *now, was.role.value, was.state.value), 1)]


@writes(OwnerRemains)
def _remains(org: bytes, row: OwnerRemains) -> Sequence[Step]:
    return [Step(OWNER_REMAINS, (org, row.among), 1)]
