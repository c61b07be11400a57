"""`hallway hub connection …` and `hallway hub attempt …`."""

import json
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hallway.ids import ATTEMPT, CONNECTION, ConnectionId, parsed, wire
from tests.cli.commands import environ_of, json_of, refusal_of, result_of, text_of
from tests.furnished import refused_attempt
from tests.running import MASTER_KEY
from tests.web.federation import certificate, metadata


def _made(environ: dict[str, str], org: str, file: Path, *more: str) -> dict[str, object]:
    words = ("--name", "Acme", "--protocol", "saml", "--domain", "acme.example", "--metadata-file", str(file))
    made: dict[str, object] = json_of(environ, "hub", "connection", "create", org, *words, *more)
    return made


def test_a_connection_is_made_shown_switched_and_deleted(sqlite_database: str, tmp_path: Path) -> None:
    environ = environ_of(sqlite_database)
    org = json_of(environ, "hub", "organization", "create", "Acme")["id"]
    assert text_of(environ, "hub", "connection", "list", org) == "(none)\n"
    file = tmp_path / "metadata.xml"
    file.write_bytes(metadata("idp"))
    made = _made(environ, org, file, "--provider", "okta", "--enable", "--just-in-time")
    digits = str(made["id"]).removeprefix("conn_")
    assert made["acs_url"] == f"http://127.0.0.1:1/sso/{digits}/acs"
    assert made["entity_id"] == made["metadata_url"] == f"http://127.0.0.1:1/sso/{digits}/metadata"
    assert (made["login_url"], made["redirect_uri"]) == (f"http://127.0.0.1:1/sso/{digits}", None)
    assert (made["state"], made["provider"], made["just_in_time"]) == ("active", "okta", True)
    one = str(made["id"])
    assert json_of(environ, "hub", "connection", "show", org, one) == made
    assert json_of(environ, "hub", "connection", "list", org) == [made]
    assert one in text_of(environ, "hub", "connection", "list", org)
    assert "acs_url:" in text_of(environ, "hub", "connection", "show", org, one)
    assert "switched off" in text_of(environ, "hub", "connection", "disable", org, one)
    assert json_of(environ, "hub", "connection", "show", org, one)["state"] == "disabled"
    assert "is on" in text_of(environ, "hub", "connection", "enable", org, one)
    other = json_of(environ, "hub", "organization", "create", "Beta")["id"]
    for command in ("show", "enable", "disable", "delete"):
        assert "no connection" in refusal_of(environ, "hub", "connection", command, other, one)
    assert result_of(environ, "hub", "connection", "delete", org, one, answer="n\n").exit_code == 1
    assert "Deleted" in text_of(environ, "hub", "connection", "delete", org, one, "--yes")
    assert json_of(environ, "hub", "connection", "list", org) == []


def test_what_is_refused_leaves_no_connection(sqlite_database: str, tmp_path: Path) -> None:
    environ = environ_of(sqlite_database)
    org = json_of(environ, "hub", "organization", "create", "Acme")["id"]
    base = ("hub", "connection", "create", org, "--name", "x", "--domain", "acme.example")
    wrong, secret = tmp_path / "wrong.xml", tmp_path / "secret"
    wrong.write_text("<x/>")
    secret.write_text("hush\n")
    large = tmp_path / "large"
    large.write_bytes(b"x" * (1024 * 1024 + 1))
    for words, said in (
        (("--protocol", "saml"), "needs exactly one of"),
        (("--protocol", "saml", "--metadata-file", str(wrong)), "cannot be used"),
        (("--protocol", "saml", "--metadata-file", str(tmp_path / "none")), "cannot be read"),
        (("--protocol", "saml", "--metadata-file", str(large)), "more than"),
        (("--protocol", "saml", "--sign-in-url", "https://a/"), "needs --certificate"),
        (("--protocol", "saml", "--metadata-url", "http://127.0.0.1:1/"), "could not read"),
        (("--protocol", "oidc", "--issuer", "https://op.example"), "oidc needs"),
        (
            (
                "--protocol",
                "oidc",
                "--issuer",
                "http://127.0.0.1:1",
                "--client-id",
                "c",
                "--client-secret-file",
                str(secret),
            ),
            "could not read",
        ),
    ):
        assert said in refusal_of(environ, *base, *words), words
        assert json_of(environ, "hub", "connection", "list", org) == []


def test_an_address_and_a_certificate_make_one(sqlite_database: str, tmp_path: Path) -> None:
    environ = environ_of(sqlite_database)
    org = json_of(environ, "hub", "organization", "create", "Acme")["id"]
    file = tmp_path / "idp.pem"
    file.write_bytes(x509.load_der_x509_certificate(certificate("idp")).public_bytes(Encoding.PEM))
    made = json_of(
        environ, "hub", "connection", "create", org, "--name", "Acme", "--protocol", "saml", "--domain", "acme.example",
        "--sign-in-url", "https://idp.example/sso", "--certificate", str(file), "--entity-id", "JumpCloud",
    )  # fmt: skip
    assert (made["provider_entity_id"], made["state"], len(made["keys"])) == ("JumpCloud", "draft", 1)


def test_attempts_are_listed_and_shown(sqlite_database: str, tmp_path: Path) -> None:
    import asyncio

    from hallway.settings import load_settings
    from hallway.web.wiring import opened_hub

    environ = environ_of(sqlite_database)
    org = json_of(environ, "hub", "organization", "create", "Acme")["id"]
    assert text_of(environ, "hub", "attempt", "list", org) == "(none)\n"
    file = tmp_path / "metadata.xml"
    file.write_bytes(metadata("idp"))
    made = _made(environ, org, file)

    async def refuse() -> str:
        hub = await opened_hub(load_settings({**environ, "HALLWAY_MASTER_KEY": MASTER_KEY}))
        try:
            one = await hub.stores.connections.located(ConnectionId(parsed(CONNECTION, str(made["id"])) or b""))
            assert one is not None
            return wire(ATTEMPT, await refused_attempt(hub, one))
        finally:
            await hub.stores.database.close()

    attempt = asyncio.run(refuse())
    listed = json_of(environ, "hub", "attempt", "list", org, "--who", "JO@", "--connection", str(made["id"]))
    assert [(one["id"], one["code"], one["side"]) for one in listed] == [(attempt, "wrong_audience", "provider")]
    assert json_of(environ, "hub", "attempt", "list", org, "--before", attempt) == []
    assert "wrong_audience" in text_of(environ, "hub", "attempt", "list", org)
    shown = json_of(environ, "hub", "attempt", "show", org, attempt)
    assert shown["detail"]["received"].endswith("<x>") and "slash" in shown["remedy"]
    assert "sentence:" in text_of(environ, "hub", "attempt", "show", org, attempt)
    other = json_of(environ, "hub", "organization", "create", "Beta")["id"]
    for text in (attempt, "att_x"):
        assert "no attempt" in refusal_of(environ, "hub", "attempt", "show", other, text)
    assert json.dumps(shown)
