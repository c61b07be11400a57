"""Reads by key that arrive in one moment share one round trip (PostgreSQL).

Rules: a statement here finds at most one row, whose second column is the last parameter's id; it is run once for
every request of the batch, each with its own organization; a row that nobody asked for is a breach. This is the
one place where rows of several organizations travel together, and they are matched again before they part.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeAlias

from hallway.journal.model import TenantBreach
from hallway.store.statement import Params, ResultRow, Statement

SHARED: Final = frozenset({"resource_by_id"})
"""Statements that are asked in batches: `?1` is the organization, the last parameter the id."""

MOST: Final = 200

Many: TypeAlias = Callable[[Statement, Sequence[Params]], Awaitable[Sequence[ResultRow]]]
Found: TypeAlias = Mapping[tuple[object, object], ResultRow]


class _Batch:
    """Keys that are asked together, and their rows once they came."""

    def __init__(self) -> None:
        self.asked: list[Params] = []
        self.found: asyncio.Task[Found] | None = None


class Lookups:
    """The batch of each statement that still takes keys."""

    def __init__(self, many: Many) -> None:
        self._many = many
        self._open: dict[str, _Batch] = {}

    async def fetch(self, statement: Statement, params: Params) -> Sequence[ResultRow]:
        """The row of one key, or none; raises what the round trip raises."""
        batch = self._open.get(statement.name)
        if batch is None or batch.found is None or len(batch.asked) >= MOST:
            batch = self._open[statement.name] = _Batch()
            batch.found = asyncio.create_task(self._ask(statement, batch))
        batch.asked.append(params)
        found = await asyncio.shield(batch.found)
        row = found.get((params[0], params[-1]))
        return [] if row is None else [row]

    async def _ask(self, statement: Statement, batch: _Batch) -> Found:
        await asyncio.sleep(0)  # what this turn of the loop brings asks together
        if self._open.get(statement.name) is batch:
            del self._open[statement.name]
        rows = await self._many(statement, batch.asked)
        found = {(row[0], row[1]): row for row in rows}
        if not found.keys() <= {(params[0], params[-1]) for params in batch.asked}:
            raise TenantBreach(statement.name)
        return found
