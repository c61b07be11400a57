"""`hallway hub organization export`: everything of an organization, without secrets."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hallway.cli import exporting
from tests.cli.commands import environ_of, json_of, mode_of, refusal_of, text_of
from tests.cli.filled import CANARY, Filled
from tests.store.content import columns_of, content_of


def _exported(environ: dict[str, str], filled: Filled, file: Path) -> list[dict[str, Any]]:
    text_of(environ, "hub", "organization", "export", filled.source.organization_id, str(file))
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_every_row_of_an_organization_is_exported(environ: dict[str, str], filled: Filled, tmp_path: Path) -> None:
    counted = Counter(record["record"] for record in _exported(environ, filled, tmp_path / "export"))
    rows = {name: len(found) for name, found in content_of(environ["HALLWAY_DATABASE"]).items()}
    assert counted.pop("user") + counted.pop("group") == rows["resource"]
    assert counted == {
        "organization": 1,
        "directory": 1,
        "token": rows["token"],
        "journal_entry": rows["journal"],
        "exchange": rows["exchange"],
        "stranger_refusal": rows["stranger_refusal"],
        "request_count": rows["request_count"],
        "quirk_count": rows["quirk_count"],
    }


def test_users_and_groups_are_exported_complete(environ: dict[str, str], filled: Filled, tmp_path: Path) -> None:
    records = {
        record["resource"]["id"]: record["resource"]
        for record in _exported(environ, filled, tmp_path / "export")
        if "resource" in record
    }
    ada, everybody = records[filled.ada], records[filled.everybody]
    assert {group["type"] for group in ada["groups"]} == {"direct", "indirect"}
    assert ada["displayName"] == "Ada Byron" and ada["meta"]["version"] == 'W/"2"'
    assert {member["value"] for member in everybody["members"]} == {filled.team, filled.cyd}


def test_no_secret_is_exported(environ: dict[str, str], filled: Filled, tmp_path: Path) -> None:
    file = tmp_path / "export"
    _exported(environ, filled, file)
    text = file.read_text()
    [digest] = _hashes(environ)
    assert filled.source.token not in text and CANARY not in text and digest.hex() not in text
    assert mode_of(file) == 0o600 and [path.name for path in tmp_path.iterdir()] == ["export"]


def _hashes(environ: dict[str, str]) -> list[bytes]:
    place = sorted(columns_of(environ["HALLWAY_DATABASE"])["token"]).index("hash")
    return [row[place] for row in content_of(environ["HALLWAY_DATABASE"])["token"]]


def test_pages_do_not_show(
    environ: dict[str, str], filled: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _exported(environ, filled, tmp_path / "whole")
    monkeypatch.setattr(exporting, "PAGE", 2)
    assert _exported(environ, filled, tmp_path / "paged") == whole


def test_people_who_were_kept_by_hand_are_exported_with_their_deleted_directory(
    sqlite_database: str, tmp_path: Path, environ: dict[str, str], filled: Filled
) -> None:
    own = environ_of(sqlite_database)
    text_of(environ, "backup", str(tmp_path / "backup"))
    text_of(own, "restore", str(tmp_path / "backup"), "--yes")
    text_of(own, "hub", "directory", "delete", filled.source.id, "--people", "keep", "--yes")
    records = _exported(own, filled, tmp_path / "export")
    assert next(record for record in records if record["record"] == "directory")["state"] == "deleted"
    assert filled.ada in {record["resource"]["id"] for record in records if "resource" in record}


def test_an_export_goes_to_standard_output(environ: dict[str, str], filled: Filled) -> None:
    printed = text_of(environ, "hub", "organization", "export", filled.source.organization_id, "-")
    assert json.loads(printed.splitlines()[0])["record"] == "organization"
    assert all(json.loads(line)["record"] for line in printed.splitlines())


def test_an_export_that_cannot_be_written_is_refused(environ: dict[str, str], filled: Filled, tmp_path: Path) -> None:
    file = str(tmp_path / "no" / "export")
    assert "cannot be written" in refusal_of(
        environ, "hub", "organization", "export", filled.source.organization_id, file
    )
    assert json_of(environ, "hub", "organization", "list")
