"""The words of a filter (RFC 7644 §3.4.2.2, figure 1)."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from hallway.scim.problem import invalid_filter
from hallway.scim.values import shown, storable

MAX_FILTER_BYTES: Final = 4096

_TOKEN = re.compile(r"""( *)(?:([()\[\]])|("(?:[^"\\]|\\.)*")|([^ ()\[\]"]+)|\Z)""", re.DOTALL)


class Kind(Enum):
    """The kinds of words; the value is what a problem's detail says of one."""

    OPEN = "`(`"
    CLOSE = "`)`"
    OPEN_BRACKET = "`[`"
    CLOSE_BRACKET = "`]`"
    TEXT = "text in quotes"
    WORD = "a word"
    END = "the end"


_PUNCTUATION = {"(": Kind.OPEN, ")": Kind.CLOSE, "[": Kind.OPEN_BRACKET, "]": Kind.CLOSE_BRACKET}


@dataclass(frozen=True, slots=True)
class Token:
    """One word; `spaced` tells whether a space stands before it. Text keeps its quotes and escapes."""

    kind: Kind
    text: str
    spaced: bool

    @property
    def shown(self) -> str:
        """The token as a problem's detail may name it; never a value."""
        return f"`{shown(self.text)}`" if self.kind is Kind.WORD else self.kind.value


def tokens(text: str) -> list[Token]:
    """The words of `text`, the last one of kind END; `invalidFilter` where there are none to see."""
    if not storable(text):
        raise invalid_filter("The filter holds a NUL character or half of a surrogate pair.")
    if len(text.encode()) > MAX_FILTER_BYTES:
        raise invalid_filter(f"The filter is longer than {MAX_FILTER_BYTES} bytes.")
    found: list[Token] = []
    at = 0
    while not found or found[-1].kind is not Kind.END:
        match = _TOKEN.match(text, at)
        if match is None:
            raise invalid_filter("A quotation mark in the filter is never closed.")
        found.append(_token(match))
        at = match.end()
    return found


def _token(match: re.Match[str]) -> Token:
    space, punctuation, quoted, word = match.groups()
    spaced = bool(space)
    if punctuation is not None:
        return Token(_PUNCTUATION[punctuation], punctuation, spaced)
    if quoted is not None:
        return Token(Kind.TEXT, quoted, spaced)
    if word is not None:
        return Token(Kind.WORD, word, spaced)
    return Token(Kind.END, "", spaced)
