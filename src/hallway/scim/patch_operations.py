"""The PatchOp message, read (RFC 7644 §3.5.2)."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from hallway.scim.json import Json, JsonObject
from hallway.scim.patch_path import PatchPath, patch_path
from hallway.scim.problem import ScimProblem, invalid_path, invalid_syntax, invalid_value
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.schema import ResourceType
from hallway.scim.values import by_lower_name, check_depth, shown

PATCH_OP: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Verb(Enum):
    """The value of `op`."""

    ADD = "add"
    REPLACE = "replace"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; the keys of a value without a path are read when it is applied.

    `value` is None for null, and for a `remove` without one.
    """

    verb: Verb
    path: PatchPath | None
    value: Json


@dataclass(frozen=True, slots=True)
class PatchLimits:
    """What one message may hold: operations, and elements of the arrays in their values."""

    operations: int = 1_000
    values: int = 100_000


_VERBS: Final = {verb.value: verb for verb in Verb}
DEFAULT_LIMITS: Final = PatchLimits()


def patch_operations(
    body: Json, resource_type: ResourceType, tolerance: Tolerance, limits: PatchLimits = DEFAULT_LIMITS
) -> tuple[Operation, ...]:
    """The operations of a PATCH body in their order; 413 for more than `limits`.

    Raises `invalidSyntax` for a body that is no PatchOp, `invalidPath` for an unknown path, `invalidFilter` for a
    filter in one, and `invalidValue` for a missing value.
    """
    check_depth(body)
    message = _object(body, "The body")
    _check_schemas(message.pop("schemas", None), tolerance)
    listed = message.pop("operations", None)
    _refuse_unknown(message, "The PatchOp message", tolerance)
    if isinstance(listed, dict):
        tolerance.accept(Quirk.ARRAY_AS_SINGLE_VALUE, invalid_syntax("`Operations` is an array."))
        listed = [listed]
    if not isinstance(listed, list) or not listed:
        raise invalid_syntax("A PATCH needs `Operations`, an array of at least one operation.")
    operations = [_object(operation, "An operation") for operation in listed]
    values = sum(_elements(operation.get("value")) for operation in operations)
    if len(operations) > limits.operations or values > limits.values:
        most = f"{limits.operations} operations and {limits.values} values"
        raise ScimProblem(413, f"One PATCH may hold at most {most}. Send several.")
    return tuple(_operation(operation, resource_type, tolerance) for operation in operations)


def check_schemas_urns(urns: list[Json], wanted: str, tolerance: Tolerance) -> None:
    """Raise `invalidSyntax` unless `urns` hold `wanted`; further ones are a quirk."""
    lower = [urn.lower() for urn in urns if isinstance(urn, str)]
    if wanted.lower() not in lower:
        raise invalid_syntax(f"`schemas` must hold {wanted}.")
    if len(urns) > 1:
        unknown = invalid_syntax(f"`schemas` must hold {wanted} and nothing else.")
        tolerance.accept(Quirk.UNKNOWN_SCHEMA_IGNORED, unknown)


def _check_schemas(urns: Json, tolerance: Tolerance) -> None:
    if urns is None or urns == []:
        tolerance.accept(Quirk.MISSING_SCHEMAS, invalid_syntax(f"`schemas` must hold {PATCH_OP}."))
        return
    if isinstance(urns, str):
        tolerance.accept(Quirk.ARRAY_AS_SINGLE_VALUE, invalid_syntax("`schemas` is an array."))
        urns = [urns]
    if not isinstance(urns, list):
        raise invalid_syntax("`schemas` is an array of URNs.")
    check_schemas_urns(urns, PATCH_OP, tolerance)


def _operation(given: JsonObject, resource_type: ResourceType, tolerance: Tolerance) -> Operation:
    verb = _verb(given.pop("op", None), tolerance)
    text = given.pop("path", None)
    if text is not None and not isinstance(text, str):
        raise invalid_path("The `path` of an operation is text.")
    if "value" not in given and verb is not Verb.REMOVE:
        raise invalid_value(f"An operation `{verb.value}` needs a `value`.")
    value = given.pop("value", None)
    _refuse_unknown(given, "An operation", tolerance)
    path = None if text is None else patch_path(text, resource_type, tolerance)
    return Operation(verb, path, value)


def _verb(op: Json, tolerance: Tolerance) -> Verb:
    if isinstance(op, str):
        verb = _VERBS.get(op)
        if verb is not None:
            return verb
    otherwise = invalid_syntax("The `op` of an operation is `add`, `replace` or `remove`.")
    if not isinstance(op, str) or op.lower() not in _VERBS:
        raise otherwise
    tolerance.accept(Quirk.OPERATION_CASE, otherwise)
    return _VERBS[op.lower()]


def _object(value: Json, what: str) -> JsonObject:
    if not isinstance(value, dict):
        raise invalid_syntax(f"{what} is an object.")
    return by_lower_name(value, what)


def _refuse_unknown(rest: JsonObject, what: str, tolerance: Tolerance) -> None:
    for key in rest:
        unknown = invalid_syntax(f"{what} has no `{shown(key)}`.")
        tolerance.accept(Quirk.UNKNOWN_ATTRIBUTE_IGNORED, unknown)


def _elements(value: Json) -> int:
    """How many elements the arrays of an operation's value hold."""
    if isinstance(value, list):
        return len(value)
    if isinstance(value, dict):
        return sum(len(member) for member in value.values() if isinstance(member, list))
    return 0
