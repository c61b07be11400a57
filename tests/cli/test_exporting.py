"""`hallway hub organization export`: everything of an organization, without secrets."""

import base64
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hallway.cli import exporting, exporting_people
from hallway.store.organizations import TENANT_TABLES
from tests.cli.commands import environ_of, json_of, mode_of, refusal_of, text_of
from tests.cli.filled import CANARY, Filled, furnish
from tests.running import RunningHub
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


_OF_TABLE = {
    "organization_member": "member", "invitation": "invitation", "member_link": "member_link", "domain": "domain",
    "contact": "contact", "setup_link": "setup_link", "connection": "connection", "identity": "identity",
    "enforcement": "enforcement", "attempt": "attempt", "refused_stranger": "refused_stranger", "token": "token",
    "directory": "directory", "exchange": "exchange", "stranger_refusal": "stranger_refusal",
    "journal": "journal_entry", "request_count": "request_count", "quirk_count": "quirk_count",
    "receipt": "receipt", "stream": "stream",
}  # fmt: skip
_LEFT_OUT = {
    "outgoing_mail", "notice", "session", "setup_session", "sign_in", "sso_session", "seen_message", "mail_link",
    "account", "passkey", "recovery_code", "operator", "journal_personal", "member", "member_past",
    "resource", "resource_count", "resource_key", "resource_version", "application", "application_secret", "api_key",
    "signing_key", "app_grant", "auth_code", "refresh_token", "endpoint", "lane", "delivery", "delivery_attempt",
    "stream_pending", "idempotent_answer", "member_version", "seen_assertion",
}  # fmt: skip
"""Accounts' and the deployment's own, what waits for minutes, how far others were told, and what is inside the records
of others."""


def test_no_table_of_an_organization_is_forgotten() -> None:
    assert set(_OF_TABLE) | _LEFT_OUT == set(TENANT_TABLES)


@pytest.fixture(scope="module")
def furnished_hub(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], str]:
    """The environment of a deployment with an organization of the console in it, and that organization."""
    hub = RunningHub(f"sqlite:///{tmp_path_factory.mktemp('furnished') / 'hallway.db'}")
    hub.start()
    own = furnish(hub)
    hub.stop()
    return hub.environ, own


@pytest.mark.parametrize("page", [500, 1])
def test_an_organization_of_the_console_is_exported_whole(
    furnished_hub: tuple[dict[str, str], str], tmp_path: Path, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ, own = furnished_hub
    monkeypatch.setattr(exporting_people, "PAGE", page)
    text_of(environ, "hub", "organization", "export", own, str(tmp_path / "export"))
    text = (tmp_path / "export").read_text()
    records = [json.loads(line) for line in text.splitlines()]
    content = content_of(environ["HALLWAY_DATABASE"])
    places = {name: sorted(columns).index("organization_id") for name, columns in
              columns_of(environ["HALLWAY_DATABASE"]).items() if "organization_id" in columns}  # fmt: skip
    one = bytes.fromhex(own.partition("_")[2])
    rows = {name: [row for row in content[name] if row[places[name]] == one] for name in _OF_TABLE}
    counted = Counter(record["record"] for record in records)
    assert {kind: counted[kind] for kind in _OF_TABLE.values()} == {
        kind: len(rows[table]) for table, kind in _OF_TABLE.items()
    }
    assert sorted(set(_OF_TABLE.values()) - counted.keys()) == ["stranger_refusal"]
    [attempt] = [record for record in records if record["record"] == "attempt" and record["who"] == "eve"]
    assert attempt["detail"] == {"came": "in vain"}
    columns = {name: sorted(named) for name, named in columns_of(environ["HALLWAY_DATABASE"]).items()}
    for table, secret in (("invitation", "hash"), ("stream", "hash"), ("setup_link", "hash"), ("connection", "sealed")):
        for row in rows[table]:
            kept = bytes(row[columns[table].index(secret)])
            assert kept and kept.hex() not in text and base64.b64encode(kept).decode() not in text


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
