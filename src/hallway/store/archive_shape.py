"""Which tables and columns a schema has: read from the migrations, so that no table can be forgotten."""

from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from typing import Final

import apsw

from hallway.store.migrate import steps

SCHEMA_STEPS: Final = "schema_step"
"""The one table that is no content: whoever makes a schema writes it."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table and its columns, in the order in which an archive has them."""

    name: str
    columns: tuple[str, ...]


@cache
def tables_of(schema: int) -> tuple[Table, ...]:
    """Every table after the migrations up to `schema`, each behind those that its foreign keys point to."""
    connection = apsw.Connection(":memory:")
    try:
        for step in steps("sqlite"):
            if step.id <= schema:
                for statement in step.statements:
                    connection.execute(statement)
        return tuple(Table(name, _columns(connection, name)) for name in _ordered(connection))
    finally:
        connection.close()


def _ordered(connection: apsw.Connection) -> list[str]:
    found = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite@_%' ESCAPE '@' ORDER BY name"
    )
    names = [str(row[0]) for row in found]
    parents = {
        name: sorted({str(row[0]) for row in connection.execute(_PARENTS, (name,))} - {name})
        for name in names
        if name != SCHEMA_STEPS
    }
    return list(TopologicalSorter(parents).static_order())


_PARENTS: Final = 'SELECT "table" FROM pragma_foreign_key_list(?)'


def _columns(connection: apsw.Connection, table: str) -> tuple[str, ...]:
    return tuple(
        str(row[0]) for row in connection.execute("SELECT name FROM pragma_table_info(?) ORDER BY cid", (table,))
    )
