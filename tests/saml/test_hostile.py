"""What a stranger can make us compute before he is refused: next to nothing. `make bench` has the figures."""

import time
from collections.abc import Callable

import pytest

from hallway.saml.bindings import inflated
from hallway.saml.problem import SamlProblem
from hallway.saml.response import judged
from hallway.saml.signature import Trust, verified
from hallway.saml.xml import (
    MAX_ATTRIBUTES,
    MAX_DECLARATIONS,
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_TEXT,
    decoded_base64,
    parsed,
    parsed_again,
)
from tests.saml.hostile import POSTED, bomb, encoded
from tests.saml.sender import expectation, message, rsa_key

MOST_SECONDS = 0.1
"""Ten times what is aimed at: a test that other work beside it must not fail."""


def _spent(act: Callable[[], object]) -> float:
    """CPU seconds, the least of three."""
    least = 1.0
    for _ in range(3):
        began = time.process_time()
        act()
        least = min(least, time.process_time() - began)
    return least


def _code(act: Callable[[], object]) -> str:
    try:
        act()
    except SamlProblem as problem:
        return problem.code
    return ""


@pytest.mark.parametrize("name", POSTED)
def test_a_hostile_message_is_refused_at_once(name: str) -> None:
    make, code = POSTED[name]
    text = encoded(make())
    expected = expectation()
    assert _code(lambda: judged(decoded_base64(text), expected)) == code
    assert _spent(lambda: _code(lambda: judged(decoded_base64(text), expected))) < MOST_SECONDS


def test_a_bomb_is_not_inflated() -> None:
    octets = bomb()
    assert len(octets) < 128 * 1024
    assert _code(lambda: inflated(octets)) == "too_large"
    assert _spent(lambda: _code(lambda: inflated(octets))) < MOST_SECONDS


def _nested(depth: int) -> bytes:
    return b"<a>" * depth + b"</a>" * depth


def _attributed(count: int) -> bytes:
    return b"<r " + b" ".join(b'a%d=""' % n for n in range(count)) + b"/>"


def _declaring(count: int) -> bytes:
    return b"<r><s " + b" ".join(b'xmlns:a%d="u:%d"' % (n, n) for n in range(count)) + b"/></r>"


BOUNDS: dict[str, tuple[Callable[[int], bytes], int]] = {
    "depth": (_nested, MAX_DEPTH),
    "elements": (lambda count: b"<r>" + b"<a/>" * (count - 1) + b"</r>", MAX_ELEMENTS),
    "attributes": (_attributed, MAX_ATTRIBUTES),
    "declarations": (_declaring, MAX_DECLARATIONS),
    "text": (lambda length: b"<r><a/>" + b"x" * length + b"</r>", MAX_TEXT),
    "text with entities": (lambda length: b"<r>" + b"&lt;" + b"x" * (length - 1) + b"</r>", MAX_TEXT),
    "a value": (lambda length: b'<r><s a="' + b"x" * length + b'"/></r>', MAX_TEXT),
    "a character of three octets": (lambda length: b"<r>" + "€".encode() * length + b"</r>", MAX_TEXT),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_each_bound_holds_to_the_last(name: str) -> None:
    make, most = BOUNDS[name]
    assert parsed(make(most)) is not None
    assert _code(lambda: parsed(make(most + 1))) == "out_of_bounds"


def test_many_declarations_are_not_many_in_one_place() -> None:
    octets = b"<r>" + b'<a xmlns:x="urn:x" xmlns:y="urn:y"/>' * 100 + b"</r>"
    assert len(parsed(octets)) == 100
    below = b"<r>" + b'<a xmlns:x="urn:x"/>' * 100 + _declaring(MAX_DECLARATIONS + 1) + b"</r>"
    assert _code(lambda: parsed(below)) == "out_of_bounds"


@pytest.mark.parametrize("name", [b"paid", b"id", b"Id", b"iD", b"uid"])
def test_only_an_id_is_an_id(name: bytes) -> None:
    twice = b'<r><a %s="1"/><b %s="1"/></r>' % (name, name)
    assert _code(lambda: parsed(twice)) == ("duplicate_id" if len(name) == 2 else "")
    spaced = b'<r xmlns:x="urn:x" x:%s="1"/>' % name
    assert _code(lambda: parsed(spaced)) == ("wrong_shape" if len(name) == 2 else "")


def test_what_is_read_again_holds_no_markup_that_a_canonical_form_has_not() -> None:
    assert _code(lambda: parsed_again(b"<r><!-- --></r>")) == "forbidden_markup"
    assert _code(lambda: parsed_again(b"<r><?x?></r>")) == "forbidden_markup"
    root = parsed(message(sign="response"))
    found = verified(root, Trust((rsa_key("idp").public_key(),)))
    assert found is not None and parsed(found.octets) is not None
