"""An identity provider of the tests' own: it makes responses as vendors do, and spoils them on demand.

It shares no code with what it tests: lxml and cryptography alone.
"""

import base64
import copy
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from lxml import etree

from hallway.saml.response import Expectation
from hallway.saml.signature import Trust

DS = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = DS + "enveloped-signature"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = XENC + "sha256"
NS = {"s": SAML, "p": SAMLP, "ds": DS}

IDP = "https://idp.example/metadata"
SP = "https://hub.example/saml/conn_1"
ACS = "https://hub.example/saml/conn_1/acs"
NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

Element = Any


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key by name, made once in a run."""
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    """A key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def micro(at: datetime) -> int:
    """An instant as the code under test counts."""
    return int(at.timestamp()) * 1_000_000


def z(at: datetime) -> str:
    """An instant as SAML writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Scene:
    """Between whom messages are made, which request they answer, and when, unless they say otherwise."""

    sp: str = SP
    acs: str = ACS
    request: str | None = "_request1"
    now: datetime = NOW


_SCENE: ContextVar[Scene] = ContextVar("scene", default=Scene())  # noqa: B039  (it is frozen)


def scene() -> Scene:
    """Where and when."""
    return _SCENE.get()


def now() -> datetime:
    """When the scene plays."""
    return scene().now


@contextmanager
def played(other: Scene) -> Iterator[None]:
    """Messages are made in another scene meanwhile."""
    token = _SCENE.set(other)
    try:
        yield
    finally:
        _SCENE.reset(token)


def expectation(**changes: Any) -> Expectation:
    """What the connection of these tests expects."""
    usual: dict[str, Any] = {
        "issuer": IDP,
        "entity_id": scene().sp,
        "acs_url": scene().acs,
        "trust": Trust((rsa_key("idp").public_key(),)),
        "now": micro(now()),
        "request_id": scene().request,
        "decryption_keys": (rsa_key("sp"),),
    }
    return Expectation(**{**usual, **changes})


@dataclass
class Login:
    """What a response says; every part can be made wrong."""

    name_id: str = "ada@acme.example"
    assertion_id: str = "_assertion1"
    response_id: str = "_response1"
    issuer: str = IDP
    response_issuer: str | None = IDP
    audience: tuple[str, ...] | None = field(default_factory=lambda: (scene().sp,))
    recipient: str | None = field(default_factory=lambda: scene().acs)
    destination: str | None = field(default_factory=lambda: scene().acs)
    in_response_to: str | None = field(default_factory=lambda: scene().request)
    confirmed_for: str | None = field(default_factory=lambda: scene().request)
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"
    version: str = "2.0"
    issued: datetime = field(default_factory=lambda: now())
    not_before: datetime | None = field(default_factory=lambda: now() - MINUTE)
    not_after: datetime | None = field(default_factory=lambda: now() + 5 * MINUTE)
    confirmed_until: datetime | None = field(default_factory=lambda: now() + 5 * MINUTE)
    confirmation_not_before: datetime | None = None
    method: str = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
    authenticated: datetime | None = field(default_factory=lambda: now() - MINUTE)
    session_ends: datetime | None = None
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = (("email", ("ada@acme.example",)), ("groups", ("a", "b")))
    conditions_extra: str = ""
    spoil: list[Callable[[Element], None]] = field(default_factory=list)

    def tree(self) -> Element:
        """The unsigned response."""
        text = self._response()
        return etree.fromstring(text.encode())

    def _response(self) -> str:
        answered = f' InResponseTo="{self.in_response_to}"' if self.in_response_to else ""
        destination = f' Destination="{self.destination}"' if self.destination else ""
        issuer = f"<saml:Issuer>{self.response_issuer}</saml:Issuer>" if self.response_issuer else ""
        return (
            f'<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" xmlns:xs="http://www.w3.org/2001/XMLSchema" '
            f'ID="{self.response_id}" Version="{self.version}" IssueInstant="{z(self.issued)}"{destination}{answered}>'
            f'{issuer}<samlp:Status><samlp:StatusCode Value="{self.status}"/></samlp:Status>{self._assertion()}'
            "</samlp:Response>"
        )

    def _assertion(self) -> str:
        return (
            f'<saml:Assertion ID="{self.assertion_id}" Version="{self.version}" IssueInstant="{z(self.issued)}">'
            f"<saml:Issuer>{self.issuer}</saml:Issuer>{self._subject()}{self._conditions()}{self._authn()}"
            f"{self._statement()}</saml:Assertion>"
        )

    def _subject(self) -> str:
        parts = [
            f' Recipient="{self.recipient}"' if self.recipient else "",
            f' NotOnOrAfter="{z(self.confirmed_until)}"' if self.confirmed_until else "",
            f' NotBefore="{z(self.confirmation_not_before)}"' if self.confirmation_not_before else "",
            f' InResponseTo="{self.confirmed_for}"' if self.confirmed_for else "",
        ]
        return (
            f'<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">'
            f'{self.name_id}</saml:NameID><saml:SubjectConfirmation Method="{self.method}">'
            f"<saml:SubjectConfirmationData{''.join(parts)}/></saml:SubjectConfirmation></saml:Subject>"
        )

    def _conditions(self) -> str:
        begins = f' NotBefore="{z(self.not_before)}"' if self.not_before else ""
        ends = f' NotOnOrAfter="{z(self.not_after)}"' if self.not_after else ""
        audiences = "".join(f"<saml:Audience>{one}</saml:Audience>" for one in self.audience or ())
        inside = (
            f"<saml:AudienceRestriction>{audiences}</saml:AudienceRestriction>" if self.audience is not None else ""
        )
        return f"<saml:Conditions{begins}{ends}>{inside}{self.conditions_extra}</saml:Conditions>"

    def _authn(self) -> str:
        if self.authenticated is None:
            return ""
        ends = f' SessionNotOnOrAfter="{z(self.session_ends)}"' if self.session_ends else ""
        return (
            f'<saml:AuthnStatement AuthnInstant="{z(self.authenticated)}" SessionIndex="_s1"{ends}><saml:AuthnContext>'
            "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>"
            "</saml:AuthnContext></saml:AuthnStatement>"
        )

    def _statement(self) -> str:
        if not self.attributes:
            return ""
        xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string"'
        inside = "".join(
            f'<saml:Attribute Name="{name}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">'
            + "".join(f"<saml:AttributeValue {xsi}>{value}</saml:AttributeValue>" for value in values)
            + "</saml:Attribute>"
            for name, values in self.attributes
        )
        return f"<saml:AttributeStatement>{inside}</saml:AttributeStatement>"


def canonical(element: Element, prefixes: list[str] | None = None, exclusive: bool = True) -> bytes:
    """What is signed."""
    return etree.tostring(element, method="c14n", exclusive=exclusive, inclusive_ns_prefixes=prefixes)


@dataclass
class Signing:
    """How an element is signed."""

    key: Any = None
    method: str = RSA_SHA256
    digest: str = SHA256
    hash_name: str = "sha256"
    algorithm: Any = field(default_factory=hashes.SHA256)
    prefixes: list[str] | None = None
    transforms: tuple[str, ...] = (ENVELOPED, EXC)
    canonicalization: str = EXC
    uri: str | None = None
    last: bool = False


def signed(element: Element, how: Signing | None = None) -> Element:
    """The element with an enveloped signature behind its Issuer (or as the last child)."""
    how = how or Signing()
    key = how.key or rsa_key("idp")
    digest = base64.b64encode(hashlib.new(how.hash_name, canonical(element, how.prefixes)).digest()).decode()
    inclusive = (
        f'<ec:InclusiveNamespaces xmlns:ec="{EXC}" PrefixList="{" ".join(how.prefixes)}"/>' if how.prefixes else ""
    )
    transforms = "".join(
        f'<ds:Transform Algorithm="{one}">{inclusive if one == EXC else ""}</ds:Transform>' for one in how.transforms
    )
    uri = "#" + element.get("ID") if how.uri is None else how.uri
    signature = etree.fromstring(
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{how.canonicalization}"/>'
        f'<ds:SignatureMethod Algorithm="{how.method}"/><ds:Reference URI="{uri}"><ds:Transforms>{transforms}'
        f'</ds:Transforms><ds:DigestMethod Algorithm="{how.digest}"/><ds:DigestValue>{digest}</ds:DigestValue>'
        "</ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>"
    )
    where = len(element) if how.last else 1
    element.insert(where, signature)
    value = _value(key, canonical(signature[0]), how.algorithm)
    signature[1].text = base64.b64encode(value).decode()
    return element


def _value(key: Any, octets: bytes, algorithm: Any) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(octets, padding.PKCS1v15(), algorithm)
    r, s = decode_dss_signature(key.sign(octets, ec.ECDSA(algorithm)))
    half = (key.curve.key_size + 7) // 8
    return r.to_bytes(half, "big") + s.to_bytes(half, "big")


def assertion_of(response: Element) -> Element:
    """The assertion in a response."""
    return response.find(f"{{{SAML}}}Assertion")


def message(login: Login | None = None, sign: str = "assertion", how: Signing | None = None) -> bytes:
    """A response, with the assertion, the response, both or nothing signed."""
    login = login or Login()
    root = login.tree()
    if sign in ("assertion", "both"):
        signed(assertion_of(root), how)
    if sign in ("response", "both"):
        signed(root, how)
    for spoil in login.spoil:
        spoil(root)
    return etree.tostring(root)


def encrypted(
    root: Element,
    cipher: str = XENC11 + "aes256-gcm",
    oaep: str = XENC + "rsa-oaep-mgf1p",
    beside: bool = False,
    key: rsa.RSAPrivateKey | None = None,
) -> Element:
    """The response with its assertion encrypted."""
    assertion = assertion_of(root)
    at = root.index(assertion)
    plaintext = etree.tostring(copy.deepcopy(assertion))
    root.remove(assertion)
    content_key = os.urandom(int(cipher.split("aes")[1][:3]) // 8)
    digest = hashes.SHA256() if oaep.endswith("11#rsa-oaep") else hashes.SHA1()
    extra = (
        f'<ds:DigestMethod xmlns:ds="{DS}" Algorithm="{SHA256}"/>'
        f'<e11:MGF xmlns:e11="{XENC11}" Algorithm="{XENC11}mgf1sha256"/>'
        if oaep.endswith("11#rsa-oaep")
        else ""
    )
    wrapped = (key or rsa_key("sp")).public_key().encrypt(content_key, padding.OAEP(padding.MGF1(digest), digest, None))
    if cipher.endswith("gcm"):
        nonce = os.urandom(12)
        data = nonce + AESGCM(content_key).encrypt(nonce, plaintext, None)
    else:
        iv = os.urandom(16)
        pad = 16 - len(plaintext) % 16
        encryptor = Cipher(AES(content_key), CBC(iv)).encryptor()
        data = iv + encryptor.update(plaintext + os.urandom(pad - 1) + bytes((pad,))) + encryptor.finalize()
    wrapping = (
        f'<xenc:EncryptedKey xmlns:xenc="{XENC}"><xenc:EncryptionMethod Algorithm="{oaep}">{extra}'
        f"</xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>{base64.b64encode(wrapped).decode()}"
        "</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>"
    )
    info = "" if beside else f'<ds:KeyInfo xmlns:ds="{DS}">{wrapping}</ds:KeyInfo>'
    sealed = etree.fromstring(
        f'<saml:EncryptedAssertion xmlns:saml="{SAML}"><xenc:EncryptedData xmlns:xenc="{XENC}" '
        f'Type="http://www.w3.org/2001/04/xmlenc#Element"><xenc:EncryptionMethod Algorithm="{cipher}"/>{info}'
        f"<xenc:CipherData><xenc:CipherValue>{base64.b64encode(data).decode()}</xenc:CipherValue></xenc:CipherData>"
        f"</xenc:EncryptedData>{wrapping if beside else ''}</saml:EncryptedAssertion>"
    )
    root.insert(at, sealed)
    return root
