"""The languages of the pages: English stands in the source, every other one in a folder of catalogues.

Rules: a message is a literal text in the source (`_("…")`, `{% trans %}`, `N_("…")`), so that it can be extracted; its
values stand in it as `%(name)s`; what has no translation is shown in English.
"""

import gettext
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from babel import Locale
from babel.dates import format_skeleton, format_timedelta
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

CATALOGUES: Final = Path(__file__).parent / "catalogues"
SOURCE: Final = "en"
_WRITTEN_AS: Final = {"en": "en_GB"}
"""Whose way of writing dates and numbers a language takes: the day before the month."""

_MICROSECONDS: Final = 1_000_000


def N_(message: str) -> str:
    """The message itself: marks a text that is translated later."""
    return message


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its code as in `lang`, how it names itself, its words and its way of writing dates."""

    code: str
    name: str
    locale: Locale
    words: gettext.NullTranslations

    def text(self, message: str, /, **values: object) -> str:
        """The message in this language; a percent sign is written twice, as everywhere in messages."""
        return self.words.gettext(message) % values

    def plural(self, one: str, many: str, number: int, /, **values: object) -> str:
        """The message for a number, which it has as `%(num)s`."""
        return self.words.ngettext(one, many, number) % {"num": self.number(number), **values}

    def number(self, value: int | float) -> str:
        """A number with the separators of this language."""
        return format_decimal(value, locale=self.locale)

    def day(self, at: int) -> str:
        """The day of an instant, in UTC."""
        return format_skeleton("yMMMd", _moment(at), locale=self.locale)

    def instant(self, at: int) -> str:
        """Day and minute of an instant, with the zone."""
        return _written(at - at % (60 * _MICROSECONDS), self.locale)

    def since(self, at: int, now: int) -> str:
        """How long ago, or how far ahead, in one unit."""
        delta = _moment(at) - _moment(now)
        return format_timedelta(delta, add_direction=True, threshold=1, locale=self.locale)


@lru_cache(maxsize=4096)
def _written(at: int, locale: Locale) -> str:
    moment = _moment(at)
    return f"{format_skeleton('yMMMd', moment, locale=locale)}, {moment:%H:%M} UTC"


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at / _MICROSECONDS, UTC)


@cache
def languages() -> Mapping[str, Language]:
    """Every language by its code, the source first."""
    folders = sorted(folder for folder in CATALOGUES.iterdir() if folder.is_dir())
    found = [_language(SOURCE, gettext.NullTranslations())]
    found += [_language(folder.name, _words(folder)) for folder in folders]
    return {one.code: one for one in found}


def _language(code: str, words: gettext.NullTranslations) -> Language:
    locale = Locale.parse(_WRITTEN_AS.get(code, code))
    return Language(code, Locale.parse(code).get_display_name(code) or code, locale, words)


def _words(folder: Path) -> gettext.NullTranslations:
    """The words of all catalogues of a language."""
    whole = Catalog(locale=folder.name)
    for path in sorted(folder.glob("*.po")):
        for message in catalogue(path):
            if message.id:
                whole[message.id] = message
    octets = io.BytesIO()
    write_mo(octets, whole)
    octets.seek(0)
    return gettext.GNUTranslations(octets)


def catalogue(path: Path) -> Catalog:
    """One catalogue as it is written."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.name)


def negotiated(wanted: Iterable[str], accept_language: str) -> Language:
    """The first wanted language that there is, else the best of an Accept-Language, else the source."""
    known = languages()
    for code in (*wanted, *_accepted(accept_language)):
        found = known.get(code.partition("-")[0].lower())
        if found is not None:
            return found
    return known[SOURCE]


def _accepted(header: str) -> list[str]:
    """The ranges of an Accept-Language, best first (RFC 9110 §12.5.4); what cannot be read does not count."""
    ranges: list[tuple[float, int, str]] = []
    for place, part in enumerate(header[:500].split(",")):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        if name and weight > 0:
            ranges.append((-weight, place, name.strip()))
    return [name for _, _, name in sorted(ranges)]
