"""`hallway hub organization|directory|token …`, as people type them."""

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from hallway.cli import directories, organizations
from hallway.hub.directories.administration import found_directory
from hallway.ids import USER, wire
from tests.cli.commands import json_of, refusal_of, result_of, text_of
from tests.rooms.opened import MASTER_KEY, administration, opened
from tests.web.deployment import Client, deployed

DECLARED = Path(__file__).parents[2] / "examples" / "schemas" / "lambdatest.json"
OFF = {"op": "replace", "path": "active", "value": False}


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of the commands of a fresh deployment, in which nobody serves."""
    for module in (directories, organizations):
        monkeypatch.setattr(module, "REMEMBERED_SECONDS", 0)
    return {
        "HALLWAY_DATABASE": f"sqlite:///{tmp_path / 'hallway.db'}",
        "HALLWAY_MASTER_KEY": MASTER_KEY,
        "HALLWAY_SCIM_SCHEMAS": str(DECLARED),
        "USER": "olivia",
    }


def made(environ: dict[str, str], name: str = "Acme") -> tuple[str, str, str]:
    """The ids of a fresh organization and of its directory, and the directory's token."""
    organization = json_of(environ, "hub", "organization", "create", name)["id"]
    directory = json_of(environ, "hub", "directory", "create", organization, "--name", "Staff")
    return organization, directory["id"], directory["token"]


def test_an_organization_is_made_listed_changed_and_suspended(environ: dict[str, str]) -> None:
    text = text_of(environ, "hub", "organization", "create", "Acme", "--external-id", "7")
    assert "hallway hub directory create org_" in text
    assert text_of(environ, "hub", "organization", "list").count("\n") == 2
    shown = json_of(environ, "hub", "organization", "show", "7")
    assert (shown["name"], shown["plan"], shown["state"], shown["external_id"]) == ("Acme", "enterprise", "active", "7")
    assert json_of(environ, "hub", "organization", "list") == [shown]
    changed = json_of(environ, "hub", "organization", "set", "7", "--plan", "free", "--name", " Acme Ltd ")
    assert (changed["plan"], changed["name"]) == ("free", "Acme Ltd")
    assert "printable" in refusal_of(environ, "hub", "organization", "set", "7", "--name", "")
    assert json_of(environ, "hub", "organization", "suspend", "7")["state"] == "suspended"
    assert json_of(environ, "hub", "organization", "resume", "7")["state"] == "active"
    assert "no organization" in refusal_of(environ, "hub", "organization", "show", "8")
    assert result_of(environ, "hub", "organization", "delete", "7", answer="n\n").exit_code == 1
    assert "Deleted Acme Ltd" in text_of(environ, "hub", "organization", "delete", "7", "--yes")
    assert text_of(environ, "hub", "organization", "list") == "(none)\n"


def test_a_new_directory_says_its_address_and_its_token_once(environ: dict[str, str]) -> None:
    organization, directory, token = made(environ)
    shown = json_of(environ, "hub", "directory", "show", directory)
    assert shown["base_url"] == f"http://127.0.0.1:8000/scim/{directory}/v2"
    assert token.startswith("hw_scim_")
    assert token not in json.dumps(shown)
    assert json_of(environ, "hub", "directory", "list", organization)[0]["id"] == directory
    text = text_of(environ, "hub", "directory", "create", organization, "--name", "Entra", "--provider", "entra")
    assert "/v2/?aadOptscim062020" in text and "hw_scim_" in text
    assert text_of(environ, "hub", "directory", "list", organization).count("\n") == 3
    assert "rules:" in text_of(environ, "hub", "directory", "show", directory)
    assert "no directory" in refusal_of(environ, "hub", "directory", "show", "dir_zork")


def test_the_rules_of_a_directory_are_set_one_by_one(environ: dict[str, str]) -> None:
    _, directory, _ = made(environ)
    urn = json.loads(DECLARED.read_text())[0]["schema"]["id"]
    words = [
        "--name", "Everybody", "--strict", "--user-name-is-email", "--immutable", "userName, name.familyName",
        "--delete-deactivates", "--never-restore", "--any-group-names", "--group-patch-200",
        "--quirks-on", "missing_active_means_true", "--schemas", urn.upper(), "--base-path", "/scim/v2/",
    ]  # fmt: skip
    changed = json_of(environ, "hub", "directory", "set", directory, *words)
    assert changed["rules"] == {
        "strict": True, "user_name_is_email": True, "immutable": ["username", "name.familyname"],
        "delete_deactivates": True, "restore_by_external_id": False, "group_names_unique": False,
        "group_patch_answers_resource": True, "quirks_on": ["missing_active_means_true"], "schemas": [urn],
    }  # fmt: skip
    assert (changed["name"], changed["extra_base_url"]) == ("Everybody", "http://127.0.0.1:8000/scim/v2")
    shown = json_of(environ, "hub", "directory", "show", directory)
    assert {name: shown[name] for name in changed} == changed
    back = json_of(environ, "hub", "directory", "set", directory, "--tolerant", "--immutable", "", "--quirks-on", "")
    assert (back["rules"]["strict"], back["rules"]["immutable"], back["rules"]["quirks_on"]) == (False, [], [])
    assert (back["name"], back["rules"]["delete_deactivates"], back["rules"]["schemas"]) == ("Everybody", True, [urn])
    assert json_of(environ, "hub", "directory", "set", directory, "--base-path", "")["extra_base_url"] is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--schemas", "urn:zork"), "No declared schema"),
        (("--base-path", "scim"), "A base path is like"),
        (("--base-path", "/scim/dir_1/v2"), "A base path is like"),
        (("--base-path", "/readyz"), "A base path is like"),
        (("--name", ""), "printable"),
    ],
)
def test_rules_that_mean_nothing_are_refused(environ: dict[str, str], words: tuple[str, ...], told: str) -> None:
    _, directory, _ = made(environ)
    before = json_of(environ, "hub", "directory", "show", directory)
    assert told in refusal_of(environ, "hub", "directory", "set", directory, *words)
    wrong = result_of(environ, "hub", "directory", "set", directory, "--quirks-on", "boolean_as_text")
    assert (wrong.exit_code, "off by default" in wrong.stderr) == (2, True)
    assert json_of(environ, "hub", "directory", "show", directory) == before


def test_a_token_is_rotated_and_the_old_one_waits_or_ends(environ: dict[str, str]) -> None:
    _, directory, _ = made(environ)
    [old] = json_of(environ, "hub", "token", "list", directory)
    new = json_of(environ, "hub", "token", "rotate", old["id"], "--expires-in-days", "30")
    assert new["replaces"] == old["id"] and new["token"].startswith("hw_scim_")
    assert [one["state"] for one in json_of(environ, "hub", "token", "list", directory)] == ["alive", "alive"]
    assert "a day after the first request" in text_of(environ, "hub", "token", "rotate", old["id"])
    assert "has ended" in text_of(environ, "hub", "token", "rotate", new["id"], "--now")
    states = [one["state"] for one in json_of(environ, "hub", "token", "list", directory)]
    assert states == ["alive", "revoked", "alive", "alive"]
    assert "no living token" in refusal_of(environ, "hub", "token", "rotate", new["id"])


def test_tokens_are_made_imported_listed_and_revoked(environ: dict[str, str]) -> None:
    _, directory, _ = made(environ)
    second = json_of(environ, "hub", "token", "create", directory, "--expires-in-days", "7", "--label", "second")
    assert second["token"].startswith("hw_scim_")
    assert second["label"] == "second"
    assert "hw_scim_" in text_of(environ, "hub", "token", "create", directory)
    digest = hashlib.sha256(b"theirs").hexdigest()
    imported = json_of(environ, "hub", "token", "import", directory, "--sha256", digest)
    assert imported["imported"] and "token" not in imported
    assert "already" in refusal_of(environ, "hub", "token", "import", directory, "--sha256", digest)
    for wrong in ("zz", "00"):
        assert "64 hex" in refusal_of(environ, "hub", "token", "import", directory, "--sha256", wrong)
    other = hashlib.sha256(b"others").hexdigest()
    assert "imported; ends" in text_of(environ, "hub", "token", "import", directory, "--sha256", other)
    text_of(environ, "hub", "token", "revoke", second["id"])
    listed = json_of(environ, "hub", "token", "list", directory)
    assert [one["state"] for one in listed] == ["alive", "revoked", "alive", "alive", "alive"]
    assert text_of(environ, "hub", "token", "list", directory).count("\n") == 6
    assert "no living token" in refusal_of(environ, "hub", "token", "revoke", second["id"])


def test_what_a_disabled_directory_did_not_end_is_shown(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, directory, token = made(environ)
    assert json_of(environ, "hub", "directory", "disable", directory)["state"] == "disabled"

    async def refused() -> str:
        async with deployed(tmp_path, monkeypatch) as hub:
            found = await found_directory(hub.hub.desk, directory)
            await administration(hub.hub).enable(found)
            client = Client(hub.app, f"/scim/{directory}/v2", token)
            ada = (await client.user("ada")).id
            await administration(hub.hub).disable(found_again := await found_directory(hub.hub.desk, directory))
            assert found_again.id == found.id
            hub.later(1)
            assert (await client.patch(f"/Users/{ada}", OFF)).status == 503
            assert (await client.user("grace")).status == 503
            return ada

    ada = asyncio.run(refused())
    shown = json_of(environ, "hub", "directory", "show", directory)
    assert [(one["method"], one["what"]) for one in shown["not_applied"]] == [("PATCH", "user.deactivated")]
    assert shown["not_applied"][0]["path"].endswith(f"/Users/{ada}")
    assert shown["users"] == 1
    enabled = json_of(environ, "hub", "directory", "enable", directory)
    assert enabled["state"] == "active"
    assert len(enabled["not_applied"]) == 1
    assert ada.startswith(USER)


def test_deleting_a_directory_asks_what_becomes_of_its_people(environ: dict[str, str], tmp_path: Path) -> None:
    organization, directory, _ = made(environ)
    target = json_of(environ, "hub", "directory", "create", organization, "--name", "Target")["id"]
    command = ("hub", "directory", "delete", directory)
    assert result_of(environ, *command, answer="zork\n").exit_code == 1
    assert result_of(environ, *command, answer="keep\nn\n").exit_code == 1
    assert "--to" in result_of(environ, *command, "--people", "move", "--yes").stderr
    assert json_of(environ, "hub", "directory", "show", directory)["state"] == "active"
    moved = text_of(environ, *command, "--people", "move", "--to", target, "--yes")
    assert "Deleted Staff; 0 users and groups: move." in moved
    assert "no directory" in refusal_of(environ, "hub", "directory", "show", directory)
    json_of(environ, "hub", "directory", "disable", target)
    kept = result_of(environ, "hub", "directory", "delete", target, answer="Keep \ny\n")
    assert kept.exit_code == 0 and "users and groups: keep." in kept.stdout

    async def who() -> set[str]:
        async with opened(tmp_path) as hub:
            owner = await hub.registrar.found(organization)
            entries = await hub.stores.journal.after(owner.id, 0, 100)
            assert wire("org_", owner.id) == organization
            return {one.entry.actor.label for one in entries}

    assert asyncio.run(who()) == {"olivia (command line)"}
