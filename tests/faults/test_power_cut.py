"""A power cut at any moment: what was answered is there, and the file is whole.

A kill -9 forgives a missing fsync, as the kernel still has what was written; a power cut does not. That the test
can see a missing one is shown with synchronous=NORMAL, under which it has to find losses.
"""

import asyncio
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import apsw
import pytest

from hallway.hub.directories.model import Kind
from hallway.store import sqlite
from hallway.store.opening import Opening, migrate, opened
from hallway.store.sqlite import SqliteDatabase, SqliteOptions
from tests.engines import run
from tests.faults.forgetful_vfs import Disk
from tests.store.stage import Stage, furnished

WRITERS, WRITES = 6, 25
CUTS = 60


@dataclass(frozen=True)
class Cut:
    """The files as a power cut leaves them, and what had been answered by then."""

    files: dict[str, bytes]
    answered: tuple[str, ...]


@pytest.fixture
def disk() -> Iterator[Disk]:
    """A forgetful disk."""
    made = Disk(f"forgetful-{uuid.uuid4()}")
    yield made
    made.unregister()


@pytest.fixture(autouse=True)
def frequent_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that cuts fall into checkpoints too, and into the WAL's new beginnings."""
    monkeypatch.setattr(sqlite, "CHECKPOINT_SECONDS", 0.01)
    monkeypatch.setattr(sqlite, "_WAL_LIMIT_PAGES", 100)


def test_an_answered_write_outlives_a_power_cut(disk: Disk, tmp_path: Path) -> None:
    cuts = run(_cuts(disk, tmp_path / "disk", "FULL"))
    assert len(cuts) == CUTS
    assert [lost for number, cut in enumerate(cuts) for lost in _lost(cut, tmp_path / str(number))] == []


def test_the_test_sees_a_missing_fsync(disk: Disk, tmp_path: Path) -> None:
    cuts = run(_cuts(disk, tmp_path / "disk", "NORMAL"))
    assert [lost for number, cut in enumerate(cuts) for lost in _lost(cut, tmp_path / str(number))] != []


def test_the_store_opens_what_a_power_cut_left(disk: Disk, tmp_path: Path) -> None:
    cut = run(_cuts(disk, tmp_path / "disk", "FULL"))[-1]
    _laid(cut, tmp_path / "again")

    async def goes_on() -> None:
        opening = Opening(f"sqlite:///{tmp_path / 'again' / 'hallway.db'}")
        assert await migrate(opening) == []
        database = opened(opening)
        stage = await furnished(database, after=10**6)
        assert await stage.user("after") in await stage.ids(Kind.USER)
        await database.close()

    run(goes_on())


async def _cuts(disk: Disk, home: Path, synchronous: str) -> list[Cut]:
    """Writers that write while the power is cut again and again; each cut is an image, and the disk runs on."""
    home.mkdir()
    opening = Opening(f"sqlite:///{home / 'hallway.db'}")
    await migrate(opening)
    options = SqliteOptions(vfs=disk.name, synchronous=synchronous)
    database = opened(Opening(opening.url, sqlite=options))
    assert isinstance(database, SqliteDatabase)
    stage = await furnished(database)
    database.keep_checkpointing()
    answered: list[str] = []
    cuts: list[Cut] = []
    dice = random.Random(8)
    left = [20]

    def observe() -> None:
        left[0] -= 1
        if left[0] <= 0 and len(cuts) < CUTS:
            known = tuple(answered)  # before the image: what is answered from now on may be in it or not
            cuts.append(Cut(disk.cut(dice), known))
            left[0] = dice.randrange(1, 16)

    disk.observe = observe
    await asyncio.gather(*(_writer(stage, f"w{number}", answered) for number in range(WRITERS)))
    while len(cuts) < CUTS:
        await _writer(stage, f"more{len(cuts)}", answered)
    disk.observe = lambda: None
    await database.close()
    return cuts


async def _writer(stage: Stage, name: str, answered: list[str]) -> None:
    for number in range(WRITES):
        await stage.user(f"{name}-{number}", title="x" * (number * 40))
        answered.append(f"{name}-{number}")


def _laid(cut: Cut, home: Path) -> Path:
    home.mkdir()
    for name, content in cut.files.items():
        (home / name).write_bytes(content)
    return home / "hallway.db"


def _lost(cut: Cut, home: Path) -> list[str]:
    """What was answered and is not there, and what is broken."""
    connection = apsw.Connection(str(_laid(cut, home)))
    try:
        whole = connection.execute("PRAGMA integrity_check").fetchall()
        if whole != [("ok",)]:
            return [f"integrity: {whole}"]
        there = {name for (name,) in connection.execute("SELECT name_key FROM resource WHERE kind = 1")}
        heads = connection.execute("SELECT h.seq, (SELECT COUNT(*) FROM journal j WHERE j.organization_id ="
                                   " h.organization_id), (SELECT MAX(seq) FROM journal j WHERE j.organization_id ="
                                   " h.organization_id) FROM journal_head h").fetchall()  # fmt: skip
        gaps = [f"journal: {head}" for head in heads if len(set(head)) != 1]
        return sorted(set(cut.answered) - there) + gaps
    except apsw.Error as fault:
        return [f"{type(fault).__name__}: {fault}"]
    finally:
        connection.close()
