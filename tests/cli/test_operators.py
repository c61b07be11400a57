"""`hallway hub operator …`."""

from tests.cli.commands import environ_of, json_of, refusal_of, text_of

OPERATORS = ("hub", "operator")


def test_operators_are_made_listed_and_deactivated(database_url: str) -> None:
    environ = environ_of(database_url)
    made = json_of(environ, *OPERATORS, "create", "olga@vendor.example", "--name", "Olga")
    address = made.pop("address")
    assert "/operator/reset/confirm?link=hw_link_" in address
    assert (made["email"], made["name"], made["role"], made["state"]) == (
        "olga@vendor.example", "Olga", "owner", "active",
    )  # fmt: skip
    assert json_of(environ, *OPERATORS, "list") == [made]
    told = text_of(environ, *OPERATORS, "create", "sue@vendor.example", "--role", "support")
    assert "chooses her password" in told and "hw_link_" in told
    assert "already" in refusal_of(environ, *OPERATORS, "create", "sue@vendor.example")
    assert "last owner" in refusal_of(environ, *OPERATORS, "deactivate", made["id"])
    assert "owner" in text_of(environ, *OPERATORS, "set-role", "sue@vendor.example", "owner")
    assert "is deactivated" in text_of(environ, *OPERATORS, "deactivate", made["id"])
    assert "is active" in text_of(environ, *OPERATORS, "reactivate", "olga@vendor.example")
    assert "hw_link_" in text_of(environ, *OPERATORS, "link", made["id"])
    listed = text_of(environ, *OPERATORS, "list")
    assert "Olga" in listed and "hw_link_" not in listed
    assert "no operator" in refusal_of(environ, *OPERATORS, "deactivate", "nobody@vendor.example")
