"""Responses in the shapes of ten vendors: prefixes, windows, algorithms, names and attributes as theirs are.

Each is generated and signed here; nothing is copied from a real tenant. What a row says is read from messages in
public test suites or from the vendors' documentation; where a vendor has settings, the shape names the one that it
takes. No code is shared with what is tested.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from html import escape
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from lxml import etree

from tests.saml.sender import (
    ACS,
    DS,
    ENVELOPED,
    EXC,
    MINUTE,
    NOW,
    RSA_SHA256,
    SAML,
    SAMLP,
    SHA256,
    SP,
    XENC,
    XENC11,
    _value,
    canonical,
    encrypted,
    rsa_key,
    z,
)

OASIS = "urn:oasis:names:tc:SAML:"
BASIC = OASIS + "2.0:attrname-format:basic"
UNSPECIFIED = OASIS + "2.0:attrname-format:unspecified"
URI = OASIS + "2.0:attrname-format:uri"
EMAIL = OASIS + "1.1:nameid-format:emailAddress"
ANY_NAME = OASIS + "1.1:nameid-format:unspecified"
TRANSIENT = OASIS + "2.0:nameid-format:transient"
PASSWORD = OASIS + "2.0:ac:classes:Password"
TRANSPORT = OASIS + "2.0:ac:classes:PasswordProtectedTransport"
CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
MICROSOFT = "http://schemas.microsoft.com/identity/claims/"
XS = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
CBC_128, CBC_256 = XENC + "aes128-cbc", XENC + "aes256-cbc"
GCM_128, GCM_256 = XENC11 + "aes128-gcm", XENC11 + "aes256-gcm"
TENANT = "6a1f0c3e-5f0b-4b43-9d5e-1f2f1d9a7c11"

ADA = "ada@acme.example"


@dataclass(frozen=True)
class Said:
    """An attribute as it is written: each is one element, though a name may come again."""

    name: str
    values: tuple[str, ...]
    form: str = ""
    friendly: str = ""
    typed: bool = False


@dataclass(frozen=True)
class Shape:
    """How one vendor writes a response, and in which window it holds."""

    issuer: str
    sign: str = "assertion"
    before: timedelta = 5 * MINUTE
    after: timedelta = 5 * MINUTE
    confirmed: timedelta | None = None
    name_id: str = ADA
    name_format: str = EMAIL
    qualifiers: str = ""
    said: tuple[Said, ...] = ()
    context: str = TRANSPORT
    session: timedelta | None = None
    prefixes: tuple[str, str, str] = ("samlp:", "saml:", "ds:")
    inclusive: str = ""
    key_info: str = "certificate"
    declaration: str = ""
    ids: tuple[str, str] = ("_r4e1c0a95", "_a7d30bb12")
    fraction: str = ".123Z"
    destination: bool = True
    statement: bool = True
    last: bool = False
    indented: bool = False
    cipher: str = ""
    beside: bool = False
    names_digest: bool = False
    method: str = RSA_SHA256


def _claim(name: str, *values: str, space: str = CLAIMS) -> Said:
    return Said(space + name, values)


OPENSAML = ("saml2p:", "saml2:", "ds:")
MAPPED = (Said("email", (ADA,), UNSPECIFIED, typed=True), Said("groups", ("Everyone", "R&D"), UNSPECIFIED, typed=True))

JUMPCLOUD = Shape(
    "JumpCloud",
    name_format=OASIS + "1.0:nameid-format:unspecified",
    prefixes=OPENSAML,
    ids=("H7Q2KD0PZ4XW8V3M", "B5T1RC9NE6YS2J4L"),
    indented=True,
    session=timedelta(days=1),
)
OKTA = Shape(
    "http://www.okta.com/exk1fcia6d6EMsf331d8",
    sign="both",
    name_format=ANY_NAME,
    prefixes=OPENSAML,
    inclusive="xs",
    ids=("id38204561937201938475610293", "id38204561937298475610293847"),
    said=MAPPED,
    declaration='<?xml version="1.0" encoding="UTF-8"?>',
    key_info="wrapped",
)
ENTRA = Shape(
    f"https://sts.windows.net/{TENANT}/",
    after=60 * MINUTE,
    prefixes=("samlp:", "", ""),
    ids=("_9f2d1e0b-7c8a-4d1e-8f4a-2b6c5d4e3f21", "_1c2b3a4d-5e6f-4a8b-9c0d-e1f2a3b4c501"),
    session=timedelta(days=1),
    context=PASSWORD,
    said=(
        _claim("tenantid", TENANT, space=MICROSOFT),
        _claim("objectidentifier", "b0b6f8d2-2f0c-4d3b-8a55-0b4f2a0a2b6e", space=MICROSOFT),
        _claim("displayname", "Ada Lovelace", space=MICROSOFT),
        _claim(
            "groups", "0d5ef1a7-0000", "7be1c2d3-0000", space="http://schemas.microsoft.com/ws/2008/06/identity/claims/"
        ),
        _claim("identityprovider", f"https://sts.windows.net/{TENANT}/", space=MICROSOFT),
        _claim(
            "authnmethodsreferences",
            "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password",
            space="http://schemas.microsoft.com/claims/",
        ),
        _claim("givenname", "Ada"),
        _claim("surname", "Lovelace"),
        _claim("emailaddress", ADA),
        _claim("name", ADA),
    ),
)
GOOGLE = Shape(
    "https://accounts.google.com/o/saml2?idpid=C01abc2de",
    name_format=ANY_NAME,
    prefixes=OPENSAML,
    declaration='<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
    said=(Said("groups", ("Staff",)), Said("empty", ())),
    context=OASIS + "2.0:ac:classes:unspecified",
    key_info="wrapped",
)
ONELOGIN = Shape(
    "https://app.onelogin.com/saml/metadata/482913",
    sign="response",
    before=3 * MINUTE,
    after=3 * MINUTE,
    ids=("pfx4d8e2c1a-90b7-5f3e-a1d2-c4b5e6f70891", "pfx0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"),
    fraction="Z",
    session=timedelta(days=1),
    said=tuple(
        Said(name, (value,), BASIC, typed=True)
        for name, value in (
            ("User.email", ADA),
            ("User.FirstName", "Ada"),
            ("User.LastName", "Lovelace"),
            ("memberOf", ""),
        )
    ),
)
PINGONE = Shape(
    "https://auth.pingone.com/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    before=MINUTE,
    name_format="",
    key_info="value and certificate",
    said=(Said("saml_subject", (ADA,), BASIC, typed=True),),
    context=OASIS + "2.0:ac:classes:unspecified",
)
PINGFEDERATE = Shape(
    "pingfederate.acme.example",
    key_info="none",
    destination=False,
    said=(Said("mail", (ADA,), BASIC, typed=True),),
)
AD_FS = Shape(
    "http://adfs.acme.example/adfs/services/trust",
    before=timedelta(),
    after=60 * MINUTE,
    confirmed=5 * MINUTE,
    prefixes=("samlp:", "", "ds:"),
    said=(
        _claim("emailaddress", ADA),
        _claim("Group", "Domain Users", "Engineers", space="http://schemas.xmlsoap.org/claims/"),
    ),
)
KEYCLOAK = Shape(
    "https://id.acme.example/realms/acme",
    sign="response",
    before=timedelta(),
    after=MINUTE,
    name_id="ada",
    name_format=ANY_NAME,
    prefixes=("samlp:", "saml:", "dsig:"),
    ids=("ID_3b1c7e0a-51d2-4b0e-8f0c-8a9b7c6d5e4f", "ID_9a8b7c6d-5e4f-4321-8765-0f1e2d3c4b5a"),
    key_info="name and certificate and value",
    said=(
        Said("email", (ADA,), BASIC, "email", typed=True),
        Said("Role", ("manage-account",), BASIC, typed=True),
        Said("Role", ("offline_access",), BASIC, typed=True),
        Said("member", ("/staff/rd",), BASIC, typed=True),
    ),
    context=OASIS + "2.0:ac:classes:unspecified",
    session=timedelta(hours=10),
)
SHIBBOLETH = Shape(
    "https://idp.acme.example/idp/shibboleth",
    sign="response",
    before=timedelta(),
    name_id="AAdzZWNyZXQxhJ3b7Q2fY0mVqk",
    name_format=TRANSIENT,
    qualifiers=f' NameQualifier="https://idp.acme.example/idp/shibboleth" SPNameQualifier="{SP}"',
    prefixes=OPENSAML,
    declaration='<?xml version="1.0" encoding="UTF-8"?>',
    key_info="wrapped",
    said=(
        Said("urn:oid:0.9.2342.19200300.100.1.3", (ADA,), URI, "mail"),
        Said(
            "urn:oid:1.3.6.1.4.1.5923.1.1.1.9",
            ("member@acme.example", "staff@acme.example"),
            URI,
            "eduPersonScopedAffiliation",
        ),
        Said(
            "urn:oid:1.3.6.1.4.1.5923.1.1.1.10",
            (f"<{{}}NameID Format='{OASIS}2.0:nameid-format:persistent'>opaque</{{}}NameID>",),
            URI,
            "eduPersonTargetedID",
        ),
        Said(
            "urn:oasis:names:tc:SAML:attribute:pairwise-id", ("HA2TKNZZGE2TOMZX@acme.example",), URI, "samlPairwiseID"
        ),
    ),
)
SIMPLESAMLPHP = Shape(
    "https://idp.acme.example/simplesaml/saml2/idp/metadata.php",
    sign="both",
    before=timedelta(seconds=30),
    name_id="_1f0e9d8c7b6a59483726150f1e2d3c4b5a69788796",
    name_format=TRANSIENT,
    qualifiers=f' SPNameQualifier="{SP}"',
    fraction="Z",
    context=PASSWORD,
    session=timedelta(hours=8),
    said=(Said("uid", ("ada",), BASIC, typed=True), Said("mail", (ADA,), BASIC, typed=True)),
)
AUTH0 = Shape(
    "urn:acme.eu.auth0.com",
    sign="response",
    after=60 * MINUTE,
    name_id="auth0|5a1b2c3d4e5f",
    name_format=ANY_NAME,
    prefixes=("samlp:", "saml:", ""),
    last=True,
    said=(_claim("emailaddress", ADA),),
    context=OASIS + "2.0:ac:classes:unspecified",
)

SHAPES: Mapping[str, Shape] = {
    "JumpCloud": JUMPCLOUD,
    "JumpCloud, attributes mapped": replace(JUMPCLOUD, said=MAPPED),
    "JumpCloud, response": replace(JUMPCLOUD, sign="response"),
    "JumpCloud, both": replace(JUMPCLOUD, sign="both"),
    "Okta": OKTA,
    "Okta, encrypted": replace(OKTA, cipher=CBC_256, beside=True, names_digest=True),
    "Entra": ENTRA,
    "Entra, response": replace(ENTRA, sign="response"),
    "Entra, both": replace(ENTRA, sign="both"),
    "Entra, a guest": replace(ENTRA, name_id="ada_acme.example#EXT#@other.onmicrosoft.com"),
    "Entra, encrypted, response signed": replace(ENTRA, sign="both", cipher=CBC_256),
    "Google": GOOGLE,
    "Google, signed response": replace(GOOGLE, sign="response"),
    "OneLogin": ONELOGIN,
    "OneLogin, assertion": replace(ONELOGIN, sign="assertion"),
    "OneLogin, encrypted": replace(ONELOGIN, cipher=CBC_128),
    "PingOne": PINGONE,
    "PingFederate": PINGFEDERATE,
    "PingFederate, response": replace(PINGFEDERATE, sign="response", destination=True),
    "PingFederate, encrypted, response": replace(PINGFEDERATE, sign="response", destination=True, cipher=CBC_128),
    "AD FS": AD_FS,
    "AD FS, message and assertion": replace(AD_FS, sign="both"),
    "AD FS, encrypted, message and assertion": replace(AD_FS, sign="both", cipher=CBC_256),
    "Keycloak": KEYCLOAK,
    "Keycloak, assertion": replace(KEYCLOAK, sign="assertion"),
    "Keycloak, encrypted": replace(KEYCLOAK, cipher=GCM_256),
    "Shibboleth": SHIBBOLETH,
    "Shibboleth, encrypted": replace(SHIBBOLETH, cipher=GCM_128, names_digest=True),
    "SimpleSAMLphp": SIMPLESAMLPHP,
    "SimpleSAMLphp 1.19, encrypted": replace(SIMPLESAMLPHP, cipher=CBC_128),
    "SimpleSAMLphp 2, encrypted": replace(SIMPLESAMLPHP, cipher=GCM_128),
    "Auth0": AUTH0,
}
"""What is accepted."""

REFUSED: Mapping[str, tuple[Shape, str]] = {
    "Entra, encrypted, only the assertion signed": (replace(ENTRA, cipher=CBC_256), "not_decrypted"),
    "AD FS, encrypted, only the assertion signed": (replace(AD_FS, cipher=CBC_256), "not_decrypted"),
    "AD FS without a rule that makes a NameID": (replace(AD_FS, name_id=""), "wrong_subject"),
    "Keycloak without its AuthnStatement": (replace(KEYCLOAK, statement=False), "no_authentication"),
}
"""What these vendors can be set to as well, and what we say to it."""


@cache
def certificate(name: str) -> x509.Certificate:
    """A certificate of a key by name, self-signed, as every vendor's is."""
    key = rsa_key(name)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(
        subject, subject, key.public_key(), 1, NOW - timedelta(days=30), NOW + timedelta(days=700)
    )
    return made.sign(key, hashes.SHA256())


def response(shape: Shape) -> bytes:
    """A response as the vendor sends it, before base64."""
    root = etree.fromstring(_text(shape))
    assertion = root.find(f"{{{SAML}}}Assertion")
    if shape.sign in ("assertion", "both"):
        _signed(assertion, shape)
    if shape.cipher:
        encrypted(root, shape.cipher, beside=shape.beside)
        if shape.beside:
            _refer_to_key(root)
        if shape.names_digest:
            method = root.findall(f".//{{{XENC}}}EncryptionMethod")[-1 if shape.beside else 1]
            method.append(etree.fromstring(f'<ds:DigestMethod xmlns:ds="{DS}" Algorithm="{DS}sha1"/>'))
    if shape.sign in ("response", "both"):
        _signed(root, shape)
    return shape.declaration.encode() + etree.tostring(root)


def _refer_to_key(root: Any) -> None:
    """The data says where its key is, as OpenSAML writes it where the two stand beside each other."""
    root.find(f".//{{{XENC}}}EncryptedKey").set("Id", "_k1")
    root.find(f".//{{{XENC}}}EncryptedData").insert(
        1,
        etree.fromstring(
            f'<ds:KeyInfo xmlns:ds="{DS}"><ds:RetrievalMethod Type="{XENC}EncryptedKey" URI="#_k1"/></ds:KeyInfo>'
        ),
    )


def _declared(prefix: str, namespace: str) -> str:
    return f'xmlns{":" + prefix[:-1] if prefix else ""}="{namespace}"'


def _z(shape: Shape, after: timedelta = timedelta()) -> str:
    return z(NOW + after)[:-1] + shape.fraction


def _text(shape: Shape) -> str:
    p, a, _ = shape.prefixes
    line = "\n  " if shape.indented else ""
    destination = f' Destination="{ACS}"' if shape.destination else ""
    xs = f' xmlns:xs="{XS}"' if shape.inclusive else ""
    return (
        f'<{p}Response {_declared(p, SAMLP)}{xs} ID="{shape.ids[0]}" Version="2.0" '
        f'IssueInstant="{_z(shape)}"{destination} InResponseTo="_request1">{line}'
        f"<{a}Issuer {_declared(a, SAML)}>{shape.issuer}</{a}Issuer>{line}<{p}Status><{p}StatusCode "
        f'Value="{OASIS}2.0:status:Success"/></{p}Status>{line}{_assertion(shape, line)}{line}</{p}Response>'
    )


def _assertion(shape: Shape, line: str) -> str:
    a = shape.prefixes[1]
    name_format = f' Format="{shape.name_format}"' if shape.name_format else ""
    name = f"<{a}NameID{name_format}{shape.qualifiers}>{escape(shape.name_id)}</{a}NameID>" if shape.name_id else ""
    xs = f' xmlns:xs="{XS}"' if any(one.typed for one in shape.said) else ""
    confirmed = _z(shape, shape.confirmed or shape.after)
    return (
        f'<{a}Assertion {_declared(a, SAML)}{xs} ID="{shape.ids[1]}" IssueInstant="{_z(shape)}" Version="2.0">{line}'
        f"<{a}Issuer>{shape.issuer}</{a}Issuer>{line}<{a}Subject>{name}"
        f'<{a}SubjectConfirmation Method="{OASIS}2.0:cm:bearer"><{a}SubjectConfirmationData '
        f'InResponseTo="_request1" NotOnOrAfter="{confirmed}" Recipient="{ACS}"/></{a}SubjectConfirmation>'
        f'</{a}Subject>{line}<{a}Conditions NotBefore="{_z(shape, -shape.before)}" '
        f'NotOnOrAfter="{_z(shape, shape.after)}"><{a}AudienceRestriction><{a}Audience>{SP}</{a}Audience>'
        f"</{a}AudienceRestriction></{a}Conditions>{line}{_authenticated(shape)}{line}{_said(shape)}</{a}Assertion>"
    )


def _authenticated(shape: Shape) -> str:
    if not shape.statement:
        return ""
    a = shape.prefixes[1]
    ends = f' SessionNotOnOrAfter="{_z(shape, shape.session)}"' if shape.session else ""
    return (
        f'<{a}AuthnStatement AuthnInstant="{_z(shape, -MINUTE)}" SessionIndex="{shape.ids[1]}"{ends}><{a}AuthnContext>'
        f"<{a}AuthnContextClassRef>{shape.context}</{a}AuthnContextClassRef></{a}AuthnContext></{a}AuthnStatement>"
    )


def _said(shape: Shape) -> str:
    a = shape.prefixes[1]
    written = []
    for one in shape.said:
        kind = f' xmlns:xsi="{XSI}" xsi:type="xs:string"' if one.typed else ""
        values = "".join(
            f"<{a}AttributeValue{kind}>{v.replace('{}', a) if v.startswith('<') else escape(v)}</{a}AttributeValue>"
            for v in one.values
        )
        more = (f' NameFormat="{one.form}"' if one.form else "") + (
            f' FriendlyName="{one.friendly}"' if one.friendly else ""
        )
        written.append(f'<{a}Attribute Name="{one.name}"{more}>{values}</{a}Attribute>')
    return f"<{a}AttributeStatement>{''.join(written)}</{a}AttributeStatement>" if written else ""


def _signed(element: Any, shape: Shape) -> None:
    """Put the vendor's signature into the element: behind its Issuer, or last."""
    d = shape.prefixes[2]
    prefixes = shape.inclusive.split() or None
    digest = base64.b64encode(hashlib.sha256(canonical(element, prefixes)).digest()).decode()
    inclusive = f'<ec:InclusiveNamespaces xmlns:ec="{EXC}" PrefixList="{shape.inclusive}"/>' if prefixes else ""
    line = "\n" if shape.indented else ""
    signature = etree.fromstring(
        f"<{d}Signature {_declared(d, DS)}>{line}<{d}SignedInfo>{line}"
        f'<{d}CanonicalizationMethod Algorithm="{EXC}"/>{line}'
        f'<{d}SignatureMethod Algorithm="{shape.method}"/>{line}<{d}Reference URI="#{element.get("ID")}">{line}'
        f'<{d}Transforms>{line}<{d}Transform Algorithm="{ENVELOPED}"/>{line}<{d}Transform Algorithm="{EXC}">{inclusive}'
        f'</{d}Transform>{line}</{d}Transforms>{line}<{d}DigestMethod Algorithm="{SHA256}"/>{line}'
        f"<{d}DigestValue>{digest}</{d}DigestValue>{line}</{d}Reference>{line}</{d}SignedInfo>{line}"
        f"<{d}SignatureValue/>{line}{_key_info(shape)}</{d}Signature>"
    )
    element.insert(len(element) if shape.last else 1, signature)
    value = base64.b64encode(_value(rsa_key("idp"), canonical(signature[0]), hashes.SHA256())).decode()
    signature[1].text = _folded(value) if shape.indented or shape.key_info == "wrapped" else value


def _folded(text: str) -> str:
    return "\n" + "\n".join(text[at : at + 76] for at in range(0, len(text), 76)) + "\n"


def _key_info(shape: Shape) -> str:
    if shape.key_info == "none":
        return ""
    d = shape.prefixes[2]
    made = certificate("idp")
    text = base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()
    numbers = rsa_key("idp").public_key().public_numbers()
    modulus = base64.b64encode(numbers.n.to_bytes(256, "big")).decode()
    name = f"<{d}KeyName>FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE</{d}KeyName>" if "name" in shape.key_info else ""
    folded = _folded(text) if shape.key_info == "wrapped" else text
    x509_data = f"<{d}X509Data><{d}X509Certificate>{folded}</{d}X509Certificate></{d}X509Data>"
    value = (
        f"<{d}KeyValue><{d}RSAKeyValue><{d}Modulus>{modulus}</{d}Modulus><{d}Exponent>AQAB</{d}Exponent></{d}RSAKeyValue>"
        f"</{d}KeyValue>"
        if "value" in shape.key_info
        else ""
    )
    return f"<{d}KeyInfo>{name}{x509_data}{value}</{d}KeyInfo>"
