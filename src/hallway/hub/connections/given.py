"""What an administrator puts into the one box, recognised by what it is: metadata, its address, or a certificate."""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from hallway.hub.organizations.service import Refused
from hallway.saml.metadata import SigningKey, certified
from hallway.saml.problem import SamlProblem

_BOM: Final = "\ufeff"
_URL: Final = re.compile(r"https?://\S+", re.IGNORECASE)
_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\s]{200,}")


@dataclass(frozen=True, slots=True)
class MetadataUrl:
    """An address where metadata is read."""

    url: str


@dataclass(frozen=True, slots=True)
class MetadataXml:
    """Metadata itself."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Certificates:
    """Certificates by themselves, and the address to sign in at where it stood beside them."""

    keys: tuple[SigningKey, ...]
    sign_in_url: str = ""


Given: TypeAlias = MetadataUrl | MetadataXml | Certificates


def recognised(text: str) -> Given:
    """What was given. Refuses what is none of these."""
    tidy = text.lstrip(_BOM).strip()
    if not tidy:
        raise Refused("invalid", "Paste your provider's metadata, its address, or the certificate")
    if tidy.startswith("<"):
        return MetadataXml(tidy.encode())
    if _URL.fullmatch(tidy):
        return MetadataUrl(tidy)
    blocks = [match.group(1) for match in _PEM.finditer(tidy)]
    rest = _PEM.sub(" ", tidy)
    found = _URL.search(rest)
    rest = _URL.sub(" ", rest).strip()
    if not blocks and _BASE64.fullmatch(rest):
        blocks = [rest]
    if not blocks:
        raise Refused(
            "invalid",
            "This is neither metadata (XML), nor its address (https://…), nor a certificate (PEM or base64).",
        )
    return Certificates(tuple(key_of(block) for block in blocks), found.group(0) if found else "")


def key_of(text: str) -> SigningKey:
    """The key of one certificate. Refuses what is none, and keys that are too weak."""
    try:
        return certified(text.encode())
    except SamlProblem:
        raise Refused(
            "invalid",
            "The certificate cannot be used: we take RSA keys of 2048 to 8192 bits, and P-256, P-384 and P-521.",
        ) from None
