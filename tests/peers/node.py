"""Identity providers that run on Node, out of the packages that the lock file beside this names."""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import playwright
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from lxml import etree

from tests.peers.processes import serving
from tests.peers.simplesaml import PASSWORD, pem
from tests.running import free_port
from tests.saml.sender import rsa_key
from tests.web.federation import certificate

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
NODE = Path(playwright.__file__).parent / "driver" / "node"
"""A recent Node, the same on every machine: oidc-provider does not run on that of Debian 12."""
_MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_DS = "{http://www.w3.org/2000/09/xmldsig#}"


@dataclass(frozen=True)
class NodePeer:
    """A running one; `service` is the file in which it reads who may ask it."""

    base: str
    service: Path

    def read(self, path: str) -> bytes:
        """A document of it."""
        with urlopen(self.base + path, timeout=20) as answer:
            found: bytes = answer.read()
            return found

    def lets(self, **clients: Any) -> None:
        """Take these clients from now on (OpenID)."""
        self.service.write_text(json.dumps(clients))

    def knows(self, metadata: bytes) -> None:
        """Take who may ask out of a service provider's metadata."""
        root = etree.fromstring(metadata)
        text = root.findtext(f".//{_MD}KeyDescriptor[@use='encryption']//{_DS}X509Certificate")
        assert text is not None
        found = x509.load_pem_x509_certificate(
            f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n".encode()
        )
        public = found.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        asking = {
            "entity_id": root.get("entityID"),
            "acs_url": root.find(f".//{_MD}AssertionConsumerService").get("Location"),
            "logout_url": root.find(f".//{_MD}SingleLogoutService").get("Location"),
            "certificate": found.public_bytes(serialization.Encoding.PEM).decode(),
            "public_key": public.decode(),
        }
        self.service.write_text(json.dumps(asking))


@contextmanager
def node_peer(directory: Path, script: str, settings: dict[str, Any]) -> Iterator[NodePeer]:
    """A script of ours that makes an identity provider of a package, with settings in a file."""
    if not MODULES.is_dir():
        pytest.fail("There are no packages of Node: run `make peers`.", pytrace=False)
    port = settings.get("port") or free_port()
    kept = directory / "settings.json"
    service = directory / "service.json"
    kept.write_text(json.dumps({**settings, "port": port, "service": str(service)}))
    command = [str(NODE), "--no-deprecation", str(HERE / script), str(kept)]
    with serving(command, port, directory / "server.log", os.environ):
        yield NodePeer(f"http://127.0.0.1:{port}", service)


@contextmanager
def samlp(directory: Path, people: dict[str, Any], **options: Any) -> Iterator[NodePeer]:
    """npm's samlp with options of its own; `encrypts` encrypts to the certificate of who asks."""
    private = rsa_key("idp").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    settings = {
        "key": private.decode(),
        "certificate": pem(certificate("idp")),
        "password": PASSWORD,
        "people": people,
        "options": options,
    }
    with node_peer(directory, "samlp.mjs", settings) as peer:
        yield peer


@contextmanager
def oidc_provider(
    directory: Path, people: dict[str, Any], clients: dict[str, Any], key: str = "idp", port: int = 0, **options: Any
) -> Iterator[NodePeer]:
    """npm's oidc-provider: people by their user names with their claims, clients by their ids as `service` has them.

    `key` names its signing key: one with another key at the same `port` is the same provider after it changed keys.
    `options` are of its configuration.
    """
    settings = {"key": jwk(key), "password": PASSWORD, "people": people, "options": options, "port": port}
    (directory / "service.json").write_text(json.dumps(clients))
    with node_peer(directory, "oidc-provider.mjs", settings) as peer:
        yield peer


def jwk(name: str) -> dict[str, str]:
    """The private key of this name as a JWK."""
    numbers = rsa_key(name).private_numbers()
    public = numbers.public_numbers
    parts = {"n": public.n, "e": public.e, "d": numbers.d, "p": numbers.p, "q": numbers.q}
    parts |= {"dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}
    written = {part: _base64url(value.to_bytes((value.bit_length() + 7) // 8)) for part, value in parts.items()}
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": name, **written}


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")
