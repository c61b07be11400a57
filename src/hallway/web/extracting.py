"""Brings the catalogues up to date with the texts of templates and code: `python -m hallway.web.extracting`.

Rules: each area of the pages has its own catalogue in each language; a text that several areas say stands in the first
of them; what is no longer said is dropped; what is new stands there untranslated, and a test names it.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from jinja2.ext import babel_extract

from hallway.web.language import CATALOGUES, catalogue

ROOT: Final = Path(__file__).parents[1]
AREAS: Final = ("frame", "account", "settings", "directories", "setup", "operator", "mail", "sso", "connections")
SPEAKING: Final = ("web", "accounts", "hub")
"""Where the program speaks to people who read pages."""

_FIRST: Final = {"_": 0, "N_": 0, "text": 0, "said": 0, "plural": 0, "counted": 0, "Refused": 1, "Declined": 1}
"""Calls whose argument at this place is a message."""

_PLURAL: Final = frozenset({"plural", "counted"})
"""Calls whose next argument is the message for many."""

_WIDTH: Final = 110


def area_of(file: str) -> str:
    """The area whose catalogue has the texts of a file, which is named from the package."""
    for area in AREAS:
        if f"/{area}/" in f"/{file}" or f"/{area}.py" in f"/{file}":
            return area
    if "/oauth/" in file:
        return "sso"
    if file.startswith("accounts/"):
        return "account"
    if file.startswith("hub/operators/"):
        return "operator"
    if file.startswith("hub/sign_in/"):
        return "connections"
    if file.startswith(("hub/organizations/", "web/console/")):
        return "settings"
    return "directories" if file.startswith("hub/directories/") else AREAS[0]


def extracted() -> dict[str, Catalog]:
    """Every text of the program by area, without translations."""
    found: dict[str, Catalog] = {area: Catalog() for area in AREAS}
    said: dict[str, str] = {}
    for area, file, message in sorted(_messages(), key=lambda one: (AREAS.index(one[0]), one[1])):
        key = message if isinstance(message, str) else message[0]
        home = said.setdefault(key, area)
        found[home].add(message, locations=[(file, None)])  # type: ignore[list-item]
    return found


def _messages() -> Iterator[tuple[str, str, str | tuple[str, ...]]]:
    """The area, the file and the message, or its two forms, of every text."""
    for path in sorted((ROOT / "web" / "templates").rglob("*.html")):
        name = path.relative_to(ROOT).as_posix()
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ("_", "gettext", "ngettext"), (), {"trimmed": "true"}):
                forms = [message] if isinstance(message, str) else [form for form in message or () if form]
                if forms:  # none where the argument is no literal; a test names such calls
                    yield area_of(name), name, forms[0] if len(forms) == 1 else (forms[0], forms[1])
    for place in SPEAKING:
        for path in sorted((ROOT / place).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            for message in _said(ast.parse(path.read_text(encoding="utf-8"))):
                yield area_of(name), name, message


def _said(tree: ast.AST) -> Iterator[str | tuple[str, str]]:
    """Messages of a module: what is put together while it runs is none."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        place = _FIRST.get(name)
        if place is None:
            continue
        texts = [one.value if isinstance(one, ast.Constant) else None for one in call.args[place:]]
        if name in _PLURAL and len(texts) > 1 and isinstance(texts[0], str) and isinstance(texts[1], str):
            yield texts[0], texts[1]
        elif name not in _PLURAL and texts and isinstance(texts[0], str):
            yield texts[0]


def updated(language: str) -> dict[str, Catalog]:
    """The catalogues of a language with exactly the texts of today, and the translations that there are."""
    old = Catalog(locale=language)
    for path in sorted((CATALOGUES / language).glob("*.po")):
        for message in catalogue(path):
            if message.id and message.string:
                old[message.id] = message
    fresh = {}
    for area, template in extracted().items():
        fresh[area] = Catalog(locale=language, fuzzy=False)
        for message in template:
            if message.id:
                known = old.get(message.id if isinstance(message.id, str) else message.id[0])
                string = known.string if known is not None else ""
                fresh[area].add(message.id, string, message.locations, message.flags - {"fuzzy"})
    return fresh


def write(language: str) -> None:
    """Write the catalogues of a language; one that has nothing is not there."""
    for area, fresh in updated(language).items():
        path = CATALOGUES / language / f"{area}.po"
        if len(fresh) == 0:
            path.unlink(missing_ok=True)
            continue
        with path.open("wb") as file:
            write_po(file, fresh, width=_WIDTH, omit_header=True, sort_output=True, include_lineno=False)


def main() -> None:
    """Every language."""
    for folder in sorted(CATALOGUES.iterdir()):
        write(folder.name)
    sys.stdout.write("The catalogues have the texts of today.\n")


if __name__ == "__main__":
    main()
