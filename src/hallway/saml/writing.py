"""Making XML: by the writer, never by a template, so that no value can become markup."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from hallway.saml.xml import DS, EXC_C14N, METADATA, SAML, SAMLP, Element, canonical, named

PREFIXES: Final = {"samlp": SAMLP, "saml": SAML, "md": METADATA, "ds": DS}
_SHORT: Final = {namespace: prefix for prefix, namespace in PREFIXES.items()}
_RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_ECDSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
_SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def element(namespace: str, name: str, attributes: Mapping[str, str | None] | None = None, text: str = "") -> Element:
    """An element with its attributes (those that are None left out) and text."""
    prefix = _SHORT.get(namespace)
    made = etree.Element(named(namespace, name), nsmap={prefix: namespace} if prefix else None)
    for key, value in (attributes or {}).items():
        if value is not None:
            made.set(key, value)
    if text:
        made.text = text
    return made


def within(parent: Element, *inner: Element) -> Element:
    """The parent with children behind those that it has."""
    parent.extend(inner)
    return parent


def octets(root: Element) -> bytes:
    """The message, UTF-8, without declaration."""
    return etree.tostring(root)


def signature_algorithm(key: PrivateKey) -> str:
    """The identifier of the algorithm that a key of ours signs with."""
    return _RSA_SHA256 if isinstance(key, rsa.RSAPrivateKey) else _ECDSA_SHA256


def signature_of(key: PrivateKey, message: bytes) -> bytes:
    """A signature as XML and addresses carry it: for ECDSA r and s one after the other (RFC 4050 §3.3)."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
    half = (key.curve.key_size + 7) // 8
    return r.to_bytes(half, "big") + s.to_bytes(half, "big")


def signed(root: Element, key: PrivateKey, place: int = 1) -> Element:
    """The element with an enveloped signature of our profile as its child at `place` (behind the Issuer)."""
    digest = base64.b64encode(hashlib.sha256(canonical(root)).digest()).decode()
    info = within(
        element(DS, "SignedInfo"),
        element(DS, "CanonicalizationMethod", {"Algorithm": EXC_C14N}),
        element(DS, "SignatureMethod", {"Algorithm": signature_algorithm(key)}),
        within(
            element(DS, "Reference", {"URI": "#" + root.get("ID", "")}),
            within(
                element(DS, "Transforms"),
                element(DS, "Transform", {"Algorithm": DS + "enveloped-signature"}),
                element(DS, "Transform", {"Algorithm": EXC_C14N}),
            ),
            element(DS, "DigestMethod", {"Algorithm": _SHA256}),
            element(DS, "DigestValue", text=digest),
        ),
    )
    signature = within(element(DS, "Signature"), info, element(DS, "SignatureValue"))
    root.insert(place, signature)
    signature[1].text = base64.b64encode(signature_of(key, canonical(info))).decode()
    return root
