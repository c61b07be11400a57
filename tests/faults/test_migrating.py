"""Migrations: two processes at once take turns, and a database of a newer or edited program is refused."""

import subprocess
import sys
from pathlib import Path

import apsw
import asyncpg
import pytest

from hallway.journal.model import Unavailable
from hallway.store.migrate import SchemaProblem
from hallway.store.migrations import STEPS
from hallway.store.opening import Opening, current, migrate, opened, sqlite_path
from tests.engines import run
from tests.faults.agreement import read
from tests.store.stage import staged

PROCESSES = 4
_PROGRAM = """
import asyncio, sys
from hallway.store.opening import Opening, current, migrate, opened

async def whole():
    opening = Opening(sys.argv[1])
    ran = await migrate(opening, only_empty=True)
    database = opened(opening)
    assert await current(database)
    await database.close()
    return ran

print("ready", flush=True)
sys.stdin.readline()
print(len(asyncio.run(whole())))
"""


@pytest.mark.parametrize("_round", range(4))
def test_processes_that_start_at_once_take_turns(database_url: str, _round: int) -> None:
    racing = [
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, database_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(PROCESSES)
    ]
    for process in racing:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in racing:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ran = [process.communicate(timeout=60)[0].strip() for process in racing]
    assert [process.returncode for process in racing] == [0] * PROCESSES
    assert sorted(ran) == ["0"] * (PROCESSES - 1) + [str(len(STEPS))]
    assert run(read(database_url, "SELECT COUNT(*) FROM schema_step"))[0] == [(len(STEPS),)]


async def test_migrating_again_does_nothing(database_url: str) -> None:
    assert await migrate(Opening(database_url)) != []
    assert await migrate(Opening(database_url)) == []
    database = opened(Opening(database_url))
    assert await current(database)
    await database.close()


async def test_a_newer_schema_is_refused_with_what_to_do(database_url: str) -> None:
    await migrate(Opening(database_url))
    await _execute(database_url, "INSERT INTO schema_step (id, name, checksum) VALUES (999, 'of tomorrow', 'x')")
    await _refused(database_url, f"The database has schema 999, this program knows up to {len(STEPS)}. ")


async def test_an_edited_step_is_refused(database_url: str) -> None:
    await migrate(Opening(database_url))
    await _execute(database_url, "UPDATE schema_step SET checksum = 'edited' WHERE id = 1")
    await _refused(database_url, f"Migration 1 ({STEPS[0][1]}) is not the one that this database ran. ")


async def test_a_step_that_fails_leaves_nothing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "CREATE TABLE fine (id {int} NOT NULL PRIMARY KEY); CREATE TABLE broken (("
    broken = (*STEPS, (len(STEPS) + 1, "broken", text))
    monkeypatch.setattr("hallway.store.migrate.STEPS", broken)
    with pytest.raises((apsw.SQLError, asyncpg.PostgresSyntaxError)):
        await migrate(Opening(database_url))
    monkeypatch.undo()
    assert len(await migrate(Opening(database_url))) == len(STEPS)
    async with staged(database_url) as stage:
        await stage.user("ann")


async def test_a_file_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="cannot open"):
        await migrate(Opening(f"sqlite:///{tmp_path / 'file' / 'hallway.db'}"))


async def _refused(url: str, sentence: str) -> None:
    with pytest.raises(SchemaProblem) as refused:
        await migrate(Opening(url))
    assert str(refused.value).startswith(sentence)
    database = opened(Opening(url))
    with pytest.raises(SchemaProblem):
        await current(database)
    await database.close()


async def _execute(url: str, sql: str) -> None:
    path = sqlite_path(url)
    if path is not None:
        connection = apsw.Connection(str(path))
        connection.execute(sql)
        connection.close()
        return
    server = await asyncpg.connect(url, server_settings={"search_path": "hallway"})
    await server.execute(sql)
    await server.close()
