"""Expected answers compared with what came: README.md beside this file has the rules."""

import re
from typing import Final

from hallway.scim.json import Json, JsonObject
from tests.recorded.fixture import substituted

WIRE_ID: Final = re.compile(r"[a-z]+_[0-9a-f]{32}")
_CONTAINS: Final = "$contains"


def differences(template: Json, actual: Json, known: dict[str, str], at: str = "body") -> list[str]:
    """What is not as the template says, one sentence each; captured ids are added to `known`."""
    match template:
        case dict() if template.keys() == {_CONTAINS}:
            return _of_contents(template[_CONTAINS], actual, known, at)
        case dict():
            return _of_objects(template, actual, known, at)
        case list():
            return _of_arrays(template, actual, known, at)
        case str():
            return _of_texts(template, actual, known, at)
        case _:
            same = template == actual and type(template) is type(actual)
            return [] if same else [f"{at} is {actual!r}, expected {template!r}"]


def _of_objects(template: JsonObject, actual: Json, known: dict[str, str], at: str) -> list[str]:
    if not isinstance(actual, dict):
        return [f"{at} is {actual!r}, expected an object"]
    found = []
    for key, wanted in template.items():
        name = str(substituted(key, known))
        if wanted is None:
            found += [f"{at}.{name} is {actual[name]!r}, expected none"] if name in actual else []
        elif name not in actual:
            found.append(f"{at}.{name} is not there, expected {wanted!r}")
        else:
            found += differences(wanted, actual[name], known, f"{at}.{name}")
    return found


def _of_arrays(template: list[Json], actual: Json, known: dict[str, str], at: str) -> list[str]:
    """Arrays of the same length whose elements pair off, in any order: SCIM arrays have none."""
    if not isinstance(actual, list) or len(actual) != len(template):
        return [f"{at} is {actual!r}, expected {len(template)} elements: {template!r}"]
    return _of_contents(template, actual, known, at)


def _of_contents(template: Json, actual: Json, known: dict[str, str], at: str) -> list[str]:
    if not isinstance(actual, list) or not isinstance(template, list):
        return [f"{at} is {actual!r}, expected an array"]
    left = list(actual)
    found = []
    for wanted in template:
        for index, element in enumerate(left):
            tried = dict(known)
            if not differences(wanted, element, tried, at):
                known.update(tried)
                del left[index]
                break
        else:
            found.append(f"{at} has no {wanted!r}; it is {actual!r}")
    return found


def _of_texts(template: str, actual: Json, known: dict[str, str], at: str) -> list[str]:
    if template == "$any":
        return [f"{at} is empty"] if actual in (None, "", [], {}) else []
    if not isinstance(actual, str):
        return [f"{at} is {actual!r}, expected text: {template}"]
    if template.startswith("$id:"):
        known[template.removeprefix("$id:")] = actual
        return [] if WIRE_ID.fullmatch(actual) else [f"{at} is {actual!r}, and no id of ours"]
    if template.startswith("$match:"):
        pattern = template.removeprefix("$match:")
        return [] if re.search(pattern, actual) else [f"{at} is {actual!r}, expected a match of {pattern}"]
    wanted = substituted(template, known)
    return [] if actual == wanted else [f"{at} is {actual!r}, expected {wanted!r}"]
