"""Taking a backup back: the new database is made beside the old one, judged, and takes its place in one step.

Rules: a kill at any point leaves the old database or the new one, whole; the old one is kept under another name;
every restore begins a new epoch of the feed, because entries that readers have seen may be gone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from hallway.store.archive import Archive
from hallway.store.archive_shape import Table, tables_of
from hallway.store.migrate import Migrating, Step, steps
from hallway.store.restoring_undone import Undone
from hallway.store.statement import translated

EPOCH: Final = "epoch"
NOTHING_THERE: Final = "there was no database before"
EMPTY: Final = "the database before had no organization"
MAX_REPORTED_FAULTS: Final = 5


@dataclass(frozen=True, slots=True)
class Restoring:
    """What to take back, and what begins with it: the feed's new epoch, at `now` (microseconds since 1970)."""

    archive: Archive
    epoch: str
    now: int

    @property
    def stamp(self) -> str:
        """This instant as part of a name."""
        return datetime.fromtimestamp(self.now / 1_000_000, UTC).strftime("%Y%m%dt%H%M%Sz")


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it: where the old database is kept (None where there was none), what of it is undone.

    `not_compared` says why old and new could not be compared, and is empty where they were. `migrated` names the
    migrations that ran on top of what the backup had.
    """

    kept: str | None
    undone: tuple[Undone, ...]
    not_compared: str
    migrated: tuple[str, ...]


ENDED: Final = (
    translated("global_sessions_ended", "UPDATE session SET ended_at = ?1 WHERE ended_at IS NULL"),
    translated("global_setup_sessions_ended", "UPDATE setup_session SET expires_at = ?1 WHERE expires_at > ?1"),
    translated("global_sign_ins_ended", "UPDATE sign_in SET ended_at = ?1, answer = NULL WHERE ended_at IS NULL"),
    translated("global_grants_ended", "UPDATE app_grant SET ended_at = ?1 WHERE ended_at IS NULL"),
    translated("global_mail_links_ended", "UPDATE mail_link SET used_at = ?1 WHERE used_at IS NULL"),
)
"""A restore ends all sessions, grants, sign-ins under way and links to reset a password, in every tenant: the backup
does not know who left since, nor which link was used.
"""


async def schema_made(session: Migrating, archive: Archive) -> None:
    """The tables as the backup had them, with the record of the migrations that made them."""
    for step in _of_the_archive(session.engine, archive):
        for statement in step.statements:
            await session.execute(statement)
        await session.record(step)


def _of_the_archive(engine: str, archive: Archive) -> Iterator[Step]:
    ran = {step.id for step in archive.manifest.steps}
    return (step for step in steps(engine) if step.id in ran)


def tables_to_fill(archive: Archive) -> list[Table]:
    """The archive's tables with the archive's order of columns, in an order that foreign keys allow."""
    told = {table.name: table.columns for table in archive.manifest.tables}
    return [Table(table.name, told[table.name]) for table in tables_of(archive.manifest.schema)]
