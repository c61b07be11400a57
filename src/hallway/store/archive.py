"""The file that a backup is: the same for both engines, so that each can take what the other made.

Rules:
- A ZIP file. `tables/<name>` holds one table's rows, `manifest.json` (the last entry) says what is in each.
- A table is a run of frames: four bytes of length (big-endian), then a MessagePack array of rows; a row is an array of
  null, integers, texts and bytes in the order of the manifest's columns. Order of rows means nothing.
- The manifest has the format's version, the migrations that the database had run, when and from which engine it was
  made, and for each table its columns, its number of rows and the SHA-256 of its frames.
- Nothing is held in memory but one frame.
- The master key is not in it; the value that tells whether a master key is the right one (`key_check`) is.
"""

import hashlib
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, TypeAlias, cast

import msgspec

from hallway.keys.model import NO_KEYS, DataKey, KeyRecord
from hallway.store.archive_shape import Table, tables_of
from hallway.store.migrate import refuse_foreign, steps

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
FRAME_ROWS: Final = 200
MAX_FRAME_BYTES: Final = 1 << 30
_LENGTH_BYTES: Final = 4

VALUES: Final = frozenset({type(None), int, str, bytes})
ArchivedRow: TypeAlias = Sequence[None | int | str | bytes]


class ArchiveProblem(Exception):
    """A backup cannot be made or taken back; the sentence says why, and what to do."""


class RanStep(msgspec.Struct, frozen=True):
    """A migration that the database had run."""

    id: int
    name: str
    checksum: str


class ArchivedTable(msgspec.Struct, frozen=True):
    """What an archive has of one table."""

    name: str
    columns: tuple[str, ...]
    rows: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What an archive says of itself; `made_at` is microseconds since 1970."""

    format: int
    product: str
    engine: str
    made_at: int
    steps: tuple[RanStep, ...]
    tables: tuple[ArchivedTable, ...]

    @property
    def schema(self) -> int:
        """The number of the last migration."""
        return max(step.id for step in self.steps)

    def rows_of(self, table: str) -> int:
        """How many rows a table has."""
        return sum(one.rows for one in self.tables if one.name == table)


class _Format(msgspec.Struct, frozen=True):
    format: int


class TableWriter:
    """Takes the rows of one table."""

    def __init__(self, table: Table, stream: IO[bytes]) -> None:
        self._table = table
        self._stream = stream
        self._hash = hashlib.sha256()
        self._rows = 0

    def write(self, rows: Sequence[ArchivedRow]) -> None:
        """One frame."""
        body = msgspec.msgpack.encode(rows)
        frame = len(body).to_bytes(_LENGTH_BYTES, "big") + body
        self._hash.update(frame)
        self._stream.write(frame)
        self._rows += len(rows)

    def written(self) -> ArchivedTable:
        """What the manifest says of it."""
        return ArchivedTable(self._table.name, self._table.columns, self._rows, self._hash.hexdigest())


@contextmanager
def table_writer(archive: zipfile.ZipFile, table: Table) -> Iterator[TableWriter]:
    """An entry of the archive for one table."""
    with archive.open(f"tables/{table.name}", "w", force_zip64=True) as stream:
        yield TableWriter(table, stream)


class Archive:
    """A backup that is being read. Every method raises `ArchiveProblem` where the file is damaged."""

    def __init__(self, file: zipfile.ZipFile, manifest: Manifest) -> None:
        self._file = file
        self.manifest = manifest

    def frames(self, table: str) -> Iterator[list[ArchivedRow]]:
        """A table's rows; that they are what the manifest says is known once the last one was taken."""
        told = next(one for one in self.manifest.tables if one.name == table)
        digest, count = hashlib.sha256(), 0
        try:
            with self._file.open(f"tables/{table}") as stream:
                while head := stream.read(_LENGTH_BYTES):
                    size = int.from_bytes(head, "big")
                    if size > MAX_FRAME_BYTES:
                        raise ArchiveProblem(_damaged(f"table {table}: a frame of {size} bytes"))
                    body = stream.read(size)
                    digest.update(head + body)
                    rows = _rows(told, msgspec.msgpack.decode(body))
                    count += len(rows)
                    yield rows
        except DAMAGE as fault:
            raise ArchiveProblem(_damaged(f"table {table}: {fault}")) from fault
        if count != told.rows or digest.hexdigest() != told.sha256:
            raise ArchiveProblem(_damaged(f"table {table} is not what the manifest says"))

    def rows(self, table: str) -> Iterator[ArchivedRow]:
        """The same, row by row."""
        for frame in self.frames(table):
            yield from frame

    def key_record(self) -> KeyRecord:
        """What the archive has of keys: tells whether a master key is the right one."""
        columns = {table.name: table.columns for table in self.manifest.tables}
        checks = [dict(zip(columns["key_check"], row, strict=True))["value"] for row in self.rows("key_check")]
        keys = [dict(zip(columns["data_key"], row, strict=True)) for row in self.rows("data_key")]
        if not checks or not keys:
            return NO_KEYS
        found = [
            DataKey(
                cast("int", key["id"]),
                cast("bytes", key["wrapped"]),
                cast("int", key["created_at"]),
                cast("int | None", key["retired_at"]),
            )
            for key in keys
        ]
        return KeyRecord(cast("bytes", checks[0]), tuple(sorted(found, key=lambda key: key.id)))


DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    msgspec.MsgspecError,
    OSError,
    EOFError,
    KeyError,
    ValueError,
    RuntimeError,
)
"""What reading a file raises that is no ZIP file any more, by the place where it is damaged."""


@contextmanager
def archive_in(path: Path) -> Iterator[Archive]:
    """The archive in a file, its manifest read and judged.

    Raises `ArchiveProblem`, and `SchemaProblem` where it is of a newer or an edited schema.
    """
    try:
        file = zipfile.ZipFile(path)
    except OSError as fault:
        raise ArchiveProblem(f"{path} cannot be read ({fault.strerror}).") from fault
    except DAMAGE:
        raise ArchiveProblem(f"{path} is no backup of Hallway, or only the beginning of one.") from None
    with file:
        yield Archive(file, _manifest(file, path))


def _manifest(file: zipfile.ZipFile, path: Path) -> Manifest:
    try:
        text = file.read(MANIFEST)
        version = msgspec.json.decode(text, type=_Format).format
        if version != FORMAT:
            raise ArchiveProblem(
                f"{path} is a backup of format {version}, this program reads format {FORMAT}. "
                "Use the program that made it."
            )
        manifest = msgspec.json.decode(text, type=Manifest)
    except DAMAGE as fault:
        raise ArchiveProblem(f"{path} is no backup of Hallway ({fault}).") from fault
    refuse_foreign({step.id: (step.name, step.checksum) for step in manifest.steps}, steps("sqlite"))
    told = {table.name: table.columns for table in manifest.tables}
    if not manifest.steps or told != {table.name: table.columns for table in tables_of(manifest.schema)}:
        raise ArchiveProblem(_damaged("it does not have the tables of its schema"))
    return manifest


def _rows(told: ArchivedTable, frame: object) -> list[ArchivedRow]:
    """A frame's rows, each with a value of a known type for every column."""
    if not isinstance(frame, list):
        raise ArchiveProblem(_damaged(f"table {told.name}: a frame is no array"))
    for row in frame:
        if not isinstance(row, list) or len(row) != len(told.columns) or any(type(held) not in VALUES for held in row):
            raise ArchiveProblem(_damaged(f"table {told.name}: a row is not {len(told.columns)} values"))
    return frame


def _damaged(what: str) -> str:
    return f"The backup is damaged: {what}. Nothing was changed; use another backup."
