"""What commands print: lines and tables for people, one JSON value for programs, questions.

Rules: results go to standard output, questions to standard error; a text that came from outside can move no cursor and
hide nothing, because what a terminal would obey is printed as its code.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from hallway.hub.organizations.service import Refused
from hallway.scim.json import Json

OBEYED: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Control characters of both kinds, and those that turn the direction of writing."""


def harmless(text: str) -> str:
    r"""The text with what a terminal would obey as `\u001b`, which is how JSON writes it too."""
    return OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def show_json(value: Json) -> None:
    """One JSON value."""
    say_lines(pretty(value))


def pretty(value: Json) -> str:
    """JSON over several lines."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def say(text: str) -> None:
    """A line for people."""
    print(harmless(text))


def say_lines(text: str) -> None:
    """Lines for people; nothing from outside may decide where one ends, unless it is JSON or stands by itself."""
    for line in text.split("\n"):
        say(line)


def table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Columns for people, as wide as their contents; says so when there is nothing."""
    if not rows:
        say("(none)")
        return
    lines = [tuple(harmless(text) for text in row) for row in (headings, *rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(headings))]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def tell(shape: Mapping[str, Json], indent: str = "") -> None:
    """An object for people: a line for each name, what is within it below."""
    width = max(len(name) for name in shape) + 3
    for name, value in shape.items():
        if isinstance(value, dict) and value:
            say(f"{indent}{name}:")
            tell(value, indent + "  ")
        elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
            say(f"{indent}{name}:")
            for one in value:
                say(f"{indent}  {plain(list(one.values()) if isinstance(one, dict) else one, '  ')}")
        else:
            say(f"{indent}{name + ':':{width}}{plain(value)}".rstrip())


def plain(value: Json, between: str = ", ") -> str:
    """A value as people write it, on one line."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dict() | list() if not value:
            return "(none)"
        case list():
            return between.join(said for one in value if (said := plain(one)))
        case dict():
            return between.join(f"{name}: {plain(one)}" for name, one in value.items())
        case _:
            return str(value)


def refuse_unless_sure(question: str, otherwise: str) -> None:
    """Ask; raises `Refused` where the answer is no, or where nobody is there to answer."""
    given = answer(f"{question} [y/N]: ")
    if given is None:
        raise Refused("invalid", f"{otherwise} Say --yes where nobody can answer.")
    if given not in ("y", "yes"):
        raise Refused("invalid", otherwise)


def answer(question: str) -> str | None:
    """What is typed, in lower case; None where nobody is there to type. Nothing of it is on standard output."""
    sys.stderr.write(harmless(question))
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        sys.stderr.write("\n")
        return None
    return line.strip().lower()
