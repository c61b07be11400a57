"""What is accepted, and what a right signature does not make right (saml.md 3.7, core §2, profiles §4.1.4)."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from lxml import etree

from hallway.saml.problem import SamlProblem
from hallway.saml.response import Attribute, judged
from hallway.saml.signature import Relaxation, Trust
from tests.saml.attacks import SKEW, WRONG
from tests.saml.sender import (
    DS,
    IDP,
    MINUTE,
    NOW,
    XENC,
    XENC11,
    Login,
    Signing,
    assertion_of,
    ec_key,
    encrypted,
    expectation,
    message,
    micro,
    rsa_key,
    signed,
)


@pytest.mark.parametrize("sign", ["assertion", "response", "both"])
def test_a_signed_response_says_who_signed_in(sign: str) -> None:
    found = judged(message(sign=sign), expectation())
    assert found.name_id.value == "ada@acme.example"
    assert found.assertion_id == "_assertion1"
    assert found.session_index == "_s1"
    assert found.in_response_to == "_request1"
    assert found.response_signed == (sign != "assertion")
    assert found.until == micro(NOW + 5 * MINUTE + SKEW)
    form = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
    assert found.attributes == (
        Attribute("email", form, ("ada@acme.example",)),
        Attribute("groups", form, ("a", "b")),
    )


@pytest.mark.parametrize(
    ("method", "algorithm"), [("256", hashes.SHA256()), ("384", hashes.SHA384()), ("512", hashes.SHA512())]
)
def test_each_hash_of_the_profile_is_taken(method: str, algorithm: Any) -> None:
    how = Signing(method=f"http://www.w3.org/2001/04/xmldsig-more#rsa-sha{method}", algorithm=algorithm)
    assert judged(message(how=how), expectation()).key == 0
    curve = Signing(ec_key("idp"), f"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha{method}", algorithm=algorithm)
    trust = Trust((rsa_key("idp").public_key(), ec_key("idp").public_key()))
    assert judged(message(how=curve), expectation(trust=trust)).key == 1


@pytest.mark.parametrize(
    ("digest", "name"),
    [("http://www.w3.org/2001/04/xmldsig-more#sha384", "sha384"), (XENC + "sha512", "sha512")],
)
def test_each_digest_of_the_profile_is_taken(digest: str, name: str) -> None:
    assert judged(message(how=Signing(digest=digest, hash_name=name)), expectation()).key == 0


def test_namespaces_that_only_values_use_are_covered_as_okta_covers_them() -> None:
    for sign in ("assertion", "response", "both"):
        assert judged(message(sign=sign, how=Signing(prefixes=["xs"])), expectation()).key == 0


def test_the_signature_may_be_the_last_child() -> None:
    assert judged(message(sign="response", how=Signing(last=True)), expectation()).response_signed


def test_sha1_is_taken_only_where_the_connection_is_relaxed_by_name() -> None:
    how = Signing(method=DS + "rsa-sha1", digest=DS + "sha1", hash_name="sha1", algorithm=hashes.SHA1())
    _refused(message(how=how), "signature_algorithm")
    digest_only = Signing(digest=DS + "sha1", hash_name="sha1")
    _refused(message(how=digest_only), "signature_algorithm")
    relaxed = Trust((rsa_key("idp").public_key(),), frozenset({Relaxation.ACCEPT_SHA1_SIGNATURES}))
    assert judged(message(how=how), expectation(trust=relaxed)).key == 0
    assert judged(message(how=digest_only), expectation(trust=relaxed)).key == 0
    md5 = Signing(method=DS + "rsa-md5")
    _refused(message(how=md5), "signature_algorithm", trust=relaxed)


def test_an_unsolicited_response_is_taken_only_where_the_connection_takes_such() -> None:
    login = Login(in_response_to=None, confirmed_for=None)
    _refused(message(login), "unsolicited", request_id=None)
    assert judged(message(login), expectation(request_id=None, unsolicited=True)).in_response_to == ""
    _refused(message(), "wrong_request", request_id=None, unsolicited=True)
    _refused(message(Login(in_response_to=None)), "wrong_request", request_id=None, unsolicited=True)
    _refused(message(login), "wrong_request")


@pytest.mark.parametrize("name", WRONG)
def test_a_right_signature_does_not_make_wrong_content_right(name: str) -> None:
    make, code = WRONG[name]
    _refused(message(make()), code)


@pytest.mark.parametrize(
    "login",
    [
        Login(not_before=NOW + SKEW),
        Login(not_after=NOW - SKEW + timedelta(seconds=1)),
        Login(confirmed_until=NOW - SKEW + timedelta(seconds=1)),
        Login(destination=None),
        Login(response_issuer=None),
        Login(conditions_extra="<saml:OneTimeUse/><saml:ProxyRestriction Count='0'/>"),
        Login(attributes=()),
        Login(not_before=None, not_after=None),
    ],
)
def test_what_is_within_the_limits_is_taken(login: Login) -> None:
    assert judged(message(login), expectation()).name_id.value == "ada@acme.example"


def test_a_second_beyond_the_limits_is_refused() -> None:
    _refused(message(Login(not_before=NOW + SKEW + timedelta(seconds=1))), "too_early")
    _refused(message(Login(not_after=NOW - SKEW)), "too_late")


def test_a_signed_response_names_its_destination() -> None:
    _refused(message(Login(destination=None), sign="response"), "wrong_destination")


def test_an_old_sign_in_is_refused_where_a_fresh_one_was_asked_for() -> None:
    since = micro(NOW)
    assert judged(message(), expectation(fresh_since=since)).authenticated_at == micro(NOW - MINUTE)
    _refused(message(Login(authenticated=NOW - 2 * MINUTE)), "not_fresh", fresh_since=since)


def test_both_signatures_can_be_demanded() -> None:
    assert judged(message(sign="both"), expectation(both_signed=True)).response_signed
    for sign in ("assertion", "response"):
        _refused(message(sign=sign), "not_signed", both_signed=True)


def test_one_whole_confirmation_is_enough_and_halves_do_not_add_up() -> None:
    def another(root: Any, **attributes: str) -> None:
        subject = root.find(".//{*}Subject")
        first = subject.find("{*}SubjectConfirmation")
        extra = etree.fromstring(etree.tostring(first))
        for name, value in attributes.items():
            extra[0].set(name, value)
        subject.insert(1, extra)

    root = Login().tree()
    another(root, Recipient="https://other.example")
    signed(assertion_of(root))
    assert judged(etree.tostring(root), expectation()).key == 0
    root = Login(recipient="https://other.example").tree()
    another(root, Recipient="https://hub.example/saml/conn_1/acs", InResponseTo="_other")
    signed(assertion_of(root))
    _refused(etree.tostring(root), "not_confirmed")


def test_repeated_attributes_are_merged_and_nil_values_left_out() -> None:
    root = Login(attributes=(("Role", ("a",)), ("Role", ("b",)), ("empty", ("",)))).tree()
    nil = root.find(".//{*}Attribute[@Name='empty']/{*}AttributeValue")
    nil.set("{http://www.w3.org/2001/XMLSchema-instance}nil", "true")
    signed(assertion_of(root))
    found = judged(etree.tostring(root), expectation())
    assert [(one.name, one.values) for one in found.attributes] == [("Role", ("a", "b")), ("empty", ())]


def test_a_value_that_holds_a_name_id_is_that_name_id() -> None:
    root = Login(attributes=(("eduPersonTargetedID", ("x",)),)).tree()
    value = root.find(".//{*}AttributeValue")
    value.text = None
    etree.SubElement(value, "{urn:oasis:names:tc:SAML:2.0:assertion}NameID").text = "opaque"
    signed(assertion_of(root))
    assert judged(etree.tostring(root), expectation()).attributes[0].values == ("opaque",)


@pytest.mark.parametrize("cipher", [XENC11 + "aes128-gcm", XENC11 + "aes256-gcm"])
@pytest.mark.parametrize("oaep", [XENC + "rsa-oaep-mgf1p", XENC11 + "rsa-oaep"])
@pytest.mark.parametrize("beside", [False, True])
def test_an_encrypted_assertion_is_opened(cipher: str, oaep: str, beside: bool) -> None:
    root = Login().tree()
    signed(assertion_of(root))
    found = judged(etree.tostring(encrypted(root, cipher, oaep, beside)), expectation())
    assert found.encrypted and found.name_id.value == "ada@acme.example"


def test_cbc_is_opened_only_inside_of_a_verified_signature() -> None:
    root = Login().tree()
    signed(assertion_of(root))
    plain = etree.tostring(encrypted(root, XENC + "aes256-cbc"))
    _refused(plain, "not_decrypted")
    root = signed(encrypted(Login().tree(), XENC + "aes256-cbc"))
    assert judged(etree.tostring(root), expectation()).encrypted


def test_what_is_encrypted_is_no_more_trusted_for_it() -> None:
    _refused(etree.tostring(encrypted(Login().tree())), "not_signed")
    other = Login().tree()
    signed(assertion_of(other), Signing(rsa_key("evil")))
    _refused(etree.tostring(encrypted(other)), "wrong_key")
    twice = Login().tree()
    signed(assertion_of(twice))
    both = encrypted(twice)
    both.append(assertion_of(etree.fromstring(message())))
    _refused(etree.tostring(both), "no_assertion")
    _refused(etree.tostring(encrypted(signed_login(), key=rsa_key("not ours"))), "not_decrypted")


def signed_login() -> Any:
    """A response with a signed assertion."""
    root = Login().tree()
    signed(assertion_of(root))
    return root


def test_a_key_that_was_rotated_away_signs_nothing_any_more() -> None:
    trust = Trust((rsa_key("new").public_key(),))
    _refused(message(), "wrong_key", trust=trust)
    both = Trust((rsa_key("new").public_key(), rsa_key("idp").public_key()))
    assert judged(message(), expectation(trust=both)).key == 1
    _refused(message(), "wrong_key", trust=Trust(()))


def test_weak_keys_are_no_keys() -> None:
    weak = rsa_key("weak", 1024)
    _refused(message(how=Signing(weak)), "wrong_key", trust=Trust((weak.public_key(),)))


def test_an_error_without_a_signature_is_an_error_and_never_a_sign_in() -> None:
    root = Login(status="urn:oasis:names:tc:SAML:2.0:status:Responder").tree()
    root.remove(assertion_of(root))
    problem = _refused(etree.tostring(root), "not_success")
    assert "Responder" in problem.received


def test_only_a_response_is_a_response() -> None:
    _refused(etree.tostring(assertion_of(Login().tree())), "wrong_shape")
    assert IDP in _refused(message(Login(issuer="x")), "wrong_issuer").expected


def _refused(octets: bytes, code: str, **changes: Any) -> SamlProblem:
    with pytest.raises(SamlProblem) as caught:
        judged(octets, expectation(**changes))
    assert caught.value.code == code, (caught.value.code, caught.value.expected, caught.value.received)
    return caught.value
