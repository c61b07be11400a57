"""Cursors (RFC 9865)."""

import base64
import re
import struct

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from hallway.scim.cursor import (
    KEY_BYTES,
    MAX_CURSOR_CHARACTERS,
    MAX_SORT_VALUE_BYTES,
    NONCE_BYTES,
    CursorContent,
    CursorScope,
    opened_cursor,
    query_digest,
    sealed_cursor,
)
from hallway.scim.problem import ScimProblem

KEY, NONCE = bytes(range(KEY_BYTES)), bytes(NONCE_BYTES)
SCOPE = CursorScope(b"dir_1", query_digest("User", 'userName sw "a"', None))
CONTENT = CursorContent(count=50, resource_id=b"0123456789abcdef", sort_value="ada")

CONTENTS = st.builds(
    CursorContent,
    count=st.integers(0, 2**32 - 1),
    resource_id=st.binary(max_size=255),
    sort_value=st.none() | st.text(max_size=MAX_SORT_VALUE_BYTES // 4),
    backward=st.booleans(),
)


def refusal(text: str, key: bytes = KEY, scope: CursorScope = SCOPE) -> tuple[int, str | None, str]:
    with pytest.raises(ScimProblem) as caught:
        opened_cursor(key, scope, text)
    return caught.value.status, caught.value.scim_type, caught.value.detail


@given(CONTENTS, st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES))
def test_what_was_sealed_opens_again(content: CursorContent, nonce: bytes) -> None:
    text = sealed_cursor(KEY, nonce, SCOPE, content)
    assert opened_cursor(KEY, SCOPE, text) == content
    assert len(text) <= MAX_CURSOR_CHARACTERS


@given(CONTENTS)
def test_a_cursor_has_only_unreserved_characters(content: CursorContent) -> None:
    assert re.fullmatch("[A-Za-z0-9_-]+", sealed_cursor(KEY, NONCE, SCOPE, content))


def test_the_longest_content_makes_a_cursor_that_opens() -> None:
    longest = CursorContent(2**32 - 1, bytes(255), "x" * MAX_SORT_VALUE_BYTES, backward=True)
    assert opened_cursor(KEY, SCOPE, sealed_cursor(KEY, NONCE, SCOPE, longest)) == longest


def test_every_failure_looks_alike() -> None:
    text = sealed_cursor(KEY, NONCE, SCOPE, CONTENT)
    changed = text[:30] + ("A" if text[30] != "A" else "B") + text[31:]
    refusals = {
        refusal(text, key=bytes(KEY_BYTES)),
        refusal(text, scope=CursorScope(b"dir_2", SCOPE.query)),
        refusal(text, scope=CursorScope(SCOPE.directory, query_digest("User", None, None))),
        refusal(text, scope=CursorScope(b"dir_", b"1" + SCOPE.query)),
        refusal(changed),
        refusal(text[:-4]),
        refusal(text + "AAAA"),
        refusal(text + "="),
        refusal(""),
        refusal("A"),
        refusal("not a cursor"),
        refusal("ünreadable"),
        refusal("A" * (MAX_CURSOR_CHARACTERS + 1)),
        refusal(sealed(b"")),
        refusal(sealed(struct.pack(">BBIB", 2, 0, 1, 0))),
        refusal(sealed(struct.pack(">BBIB", 1, 2, 1, 0) + b"\xff")),
    }
    assert [(status, scim_type) for status, scim_type, _ in refusals] == [(400, "invalidCursor")]


def sealed(content: bytes) -> str:
    """A cursor of another version of this program."""
    bound = struct.pack(">Q", len(SCOPE.directory)) + SCOPE.directory + SCOPE.query
    return base64.urlsafe_b64encode(NONCE + AESGCM(KEY).encrypt(NONCE, content, bound)).rstrip(b"=").decode()


@given(st.text(max_size=200) | st.text(alphabet="ABCDabcd0123-_=", max_size=200))
def test_any_text_is_a_cursor_or_a_problem(text: str) -> None:
    assert refusal(text)[1] == "invalidCursor"


def test_our_own_mistakes_are_no_problem_of_the_client() -> None:
    with pytest.raises(ValueError, match="length"):
        sealed_cursor(KEY, b"short", SCOPE, CONTENT)
    with pytest.raises(ValueError, match="length"):
        sealed_cursor(KEY, NONCE, SCOPE, CursorContent(1, b"", "x" * (MAX_SORT_VALUE_BYTES + 1)))
    with pytest.raises(ValueError):
        opened_cursor(b"short", SCOPE, sealed_cursor(KEY, NONCE, SCOPE, CONTENT))


PARTS = st.lists(st.none() | st.text(max_size=3), max_size=4)


@given(PARTS, PARTS)
def test_each_query_has_its_own_digest(one: list[str | None], other: list[str | None]) -> None:
    assert (query_digest(*one) == query_digest(*other)) is (one == other)
