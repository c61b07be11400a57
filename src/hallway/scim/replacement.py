"""What a PUT leaves of a stored resource (RFC 7644 §3.5.1).

Rules:
- What the client sent takes the place of what was there; what it left out is removed.
- Read-only attributes stay as they are, and so does what completes a `value` that stays.
- Immutable attributes stay once they are set; another value is refused, none at all is not. What holds one and is
  left out, a complex value or an extension, stays whole.
- `active` stays as it is where the client left it out: otherwise a change of name would bring back somebody who
  left. A directory can ask for the other reading (`Quirk.MISSING_ACTIVE_MEANS_TRUE`).
"""

from collections.abc import Iterable
from typing import Final

from hallway.scim.assignment import refuse_changed_immutable
from hallway.scim.json import Json, JsonObject
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.required import schemas_of
from hallway.scim.schema import Attribute, AttributeType, Mutability, ResourceType, Schema

_OURS: Final = frozenset({"User", "Group"})
"""What a reference may refer to that this server has the address of."""


def replacement(stored: JsonObject, sent: JsonObject, resource_type: ResourceType, tolerance: Tolerance) -> JsonObject:
    """The canonical resource `stored` after a PUT of the canonical resource `sent`; changes neither.

    Raises `mutability` where an immutable attribute has another value. Equal to `stored` where the client sent
    what is there.
    """
    after: JsonObject = {"schemas": []}
    wanted = _with_active(stored, sent, resource_type, tolerance)
    _replace(after, (stored, wanted), resource_type.top_level.values(), "")
    for schema in (extension.schema for extension in resource_type.extensions):
        held = _extension(schema, _object(stored.get(schema.id)), _object(sent.get(schema.id)))
        if held:
            after[schema.id] = held
    after["schemas"] = _schemas(stored.get("schemas"), schemas_of(after, resource_type))
    return after


def _extension(schema: Schema, stored: JsonObject, sent: JsonObject) -> JsonObject:
    if not sent and any(_stays(attribute, stored.get(attribute.name)) for attribute in schema.attributes):
        return stored
    held: JsonObject = {}
    _replace(held, (stored, sent), schema.attributes, f"{schema.id}:")
    return held


def _with_active(stored: JsonObject, sent: JsonObject, resource_type: ResourceType, tolerance: Tolerance) -> JsonObject:
    if "active" in sent or "active" not in resource_type.schema.by_name:
        return sent
    if tolerance.applies(Quirk.MISSING_ACTIVE_MEANS_TRUE):
        tolerance.met.add(Quirk.MISSING_ACTIVE_MEANS_TRUE)
        return {**sent, "active": True}
    return {**sent, "active": stored["active"]} if "active" in stored else sent


def _schemas(stored: Json, now: list[Json]) -> Json:
    """The URNs as they are, or as they were where only their order differs: PATCH appends to them."""
    same = isinstance(stored, list) and len(stored) == len(now) and all(urn in stored for urn in now)
    return stored if same else now


def _replace(
    after: JsonObject, change: tuple[JsonObject, JsonObject], attributes: Iterable[Attribute], within: str
) -> None:
    """Put into `after` what `change`, the values that are there and those that were sent, leaves of each attribute."""
    stored, sent = change
    for attribute in attributes:
        old, new = stored.get(attribute.name), sent.get(attribute.name)
        if attribute.freely_replaced:
            if new is not None:
                after[attribute.name] = new
            continue
        if old is None and new is None:
            continue
        value = _kept(attribute, old, new)
        refuse_changed_immutable(attribute, old, value, within)
        if value is not None:
            after[attribute.name] = value


def _kept(attribute: Attribute, old: Json, new: Json) -> Json:
    """What was sent, with what a client cannot take away."""
    if attribute.mutability is Mutability.READ_ONLY or (new is None and _stays(attribute, old)):
        return old
    if attribute.type is AttributeType.COMPLEX and isinstance(old, dict) and isinstance(new, dict):
        return _kept_subs(attribute, old, new)
    return new


def _stays(attribute: Attribute, old: Json) -> bool:
    """Whether a client cannot take `old` away: it is read-only or immutable, or has a part that is immutable."""
    if attribute.mutability in (Mutability.READ_ONLY, Mutability.IMMUTABLE):
        return old is not None
    parts = _object(old)
    return any(sub.mutability is Mutability.IMMUTABLE and sub.name in parts for sub in attribute.sub_attributes)


def _kept_subs(attribute: Attribute, old: JsonObject, new: JsonObject) -> JsonObject:
    """One complex value, in the schema's order."""
    same = "value" in old and old["value"] == new.get("value")
    merged: JsonObject = {}
    for sub in attribute.sub_attributes:
        value = new.get(sub.name)
        if (same and _follows(sub)) or (value is None and sub.mutability is Mutability.IMMUTABLE):
            value = old.get(sub.name)
        if value is not None:
            merged[sub.name] = value
    return merged


def _follows(sub: Attribute) -> bool:
    """Whether a sub-attribute says no more than what `value` refers to: the server completes it."""
    if sub.mutability is Mutability.READ_ONLY:
        return True
    return sub.name == "$ref" and not _OURS.isdisjoint(sub.reference_types)


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}
