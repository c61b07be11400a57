"""Backups: whole, the same for both engines, and taken back all or not at all."""

import json
import random
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from hallway.store.archive import ArchiveProblem, archive_in
from hallway.store.archive_shape import SCHEMA_STEPS, tables_of
from hallway.store.migrate import SchemaProblem, steps
from hallway.store.migrations import STEPS
from hallway.store.restoring_undone import COMPARISONS, comparison
from tests.cli.commands import Client, environ_of, json_of, mode_of, refusal_of, result_of, text_of
from tests.cli.filled import CANARY, Filled, fill, furnish, promise_mails
from tests.running import MASTER_KEY, RunningHub
from tests.store.content import Content, columns_of, content_of, schemas_of


@pytest.fixture(scope="session")
def filled_database(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Filled]:
    """An SQLite file with something in every table, and nobody serving it."""
    path = tmp_path_factory.mktemp("filled") / "hallway.db"
    hub = RunningHub(f"sqlite:///{path}")
    hub.start()
    filled = fill(hub)
    furnish(hub)
    hub.stop()
    promise_mails(hub, filled)
    return path, filled


@pytest.fixture(scope="session")
def archive(filled_database: tuple[Path, Filled]) -> Path:
    """A backup of it."""
    path = filled_database[0]
    file = path.with_name("filled.backup")
    text_of(environ_of(f"sqlite:///{path}"), "backup", str(file))
    return file


@pytest.fixture(scope="session")
def expected(filled_database: tuple[Path, Filled]) -> Content:
    """What is in it."""
    return _comparable(content_of(f"sqlite:///{filled_database[0]}"))


def _comparable(content: Content) -> Content:
    """Without the epoch, which every restore begins anew, and without when sessions and grants ended: it ends them."""
    return {
        **content,
        "deployment": [row for row in content["deployment"] if row[0] != "epoch"],
        "session": [row[:4] + row[5:] for row in content["session"]],
        "setup_session": [row[:3] + row[4:] for row in content["setup_session"]],
        "sign_in": [row[1:6] + row[7:] for row in content["sign_in"]],
        "mail_link": [row[:8] for row in content["mail_link"]],
        "app_grant": [row[:5] + row[6:] for row in content["app_grant"]],
    }


def _epoch(url: str) -> str:
    return next(str(row[1]) for row in content_of(url)["deployment"] if row[0] == "epoch")


_OF_THE_OTHER = {"stranger_refusal", "quirk_count", "member_past", "resource_version", "notice", "outgoing_mail"}
"""Tables in which the organization of the console may have nothing; the other organization has."""


def test_every_table_and_column_of_the_schema_is_in_an_archive(database_url: str) -> None:
    text_of(environ_of(database_url), "migrate")
    there = columns_of(database_url)
    del there[SCHEMA_STEPS]
    assert {table.name: sorted(table.columns) for table in tables_of(STEPS[-1][0])} == {
        name: sorted(columns) for name, columns in there.items()
    }


def test_the_filled_database_has_something_in_every_table(expected: Content) -> None:
    assert {name for name, rows in expected.items() if not rows} <= {"deployment", "feed_ended"}


def test_a_restored_database_has_every_row(archive: Path, expected: Content, database_url: str) -> None:
    restored = json_of(environ_of(database_url), "restore", str(archive), "--yes")
    assert _comparable(content_of(database_url)) == expected
    assert (restored["kept"], restored["compared"]) == (None, False)


def test_a_restore_ends_sign_ins_under_way_mailed_links_and_grants(
    archive: Path, filled_database: tuple[Path, Filled], database_url: str
) -> None:
    text_of(environ_of(database_url), "restore", str(archive), "--yes")
    columns = {name: sorted(named) for name, named in columns_of(database_url).items()}
    before, after = content_of(f"sqlite:///{filled_database[0]}"), content_of(database_url)
    for table, column in (("sign_in", "ended_at"), ("mail_link", "used_at"), ("app_grant", "ended_at")):
        place = columns[table].index(column)
        assert any(row[place] is None for row in before[table])
        assert after[table] and all(row[place] is not None for row in after[table])


def test_an_organization_with_something_in_every_table_is_deleted_from_all(
    archive: Path, expected: Content, database_url: str
) -> None:
    environ = environ_of(database_url)
    text_of(environ, "restore", str(archive), "--yes")
    columns = {name: sorted(named) for name, named in columns_of(database_url).items()}
    own = next(bytes(row[columns["organization"].index("organization_id")]) for row in expected["organization"]
               if "Gamma" in row)  # fmt: skip

    def rows_of(content: Content) -> dict[str, int]:
        places = {name: named.index("organization_id") for name, named in columns.items() if "organization_id" in named}
        return {name: sum(row[place] == own for row in content[name]) for name, place in places.items()}

    before = rows_of(content_of(database_url))
    without = {
        "account", "passkey", "recovery_code", "session", "mail_link", "operator", "api_key", "application",
        "application_secret", "signing_key", "seen_assertion", "endpoint", "idempotent_answer",
    }  # fmt: skip
    assert {name for name, count in before.items() if not count and name not in without} <= _OF_THE_OTHER | {
        "feed_ended"
    }
    text_of(environ, "hub", "organization", "delete", f"org_{own.hex()}", "--yes")
    after = content_of(database_url)
    left = {name: count for name, count in rows_of(after).items() if count}
    assert left == {"feed_ended": 1}, "what the feed tells of it, until it was told"
    assert [len(after[name]) for name in without] == [len(expected[name]) for name in without]


def test_a_restore_ends_every_session(database_url: str, sqlite_database: str, tmp_path: Path) -> None:
    there, now = environ_of(sqlite_database), 4_000_000_000_000_000
    text_of(there, "migrate")
    connection = apsw.Connection(sqlite_database.removeprefix("sqlite:///"))
    session = "x'aa', ?, x'cc', 'password', 1, 1, 1, ?, ?, NULL, NULL, '', ''"
    connection.execute(f"INSERT INTO session VALUES ({session})", (b"alive", now, None))
    connection.execute(f"INSERT INTO session VALUES ({session})", (b"ended", now, 7))
    connection.execute("INSERT INTO setup_session VALUES (x'aa', x'bb', x'cc', x'dd', 1, ?, '', '')", (now,))
    connection.close()
    text_of(there, "backup", str(tmp_path / "backup"))
    text_of(environ_of(database_url), "restore", str(tmp_path / "backup"), "--yes")
    content = content_of(database_url)
    columns = {name: sorted(named) for name, named in columns_of(database_url).items()}
    sessions = [dict(zip(columns["session"], row, strict=True)) for row in content["session"]]
    assert {bytes(row["id"]): row["ended_at"] for row in sessions}[b"ended"] == 7
    assert all(row["ended_at"] is not None for row in sessions) and len(sessions) == 2
    [setup] = [dict(zip(columns["setup_session"], row, strict=True)) for row in content["setup_session"]]
    assert setup["expires_at"] < now


@pytest.mark.postgres
def test_a_backup_goes_from_one_engine_to_the_other_and_back(
    archive: Path, expected: Content, postgres_database: str, sqlite_database: str, tmp_path: Path
) -> None:
    there = environ_of(postgres_database)
    text_of(there, "restore", str(archive), "--yes")
    text_of(there, "backup", str(tmp_path / "there"))
    text_of(environ_of(sqlite_database), "restore", str(tmp_path / "there"), "--yes")
    assert _comparable(content_of(sqlite_database)) == expected


def test_a_restored_database_is_served(archive: Path, filled_database: tuple[Path, Filled], database_url: str) -> None:
    text_of(environ_of(database_url), "restore", str(archive), "--yes")
    hub = RunningHub(database_url)
    hub.start()
    filled = filled_database[1]
    source = filled.source
    moved = type(source)(
        source.id, source.organization_id, f"http://127.0.0.1:{hub.port}/scim/{source.id}/v2", source.token
    )
    try:
        status, user = Client(moved).send("GET", f"/Users/{filled.ada}")
        Client(moved).user("new@example.com")
    finally:
        hub.stop()
    assert (status, user["displayName"], len(user["groups"])) == (200, "Ada Byron", 2)


def test_a_backup_is_made_while_the_server_writes(database_url: str, tmp_path: Path) -> None:
    hub = RunningHub(database_url)
    hub.start()
    writing, enough = threading.Event(), threading.Event()
    source = hub.directory()

    def write() -> None:
        client = Client(source)
        number = 0
        while not enough.is_set():
            client.user(f"user-{number}@example.com")
            number += 1
            if number == 20:
                writing.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        writing.wait()
        text_of(hub.environ, "backup", str(tmp_path / "backup"))
    finally:
        enough.set()
        writer.join()
        hub.stop()
    restored = f"sqlite:///{tmp_path / 'restored.db'}"
    text_of(environ_of(restored), "restore", str(tmp_path / "backup"), "--yes")
    content = content_of(restored)
    users = len(content["resource"])
    # organization, directory and token come before the users
    place = sorted(columns_of(restored)["journal_head"]).index
    heads = {row[place("organization_id")]: row[place("seq")] for row in content["journal_head"]}
    assert users >= 20 and heads == {bytes(16): 0, content["organization"][0][3]: users + 3}
    assert len(content["journal"]) == users + 3 and len(content["exchange"]) == users


def test_a_backup_is_its_owners_and_holds_neither_master_key_nor_passwords(archive: Path) -> None:
    assert mode_of(archive) == 0o600
    with zipfile.ZipFile(archive) as file:
        content = b"".join(file.read(name) for name in file.namelist())
    for secret in (MASTER_KEY.encode(), bytes.fromhex(MASTER_KEY), CANARY.encode()):
        assert secret not in content
    assert b"Ada Byron" in content


def test_a_backup_has_waiting_mails_sealed(archive: Path, expected: Content) -> None:
    with zipfile.ZipFile(archive) as file:
        content = b"".join(file.read(name) for name in file.namelist())
    assert len(expected["outgoing_mail"]) >= 2
    assert (
        b"hw_invite_" not in content and b"Open this address" not in content and b"Make the next token" not in content
    )


def test_a_backup_names_what_is_in_it(archive: Path, expected: Content) -> None:
    with archive_in(archive) as opened:
        manifest = opened.manifest
    assert (manifest.format, manifest.engine, manifest.schema) == (1, "sqlite", STEPS[-1][0])
    assert {table.name: table.rows for table in manifest.tables if table.name != "deployment"} == {
        name: len(rows) for name, rows in expected.items() if name not in (SCHEMA_STEPS, "deployment")
    }


def test_a_file_that_is_there_is_replaced_only_by_force(filled_database: tuple[Path, Filled], tmp_path: Path) -> None:
    environ = environ_of(f"sqlite:///{filled_database[0]}")
    file = tmp_path / "backup"
    file.write_text("mine")
    assert "--force" in refusal_of(environ, "backup", str(file))
    assert file.read_text() == "mine"
    shape = json_of(environ, "backup", str(file), "--force")
    assert shape["bytes"] == file.stat().st_size and zipfile.is_zipfile(file)
    assert [path.name for path in tmp_path.iterdir()] == ["backup"] and mode_of(file) == 0o600


def test_a_backup_that_cannot_be_made_says_why(sqlite_database: str, tmp_path: Path) -> None:
    assert "There is no database" in refusal_of(environ_of(sqlite_database), "backup", str(tmp_path / "b"))
    apsw.Connection(str(tmp_path / "hallway.db")).execute("CREATE TABLE something (x)")
    assert "no tables of Hallway" in refusal_of(environ_of(sqlite_database), "backup", str(tmp_path / "b"))
    text_of(environ_of(sqlite_database), "migrate")
    assert "cannot be written" in refusal_of(environ_of(sqlite_database), "backup", str(tmp_path / "no" / "b"))
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.postgres
def test_an_empty_postgres_database_has_nothing_to_back_up(postgres_database: str, tmp_path: Path) -> None:
    assert "no tables of Hallway" in refusal_of(environ_of(postgres_database), "backup", str(tmp_path / "b"))


def _read_all(file: Path) -> dict[str, list[Any]]:
    with archive_in(file) as archive:
        return {table.name: sorted(archive.rows(table.name), key=repr) for table in archive.manifest.tables}


def test_a_damaged_backup_is_refused_or_reads_as_before(archive: Path, tmp_path: Path) -> None:
    whole, content = archive.read_bytes(), _read_all(archive)
    draw = random.Random(7)
    refused = 0
    for _ in range(400):
        damaged = bytearray(whole)
        damaged[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        (tmp_path / "damaged").write_bytes(damaged)
        try:
            assert _read_all(tmp_path / "damaged") == content
        except (ArchiveProblem, SchemaProblem):
            refused += 1
    assert refused > 300


def test_a_backup_that_is_cut_off_is_refused(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    for size in (0, 1, 100, len(whole) // 2, len(whole) - 30, len(whole) - 1):
        (tmp_path / "cut").write_bytes(whole[:size])
        with pytest.raises(ArchiveProblem):
            _read_all(tmp_path / "cut")


def _edited(archive: Path, file: Path, **changes: object) -> Path:
    """The archive with another manifest."""
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "manifest.json":
                content = json.dumps({**json.loads(content), **changes}).encode()
            new.writestr(name, content)
    return file


def test_a_backup_of_a_newer_program_is_refused(archive: Path, sqlite_database: str, tmp_path: Path) -> None:
    environ = environ_of(sqlite_database)
    newer = _edited(archive, tmp_path / "format", format=2)
    assert "format 2" in refusal_of(environ, "restore", str(newer), "--yes")
    with archive_in(archive) as opened:
        ran = [{"id": step.id, "name": step.name, "checksum": step.checksum} for step in opened.manifest.steps]
    later = [*ran, {"id": 9999, "name": "later", "checksum": "0"}]
    newer = _edited(archive, tmp_path / "schema", steps=later)
    assert "9999" in refusal_of(environ, "restore", str(newer), "--yes")
    edited = _edited(archive, tmp_path / "edited", steps=[{**ran[0], "checksum": "0"}, *ran[1:]])
    assert "edited" in refusal_of(environ, "restore", str(edited), "--yes")
    assert "tables of its schema" in refusal_of(
        environ, "restore", str(_edited(archive, tmp_path / "tables", tables=[])), "--yes"
    )


def test_rows_that_contradict_each_other_are_refused(archive: Path, database_url: str, tmp_path: Path) -> None:
    """A token of a directory that the backup does not have."""
    file = tmp_path / "contradiction"
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(file, "w") as new:
        manifest = json.loads(old.read("manifest.json"))
        for table in manifest["tables"]:
            if table["name"] == "directory":
                table.update(rows=0, sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        for name in old.namelist():
            content = b"" if name == "tables/directory" else old.read(name)
            new.writestr(name, json.dumps(manifest) if name == "manifest.json" else content)
    environ = environ_of(database_url)
    text_of(environ, "hub", "organization", "create", "Before")
    before = content_of(database_url)
    assert "does not hold together" in refusal_of(environ, "restore", str(file), "--yes")
    assert content_of(database_url) == before


def test_the_wrong_master_key_is_refused_before_anything_changes(archive: Path, database_url: str) -> None:
    other = {**environ_of(database_url), "HALLWAY_MASTER_KEY": "22" * 32}
    text_of(other, "hub", "organization", "create", "Before")
    before = content_of(database_url)
    assert "master key" in refusal_of(other, "restore", str(archive), "--yes")
    assert content_of(database_url) == before


def test_a_restore_makes_no_key_file(archive: Path, sqlite_database: str, tmp_path: Path) -> None:
    environ = {**environ_of(sqlite_database), "HALLWAY_MASTER_KEY": ""}
    assert "Put the key file" in refusal_of(environ, "restore", str(archive), "--yes")
    (tmp_path / "hallway.db.key").write_text(MASTER_KEY)
    text_of(environ, "restore", str(archive), "--yes")
    assert mode_of(tmp_path / "hallway.db") == 0o600


def test_a_database_that_is_served_is_not_replaced(archive: Path, database_url: str) -> None:
    hub = RunningHub(database_url)
    hub.start()
    try:
        refusal = refusal_of(hub.environ, "restore", str(archive), "--yes")
        assert "held by another process" in refusal or "connection" in refusal
        hub.directory()
    finally:
        hub.stop()


def test_a_restore_asks_first(archive: Path, database_url: str) -> None:
    environ = environ_of(database_url)
    text_of(environ, "hub", "organization", "create", "Before")
    before = content_of(database_url)
    result = result_of(environ, "restore", str(archive), answer="n\n")
    assert result.exit_code == 1 and "Nothing was changed" in result.stderr
    assert content_of(database_url) == before
    assert result_of(environ, "restore", str(archive), answer="y\n").exit_code == 0
    assert content_of(database_url) != before


def test_the_database_before_is_kept_whole(archive: Path, database_url: str, tmp_path: Path) -> None:
    environ = environ_of(database_url)
    text_of(environ, "hub", "organization", "create", "Before")
    before = content_of(database_url)
    kept = json_of(environ, "restore", str(archive), "--yes")["kept"]
    if database_url.startswith("sqlite"):
        assert content_of(f"sqlite:///{kept}") == before
        assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("hallway.db")) == sorted(
            ["hallway.db", "hallway.db.lock", Path(kept).name]
        )
    else:
        schema = kept.removeprefix("schema ")
        assert content_of(database_url, schema) == before
        assert schemas_of(database_url) == ["hallway", schema]


def test_a_restore_begins_a_new_epoch(archive: Path, database_url: str, filled_database: tuple[Path, Filled]) -> None:
    environ = environ_of(database_url)
    first = json_of(environ, "restore", str(archive), "--yes")["epoch"]
    assert _epoch(database_url) == first != _epoch(f"sqlite:///{filled_database[0]}")


@pytest.fixture
def restored_hub(database_url: str, archive: Path) -> Iterator[RunningHub]:
    """A server over what the backup holds."""
    text_of(environ_of(database_url), "restore", str(archive), "--yes")
    hub = RunningHub(database_url)
    hub.start()
    yield hub
    hub.stop()


def _taken_back(hub: RunningHub, archive: Path) -> dict[tuple[str, str], list[dict[str, Any]]]:
    hub.stop()
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    shape = json_of(hub.environ, "restore", str(archive), "--yes")
    assert shape["compared"]
    for one in shape["undone"]:
        found.setdefault((one["kind"], one["was"]), []).append(one)
    return found


def test_revocations_that_the_backup_undoes_are_listed(
    restored_hub: RunningHub, archive: Path, filled_database: tuple[Path, Filled]
) -> None:
    filled, hub = filled_database[1], restored_hub
    base = f"http://127.0.0.1:{hub.port}/scim/{filled.source.id}/v2"
    client = Client(type(filled.source)(filled.source.id, filled.source.organization_id, base, filled.source.token))
    client.patch(f"/Users/{filled.ada}", op="replace", path="active", value=False)
    client.patch(f"/Groups/{filled.team}", op="remove", path=f'members[value eq "{filled.bob}"]')
    client.delete(f"/Users/{filled.cyd}")
    client.user("later@example.com")
    tokens = json_of(hub.environ, "hub", "token", "list", filled.source.id)
    text_of(hub.environ, "hub", "token", "revoke", tokens[0]["id"])
    undone = _taken_back(hub, archive)
    assert set(undone) == {
        ("user", "deactivated"),
        ("user", "deleted"),
        ("membership", "removed"),
        ("token", "revoked"),
    }
    [ada], [cyd] = undone["user", "deactivated"], undone["user", "deleted"]
    assert (ada["id"], ada["name"], cyd["id"], cyd["name"]) == (filled.ada, "Ada Byron", filled.cyd, "cyd@example.com")
    assert cyd["again"] == f'curl -X DELETE -H "Authorization: Bearer $TOKEN" {base}/Users/{filled.cyd}'
    [membership] = undone["membership", "removed"]
    assert (membership["id"], membership["group_id"]) == (filled.bob, filled.team)
    assert undone["token", "revoked"][0]["again"] == f"hallway hub token revoke {tokens[0]['id']}"


def test_what_a_restore_says_to_do_again_can_be_done(
    restored_hub: RunningHub, archive: Path, filled_database: tuple[Path, Filled]
) -> None:
    filled, hub = filled_database[1], restored_hub
    base = f"http://127.0.0.1:{hub.port}/scim/{filled.source.id}/v2"
    client = Client(type(filled.source)(filled.source.id, filled.source.organization_id, base, filled.source.token))
    client.patch(f"/Users/{filled.ada}", op="replace", path="active", value=False)
    client.patch(f"/Groups/{filled.team}", op="remove", path=f'members[value eq "{filled.bob}"]')
    client.delete(f"/Groups/{filled.everybody}")
    commands = [one["again"] for found in _taken_back(hub, archive).values() for one in found]
    hub.start()
    for command in commands:
        subprocess.run(
            ["/bin/sh", "-c", command.replace("curl ", "curl --silent --fail ")],
            env={"TOKEN": filled.source.token, "PATH": "/usr/bin:/bin"},
            check=True,
        )
    assert client.send("GET", f"/Users/{filled.ada}")[1]["active"] is False
    assert "members" in client.send("GET", f"/Groups/{filled.team}")[1]
    assert client.send("GET", f"/Users/{filled.bob}")[1].get("groups") is None
    assert client.send("GET", f"/Groups/{filled.everybody}")[0] == 404
    text_of(hub.environ, "backup", str(archive.with_name("again")), "--force")


def test_ended_directories_and_organizations_are_listed(
    restored_hub: RunningHub, archive: Path, filled_database: tuple[Path, Filled]
) -> None:
    source, hub = filled_database[1].source, restored_hub
    text_of(hub.environ, "hub", "directory", "disable", source.id)
    text_of(hub.environ, "hub", "organization", "suspend", source.organization_id)
    undone = _taken_back(hub, archive)
    assert [one["again"] for one in undone["directory", "disabled"]] == [f"hallway hub directory disable {source.id}"]
    assert [one["again"] for one in undone["organization", "suspended"]] == [
        f"hallway hub organization suspend {source.organization_id}"
    ]


def test_a_deleted_organization_is_listed_once_and_not_person_by_person(
    restored_hub: RunningHub, archive: Path, filled_database: tuple[Path, Filled]
) -> None:
    hub, own = restored_hub, filled_database[1].source.organization_id
    hub.directory()
    text_of(hub.environ, "hub", "organization", "delete", own, "--yes")
    assert {kind: [one["id"] for one in found] for kind, found in _taken_back(hub, archive).items()} == {
        ("organization", "deleted"): [own]
    }


def test_a_file_that_somebody_has_open_is_not_replaced(archive: Path, sqlite_database: str, tmp_path: Path) -> None:
    environ = environ_of(sqlite_database)
    text_of(environ, "hub", "organization", "create", "Before")
    before = content_of(sqlite_database)
    other = apsw.Connection(str(tmp_path / "hallway.db"))
    other.execute("SELECT * FROM organization").fetchall()
    assert "open" in refusal_of(environ, "restore", str(archive), "--yes")
    other.close()
    assert content_of(sqlite_database) == before


def test_who_opened_the_file_before_cannot_write_beside_the_new_one(
    archive: Path, sqlite_database: str, tmp_path: Path
) -> None:
    environ = environ_of(sqlite_database)
    text_of(environ, "hub", "organization", "create", "Before")
    early = apsw.Connection(str(tmp_path / "hallway.db"))
    text_of(environ, "restore", str(archive), "--yes")
    with pytest.raises(apsw.Error):
        early.execute("PRAGMA journal_mode=WAL").fetchall()
        early.execute("DELETE FROM organization")
    early.close()
    assert not (tmp_path / "hallway.db-wal").exists()


@pytest.mark.parametrize("wal", [b"", b"not a log"])
def test_a_file_that_cannot_be_read_is_kept_with_all_that_is_beside_it(
    archive: Path, expected: Content, sqlite_database: str, tmp_path: Path, wal: bytes
) -> None:
    (tmp_path / "hallway.db").write_bytes(b"not a database" * 1000)
    if wal:
        (tmp_path / "hallway.db-wal").write_bytes(wal)
    shape = json_of(environ_of(sqlite_database), "restore", str(archive), "--yes")
    assert not shape["compared"] and "cannot be read" in shape["not_compared"]
    assert Path(shape["kept"]).read_bytes().startswith(b"not a database")
    assert not wal or Path(shape["kept"] + "-wal").read_bytes() == wal
    assert _comparable(content_of(sqlite_database)) == expected


KILLED = """
import os, signal, sys
from pathlib import Path
left = int(sys.argv.pop(1))

def deadly(function):
    def call(*args, **keywords):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **keywords)
    return call

for name in ("replace", "hardlink_to", "unlink"):
    setattr(Path, name, deadly(getattr(Path, name)))
os.fsync = deadly(os.fsync)
os.open = deadly(os.open)
import hallway.store.restoring_sqlite as restoring
for name in ("_loaded", "_compared", "_exchanged", "_fold", "_keep", "_judge"):
    setattr(restoring, name, deadly(getattr(restoring, name)))
from hallway.cli import main
main()
"""


def test_a_killed_restore_leaves_the_old_database_or_the_new_one(
    archive: Path, expected: Content, sqlite_database: str, tmp_path: Path
) -> None:
    environ = environ_of(sqlite_database)
    text_of(environ, "hub", "organization", "create", "Before")
    old = content_of(sqlite_database)
    path = tmp_path / "hallway.db"
    shutil.copy2(path, tmp_path / "old")
    seen: list[str] = []
    for point in range(100):
        shutil.copy2(tmp_path / "old", path)
        command = [sys.executable, "-c", KILLED, str(point), "restore", str(archive), "--yes"]
        ended = subprocess.run(command, env={"PATH": "/usr/bin", **environ}, capture_output=True, check=False)
        assert ended.returncode in (0, -signal.SIGKILL), ended.stderr.decode()
        text_of(environ, "keys", "check")
        now = content_of(sqlite_database)
        seen.append("old" if now == old else "new")
        assert now == old or _comparable(now) == expected
        for kept in tmp_path.glob("hallway.db.before-*"):
            assert content_of(f"sqlite:///{kept}") == old
            kept.unlink()
        if ended.returncode == 0:
            break
    assert ended.returncode == 0 and seen == sorted(seen, reverse=True) and {"old", "new"} == set(seen)


@pytest.mark.postgres
def test_a_killed_restore_leaves_the_old_schema(archive: Path, postgres_database: str) -> None:
    environ = environ_of(postgres_database)
    text_of(environ, "hub", "organization", "create", "Before")
    old = content_of(postgres_database)
    program = (
        "import os, signal, hallway.store.restoring_postgres as restoring\n"
        "restoring._compared = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from hallway.cli import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", program, "restore", str(archive), "--yes"]
    ended = subprocess.run(command, env={"PATH": "/usr/bin", **environ}, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert schemas_of(postgres_database) == ["hallway"] and content_of(postgres_database) == old


@pytest.mark.parametrize("kind", COMPARISONS)
def test_a_comparison_reads_no_directory_once_for_each_person(kind: str) -> None:
    connection = apsw.Connection(":memory:")
    connection.execute("ATTACH ':memory:' AS old")
    for statement in (text for step in steps("sqlite") for text in step.statements):
        connection.execute(statement)
        connection.execute(statement.replace("TABLE ", "TABLE old.").replace("INDEX ", "INDEX old."))
    plan = connection.execute("EXPLAIN QUERY PLAN " + comparison(COMPARISONS[kind], "main", "old", 0))
    within = [row[3] for row in plan if str(row[3]).startswith(("SEARCH m ", "SEARCH a ", "SEARCH r ", "SCAN m"))]
    assert [line for line in within if not line.endswith("id=?)") or "kind=? AND id=?" not in line] == []
