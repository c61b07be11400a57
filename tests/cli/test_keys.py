"""`hallway keys …` and `hallway migrate`."""

import secrets
from pathlib import Path

from hallway.store.migrations import STEPS
from tests.cli.commands import environ_of, json_of, mode_of, refusal_of, text_of


def _beside(database_url: str) -> dict[str, str]:
    """Commands of a deployment whose key file is the one beside the database."""
    return {**environ_of(database_url), "HALLWAY_MASTER_KEY": ""}


def test_migrate_makes_the_database_and_names_what_ran(database_url: str) -> None:
    shape = json_of(environ_of(database_url), "migrate")
    assert shape["migrations"] == [f"{number:04d} {name}" for number, name, _ in STEPS]
    assert json_of(environ_of(database_url), "migrate")["migrations"] == []
    assert text_of(environ_of(database_url), "migrate").endswith("was up to date.\n")


def test_a_database_that_migrate_made_can_be_used(sqlite_database: str, tmp_path: Path) -> None:
    assert "Ran 0001" in text_of(_beside(sqlite_database), "migrate")
    assert mode_of(tmp_path / "hallway.db") == mode_of(tmp_path / "hallway.db.key") == 0o600
    text_of(_beside(sqlite_database), "hub", "organization", "create", "Acme")


def test_a_rotation_keeps_the_former_keys(database_url: str) -> None:
    environ = environ_of(database_url)
    assert [key["state"] for key in json_of(environ, "keys", "check")["data_keys"]] == ["current"]
    assert "Data key 2 encrypts" in text_of(environ, "keys", "rotate")
    keys = json_of(environ, "keys", "rotate")["data_keys"]
    assert [(key["id"], key["state"]) for key in keys] == [(1, "decrypts only"), (2, "decrypts only"), (3, "current")]
    assert json_of(environ, "keys", "check")["data_keys"] == keys
    assert "opens every data key" in text_of(environ, "keys", "check")


def test_a_wrong_master_key_is_told(database_url: str) -> None:
    text_of(environ_of(database_url), "keys", "check")
    other = {**environ_of(database_url), "HALLWAY_MASTER_KEY": "22" * 32}
    assert "master key" in refusal_of(other, "keys", "check")
    assert "master key" in refusal_of(other, "keys", "rotate")


def test_another_master_key_takes_the_place_beside_the_database(sqlite_database: str, tmp_path: Path) -> None:
    environ = _beside(sqlite_database)
    text_of(environ, "keys", "rotate")
    old = (tmp_path / "hallway.db.key").read_text()
    new = tmp_path / "new.key"
    told = text_of(environ, "keys", "change-master", "--new-key-file", str(new))
    assert mode_of(new) == mode_of(tmp_path / "hallway.db.key") == 0o600
    assert (tmp_path / "hallway.db.key").read_text() == new.read_text() != old
    [kept] = tmp_path.glob("hallway.db.key.before-*")
    assert kept.read_text() == old and str(kept) in told
    assert len(json_of(environ, "keys", "check")["data_keys"]) == 2
    assert "in use" in refusal_of(environ, "keys", "change-master", "--new-key-file", str(new))


def test_another_master_key_is_named_where_the_first_one_was_a_setting(database_url: str, tmp_path: Path) -> None:
    environ, new = environ_of(database_url), tmp_path / "new.key"
    text_of(environ, "keys", "check")
    new.write_text(secrets.token_hex(32))
    shape = json_of(environ, "keys", "change-master", "--new-key-file", str(new))
    assert shape == {"data_keys": 1, "new_key_file": str(new)}
    assert "master key" in refusal_of(environ, "keys", "check")
    named = {**environ, "HALLWAY_MASTER_KEY": "", "HALLWAY_MASTER_KEY_FILE": str(new)}
    assert json_of(named, "keys", "check")["master_key"] == "fits"


def test_a_key_file_that_holds_no_key_is_refused(sqlite_database: str, tmp_path: Path) -> None:
    new = tmp_path / "new.key"
    new.write_text("not a key")
    text_of(environ_of(sqlite_database), "keys", "check")
    for file in (new, tmp_path / "hallway.db" / "new.key"):
        assert "key file" in refusal_of(
            environ_of(sqlite_database), "keys", "change-master", "--new-key-file", str(file)
        )
    assert text_of(environ_of(sqlite_database), "keys", "check")
