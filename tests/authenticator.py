"""An authenticator in software: makes passkeys and signs with them (W3C Web Authentication §6)."""

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_PRESENT_AND_VERIFIED, _WITH_KEY = 0x05, 0x40


def base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def _octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One passkey of one person; `origin` is what its browser says it stands on."""

    origin: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential: bytes = field(default_factory=lambda: os.urandom(32))
    handle: bytes = b""
    flags: int = _PRESENT_AND_VERIFIED
    count: int = 0

    def create(self, options: str) -> str:
        """The answer to creation options, as the page's script sends it."""
        wanted = json.loads(options)
        self.handle = _octets(wanted["user"]["id"])
        x, y = (n.to_bytes(32, "big") for n in (self._point.x, self._point.y))
        # A COSE key by hand (RFC 9053 §7.1): {1: 2, 3: -7, -1: 1, -2: x, -3: y}
        cose = bytes.fromhex("a5010203262001215820") + x + bytes.fromhex("225820") + y
        attested = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + cose
        data = self._data(wanted["rp"]["id"], self.flags | _WITH_KEY) + attested
        # {"fmt": "none", "attStmt": {}, "authData": data}
        body = b"\x58" + bytes([len(data)]) if len(data) < 256 else b"\x59" + len(data).to_bytes(2, "big")
        attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData" + body + data
        client = self._client("webauthn.create", wanted["challenge"])
        response = {"attestationObject": base64url(attestation), "clientDataJSON": base64url(client)}
        return self._answer({**response, "transports": ["internal"]})

    def get(self, options: str) -> str:
        """The answer to request options."""
        wanted = json.loads(options)
        self.count += 1
        data = self._data(wanted["rpId"], self.flags)
        client = self._client("webauthn.get", wanted["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "authenticatorData": base64url(data),
                "clientDataJSON": base64url(client),
                "signature": base64url(signature),
                "userHandle": base64url(self.handle),
            }
        )

    @property
    def _point(self) -> ec.EllipticCurvePublicNumbers:
        return self.key.public_key().public_numbers()

    def _data(self, party: str, flags: int) -> bytes:
        return hashlib.sha256(party.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _answer(self, response: dict[str, Any]) -> str:
        own = base64url(self.credential)
        return json.dumps(
            {"id": own, "rawId": own, "type": "public-key", "response": response, "clientExtensionResults": {}}
        )
