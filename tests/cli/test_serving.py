"""What the server says of itself when it starts."""

import pytest

from hallway.cli.serving import _greet
from hallway.settings import load_settings

SMTP = {"HALLWAY_SMTP_URL": "smtps://hallway:hunter2@mail.example", "HALLWAY_MAIL_FROM": "hub@example.com"}


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({}, "kept in var/mail, shown at /mail"),
        ({"HALLWAY_BASE_URL": "https://hub.example.com"}, "none: set smtp_url"),
        (SMTP, "smtps://mail.example:465, from hub@example.com"),
    ],
)
def test_the_server_says_where_mails_go(environ: dict[str, str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    _greet(load_settings(environ))
    said = capsys.readouterr().err
    assert f"  mail             {told}\n" in said and "hunter2" not in said
