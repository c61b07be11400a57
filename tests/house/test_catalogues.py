"""Every language has every text, and says the same with the same values."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from hallway.web.extracting import updated
from hallway.web.language import CATALOGUES, catalogue
from hallway.web.templating import TEMPLATES

LANGUAGES = sorted(folder.name for folder in CATALOGUES.iterdir())
_VALUES = re.compile(r"%\((\w+)\)s")
_BARE = re.compile(r">[^<>{}=]*[A-Za-z]{3,}[^<>{}=]*<")
_DYNAMIC = re.compile(r"(?<![\w.])n?(?:_|gettext)\(\s*[^\"'\s]")
OWN_ENGLISH = {"patterns.html", "patterns/found.html"}
"""Pages for those who build pages."""


def forms(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(one) for one in value)  # type: ignore[attr-defined]


def written(language: str) -> dict[tuple[str, ...], Message]:
    found: dict[tuple[str, ...], Message] = {}
    for path in sorted((CATALOGUES / language).glob("*.po")):
        whole = catalogue(path)
        assert not whole.obsolete, f"{path.name} keeps what nobody says any more: make catalogues"
        for message in whole:
            if message.id:
                assert forms(message.id) not in found, f"{path.name}: {message.id} stands in two catalogues"
                found[forms(message.id)] = message
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_text_and_no_other(language: str) -> None:
    wanted = {forms(message.id) for fresh in updated(language).values() for message in fresh if message.id}
    found = written(language)
    assert set(found) == wanted, "run: make catalogues"
    assert [key for key, message in found.items() if not all(forms(message.string)) or message.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_values_of_the_text(language: str) -> None:
    for key, message in written(language).items():
        wanted = {name for form in key for name in _VALUES.findall(form)}
        for form in forms(message.string):
            assert set(_VALUES.findall(form)) <= wanted, key
            assert form % dict.fromkeys(wanted, "1"), key
        assert {name for form in forms(message.string) for name in _VALUES.findall(form)} == wanted, key


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_a_template_says_nothing_past_the_catalogues(path: Path) -> None:
    if path.relative_to(TEMPLATES).as_posix() in OWN_ENGLISH:
        return
    text = re.sub(
        r"\{#.*?#\}|\{%-?\s*trans\b.*?endtrans\s*-?%\}|<(script|style|code|svg).*?</\1>",
        "",
        path.read_text(),
        flags=re.S,
    )
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.S)
    assert [found.strip("><").strip() for found in _BARE.findall(text)] == []


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_a_template_translates_literals_only(path: Path) -> None:
    """`_()` takes its text for markup: what is not literal goes through `|translated`, which does not."""
    assert _DYNAMIC.findall(path.read_text(encoding="utf-8")) == []
    assert "|safe" not in path.read_text(encoding="utf-8")
