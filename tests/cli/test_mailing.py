"""`hallway mail test`: what the server said, for whoever asked."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

from typer.testing import Result

from tests.cli.commands import environ_of, json_of, refusal_of, result_of, text_of
from tests.mail_server import Taken, mail_server


async def _by_server(environ: Mapping[str, str], taken: Taken, *words: str) -> Result:
    """The command in a thread, while the server runs in this loop."""
    own = {
        **environ,
        "HALLWAY_SMTP_URL": f"smtp+plain://127.0.0.1:{taken.port}",
        "HALLWAY_MAIL_FROM": "hub@example.com",
    }
    return await asyncio.to_thread(result_of, own, "mail", "test", "ada@example.com", *words)


async def test_a_mail_by_hand_says_what_the_server_said(sqlite_database: str) -> None:
    environ = environ_of(sqlite_database)
    async with mail_server() as taken:
        result = await _by_server(environ, taken)
        shaped = json.loads((await _by_server(environ, taken, "--json")).stdout)
        taken.refusals["RCPT"] = "550 5.1.1 <ada@example.com> is nobody here"
        refused = await _by_server(environ, taken)
    assert result.exit_code == 0
    assert f"smtp+plain://127.0.0.1:{taken.port} took the mail to ada@example.com" in result.stdout
    assert "taken as number 7" in result.stdout
    assert shaped["from"] == "hub@example.com" and shaped["answer"] == "2.0.0 taken as number 7"
    assert [message["Subject"] for message in taken.messages] == ["A test of Hallway", "A test of Hallway"]
    assert refused.exit_code == 1
    assert (
        "the server refused the recipient (550 5.1.1). It said: 550 5.1.1 <ada@example.com> is nobody" in refused.stderr
    )


def test_a_mail_by_hand_is_kept_in_development(sqlite_database: str, tmp_path: Path) -> None:
    environ = environ_of(sqlite_database)
    assert "kept as" in text_of(environ, "mail", "test", "ada@example.com")
    kept = json_of(environ, "mail", "test", "ada@example.com")["answer"].removeprefix("kept as ")
    assert b"To: ada@example.com" in (tmp_path / "mail" / kept).read_bytes()


def test_without_mail_the_command_says_what_to_set(sqlite_database: str) -> None:
    environ = {**environ_of(sqlite_database), "HALLWAY_BASE_URL": "https://hub.example"}
    assert "smtp_url" in refusal_of(environ, "mail", "test", "ada@example.com")
    assert "Enter an e-mail address" in refusal_of(
        environ_of(sqlite_database), "mail", "test", "a@b.example, c@d.example"
    )
