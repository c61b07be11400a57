"""What went wrong is said so that one knows what to do, and the exit code is 1."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import Client, environ_of, json_of, refusal_of, result_of, text_of
from tests.running import RunningHub, free_port


def test_a_server_without_its_database_says_so_and_ends_with_1() -> None:
    environ = {**environ_of(f"postgresql://127.0.0.1:{free_port()}/none"), "HALLWAY_PORT": str(free_port())}
    for words in (("hub", "serve"), ("hub", "organization", "list")):
        command = [sys.executable, "-m", "hallway", *words]
        ended = subprocess.run(command, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
        assert ended.returncode == 1, ended.stderr
        assert "PostgreSQL cannot be reached" in ended.stderr and "what the setting database says" in ended.stderr


def test_a_backup_is_not_written_over_a_directory(environ: dict[str, str], tmp_path: Path) -> None:
    for words in ((), ("--force",)):
        assert "is a directory; name a file" in refusal_of(environ, "backup", str(tmp_path), *words)


def test_a_backup_of_another_master_key_names_the_key_that_is_needed(environ: dict[str, str], tmp_path: Path) -> None:
    text_of(environ, "backup", str(tmp_path / "all.backup"))
    other = {**environ_of(f"sqlite:///{tmp_path / 'new.db'}"), "HALLWAY_MASTER_KEY": "22" * 32}
    said = refusal_of(other, "restore", str(tmp_path / "all.backup"), "--yes")
    assert "of the time when the backup was made" in said
    assert not (tmp_path / "new.db").exists()


def test_a_label_is_refused_and_not_cut(sqlite_database: str) -> None:
    environ = environ_of(sqlite_database)
    one = json_of(environ, "hub", "organization", "create", "Acme")["id"]
    directory = json_of(environ, "hub", "directory", "create", one, "--name", "Staff")["id"]
    for label in ("x" * 201, "a\nb", "\x1b[31m"):
        said = refusal_of(environ, "hub", "token", "create", directory, "--label", label)
        assert "at most 200 printable characters" in said
    made: Any = json_of(environ, "hub", "token", "create", directory, "--label", f" {'x' * 200} ")
    assert made["label"] == "x" * 200


def test_a_member_is_named_by_her_address_too(sqlite_database: str) -> None:
    environ = environ_of(sqlite_database)
    one = json_of(environ, "hub", "organization", "create", "Acme")["id"]
    for name in ("jo", "mojo"):
        json_of(environ, "hub", "member", "invite", one, f"{name}@acme.example")
    said = refusal_of(environ, "hub", "member", "deactivate", one, "Jo@acme.example")
    assert "has not accepted her invitation" in said
    assert "no member" in refusal_of(environ, "hub", "member", "deactivate", one, "o@acme.example")


def test_what_was_not_applied_is_listed_alike_when_a_directory_is_shown_and_enabled(sqlite_database: str) -> None:
    hub = RunningHub(sqlite_database)
    hub.start()
    source = hub.directory()
    client = Client(source)
    ada = client.user("ada@example.com")
    hub.stop()
    json_of(hub.environ, "hub", "directory", "disable", source.id)
    hub.start()
    assert client.send("DELETE", f"/Users/{ada}")[0] == 503
    hub.stop()
    shown = json_of(hub.environ, "hub", "directory", "show", source.id)["not_applied"]
    assert [one["what"] for one in shown] == ["user.deleted"] and shown[0]["path"].endswith(ada)
    assert f"{shown[0]['exchange']}  " in text_of(hub.environ, "hub", "directory", "show", source.id)
    assert json_of(hub.environ, "hub", "directory", "enable", source.id)["not_applied"] == shown


@pytest.mark.parametrize("words", [("export",), ("journal",)])
def test_a_reader_who_has_seen_enough_is_no_mistake(environ: dict[str, str], words: tuple[str, ...]) -> None:
    one: Any = json_of(environ, "hub", "organization", "list")[0]["id"]
    word = ("organization", "export", one, "-") if words == ("export",) else ("journal", one, "--json")
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "hallway", "hub", *word]
    ended = subprocess.run(command, env={**os.environ, **environ}, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, b"")


def test_a_digest_is_64_digits(environ: dict[str, str]) -> None:
    one: Any = json_of(environ, "hub", "organization", "list")[0]["id"]
    directory = json_of(environ, "hub", "directory", "list", one)[0]["id"]
    short = hashlib.sha256(b"x").hexdigest()[:-2]
    assert "64 hex digits" in refusal_of(environ, "hub", "token", "import", directory, "--sha256", short)
    assert result_of(environ, "hub", "token", "import", directory).exit_code == 2
