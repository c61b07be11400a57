"""A search: the parameters of a GET, or the body of a POST to `/.search` (RFC 7644 §3.4.2, §3.4.3; RFC 9865 §2).

Rules:
- Both ways give the same value. Names compare without case; unknown ones are ignored, also by strict
  directories: Entra and others put their own parameters into addresses.
- A `startIndex` below 1 is 1, a `count` below 0 is 0; the caller clamps `count` from above.
- `cursor` is None where pages are not walked by cursor, and empty for the first page.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from hallway.scim.json import Json, JsonObject
from hallway.scim.messages import check_message_schemas
from hallway.scim.problem import ScimProblem, invalid_syntax, invalid_value
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.values import INTEGERS, MAX_TEXT_CHARACTERS, by_lower_name

SEARCH_REQUEST: Final = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

MAX_NAMES: Final = 200
MAX_NAME_CHARACTERS: Final = 500
MAX_CURSOR_CHARACTERS: Final = 8_192

_KNOWN: Final = (
    "filter",
    "attributes",
    "excludedAttributes",
    "sortBy",
    "sortOrder",
    "startIndex",
    "count",
    "cursor",
)
_BY_LOWER_NAME: Final = {name.lower(): name for name in _KNOWN}


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What is searched, and which part of it in what order is wanted; names and filter are as sent."""

    filter: str | None = None
    attributes: tuple[str, ...] = ()
    excluded_attributes: tuple[str, ...] = ()
    sort_by: str | None = None
    descending: bool = False
    start_index: int = 1
    count: int | None = None
    cursor: str | None = None


def query_parameters(pairs: Iterable[tuple[str, str]]) -> SearchRequest:
    """The search that decoded name and value pairs of a query string ask for.

    Raises `invalidValue`; `invalidCount` for a `count` that is no number on a walk by cursor.
    """
    given: JsonObject = {}
    for name, value in pairs:
        known = _BY_LOWER_NAME.get(name.lower())
        if known is None:
            continue
        if known in given:
            raise invalid_value(f"The parameter `{known}` came twice.")
        given[known] = value
    return _request(given, _split_names, _number_of_text)


def search_request(body: Json, tolerance: Tolerance) -> SearchRequest:
    """The search that a SearchRequest message asks for; raises `invalidSyntax` too."""
    if not isinstance(body, dict):
        raise invalid_syntax("The body is a SearchRequest object.")
    lowered = by_lower_name(body, "The body")
    check_message_schemas(lowered.get("schemas"), SEARCH_REQUEST, tolerance)
    given = {name: lowered[key] for key, name in _BY_LOWER_NAME.items() if lowered.get(key) is not None}

    def listed(name: str, value: Json) -> list[str]:
        return _listed_names(name, value, tolerance)

    return _request(given, listed, _number_of_json)


def _request(
    given: JsonObject, names: Callable[[str, Json], list[str]], number: Callable[[Json], int | None]
) -> SearchRequest:
    """The search of canonically named parameters; `names` and `number` read what the two ways write differently."""
    cursor = _text(given, "cursor", MAX_CURSOR_CHARACTERS)
    start_index = _integer(given, "startIndex", number, "invalidValue")
    count = _integer(given, "count", number, "invalidValue" if cursor is None else "invalidCount")
    return SearchRequest(
        filter=_text(given, "filter", MAX_TEXT_CHARACTERS),
        attributes=_names(given, "attributes", names),
        excluded_attributes=_names(given, "excludedAttributes", names),
        sort_by=_text(given, "sortBy", MAX_NAME_CHARACTERS) or None,
        descending=_descending(_text(given, "sortOrder", MAX_NAME_CHARACTERS)),
        start_index=1 if start_index is None else max(start_index, 1),
        count=None if count is None else max(count, 0),
        cursor=cursor,
    )


def _text(given: JsonObject, name: str, limit: int) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > limit:
        raise invalid_value(f"`{name}` is text of at most {limit} characters.")
    return value


def _names(given: JsonObject, name: str, names: Callable[[str, Json], list[str]]) -> tuple[str, ...]:
    if name not in given:
        return ()
    found = [stripped for text in names(name, given[name]) if (stripped := text.strip())]
    if len(found) > MAX_NAMES or any(len(text) > MAX_NAME_CHARACTERS for text in found):
        most = f"{MAX_NAMES} names of at most {MAX_NAME_CHARACTERS} characters"
        raise invalid_value(f"`{name}` may hold at most {most}.")
    return tuple(found)


def _split_names(_name: str, value: Json) -> list[str]:
    return value.split(",") if isinstance(value, str) else []


def _listed_names(name: str, value: Json, tolerance: Tolerance) -> list[str]:
    if isinstance(value, str):
        tolerance.accept(Quirk.ARRAY_AS_SINGLE_VALUE, invalid_value(f"`{name}` is an array of names."))
        return _split_names(name, value)
    texts = [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
    if not isinstance(value, list) or len(texts) < len(value):
        raise invalid_value(f"`{name}` is an array of names.")
    return texts


def _descending(order: str | None) -> bool:
    match (order or "ascending").strip().lower():
        case "ascending":
            return False
        case "descending":
            return True
        case _:
            raise invalid_value("`sortOrder` is `ascending` or `descending`.")


def _integer(given: JsonObject, name: str, number: Callable[[Json], int | None], scim_type: str) -> int | None:
    if name not in given:
        return None
    found = number(given[name])
    if found is None or found not in INTEGERS:
        raise ScimProblem(400, f"`{name}` is an integer of 64 bits.", scim_type)
    return found


def _number_of_text(value: Json) -> int | None:
    """Of decimal digits with or without a sign, at most as many as 64 bits need."""
    digits = value.strip() if isinstance(value, str) else ""
    unsigned = digits[1:] if digits[:1] in ("-", "+") else digits
    return int(digits) if unsigned.isascii() and unsigned.isdigit() and len(unsigned) <= 19 else None


def _number_of_json(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
