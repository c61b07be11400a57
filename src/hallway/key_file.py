"""The master key from settings: given as a value, or kept in a file that only its owner reads."""

import contextlib
import os
import secrets
from pathlib import Path

from hallway.setting_values import SqliteLocation, master_key
from hallway.settings import Settings


class KeyFileProblem(Exception):
    """The master key cannot be had; the sentence says what to do."""


def read_or_make_master_key(settings: Settings) -> bytes:
    """The 32 bytes; on SQLite a new database gets its key file here, before anything else is made.

    Raises `KeyFileProblem`.
    """
    if settings.master_key is not None:
        return settings.master_key
    path = settings.key_file
    if path is None:
        raise KeyFileProblem("Set master_key or master_key_file: a PostgreSQL database has no file beside it.")
    if path.exists() or settings.master_key_file is not None or not isinstance(settings.database, SqliteLocation):
        return read_master_key(path)
    return _made_beside(settings.database.path, path)


def read_master_key(path: Path) -> bytes:
    """The key in a file, written as `master_key` is."""
    try:
        return master_key(path.read_text(encoding="ascii"))
    except OSError as error:
        raise KeyFileProblem(f"The key file {path} cannot be read ({error.strerror}).") from None
    except ValueError:
        raise KeyFileProblem(
            f"The key file {path} does not hold a key: 64 hexadecimal digits, as `openssl rand -hex 32` prints."
        ) from None


def make_master_key(path: Path) -> bytes:
    """The key in a file, made if nobody made it before: mode 0600, whole and durable once it has its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        _write_durably(draft, secrets.token_hex(32).encode() + b"\n")
        # A link never replaces: of two processes one makes the file, and none reads half of it.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
    _sync(path.parent)
    return read_master_key(path)


def _made_beside(database: Path, path: Path) -> bytes:
    # The key is made before the database: whoever sees the latter sees the former, unless it was lost.
    if database.exists() and database.stat().st_size > 0 and not path.exists():
        raise KeyFileProblem(
            f"The database {database} is there, but its key file {path} is not. Put the key file back from "
            "where you keep it, or name it by master_key_file; a new key would open nothing that is in there."
        )
    try:
        return make_master_key(path)
    except OSError as error:
        raise KeyFileProblem(f"The key file {path} cannot be made ({error.strerror}).") from None


def _write_durably(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
