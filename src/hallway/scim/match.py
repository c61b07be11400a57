"""Whether a resource meets a filter (RFC 7644 §3.4.2.2).

Rules: resources are canonical. A comparison holds where any value at the path compares so. `ne` is the negation
of `eq`: on a multi-valued attribute it says that no value is equal, and like `not` it holds for a resource that
has none. Null and empty are unassigned. Text compares by code point, after `fold` where the attribute is not
case-exact; binary values are case-exact always (RFC 7643 §2.3.6); instants compare as such.
"""

import operator
from collections.abc import Callable
from typing import Final, TypeAlias, assert_never

from hallway.scim.filter import And, Compare, Filter, Not, Op, Or, Present, ValuePath
from hallway.scim.fold import fold
from hallway.scim.instant import instant
from hallway.scim.json import Json, JsonObject
from hallway.scim.path import AttributePath
from hallway.scim.schema import Attribute, AttributeType

_Test: TypeAlias = Callable[[Json], bool]

_NUMBERS: Final[dict[Op, Callable[[float, float], bool]]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.eq,  # `_compiled` negates the whole comparison
    Op.GT: operator.gt,
    Op.GE: operator.ge,
    Op.LT: operator.lt,
    Op.LE: operator.le,
}
_TEXTS: Final[dict[Op, Callable[[str, str], bool]]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.eq,
    Op.CO: operator.contains,
    Op.SW: str.startswith,
    Op.EW: str.endswith,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
    Op.LT: operator.lt,
    Op.LE: operator.le,
}


def matches(tree: Filter, resource: JsonObject) -> bool:
    """Whether `resource` meets the filter; for many resources make one `predicate`."""
    return predicate(tree)(resource)


def element_matches(tree: Filter, element: Json) -> bool:
    """Whether one element of a multi-valued attribute meets the filter of its ValuePath."""
    return element_predicate(tree)(element)


def predicate(tree: Filter) -> Callable[[JsonObject], bool]:
    """`matches` for one filter, compiled."""
    return _compiled(tree, _in_resource)


def element_predicate(tree: Filter) -> Callable[[Json], bool]:
    """`element_matches` for one filter, compiled."""
    return _compiled(tree, _in_element)


def present(value: Json) -> bool:
    """Whether `value` is neither null nor empty, all the way down (`pr`, RFC 7643 §2.5)."""
    if isinstance(value, dict):
        return any(map(present, value.values()))
    if isinstance(value, list):
        return any(map(present, value))
    return value is not None and value != ""


def case_exact(attribute: Attribute) -> bool:
    """Whether texts of this attribute that differ in case differ."""
    return attribute.case_exact or attribute.type is AttributeType.BINARY


def _compiled(tree: Filter, reach: Callable[[AttributePath, _Test], _Test]) -> _Test:
    """The filter as a test of what `reach` looks into; `reach` asks whether any value at a path passes a test."""
    match tree:
        case And(filters):
            return _all([_compiled(part, reach) for part in filters])
        case Or(filters):
            return _any([_compiled(part, reach) for part in filters])
        case Not(negated):
            return _not(_compiled(negated, reach))
        case Compare(path, op, wanted):
            if wanted is None:
                assigned = reach(path, present)
                return assigned if op is Op.NE else _not(assigned)
            compared = reach(path, _value_test(path.leaf, op, wanted))
            return _not(compared) if op is Op.NE else compared
        case Present(path):
            return reach(path, present)
        case ValuePath(path, wanted):
            return reach(path, _compiled(wanted, _in_element))
        case _:  # pragma: no cover
            assert_never(tree)


def _all(tests: list[_Test]) -> _Test:
    def all_hold(context: Json) -> bool:
        for test in tests:  # noqa: SIM110 - a generator would cost more than most tests
            if not test(context):
                return False
        return True

    return all_hold


def _any(tests: list[_Test]) -> _Test:
    def any_holds(context: Json) -> bool:
        for test in tests:  # noqa: SIM110
            if test(context):
                return True
        return False

    return any_holds


def _not(test: _Test) -> _Test:
    return lambda context: not test(context)


def _in_resource(path: AttributePath, test: _Test) -> _Test:
    attribute = path.attribute
    found = _member(attribute.name, _each(attribute, _in_element(path, test)))
    return found if path.extension is None else _member(path.extension, found)


def _in_element(path: AttributePath, test: _Test) -> _Test:
    return test if path.sub is None else _member(path.sub.name, _each(path.sub, test))


def _member(name: str, test: _Test) -> _Test:
    def in_object(context: Json) -> bool:
        return isinstance(context, dict) and (value := context.get(name)) is not None and test(value)

    return in_object


def _each(attribute: Attribute, test: _Test) -> _Test:
    if not attribute.multi_valued:
        return test
    return lambda value: isinstance(value, list) and any(map(test, value))


def _value_test(attribute: Attribute, op: Op, wanted: str | float) -> _Test:
    """The comparison of one value with `wanted`; `ne` as `eq`."""
    if isinstance(wanted, bool):
        return lambda value: value is wanted
    if not isinstance(wanted, str):
        return _number_test(_NUMBERS[op], wanted)
    if attribute.type is AttributeType.DATE_TIME:
        return _instant_test(_NUMBERS[op], instant(wanted))
    return _text_test(_TEXTS[op], wanted, case_exact(attribute))


def _text_test(compared: Callable[[str, str], bool], wanted: str, exact: bool) -> _Test:
    if exact:
        return lambda value: isinstance(value, str) and compared(value, wanted)
    folded = fold(wanted)
    return lambda value: isinstance(value, str) and compared(fold(value), folded)


def _instant_test(compared: Callable[[float, float], bool], wanted: int | None) -> _Test:
    def at_instant(value: Json) -> bool:
        at = instant(value) if isinstance(value, str) else None
        return at is not None and wanted is not None and compared(at, wanted)

    return at_instant


def _number_test(compared: Callable[[float, float], bool], wanted: float) -> _Test:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and compared(value, wanted)
