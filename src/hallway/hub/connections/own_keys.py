"""Our own keys: one for each connection; SAML's with a certificate that carries it in the metadata.

Rules: made in a thread, since that takes a tenth of a second and more; the certificate says nothing that anybody
verifies, so it is self-signed and lasts ten years.
"""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from hallway.oidc.jose import base64url

BITS: Final = 2048
YEARS: Final = 10
_MOST_COMMON_NAME: Final = 64


class RsaKeys:
    """See `hallway.hub.connections.ports.KeyMaker`."""

    def make_client(self) -> tuple[bytes, str]:
        """A private key on P-256 (PKCS #8, PEM) and its public half as a JWK (RFC 7517, RFC 7638)."""
        key = ec.generate_private_key(ec.SECP256R1())
        point = key.public_key().public_numbers()
        x, y = (base64url(number.to_bytes(32, "big")) for number in (point.x, point.y))
        named = orjson.dumps({"crv": "P-256", "kty": "EC", "x": x, "y": y})
        kid = base64url(hashlib.sha256(named).digest())
        public = {**orjson.loads(named), "kid": kid, "use": "sig", "alg": "ES256"}
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), orjson.dumps(public).decode()

    async def make(self, name: str, now: int) -> tuple[bytes, bytes]:
        """A private key (PKCS #8, DER) and a certificate of it (DER)."""
        return await asyncio.to_thread(_made, name, now)


def _made(name: str, now: int) -> tuple[bytes, bytes]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_MOST_COMMON_NAME])])
    since = datetime.fromtimestamp(now // 1_000_000, UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since - timedelta(days=1))
        .not_valid_after(since + timedelta(days=365 * YEARS))
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return private, certificate.public_bytes(Encoding.DER)
