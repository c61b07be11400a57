"""What both engines offer: reads fenced by tenant, and a ledger that takes changes.

Rules: `tenant()` is the way to every tenant's rows; `everywhere()` serves only the closed list of global
statements, those whose name starts with `global_`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from hallway.ids import OrganizationId
from hallway.journal.feed import Bell
from hallway.journal.model import Change, TenantBreach
from hallway.store.statement import Params, ResultRow, Statement, Step

T = TypeVar("T")


class Database(Protocol):
    """An open database of one engine."""

    name: str

    async def fetch(self, statement: Statement, params: Params) -> Sequence[ResultRow]:
        """Rows of one statement; raises `Unavailable`."""
        ...

    async def scan(self, statement: Statement, params: Params, keep: Callable[[ResultRow], T | None]) -> list[T]:
        """What `keep` makes of the rows, None left out, away from the requests' path; raises `ScanTimedOut`."""
        ...

    async def commit(self, change: Change) -> int:
        """See `hallway.journal.ports.Ledger`."""
        ...

    @property
    def bell(self) -> Bell:
        """Rings when this process wrote changes."""
        ...

    async def run(self, steps: Sequence[Step]) -> None:
        """Steps in one transaction that are no change of an organization: counters, retention, keys.

        Raises `Stale`, with nothing written, where a step returned other than it must.
        """
        ...

    async def lax(self) -> str | None:
        """What makes an answered change less than durable, as a sentence; None where nothing does."""
        ...

    async def close(self) -> None:
        """Finish what was taken, then close."""
        ...


class ScanTimedOut(Exception):
    """A scan took longer than the deployment allows."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """Reads one organization's rows; every row is matched again by its organization."""

    database: Database
    organization_id: OrganizationId

    async def rows(self, statement: Statement, *params: object) -> list[ResultRow]:
        """Rows without their first column, the organization."""
        found = await self.database.fetch(statement, (self.organization_id, *params))
        return self._fenced(statement, found)

    async def whole(self, statement: Statement, *params: object) -> Sequence[ResultRow]:
        """Rows with their first column, for many of them: taking it off costs as much as reading it."""
        found = await self.database.fetch(statement, (self.organization_id, *params))
        if not {row[0] for row in found} <= {self.organization_id}:
            raise TenantBreach(statement.name)
        return found

    async def row(self, statement: Statement, *params: object) -> ResultRow | None:
        """The first row, or None."""
        found = await self.whole(statement, *params)
        return found[0][1:] if found else None

    async def scan(self, statement: Statement, *params: object) -> list[ResultRow]:
        """Rows of a statement that may take long."""
        return await self.sift(statement, lambda row: row, *params)

    async def sift(self, statement: Statement, keep: Callable[[ResultRow], T | None], *params: object) -> list[T]:
        """What `keep` makes of each row (without the organization), None left out; may take long."""
        own = self.organization_id

        def fenced(row: ResultRow) -> T | None:
            if row[0] != own:
                raise TenantBreach(statement.name)
            return keep(row[1:])

        return await self.database.scan(statement, (own, *params), fenced)

    def _fenced(self, statement: Statement, found: Sequence[ResultRow]) -> list[ResultRow]:
        own = self.organization_id
        if any(row[0] != own for row in found):
            raise TenantBreach(statement.name)
        return [row[1:] for row in found]


def tenant(database: Database, organization_id: OrganizationId) -> Tenant:
    """The one way to an organization's rows."""
    return Tenant(database, organization_id)


async def everywhere(database: Database, statement: Statement, *params: object) -> Sequence[ResultRow]:
    """Rows of a global statement: the locator, organizations by name, keys, the deployment."""
    if not statement.name.startswith("global_"):
        raise TenantBreach(statement.name)
    return await database.fetch(statement, params)
