"""How the words of a command line are read: shared flags anywhere, the last of several, variables, mistakes."""

from pathlib import Path
from typing import Any

import pytest

from hallway.cli import organizations
from tests.cli.commands import environ_of, json_of, refusal_of, result_of, text_of
from tests.running import MASTER_KEY

LISTING = ("hub", "organization", "list", "--json")


@pytest.fixture
def places(tmp_path: Path) -> tuple[str, str]:
    """Two databases; in the first one is an organization."""
    first, second = (f"sqlite:///{tmp_path / name}" for name in ("first.db", "second.db"))
    json_of(environ_of(first), "hub", "organization", "create", "Acme")
    json_of(environ_of(second), "hub", "organization", "list")
    return first, second


def test_what_every_command_takes_may_stand_before_its_name_and_the_last_one_counts(places: tuple[str, str]) -> None:
    first, second = places
    environ = {"HALLWAY_MASTER_KEY": MASTER_KEY, "HALLWAY_DATABASE": second}

    def found(*words: str) -> int:
        return text_of(environ, *words).count("Acme")

    assert found(*LISTING) == 0
    assert found(*LISTING, "--database", first) == 1
    assert found("--database", first, *LISTING) == 1
    assert found("hub", f"--database={first}", "organization", "list") == 1
    assert found("--json", "hub", "organization", "--database", first, "list") == 1
    assert found(*LISTING, "--database", second, "--database", first) == 1
    assert found(*LISTING, "--database", first, "--database", second) == 0
    assert found("--database", first, *LISTING, "--database", second) == 0
    assert found("--database", second, "hub", "--database", first, *LISTING[1:]) == 1


def test_a_shared_flag_that_a_command_has_not_is_refused(places: tuple[str, str]) -> None:
    result = result_of(environ_of(places[0]), "--json", "hub", "token", "revoke", "tok_x")
    assert result.exit_code == 2 and "No such option: --json" in result.stderr
    alone = result_of(environ_of(places[0]), "hub", "organization", "list", "--database")
    assert alone.exit_code == 2 and "requires an argument" in alone.stderr


def test_help_is_shown_where_shared_flags_stand_before_it() -> None:
    assert "organization" in text_of({}, "--database", "sqlite:///x.db", "hub", "--help")
    unknown = result_of({}, "--database", "sqlite:///x.db", "hub", "organisation", "list")
    assert unknown.exit_code == 2 and "Did you mean 'organization'" in unknown.stderr


def test_a_mistake_is_reported_under_the_name_of_where_it_stands(places: tuple[str, str]) -> None:
    environ = environ_of(places[0])
    for name, value in (("HALLWAY_DATABASE", "mysql://x"), ("HALLWAY_BASE_URL", "nonsense")):
        result = result_of({**environ, name: value}, *LISTING)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"hallway: {name}: write ")
    flag = result_of(environ, *LISTING, "--database", "mysql://x")
    assert flag.exit_code == 2 and flag.stderr.startswith("hallway: --database: write ")


def test_the_server_reports_all_its_mistakes_at_once(places: tuple[str, str]) -> None:
    environ = {**environ_of(places[0]), "HALLWAY_PORT": "x", "HALLWAY_WORKERS": "many", "HALLWAY_FOO": "1"}
    result = result_of(environ, "hub", "serve", "--base-url", "nonsense")
    assert result.exit_code == 2
    told = dict(line.removeprefix("hallway: ").split(": ", 1) for line in result.stderr.strip().split("\n"))
    assert set(told) == {"--base-url", "HALLWAY_FOO", "HALLWAY_PORT", "HALLWAY_WORKERS"}
    assert told["HALLWAY_PORT"] == "write a whole number from 1 to 65535"
    assert "settings.md" in told["HALLWAY_FOO"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("hub", "organization", "create", "Acme", "--plan", "gold"), "'--plan': 'gold' is not one of 'free', "),
        (("hub", "journal", "7", "--limit", "many"), "'--limit': write a whole number."),
        (("hub", "journal", "7", "--after", "-1"), "'--after': write a whole number from 0 on."),
        (("hub", "journal", "7", "--limit", "99999"), "'--limit': write a whole number up to 10000."),
        (("hub", "organization", "set", "7"), "say --plan or --name"),
        (("hub", "directory", "set", "dir_x"), "There is nothing to change"),
        (("hub", "directory", "delete", "dir_x", "--people", "keep", "--to", "dir_y"), "belong together"),
        (("backup",), "Missing argument 'FILE'"),
    ],
)
def test_a_wrong_word_is_refused_in_a_sentence(environ: dict[str, str], words: tuple[str, ...], said: str) -> None:
    if words[:3] == ("hub", "directory", "delete"):
        one: Any = json_of(environ, "hub", "organization", "list")[0]
        words = (*words[:3], json_of(environ, "hub", "directory", "list", one["id"])[0]["id"], *words[4:])
    result = result_of(environ, *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr and "Value error" not in result.stderr


@pytest.mark.parametrize(
    ("words", "listing"),
    [
        (("member", "deactivate", "{}", "mem_x"), "member list {}"),
        (("member", "deactivate", "{}", "nobody@acme.example"), "member list {}"),
        (("domain", "check", "{}", "acme.example"), "domain list {}"),
        (("connection", "show", "{}", "conn_x"), "connection list {}"),
        (("attempt", "list", "{}", "--connection", "conn_x"), "connection list {}"),
        (("attempt", "list", "{}", "--before", "x"), "attempt list {}"),
        (("attempt", "show", "{}", "att_x"), "attempt list {}"),
        (("attempt", "show", "{}", "att_" + 32 * "0"), "attempt list {}"),
        (("setup-link", "revoke", "{}", "setup_x"), "setup-link list {}"),
        (("operator", "link", "nobody@acme.example"), "operator list"),
        (("operator", "deactivate", "acct_x"), "operator list"),
        (("api-key", "revoke", "key_x"), "api-key list"),
        (("exchange", "show", "dir_x", "exch_x"), "directory list ORGANIZATION"),
        (("token", "revoke", "tok_x"), "token list DIRECTORY"),
        (("organization", "show", "nobody"), "organization list"),
    ],
)
def test_what_is_not_there_is_refused_with_the_command_that_lists_what_is(
    environ: dict[str, str], words: tuple[str, ...], listing: str
) -> None:
    one: Any = json_of(environ, "hub", "organization", "list")[0]
    said = refusal_of(environ, "hub", *(word.format(one["id"]) for word in words))
    assert said.endswith(f"list them with: hallway hub {listing.format(one['id'])}\n")


def test_the_program_says_its_version() -> None:
    assert text_of({}, "--version").startswith("hallway 0.")


def test_where_nobody_can_answer_the_question_says_which_flag_does(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organizations, "REMEMBERED_SECONDS", 0)
    one: Any = json_of(environ, "hub", "organization", "list")[0]
    directory = json_of(environ, "hub", "directory", "list", one["id"])[0]["id"]
    text_of(environ, "backup", str(tmp_path / "all.backup"))
    for words, flags in (
        (("hub", "organization", "delete", one["id"]), "Say --yes"),
        (("hub", "directory", "delete", directory), "Say --people and --yes"),
        (("hub", "directory", "delete", directory, "--people", "keep"), "Say --yes"),
        (("restore", str(tmp_path / "all.backup"), "--json"), "Say --yes"),
    ):
        result = result_of(environ, *words, answer="")
        assert (result.exit_code, result.stdout) == (1, ""), words
        assert flags in result.stderr and "Nothing was " in result.stderr and "Aborted" not in result.stderr


def test_a_command_is_in_the_journal_under_the_name_of_who_is_logged_in(
    sqlite_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = environ_of(sqlite_database)
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    json_of({**environ, "USER": "olivia"}, "hub", "organization", "create", "Acme", "--external-id", "7")
    monkeypatch.setattr("getpass.getuser", _nobody)
    json_of(environ, "hub", "organization", "suspend", "7")
    actors = [entry["actor"]["label"] for entry in json_of(environ, "hub", "journal", "7")]
    assert actors == ["olivia (command line)", "unknown (command line)"]


def _nobody() -> str:
    raise KeyError("getpwuid(): uid not found: 1000")
