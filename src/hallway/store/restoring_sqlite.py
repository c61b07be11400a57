"""Restoring into an SQLite file: a new file beside it, then one rename.

Rules: the caller holds the file's lock, so no server runs. Before its name goes to the new file, the old one is
taken out of WAL mode, which SQLite grants only when nobody else has it open and which leaves no `-wal` behind; a
program that opens the old file meanwhile cannot write to it any more, since its name is another file's.
"""

import os
import shutil
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import apsw

from hallway.journal.model import Unavailable
from hallway.store.archive import ArchiveProblem
from hallway.store.archive_snapshot import synced
from hallway.store.keys import SET_VALUE
from hallway.store.migrate import RECORD, TYPES, migrated
from hallway.store.opening import SqliteMigrating
from hallway.store.restoring import (
    EMPTY,
    ENDED,
    EPOCH,
    MAX_REPORTED_FAULTS,
    NOTHING_THERE,
    Restored,
    Restoring,
    schema_made,
    tables_to_fill,
)
from hallway.store.restoring_undone import ANY, COMPARISONS, Undone, comparison, undone_of

COMPANIONS: Final = ("-wal", "-shm", "-journal")
_WAIT_MS: Final = 2000
_MAGIC: Final = b"SQLite format 3\0"
_BROKEN: Final = (apsw.CorruptError, apsw.NotADBError, apsw.IOError, apsw.CantOpenError, apsw.FormatError)


async def restore_sqlite(path: Path, restoring: Restoring) -> Restored:
    """Put the backup in the place of the database at `path`.

    Raises `ArchiveProblem` or `Unavailable`; then the old database is as it was.
    """
    draft = path.with_name(path.name + ".restoring")
    _forget(draft)
    try:
        ran = await _loaded(draft, restoring)
        undone, not_compared = _compared(draft, path, restoring.now)
        _sync(draft)
        kept = _exchanged(draft, path, f"{path}.before-restore-{restoring.stamp}")
    except (apsw.Error, OSError) as fault:
        raise Unavailable(f"The backup could not be restored: {fault}. The database is as it was.") from fault
    finally:
        _forget(draft)
    return Restored(kept, undone, not_compared, tuple(ran))


def _forget(draft: Path) -> None:
    for end in ("", *COMPANIONS):
        draft.with_name(draft.name + end).unlink(missing_ok=True)


async def _loaded(draft: Path, restoring: Restoring) -> list[str]:
    """The whole new database in a file of its own: not yet durable, but judged."""
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with closing(apsw.Connection(str(draft))) as connection:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "locking_mode=EXCLUSIVE"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("BEGIN")
        session = SqliteMigrating(connection)
        await session.execute(RECORD.format(**TYPES["sqlite"]))
        await schema_made(session, restoring.archive)
        try:
            _fill(connection, restoring)
        except apsw.ConstraintError as fault:
            raise ArchiveProblem(f"The backup does not hold together: {fault}. Nothing was changed.") from fault
        ran = await migrated(session, only_empty=False)
        connection.execute(SET_VALUE.sqlite, (EPOCH, restoring.epoch))
        for ended in ENDED:
            connection.execute(ended.sqlite, (restoring.now,))
        connection.execute("COMMIT")
        _judge(connection)
    return ran


def _fill(connection: apsw.Connection, restoring: Restoring) -> None:
    for table in tables_to_fill(restoring.archive):
        places = ", ".join("?" * len(table.columns))
        insert = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({places})"
        connection.executemany(insert, restoring.archive.rows(table.name))


def _judge(connection: apsw.Connection) -> None:
    faults = [f"{row[0]} refers to {row[2]}" for row in connection.execute("PRAGMA foreign_key_check")]
    faults += [str(row[0]) for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
    if faults:
        listed = "; ".join(faults[:MAX_REPORTED_FAULTS])
        raise ArchiveProblem(f"The backup does not hold together: {listed}. Nothing was changed.")


def _compared(draft: Path, path: Path, now: int) -> tuple[tuple[Undone, ...], str]:
    """What the old database had revoked and the new one has not; or why that cannot be said."""
    if not path.exists() or path.stat().st_size == 0:
        return (), NOTHING_THERE
    if not _is_database(path):
        return (), "the database before cannot be read: it is no SQLite file"
    with closing(apsw.Connection(str(draft))) as connection:
        connection.set_busy_timeout(_WAIT_MS)
        try:
            connection.execute("ATTACH DATABASE ? AS old", (str(path),))
            if connection.execute(ANY.format(old="old")).fetchone() is None:
                return (), EMPTY
            return tuple(_undone(connection, now)), ""
        except apsw.Error as fault:
            return (), f"the database before cannot be read: {fault}"


def _undone(connection: apsw.Connection, now: int) -> Sequence[Undone]:
    return [
        undone_of(kind, row)
        for kind, text in COMPARISONS.items()
        for row in connection.execute(comparison(text, "main", "old", now))
    ]


def _exchanged(draft: Path, path: Path, kept: str) -> str | None:
    """Give the name `path` to the draft; the old file stays, under the name `kept`."""
    if not path.exists():
        draft.replace(path)
        synced(path.parent)
        return None
    if not _is_database(path):
        _set_aside(path, kept)
        draft.replace(path)
        synced(path.parent)
        return kept
    with closing(apsw.Connection(str(path))) as connection:
        try:
            _fold(connection, path)
        except _BROKEN:
            connection.close()
            _set_aside(path, kept)
        else:
            _keep(path, kept)
        draft.replace(path)
        synced(path.parent)
    return kept


def _is_database(path: Path) -> bool:
    """Whether SQLite may be let at it: what is beside a file that is none would be lost."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) in (b"", _MAGIC)


def _fold(connection: apsw.Connection, path: Path) -> None:
    """Write the WAL into the file, alone with it; nobody else gets in until the connection closes."""
    connection.set_busy_timeout(_WAIT_MS)
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
        mode = connection.execute("PRAGMA journal_mode=DELETE").fetchall()
        if [row[0] for row in mode] != ["delete"]:
            raise apsw.BusyError("it is in WAL mode still")
        connection.execute("BEGIN EXCLUSIVE")
    except (apsw.BusyError, apsw.LockedError) as fault:
        raise ArchiveProblem(
            f"Another program has {path} open ({fault}). End it, then restore again; nothing was changed."
        ) from fault


def _keep(path: Path, kept: str) -> None:
    """The old file under a second name; copied where the file system has no links."""
    try:
        Path(kept).hardlink_to(path)
    except FileExistsError:
        raise ArchiveProblem(f"{kept} is there already; restore again in a moment.") from None
    except OSError:
        shutil.copy2(path, kept)
        _sync(Path(kept))


def _set_aside(path: Path, kept: str) -> None:
    """A file that SQLite cannot read is kept with all that is beside it, which must not meet the new one."""
    _keep(path, kept)
    for end in COMPANIONS:
        with suppress(FileNotFoundError):
            Path(f"{path}{end}").replace(f"{kept}{end}")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
