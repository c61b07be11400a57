"""What the rest of this directory passes by: base64 of any octets, no canonical form, odd places of a signature."""

import base64
import binascii
import itertools
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from hallway.saml import xml
from hallway.saml.problem import SamlProblem
from hallway.saml.response import judged, received
from hallway.saml.signature import Trust, is_strong
from hallway.saml.xml import MAX_BYTES, MAX_PREFIXES, decoded_base64, parsed
from tests.saml.sender import (
    ACS,
    DS,
    MINUTE,
    NOW,
    SAML,
    Login,
    Signing,
    assertion_of,
    ec_key,
    expectation,
    message,
    rsa_key,
    signed,
)

S = f"{{{DS}}}Signature"


def _refused(octets: bytes, code: str, **changes: Any) -> SamlProblem:
    with pytest.raises(SamlProblem) as caught:
        judged(octets, expectation(**changes))
    assert caught.value.code == code, (caught.value.code, caught.value.expected, caught.value.received)
    return caught.value


def test_base64_is_what_the_standard_library_takes_in_whole_groups_of_four() -> None:
    """Every text of up to six characters out of a letter, a sign, `=`, a blank and a stranger."""
    for length in range(7):
        for letters in itertools.product(b"A/=\n-", repeat=length):
            text = bytes(letters)
            packed = text.replace(b"\n", b"")
            try:
                strict = base64.b64decode(packed, validate=True)
            except binascii.Error:
                strict = None
            try:
                found = decoded_base64(text)
            except SamlProblem as problem:
                assert problem.code == "not_base64"
                assert strict is None or len(packed) % 4, text
            else:
                assert found == strict, text


def test_the_size_of_base64_is_judged_before_it_is_decoded() -> None:
    with pytest.raises(SamlProblem) as caught:
        decoded_base64(b"A" * (MAX_BYTES * 3 // 2 + 1))
    assert caught.value.code == "too_large"


def test_an_empty_canonical_form_is_refused_should_the_library_ever_give_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest of nothing is known to everybody (CVE-2025-66568, -66578, -66475)."""
    element = parsed(message())
    monkeypatch.setattr(xml.etree, "tostring", lambda *_, **__: b"")
    with pytest.raises(SamlProblem) as caught:
        xml.canonical(element)
    assert caught.value.code == "wrong_shape"


def test_the_library_gives_no_canonical_form_of_a_relative_namespace() -> None:
    """An update of lxml that gave an empty one instead would be seen here."""
    with pytest.raises(etree.C14NError):
        etree.tostring(etree.fromstring('<a xmlns="b"/>'), method="c14n", exclusive=True)
    with pytest.raises(SamlProblem):
        xml.canonical(etree.fromstring('<a xmlns="b"/>'))


def test_as_many_prefixes_as_are_allowed_and_no_more() -> None:
    most = ["xs", *(f"p{n}" for n in range(MAX_PREFIXES - 1))]
    assert judged(message(how=Signing(prefixes=most)), expectation()).key == 0
    _refused(message(how=Signing(prefixes=[*most, "q"])), "out_of_bounds")


@pytest.mark.parametrize("sign", ["assertion", "response"])
def test_a_signature_before_the_issuer_covers_the_element_as_any_other_does(sign: str) -> None:
    root = Login().tree()
    element = assertion_of(root) if sign == "assertion" else root
    element.text = "\n  "
    element[0].tail = "\n "
    signed(element)
    signature = element.find(S)
    assert signature.tail is None
    element.insert(0, signature)
    element[1].tail = "\n "
    assert judged(etree.tostring(root), expectation()).name_id.value == "ada@acme.example"
    signature.tail = " "
    _refused(etree.tostring(root), "wrong_digest")


def test_an_ecdsa_signature_of_another_length_is_no_signature() -> None:
    how = Signing(ec_key("idp"), "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", algorithm=hashes.SHA256())
    trust = Trust((ec_key("idp").public_key(),))
    root = etree.fromstring(message(how=how))
    value = assertion_of(root).find(S)[1]
    raw = base64.b64decode(value.text)
    assert judged(etree.tostring(root), expectation(trust=trust)).key == 0
    for other in (raw[:-1], raw + b"\0", b"\0" + raw, raw + raw, b"\0" * 64):
        value.text = base64.b64encode(other).decode()
        _refused(etree.tostring(root), "wrong_key", trust=trust)


def test_a_key_is_as_strong_as_its_family_demands() -> None:
    assert is_strong(ec.generate_private_key(ec.SECP521R1()).public_key())
    assert not is_strong(ec.generate_private_key(ec.SECP256K1()).public_key())
    assert is_strong(rsa.RSAPublicNumbers(3, rsa_key("idp").public_key().public_numbers().n).public_key())
    assert not is_strong(rsa_key("weak", 1024).public_key())


def _changed(change: Any) -> bytes:
    """A response whose assertion was changed before it was signed."""
    root = Login().tree()
    change(assertion_of(root))
    signed(assertion_of(root))
    return etree.tostring(root)


def _twice(name: str) -> bytes:
    def change(assertion: Any) -> None:
        found = assertion.find(f".//{{{SAML}}}{name}")
        found.addnext(etree.fromstring(etree.tostring(found)))

    return _changed(change)


def _without(name: str) -> bytes:
    def change(assertion: Any) -> None:
        found = assertion.find(f".//{{{SAML}}}{name}")
        found.getparent().remove(found)

    return _changed(change)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Issuer", "wrong_issuer"),
        ("Subject", "wrong_subject"),
        ("NameID", "wrong_subject"),
        ("Conditions", "wrong_audience"),
    ],
)
def test_what_there_must_be_once_is_there_once(name: str, code: str) -> None:
    _refused(_without(name), code)
    _refused(_twice(name), code)


def test_an_encrypted_name_is_no_name() -> None:
    def change(assertion: Any) -> None:
        assertion.find(f".//{{{SAML}}}NameID").tag = f"{{{SAML}}}EncryptedID"

    _refused(_changed(change), "wrong_subject")


def test_a_confirmation_has_its_data_once() -> None:
    _refused(_twice("SubjectConfirmationData"), "not_confirmed")
    _refused(_without("SubjectConfirmationData"), "not_confirmed")
    _refused(_without("SubjectConfirmation"), "not_confirmed")


def test_an_assertion_under_a_signed_response_has_an_id_too() -> None:
    """It is what is remembered, so that the assertion counts once."""
    root = Login(destination=ACS).tree()
    del assertion_of(root).attrib["ID"]
    signed(root)
    _refused(etree.tostring(root), "wrong_shape")


@pytest.mark.parametrize("sign", ["assertion", "response"])
def test_a_response_says_when_it_was_issued_though_nothing_may_cover_it(sign: str) -> None:
    for said in (None, "", "yesterday", "2026-11-25T13:00:00Z"):
        root = Login().tree()
        del root.attrib["IssueInstant"]
        if said is not None:
            root.set("IssueInstant", said)
        signed(assertion_of(root) if sign == "assertion" else root)
        _refused(etree.tostring(root), "too_early" if said and said[0] == "2" else "wrong_instant")


def test_a_response_says_which_request_it_answers_and_nothing_else_is_a_response() -> None:
    asked, unasked = received(message(sign="none")), received(message(Login(in_response_to=None)))
    assert (asked.unverified_request, asked.unverified_destination) == ("_request1", ACS)
    assert (unasked.unverified_request, unasked.unverified_destination) == (None, ACS)
    with pytest.raises(SamlProblem) as caught:
        received(etree.tostring(assertion_of(Login().tree())))
    assert caught.value.code == "wrong_shape"


def test_a_response_that_was_received_is_judged_like_its_octets() -> None:
    sound, unsigned = message(), message(sign="none")
    assert judged(received(sound), expectation()) == judged(sound, expectation())
    with pytest.raises(SamlProblem) as caught:
        judged(received(unsigned), expectation())
    assert caught.value.code == "not_signed"


def test_a_refusal_says_whether_a_signature_of_ours_held() -> None:
    """Only then is what the message says kept as an attempt."""
    late = Login(confirmed_until=NOW - 60 * MINUTE)
    assert _refused(message(late), "too_late").signed
    assert _refused(message(Login(destination=None), sign="response"), "wrong_destination").signed
    assert not _refused(message(late, sign="none"), "not_signed").signed
    assert not _refused(message(late, how=Signing(rsa_key("evil"))), "wrong_key").signed
    assert not _refused(message().replace(b">ada@", b">eve@"), "wrong_digest").signed
    both = etree.fromstring(message(sign="both", how=Signing()))
    both.remove(both.find(S))
    signed(both, Signing(rsa_key("evil")))
    assert not _refused(etree.tostring(both), "wrong_key").signed
