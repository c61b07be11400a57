"""A disk that forgets what was not synced, as a power cut makes it.

Rules: what is written reaches the file at once, so that all connections see it; what a power cut leaves of it is
known apart: everything up to the last xSync of that file, and of what came after any part, in any order, some of
it torn. Names of files are taken to be on disk at once.
"""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import apsw

_SECTOR = 512


@dataclass
class Platter:
    """One file: what is on disk, and what the disk still holds in its memory."""

    durable: bytearray
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Writes (place, bytes) and truncations (size, None) since the last sync."""

    def sync(self) -> None:
        """Everything is on disk."""
        for place, written in self.pending:
            _apply(self.durable, place, written)
        self.pending.clear()

    def after_cut(self, dice: random.Random) -> bytes:
        """What is there when the power comes back; the disk chooses."""
        image = bytearray(self.durable)
        chance = dice.choice((0.0, 0.5, 0.9, 1.0))
        for place, written in self.pending:
            if dice.random() < chance:
                _apply(image, place, _torn(written, dice))
        return bytes(image)


def _torn(written: bytes | None, dice: random.Random) -> bytes | None:
    """A write, one in five only up to some sector."""
    if written is None or dice.random() >= 0.2:
        return written
    return written[: dice.randrange(len(written) + 1) // _SECTOR * _SECTOR]


def _apply(image: bytearray, place: int, written: bytes | None) -> None:
    if written is None:
        del image[place:]
        return
    if len(image) < place:
        image.extend(bytes(place - len(image)))
    image[place : place + len(written)] = written


class Disk:
    """The files of one VFS; `observe` is told of every write, sync and truncation, in whichever thread it happens."""

    def __init__(self, name: str) -> None:
        self.lock = threading.RLock()
        self.platters: dict[str, Platter] = {}
        self.observe: Callable[[], None] = lambda: None
        self.fault: type[apsw.Error] | None = None
        self.after = 0
        self._vfs = _Vfs(name, self)
        self.name = name

    def platter(self, path: str) -> Platter:
        """The platter of a file; what was in it before is on disk."""
        with self.lock:
            if path not in self.platters:
                file = Path(path)
                self.platters[path] = Platter(bytearray(file.read_bytes() if file.exists() else b""))
            return self.platters[path]

    def note(self, path: str, place: int, written: bytes | None) -> None:
        """A write, or a truncation."""
        with self.lock:
            self.platter(path).pending.append((place, written))
            self.observe()

    def sync(self, path: str) -> None:
        """xSync."""
        with self.lock:
            self.observe()
            self.platter(path).sync()
            self.observe()

    def cut(self, dice: random.Random) -> dict[str, bytes]:
        """Every file, by its name, as a power cut now would leave it; the disk runs on."""
        with self.lock:
            return {Path(path).name: platter.after_cut(dice) for path, platter in self.platters.items()}

    def fail(self) -> None:
        """Raise the fault that is set, from the write or sync on that comes `after` so many."""
        if self.fault is None:
            return
        if self.after:
            self.after -= 1
            return
        raise self.fault("the disk says no")

    def forget(self, path: str) -> None:
        """A file was deleted."""
        with self.lock:
            self.platters.pop(path, None)

    def unregister(self) -> None:
        """Take the VFS away."""
        self._vfs.unregister()


class _Vfs(apsw.VFS):
    def __init__(self, name: str, disk: Disk) -> None:
        super().__init__(name, "")
        self._disk = disk

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> "apsw.VFSFile":
        return _File(self._disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self._disk.forget(filename)


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._disk = disk
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        disk.platter(self._path)

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.fail()
        super().xWrite(data, offset)
        self._disk.note(self._path, offset, bytes(data))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._disk.note(self._path, newsize, None)

    def xSync(self, flags: int) -> None:
        """Not passed on: this machine keeps its power, and the test its pace."""
        self._disk.fail()
        self._disk.sync(self._path)
