"""`hallway hub exchange …` on what a real server kept."""

import json
from pathlib import Path
from typing import Any

from tests.cli.commands import json_of, refusal_of, result_of, text_of
from tests.cli.filled import CANARY, Filled
from tests.engines import run
from tests.flows.replay import replayed
from tests.recorded.fixture import loaded, parsed
from tests.running import RunningHub


def _listed(environ: dict[str, str], filled: Filled, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json_of(environ, "hub", "exchange", "list", filled.source.id, *words)
    return found


def test_exchanges_are_listed_newest_first_with_what_they_did(environ: dict[str, str], filled: Filled) -> None:
    listed = _listed(environ, filled)
    assert [one["at"] for one in listed] == sorted((one["at"] for one in listed), reverse=True)
    assert [(one["method"], one["status"], one["what"]) for one in listed[:4]] == [
        ("GET", 200, "nothing changed"),
        ("POST", 409, "A user with this userName is already in this directory (letter case does not count)."),
        ("DELETE", 204, "user.deleted"),
        ("PATCH", 204, "group.members_changed"),
    ]
    first = listed[-1]
    assert first["did"] == ["user.created"] and first["quirks"] == ["password_discarded"]
    assert first["client"] == "tests/1.0" and first["ms"] > 0


def test_a_list_goes_on_where_it_ended(environ: dict[str, str], filled: Filled) -> None:
    whole = _listed(environ, filled)
    first = _listed(environ, filled, "--limit", "3")
    rest = _listed(environ, filled, "--before", first[-1]["id"])
    assert first + rest == whole


def test_the_list_for_people_has_a_line_for_each(environ: dict[str, str], filled: Filled) -> None:
    lines = text_of(environ, "hub", "exchange", "list", filled.source.id).splitlines()
    assert lines[0].split() == ["id", "at", "method", "path", "status", "ms", "client", "quirks", "what"]
    assert len(lines) == len(_listed(environ, filled)) + 1
    assert " /Users " in lines[2] and "password_discarded" in lines[-1]


def test_an_exchange_is_shown_with_the_document_that_was_answered(environ: dict[str, str], filled: Filled) -> None:
    created = _listed(environ, filled)[-1]
    shape = json_of(environ, "hub", "exchange", "show", filled.source.id, created["id"])
    assert shape["request"]["userName"] == "ada@example.com"
    assert shape["answer"]["resource"] == filled.ada and shape["answer"]["revision"] == 1
    assert shape["answer"]["document"]["displayName"] == "Ada"
    assert [entry["type"] for entry in shape["journal"]] == ["user.created"]
    assert shape["journal"][0]["exchange_id"] == created["id"]


def test_a_revision_that_only_members_made_has_the_document_of_its_time(
    environ: dict[str, str], filled: Filled
) -> None:
    changed = next(one for one in _listed(environ, filled) if one["did"] == ["group.members_changed"])
    shape = json_of(environ, "hub", "exchange", "show", filled.source.id, changed["id"])
    assert shape["answer"]["document"]["displayName"] == "Everybody"


def test_an_exchange_is_shown_to_people(environ: dict[str, str], filled: Filled) -> None:
    _, refused, deleted = _listed(environ, filled, "--limit", "3")
    text = text_of(environ, "hub", "exchange", "show", filled.source.id, refused["id"])
    assert "-> 409" in text and '"scimType": "uniqueness"' in text and "Journal: nothing changed" in text
    text = text_of(environ, "hub", "exchange", "show", filled.source.id, deleted["id"])
    assert "-> 204" in text and "user.deleted" in text and "(none)" in text
    first = _listed(environ, filled)[-1]
    text = text_of(environ, "hub", "exchange", "show", filled.source.id, first["id"])
    assert f"Answer: {filled.ada}, revision 1" in text and "quirks:       password_discarded" in text
    assert CANARY not in text


def test_an_unknown_exchange_is_refused(environ: dict[str, str], filled: Filled) -> None:
    own = filled.source.id
    assert "exchange list" in refusal_of(environ, "hub", "exchange", "show", own, "exch_" + "0" * 32)
    assert "32 hexadecimal digits" in refusal_of(environ, "hub", "exchange", "show", own, "exch_1")
    assert "directory list" in refusal_of(environ, "hub", "exchange", "list", "dir_" + "0" * 32)


def test_strangers_are_listed(environ: dict[str, str], filled: Filled) -> None:
    [refusal] = json_of(environ, "hub", "exchange", "strangers", filled.source.id)
    assert (refusal["method"], refusal["client"]) == ("GET", "tests/1.0")
    assert refusal["reason"] in text_of(environ, "hub", "exchange", "strangers", filled.source.id)


def test_an_export_is_a_fixture(environ: dict[str, str], filled: Filled, tmp_path: Path) -> None:
    ids = [one["id"] for one in _listed(environ, filled)]
    file = tmp_path / "mine" / "captured.json"
    file.parent.mkdir()
    text_of(environ, "hub", "exchange", "export", filled.source.id, *ids, "--output", str(file))
    fixture = loaded(file)
    assert (fixture.mark, fixture.provider, fixture.client) == ("captured", "okta", "tests/1.0")
    assert [step.statuses for step in fixture.steps] == [(one["status"],) for one in _listed(environ, filled)[::-1]]
    assert CANARY not in file.read_text() and "•••" in file.read_text()
    assert filled.ada not in file.read_text()


def test_an_export_is_replayed_with_the_same_answers(environ: dict[str, str], filled: Filled, tmp_path: Path) -> None:
    ids = [one["id"] for one in _listed(environ, filled)]
    printed = text_of(environ, "hub", "exchange", "export", filled.source.id, *ids)
    hub = RunningHub(f"sqlite:///{tmp_path / 'hallway.db'}")
    hub.start()
    try:
        replay = run(replayed(parsed("mine/captured", json.loads(printed)), hub.directory()))
    finally:
        hub.stop()
    assert replay.failures == []


def test_an_export_into_a_place_that_is_not_there_is_refused(environ: dict[str, str], filled: Filled) -> None:
    one = _listed(environ, filled, "--limit", "1")[0]["id"]
    result = result_of(environ, "hub", "exchange", "export", filled.source.id, one, "--output", "/no/such/place")
    assert result.exit_code == 1 and "cannot be written" in result.stderr
