"""Filters as trees: what a `filter` parameter says, read and printed (RFC 7644 §3.4.2.2).

Rules: precedence is `()` > `not` > `and` > `or`, left to right. Every path in a tree is resolved against the
resource type and every value is of its attribute's type, so whoever holds a Filter can neither meet an unknown
name nor compare what cannot be compared. What is printed reads back to an equal tree.

Inside a ValuePath the paths are those of sub-attributes of its attribute, printed without it; where the elements
are simple values, the path is that of the attribute itself, printed as `value`.
"""

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias, Union, assert_never

from hallway.scim.filter_tokens import Kind, Token, tokens
from hallway.scim.instant import instant
from hallway.scim.path import AttributePath, attribute_path, path_text, with_sub
from hallway.scim.problem import ScimProblem, invalid_filter
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.schema import AttributeType, Mutability, ResourceType, Returned
from hallway.scim.values import INTEGERS, as_boolean, shown, storable

Literal: TypeAlias = str | int | float | bool | None
Filter: TypeAlias = Union["And", "Or", "Not", "Compare", "Present", "ValuePath"]


class Op(Enum):
    """The operators that compare with a value."""

    EQ = "eq"
    NE = "ne"
    CO = "co"
    SW = "sw"
    EW = "ew"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


ORDERING: Final = frozenset({Op.GT, Op.GE, Op.LT, Op.LE})
SUBSTRING: Final = frozenset({Op.CO, Op.SW, Op.EW})

MAX_LEVELS: Final = 32
"""Parentheses and brackets within one another."""
MAX_COMPARISONS: Final = 100

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_PLAIN_EQUALITY: Final = re.compile(r'([A-Za-z]+) +[eE][qQ] +"([^"\\\x00-\x1f]*)"')
_PLAIN_LENGTH: Final = 1000
_REFUSED: Final = {
    AttributeType.BOOLEAN: ORDERING | SUBSTRING,
    AttributeType.BINARY: ORDERING,
    AttributeType.DATE_TIME: SUBSTRING,
    AttributeType.INTEGER: SUBSTRING,
    AttributeType.DECIMAL: SUBSTRING,
}
"""Operators that mean nothing for a type: an instant and a number have no text to look into."""


@dataclass(frozen=True, slots=True)
class And:
    """All of at least two filters hold."""

    filters: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of at least two filters holds."""

    filters: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The filter does not hold."""

    filter: Filter


@dataclass(frozen=True, slots=True)
class Compare:
    """Any value at the path compares so; `ne` is the negation of `eq`; None means unassigned (RFC 7643 §2.5).

    The path ends in a simple attribute, except where `value` is None. For a dateTime `value` is the text.
    """

    path: AttributePath
    op: Op
    value: Literal


@dataclass(frozen=True, slots=True)
class Present:
    """The attribute has a value that is not empty (`pr`)."""

    path: AttributePath


@dataclass(frozen=True, slots=True)
class ValuePath:
    """One and the same element of the attribute meets the whole filter: `emails[type eq "work"]`."""

    path: AttributePath
    filter: Filter


def parse_filter(text: str, resource_type: ResourceType, tolerance: Tolerance) -> Filter:
    """What a `filter` parameter says; `invalidFilter`, or `tooMany` for more than `MAX_COMPARISONS`.

    A multi-valued complex attribute by itself is compared by its `value`; so is a single-valued one under
    `Quirk.COMPLEX_AS_VALUE`.
    """
    return _equality(text, resource_type, tolerance) or _whole(_Reader(tokens(text), resource_type, tolerance))


def _equality(text: str, resource_type: ResourceType, tolerance: Tolerance) -> Filter | None:
    """What nearly every filter of a client is, by a shorter way: one text attribute by name, equal to plain text."""
    found = _PLAIN_EQUALITY.fullmatch(text) if len(text) < _PLAIN_LENGTH else None
    attribute = None if found is None else resource_type.top_level.get(found[1].lower())
    if found is None or attribute is None or attribute.multi_valued or attribute.returned is Returned.NEVER:
        return None
    path = attribute_path(found[1], resource_type, tolerance)
    if attribute.type is not AttributeType.STRING or not isinstance(path, AttributePath) or not storable(found[2]):
        return None
    return Compare(path, Op.EQ, found[2])


def parse_value_filter(text: str, path: AttributePath, resource_type: ResourceType, tolerance: Tolerance) -> Filter:
    """What stands between the brackets after `path`."""
    return _whole(_Reader(tokens(text), resource_type, tolerance, within=_filterable(path)))


def filter_text(tree: Filter) -> str:
    """The filter in canonical spelling."""
    return _text(tree, inside=False)


def _text(tree: Filter, inside: bool) -> str:
    match tree:
        case And(filters):
            return " and ".join(_operand(part, inside, (And, Or)) for part in filters)
        case Or(filters):
            return " or ".join(_operand(part, inside, (Or,)) for part in filters)
        case Not(negated):
            return f"not ({_text(negated, inside)})"
        case Compare(path, op, value):
            return f"{_name(path, inside)} {op.value} {json.dumps(value)}"
        case Present(path):
            return f"{_name(path, inside)} pr"
        case ValuePath(path, wanted):
            return f"{path_text(path)}[{_text(wanted, inside=True)}]"
        case _:  # pragma: no cover
            assert_never(tree)


def _operand(tree: Filter, inside: bool, grouped: tuple[type, ...]) -> str:
    text = _text(tree, inside)
    return f"({text})" if isinstance(tree, grouped) else text


def _name(path: AttributePath, inside: bool) -> str:
    if not inside:
        return path_text(path)
    return "value" if path.sub is None else path.sub.name


@dataclass(slots=True)
class _Reader:
    """Where reading has come to; `within` is the attribute whose brackets are open."""

    tokens: list[Token]
    resource_type: ResourceType
    tolerance: Tolerance
    within: AttributePath | None = None
    at: int = 0
    level: int = 0
    comparisons: int = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def sees(self, kind: Kind) -> bool:
        return self.next.kind is kind

    def take(self, kind: Kind, after: str) -> Token:
        token = self.next
        if token.kind is not kind:
            raise invalid_filter(f"Expected {kind.value} {after} in the filter, and {token.shown} came.")
        self.at += 1
        return token

    def take_word(self, word: str) -> bool:
        """Step over a keyword, which has a space on both sides, if it comes next."""
        token = self.next
        if token.kind is not Kind.WORD or token.text.lower() != word:
            return False
        self.at += 1
        if not (token.spaced and self.next.spaced):
            raise invalid_filter(f"`{word}` in the filter needs a space on both sides.")
        return True


def _whole(reader: _Reader) -> Filter:
    tree = _any_of(reader)
    reader.take(Kind.END, "after a complete condition")
    return tree


def _any_of(reader: _Reader) -> Filter:
    parts = [_all_of(reader)]
    while reader.take_word("or"):
        parts.append(_all_of(reader))
    return Or(tuple(parts)) if len(parts) > 1 else parts[0]


def _all_of(reader: _Reader) -> Filter:
    parts = [_term(reader)]
    while reader.take_word("and"):
        parts.append(_term(reader))
    return And(tuple(parts)) if len(parts) > 1 else parts[0]


def _term(reader: _Reader) -> Filter:
    if reader.sees(Kind.OPEN):
        return _group(reader)
    word = reader.take(Kind.WORD, "where an attribute should be").text
    if word.lower() == "not" and reader.sees(Kind.OPEN):
        return Not(_group(reader))
    path = _resolved(reader, word)
    if reader.sees(Kind.OPEN_BRACKET) and not reader.next.spaced:
        return _value_path(reader, path)
    return _condition(reader, path)


def _group(reader: _Reader) -> Filter:
    reader.take(Kind.OPEN, "of a group")
    _deeper(reader)
    tree = _any_of(reader)
    reader.level -= 1
    reader.take(Kind.CLOSE, "after a group")
    return tree


def _deeper(reader: _Reader) -> None:
    reader.level += 1
    if reader.level > MAX_LEVELS:
        raise invalid_filter(f"The filter nests deeper than {MAX_LEVELS} levels.")


def _value_path(reader: _Reader, path: AttributePath) -> Filter:
    if reader.within is not None:
        raise invalid_filter("Brackets within brackets are no filter.")
    reader.within = _filterable(path)
    reader.take(Kind.OPEN_BRACKET, "after an attribute")
    _deeper(reader)
    wanted = _any_of(reader)
    reader.level -= 1
    reader.take(Kind.CLOSE_BRACKET, "after a filter in brackets")
    after = reader.next
    if after.kind is Kind.WORD and not after.spaced and after.text.startswith("."):
        reader.at += 1
        otherwise = invalid_filter(f"`{shown(after.text)}` cannot follow brackets in a filter.")
        reader.tolerance.accept(Quirk.FILTER_AFTER_VALUE_PATH, otherwise)
        condition = _condition(reader, _resolved(reader, after.text[1:]))
        wanted = And((*(wanted.filters if isinstance(wanted, And) else (wanted,)), condition))
    reader.within = None
    return ValuePath(path, wanted)


def _filterable(path: AttributePath) -> AttributePath:
    attribute = path.attribute
    if path.sub is None and (attribute.multi_valued or attribute.type is AttributeType.COMPLEX):
        return path
    raise invalid_filter(f"`{path_text(path)}` has no elements that brackets could choose among.")


def _resolved(reader: _Reader, word: str) -> AttributePath:
    """The attribute that `word` names; one that is never returned must not be found out by a filter either."""
    path = _inner_path(reader.within, word) if reader.within is not None else _outer_path(reader, word)
    for attribute in (path.attribute, path.leaf):
        if attribute.returned is Returned.NEVER or attribute.mutability is Mutability.WRITE_ONLY:
            raise invalid_filter(f"`{path_text(path)}` cannot be used in a filter.")
    return path


def _outer_path(reader: _Reader, word: str) -> AttributePath:
    path = attribute_path(word, reader.resource_type, reader.tolerance)
    if not isinstance(path, AttributePath):
        raise invalid_filter(f"{reader.resource_type.name} has no attribute `{shown(word)}`.")
    return path


def _inner_path(within: AttributePath, word: str) -> AttributePath:
    if within.attribute.type is not AttributeType.COMPLEX and word.lower() == "value":
        return within
    sub = within.attribute.subs.get(word.lower())
    if sub is None:
        raise invalid_filter(f"`{within.attribute.name}` has no sub-attribute `{shown(word)}`.")
    return with_sub(within, sub)


def _condition(reader: _Reader, path: AttributePath) -> Filter:
    """The operator after an attribute, and its value."""
    reader.comparisons += 1
    if reader.comparisons > MAX_COMPARISONS:
        raise ScimProblem(400, f"The filter has more than {MAX_COMPARISONS} conditions.", "tooMany")
    word = reader.take(Kind.WORD, f"as the operator after `{path_text(path)}`").text
    if word.lower() == "pr":
        return Present(path)
    try:
        op = Op(word.lower())
    except ValueError:
        raise invalid_filter(f"`{shown(word)}` after `{path_text(path)}` is no operator.") from None
    value = _literal(reader)
    if value is None:
        if op not in (Op.EQ, Op.NE):
            raise invalid_filter(f"`{path_text(path)}` can only be `eq` or `ne` to null.")
        return Compare(path, op, None)
    path = _comparable(reader, path)
    return Compare(path, op, _typed(reader.tolerance, path, op, value))


def _literal(reader: _Reader) -> Literal:
    """A value as JSON writes it (RFC 7159)."""
    token = reader.next
    if token.kind is Kind.TEXT:
        reader.at += 1
        return _unquoted(token.text)
    word = reader.take(Kind.WORD, "as the value to compare with").text
    if word == "null":
        return None
    boolean = as_boolean(word)
    if boolean is not None:
        if word not in ("true", "false"):
            otherwise = invalid_filter("`true` and `false` in a filter are lower-case.")
            reader.tolerance.accept(Quirk.BOOLEAN_AS_TEXT, otherwise)
        return boolean
    return _number(word)


def _number(word: str) -> int | float:
    found = _NUMBER.fullmatch(word)
    if found is None:
        raise invalid_filter("Text in a filter stands in double quotes.")
    if found[1] is None and found[2] is None:
        integer = int(word)
        if integer in INTEGERS:
            return integer
    elif abs(float(word)) < float("inf"):
        return float(word)
    raise invalid_filter("A number in the filter is too large.")


def _unquoted(quoted: str) -> str:
    try:
        value = json.loads(quoted)
    except ValueError:
        raise invalid_filter("Text in the filter has an escape that JSON does not know.") from None
    if not isinstance(value, str) or not storable(value):
        raise invalid_filter("Text in the filter holds a NUL character or half of a surrogate pair.")
    return value


def _comparable(reader: _Reader, path: AttributePath) -> AttributePath:
    """The path to the simple attribute that a comparison with `path` means."""
    if path.leaf.type is not AttributeType.COMPLEX:
        return path
    value = path.attribute.subs.get("value") if path.sub is None else None
    otherwise = invalid_filter(f"`{path_text(path)}` is complex: compare a sub-attribute, or use `pr`.")
    if value is None or value.type is AttributeType.COMPLEX:
        raise otherwise
    if not path.attribute.multi_valued:
        reader.tolerance.accept(Quirk.COMPLEX_AS_VALUE, otherwise)
    return with_sub(path, value)


def _typed(tolerance: Tolerance, path: AttributePath, op: Op, value: Literal) -> Literal:
    """`value` as the attribute's type has it."""
    wanted = path.leaf.type
    name = path_text(path)
    if op in _REFUSED.get(wanted, ()):
        raise invalid_filter(f"`{name}` is of type {wanted.value} and cannot be compared by `{op.value}`.")
    mismatch = invalid_filter(f"`{name}` is of type {wanted.value}, and the filter's value is not.")
    match wanted:
        case AttributeType.BOOLEAN:
            meant = as_boolean(value) if isinstance(value, str) else None
            if meant is not None:
                tolerance.accept(Quirk.BOOLEAN_AS_TEXT, mismatch)
                return meant
            fits = isinstance(value, bool)
        case AttributeType.INTEGER | AttributeType.DECIMAL:
            fits = isinstance(value, int | float) and not isinstance(value, bool)
        case AttributeType.DATE_TIME:
            fits = isinstance(value, str) and instant(value) is not None
        case _:
            fits = isinstance(value, str)
    if not fits:
        raise mismatch
    return value
