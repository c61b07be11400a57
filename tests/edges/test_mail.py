"""Mails as messages, by SMTP and into a folder."""

import asyncio
import socket
import stat
from pathlib import Path

import pytest

from hallway.ids import MailId
from hallway.mail import FolderCarrier, KeptMail, Sender, SmtpCarrier, composed
from hallway.outbox.model import Mail
from hallway.outbox.ports import NotCarried
from hallway.setting_values import SmtpServer
from tests.mail_server import PASSWORD, USER, mail_server

SENDER = Sender("hallway@acme.example", "Hällway, Inc.")
ID = MailId(bytes(range(16)))
AT = 1_700_000_000_000_000
LINK = "http://hub.localhost:8000/invitation?code=hw_invite_" + "x" * 86
MAIL = Mail("ada@example.com", "Join Äcme", f"Grüße,\n\n{LINK}\n\n.\nFrom here on\n")


def test_a_message_says_who_it_is_from_and_that_a_program_wrote_it() -> None:
    message = composed(MAIL, SENDER, ID, AT)
    text = message.as_bytes().decode()
    assert message["From"].addresses[0].display_name == "Hällway, Inc."
    assert message["From"].addresses[0].addr_spec == SENDER.address
    assert [one.addr_spec for one in message["To"].addresses] == ["ada@example.com"]
    assert message["Date"] == "Tue, 14 Nov 2023 22:13:20 +0000"
    assert message["Message-ID"] == "<000102030405060708090a0b0c0d0e0f@acme.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain" and message.get_content() == MAIL.text
    assert text == composed(MAIL, SENDER, ID, AT).as_bytes().decode()


def test_a_link_stays_on_one_line() -> None:
    assert LINK in composed(Mail("a@b.example", "x", f"Open:\n\n{LINK}\n"), SENDER, ID, AT).as_bytes().decode()


@pytest.mark.parametrize(
    "to",
    [
        "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example", "a@b.example\nx", "<a@b.example>",
        "a b@c.example", "a@b@c.example", "", "a", "@b.example", "a@b.example>", '"a"@b.example', "Ada: a@b.example;",
        "a@b.example\x00",
    ],
)  # fmt: skip
def test_a_mail_is_to_one_address(to: str) -> None:
    with pytest.raises(ValueError, match="one address"):
        composed(Mail(to, "x", "x"), SENDER, ID, AT)


@pytest.mark.parametrize("subject", ["x\r\nBcc: c@d.example", "x\nBcc: c@d.example", "x\r\n\r\nbody"])
def test_a_subject_adds_no_header(subject: str) -> None:
    with pytest.raises(ValueError):
        composed(Mail("a@b.example", subject, "x"), SENDER, ID, AT)


def test_a_mail_shows_nothing_of_itself() -> None:
    assert repr(MAIL) == "Mail()"


# SMTP


def carrier(port: int, tls: str = "none", user: str = "", password: str = "", host: str = "127.0.0.1") -> SmtpCarrier:
    return SmtpCarrier(SmtpServer(host, port, tls, user, password), SENDER)


async def test_a_server_gets_the_mail_whole() -> None:
    async with mail_server() as taken:
        said = await carrier(taken.port).answer(MAIL, ID, AT)
    [envelope], [message] = taken.envelopes, taken.messages
    assert said == "2.0.0 taken as number 7"
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER.address, ["ada@example.com"])
    assert message["Subject"] == "Join Äcme"
    assert message.get_content().replace("\r\n", "\n") == MAIL.text


async def test_an_address_beyond_ascii_is_written_to_where_the_server_can() -> None:
    async with mail_server() as taken:
        await carrier(taken.port).carry(Mail("bücher@example.com", "x", "x"), ID, AT)
    assert taken.envelopes[0].rcpt_tos == ["bücher@example.com"]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_user_and_password_go_over_verified_tls(
    tls: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with mail_server(tls, tmp_path) as taken:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        await carrier(taken.port, tls, USER, PASSWORD).carry(MAIL, ID, AT)
        with pytest.raises(NotCarried, match=r"refused user and password \(535 5\.7\.8\)"):
            await carrier(taken.port, tls, USER, "wrong").carry(MAIL, ID, AT)
    assert len(taken.envelopes) == 1


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_certificate_that_nobody_trusts_gets_no_password(tls: str, tmp_path: Path) -> None:
    async with mail_server(tls, tmp_path) as taken:
        with pytest.raises(NotCarried, match="certificate is not trusted"):
            await carrier(taken.port, tls, USER, PASSWORD).carry(MAIL, ID, AT)
    assert taken.envelopes == []


async def test_a_certificate_for_another_name_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with mail_server("implicit", tmp_path, name="other.example") as taken:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        with pytest.raises(NotCarried, match="certificate is not trusted"):
            await carrier(taken.port, "implicit", USER, PASSWORD).carry(MAIL, ID, AT)


async def test_a_server_without_starttls_gets_neither_password_nor_mail() -> None:
    async with mail_server() as taken:
        with pytest.raises(NotCarried, match="STARTTLS"):
            await carrier(taken.port, "starttls", USER, PASSWORD).carry(MAIL, ID, AT)
    assert taken.envelopes == []


@pytest.mark.parametrize(
    ("verb", "told"), [("MAIL", "refused mail_from"), ("RCPT", "refused the recipient"), ("DATA", "refused the mail")]
)
@pytest.mark.parametrize("answer", ["550 5.1.1 <ada@example.com> is unknown", "451 4.7.1 try later, ada@example.com"])
async def test_a_refusal_is_told_without_the_servers_words(verb: str, told: str, answer: str) -> None:
    async with mail_server() as taken:
        taken.refusals[verb] = answer
        with pytest.raises(NotCarried, match=told) as problem:
            await carrier(taken.port).carry(MAIL, ID, AT)
    assert answer[:9] in str(problem.value) and "ada" not in str(problem.value)
    assert not problem.value.forever


async def test_a_server_that_is_not_there_is_named_so() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        with pytest.raises(NotCarried, match="cannot be reached"):
            await carrier(probe.getsockname()[1]).carry(MAIL, ID, AT)


async def test_a_server_that_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hallway.mail.CONNECT_SECONDS", 0.05)

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(wait, "127.0.0.1", 0)
    async with silent:
        with pytest.raises(NotCarried, match="in time"):
            await carrier(silent.sockets[0].getsockname()[1]).carry(MAIL, ID, AT)


async def test_a_server_that_talks_without_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hallway.mail.ATTEMPT_SECONDS", 0.1)

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(b"220-and so on\r\n")
                await writer.drain()
                await asyncio.sleep(0)
        except OSError:
            writer.close()

    endless = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with endless:
        with pytest.raises(NotCarried):
            await carrier(endless.sockets[0].getsockname()[1]).carry(MAIL, ID, AT)


async def test_a_mail_that_is_no_message_is_given_up() -> None:
    for one in (carrier(1), FolderCarrier(Path("nowhere"), SENDER)):
        with pytest.raises(NotCarried) as problem:
            await one.carry(Mail("a, b@example.com", "x", "x"), ID, AT)
        assert problem.value.forever


# The folder


async def test_a_kept_mail_is_read_back(tmp_path: Path) -> None:
    folder = FolderCarrier(tmp_path / "var" / "mail", SENDER)
    assert folder.mails() == []
    await folder.carry(MAIL, ID, AT)
    await folder.carry(MAIL, ID, AT)
    later = MailId(b"\x01" + bytes(15))
    await folder.carry(Mail("bob@example.com", "Later", "Later\n"), later, AT + 1_000_000)
    kept = KeptMail(ID.hex(), "ada@example.com", "Join Äcme", AT, MAIL.text)
    newer = KeptMail(later.hex(), "bob@example.com", "Later", AT + 1_000_000, "Later\n")
    assert (folder.mails(), folder.mail(ID.hex())) == ([newer, kept], kept)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder.folder, *folder.folder.iterdir())] == [
        0o700,
        0o600,
        0o600,
    ]


@pytest.mark.parametrize("name", ["../secret", "0" * 32, "0" * 31, "X" * 32, ""])
async def test_no_other_file_is_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret.eml").write_text("Date: Tue, 14 Nov 2023 22:13:20 +0000\n\nsecret")
    folder = FolderCarrier(tmp_path / "mail", SENDER)
    await folder.carry(MAIL, ID, AT)
    (tmp_path / "mail" / "notes.eml").write_text("x")
    assert folder.mail(name) is None
    assert [one.name for one in folder.mails()] == [ID.hex()]


async def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file")
    with pytest.raises(NotCarried, match="mail_folder cannot be written") as problem:
        await FolderCarrier(tmp_path / "mail", SENDER).carry(MAIL, ID, AT)
    assert not problem.value.forever
