"""A reader for whoever has no database at hand: cursor and owed receipts in one small file."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct
from msgspec.json import decode, encode

from hallway.client.following import Batch
from hallway.client.model import Did, Event, Receipt, Snapshot

Handle: TypeAlias = Callable[[Event], Iterable[Did]]
"""Does what an event says, and tells what it did; it is called again for the same event after a crash."""
BeginAgain: TypeAlias = Callable[[Iterator[Snapshot]], None]


class _Kept(Struct, frozen=True):
    cursor: str | None = None
    owed: Sequence[Receipt] = ()


@dataclass(slots=True)
class FileReader:
    """Calls `handle` for each event, `begin_again` with a snapshot; the file is replaced whole after each batch."""

    path: Path
    handle: Handle
    on_snapshot: BeginAgain

    def cursor(self) -> str | None:
        """See `BlockingReader`."""
        return self._kept().cursor

    def begin_again(self, cursor: str, parts: Iterator[Snapshot]) -> None:
        """See `BlockingReader`."""
        self.on_snapshot(parts)
        self._keep(_Kept(cursor, self._kept().owed))

    def take(self, batch: Batch) -> None:
        """See `BlockingReader`."""
        kept = self._kept()
        now = datetime.now(UTC)
        done = [(event, tuple(self.handle(event))) for event in batch.events]
        owed = [Receipt(event.id, did, now) for event, did in done if did]
        self._keep(_Kept(batch.cursor or kept.cursor, (*kept.owed, *owed)))

    def owed(self) -> Sequence[Receipt]:
        """See `BlockingReader`."""
        return self._kept().owed

    def sent(self, receipt: Receipt) -> None:
        """See `BlockingReader`."""
        kept = self._kept()
        self._keep(_Kept(kept.cursor, tuple(one for one in kept.owed if one.event != receipt.event)))

    def _kept(self) -> _Kept:
        try:
            return decode(self.path.read_bytes(), type=_Kept)
        except FileNotFoundError:
            return _Kept()

    def _keep(self, kept: _Kept) -> None:
        """The file is the old one or the new one, also after a power cut."""
        beside = self.path.with_name(self.path.name + ".new")
        with beside.open("wb") as file:
            file.write(encode(kept))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
