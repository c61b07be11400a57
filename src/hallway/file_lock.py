"""One process at a time for one SQLite database: the one that serves it, or the one that restores it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DatabaseHeld(Exception):
    """Another process holds the database; the sentence says which and what to do."""


@contextmanager
def hold(database: Path) -> Iterator[None]:
    """While the context lasts, no other process holds `database`. Raises `DatabaseHeld` at once.

    The lock is on `<database>.lock`, which stays behind: it ends with the process, however that ends, and a
    file that went away would let two processes lock two files of one name.
    """
    path = database.with_name(database.name + ".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            raise DatabaseHeld(
                f"The database {database} is held by another process{f' ({holder})' if holder else ''}. "
                "One process at a time serves or restores an SQLite database: stop that one first, "
                "or use PostgreSQL to run several."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
