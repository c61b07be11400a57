"""Bringing a database to this program's schema.

Rules: steps run in order, each in one transaction with its record; a step whose text changed since it ran, or a
schema newer than this program, is refused. Two processes that start at once take turns.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from hallway.store.migrations import STEPS

RECORD: Final = """
CREATE TABLE IF NOT EXISTS schema_step (
    id {small} NOT NULL PRIMARY KEY,
    name {text} NOT NULL,
    checksum {text} NOT NULL
){strict}
"""

TYPES: Final = {
    "sqlite": {
        "bytes": "BLOB",
        "text": "TEXT COLLATE BINARY",
        "int": "INTEGER",
        "small": "INTEGER",
        "strict": " STRICT",
        "narrow": " STRICT, WITHOUT ROWID",
    },
    "postgres": {
        "bytes": "BYTEA",
        "text": 'TEXT COLLATE "C"',
        "int": "BIGINT",
        "small": "SMALLINT",
        "strict": "",
        "narrow": "",
    },
}


class SchemaProblem(Exception):
    """The database is not one that this program may serve; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """One migration for one engine."""

    id: int
    name: str
    checksum: str
    statements: tuple[str, ...]


class Migrating(Protocol):
    """One exclusive session on a database, for migrations only."""

    engine: str

    async def execute(self, sql: str) -> None:
        """Run one statement."""
        ...

    async def recorded(self) -> Sequence[tuple[int, str, str]]:
        """Steps that ran: id, name, checksum."""
        ...

    async def record(self, step: Step) -> None:
        """Note that a step ran."""
        ...


def steps(engine: str) -> tuple[Step, ...]:
    """Every step as `engine` runs it; the checksum is of the text for both."""
    return tuple(
        Step(number, name, hashlib.sha256(sql.encode()).hexdigest(), _statements(sql.format(**TYPES[engine])))
        for number, name, sql in STEPS
    )


def _statements(sql: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in sql.split(";") if part.strip())


async def migrated(session: Migrating, only_empty: bool) -> list[str]:
    """Run what is missing, inside the session's transaction, and name it; with `only_empty` only the first time.

    Raises `SchemaProblem` where the database is newer than this program, or a step has changed.
    """
    await session.execute(RECORD.format(**TYPES[session.engine]))
    done = {number: (name, checksum) for number, name, checksum in await session.recorded()}
    known = steps(session.engine)
    refuse_foreign(done, known)
    ran: list[str] = []
    if done and only_empty:
        return ran
    for step in known:
        if step.id not in done:
            for statement in step.statements:
                await session.execute(statement)
            await session.record(step)
            ran.append(f"{step.id:04d} {step.name}")
    return ran


def refuse_foreign(done: dict[int, tuple[str, str]], known: Sequence[Step]) -> None:
    """Raise `SchemaProblem` for a newer or edited schema."""
    newest = max((step.id for step in known), default=0)
    beyond = max(done, default=0)
    if beyond > newest:
        raise SchemaProblem(
            f"The database has schema {beyond}, this program knows up to {newest}. "
            "Run the newer program, or restore a backup made before the upgrade."
        )
    for step in known:
        if step.id in done and done[step.id][1] != step.checksum:
            raise SchemaProblem(
                f"Migration {step.id} ({step.name}) is not the one that this database ran. "
                "The program was built from edited migrations; use a released one."
            )


def is_current(done: Sequence[tuple[int, str, str]]) -> bool:
    """Whether nothing is missing; raises `SchemaProblem` as `migrated` does."""
    ran = {number: (name, checksum) for number, name, checksum in done}
    known = steps("sqlite")
    refuse_foreign(ran, known)
    return all(step.id in ran for step in known)
