"""All rows of a database, read without any of our own code."""

from typing import Any
from urllib.parse import urlsplit

import apsw
import asyncpg

from tests.engines import run

Content = dict[str, list[tuple[Any, ...]]]


def columns_of(url: str, schema: str = "hallway") -> dict[str, list[str]]:
    """Every table of a database and its columns, by the engine's own catalogue."""
    if url.startswith("sqlite:///"):
        return _sqlite_columns(_connected(url))
    return run(_postgres_columns(url, schema))


def content_of(url: str, schema: str = "hallway") -> Content:
    """The rows of every table, sorted."""
    if not url.startswith("sqlite:///"):
        return run(_postgres_content(url, schema))
    connection = _connected(url)
    found = {
        name: sorted(map(tuple, connection.execute(f"SELECT {', '.join(sorted(columns))} FROM {name}")), key=repr)
        for name, columns in _sqlite_columns(connection).items()
    }
    connection.close()
    return found


def _connected(url: str) -> apsw.Connection:
    return apsw.Connection(url.removeprefix("sqlite:///"))


def _sqlite_columns(connection: apsw.Connection) -> dict[str, list[str]]:
    names = [str(row[0]) for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {
        name: [str(row[1]) for row in connection.execute(f"PRAGMA table_info({name})")]
        for name in sorted(names)
        if not name.startswith("sqlite_")
    }


async def _postgres_columns(url: str, schema: str) -> dict[str, list[str]]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = $1"
        " ORDER BY table_name, ordinal_position",
        schema,
    )
    await connection.close()
    found: dict[str, list[str]] = {}
    for table, column in rows:
        found.setdefault(table, []).append(column)
    return found


async def _postgres_content(url: str, schema: str) -> Content:
    tables = await _postgres_columns(url, schema)
    connection = await asyncpg.connect(url)
    found = {}
    for name, columns in tables.items():
        rows = await connection.fetch(f"SELECT {', '.join(sorted(columns))} FROM {schema}.{name}")
        found[name] = sorted(map(tuple, rows), key=repr)
    await connection.close()
    return found


def schemas_of(url: str) -> list[str]:
    """The schemas of a PostgreSQL database that are ours."""

    async def read() -> list[str]:
        connection = await asyncpg.connect(url)
        rows = await connection.fetch("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'hallway%' ORDER BY 1")
        await connection.close()
        return [row[0] for row in rows]

    assert urlsplit(url).scheme == "postgresql"
    return run(read())
