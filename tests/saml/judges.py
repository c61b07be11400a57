"""Four judges beside ours, that nobody here wrote: each says whom a response names, or raises.

signxml and xmlsec judge signatures only; who was named is then read from what they say was signed, and xmlsec opens
for both what is encrypted. python3-saml and pygamlastan judge the whole response. Each is set up as its documentation
says, with the connection of these tests.
"""

import base64
import copy
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import signxml
import xmlsec
from cryptography.hazmat.primitives import serialization
from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from pygamlastan import crypto, profiles, security
from signxml.verifier import SignatureConfiguration

from tests.saml.sender import ACS, DS, IDP, NOW, SAML, SAMLP, SP, XENC, rsa_key
from tests.saml.vendors import certificate

Element = Any
ASSERTION, SEALED = f"{{{SAML}}}Assertion", f"{{{SAML}}}EncryptedAssertion"
SIGNATURE = f"{{{DS}}}Signature"


class Refused(Exception):
    """A judge's own refusal, where its library has none."""


def _pem(name: str) -> bytes:
    return certificate(name).public_bytes(serialization.Encoding.PEM)


@cache
def _own_key() -> bytes:
    return rsa_key("sp").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _parsed(octets: bytes) -> Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.fromstring(octets, parser)


def _named(element: Element) -> str:
    """The one NameID of the one assertion in what was signed."""
    assertions = [element] if element.tag == ASSERTION else element.findall(ASSERTION)
    if len(assertions) != 1:
        raise Refused(f"{len(assertions)} assertions")
    names = assertions[0].findall(f"{{{SAML}}}Subject/{{{SAML}}}NameID")
    if len(names) != 1:
        raise Refused(f"{len(names)} names")
    return "".join(names[0].itertext())


def _signed_places(root: Element) -> list[Element]:
    """The response and its assertions, those of them that hold a signature."""
    if root.tag != f"{{{SAMLP}}}Response":
        raise Refused("not a response")
    found = [one for one in (root, *root.findall(ASSERTION)) if one.find(SIGNATURE) is not None]
    if not found:
        raise Refused("not signed")
    return found


def by_signxml(octets: bytes, issuer: str = IDP) -> str:
    """What signxml returns as signed."""
    root = _parsed(octets)
    sealed = root.findall(SEALED)
    if root.find(SIGNATURE) is None and len(sealed) == 1 and not root.findall(ASSERTION):
        return _named(_signed_by_signxml(_opened_by_xmlsec(sealed[0]), "./"))
    name = ""
    for place in _signed_places(root):
        signed = _signed_by_signxml(root, "./" if place is root else f"./{ASSERTION}/")
        if signed.get("ID") != place.get("ID"):
            raise Refused("something else was signed")
        inside = signed.findall(SEALED)
        if len(inside) == 1 and not signed.findall(ASSERTION):
            signed = _opened_by_xmlsec(inside[0])
            if signed.find(SIGNATURE) is not None:
                signed = _signed_by_signxml(signed, "./")
        name = _named(signed)
    return name


def _signed_by_signxml(element: Element, location: str) -> Element:
    expected = SignatureConfiguration(location=location, ignore_ambiguous_key_info=True, verification_time=NOW)
    found = signxml.XMLVerifier().verify(
        etree.tostring(element, encoding="utf-8"), x509_cert=certificate("idp"), expect_config=expected
    )
    if found.signed_xml is None:
        raise Refused("no element was signed")
    return found.signed_xml


def by_xmlsec(octets: bytes, issuer: str = IDP) -> str:
    """libxmlsec1, with nothing but the algorithms of SAML switched on."""
    root = _parsed(octets)
    sealed = root.findall(SEALED)
    name = ""
    places = [one for one in (root, *root.findall(ASSERTION)) if one.find(SIGNATURE) is not None]
    for place in places:
        _verified_by_xmlsec(place)
    if len(sealed) == 1 and not root.findall(ASSERTION):
        opened = _opened_by_xmlsec(sealed[0])
        if opened.find(SIGNATURE) is not None:
            _verified_by_xmlsec(opened)
        elif root not in places:
            raise Refused("not signed")
        return _named(opened)
    for place in _signed_places(root):
        name = _named(place)
    return name


def _verified_by_xmlsec(place: Element) -> None:
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(_pem("idp"), xmlsec.constants.KeyDataFormatCertPem)
    for transform in (
        xmlsec.constants.TransformEnveloped,
        xmlsec.constants.TransformExclC14N,
        xmlsec.constants.TransformSha256,
        xmlsec.constants.TransformSha384,
        xmlsec.constants.TransformSha512,
        xmlsec.constants.TransformRsaSha256,
        xmlsec.constants.TransformRsaSha384,
        xmlsec.constants.TransformRsaSha512,
    ):
        context.enable_signature_transform(transform)
        context.enable_reference_transform(transform)
    context.register_id(place, "ID")
    signature = place.find(SIGNATURE)
    references = signature.findall(f"{{{DS}}}SignedInfo/{{{DS}}}Reference")
    if [one.get("URI") for one in references] != ["#" + (place.get("ID") or "")]:
        raise Refused("the reference is to something else")
    context.verify(signature)


def _opened_by_xmlsec(sealed: Element) -> Element:
    """The assertion in it; a key beside the data is moved into it, since xmlsec does not look there by itself."""
    sealed = copy.deepcopy(sealed)
    data, key = sealed.find(f"{{{XENC}}}EncryptedData"), sealed.find(f"{{{XENC}}}EncryptedKey")
    if data is None:
        raise Refused("nothing is encrypted")
    if key is not None:
        for info in data.findall(f"{{{DS}}}KeyInfo"):
            data.remove(info)
        data.insert(1, etree.Element(f"{{{DS}}}KeyInfo"))
        data[1].append(key)
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(_own_key(), xmlsec.constants.KeyDataFormatPem))
    opened = xmlsec.EncryptionContext(manager).decrypt(data)
    return etree.fromstring(opened if isinstance(opened, bytes) else etree.tostring(opened, encoding="utf-8"))


@cache
def _settings(issuer: str) -> Any:
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {
                "entityId": SP,
                "assertionConsumerService": {"url": ACS},
                "privateKey": _own_key().decode(),
                "x509cert": _pem("sp").decode(),
            },
            "idp": {
                "entityId": issuer,
                "singleSignOnService": {"url": "https://idp.example/sso"},
                "x509cert": _pem("idp").decode(),
            },
            "security": {"wantAttributeStatement": False, "rejectDeprecatedAlgorithm": True},
        }
    )


def by_python3_saml(octets: bytes, issuer: str = IDP) -> str:
    """python3-saml in its strict mode; its clock stands where these tests' does."""
    kept = OneLogin_Saml2_Utils.now
    OneLogin_Saml2_Utils.now = staticmethod(lambda: int(NOW.timestamp()))
    try:
        found = OneLogin_Saml2_Response(_settings(issuer), base64.b64encode(octets).decode())
        request = {"https": "on", "http_host": "hub.example", "script_name": "/saml/conn_1/acs", "get_data": {}}
        found.is_valid(request, request_id="_request1", raise_exceptions=True)
        return str(found.get_nameid())
    finally:
        OneLogin_Saml2_Utils.now = kept


class _Nothing:
    """A cache of replays for messages that are judged again and again."""

    def check_and_insert(self, _id: str, _expiry: datetime) -> bool:
        """Everything is new."""
        return True

    def cleanup(self) -> None:
        """There is nothing."""


def by_pygamlastan(octets: bytes, issuer: str = IDP) -> str:
    """pygamlastan, which verifies and reads in one call."""
    verifier = crypto.SamlVerifier.from_cert(certificate("idp").public_bytes(serialization.Encoding.DER))
    keys = crypto.KeysManager()
    keys.add_key_pem(_own_key())
    config = security.SecurityConfig()
    if _parsed(octets).find(SIGNATURE) is not None:
        config.require_signed_responses, config.require_signed_assertions = True, False
    found = profiles.process_response_verified(
        octets.decode(),
        verifier,
        config,
        SP,
        ACS,
        issuer,
        expected_request_id="_request1",
        now=NOW,
        replay_cache=_Nothing(),
        unsafe_no_persistent_id_store=True,
        decryptor=crypto.SamlDecryptor(keys),
    )
    return found.name_id


JUDGES: Mapping[str, Callable[[bytes, str], str]] = {
    "signxml": by_signxml,
    "xmlsec": by_xmlsec,
    "python3-saml": by_python3_saml,
    "pygamlastan": by_pygamlastan,
}


def verdicts(octets: bytes, issuer: str = IDP) -> dict[str, str | Exception]:
    """Whom each judge lets in, or what it raised. A judge that crashes refuses."""
    found: dict[str, str | Exception] = {}
    for name, judge in JUDGES.items():
        try:
            found[name] = judge(octets, issuer)
        except Exception as problem:
            found[name] = problem
    return found
