"""The attack catalogue (saml.md 3.1 to 3.6): each message is refused, with a stable code, and yields nobody."""

import base64
import re
import time

import pytest
from lxml import etree

from hallway.saml.problem import CODES, SamlProblem
from hallway.saml.response import judged
from tests.saml.attacks import DECLARED, DSNS, OCTETS, SEALED, SIGNATURES, WRAPPED, appended, sealed_message
from tests.saml.sender import XENC, Login, encrypted, expectation, message, signed


@pytest.mark.parametrize("name", WRAPPED)
def test_no_wrapping_yields_anybody(name: str) -> None:
    _refused(etree.tostring(WRAPPED[name]()))


@pytest.mark.parametrize("name", SIGNATURES)
def test_no_signature_outside_of_the_profile_counts(name: str) -> None:
    _refused(SIGNATURES[name]())


def test_key_info_is_ignored_where_the_key_is_ours() -> None:
    octets = appended(".", f"<ds:KeyInfo {DSNS}><ds:RetrievalMethod URI='http://127.0.0.1:9/'/></ds:KeyInfo>")
    assert judged(octets, expectation()).key == 0


@pytest.mark.parametrize("name", OCTETS)
def test_octets_outside_of_the_profile_are_refused_before_anything_is_computed(name: str) -> None:
    make, code = OCTETS[name]
    problem = _refused(make())
    assert not code or problem.code == code, (problem.code, problem.received)


def test_a_byte_order_mark_and_a_declaration_are_no_reason_to_refuse() -> None:
    assert judged(b"\xef\xbb\xbf" + DECLARED + b"\n" + message(), expectation()).key == 0
    standalone = b"<?xml version='1.0' encoding='utf-8' standalone='no'?>"
    assert judged(standalone + message(), expectation()).key == 0


def test_hostile_messages_cost_little() -> None:
    """The figures are bench/'s; this holds that nothing takes a hundred times what it should."""
    hostile = [
        OCTETS["12,000 attributes"][0](),
        OCTETS["5,000 namespaces"][0](),
        SIGNATURES["a prefix list of 20,000"](),
        OCTETS["many elements"][0](),
    ]
    for octets in hostile:
        began = time.process_time()
        _refused(octets)
        assert time.process_time() - began < 1.0


def test_the_received_words_are_bounded() -> None:
    problem = _refused(message(Login(audience=("x" * 60_000,))))
    assert len(problem.received) == 2000


@pytest.mark.parametrize("name", SEALED)
def test_every_failure_to_open_has_one_answer(name: str) -> None:
    assert _refused(sealed_message(SEALED[name])).code == "not_decrypted"


@pytest.mark.parametrize("plaintext", [b"not xml", b"<x/>", message(), b"<!DOCTYPE x><x/>"])
def test_what_is_no_assertion_inside_has_the_same_answer(plaintext: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.saml import sender

    root = Login().tree()
    monkeypatch.setattr(sender.etree, "tostring", lambda *_, **__: plaintext)
    sealed = encrypted(root)
    monkeypatch.undo()
    assert _refused(etree.tostring(sealed)).code == "not_decrypted"


@pytest.mark.parametrize("padding", [0, 17, 255])
def test_padding_that_is_none_has_the_same_answer(padding: int) -> None:
    sealed = encrypted(Login().tree(), XENC + "aes128-cbc")
    value = sealed.findall(f".//{{{XENC}}}CipherValue")[1]
    data = bytearray(base64.b64decode(value.text))
    value.text = base64.b64encode(bytes(data[: -16 if padding == 0 else -padding % 16 - 1])).decode()
    assert _refused(etree.tostring(signed(sealed))).code == "not_decrypted"


def test_every_mutation_that_is_accepted_names_the_same_person() -> None:
    """Octets of a genuine message changed one place at a time, at places that a fixed rule picks."""
    for sign in ("assertion", "response"):
        octets = message(sign=sign)
        for place in range(0, len(octets), 7):
            for new in (b"<", b">", b"&", b'"', b"A", b"0", b" ", b""):
                mutant = octets[:place] + new + octets[place + 1 :]
                try:
                    found = judged(mutant, expectation())
                except SamlProblem as problem:
                    assert problem.code in CODES
                else:
                    assert found.name_id.value == "ada@acme.example", mutant


def test_codes_are_words() -> None:
    assert all(re.fullmatch(r"[a-z0-9_]+", code) for code in CODES)


def _refused(octets: bytes) -> SamlProblem:
    with pytest.raises(SamlProblem) as caught:
        judged(octets, expectation())
    assert caught.value.code in CODES
    return caught.value
