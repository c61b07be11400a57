"""Mails as messages, and the two ways on: a server by SMTP, or a folder where a developer reads them.

Rules: TLS is verified where there is any; every attempt ends within a minute; what a server says is told on only as
its code, because its words may repeat an address.
"""

import asyncio
import os
import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

import aiosmtplib

from hallway.ids import MailId
from hallway.outbox.model import Mail
from hallway.outbox.ports import NotCarried
from hallway.setting_values import SmtpServer

CONNECT_SECONDS: Final = 20
ATTEMPT_SECONDS: Final = 60
LONGEST_SAID: Final = 500
SHOWN: Final = 200
"""So many kept mails are listed."""

ADDRESS: Final = re.compile(r'[^\s@<>()\[\]\\,;:"\x00-\x1f\x7f]+@[^\s@<>()\[\]\\,;:"\x00-\x1f\x7f]+')
"""One address and nothing else: no second one, no name, no line break."""
_LINES: Final = policy.SMTP.clone(max_line_length=900)
"""A link stays on one line, so that a person who opens the file can use it."""
_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_FILE: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom mails come from."""

    address: str
    name: str


def composed(mail: Mail, sender: Sender, mail_id: MailId, at: int) -> EmailMessage:
    """The message in plain text. No value can add a header or a recipient: `ValueError` where one has a line break, or
    `to` is not one address.
    """
    if ADDRESS.fullmatch(mail.to) is None:
        raise ValueError("a mail is to one address")
    message = EmailMessage(policy=_LINES)
    message["From"] = _mailbox(sender.address, sender.name)
    message["To"] = _mailbox(mail.to)
    message["Subject"] = mail.subject
    message["Date"] = datetime.fromtimestamp(at / 1_000_000, UTC)
    message["Message-ID"] = f"<{mail_id.hex()}@{sender.address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message


def _written(mail: Mail, sender: Sender, mail_id: MailId, at: int) -> EmailMessage:
    try:
        return composed(mail, sender, mail_id, at)
    except ValueError as fault:
        raise NotCarried("the mail cannot be written as a message", forever=True) from fault


def _mailbox(address: str, name: str = "") -> Address:
    user, _, domain = address.rpartition("@")
    return Address(name, user, domain)


@dataclass(frozen=True, slots=True)
class SmtpCarrier:
    """Hands mails to a server, each over a connection of its own."""

    server: SmtpServer
    sender: Sender

    async def carry(self, mail: Mail, mail_id: MailId, at: int) -> None:
        """Return once the server has taken the mail; raises `NotCarried`."""
        await self.answer(mail, mail_id, at)

    async def answer(self, mail: Mail, mail_id: MailId, at: int) -> str:
        """Send, and return what the server said when it took the mail; raises `NotCarried`."""
        message = _written(mail, self.sender, mail_id, at)
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS), self._connected() as connection:
                _, said = await connection.send_message(message, sender=self.sender.address, recipients=[mail.to])
        except (aiosmtplib.SMTPException, OSError) as fault:
            raise NotCarried(_reason(fault), said=_said(fault)) from fault
        return said

    def _connected(self) -> aiosmtplib.SMTP:
        server = self.server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            timeout=CONNECT_SECONDS,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            tls_context=None if server.tls == "none" else ssl.create_default_context(),
        )


def _reason(fault: Exception) -> str:
    match fault:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[aiosmtplib.SMTPRecipientRefused() as first, *_]):
            return f"the server refused the recipient ({_code(first)})"
        case aiosmtplib.SMTPAuthenticationError():
            return f"the server refused user and password ({_code(fault)})"
        case aiosmtplib.SMTPSenderRefused():
            return f"the server refused mail_from ({_code(fault)})"
        case aiosmtplib.SMTPResponseException():
            return f"the server refused the mail ({_code(fault)})"
        case _ if type(fault) in (aiosmtplib.SMTPException, aiosmtplib.SMTPNotSupported):
            return "the server does not offer what is needed: STARTTLS, a way to sign in, or such addresses"
        case TimeoutError():
            return "the server did not answer in time"
        case _:
            return _unreachable(fault)


def _said(fault: Exception) -> str:
    """The words of the other side, on one line and not too many."""
    match fault:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[aiosmtplib.SMTPRecipientRefused() as first, *_]):
            return _said(first)
        case aiosmtplib.SMTPResponseException():
            return " ".join(f"{fault.code} {fault.message}".split())[:LONGEST_SAID]
        case _:
            return ""


def _unreachable(fault: BaseException) -> str:
    """What lies under a connection that did not come about."""
    under: BaseException | None = fault
    while under is not None:
        if isinstance(under, ssl.SSLCertVerificationError):
            return f"the server's certificate is not trusted: {under.verify_message}"
        if isinstance(under, ssl.SSLError):
            return "the server does not speak TLS as it should"
        under = under.__cause__ or under.__context__
    return f"the server cannot be reached ({type(fault).__name__})"


def _code(fault: aiosmtplib.SMTPResponseException) -> str:
    enhanced = _ENHANCED.match(fault.message)
    return f"{fault.code} {enhanced[0]}" if enhanced else str(fault.code)


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail in the folder; `name` is its file's, without the ending."""

    name: str
    to: str
    subject: str
    at: int
    text: str


@dataclass(frozen=True, slots=True)
class FolderCarrier:
    """Keeps mails as .eml files, readable by their owner only; a mail that comes again takes its own place."""

    folder: Path
    sender: Sender

    async def carry(self, mail: Mail, mail_id: MailId, at: int) -> None:
        """Write the file; raises `NotCarried`."""
        await self.answer(mail, mail_id, at)

    async def answer(self, mail: Mail, mail_id: MailId, at: int) -> str:
        """Write the file, and return where it is; raises `NotCarried`."""
        content = _written(mail, self.sender, mail_id, at).as_bytes()
        try:
            await asyncio.to_thread(self._write, f"{mail_id.hex()}.eml", content)
        except OSError as fault:
            raise NotCarried(f"mail_folder cannot be written ({fault.strerror})") from fault
        return f"kept as {mail_id.hex()}.eml"

    def _write(self, name: str, content: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.folder / f"{name}.part"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123 - its mode
            file.write(content)
        draft.replace(self.folder / name)

    def mails(self) -> list[KeptMail]:
        """The newest, newest first: their ids begin with when they were made."""
        if not self.folder.is_dir():
            return []
        names = sorted((path.stem for path in self.folder.glob("*.eml") if _FILE.fullmatch(path.stem)), reverse=True)
        return [mail for name in names[:SHOWN] if (mail := self.mail(name)) is not None]

    def mail(self, name: str) -> KeptMail | None:
        """One mail by its file's name."""
        if not _FILE.fullmatch(name):
            return None
        try:
            message = message_from_bytes((self.folder / f"{name}.eml").read_bytes(), policy=policy.default)
        except FileNotFoundError:
            return None
        at = int(parsedate_to_datetime(str(message["Date"])).timestamp() * 1_000_000)
        text = str(message.get_content()).replace("\r\n", "\n")
        return KeptMail(name, str(message["To"]), str(message["Subject"]), at, text)
