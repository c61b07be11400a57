"""What an attribute holds after `add` or `replace` of a value (RFC 7644 §3.5.2.1, §3.5.2.3)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from hallway.scim.json import Json, JsonObject
from hallway.scim.patch_operations import Verb
from hallway.scim.problem import mutability
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.schema import Attribute, AttributeType, Mutability
from hallway.scim.values import canonical_element, canonical_value, check_primary, given_subs, unwrapped


@dataclass(frozen=True, slots=True)
class Assignment:
    """How a value is set; `within` is what stands before the attribute's name in a problem's detail."""

    verb: Verb
    tolerance: Tolerance
    within: str = ""

    def inside(self, attribute: Attribute) -> "Assignment":
        """The same for the sub-attributes of `attribute`."""
        return Assignment(self.verb, self.tolerance, f"{self.within}{attribute.name}.")


def assigned(attribute: Attribute, old: Json, value: Json, how: Assignment) -> Json:
    """What `attribute` holds instead of `old`, or None for unassigned. Changes nothing in place."""
    if attribute.multi_valued:
        given = canonical_value(attribute, emptied(value, how.tolerance), how.tolerance, how.within)
        return appended(attribute, old, given, how) if how.verb is Verb.ADD else given
    one = emptied(unwrapped(attribute, value, how.tolerance, how.within), how.tolerance)
    if one is None:
        return None
    if attribute.type is AttributeType.COMPLEX:
        return merged(attribute, old, one, how)
    return canonical_element(attribute, one, how.tolerance, how.within)


def emptied(value: Json, tolerance: Tolerance) -> Json:
    """`value`, or None where empty text is tolerated as unassigning."""
    if value == "" and not tolerance.strict:
        tolerance.met.add(Quirk.EMPTY_TEXT_REMOVES)
        return None
    return value


def merged(attribute: Attribute, old: Json, value: Json, how: Assignment) -> Json:
    """One complex value `old` with the sub-attributes that `value` names; None where nothing is left."""
    before = old if isinstance(old, dict) else {}
    after = dict(before)
    given = given_subs(attribute, value, how.tolerance, how.within)
    for sub, sub_value in given:
        _put(after, sub.name, assigned(sub, after.get(sub.name), sub_value, how.inside(attribute)))
    if "value" in before and before["value"] != after.get("value"):
        _drop_stale(attribute, after, {sub.name for sub, _ in given})
    return ordered(attribute, after) or None


def ordered(attribute: Attribute, value: JsonObject) -> JsonObject:
    """`value` in the order of the schema."""
    return {sub.name: value[sub.name] for sub in attribute.sub_attributes if sub.name in value}


def appended(attribute: Attribute, old: Json, given: Json, how: Assignment) -> Json:
    """The array `old` and after it those of `given` that it has not."""
    before = distinct(old) if isinstance(old, list) else []
    if not isinstance(given, list):
        return old
    after = distinct([*before, *given])
    return one_primary(attribute, after, range(len(before), len(after)), how.within)


def distinct(elements: list[Json]) -> list[Json]:
    """`elements` without those that equal an earlier one."""
    seen: JsonObject = {}
    for element in elements:
        seen.setdefault(json.dumps(element, sort_keys=True), element)
    return list(seen.values())


def one_primary(attribute: Attribute, elements: list[Json], fresh: Iterable[int], within: str) -> list[Json]:
    """`elements`, where a primary one at a `fresh` position makes the others not primary (RFC 7644 §3.5.2)."""
    chosen = [index for index in fresh if is_primary(elements[index])]
    check_primary(attribute, [elements[index] for index in chosen], within)
    if not chosen:
        return elements
    return [
        {**element, "primary": False}
        if isinstance(element, dict) and is_primary(element) and index != chosen[0]
        else element
        for index, element in enumerate(elements)
    ]


def is_primary(element: Json) -> bool:
    """Whether an element says that it is the primary one."""
    return isinstance(element, dict) and element.get("primary") is True


def refuse_changed_immutable(attribute: Attribute, old: Json, new: Json, within: str = "") -> None:
    """Raise `mutability` where an immutable attribute, or sub-attribute of a single value, was set and differs."""
    if attribute.mutability is Mutability.IMMUTABLE and old is not None and new != old:
        raise mutability(f"`{within}{attribute.name}` cannot be changed once it is set.")
    if not attribute.multi_valued:
        refuse_changed_subs(attribute, old, new, within)


def refuse_changed_subs(attribute: Attribute, old: Json, new: Json, within: str = "") -> None:
    """The same for the sub-attributes of one complex value."""
    if isinstance(old, dict):
        rest = new if isinstance(new, dict) else {}
        for sub in attribute.sub_attributes:
            inside = f"{within}{attribute.name}."
            refuse_changed_immutable(sub, old.get(sub.name), rest.get(sub.name), inside)


def _put(target: JsonObject, name: str, value: Json) -> None:
    if value is None:
        target.pop(name, None)
    else:
        target[name] = value


def _drop_stale(attribute: Attribute, value: JsonObject, given: set[str]) -> None:
    for sub in attribute.sub_attributes:
        derived = sub.name == "$ref" or sub.mutability is Mutability.READ_ONLY
        if derived and sub.name not in given:
            value.pop(sub.name, None)
