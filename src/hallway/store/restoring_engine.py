"""Restoring into whichever engine a deployment has."""

from hallway.store.archive import Archive
from hallway.store.opening import Opening, sqlite_path
from hallway.store.restoring import Restored, Restoring
from hallway.store.restoring_postgres import refuse_held, restore_postgres
from hallway.store.restoring_sqlite import restore_sqlite


async def refuse_connected(opening: Opening) -> None:
    """Raise `ArchiveProblem` where somebody has the database open and the engine can tell.

    SQLite cannot: there the caller holds the file's lock.
    """
    if sqlite_path(opening.url) is None:
        await refuse_held(opening.url)


async def restored_into(opening: Opening, archive: Archive, epoch: str, now: int) -> Restored:
    """Put the archive in the place of the database, which is kept; the feed begins `epoch` at `now`.

    Raises `ArchiveProblem` or `Unavailable`; then the database is as it was.
    """
    restoring = Restoring(archive, epoch, now)
    path = sqlite_path(opening.url)
    if path is None:
        return await restore_postgres(opening.url, restoring)
    return await restore_sqlite(path, restoring)
