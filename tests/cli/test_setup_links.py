"""`hallway hub setup-link …`."""

from tests.cli.commands import environ_of, json_of, refusal_of, text_of

LINKS = ("hub", "setup-link")


def test_a_link_is_made_listed_and_revoked(database_url: str) -> None:
    environ = environ_of(database_url)
    owner = json_of(environ, "hub", "organization", "create", "Acme", "--external-id", "acme")["id"]
    json_of(environ, "hub", "organization", "create", "Beta", "--external-id", "beta")
    tasks = ("--task", "directory", "--task", "domain", "--task", "domain")
    made = json_of(environ, *LINKS, "create", "acme", *tasks, "--label", "For IT", "--expires-in-days", "7")
    address = made.pop("address")
    assert "/setup/open?link=hw_setup_" in address
    assert (made["organization_id"], made["tasks"], made["state"]) == (owner, ["domain", "directory"], "alive")
    assert json_of(environ, *LINKS, "list", owner) == [made]
    mailed = json_of(environ, *LINKS, "create", "beta", "--task", "domain", "--mail", "it@beta.example")
    assert "address" not in mailed
    assert "mailed to it@beta" in text_of(
        environ, *LINKS, "create", "beta", "--task", "domain", "--mail", "it@beta.example"
    )
    assert "e-mail address" in refusal_of(environ, *LINKS, "create", "beta", "--task", "domain", "--mail", "nobody")
    elsewhere = {**environ, "HALLWAY_BASE_URL": "https://hub.example"}
    assert "sends no mail" in refusal_of(
        elsewhere, *LINKS, "create", "beta", "--task", "domain", "--mail", "it@beta.example"
    )
    told = text_of(environ, *LINKS, "create", owner, "--task", "domain")
    assert "shown this once" in told and "hw_setup_" in told
    assert "is revoked" in text_of(environ, *LINKS, "revoke", owner, made["id"])
    assert "is revoked" in text_of(environ, *LINKS, "revoke", owner, made["id"])
    assert [one["state"] for one in json_of(environ, *LINKS, "list", owner)] == ["alive", "revoked"]
    listed = text_of(environ, *LINKS, "list", owner)
    assert "For IT" in listed and "hw_setup_" not in listed
    events = text_of(environ, "hub", "journal", owner)
    assert "setup_link.created" in events and "setup_link.revoked" in events and address[-43:] not in events


def test_a_link_of_another_organization_is_not_found(database_url: str) -> None:
    environ = environ_of(database_url)
    for name in ("acme", "beta"):
        json_of(environ, "hub", "organization", "create", name, "--external-id", name)
    made = json_of(environ, *LINKS, "create", "acme", "--task", "domain")
    assert "no set-up link" in refusal_of(environ, *LINKS, "revoke", "beta", made["id"])
    assert "no organization" in refusal_of(environ, *LINKS, "list", "gamma")
