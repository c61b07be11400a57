"""What an array holds after a PATCH of chosen elements (RFC 7644 §3.5.2: `emails[type eq "work"].value`)."""

from hallway.scim.assignment import (
    Assignment,
    distinct,
    emptied,
    is_primary,
    merged,
    one_primary,
    ordered,
    refuse_changed_subs,
)
from hallway.scim.filter import And, Compare, Filter, Op
from hallway.scim.fold import fold
from hallway.scim.json import Json, JsonObject
from hallway.scim.match import case_exact, element_matches, element_predicate
from hallway.scim.patch_operations import Verb
from hallway.scim.patch_path import PatchPath
from hallway.scim.problem import ScimProblem, invalid_value, no_target
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.schema import Attribute, AttributeType, Mutability
from hallway.scim.values import canonical_element, canonical_value, unwrapped


def assigned_elements(attribute: Attribute, path: PatchPath, old: Json, value: Json, how: Assignment) -> Json:
    """The array after `add` or `replace` at a path with a filter, a sub-attribute, or both.

    Without a filter every element is chosen. Raises `noTarget` where none is, and none can be made.
    """
    before = old if isinstance(old, list) else []
    chosen = _chosen(path.filter, before)
    after: list[Json] = []
    fresh: list[int] = []
    for element, hit in zip(before, chosen, strict=True):
        new = _changed(attribute, path, element, value, how) if hit else element
        if new is None:
            continue
        refuse_changed_subs(attribute, element, new, how.within)
        if hit and is_primary(new):
            fresh.append(len(after))
        after.append(new)
    if not any(chosen):
        made = _made(attribute, path, value, how)
        if made is None:
            return old
        fresh.append(len(after))
        after.append(made)
    return distinct(one_primary(attribute, after, fresh, how.within)) or None


def without_elements(attribute: Attribute, path: PatchPath, old: Json, how: Assignment) -> Json:
    """The array without the chosen elements, or without a sub-attribute of them."""
    before = old if isinstance(old, list) else []
    chosen = _chosen(path.filter, before)
    if path.filter is not None and not any(chosen):
        how.tolerance.accept(Quirk.UNMATCHED_REMOVE, _missing(path))
        return old
    after: list[Json] = []
    for element, hit in zip(before, chosen, strict=True):
        if not hit:
            after.append(element)
        elif path.sub is not None:
            rest = merged(attribute, element, {path.sub.name: None}, how)
            refuse_changed_subs(attribute, element, rest, how.within)
            if rest is not None:
                after.append(rest)
    return after or None


def without_values(attribute: Attribute, old: Json, value: Json, how: Assignment) -> Json:
    """The array without the elements that have everything that an element of `value` has."""
    name = f"{how.within}{attribute.name}"
    otherwise = invalid_value(f"Remove values of `{name}` by a filter in the path, not by `value`.")
    how.tolerance.accept(Quirk.REMOVE_WITH_VALUE, otherwise)
    before = old if isinstance(old, list) else []
    canonical = canonical_value(attribute, value, how.tolerance, how.within)
    given = canonical if isinstance(canonical, list) else []
    after = [e for e in before if not any(_includes(attribute, e, wanted) for wanted in given)]
    if len(after) == len(before):
        how.tolerance.met.add(Quirk.UNMATCHED_REMOVE)
    return after or None


def equalities(chosen: Filter | None, tolerance: Tolerance) -> JsonObject | None:
    """What every element that meets a filter made of `eq` and `and` alone has; None for any other filter."""
    if chosen is None:
        return {}
    said: JsonObject = {}
    for part in chosen.filters if isinstance(chosen, And) else (chosen,):
        if not isinstance(part, Compare) or part.op is not Op.EQ or part.value is None:
            return None
        sub = part.path.sub
        if sub is None or sub.multi_valued or sub.mutability is Mutability.READ_ONLY:
            return None
        said[sub.name] = canonical_element(sub, part.value, tolerance, f"{part.path.attribute.name}.")
    return said


def _chosen(wanted: Filter | None, elements: list[Json]) -> list[bool]:
    if wanted is None:
        return [True] * len(elements)
    return list(map(element_predicate(wanted), elements))


def _changed(attribute: Attribute, path: PatchPath, element: Json, value: Json, how: Assignment) -> Json:
    """What takes the place of a chosen element; None removes it."""
    if path.sub is not None:
        return merged(attribute, element, {path.sub.name: value}, how)
    one = emptied(unwrapped(attribute, value, how.tolerance, how.within), how.tolerance)
    if one is None:
        return None if how.verb is Verb.REPLACE else element
    if how.verb is Verb.ADD and attribute.type is AttributeType.COMPLEX:
        return merged(attribute, element, one, how)
    new = canonical_element(attribute, one, how.tolerance, how.within)
    said = None if how.tolerance.strict else equalities(path.filter, how.tolerance)
    if isinstance(new, dict) and said is not None and not said.keys() <= new.keys():
        how.tolerance.met.add(Quirk.ELEMENT_MADE_FROM_FILTER)
        return ordered(attribute, {**said, **new})
    return new


def _made(attribute: Attribute, path: PatchPath, value: Json, how: Assignment) -> Json:
    """The element that a filter without a match says should be there; None where nothing is to be set."""
    one = value if path.sub is not None else unwrapped(attribute, value, how.tolerance, how.within)
    if emptied(one, how.tolerance) is None:
        how.tolerance.accept(Quirk.UNMATCHED_REMOVE, _missing(path))
        return None
    said = equalities(path.filter, how.tolerance)
    if said is None or (path.sub is None and how.verb is Verb.REPLACE):
        raise _missing(path)
    made = merged(attribute, said, one if path.sub is None else {path.sub.name: one}, how)
    if path.filter is not None and not element_matches(path.filter, made):
        raise _missing(path)
    how.tolerance.accept(Quirk.ELEMENT_MADE_FROM_FILTER, _missing(path))
    return made


def _missing(path: PatchPath) -> ScimProblem:
    return no_target(f"The filter of the path matches no value of `{path.name}`.")


def _includes(attribute: Attribute, element: Json, wanted: Json) -> bool:
    if isinstance(element, dict) and isinstance(wanted, dict):
        subs = [sub for sub in attribute.sub_attributes if sub.name in wanted]
        return all(_alike(sub, element.get(sub.name), wanted[sub.name]) for sub in subs)
    return _alike(attribute, element, wanted)


def _alike(attribute: Attribute, one: Json, other: Json) -> bool:
    if isinstance(one, str) and isinstance(other, str) and not case_exact(attribute):
        return fold(one) == fold(other)
    return one == other
