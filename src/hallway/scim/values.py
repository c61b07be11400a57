"""Attribute values as they may be stored (RFC 7643 §2.3, §2.4, §2.5); POST, PUT and PATCH share this code.

Rules: names get their canonical spelling and the schema's order; `null`, `[]` and `{}` become None
(unassigned); text that stands for a boolean becomes one; no value is changed otherwise. Read-only
sub-attributes are dropped (RFC 7644 §3.3). A problem names the attribute, never the value.
"""

import re
from typing import Final

from hallway.scim.instant import instant
from hallway.scim.json import Json, JsonObject
from hallway.scim.problem import ScimProblem, invalid_syntax, invalid_value
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.schema import Attribute, AttributeType, Mutability

MAX_TEXT_CHARACTERS: Final = 65_536
MAX_DEPTH: Final = 32
"""Levels of arrays and objects in any body."""

_CONTAINERS: Final = (dict, list)
INTEGERS: Final = range(-(2**63), 2**63)
_KINDS: Final[dict[type, str]] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "text",
    list: "an array",
    dict: "an object",
}
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]*|[A-Za-z0-9_-]*)(={0,2})", re.ASCII)


def canonical_value(attribute: Attribute, value: Json, tolerance: Tolerance, within: str = "") -> Json:
    """What `value` is stored as for `attribute`, or None for unassigned.

    `within` stands before the attribute's name in a problem's detail, such as `emails.`. Raises `invalidValue`
    for what is not of the attribute's type, `invalidSyntax` for an object that is not of its shape.
    """
    if value is None:
        return None
    if attribute.multi_valued:
        return _array(attribute, value, tolerance, within)
    return canonical_element(attribute, value, tolerance, within)


def canonical_element(attribute: Attribute, value: Json, tolerance: Tolerance, within: str = "") -> Json:
    """What one value is stored as: that of a single-valued attribute, or one element of an array."""
    one = unwrapped(attribute, value, tolerance, within)
    if one is None:
        return None
    if one == "" and not _is_text(attribute):
        tolerance.accept(Quirk.EMPTY_TEXT_REMOVES, _mismatch(attribute, one, within))
        return None
    if attribute.type is AttributeType.COMPLEX:
        return _complex(attribute, one, tolerance, within)
    return _simple(attribute, one, tolerance, within)


def unwrapped(attribute: Attribute, value: Json, tolerance: Tolerance, within: str = "") -> Json:
    """`value` itself, or the only value of an array where one value is meant; None for an empty array."""
    if not isinstance(value, list):
        return value
    if not value:
        return None
    otherwise = invalid_value(f"`{within}{attribute.name}` takes one value here, and an array came.")
    if len(value) > 1 or isinstance(value[0], list):
        raise otherwise
    tolerance.accept(Quirk.SINGLE_VALUE_AS_ARRAY, otherwise)
    return value[0]


def given_subs(
    attribute: Attribute, value: Json, tolerance: Tolerance, within: str = ""
) -> list[tuple[Attribute, Json]]:
    """The sub-attributes that an object for a complex `attribute` gives: schema's order, values as sent.

    Bare text stands for the `value` sub-attribute, where there is one (`Quirk.REFERENCE_AS_TEXT`).
    """
    name = f"{within}{attribute.name}"
    if isinstance(value, str) and "value" in attribute.subs:
        otherwise = invalid_value(f"`{name}` takes an object with `value`, and text came.")
        tolerance.accept(Quirk.REFERENCE_AS_TEXT, otherwise)
        value = {"value": value}
    if not isinstance(value, dict):
        raise _mismatch(attribute, value, within)
    given = by_lower_name(value, name)
    for key in given:
        if key not in attribute.subs:
            unknown = invalid_syntax(f"`{name}` has no sub-attribute `{shown(key)}`.")
            tolerance.accept(Quirk.UNKNOWN_ATTRIBUTE_IGNORED, unknown)
    return [
        (sub, given[key])
        for key, sub in attribute.subs.items()
        if key in given and sub.mutability is not Mutability.READ_ONLY
    ]


def by_lower_name(value: JsonObject, name: str) -> JsonObject:
    """`value` by lower-case key; `invalidSyntax` where two keys differ only in case (RFC 7643 §2.1)."""
    lowered = {key.lower(): member for key, member in value.items()}
    if len(lowered) < len(value):
        raise invalid_syntax(f"`{name}` has two keys that differ only in case.")
    return lowered


def check_required_subs(attribute: Attribute, value: Json, within: str = "") -> None:
    """Raise `invalidValue` where a canonical complex value lacks a required sub-attribute."""
    for element in value if isinstance(value, list) else [value]:
        for sub in attribute.sub_attributes:
            writable = sub.mutability is not Mutability.READ_ONLY
            if sub.required and writable and isinstance(element, dict) and sub.name not in element:
                raise invalid_value(f"`{within}{attribute.name}` needs `{sub.name}`.")


def check_primary(attribute: Attribute, elements: list[Json], within: str = "") -> None:
    """Raise `invalidValue` where more than one element is primary (RFC 7643 §2.4)."""
    if sum(isinstance(element, dict) and element.get("primary") is True for element in elements) > 1:
        raise invalid_value(f"Only one value of `{within}{attribute.name}` can be primary.")


def check_text(text: str, name: str) -> None:
    """Raise `invalidValue` for text that cannot be stored: NUL, lone surrogates, or too long."""
    if len(text) > MAX_TEXT_CHARACTERS:
        raise invalid_value(f"`{name}` is longer than {MAX_TEXT_CHARACTERS} characters.")
    if not storable(text):
        raise invalid_value(f"`{name}` holds a NUL character or half of a surrogate pair.")


def storable(text: str) -> bool:
    """Whether `text` is free of NUL and can be written as UTF-8."""
    if text.isascii():
        return "\0" not in text
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def check_depth(value: Json, limit: int = MAX_DEPTH) -> None:
    """Raise `invalidSyntax` where arrays and objects nest deeper than `limit`."""
    if _nests_deeper(value, limit):
        raise invalid_syntax(f"The body nests deeper than {limit} levels.")


def _nests_deeper(value: Json, limit: int) -> bool:
    if not isinstance(value, _CONTAINERS):
        return False
    if limit == 0:
        return True
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, _CONTAINERS) and _nests_deeper(inner, limit - 1):
            return True
    return False


def shown(name: str) -> str:
    """A name from outside as a detail may show it: short, and printable."""
    short = name if len(name) <= 100 else f"{name[:100]}…"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in short)


def _array(attribute: Attribute, value: Json, tolerance: Tolerance, within: str) -> Json:
    if not isinstance(value, list):
        otherwise = invalid_value(f"`{within}{attribute.name}` takes an array, and {_kind(value)} came.")
        tolerance.accept(Quirk.ARRAY_AS_SINGLE_VALUE, otherwise)
        value = [value]
    elements: list[Json] = []
    for given in value:
        if isinstance(given, list):
            raise invalid_value(f"`{within}{attribute.name}` has an array inside its array.")
        element = canonical_element(attribute, given, tolerance, within)
        if element is not None:
            elements.append(element)
    check_primary(attribute, elements, within)
    return elements or None


def _complex(attribute: Attribute, value: Json, tolerance: Tolerance, within: str) -> Json:
    canonical: JsonObject = {}
    inside = f"{within}{attribute.name}."
    for sub, given in given_subs(attribute, value, tolerance, within):
        stored = canonical_value(sub, given, tolerance, inside)
        if stored is not None:
            canonical[sub.name] = stored
    if not canonical:
        return None
    check_required_subs(attribute, canonical, within)
    return canonical


def _simple(attribute: Attribute, value: Json, tolerance: Tolerance, within: str) -> Json:
    if attribute.type is AttributeType.BOOLEAN:
        return _boolean(attribute, value, tolerance, within)
    if attribute.type in (AttributeType.INTEGER, AttributeType.DECIMAL):
        return _number(attribute, value, within)
    if not isinstance(value, str):
        raise _mismatch(attribute, value, within)
    check_text(value, f"{within}{attribute.name}")
    if attribute.type is AttributeType.DATE_TIME and instant(value) is None:
        raise invalid_value(f"`{within}{attribute.name}` is no xsd:dateTime such as 2026-01-31T08:00:00Z.")
    if attribute.type is AttributeType.BINARY and not is_base64(value):
        raise invalid_value(f"`{within}{attribute.name}` is not base64 (RFC 4648 §4 or §5).")
    return value


def is_base64(text: str) -> bool:
    """Whether `text` is base64 in either alphabet, padded or not (RFC 4648 §4, §5)."""
    found = _BASE64.fullmatch(text)
    if found is None:
        return False
    if found[1]:
        return len(text) % 4 == 0
    return len(text) % 4 != 1


def as_boolean(text: str) -> bool | None:
    """The boolean that `text` stands for in any case, or None."""
    return {"true": True, "false": False}.get(text.lower())


def _boolean(attribute: Attribute, value: Json, tolerance: Tolerance, within: str) -> bool:
    if isinstance(value, bool):
        return value
    meant = as_boolean(value) if isinstance(value, str) else None
    if meant is None:
        raise _mismatch(attribute, value, within)
    tolerance.accept(Quirk.BOOLEAN_AS_TEXT, _mismatch(attribute, value, within))
    return meant


def _number(attribute: Attribute, value: Json, within: str) -> int | float:
    """RFC 7643 §2.3.3, §2.3.4: an integer has no fraction and no exponent."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value not in INTEGERS:
            raise invalid_value(f"`{within}{attribute.name}` takes integers of 64 bits.")
        return value
    if isinstance(value, float) and attribute.type is AttributeType.DECIMAL and abs(value) < float("inf"):
        return value
    raise _mismatch(attribute, value, within)


def _is_text(attribute: Attribute) -> bool:
    return attribute.type in (AttributeType.STRING, AttributeType.REFERENCE)


def _mismatch(attribute: Attribute, value: Json, within: str) -> ScimProblem:
    wanted = attribute.type.value
    return invalid_value(f"`{within}{attribute.name}` is of type {wanted}, and {_kind(value)} came.")


def _kind(value: Json) -> str:
    return _KINDS[type(value)]
