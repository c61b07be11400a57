"""Case folding (RFC 7643 §2.2 `caseExact`, Unicode §3.13)."""

import sys
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.scim.fold import fold


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("STRASSE", "straße"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Ærøskøbing", "ÆRØSKØBING"),
        ("e\u0301", "É"),
        ("\u212a", "k"),
        ("\u03b1\u0345\u0301", "\u1fb4"),
    ],
)
def test_texts_that_differ_only_in_case_or_composition_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("e", "é"), ("a ", "a"), ("", " ")])
def test_other_texts_fold_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_no_character_changes_when_it_is_folded_again() -> None:
    twice = [chr(code) for code in range(sys.maxunicode + 1) if fold(fold(chr(code))) != fold(chr(code))]
    assert twice == []


@given(st.text())
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_composition_does_not_matter(text: str) -> None:
    assert fold(normalize("NFC", text)) == fold(normalize("NFD", text)) == fold(text)
