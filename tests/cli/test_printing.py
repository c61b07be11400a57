"""What commands print for people: nothing from outside may move a cursor, hide a line or add one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.cli.printing import OBEYED, harmless, plain, show_json, tell
from tests.cli.commands import Client, json_of, text_of
from tests.running import RunningHub

HOSTILE = "Mallory\x1b[2J\x9b31m\u202egnp\nuser.deleted"
"""It clears the screen, turns red in the short form, turns direction, and begins a line of its own."""


@given(st.text())
def test_what_is_printed_has_nothing_that_a_terminal_obeys_and_other_texts_stay(text: str) -> None:
    assert OBEYED.search(harmless(text)) is None
    if text.isprintable():
        assert harmless(text) == OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    assert harmless("Zoë Ünal 山田") == "Zoë Ünal 山田"


@given(st.recursive(st.none() | st.booleans() | st.text(), lambda inner: st.dictionaries(st.text(), inner)))
def test_json_is_the_same_json_with_harmless_texts(value: object) -> None:
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("builtins.print", printed.append)
        show_json(value)  # type: ignore[arg-type]
    assert json.loads("\n".join(printed)) == value
    assert not any(OBEYED.search(line) for line in printed)


def test_a_name_that_a_client_sent_moves_no_cursor(sqlite_database: str) -> None:
    hub = RunningHub(sqlite_database)
    hub.start()
    source = hub.directory()
    Client(source).user("mallory@example.com", displayName=HOSTILE)
    Client(source).send("POST", "/Users", {"schemas": [], "userName": "mallory@example.com", "displayName": HOSTILE})
    hub.stop()
    exchange = json_of(hub.environ, "hub", "exchange", "list", source.id)[0]["id"]
    for words in (
        ("journal", source.organization_id),
        ("exchange", "list", source.id),
        ("exchange", "show", source.id, exchange),
        ("organization", "show", source.organization_id),
    ):
        for line in text_of(hub.environ, "hub", *words).split("\n"):
            assert OBEYED.search(line) is None and not line.startswith("user.deleted")
    assert "Mallory\\u001b[2J\\u009b31m\\u202egnp\\u000auser.deleted" in text_of(
        hub.environ, "hub", "journal", source.organization_id
    )
    [created] = [
        entry
        for entry in json_of(hub.environ, "hub", "journal", source.organization_id)
        if entry["type"] == "user.created"
    ]
    assert created["after"]["displayName"] == HOSTILE


def test_an_object_is_told_in_words_of_people(capsys: pytest.CaptureFixture[str]) -> None:
    tell(
        {
            "id": "dir_1",
            "empty": None,
            "rules": {"strict": False, "immutable": ["a", "b"], "schemas": []},
            "keys": [{"state": "trusted", "missing_since": None}, "other"],
            "quirks": {},
        }
    )
    assert capsys.readouterr().out.split("\n") == [
        "id:      dir_1",
        "empty:",
        "rules:",
        "  strict:     no",
        "  immutable:  a, b",
        "  schemas:    (none)",
        "keys:",
        "  trusted",
        "  other",
        "quirks:  (none)",
        "",
    ]
    assert plain({"a": True, "b": 3}) == "a: yes, b: 3"


def test_instants_in_the_journal_are_dates_for_people_and_numbers_for_programs(environ: dict[str, str]) -> None:
    one = json_of(environ, "hub", "organization", "list")[0]["id"]
    [made, *_] = [entry for entry in json_of(environ, "hub", "journal", one) if entry["type"] == "token.created"]
    assert isinstance(made["facts"]["expires_at"], int)
    told = text_of(environ, "hub", "journal", one)
    assert str(made["facts"]["expires_at"]) not in told and "expires_at: 20" in told
    assert text_of(environ, "hub", "journal", one, "--after", "9999") == "(none)\n"
