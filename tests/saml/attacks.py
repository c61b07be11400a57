"""The attack catalogue: messages by the part of them that is wrong, made where and when the scene says.

Rules: each is a genuine message of one account, changed as an attacker could change it who has no key; those of
`WRONG` are signed by the right key and say the wrong thing.
"""

import base64
import copy
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.x509.oid import NameOID
from lxml import etree

from tests.saml.sender import (
    DS,
    ENVELOPED,
    EXC,
    MINUTE,
    SAML,
    SAMLP,
    XENC,
    Login,
    Signing,
    assertion_of,
    canonical,
    encrypted,
    message,
    now,
    rsa_key,
    scene,
    signed,
)

Element = Any
A = f"{{{SAML}}}Assertion"
S = f"{{{DS}}}Signature"
EVIL = "root@acme.example"
SKEW = timedelta(seconds=90)


def _genuine(sign: str = "assertion") -> Element:
    return etree.fromstring(message(sign=sign))


def _evil(assertion: Element, new_id: str | None = "_evil", keep_signature: bool = False) -> Element:
    copied = copy.deepcopy(assertion)
    if new_id is not None:
        copied.set("ID", new_id)
    copied.find(".//{*}NameID").text = EVIL
    signature = copied.find(S)
    if signature is not None and not keep_signature:
        copied.remove(signature)
    return copied


def _inside(name: str, *held: Element) -> Element:
    outer = etree.Element(name)
    outer.extend(held)
    return outer


# 3.1 wrapping -----------------------------------------------------------------------------------------------


def xsw1(root: Element | None = None) -> Element:
    root = _genuine("response")
    evil = copy.deepcopy(root)
    evil.set("ID", "_evil_response")
    evil.find(".//{*}NameID").text = EVIL
    signature = evil.find(S)
    root.remove(root.find(S))
    signature.append(root)
    return evil


def xsw2() -> Element:
    root = _genuine("response")
    evil = copy.deepcopy(root)
    evil.set("ID", "_evil_response")
    evil.find(".//{*}NameID").text = EVIL
    root.remove(root.find(S))
    evil.insert(evil.index(evil.find(S)), root)
    return evil


def xsw3() -> Element:
    root = _genuine()
    root.insert(root.index(root.find(A)), _evil(root.find(A)))
    return root


def xsw4() -> Element:
    root = _genuine()
    genuine = root.find(A)
    evil = _evil(genuine)
    at = root.index(genuine)
    evil.append(genuine)
    root.insert(at, evil)
    return root


def xsw5() -> Element:
    root = _genuine()
    original = copy.deepcopy(root.find(A))
    original.remove(original.find(S))
    evil = root.find(A)
    evil.set("ID", "_evil")
    evil.find(".//{*}NameID").text = EVIL
    root.append(original)
    return root


def xsw6() -> Element:
    root = _genuine()
    original = copy.deepcopy(root.find(A))
    original.remove(original.find(S))
    evil = root.find(A)
    evil.set("ID", "_evil")
    evil.find(".//{*}NameID").text = EVIL
    evil.find(S).append(original)
    return root


def xsw7() -> Element:
    root = _genuine()
    extensions = _inside(f"{{{SAMLP}}}Extensions", _evil(root.find(A), None))
    root.insert(1, extensions)
    return root


def _xsw8(new_id: str | None) -> Element:
    root = _genuine()
    original = copy.deepcopy(root.find(A))
    original.remove(original.find(S))
    if new_id:
        root.find(A).set("ID", new_id)
    root.find(A).find(".//{*}NameID").text = EVIL
    root.find(A).find(S).append(_inside(f"{{{DS}}}Object", original))
    return root


def _parked(where: str) -> Element:
    root = _genuine()
    genuine = root.find(A)
    at = root.index(genuine)
    evil = _evil(genuine)
    root.remove(genuine)
    root.insert(at, evil)
    if where == "StatusDetail":
        root.find(f"{{{SAMLP}}}Status").append(_inside(f"{{{SAMLP}}}StatusDetail", genuine))
    elif where == "Advice":
        evil.append(_inside(f"{{{SAML}}}Advice", genuine))
    else:
        root.insert(1, _inside(f"{{{SAMLP}}}Extensions", genuine))
    return root


def _two(evil_first: bool, evil_id: str | None) -> Element:
    root = _genuine()
    genuine = root.find(A)
    evil = _evil(genuine, evil_id)
    root.insert(root.index(genuine) + (0 if evil_first else 1), evil)
    return root


def signature_moved_up() -> Element:
    root = _genuine()
    signature = root.find(A).find(S)
    root.find(A).remove(signature)
    root.insert(1, signature)
    root.find(".//{*}NameID").text = EVIL
    return root


def reference_to_a_bare_sibling() -> Element:
    root = _genuine()
    genuine = root.find(A)
    signature = genuine.find(S)
    evil = _evil(genuine)
    genuine.remove(signature)
    evil.insert(1, signature)
    root.insert(root.index(genuine), evil)
    return root


def response_in_extensions() -> Element:
    root = _genuine("response")
    evil = Login(name_id=EVIL, response_id="_evil_response", assertion_id="_evil").tree()
    evil.insert(1, _inside(f"{{{SAMLP}}}Extensions", root))
    return evil


def foreign_root() -> Element:
    return _inside("{urn:foreign}Root", _genuine("response"))


def _other_attribute(name: str) -> Element:
    root = _genuine()
    evil = _evil(root.find(A))
    evil.attrib.pop("ID")
    evil.set(name, root.find(A).get("ID"))
    root.insert(root.index(root.find(A)), evil)
    return root


def one_signature_of_two_stripped(level: str) -> Element:
    root = _genuine("both")
    if level == "response":
        root.remove(root.find(S))
        root.find(A).find(".//{*}NameID").text = EVIL
    else:
        root.find(A).remove(root.find(A).find(S))
    return root


def foreign_cover() -> Element:
    """A document that the provider did sign, beside an assertion that it did not."""
    error = etree.fromstring(
        f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_logout" Version="2.0">'
        "<saml:Issuer>https://idp.example/metadata</saml:Issuer></samlp:LogoutRequest>"
    )
    signed(error)
    evil = Login(name_id=EVIL).tree()
    evil.insert(1, _inside(f"{{{SAMLP}}}Extensions", error))
    return evil


def signature_of_another_document(take_id: bool) -> Element:
    error = etree.fromstring(
        f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_logout" Version="2.0">'
        "<saml:Issuer>https://idp.example/metadata</saml:Issuer></samlp:LogoutRequest>"
    )
    signed(error)
    evil = Login(name_id=EVIL, assertion_id="_logout" if take_id else "_evil").tree()
    assertion_of(evil).insert(1, error.find(S))
    return evil


def changed_after_signing() -> Element:
    root = _genuine()
    root.find(".//{*}NameID").text = EVIL
    return root


def genuine_in_an_object_of_an_encrypted_one() -> Element:
    evil = Login(name_id=EVIL, response_id="_evil_response", assertion_id="_evil").tree()
    signed(assertion_of(evil), Signing(rsa_key("evil")))
    sealed = encrypted(evil)
    wrapper = etree.fromstring(f'<ds:Signature xmlns:ds="{DS}"><ds:Object/></ds:Signature>')
    wrapper[0].append(_genuine("response"))
    sealed.insert(1, wrapper)
    return sealed


def two_encrypted() -> Element:
    root = Login().tree()
    signed(assertion_of(root))
    sealed = encrypted(root)
    sealed.append(copy.deepcopy(sealed.find(f"{{{SAML}}}EncryptedAssertion")))
    return sealed


def unsigned_beside_two_signatures(evil_first: bool) -> Element:
    """Both the response and its assertion were signed; then a third says something else."""
    root = _genuine("both")
    genuine = root.find(A)
    root.insert(root.index(genuine) + (0 if evil_first else 1), _evil(genuine))
    return root


def one_signature_of_two_spoilt(level: str) -> Element:
    """A bad signature is fatal, though the other one is good."""
    root = _genuine("both")
    held = root if level == "response" else root.find(A)
    value = held.find(S)[1]
    value.text = base64.b64encode(rsa_key("evil").public_key().public_numbers().n.to_bytes(256, "big")).decode()
    if level == "assertion":
        # The response is signed anew by the right key over the spoilt assertion, as a proxy might.
        root.remove(root.find(S))
        signed(root)
    return root


def cover_of_metadata() -> Element:
    """Signed metadata of the provider in Extensions, and its signature moved into an assertion of its ID."""
    metadata = etree.fromstring(
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_metadata" '
        'entityID="https://idp.example/metadata"><md:Organization/></md:EntityDescriptor>'
    )
    signed(metadata)
    evil = Login(name_id=EVIL, assertion_id="_metadata").tree()
    assertion_of(evil).insert(1, copy.deepcopy(metadata.find(S)))
    metadata.set("ID", "_metadata2")
    evil.insert(1, _inside(f"{{{SAMLP}}}Extensions", metadata))
    return evil


def error_response_as_cover() -> Element:
    """A signed error, its status made a success and an assertion put in."""
    error = Login(status="urn:oasis:names:tc:SAML:2.0:status:Responder").tree()
    error.remove(assertion_of(error))
    signed(error)
    error.find(f"{{{SAMLP}}}Status")[0].set("Value", "urn:oasis:names:tc:SAML:2.0:status:Success")
    error.append(assertion_of(Login(name_id=EVIL).tree()))
    return error


def signature_of_the_assertion_first_in_the_response() -> Element:
    """What decides by position takes this for a signed response (CVE-2024-8698)."""
    root = _genuine()
    signature = root.find(A).find(S)
    root.insert(0, copy.deepcopy(signature))
    root.find(".//{*}NameID").text = EVIL
    return root


def digest_in_the_status() -> Element:
    """A forged digest where a search through the document would find it first (CVE-2024-45409)."""
    root = _genuine()
    assertion = root.find(A)
    assertion.find(".//{*}NameID").text = EVIL
    bare = copy.deepcopy(assertion)
    bare.remove(bare.find(S))
    digest = etree.Element(f"{{{DS}}}DigestValue")
    digest.text = base64.b64encode(hashlib.sha256(canonical(bare)).digest()).decode()
    root.find(f"{{{SAMLP}}}Status").append(_inside(f"{{{SAMLP}}}StatusDetail", digest))
    return root


def encrypted_in_encrypted() -> Element:
    """An EncryptedAssertion whose plaintext is another one."""
    root = Login().tree()
    signed(assertion_of(root))
    sealed = encrypted(root)
    inner = sealed.find(f"{{{SAML}}}EncryptedAssertion")
    inner.tag = A
    return encrypted(sealed)


WRAPPED: dict[str, Callable[[], Element]] = {
    "xsw1": xsw1,
    "xsw2": xsw2,
    "xsw3": xsw3,
    "xsw4": xsw4,
    "xsw5": xsw5,
    "xsw6": xsw6,
    "xsw7": xsw7,
    "xsw8 same id": lambda: _xsw8(None),
    "xsw8 new id": lambda: _xsw8("_evil"),
    "parked in StatusDetail": lambda: _parked("StatusDetail"),
    "parked in Advice": lambda: _parked("Advice"),
    "parked in Extensions": lambda: _parked("Extensions"),
    "evil before": lambda: _two(True, "_evil"),
    "evil after": lambda: _two(False, "_evil"),
    "same id before": lambda: _two(True, None),
    "same id after": lambda: _two(False, None),
    "signature moved up": signature_moved_up,
    "reference to a bare sibling": reference_to_a_bare_sibling,
    "genuine response in extensions": response_in_extensions,
    "foreign root": foreign_root,
    "xml:id": lambda: _other_attribute("{http://www.w3.org/XML/1998/namespace}id"),
    "Id": lambda: _other_attribute("Id"),
    "samlp:ID": lambda: _other_attribute(f"{{{SAMLP}}}ID"),
    "both signed, response stripped": lambda: one_signature_of_two_stripped("response"),
    "both signed, assertion stripped": lambda: one_signature_of_two_stripped("assertion"),
    "foreign cover": foreign_cover,
    "another document's signature": lambda: signature_of_another_document(False),
    "another document's signature and id": lambda: signature_of_another_document(True),
    "changed after signing": changed_after_signing,
    "genuine in an object": genuine_in_an_object_of_an_encrypted_one,
    "two encrypted assertions": two_encrypted,
    "both signed, a third before": lambda: unsigned_beside_two_signatures(True),
    "both signed, a third after": lambda: unsigned_beside_two_signatures(False),
    "both signed, the response's spoilt": lambda: one_signature_of_two_spoilt("response"),
    "both signed, the assertion's spoilt": lambda: one_signature_of_two_spoilt("assertion"),
    "metadata as cover": cover_of_metadata,
    "an error as cover": error_response_as_cover,
    "the assertion's signature first in the response": signature_of_the_assertion_first_in_the_response,
    "a digest in the status": digest_in_the_status,
    "encrypted in encrypted": encrypted_in_encrypted,
}


# 3.2 stripping, and what a signature holds -------------------------------------------------------------------


def _with(change: Callable[[Element, Element], None]) -> bytes:
    """A genuine message whose signature was changed: `change` gets it and its SignedInfo."""
    root = _genuine()
    signature = root.find(A).find(S)
    change(signature, signature[0])
    return etree.tostring(root)


def _replaced(old: bytes, new: bytes) -> bytes:
    octets = message()
    assert old in octets
    return octets.replace(old, new)


def _forged_info(root_first: bool) -> bytes:
    root = _genuine()
    assertion = root.find(A)
    signature = assertion.find(S)
    assertion.find(".//{*}NameID").text = EVIL
    forged = copy.deepcopy(signature[0])
    bare = copy.deepcopy(assertion)
    bare.remove(bare.find(S))
    digest = base64.b64encode(hashlib.sha256(canonical(bare)).digest()).decode()
    forged.find(f".//{{{DS}}}DigestValue").text = digest
    signature.insert(0 if root_first else 1, forged)
    return etree.tostring(root)


def _set(path: str, attribute: str, value: str) -> bytes:
    def change(signature: Element, info: Element) -> None:
        info.find(path).set(attribute, value)

    return _with(change)


def _signed_with(**changes: Any) -> bytes:
    return message(how=Signing(**changes))


def _hmac(secret: bytes) -> bytes:
    def change(signature: Element, info: Element) -> None:
        info.find(f"{{{DS}}}SignatureMethod").set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
        code = HMAC(secret or b"\x00", hashes.SHA256())
        code.update(canonical(info))
        signature[1].text = base64.b64encode(code.finalize()).decode()

    return _with(change)


def _public(encoding: serialization.Encoding) -> bytes:
    return rsa_key("idp").public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


def appended(parent: str, text: str) -> bytes:
    def change(signature: Element, info: Element) -> None:
        target = signature if parent == "." else signature.find(parent)
        target.append(etree.fromstring(text))

    return _with(change)


DSNS = f'xmlns:ds="{DS}"'
SIGNATURES: dict[str, Callable[[], bytes]] = {
    "nothing signed": lambda: message(sign="none"),
    "nothing signed, evil": lambda: message(Login(name_id=EVIL), sign="none"),
    "empty signature": lambda: _with(lambda signature, _: [signature.remove(one) for one in list(signature)][:0]),
    "empty value": lambda: _with(lambda signature, _: setattr(signature[1], "text", "")),
    "value with an element": lambda: appended(f"{{{DS}}}SignatureValue", f"<ds:x {DSNS}/>"),
    "method none": lambda: _set(f"{{{DS}}}SignatureMethod", "Algorithm", "none"),
    "method empty": lambda: _set(f"{{{DS}}}SignatureMethod", "Algorithm", ""),
    "method unknown": lambda: _set(f"{{{DS}}}SignatureMethod", "Algorithm", "urn:x"),
    "two infos, forged first": lambda: _forged_info(True),
    "two infos, forged second": lambda: _forged_info(False),
    "comment in the digest": lambda: _replaced(b"<ds:DigestValue>", b"<ds:DigestValue><!--x-->"),
    "comment in the value": lambda: _replaced(b"<ds:SignatureValue>", b"<ds:SignatureValue><!--x-->"),
    "instruction in the value": lambda: _replaced(b"<ds:SignatureValue>", b"<ds:SignatureValue><?x y?>"),
    "no reference URI": lambda: _with(lambda _, info: info[2].attrib.pop("URI")),
    "empty URI": lambda: _signed_with(uri=""),
    "xpointer": lambda: _signed_with(uri="#xpointer(id('_assertion1'))"),
    "absolute URI": lambda: _signed_with(uri="http://127.0.0.1:9/x"),
    "URI of the response": lambda: _signed_with(uri="#_response1"),
    "no reference": lambda: _with(lambda _, info: info.remove(info[2])),
    "two references": lambda: _with(lambda _, info: info.append(copy.deepcopy(info[2]))),
    "an object": lambda: appended(".", f"<ds:Object {DSNS}/>"),
    "a manifest in an object": lambda: appended(".", f"<ds:Object {DSNS}><ds:Manifest/></ds:Object>"),
    "signature in another namespace": lambda: _replaced(DS.encode(), b"urn:x"),
    "lower-case name": lambda: (
        message().replace(b"ds:Signature>", b"ds:signature>").replace(b"<ds:Signature ", b"<ds:signature ")
    ),
    "text between": lambda: _with(lambda _, info: setattr(info, "text", "x")),
    "text behind a child": lambda: _with(lambda _, info: setattr(info[0], "tail", "x")),
    "a nested reference": lambda: _with(lambda _, info: info[2].append(copy.deepcopy(info[2]))),
    "parameters of the method": lambda: appended(
        f".//{{{DS}}}SignatureMethod", f"<ds:HMACOutputLength {DSNS}>0</ds:HMACOutputLength>"
    ),
    "parameters of the digest": lambda: appended(f".//{{{DS}}}DigestMethod", f"<ds:x {DSNS}/>"),
    "two signatures in one element": lambda: _twice(),
    "XSLT": lambda: _signed_with(transforms=(ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116")),
    "XPath": lambda: _signed_with(transforms=(ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116")),
    "XPath filter 2": lambda: _signed_with(transforms=("http://www.w3.org/2002/06/xmldsig-filter2", EXC)),
    "inclusive transform": lambda: _signed_with(
        transforms=(ENVELOPED, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315")
    ),
    "C14N 1.1": lambda: _signed_with(canonicalization="http://www.w3.org/2006/12/xml-c14n11"),
    "inclusive canonicalisation": lambda: _signed_with(
        canonicalization="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
    ),
    "with comments": lambda: _signed_with(transforms=(ENVELOPED, EXC + "WithComments")),
    "base64 transform": lambda: _signed_with(transforms=(ENVELOPED, DS + "base64")),
    "no enveloped transform": lambda: _signed_with(transforms=(EXC,)),
    "transforms in another order": lambda: _signed_with(transforms=(EXC, ENVELOPED)),
    "a hundred transforms": lambda: _signed_with(transforms=(ENVELOPED,) * 99 + (EXC,)),
    "enveloped with parameters": lambda: appended(f".//{{{DS}}}Transform", f"<ds:x {DSNS}/>"),
    "a prefix list of 20,000": lambda: _signed_with(prefixes=[f"p{n}" for n in range(20_000)]),
    "a strange child of a transform": lambda: _with(
        lambda _, info: info.findall(f".//{{{DS}}}Transform")[1].append(etree.fromstring("<x/>"))
    ),
    "SHA-1": lambda: _signed_with(method=DS + "rsa-sha1", algorithm=hashes.SHA1()),
    "SHA-1 digest": lambda: _signed_with(digest=DS + "sha1", hash_name="sha1"),
    "MD5 digest": lambda: _signed_with(digest="http://www.w3.org/2001/04/xmldsig-more#md5", hash_name="md5"),
    "HMAC with the key as PEM": lambda: _hmac(_public(serialization.Encoding.PEM)),
    "HMAC with the key as DER": lambda: _hmac(_public(serialization.Encoding.DER)),
    "HMAC with nothing": lambda: _hmac(b""),
    "ECDSA method with an RSA key": lambda: _signed_with(method="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
    "another key": lambda: _signed_with(key=rsa_key("evil")),
    "another key and its KeyInfo": lambda: _with_key_info(),
    "another key and the genuine certificate": lambda: _with_certificate(_certificate(rsa_key("idp"))),
    "another key and a clone of the certificate": lambda: _with_certificate(_certificate(rsa_key("evil"))),
    "another key, fetched from an address": lambda: _with_retrieval(),
    "our own key for decrypting": lambda: _signed_with(key=rsa_key("sp")),
    "HMAC with the certificate as PEM": lambda: _hmac(_certificate(rsa_key("idp"))),
    "HMAC of eight bits": lambda: appended(
        f".//{{{DS}}}SignatureMethod", f"<ds:HMACOutputLength {DSNS}>8</ds:HMACOutputLength>"
    ),
    "SignedInfo nested deeper": lambda: _nested_info(),
    "a second SignedInfo in another element": lambda: _with(
        lambda signature, info: signature.append(_inside("{urn:x}Keep", copy.deepcopy(info)))
    ),
    "PSS, which is not in the profile": lambda: _set(
        f"{{{DS}}}SignatureMethod", "Algorithm", "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
    ),
}


def _twice() -> bytes:
    root = Login().tree()
    signed(assertion_of(root))
    assertion_of(root).append(copy.deepcopy(assertion_of(root).find(S)))
    return etree.tostring(root)


def _nested_info() -> bytes:
    def change(signature: Element, info: Element) -> None:
        signature.remove(info)
        signature.insert(0, _inside(f"{{{DS}}}Object", info))

    return _with(change)


def _certificate(key: Any) -> bytes:
    """One of the same subject and serial number for any key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, now() - MINUTE, now() + MINUTE)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _with_certificate(pem: bytes) -> bytes:
    root = etree.fromstring(message(Login(name_id=EVIL), how=Signing(rsa_key("evil"))))
    text = b"".join(pem.splitlines()[1:-1]).decode()
    data = f"<ds:X509Data><ds:X509Certificate>{text}</ds:X509Certificate></ds:X509Data>"
    root.find(A).find(S).append(etree.fromstring(f"<ds:KeyInfo {DSNS}>{data}</ds:KeyInfo>"))
    return etree.tostring(root)


def _with_retrieval() -> bytes:
    root = etree.fromstring(message(Login(name_id=EVIL), how=Signing(rsa_key("evil"))))
    method = f"<ds:RetrievalMethod Type='{DS}X509Data' URI='http://127.0.0.1:9/certificate'/>"
    root.find(A).find(S).append(etree.fromstring(f"<ds:KeyInfo {DSNS}>{method}</ds:KeyInfo>"))
    return etree.tostring(root)


def _with_key_info() -> bytes:
    root = etree.fromstring(message(Login(name_id=EVIL), how=Signing(rsa_key("evil"))))
    numbers = rsa_key("evil").public_key().public_numbers()
    modulus = base64.b64encode(numbers.n.to_bytes(256, "big")).decode()
    root.find(A).find(S).append(
        etree.fromstring(
            f"<ds:KeyInfo {DSNS}><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus>"
            "<ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>"
        )
    )
    return etree.tostring(root)


# 3.5 parser, canonicalisation, text ------------------------------------------------------------------------

DECLARED = b'<?xml version="1.0" encoding="UTF-8"?>'


def _doctype(inner: bytes, name: str = "ada@acme.example") -> bytes:
    return DECLARED + b"<!DOCTYPE r [" + inner + b"]>" + message(Login(name_id=name))


OCTETS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a DTD": (lambda: _doctype(b""), "forbidden_markup"),
    "an entity": (lambda: _doctype(b'<!ENTITY x "y">'), "forbidden_markup"),
    "an external entity": (lambda: _doctype(b'<!ENTITY x SYSTEM "file:///etc/passwd">'), "forbidden_markup"),
    "a default attribute": (lambda: _doctype(b'<!ATTLIST r ID CDATA "x">'), "forbidden_markup"),
    "a comment": (lambda: _replaced(b"ada@acme.example<", b"ada@acme.example<!---->.evil<"), "forbidden_markup"),
    "a comment at the end": (lambda: message() + b"<!-- -->", "forbidden_markup"),
    "CDATA": (lambda: _replaced(b">ada@acme.example<", b"><![CDATA[ada@acme.example]]><"), "forbidden_markup"),
    "an instruction": (lambda: _replaced(b">ada@acme.example<", b">ada<?x?>@acme.example<"), "forbidden_markup"),
    "a second declaration": (lambda: DECLARED + DECLARED + message(), "forbidden_markup"),
    "white space before the declaration": (lambda: b" " + DECLARED + message(), "forbidden_markup"),
    "UTF-16": (lambda: message().decode().encode("utf-16"), "not_utf8"),
    "declared as UTF-16": (lambda: b'<?xml version="1.0" encoding="UTF-16"?>' + message(), "forbidden_markup"),
    "declared as UTF-7": (lambda: b'<?xml version="1.0" encoding="UTF-7"?>' + message(), "forbidden_markup"),
    "version 1.1": (lambda: b'<?xml version="1.1"?>' + message(), "forbidden_markup"),
    "NUL behind": (lambda: message() + b"\x00", "forbidden_markup"),
    "a second root": (lambda: message() + b"<x/>", "not_xml"),
    "text behind": (lambda: message() + b"x", "not_xml"),
    "an unknown entity": (lambda: _replaced(b">ada@acme.example<", b">&ada;<"), "not_xml"),
    "nothing": (lambda: b"", "not_xml"),
    "a relative namespace": (lambda: _replaced(b"<saml:Assertion ", b'<saml:Assertion xmlns:v="v" v:a="1" '), ""),
    "a control character in a namespace": (
        lambda: _replaced(b"<saml:Assertion ", b'<saml:Assertion xmlns:v="urn:\xc2\x80" '),
        "",
    ),
    "a reserved prefix": (lambda: _replaced(b"<saml:Assertion ", b'<saml:Assertion xmlns:xmlns="urn:x" '), "not_xml"),
    "an undeclared prefix": (lambda: _replaced(b"<saml:Assertion ", b"<saml:Assertion v:a='1' "), "not_xml"),
    "an entity in an ID": (
        lambda: (
            DECLARED
            + b'<!DOCTYPE r [<!ENTITY x "_assertion1">]>'
            + _replaced(b'<saml:Assertion ID="_assertion1"', b'<saml:Assertion ID="&x;"')
        ),
        "forbidden_markup",
    ),
    "a literal of a DTD that opens a comment": (
        lambda: DECLARED + b'<!DOCTYPE r SYSTEM "<!--"><![CDATA[-->' + message() + b"<!-- ]]>-->",
        "forbidden_markup",
    ),
    "xml:xmlns": (lambda: _replaced(b"<saml:Assertion ", b'<saml:Assertion xml:xmlns="urn:x" '), ""),
    "a comment in the audience": (
        lambda: _replaced(b"<saml:Audience>", b"<saml:Audience><!-- -->"),
        "forbidden_markup",
    ),
    "a comment in a value": (lambda: _replaced(b">a<", b">a<!-- --><"), "forbidden_markup"),
    "an element in a value": (lambda: _replaced(b">a<", b">a<x/><"), ""),
    "white space before the root": (lambda: b"\n " + message() + b"\n<", "not_xml"),
    "a value of a megabyte": (lambda: message(Login(attributes=(("a", ("x" * 1_000_000,)),))), "too_large"),
    "a value of 65 KiB": (lambda: message(Login(attributes=(("a", ("x" * 66_000,)),))), "out_of_bounds"),
    "a long attribute": (
        lambda: _replaced(b"<saml:Assertion ", b'<saml:Assertion a="' + b"x" * 66_000 + b'" '),
        "out_of_bounds",
    ),
    "depth": (lambda: b"<a>" * 200 + b"</a>" * 200, "out_of_bounds"),
    "very deep": (lambda: b"<a>" * 5000 + b"</a>" * 5000, "not_xml"),
    "12,000 attributes": (
        lambda: b"<r " + b" ".join(b'a%d="1"' % n for n in range(12_000)) + b"/>",
        "out_of_bounds",
    ),
    "many elements": (lambda: b"<r>" + b"<a/>" * 6000 + b"</r>", "out_of_bounds"),
    "5,000 namespaces": (
        lambda: b"<r " + b" ".join(b'xmlns:a%d="urn:%d"' % (n, n) for n in range(5000)) + b"/>",
        "out_of_bounds",
    ),
}


# Encrypted values -------------------------------------------------------------------------------------------


def sealed_message(change: Callable[[Element], None]) -> bytes:
    root = Login().tree()
    signed(assertion_of(root))
    sealed = encrypted(root)
    change(sealed.find(f"{{{SAML}}}EncryptedAssertion"))
    return etree.tostring(sealed)


def _method(element: Element, which: int, value: str) -> None:
    element.findall(f".//{{{XENC}}}EncryptionMethod")[which].set("Algorithm", value)


def _spoilt(element: Element, which: int, value: str) -> None:
    element.findall(f".//{{{XENC}}}CipherValue")[which].text = value


SEALED: dict[str, Callable[[Element], None]] = {
    "3DES": lambda one: _method(one, 0, XENC + "tripledes-cbc"),
    "CBC without a signature around it": lambda one: _method(one, 0, XENC + "aes256-cbc"),
    "RSA PKCS #1 v1.5": lambda one: _method(one, 1, XENC + "rsa-1_5"),
    "another size of key": lambda one: _method(one, 0, "http://www.w3.org/2009/xmlenc11#aes128-gcm"),
    "the wrapped key spoilt": lambda one: _spoilt(one, 0, base64.b64encode(b"x" * 256).decode()),
    "the data spoilt": lambda one: _spoilt(one, 1, base64.b64encode(b"x" * 256).decode()),
    "no data": lambda one: _spoilt(one, 1, "eA=="),
    "no key": lambda one: one[0].remove(one[0].find(f"{{{DS}}}KeyInfo")),
    "two keys": lambda one: one.append(copy.deepcopy(one.find(f".//{{{XENC}}}EncryptedKey"))),
    "a label": lambda one: one.findall(f".//{{{XENC}}}EncryptionMethod")[1].append(
        etree.fromstring(f'<x:OAEPparams xmlns:x="{XENC}">eA==</x:OAEPparams>')
    ),
    "an unknown digest": lambda one: one.findall(f".//{{{XENC}}}EncryptionMethod")[1].append(
        etree.fromstring(f'<ds:DigestMethod {DSNS} Algorithm="urn:x"/>')
    ),
    "no encrypted data": lambda one: one.remove(one[0]),
}


# 3.7 protocol faults, signed by the right key ---------------------------------------------------------------

WRONG: dict[str, tuple[Callable[[], Login], str]] = {
    "audience of another": (lambda: Login(audience=("https://other.example",)), "wrong_audience"),
    "audience with a slash": (lambda: Login(audience=(scene().sp + "/",)), "wrong_audience"),
    "audience with a suffix": (lambda: Login(audience=(scene().sp + ".evil",)), "wrong_audience"),
    "no audience": (lambda: Login(audience=None), "wrong_audience"),
    "an empty restriction": (lambda: Login(audience=()), "wrong_audience"),
    "a second restriction": (
        lambda: Login(
            conditions_extra="<saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction>"
        ),
        "wrong_audience",
    ),
    "another recipient": (lambda: Login(recipient=scene().acs.replace("/acs", "2/acs")), "not_confirmed"),
    "no recipient": (lambda: Login(recipient=None), "not_confirmed"),
    "another destination": (lambda: Login(destination=scene().acs.replace("/acs", "2/acs")), "wrong_destination"),
    "another issuer of the assertion": (lambda: Login(issuer="https://evil.example"), "wrong_issuer"),
    "another issuer of the response": (lambda: Login(response_issuer="https://evil.example"), "wrong_issuer"),
    "an answer to another request": (lambda: Login(in_response_to="_other", confirmed_for="_other"), "wrong_request"),
    "a confirmation for another request": (lambda: Login(confirmed_for="_other"), "wrong_request"),
    "a confirmation for no request": (lambda: Login(confirmed_for=None), "wrong_request"),
    "sender-vouches": (lambda: Login(method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"), "not_confirmed"),
    "holder-of-key": (lambda: Login(method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"), "not_confirmed"),
    "a confirmation that ended": (lambda: Login(confirmed_until=now() - SKEW), "too_late"),
    "a confirmation without an end": (lambda: Login(confirmed_until=None), "not_confirmed"),
    "a confirmation with a beginning": (lambda: Login(confirmation_not_before=now() - MINUTE), "not_confirmed"),
    "not yet": (lambda: Login(not_before=now() + SKEW + timedelta(minutes=5)), "too_early"),
    "no longer": (lambda: Login(not_after=now() - SKEW), "too_late"),
    "issued in the future": (lambda: Login(issued=now() + timedelta(hours=1)), "too_early"),
    "an unknown condition": (lambda: Login(conditions_extra='<saml:Condition Odd="1"/>'), "unknown_condition"),
    "nobody signed in": (lambda: Login(authenticated=None), "no_authentication"),
    "a sign-in of the future": (lambda: Login(authenticated=now() + timedelta(hours=1)), "too_early"),
    "a session that ended": (lambda: Login(session_ends=now() - SKEW), "no_authentication"),
    "a failure": (lambda: Login(status="urn:oasis:names:tc:SAML:2.0:status:Responder"), "not_success"),
    "two seconds too late": (lambda: Login(confirmed_until=now() - SKEW - timedelta(seconds=2)), "too_late"),
    "version 1.1": (lambda: Login(version="1.1"), "wrong_version"),
    "an empty NameID": (lambda: Login(name_id=" "), "wrong_subject"),
    "a NameID with a line break": (lambda: Login(name_id="ada&#10;@acme.example"), "wrong_subject"),
    "a NameID with a zero-width character": (lambda: Login(name_id="ada&#8203;@acme.example"), "wrong_subject"),
    "a NameID with an element": (lambda: Login(name_id="ada<saml:X/>@acme.example"), "wrong_shape"),
    "no ID of the assertion": (lambda: Login(assertion_id=""), "signature_reference"),
}


def catalogue() -> dict[str, Callable[[], bytes]]:
    """Every message, by a name of its own."""
    return {
        **{f"wrapped: {name}": lambda tree=tree: etree.tostring(tree()) for name, tree in WRAPPED.items()},  # type: ignore[misc]
        **{f"signature: {name}": make for name, make in SIGNATURES.items()},
        **{f"octets: {name}": make for name, (make, _) in OCTETS.items()},
        **{f"sealed: {name}": lambda one=one: sealed_message(one) for name, one in SEALED.items()},  # type: ignore[misc]
        **{f"wrong: {name}": lambda make=make: message(make()) for name, (make, _) in WRONG.items()},  # type: ignore[misc]
    }
