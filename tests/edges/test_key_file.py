"""The master key file: made once, whole, private, and never made again under a database that exists."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hallway.key_file import KeyFileProblem, make_master_key, read_master_key, read_or_make_master_key
from hallway.setting_values import PostgresLocation, SqliteLocation
from hallway.settings import Settings


def on_sqlite(tmp_path: Path) -> Settings:
    return Settings(database=SqliteLocation(tmp_path / "var" / "hall.db"))


def test_the_first_command_makes_a_private_file_and_later_ones_read_it(tmp_path: Path) -> None:
    settings = on_sqlite(tmp_path)
    key = read_or_make_master_key(settings)
    path = tmp_path / "var" / "hall.db.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(key) == 32
    assert read_or_make_master_key(settings) == key
    assert [file.name for file in path.parent.iterdir()] == ["hall.db.key"]


def test_of_many_first_commands_at_once_all_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(make_master_key, [tmp_path / "hall.key"] * 32))
    assert len(keys) == 1


def test_a_database_without_its_key_file_gets_no_new_key(tmp_path: Path) -> None:
    settings = on_sqlite(tmp_path)
    (tmp_path / "var").mkdir()
    database = tmp_path / "var" / "hall.db"
    database.touch()
    read_or_make_master_key(settings)
    (tmp_path / "var" / "hall.db.key").unlink()
    database.write_bytes(b"SQLite format 3")
    with pytest.raises(KeyFileProblem, match="Put the key file back"):
        read_or_make_master_key(settings)


def test_a_value_is_used_as_given(tmp_path: Path) -> None:
    settings = Settings(database=SqliteLocation(tmp_path / "hall.db"), master_key=b"v" * 32)
    assert read_or_make_master_key(settings) == b"v" * 32
    assert list(tmp_path.iterdir()) == []


def test_a_named_file_is_never_made(tmp_path: Path) -> None:
    settings = Settings(master_key_file=tmp_path / "named")
    with pytest.raises(KeyFileProblem, match="cannot be read"):
        read_or_make_master_key(settings)
    with pytest.raises(KeyFileProblem, match="no file beside it"):
        read_or_make_master_key(Settings(database=PostgresLocation("postgresql://h/db")))


def test_a_file_without_a_key_says_what_one_looks_like(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("hunter2")
    with pytest.raises(KeyFileProblem, match="64 hexadecimal digits") as problem:
        read_master_key(path)
    assert "hunter2" not in str(problem.value)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = Settings(database=SqliteLocation(tmp_path / "file" / "hall.db"))
    with pytest.raises(KeyFileProblem, match="cannot be made"):
        read_or_make_master_key(settings)
