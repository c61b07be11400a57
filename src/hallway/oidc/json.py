"""JSON objects from strangers: one meaning, within bounds.

Rules: UTF-8 without lone surrogates, no NaN, no member twice at any depth; a value of the wrong type is refused.
"""

import json
from typing import Final, TypeAlias, Union

import orjson

from hallway.oidc.problem import OidcProblem

Json: TypeAlias = Union[None, bool, int, float, str, "list[Json]", "dict[str, Json]"]
JsonObject: TypeAlias = dict[str, Json]

_LATEST: Final = 253_402_300_799  # the end of the year 9999


def parsed_object(octets: bytes, most_bytes: int) -> JsonObject:
    """The object. Raises `OidcProblem`."""
    if len(octets) > most_bytes:
        raise OidcProblem("too_large", f"at most {most_bytes} bytes", f"{len(octets)}")
    try:
        strict = orjson.loads(octets)
        found: Json = json.loads(octets, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        raise OidcProblem("not_json", "a JSON object", octets[:80].decode("latin-1")) from None
    if not isinstance(strict, dict) or not isinstance(found, dict):
        raise OidcProblem("not_json", "a JSON object", octets[:80].decode("latin-1"))
    return found


def _object(pairs: list[tuple[str, Json]]) -> JsonObject:
    found: JsonObject = {}
    for name, value in pairs:
        if name in found:
            raise OidcProblem("duplicate_member", "each member once", name)
        found[name] = value
    return found


def text(of: JsonObject, name: str) -> str:
    """A text, "" where there is none. Raises `OidcProblem` for anything else."""
    value = of.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise OidcProblem("wrong_shape", f"{name} as a text", shown(value))
    return value


def texts(of: JsonObject, name: str) -> tuple[str, ...]:
    """An array of texts, empty where there is none; one text is an array of one. Raises `OidcProblem`."""
    value = of.get(name)
    listed = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(listed, list):
        raise OidcProblem("wrong_shape", f"{name} as an array of texts", shown(value))
    found = tuple(one for one in listed if isinstance(one, str))
    if len(found) != len(listed):
        raise OidcProblem("wrong_shape", f"{name} as an array of texts", shown(value))
    return found


def instant(of: JsonObject, name: str) -> int | None:
    """A NumericDate (RFC 7519 §2) in microseconds since 1970, None where there is none. Raises `OidcProblem`."""
    value = of.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST:
        raise OidcProblem("wrong_instant", f"{name} as seconds since 1970", shown(value))
    return int(value * 1_000_000)


def shown(value: Json) -> str:
    """A value as the administrator may read it."""
    return value if isinstance(value, str) else json.dumps(value)
