"""The docs show pictures that `make screenshots` made, each small and each where it is said to be."""

import re
from pathlib import Path

import pytest

from tests.browser.illustrations import DOCS, ILLUSTRATIONS, MAX_BYTES, WIDTH, size_of
from tests.house.source import ROOT

_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")


def shown() -> dict[Path, str]:
    """Every picture that a page of the docs shows, and what stands in its place for who cannot see it."""
    pages = [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]
    return {
        (page.parent / target).resolve(): words
        for page in pages
        for words, target in _IMAGE.findall(page.read_text(encoding="utf-8"))
    }


def test_every_picture_is_shown_and_is_taken_on_a_journey() -> None:
    made = {(DOCS / one.path).resolve() for one in ILLUSTRATIONS.values()}
    assert made == set(shown()) == {path.resolve() for path in DOCS.rglob("*.png")}


def test_every_picture_has_words() -> None:
    assert [path.name for path, words in shown().items() if not words.strip()] == []


@pytest.mark.parametrize("name", ILLUSTRATIONS)
def test_a_picture_is_small_and_as_wide_as_the_others(name: str) -> None:
    one = ILLUSTRATIONS[name]
    picture = (DOCS / one.path).read_bytes()
    assert len(picture) <= MAX_BYTES
    assert size_of(picture) == (WIDTH, one.height)
