"""Requests, bindings, metadata and logout: what we make reads back, and what is odd is refused."""

import base64
import re
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote_plus

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lxml import etree

from hallway.saml.bindings import MOST_RELAY_STATE, deflated, inflated, post_fields, redirect_query, redirected
from hallway.saml.instant import instant, instant_text
from hallway.saml.logout import (
    LogoutMessage,
    Party,
    logout_answered,
    logout_asked,
    logout_request,
    logout_response,
)
from hallway.saml.metadata import (
    ServiceProvider,
    certified,
    checked_url,
    identity_provider,
    service_provider_metadata,
)
from hallway.saml.problem import SamlProblem
from hallway.saml.request import Asked, authn_request, request_id
from hallway.saml.response import NameId
from hallway.saml.signature import Trust, is_strong, verified
from hallway.saml.writing import octets, signed
from hallway.saml.xml import METADATA, SAML, SAMLP, decoded_base64, parsed
from tests.saml.sender import ACS, DS, IDP, NOW, SP, ec_key, micro, rsa_key

AT = micro(NOW)
TRUST = Trust((rsa_key("idp").public_key(), ec_key("idp").public_key()))
KEYS: list[Any] = [rsa_key("idp"), ec_key("idp")]
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


def _refused(code: str, act: Any, *arguments: Any) -> SamlProblem:
    with pytest.raises(SamlProblem) as caught:
        act(*arguments)
    assert caught.value.code == code, (caught.value.code, caught.value.expected, caught.value.received)
    return caught.value


# Requests ---------------------------------------------------------------------------------------------------


def test_a_request_says_where_the_answer_goes() -> None:
    root = authn_request(Asked("_1", "https://idp.example/sso", SP, ACS, AT))
    assert root.get("AssertionConsumerServiceURL") == ACS and root.get("ForceAuthn") is None
    assert root[0].text == SP and root[1].get("Format") is None
    full = authn_request(Asked("_1", "https://idp.example/sso", SP, ACS, AT, True, True, "urn:f", "urn:c"))
    assert (full.get("ForceAuthn"), full.get("IsPassive")) == ("true", "true")
    assert full[1].get("Format") == "urn:f" and full[2][0].text == "urn:c"


def test_values_never_become_markup() -> None:
    nasty = '"><evil a="'
    root = parsed(octets(authn_request(Asked("_1", nasty, nasty, nasty, AT))))
    assert root[0].text == nasty and root.get("Destination") == nasty


def test_an_id_begins_as_ids_must() -> None:
    assert re.fullmatch(r"_[0-9a-f]{32}", request_id(b"\x12" * 16))
    with pytest.raises(ValueError, match="128"):
        request_id(b"short")


@pytest.mark.parametrize("key", KEYS)
def test_what_we_sign_is_verified(key: Any) -> None:
    root = signed(authn_request(Asked("_1", "https://idp.example/sso", SP, ACS, AT)), key)
    found = verified(parsed(octets(root)), TRUST)
    assert found is not None and found.root.get("ID") == "_1"


# Bindings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [None, *KEYS])
@pytest.mark.parametrize("state", ["", "handle"])
def test_what_a_redirect_carries_reads_back(key: Any, state: str) -> None:
    query = redirect_query("SAMLRequest", b"<a/>", state, key)
    found = redirected(query.encode(), TRUST)
    assert (found.name, found.octets, found.relay_state, found.signed) == (
        "SAMLRequest", b"<a/>", state, key is not None,
    )  # fmt: skip
    assert list(parse_qs(query)) == [
        name
        for name in ("SAMLRequest", "RelayState", "SigAlg", "Signature")
        if (name != "RelayState" or state) and (key is not None or name[:2] != "Si")
    ]


def test_lower_case_escapes_and_another_order_are_judged_as_they_came() -> None:
    query = redirect_query("SAMLResponse", b"<a/>", "x", rsa_key("idp"))
    parts = query.split("&")
    assert redirected("&".join([parts[3], parts[1], parts[0], parts[2]]).encode(), TRUST).signed
    lower = re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), query)
    if lower != query:
        _refused("wrong_key", redirected, lower.encode(), TRUST)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "wrong_parameters"),
        ("SAMLRequest=a&SAMLResponse=b", "wrong_parameters"),
        ("SAMLRequest=a&SAMLRequest=b", "wrong_parameters"),
        ("SAMLRequest=a&%53AMLRequest=b", "wrong_parameters"),
        ("SAMLRequest=a&Signature=b", "wrong_parameters"),
        ("SAMLRequest=a&SigAlg=b", "wrong_parameters"),
        ("SAMLRequest=a&Signature=YWFh&SigAlg=urn:x", "signature_algorithm"),
        ("SAMLRequest=!&RelayState=", "not_base64"),
        ("SAMLRequest=YWFh", "not_deflated"),
        ("SAMLRequest=" + "a" * 300_000, "too_large"),
    ],
)
def test_odd_queries_are_refused(query: str, code: str) -> None:
    _refused(code, redirected, query.encode(), TRUST)


def test_a_signature_of_another_key_or_over_another_message_is_refused() -> None:
    evil = redirect_query("SAMLRequest", b"<a/>", "", rsa_key("evil"))
    _refused("wrong_key", redirected, evil.encode(), TRUST)
    genuine = redirect_query("SAMLRequest", b"<a/>", "", rsa_key("idp"))
    other = quote_plus(deflated(b"<b/>"))
    moved = re.sub("SAMLRequest=[^&]*", "SAMLRequest=" + other, genuine)
    _refused("wrong_key", redirected, moved.encode(), TRUST)
    _refused("wrong_key", redirected, (genuine + "&RelayState=x").encode(), TRUST)
    weak = rsa_key("weak", 1024)
    _refused(
        "wrong_key", redirected, redirect_query("SAMLRequest", b"<a/>", "", weak).encode(), Trust((weak.public_key(),))
    )
    curve = genuine.replace(quote_plus("rsa-sha256"), "ecdsa-sha256")
    _refused("wrong_key", redirected, curve.encode(), TRUST)
    of_curve = redirect_query("SAMLRequest", b"<a/>", "", ec_key("idp")).replace("ecdsa-sha256", "rsa-sha256")
    _refused("wrong_key", redirected, of_curve.encode(), Trust((ec_key("idp").public_key(),)))


def test_a_bomb_is_not_inflated() -> None:
    _refused("too_large", inflated, decoded_base64(deflated(b"\0" * 10_000_000).encode()))
    whole = decoded_base64(deflated(b"x").encode())
    _refused("not_deflated", inflated, whole + b"more")
    _refused("not_deflated", inflated, whole[:-1])
    _refused("not_deflated", inflated, zlib.compress(b"x"))


def test_a_relay_state_is_cut_and_a_form_has_one_only_where_there_is_one() -> None:
    found = redirected(redirect_query("SAMLRequest", b"<a/>", "x" * 500, None).encode(), TRUST)
    assert len(found.relay_state) == MOST_RELAY_STATE
    assert post_fields("SAMLRequest", b"<a/>", "") == {"SAMLRequest": base64.b64encode(b"<a/>").decode()}
    assert post_fields("SAMLRequest", b"<a/>", "h")["RelayState"] == "h"


# Base64 and instants ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [b"a", b"a===", b"YQ", b"Y Q=!", b"=YQ=", b"YQ==YQ==", "YQ=\u00e9".encode()])
def test_base64_is_strict(text: bytes) -> None:
    _refused("not_base64", decoded_base64, text)


def test_base64_may_be_wrapped_and_its_size_is_judged_first() -> None:
    assert decoded_base64(b" YQ\r\n\t==\n") == b"a"
    _refused("too_large", decoded_base64, b"!" * 500_000)


@pytest.mark.parametrize("text", ["2026-11-25T12:00:00Z", "2026-11-25T12:00:00.1234567Z", "2026-11-25T12:00:00+00:00"])
def test_instants_read(text: str) -> None:
    assert instant(text) // 1_000_000 == AT // 1_000_000


@pytest.mark.parametrize(
    "text", ["", "2026-11-25", "2026-11-25T12:00:00", "2026-13-25T12:00:00Z", "2026-11-25T12:00:00+01:00"]
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    _refused("wrong_instant", instant, text)


def test_an_instant_reads_back() -> None:
    assert instant(instant_text(AT + 123_000)) == AT + 123_000


# Metadata ---------------------------------------------------------------------------------------------------


def certificate(key: Any, days: int = 30) -> bytes:
    """A self-signed certificate, DER."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=400))
        .not_valid_after(NOW + timedelta(days=days))
    )
    return builder.sign(rsa_key("idp"), hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _key_descriptor(key: Any, use: str = ' use="signing"', days: int = 30) -> str:
    text = base64.encodebytes(certificate(key, days)).decode().replace("\n", "\n      ")
    return (
        f'<md:KeyDescriptor{use}><ds:KeyInfo xmlns:ds="{DS}"><ds:KeyName>x</ds:KeyName><ds:X509Data>'
        f"<ds:X509Certificate>\n      {text}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )


SSO = f'<md:SingleSignOnService Binding="{POST}" Location="https://idp.example/sso"/>'


def _metadata(keys: str | None = None, sso: str = SSO, before: str = "", entity: str = "", role: str = "") -> bytes:
    return (
        f'<md:EntityDescriptor xmlns:md="{METADATA}" entityID="{IDP}"{entity}>{before}'
        f'<md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}"{role}>'
        f"{_key_descriptor(rsa_key('idp')) if keys is None else keys}{sso}</md:IDPSSODescriptor></md:EntityDescriptor>"
    ).encode()


def test_metadata_as_jumpcloud_publishes_it_is_read() -> None:
    found = identity_provider(_metadata(), AT)
    assert (found.entity_id, found.redirect_url, found.post_url) == (IDP, "", "https://idp.example/sso")
    assert found.keys[0].expires_at == micro(NOW + timedelta(days=30))
    assert found.logout_redirect_url == "" and not found.wants_signed_requests


def test_metadata_as_entra_publishes_it_is_read() -> None:
    strange = (
        '<md:RoleDescriptor xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:type="fed:SecurityTokenServiceType"/>'
    )
    more = (
        f'<md:SingleLogoutService Binding="{REDIRECT}" Location="https://idp.example/slo" '
        'ResponseLocation="https://idp.example/slo/done"/><md:NameIDFormat>urn:f</md:NameIDFormat>'
        f'<md:SingleSignOnService Binding="{REDIRECT}" Location="https://idp.example/redirect"/>'
        '<md:SingleSignOnService Binding="urn:soap" Location="nonsense"/>'
    )
    found = identity_provider(
        b"\xef\xbb\xbf" + _metadata(sso=more, before=strange, role=' WantAuthnRequestsSigned="true"'), AT
    )
    assert found.redirect_url == "https://idp.example/redirect"
    assert found.logout_redirect_url == "https://idp.example/slo"
    assert found.logout_response_url == "https://idp.example/slo/done"
    plain = more.replace(' ResponseLocation="https://idp.example/slo/done"', "")
    assert identity_provider(_metadata(sso=plain), AT).logout_response_url == ""
    assert found.name_id_formats == ("urn:f",) and found.wants_signed_requests


def test_keys_of_all_uses_but_encryption_count_once() -> None:
    keys = (
        _key_descriptor(rsa_key("idp"))
        + _key_descriptor(rsa_key("idp"), "", 90)
        + _key_descriptor(ec_key("idp"), "")
        + _key_descriptor(rsa_key("sp"), ' use="encryption"')
    )
    found = identity_provider(_metadata(keys), AT)
    assert [type(one.key).__name__[:3].lower() for one in found.keys] == ["rsa", "ec_"] or len(found.keys) == 2


def test_an_expired_certificate_is_no_reason_to_refuse() -> None:
    found = identity_provider(_metadata(_key_descriptor(rsa_key("idp"), days=-1)), AT)
    assert found.keys[0].expires_at is not None and found.keys[0].expires_at < AT


def test_one_of_an_aggregate_is_found_by_its_name() -> None:
    other = _metadata().decode().replace(IDP, "https://other.example")
    both = (
        f'<md:EntitiesDescriptor xmlns:md="{METADATA}">{_metadata().decode()}{other}</md:EntitiesDescriptor>'.encode()
    )
    assert identity_provider(both, AT, IDP).entity_id == IDP
    _refused("not_metadata", identity_provider, both, AT)
    _refused("not_metadata", identity_provider, both, AT, "https://third.example")


def test_metadata_ends_with_its_validity() -> None:
    assert identity_provider(_metadata(entity=' validUntil="2027-01-01T00:00:00Z"'), AT).valid_until is not None
    _refused("metadata_expired", identity_provider, _metadata(entity=' validUntil="2026-11-25T12:00:00Z"'), AT)


@pytest.mark.parametrize(
    ("octets_", "code"),
    [
        (b"<html/>", "not_metadata"),
        (_metadata().replace(b"IDPSSODescriptor", b"SPSSODescriptor"), "not_metadata"),
        (_metadata().replace(SAMLP.encode() + b'"', b'urn:oasis:names:tc:SAML:1.1:protocol"'), "not_metadata"),
        (_metadata().replace(IDP.encode(), b""), "not_metadata"),
        (_metadata(""), "no_usable_key"),
        (_metadata("".join(_key_descriptor(rsa_key(f"k{n}")) for n in range(5))), "no_usable_key"),
        (_metadata(_key_descriptor(rsa_key("weak", 1024))), "no_usable_key"),
        (_metadata(sso=""), "wrong_endpoint"),
        (_metadata(sso=SSO.replace("https://idp.example/sso", "javascript:alert(1)")), "wrong_endpoint"),
        (_metadata(sso=SSO.replace("https://", "http://")), "wrong_endpoint"),
    ],
)
def test_what_is_no_use_is_refused(octets_: bytes, code: str) -> None:
    _refused(code, identity_provider, octets_, AT)


@pytest.mark.parametrize(
    "url",
    [
        "https://a b",
        "https://",
        "https://user@a",
        "https://a/#x",
        "https://a:0/",
        "https://a:x/",
        "https://[",
        "x" * 3000,
    ],
)
def test_addresses_are_plain_and_absolute(url: str) -> None:
    _refused("wrong_endpoint", checked_url, url, False)
    assert checked_url("http://127.0.0.1:8080/x?y=1", True)


def test_certificates_come_with_and_without_their_lines() -> None:
    der = certificate(rsa_key("idp"))
    pem = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"
    assert certified(pem).spki == certified(base64.b64encode(der)).spki
    _refused("no_usable_key", certified, base64.b64encode(b"no certificate"))
    odd = ec.generate_private_key(ec.SECP256K1())
    _refused("no_usable_key", certified, base64.b64encode(certificate(odd)))
    assert not is_strong(odd.public_key())


def test_our_metadata_reads_back_and_has_the_order_of_the_schema() -> None:
    cert = certificate(rsa_key("sp"))
    own = ServiceProvider(
        SP, (ACS, ACS + "2"), "https://hub.example/slo", (cert, cert), (cert,), 'A <b> & "c"', AT + 1, ("urn:f",)
    )
    root = parsed(octets(service_provider_metadata(own)))
    role = root[0]
    names = [etree.QName(one).localname for one in role]
    assert names == [
        "Extensions",
        *["KeyDescriptor"] * 3,
        *["SingleLogoutService"] * 2,
        "NameIDFormat",
        *["AssertionConsumerService"] * 2,
    ]
    assert [one.get("isDefault") for one in role[-2:]] == ["true", None]
    assert root.find(".//{*}DisplayName").text == 'A <b> & "c"'
    bare = service_provider_metadata(ServiceProvider(SP, (ACS,), "", (), (), "x", AT, (), False, False))
    assert bare[0].get("AuthnRequestsSigned") == "false" and bare[0].get("WantAssertionsSigned") == "false"


# Logout -----------------------------------------------------------------------------------------------------

SLO = "https://hub.example/saml/conn_1/logout"
PARTY = Party(IDP, SLO, TRUST, AT)
NAME = NameId("ada@acme.example", "urn:f", "q", "s")


def _message(**changes: Any) -> LogoutMessage:
    return LogoutMessage(**{"id": "_l1", "issuer": IDP, "destination": SLO, "at": AT, **changes})


def test_a_signed_request_says_whose_sessions_end() -> None:
    octets_ = octets(signed(logout_request(_message(), NAME, ("_s1", "_s2")), rsa_key("idp")))
    found = logout_asked(octets_, PARTY, False)
    assert (found.id, found.name_id, found.session_indexes) == ("_l1", NAME, ("_s1", "_s2"))
    plain = octets(logout_request(_message(), NameId("x"), ()))
    assert logout_asked(plain, PARTY, True).name_id == NameId("x")
    _refused("not_signed", logout_asked, plain, PARTY, False)


def test_a_signed_answer_says_whether_all_ended() -> None:
    for complete in (True, False):
        octets_ = octets(signed(logout_response(_message(), "_ours", complete), ec_key("idp")))
        said = logout_answered(octets_, PARTY, False)
        assert (said.complete, said.in_response_to) == (complete, "_ours")
    answers_nothing = octets(signed(logout_response(_message(), ""), ec_key("idp")))
    _refused("wrong_request", logout_answered, answers_nothing, PARTY, False)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"issuer": "https://evil.example"}, "wrong_issuer"),
        ({"destination": "https://hub.example/other"}, "wrong_destination"),
        ({"destination": ""}, "wrong_destination"),
        ({"at": AT - 11 * 60 * 1_000_000}, "too_late"),
        ({"at": AT + 11 * 60 * 1_000_000}, "too_early"),
        ({"id": ""}, "wrong_shape"),
    ],
)
def test_a_logout_that_does_not_fit_is_refused(changes: dict[str, Any], code: str) -> None:
    root = logout_request(_message(**changes), NAME, ())
    if code == "too_late":
        root.attrib.pop("NotOnOrAfter")
    _refused(code, logout_asked, octets(root), PARTY, True)


def test_odd_logout_messages_are_refused() -> None:
    _refused("wrong_logout", logout_asked, octets(logout_response(_message(), "_x")), PARTY, True)
    old = logout_request(_message(at=AT - 9 * 60 * 1_000_000), NAME, ())
    _refused("too_late", logout_asked, octets(old), PARTY, True)
    root = logout_request(_message(), NAME, ())
    root.set("Version", "1.1")
    _refused("wrong_version", logout_asked, octets(root), PARTY, True)
    nobody = logout_request(_message(), NAME, ())
    nobody.remove(nobody.find(f"{{{SAML}}}NameID"))
    _refused("wrong_subject", logout_asked, octets(nobody), PARTY, True)
    failed = logout_response(_message(), "_ours")
    failed.find(f".//{{{SAMLP}}}StatusCode").set("Value", "urn:no")
    assert logout_answered(octets(failed), PARTY, True).complete is False
    failed.find(f".//{{{SAMLP}}}StatusCode").set("Value", "")
    _refused("wrong_shape", logout_answered, octets(failed), PARTY, True)
    failed.remove(failed.find(f"{{{SAMLP}}}Status"))
    _refused("wrong_shape", logout_answered, octets(failed), PARTY, True)


def test_the_sender_of_these_tests_uses_todays_clock_nowhere() -> None:
    assert datetime(2026, 11, 25, 12, tzinfo=UTC) == NOW
