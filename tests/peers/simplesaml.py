"""SimpleSAMLphp out of Debian's package, configured by files of a test's own and served by PHP's own server."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from ssl import DER_cert_to_PEM_cert
from typing import Any
from urllib.request import urlopen

import pytest
from cryptography.hazmat.primitives import serialization

from tests.peers.processes import program, serving
from tests.running import free_port
from tests.saml.sender import rsa_key
from tests.web.federation import certificate

WWW = Path(__file__).parents[2] / ".peers" / "usr" / "share" / "simplesamlphp" / "www"
PASSWORD = "to see the sea"
EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
NOBODY = '<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>'
BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"


@dataclass(frozen=True)
class SimpleSaml:
    """A running one; `service` is the file in which it reads who may ask it."""

    base: str
    service: Path
    log: Path

    @property
    def metadata(self) -> bytes:
        """What it says of itself."""
        with urlopen(f"{self.base}/saml2/idp/metadata.php", timeout=20) as answer:
            found: bytes = answer.read()
            return found

    @property
    def logout(self) -> str:
        """Where one signs out there, and everywhere."""
        return f"{self.base}/saml2/idp/SingleLogoutService.php?ReturnTo={self.base}/"


@contextmanager
def simplesaml(directory: Path, people: dict[str, dict[str, list[str]]], **options: Any) -> Iterator[SimpleSaml]:
    """One that knows these people, each by her user name and one password for all; `options` are of its identity
    provider's metadata.
    """
    if not WWW.is_dir():
        pytest.fail("There is no SimpleSAMLphp: run `make peers`.", pytrace=False)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    for name in ("metadata", "cert", "data", "log", "tmp", "session"):
        (directory / name).mkdir()
    _configured(directory, base)
    _keys(directory / "cert")
    (directory / "service.xml").write_text(NOBODY)
    accounts = {f"{name}:{PASSWORD}": {"uid": [name], **more} for name, more in people.items()}
    _php(directory / "authsources.php", "$config", {"people": {"0": "exampleauth:UserPass", **accounts}})
    hosted = {
        "host": "__DEFAULT__",
        "privatekey": "idp.pem",
        "certificate": "idp.crt",
        "auth": "people",
        "userid.attribute": "uid",
        "attributes.NameFormat": BASIC,
        "signature.algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "validate.authnrequest": True,
        "validate.logout": True,
        "sign.logout": True,
        **options,
    }
    _php(directory / "metadata" / "saml20-idp-hosted.php", "$metadata", {f"{base}/entity": hosted})
    command = [program("php"), "-S", f"127.0.0.1:{port}", "-t", str(WWW)]
    command += ["-d", f"session.save_path={directory / 'session'}", "-d", "display_errors=0"]
    environ = {**os.environ, "SIMPLESAMLPHP_CONFIG_DIR": str(directory)}
    with serving(command, port, directory / "server.log", environ):
        yield SimpleSaml(base, directory / "service.xml", directory / "log" / "simplesamlphp.log")


def _configured(directory: Path, base: str) -> None:
    settings = {
        "baseurlpath": f"{base}/",
        "certdir": f"{directory}/cert/",
        "loggingdir": f"{directory}/log/",
        "datadir": f"{directory}/data/",
        "tempdir": f"{directory}/tmp",
        "metadatadir": f"{directory}/metadata/",
        "secretsalt": "of a test",
        "auth.adminpassword": PASSWORD,
        "timezone": "UTC",
        "trusted.url.domains": ["127.0.0.1", "hub.localhost"],
        "showerrors": True,
        "logging.level": 7,
        "logging.handler": "file",
        "logging.logfile": "simplesamlphp.log",
        "enable.saml20-idp": True,
        "module.enable": {"exampleauth": True, "core": True, "saml": True},
        "store.type": "phpsession",
        "session.cookie.secure": False,
        "session.cookie.samesite": "Lax",
        "language.available": ["en"],
        "language.default": "en",
        "metadata.sources": [{"type": "flatfile"}, {"type": "xml", "file": f"{directory}/service.xml"}],
    }
    _php(directory / "config.php", "$config", settings)


def _keys(directory: Path) -> None:
    private = rsa_key("idp").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (directory / "idp.pem").write_bytes(private)
    (directory / "idp.crt").write_text(pem(certificate("idp")))


def pem(der: bytes) -> str:
    """A certificate as text."""
    return DER_cert_to_PEM_cert(der)


def _php(path: Path, name: str, value: dict[str, Any]) -> None:
    """A file that gives a variable of PHP this value; names that are numbers become numbers there."""
    text = json.dumps(value).replace("\\", "\\\\").replace("'", "\\'")
    path.write_text(f"<?php\n{name} = json_decode('{text}', true);\n")
