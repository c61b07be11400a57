"""PATCH, applied (RFC 7644 §3.5.2).

Rules:
- What comes in is not changed, and a problem leaves nothing half done.
- `replace` of what is not there is an `add`. On an array `add` appends what is not there yet and `replace` sets
  all; on a complex attribute both set what they name.
- null, an empty array and (as a quirk) empty text unassign. `add` of nothing to an array changes nothing.
- `replace` of chosen elements puts the value in their place; what the filter says of them stays (as a quirk).
- A chosen element that is not there is made as the filter says (as a quirk); otherwise `noTarget`.
- `remove` with a value removes those values only. Where there is nothing to remove it changes nothing.
- A new primary value makes the others not primary.
- When the `value` of a complex attribute changes, what the server knew of the old one (`$ref` and read-only
  sub-attributes) goes.
- Attributes that are stored as rows come out as edits. `schemas` follows from what the resource holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hallway.scim.assignment import Assignment, assigned, refuse_changed_immutable
from hallway.scim.elements import assigned_elements, without_elements, without_values
from hallway.scim.json import Json, JsonObject
from hallway.scim.member_edits import MemberEdit, member_edit
from hallway.scim.patch_operations import Operation, Verb
from hallway.scim.patch_path import PatchPath, find_patch_path, unfiltered
from hallway.scim.path import AttributePath, ExtensionPath
from hallway.scim.problem import invalid_path, invalid_value, mutability, no_target
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.schema import Attribute, Mutability, ResourceType, Schema
from hallway.scim.values import by_lower_name, check_required_subs, shown


@dataclass(frozen=True, slots=True)
class Patched:
    """The resource after all operations, and what they do to attributes that are stored as rows, in order."""

    resource: JsonObject
    member_edits: tuple[MemberEdit, ...] = ()


def patched(
    resource: JsonObject,
    operations: tuple[Operation, ...],
    resource_type: ResourceType,
    tolerance: Tolerance,
    row_attributes: frozenset[str] = frozenset(),
) -> Patched:
    """A canonical resource after the operations; equal to what came in where they change nothing.

    Read-only attributes compare with what `resource` holds, so hand in `id`, `meta` and what else is joined at
    read. `row_attributes` are lower-case names of core attributes. Raises ScimProblem.
    """
    draft = _Draft(dict(resource), resource_type, tolerance, row_attributes)
    for operation in operations:
        _apply(draft, operation)
    _check_complete(resource, draft.resource, resource_type)
    _set_schemas(resource, draft.resource, resource_type)
    return Patched(draft.resource, tuple(draft.edits))


@dataclass(slots=True)
class _Draft:
    """The resource so far: its own dictionary, whose values are shared with the original and never changed."""

    resource: JsonObject
    resource_type: ResourceType
    tolerance: Tolerance
    row_attributes: frozenset[str]
    edits: list[MemberEdit] = field(default_factory=list)

    def value(self, path: AttributePath) -> Json:
        holder = self.resource if path.extension is None else self.resource.get(path.extension)
        return holder.get(path.attribute.name) if isinstance(holder, dict) else None

    def put(self, path: AttributePath, value: Json) -> None:
        if path.extension is None:
            _put(self.resource, path.attribute.name, value)
            return
        held = self.resource.get(path.extension)
        extension = dict(held) if isinstance(held, dict) else {}
        _put(extension, path.attribute.name, value)
        _put(self.resource, path.extension, extension or None)


def _put(holder: JsonObject, name: str, value: Json) -> None:
    if value is None:
        holder.pop(name, None)
    else:
        holder[name] = value


def _apply(draft: _Draft, operation: Operation) -> None:
    if operation.path is not None:
        _change(draft, operation.verb, operation.path, operation.value)
        return
    if operation.verb is Verb.REMOVE:
        raise no_target("A `remove` needs a `path`.")
    if not isinstance(operation.value, dict):
        raise invalid_value("Without a `path`, the `value` of an operation is an object of attributes.")
    for path, value in _given(draft, operation.value, ""):
        _change(draft, operation.verb, path, value)


def _given(draft: _Draft, value: JsonObject, prefix: str) -> Iterator[tuple[PatchPath, Json]]:
    """The keys of a value without a path, each as a path; `prefix` is `urn:` of the extension it is about."""
    by_lower_name(value, "value")
    core = draft.resource_type.schema.id.lower()
    for key, member in value.items():
        if key.lower() == core and not prefix and isinstance(member, dict):
            otherwise = invalid_path("Attributes of the core schema stand beside its URN, not under it.")
            draft.tolerance.accept(Quirk.URN_KEY, otherwise)
            yield from _given(draft, member, f"{draft.resource_type.schema.id}:")
            continue
        path = _key_path(draft, key, prefix)
        if path is not None:
            yield path, member


def _key_path(draft: _Draft, key: str, prefix: str) -> PatchPath | None:
    path = find_patch_path(f"{prefix}{key}", draft.resource_type, draft.tolerance)
    if path is None:
        unknown = invalid_path(f"{draft.resource_type.name} has no attribute `{unfiltered(key)}`.")
        draft.tolerance.accept(Quirk.UNKNOWN_ATTRIBUTE_IGNORED, unknown)
        return None
    if isinstance(path.target, ExtensionPath):
        return path
    otherwise = invalid_path(f"`{unfiltered(key)}` may be a path, but not a key.")
    for mark, quirk in (("[", Quirk.FILTERED_KEY), (":", Quirk.URN_KEY), (".", Quirk.DOTTED_KEY)):
        if mark in key:
            draft.tolerance.accept(quirk, otherwise)
            break
    return path


def _change(draft: _Draft, verb: Verb, path: PatchPath, value: Json) -> None:
    target = path.target
    if isinstance(target, ExtensionPath):
        _change_extension(draft, verb, target.schema, value)
        return
    attribute = target.attribute
    core = target.extension is None
    if core and attribute.name == "password":
        draft.tolerance.met.add(Quirk.PASSWORD_DISCARDED)
    elif core and attribute.name == "schemas":
        _accept_schemas(draft, verb, value)
    elif core and attribute.name.lower() in draft.row_attributes:
        edit = member_edit(attribute, verb, path, value, draft.tolerance)
        draft.edits.extend([] if edit is None else [edit])
    elif _read_only(attribute, path.sub):
        _accept_read_only(draft, verb, path, value)
    else:
        _set(draft, verb, path, target, value)


def _set(draft: _Draft, verb: Verb, path: PatchPath, target: AttributePath, value: Json) -> None:
    within = "" if target.extension is None else f"{target.extension}:"
    old = draft.value(target)
    new = _new_value(path, target.attribute, old, value, Assignment(verb, draft.tolerance, within))
    refuse_changed_immutable(target.attribute, old, new, within)
    if new is None and target.attribute.required:
        raise invalid_value(f"`{path.name}` is required.")
    draft.put(target, new)


def _new_value(path: PatchPath, attribute: Attribute, old: Json, value: Json, how: Assignment) -> Json:
    if how.verb is Verb.REMOVE:
        return _rest(path, attribute, old, value, how)
    if attribute.multi_valued and (path.filter is not None or path.sub is not None):
        return assigned_elements(attribute, path, old, value, how)
    return assigned(attribute, old, value if path.sub is None else {path.sub.name: value}, how)


def _rest(path: PatchPath, attribute: Attribute, old: Json, value: Json, how: Assignment) -> Json:
    """What a `remove` leaves. Where the path says exactly what to remove, a value has nothing to add."""
    whole = path.filter is None and path.sub is None
    if whole and attribute.multi_valued and value is not None:
        return without_values(attribute, old, value, how)
    if value is not None:
        otherwise = invalid_value(f"`{path.name}` is removed by its path, without a `value`.")
        how.tolerance.accept(Quirk.REMOVE_WITH_VALUE, otherwise)
    if whole:
        return None
    if attribute.multi_valued:
        return without_elements(attribute, path, old, how)
    return None if path.sub is None else assigned(attribute, old, {path.sub.name: None}, how)


def _read_only(attribute: Attribute, sub: Attribute | None) -> bool:
    if attribute.mutability is Mutability.READ_ONLY:
        return True
    return sub is not None and sub.mutability is Mutability.READ_ONLY


def _accept_read_only(draft: _Draft, verb: Verb, path: PatchPath, value: Json) -> None:
    """Nothing, where the value is the one that is there (Okta sends the `id` back); else `mutability`."""
    refused = mutability(f"`{path.name}` is read-only.")
    if verb is Verb.REMOVE or path.filter is not None or isinstance(path.target, ExtensionPath):
        raise refused
    held, attribute = draft.value(path.target), path.target.attribute
    if path.sub is not None:
        held = held.get(path.sub.name) if isinstance(held, dict) else held
        attribute = path.sub
    if not _says_the_same(attribute, held, value):
        raise refused
    draft.tolerance.accept(Quirk.EQUAL_READ_ONLY_VALUE, refused)


def _says_the_same(attribute: Attribute, held: Json, given: Json) -> bool:
    """Whether everything that `given` says is so; names without case."""
    if isinstance(held, list) and isinstance(given, list) and len(held) == len(given):
        return all(_says_the_same(attribute, h, g) for h, g in zip(held, given, strict=True))
    if isinstance(held, dict) and isinstance(given, dict):
        subs = [(attribute.subs.get(key.lower()), member) for key, member in given.items()]
        return all(sub and _says_the_same(sub, held.get(sub.name), member) for sub, member in subs)
    unassigned: tuple[Json, ...] = (None, "", [], {})
    return held == given or (held is None and given in unassigned)


def _accept_schemas(draft: _Draft, verb: Verb, value: Json) -> None:
    """`schemas` may be sent and follows from the rest; what it names beyond the resource type is a quirk."""
    if verb is Verb.REMOVE:
        raise invalid_value("`schemas` is required.")
    for urn in value if isinstance(value, list) else [value]:
        if not isinstance(urn, str):
            raise invalid_value("`schemas` is an array of URNs.")
        if urn.lower() not in draft.resource_type.schemas:
            unknown = invalid_value(f"{draft.resource_type.name} has no schema `{shown(urn)}`.")
            draft.tolerance.accept(Quirk.UNKNOWN_SCHEMA_IGNORED, unknown)


def _change_extension(draft: _Draft, verb: Verb, schema: Schema, value: Json) -> None:
    if verb is Verb.REMOVE or value is None:
        _remove_extension(draft, schema)
        return
    if not isinstance(value, dict):
        raise invalid_value(f"`{schema.id}` is an object of attributes.")
    for path, member in _given(draft, value, f"{schema.id}:"):
        _change(draft, verb, path, member)


def _remove_extension(draft: _Draft, schema: Schema) -> None:
    held = draft.resource.get(schema.id)
    if not isinstance(held, dict):
        return
    for attribute in schema.attributes:
        if attribute.name in held and attribute.mutability in (Mutability.READ_ONLY, Mutability.IMMUTABLE):
            raise mutability(f"`{schema.id}:{attribute.name}` cannot be removed.")
    if any(e.required and e.schema is schema for e in draft.resource_type.extensions):
        raise invalid_value(f"`{schema.id}` is required.")
    del draft.resource[schema.id]


def _check_complete(before: JsonObject, after: JsonObject, resource_type: ResourceType) -> None:
    """Raise `invalidValue` where what was set lacks something required; what was not touched is not looked at."""
    known = resource_type.top_level
    for name, value in after.items():
        if value is not before.get(name) and (attribute := known.get(name.lower())) is not None:
            check_required_subs(attribute, value)
    for schema in (extension.schema for extension in resource_type.extensions):
        held = after.get(schema.id)
        if held is before.get(schema.id) or not isinstance(held, dict):
            continue
        for attribute in schema.attributes:
            writable = attribute.mutability is not Mutability.READ_ONLY
            if attribute.required and writable and attribute.name not in held:
                raise invalid_value(f"`{schema.id}:{attribute.name}` is required.")
            check_required_subs(attribute, held.get(attribute.name), f"{schema.id}:")


def _set_schemas(before: JsonObject, after: JsonObject, resource_type: ResourceType) -> None:
    """List the URNs of extensions that came, and no longer those that went (RFC 7643 §3.3)."""
    listed = after.get("schemas")
    urns = [extension.schema.id for extension in resource_type.extensions]
    if not isinstance(listed, list) or [urn in before for urn in urns] == [urn in after for urn in urns]:
        return
    gone = {urn.lower() for urn in urns if urn in before and urn not in after}
    kept = [urn for urn in listed if not (isinstance(urn, str) and urn.lower() in gone)]
    known = {urn.lower() for urn in kept if isinstance(urn, str)}
    came = [urn for urn in urns if urn in after and urn not in before and urn.lower() not in known]
    after["schemas"] = [*kept, *came]
