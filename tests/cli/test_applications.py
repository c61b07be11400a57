"""`hallway hub application …` and `hallway keys rotate-signing`."""

import json
from pathlib import Path

from joserfc.jwk import ECKey

from tests.cli.commands import environ_of, json_of, refusal_of, text_of

APPLICATION = ("hub", "application")
BACK = "https://app.example/callback"


def test_an_application_is_made_shown_changed_and_deleted(database_url: str) -> None:
    environ = environ_of(database_url)
    more = ("--post-logout-uri", "https://app.example/gone", "--logout-uri", "https://app.example/out")
    made = json_of(environ, *APPLICATION, "create", "Fieldbook", "--redirect-uri", BACK, *more)
    text, secret = made.pop("secret"), made.pop("secret_id")
    assert text.startswith("hw_client_") and secret.startswith("secret_") and made["id"].startswith("app_")
    assert (made["kind"], made["state"], made["algorithm"]) == ("web", "active", "ES256")
    assert json_of(environ, *APPLICATION, "list") == [made]
    assert text_of(environ, *APPLICATION, "list").splitlines()[1].split() == [made["id"], "web", "active", "Fieldbook"]
    shown = json_of(environ, *APPLICATION, "show", made["id"])
    assert [one["id"] for one in shown.pop("secrets")] == [secret] and shown == made
    printed = text_of(environ, *APPLICATION, "show", made["id"])
    assert BACK in printed and text not in printed
    changes = ("--name", "Logbook", "--redirect-uri", BACK + "2", "--logout-uri", "", "--algorithm", "RS256")
    changed = json_of(environ, *APPLICATION, "set", made["id"], *changes, "--require", "title")
    assert changed == {
        **made, "name": "Logbook", "redirect_uris": [BACK + "2"], "logout_uri": None, "algorithm": "RS256",
        "required": ["title"],
    }  # fmt: skip
    assert "is changed" in text_of(environ, *APPLICATION, "set", made["id"], "--setup-return-uri", BACK)
    assert "is disabled" in text_of(environ, *APPLICATION, "disable", made["id"])
    assert json_of(environ, *APPLICATION, "list")[0]["state"] == "disabled"
    assert "is active" in text_of(environ, *APPLICATION, "enable", made["id"])
    assert "is deleted" in text_of(environ, *APPLICATION, "delete", made["id"], "--yes")
    assert json_of(environ, *APPLICATION, "list") == []
    assert "no application" in refusal_of(environ, *APPLICATION, "show", made["id"])


def test_a_secret_takes_the_place_of_another(database_url: str) -> None:
    environ = environ_of(database_url)
    told = text_of(environ, *APPLICATION, "create", "Fieldbook", "--redirect-uri", BACK)
    one = json_of(environ, *APPLICATION, "list")[0]["id"]
    assert one in told and "shown this once" in told and "hw_client_" in told
    first = json_of(environ, *APPLICATION, "show", one)["secrets"][0]["id"]
    added = json_of(environ, *APPLICATION, "secret", "add", one)
    assert added["secret"] not in told and added["secret_id"] != first
    assert "two secrets" in refusal_of(environ, *APPLICATION, "secret", "add", one)
    assert "ends 20" in text_of(environ, *APPLICATION, "secret", "revoke", one, first, "--in-hours", "2")
    assert "has ended" in text_of(environ, *APPLICATION, "secret", "revoke", one, first)
    assert "no secret" in refusal_of(environ, *APPLICATION, "secret", "revoke", one, first)
    assert "no secret" in refusal_of(environ, *APPLICATION, "secret", "revoke", one, "x")


def test_what_cannot_be_is_refused(database_url: str, tmp_path: Path) -> None:
    environ = environ_of(database_url)
    create = (*APPLICATION, "create", "Fieldbook")
    assert "redirect address" in refusal_of(environ, *create)
    assert "cannot be registered" in refusal_of(environ, *create, "--redirect-uri", "ftp://app.example")
    assert "no scope" in refusal_of(environ, *create, "--kind", "machine", "--scope", "everything")
    key = ECKey.generate_key("P-256", {"kid": "own"})
    public, private = tmp_path / "public.json", tmp_path / "private.json"
    public.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    private.write_text(json.dumps({"keys": [key.as_dict(private=True)]}))
    assert "these keys" in refusal_of(environ, *create, "--redirect-uri", BACK, "--jwks", str(private)).lower()
    made = json_of(environ, *create, "--redirect-uri", BACK, "--jwks", str(public))
    assert "secret" not in made and made["jwks"]["keys"][0]["kid"] == "own"
    machine = json_of(environ, *create, "--kind", "machine", "--scope", "events:read")
    assert machine["scopes"] == ["events:read"] and machine["secret"]
    public_one = text_of(environ, *create, "--kind", "public", "--redirect-uri", "http://127.0.0.1/cb")
    assert "hw_client_" not in public_one


def test_signing_keys_are_rotated(database_url: str) -> None:
    environ = environ_of(database_url)
    assert json_of(environ, "keys", "rotate-signing") == {"signing_keys": []}
    assert "No key has signed" in text_of(environ, "keys", "rotate-signing")
