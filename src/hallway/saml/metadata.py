"""Metadata: what an identity provider says of itself, and what we say of ourselves (SAML metadata §2).

Rules: read within the bounds of a message of any kind; keys are what counts, certificates carry them; addresses are
https, or http where the caller allows it by name; what belongs to other roles and protocols is passed over.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hallway.saml.instant import instant, instant_text
from hallway.saml.problem import SamlProblem
from hallway.saml.request import POST, REDIRECT
from hallway.saml.signature import MOST_KEYS, PublicKey, is_strong
from hallway.saml.writing import element, within
from hallway.saml.xml import (
    DS,
    METADATA,
    SAMLP,
    XENC,
    Element,
    children,
    decoded_base64,
    named,
    only_text,
    parsed,
)

MAX_METADATA_BYTES: Final = 1024 * 1024
MOST_URL: Final = 2048
_GCM: Final = ("http://www.w3.org/2009/xmlenc11#aes256-gcm", "http://www.w3.org/2009/xmlenc11#aes128-gcm")
_OAEP: Final = XENC + "rsa-oaep-mgf1p"
_MDUI: Final = "urn:oasis:names:tc:SAML:metadata:ui"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that an identity provider signs with; `expires_at` is its certificate's end, None for a bare key."""

    key: PublicKey
    certificate: bytes
    expires_at: int | None = None

    @property
    def spki(self) -> bytes:
        """The key as SubjectPublicKeyInfo: what two certificates of one key have in common."""
        return self.key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """What is kept of an identity provider's metadata; "" for an address that it has not."""

    entity_id: str
    keys: tuple[SigningKey, ...]
    redirect_url: str
    post_url: str
    logout_redirect_url: str = ""
    logout_post_url: str = ""
    logout_response_url: str = ""
    name_id_formats: tuple[str, ...] = ()
    wants_signed_requests: bool = False
    valid_until: int | None = None


def identity_provider(octets: bytes, now: int, entity_id: str = "", http: bool = False) -> IdentityProvider:
    """The identity provider that metadata describes; in an aggregate, the one with `entity_id` or the only one.

    Raises `SamlProblem`. `http` allows addresses without TLS.
    """
    root = parsed(octets, MAX_METADATA_BYTES)
    entity = _entity(root, entity_id)
    roles = [one for one in children(entity, METADATA, "IDPSSODescriptor") if _speaks_saml(one)]
    if not roles:
        raise SamlProblem("not_metadata", "an IDPSSODescriptor of SAML 2.0", _names(entity))
    role = roles[0]
    name = entity.get("entityID", "")
    if not name or len(name) > 1024:
        raise SamlProblem("not_metadata", "an entityID of at most 1024 characters", name)
    valid_until = _valid_until((root, entity, role), now)
    redirect, post = _addresses(role, "SingleSignOnService", http)
    if not redirect and not post:
        raise SamlProblem("wrong_endpoint", "an address to sign in at, by redirect or POST", "none")
    logout_redirect, logout_post = _addresses(role, "SingleLogoutService", http)
    return IdentityProvider(
        name,
        _keys(role),
        redirect,
        post,
        logout_redirect,
        logout_post,
        _logout_response(role, http),
        tuple(only_text(one) for one in children(role, METADATA, "NameIDFormat")),
        role.get("WantAuthnRequestsSigned") in ("true", "1"),
        valid_until,
    )


def _entity(root: Element, entity_id: str) -> Element:
    if root.tag == named(METADATA, "EntityDescriptor"):
        found = [root]
    elif root.tag == named(METADATA, "EntitiesDescriptor"):
        found = list(root.iter(named(METADATA, "EntityDescriptor")))
    else:
        raise SamlProblem("not_metadata", "an EntityDescriptor", str(root.tag))
    fitting = [one for one in found if not entity_id or one.get("entityID") == entity_id]
    if len(fitting) != 1:
        raise SamlProblem("not_metadata", entity_id or "one entity", f"{len(fitting)} of {len(found)} entities")
    return fitting[0]


def _speaks_saml(role: Element) -> bool:
    return SAMLP in role.get("protocolSupportEnumeration", "").split()


def _names(entity: Element) -> str:
    return ", ".join(str(one.tag).rpartition("}")[2] for one in entity) or "nothing"


def _valid_until(elements: Sequence[Element], now: int) -> int | None:
    ends = [instant(text) for one in elements if (text := one.get("validUntil")) is not None]
    if ends and min(ends) <= now:
        raise SamlProblem("metadata_expired", "metadata that is still valid", instant_text(min(ends)))
    return min(ends, default=None)


def _addresses(role: Element, name: str, http: bool) -> tuple[str, str]:
    """The addresses by redirect and by POST."""
    found = {REDIRECT: "", POST: ""}
    for one in children(role, METADATA, name):
        binding = one.get("Binding", "")
        if binding in found and not found[binding]:
            found[binding] = checked_url(one.get("Location", ""), http)
    return found[REDIRECT], found[POST]


def _logout_response(role: Element, http: bool) -> str:
    for one in children(role, METADATA, "SingleLogoutService"):
        location = one.get("ResponseLocation")
        if location is not None:
            return checked_url(location, http)
    return ""


def checked_url(url: str, http: bool) -> str:
    """An absolute address that a browser may be sent to. Raises `SamlProblem`."""
    if len(url) > MOST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise SamlProblem("wrong_endpoint", "a plain address", url)
    try:
        parts = urlsplit(url)
        port_is_number = parts.port is None or parts.port > 0
    except ValueError:
        raise SamlProblem("wrong_endpoint", "an address that can be read", url) from None
    secure = parts.scheme == "https" or (http and parts.scheme == "http")
    if not secure or not parts.hostname or parts.username is not None or parts.fragment or not port_is_number:
        raise SamlProblem("wrong_endpoint", "an address that begins with https://", url)
    return url


def _keys(role: Element) -> tuple[SigningKey, ...]:
    found: dict[bytes, SigningKey] = {}
    for descriptor in children(role, METADATA, "KeyDescriptor"):
        if descriptor.get("use") in (None, "signing"):
            for one in _described(descriptor):
                found.setdefault(one.spki, one)
    if not found or len(found) > MOST_KEYS:
        raise SamlProblem("no_usable_key", f"one to {MOST_KEYS} signing keys", f"{len(found)}")
    return tuple(found.values())


def _described(descriptor: Element) -> list[SigningKey]:
    found = []
    for info in children(descriptor, DS, "KeyInfo"):
        for holder in children(info, DS, "X509Data"):
            certificates = children(holder, DS, "X509Certificate")
            # The first one is the key's own, further ones are its chain.
            found += [certified(only_text(one).encode()) for one in certificates[:1]]
    return found


def certified(text: bytes) -> SigningKey:
    """The key of a certificate in base64, with or without PEM's lines. Raises `SamlProblem`."""
    lines = [line for line in text.splitlines() if b"-----" not in line]
    octets = decoded_base64(b"\n".join(lines))
    try:
        certificate = x509.load_der_x509_certificate(octets)
        key = certificate.public_key()
    except ValueError as error:
        raise SamlProblem("no_usable_key", "an X.509 certificate", str(error)) from None
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) or not is_strong(key):
        raise SamlProblem("no_usable_key", "RSA of 2048 to 8192 bits, or a key on P-256, P-384 or P-521", "another")
    expires_at = int(certificate.not_valid_after_utc.timestamp()) * 1_000_000
    return SigningKey(key, octets, expires_at)


@dataclass(frozen=True, slots=True)
class ServiceProvider:
    """What we say of ourselves to the identity provider of one connection.

    Certificates are DER; the first signing one is in use, further ones are about to be, or just were.
    """

    entity_id: str
    acs_urls: tuple[str, ...]
    logout_url: str
    signing: tuple[bytes, ...]
    encryption: tuple[bytes, ...]
    name: str
    valid_until: int
    name_id_formats: tuple[str, ...] = ()
    signs_requests: bool = True
    wants_signed_assertions: bool = True


def service_provider_metadata(own: ServiceProvider) -> Element:
    """An EntityDescriptor with its children in the order that the schema demands (SAML metadata §2.4.4)."""
    role = element(
        METADATA,
        "SPSSODescriptor",
        {
            "protocolSupportEnumeration": SAMLP,
            "AuthnRequestsSigned": "true" if own.signs_requests else "false",
            "WantAssertionsSigned": "true" if own.wants_signed_assertions else "false",
        },
    )
    names = within(element(_MDUI, "UIInfo"), element(_MDUI, "DisplayName", {_LANG: "en"}, own.name))
    role.append(within(element(METADATA, "Extensions"), names))
    role.extend([_key(certificate, "signing") for certificate in own.signing])
    role.extend([_key(certificate, "encryption") for certificate in own.encryption])
    if own.logout_url:
        for binding in (REDIRECT, POST):
            role.append(element(METADATA, "SingleLogoutService", {"Binding": binding, "Location": own.logout_url}))
    role.extend([element(METADATA, "NameIDFormat", text=one) for one in own.name_id_formats])
    for index, url in enumerate(own.acs_urls):
        place = {"Binding": POST, "Location": url, "index": str(index), "isDefault": "true" if index == 0 else None}
        role.append(element(METADATA, "AssertionConsumerService", place))
    root = element(
        METADATA, "EntityDescriptor", {"entityID": own.entity_id, "validUntil": instant_text(own.valid_until)}
    )
    return within(root, role)


_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def _key(certificate: bytes, use: str) -> Element:
    text = base64.b64encode(certificate).decode()
    info = within(element(DS, "KeyInfo"), within(element(DS, "X509Data"), element(DS, "X509Certificate", text=text)))
    made = within(element(METADATA, "KeyDescriptor", {"use": use}), info)
    if use == "encryption":
        for algorithm in (*_GCM, _OAEP):
            made.append(element(METADATA, "EncryptionMethod", {"Algorithm": algorithm}))
    return made
