"""A mail server for tests: aiosmtpd in the loop of the test, with TLS of an authority made for it."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "hallway", "a pass@word:/%"


@dataclass
class Taken:
    """What the server took, and what it says to the next mails instead of taking them."""

    port: int = 0
    envelopes: list[Envelope] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(cast("bytes", one.content), policy=policy.default) for one in self.envelopes]

    async def handle_MAIL(self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if "MAIL" in self.refusals:
            return self.refusals["MAIL"]
        envelope.mail_from = address
        envelope.mail_options += options
        return "250 OK"

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]) -> str:
        if "RCPT" in self.refusals:
            return self.refusals["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        if "DATA" in self.refusals:
            return self.refusals["DATA"]
        self.envelopes.append(envelope)
        self.came.set()
        return "250 2.0.0 taken as number 7"


@asynccontextmanager
async def mail_server(tls: str = "none", folder: Path | None = None, name: str = "localhost") -> AsyncIterator[Taken]:
    """A server on loopback; with `starttls` or `implicit` TLS it asks for user and password too."""
    taken = Taken()
    context = None if tls == "none" else _context(folder or Path(), name)

    def made() -> SMTP:
        more: dict[str, Any] = {}
        if context is not None:
            more = {"authenticator": _judged, "auth_required": True, "auth_require_tls": tls == "starttls"}
        if tls == "starttls":
            more |= {"tls_context": context, "require_starttls": True}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it does not see that a connection began with TLS
            return SMTP(taken, enable_SMTPUTF8=True, loop=asyncio.get_running_loop(), **more)

    listening = await asyncio.get_running_loop().create_server(
        made, "127.0.0.1", 0, ssl=context if tls == "implicit" else None
    )
    taken.port = listening.sockets[0].getsockname()[1]
    try:
        yield taken
    finally:
        listening.close()
        await listening.wait_closed()


def _judged(_: SMTP, __: Session, ___: Envelope, ____: str, given: Any) -> AuthResult:
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


def _context(folder: Path, name: str) -> ssl.SSLContext:
    """The server's side, and `authority.pem` in the folder for whoever is to trust it."""
    certificate, key = _made(name)
    (folder / "authority.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "authority.pem", folder / "key.pem")
    return context


@cache
def _made(name: str) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server of the tests")])
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    names += [x509.IPAddress(ip_address("127.0.0.1"))] if name == "localhost" else []
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private
