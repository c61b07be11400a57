"""`hallway hub member …`, `hallway hub domain …`, and how an organization is named."""

from tests.cli.commands import environ_of, json_of, refusal_of, text_of


def test_members_are_invited_and_listed(sqlite_database: str) -> None:
    environ = environ_of(sqlite_database)
    org = json_of(environ, "hub", "organization", "create", "Acme")["id"]
    assert text_of(environ, "hub", "member", "list", org) == "(none)\n"
    made = json_of(environ, "hub", "member", "invite", org, "jo@acme.example", "--role", "admin")
    assert made["link"].startswith("http://127.0.0.1:1/invitation?code=hw_invite_")
    assert (made["role"], made["state"], made["source"]) == ("admin", "invited", "invited")
    del made["link"]
    assert json_of(environ, "hub", "member", "list", org, "--search", "JO@") == [made]
    assert json_of(environ, "hub", "member", "list", org, "--state", "active") == []
    assert "jo@acme.example" in text_of(environ, "hub", "member", "list", org)
    assert "hw_invite_" in text_of(environ, "hub", "member", "invite", org, "bo@acme.example")
    assert "invited already" in refusal_of(environ, "hub", "member", "invite", org, "JO@acme.example")
    assert "Revoke" in refusal_of(environ, "hub", "member", "deactivate", org, made["id"])
    assert json_of(environ, "hub", "member", "reactivate", org, made["id"]) == made
    assert "invited" in text_of(environ, "hub", "member", "reactivate", org, made["id"])
    other = json_of(environ, "hub", "organization", "create", "Beta")["id"]
    assert "no member" in refusal_of(environ, "hub", "member", "deactivate", other, made["id"])


def test_an_organization_is_not_found_by_its_name(sqlite_database: str) -> None:
    environ = environ_of(sqlite_database)
    org = json_of(environ, "hub", "organization", "create", "Acme", "--external-id", "crm-7")["id"]
    assert "say its id (org_…) or its external id" in refusal_of(environ, "hub", "member", "list", "Acme")
    assert json_of(environ, "hub", "member", "list", "crm-7") == json_of(environ, "hub", "member", "list", org) == []


def test_domains_are_claimed_marked_and_removed(sqlite_database: str) -> None:
    environ = environ_of(sqlite_database)
    org = json_of(environ, "hub", "organization", "create", "Acme")["id"]
    made = json_of(environ, "hub", "domain", "add", org, "acme.example")
    assert made["record"]["name"] == "_hallway-challenge.acme.example" and made["state"] == "pending"
    assert "_hallway-challenge.b.example  TXT" in text_of(environ, "hub", "domain", "add", org, "b.example")
    marked = json_of(environ, "hub", "domain", "add", org, "c.example", "--proved")
    assert (marked["state"], marked["development"]) == ("proved", True)
    assert "development" in text_of(environ, "hub", "domain", "add", org, "d.example", "--proved")
    assert "people register" in refusal_of(environ, "hub", "domain", "add", org, "co.uk")
    outside = {**environ, "HALLWAY_BASE_URL": "https://hub.example"}
    assert "development_domains" in refusal_of(outside, "hub", "domain", "add", org, "e.example", "--proved")
    assert "not contested" in refusal_of(environ, "hub", "domain", "award", org, "acme.example")
    assert "no domain" in refusal_of(environ, "hub", "domain", "check", org, "nowhere.example")
    silent = {**environ, "HALLWAY_DNS_RESOLVERS": "127.0.0.1:1"}
    assert json_of(silent, "hub", "domain", "check", org, "acme.example")["finding"] == "unanswered"
    assert "Removed" in text_of(environ, "hub", "domain", "remove", org, "b.example")
    names = [one["name"] for one in json_of(environ, "hub", "domain", "list", org)]
    assert names == ["acme.example", "c.example", "d.example"]
    assert "hallway-domain-verification=" in text_of(environ, "hub", "domain", "list", org)
