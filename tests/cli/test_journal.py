"""`hallway hub journal`: who, what, before and after, and from which exchange."""

from pathlib import Path
from typing import Any

from tests.cli.commands import environ_of, json_of, text_of
from tests.cli.filled import CANARY, Filled


def _journal(environ: dict[str, str], filled: Filled, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json_of(environ, "hub", "journal", filled.source.organization_id, *words)
    return found


def test_entries_are_gapless_and_name_their_actor_and_exchange(environ: dict[str, str], filled: Filled) -> None:
    entries = _journal(environ, filled)
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert entries[0]["actor"]["kind"] == "command" and entries[0]["exchange_id"] is None
    created = next(entry for entry in entries if entry["subject_id"] == filled.ada)
    assert created["actor"]["kind"] == "token" and created["actor"]["label"] == "tests/1.0"
    assert created["actor"]["id"].startswith("tok_") and created["actor"]["address"] == "127.0.0.1"
    assert created["exchange_id"].startswith("exch_") and created["directory_id"] == filled.source.id
    assert created["personal"]["userName"] == "ada@example.com"


def test_a_creation_has_the_whole_resource_behind_it(environ: dict[str, str], filled: Filled) -> None:
    created = next(entry for entry in _journal(environ, filled) if entry["subject_id"] == filled.ada)
    assert created["before"] is None
    assert created["after"]["userName"] == "ada@example.com" and created["after"]["displayName"] == "Ada"
    assert CANARY not in str(created)


def test_a_change_has_what_changed_and_nothing_else(environ: dict[str, str], filled: Filled) -> None:
    [updated] = [entry for entry in _journal(environ, filled) if entry["type"] == "user.updated"]
    assert (updated["before"], updated["after"]) == ({"displayName": "Ada"}, {"displayName": "Ada Byron"})
    assert updated["facts"] == {"attributes": ["displayName"]}


def test_a_deletion_has_the_whole_resource_before_it(environ: dict[str, str], filled: Filled) -> None:
    [deleted] = [entry for entry in _journal(environ, filled) if entry["type"] == "user.deleted"]
    assert deleted["before"]["userName"] == "gone@example.com" and deleted["after"] is None
    assert deleted["facts"]["groups"] == [filled.team]


def test_a_change_of_members_names_them_and_not_the_group(environ: dict[str, str], filled: Filled) -> None:
    removed, added = [entry for entry in _journal(environ, filled) if entry["type"] == "group.members_changed"]
    assert removed["facts"]["removed"] == [filled.cyd.removeprefix("user_")]
    assert added["facts"]["added"] == [filled.cyd]
    assert removed["subject_id"] == filled.everybody and removed["before"] is removed["after"] is None


def test_a_page_begins_behind_an_entry(environ: dict[str, str], filled: Filled) -> None:
    whole = _journal(environ, filled)
    assert _journal(environ, filled, "--after", "2", "--limit", "3") == whole[2:5]


def test_people_read_before_and_after(environ: dict[str, str], filled: Filled) -> None:
    text = text_of(environ, "hub", "journal", filled.source.organization_id)
    assert "displayName: Ada -> Ada Byron" in text
    assert "userName: (nothing) -> ada@example.com" in text
    assert f'added: ["{filled.cyd}"]' in text and "by token tests/1.0, tok_" in text
    assert text_of(environ, "hub", "journal", filled.source.organization_id, "--limit", "2").endswith("--after 2\n")


def test_a_move_changes_nothing_of_a_person(
    environ: dict[str, str], filled: Filled, sqlite_database: str, tmp_path: Path
) -> None:
    own = environ_of(sqlite_database)
    text_of(environ, "backup", str(tmp_path / "backup"))
    text_of(own, "restore", str(tmp_path / "backup"), "--yes")
    to = json_of(own, "hub", "directory", "create", filled.source.organization_id, "--name", "New")["id"]
    text_of(own, "hub", "directory", "delete", filled.source.id, "--people", "move", "--to", to, "--yes")
    moved = [entry for entry in _journal(own, filled) if entry["type"].endswith(".moved")]
    assert {filled.ada, filled.team} <= {entry["subject_id"] for entry in moved}
    assert all(entry["facts"] == {"to": to} for entry in moved)
    assert all(entry["before"] is entry["after"] is None for entry in moved)
