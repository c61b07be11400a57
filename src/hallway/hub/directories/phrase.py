"""Sentences for people, in English, with places for values; catalogues of other languages are keyed by them.

Rules: a text is written as a literal where it is said, so that catalogues find it; values stand as `%(name)s`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Value: TypeAlias = "str | int | Phrase"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence; one with `many` says `text` of one and `many` of any other `count`."""

    text: str
    values: Mapping[str, Value] = field(default_factory=dict)
    many: str = ""
    count: int = 1

    def __str__(self) -> str:
        text = self.many if self.many and self.count != 1 else self.text
        return text % {name: str(value) for name, value in self.values.items()} if self.values else text


def said(text: str, /, **values: Value) -> Phrase:
    """A sentence."""
    return Phrase(text, values)


def counted(text: str, many: str, count: int, /, **values: Value) -> Phrase:
    """A sentence that counts: `%(count)s` is the number."""
    return Phrase(text, {"count": count, **values}, many, count)
