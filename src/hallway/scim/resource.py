"""Whole resources: what a POST or PUT body is stored as (RFC 7643 §2, §3; RFC 7644 §3.3, §3.5.1).

Rules:
- Names in any case, also those of URNs, become canonical; attributes stand in the order of their schemas. How deep
  a body nests is for whoever decodes it: of this one no more is read than schemas have levels.
- Read-only attributes, `null`, empty arrays and empty objects are left out without a word.
- `schemas` is what the resource holds, not what the client listed.
- A password is dropped unread, in a strict directory too (`Quirk.PASSWORD_DISCARDED`).
- Everything required that is missing is named at once.
"""

from collections.abc import Mapping
from typing import Final

from hallway.scim.json import Json, JsonObject
from hallway.scim.problem import invalid_syntax, invalid_value
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.required import ensure_valid, schemas_of
from hallway.scim.schema import Attribute, AttributeType, Mutability, PlainTypes, ResourceType, Schema
from hallway.scim.values import MAX_TEXT_CHARACTERS, by_lower_name, canonical_value, shown

_READ_ONLY: Final = Mutability.READ_ONLY
_STRING: Final = AttributeType.STRING


def parsed_resource(body: Json, resource_type: ResourceType, tolerance: Tolerance) -> JsonObject:
    """The canonical resource that a client's body says; `schemas` comes first, extensions last.

    Raises `invalidSyntax` for a body that is no object or has a name twice, `invalidValue` for the rest.
    """
    if not isinstance(body, dict):
        raise invalid_syntax("The body is an object of attributes.")
    given = _merged_core(by_lower_name(body, "The body"), resource_type, tolerance)
    listed = _listed(given.pop("schemas", None), resource_type, tolerance)
    _drop_password(given, resource_type.schema, tolerance)
    extensions = [(e, given.pop(key)) for e in resource_type.extensions if (key := e.schema.id.lower()) in given]
    _refuse_unknown(given, resource_type.top_level, resource_type.name, tolerance)
    resource: JsonObject = {"schemas": []}
    _read(resource, given, resource_type.top_level, tolerance)
    for extension, value in extensions:
        held = _extension(extension.schema, value, tolerance)
        if held:
            resource[extension.schema.id] = held
            _check_listed(extension.schema, listed, tolerance)
    ensure_valid(resource, resource_type)
    resource["schemas"] = schemas_of(resource, resource_type)
    return resource


def created_defaults(resource: JsonObject, resource_type: ResourceType) -> JsonObject:
    """The resource as a POST makes it: `active` is true where the client did not say."""
    if "active" in resource or "active" not in resource_type.schema.by_name:
        return resource
    made: JsonObject = {**resource, "active": True}
    first: JsonObject = {a.name: made[a.name] for a in resource_type.top_level.values() if a.name in made}
    return first | made


def split_rows(resource: JsonObject, names: frozenset[str]) -> tuple[JsonObject, list[Json]]:
    """The resource without the attributes that are stored as rows, and the elements of these.

    `names` are canonical names of top-level attributes, such as `members`.
    """
    rows: list[Json] = []
    for name in sorted(names):
        elements = resource.get(name)
        rows += elements if isinstance(elements, list) else []
    return {name: value for name, value in resource.items() if name not in names}, rows


def _merged_core(given: JsonObject, resource_type: ResourceType, tolerance: Tolerance) -> JsonObject:
    """By lower-case name, with what stands under the core schema's own URN beside the rest (`Quirk.URN_KEY`)."""
    urn = resource_type.schema.id
    if urn.lower() not in given:
        return given
    under = given.pop(urn.lower())
    otherwise = invalid_syntax(f"Attributes of {urn} stand at the top of the body, not under its URN.")
    tolerance.accept(Quirk.URN_KEY, otherwise)
    if under is None:
        return given
    if not isinstance(under, dict):
        raise invalid_syntax(f"`{urn}` is an object of attributes.")
    core = by_lower_name(under, urn)
    twice = sorted(core.keys() & given.keys())
    if twice:
        raise invalid_syntax(f"`{shown(twice[0])}` stands both at the top of the body and under {urn}.")
    return {**given, **core}


def _listed(urns: Json, resource_type: ResourceType, tolerance: Tolerance) -> frozenset[str]:
    """The known schemas that the client listed, in lower case."""
    core = resource_type.schema.id
    if isinstance(urns, str):
        tolerance.accept(Quirk.ARRAY_AS_SINGLE_VALUE, invalid_syntax("`schemas` is an array."))
        urns = [urns]
    listed: set[str] = set()
    for urn in urns if isinstance(urns, list) else [] if urns is None else [urns]:
        if not isinstance(urn, str):
            raise invalid_syntax("`schemas` is an array of URNs.")
        listed.add(urn.lower())
        if urn.lower() not in resource_type.schemas:
            unknown = invalid_value(f"{resource_type.name} has no schema `{shown(urn)}`.")
            tolerance.accept(Quirk.UNKNOWN_SCHEMA_IGNORED, unknown)
    if core.lower() not in listed:
        tolerance.accept(Quirk.MISSING_SCHEMAS, invalid_value(f"`schemas` must hold {core}."))
    return frozenset(listed)


def _check_listed(schema: Schema, listed: frozenset[str], tolerance: Tolerance) -> None:
    if schema.id.lower() not in listed:
        missing = invalid_value(f"`schemas` must hold {schema.id}, of which there are attributes.")
        tolerance.accept(Quirk.MISSING_SCHEMAS, missing)


def _drop_password(given: JsonObject, core: Schema, tolerance: Tolerance) -> None:
    if "password" in core.by_name and given.pop("password", None) is not None:
        tolerance.met.add(Quirk.PASSWORD_DISCARDED)


def _extension(schema: Schema, value: Json, tolerance: Tolerance) -> JsonObject:
    held: JsonObject = {}
    if value is None:
        return held
    if not isinstance(value, dict):
        raise invalid_syntax(f"`{schema.id}` is an object of attributes.")
    given = by_lower_name(value, schema.id)
    _refuse_unknown(given, schema.by_name, schema.id, tolerance)
    _read(held, given, schema.by_name, tolerance, f"{schema.id}:")
    return held


def _read(
    target: JsonObject, given: JsonObject, known: Mapping[str, Attribute], tolerance: Tolerance, within: str = ""
) -> None:
    """Put into `target` what is assigned, in the order of `known`."""
    for key, attribute in known.items():
        if key not in given or attribute.mutability is _READ_ONLY:
            continue
        value = given[key]
        if not _stays(attribute, value):
            value = canonical_value(attribute, value, tolerance, within)
        if value is not None:
            target[attribute.name] = value


def _stays(attribute: Attribute, value: Json) -> bool:
    """Whether `canonical_value` would surely return the same, as it does for most of what comes."""
    if isinstance(value, str):
        return attribute.type is _STRING and not attribute.multi_valued and _is_plain_text(value)
    if attribute.multi_valued:
        return isinstance(value, list) and _is_plain_array(value, attribute.plain_subs)
    return isinstance(value, dict) and _is_plain_object(value, attribute.plain_subs)


def _is_plain_array(elements: list[Json], known: PlainTypes) -> bool:
    primary = 0
    for element in elements:
        if not isinstance(element, dict) or not _is_plain_object(element, known):
            return False
        primary += element.get("primary") is True
    return bool(elements) and primary <= 1


def _is_plain_object(parts: JsonObject, known: PlainTypes) -> bool:
    for name, part in parts.items():
        if type(part) is not known.get(name):
            return False
        # As `_is_plain_text` has it; a call for each text would cost more than the question.
        if isinstance(part, str) and not (part.isprintable() and len(part) <= MAX_TEXT_CHARACTERS):
            return False
    return bool(parts)


def _is_plain_text(text: str) -> bool:
    """Printable text has neither NUL nor lone surrogates."""
    return text.isprintable() and len(text) <= MAX_TEXT_CHARACTERS


def _refuse_unknown(given: JsonObject, known: Mapping[str, Attribute], owner: str, tolerance: Tolerance) -> None:
    unknown = given.keys() - known.keys()
    if unknown:
        names = ", ".join(f"`{shown(name)}`" for name in sorted(unknown)[:10])
        tolerance.accept(Quirk.UNKNOWN_ATTRIBUTE_IGNORED, invalid_value(f"{owner} has no attribute {names}."))
