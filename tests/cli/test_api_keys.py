"""`hallway hub api-key …`."""

from tests.cli.commands import environ_of, json_of, refusal_of, result_of, text_of

KEYS = ("hub", "api-key")


def test_a_key_is_made_listed_and_revoked(database_url: str) -> None:
    environ = environ_of(database_url)
    scopes = ("--scope", "members:read", "--scope", "organizations:write", "--scope", "members:read")
    made = json_of(environ, *KEYS, "create", "Billing", *scopes, "--expires-in-days", "7")
    text = made.pop("key")
    assert text.startswith("hw_api_") and made["id"].startswith("key_")
    assert (made["name"], made["state"], made["scopes"]) == (
        "Billing", "alive", ["organizations:write", "members:read"],
    )  # fmt: skip
    assert json_of(environ, *KEYS, "list") == [made]
    told = text_of(environ, *KEYS, "create", "Other", "--scope", "events:read")
    assert "shown this once" in told and "hw_api_" in told
    assert "Revoked Billing" in text_of(environ, *KEYS, "revoke", made["id"])
    assert "Revoked Billing" in text_of(environ, *KEYS, "revoke", made["id"])
    listed = text_of(environ, *KEYS, "list")
    assert "revoked" in listed and "events:read" in listed and "hw_api_" not in listed
    assert [one["state"] for one in json_of(environ, *KEYS, "list")] == ["revoked", "alive"]


def test_a_key_that_cannot_be_is_refused(database_url: str) -> None:
    environ = environ_of(database_url)
    assert "organizations:read" in refusal_of(environ, *KEYS, "create", "Billing", "--scope", "everything")
    assert "A name has" in refusal_of(environ, *KEYS, "create", " ", "--scope", "members:read")
    assert result_of(environ, *KEYS, "create", "Billing").exit_code == 2
    assert result_of(environ, *KEYS, "create", "B", "--scope", "members:read", "--expires-in-days", "0").exit_code == 2
    for key in ("nothing", "key_" + "0" * 32):
        assert "no API key" in refusal_of(environ, *KEYS, "revoke", key)
    assert json_of(environ, *KEYS, "list") == []
