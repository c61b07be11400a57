"""Bodies as people may read them: what the schema declares is shown, all else is masked.

Rules:
- A value is shown only under a name that the resource type declares, and only where its attribute may be returned:
  `returned: never` and `writeOnly` are masked, as is an object or array where the attribute has none.
- An unknown name is kept where it looks like an attribute's name or a URN, so that people see what was sent; its
  value is masked. The same holds for the paths of a PATCH.
- A filter in a PATCH path is kept where the path is understood; a search's filter and cursor are masked.
- Of a long array the first elements are shown, and how many follow.
"""

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final, TypeAlias

from hallway.scim.json import Json, JsonObject
from hallway.scim.patch_operations import PATCH_OP
from hallway.scim.patch_path import PatchPath, find_patch_path
from hallway.scim.path import ExtensionPath
from hallway.scim.problem import ScimProblem
from hallway.scim.quirks import Tolerance
from hallway.scim.schema import Attribute, AttributeType, Mutability, PlainTypes, ResourceType, Returned

MASK: Final = "•••"
MAX_ELEMENTS: Final = 2_000
"""Elements of an array that are shown: more than what a kept body has room for."""

_MAX_TEXT: Final = 250
_NAME: Final = re.compile(r"(?=.{1,128}\Z)[a-z$][a-z0-9_$-]{0,39}(?:[.:][a-z0-9_$-]{1,40})*", re.ASCII | re.IGNORECASE)
"""An attribute's name, a path of names, or a URN; no part is as long as keys and tokens are."""
_ID: Final = re.compile(r"[A-Za-z0-9_.:~-]{1,100}", re.ASCII)
_NEVER: Final = Returned.NEVER
_WRITE_ONLY: Final = Mutability.WRITE_ONLY
_COMPLEX: Final = AttributeType.COMPLEX
_VERBS: Final = frozenset({"add", "replace", "remove"})
_PATCH_MEMBERS: Final = frozenset({"schemas", "Operations"})
_PATCH_SCHEMAS: Final[Json] = [PATCH_OP]
_OPERATION_MEMBERS: Final = frozenset({"op", "path", "value"})
_METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_ORDERS: Final = frozenset({"ascending", "descending"})

_Reader: TypeAlias = Callable[[Json], Json]


def redacted_resource(body: Json, resource_type: ResourceType) -> Json:
    """The body of a POST or PUT."""
    if not isinstance(body, dict):
        return MASK
    known, schemas, showable = resource_type.top_level, resource_type.schemas, resource_type.showable
    shown: JsonObject = {}
    for key, value in body.items():
        plain = showable.get(key)
        if plain is not None and _is_open(value, plain):
            shown[key] = value
            continue
        lower = key.lower()
        attribute = known.get(lower)
        if lower == "schemas":
            shown[key] = _urns(value)
        elif attribute is not None:
            shown[key] = _value(attribute, value)
        elif lower in schemas:
            schema = schemas[lower]
            is_plain = isinstance(value, dict) and _is_plain(value, schema.showable)
            shown[key] = value if is_plain else _members(value, schema.by_name)
        else:
            shown[_name(key)] = MASK
    return shown


def redacted_patch(body: Json, resource_type: ResourceType) -> Json:
    """The body of a PATCH."""
    if _is_plain_patch(body, resource_type):
        return body

    def operations(value: Json) -> Json:
        return _each(value, lambda operation: _patch_operation(operation, resource_type))

    return _message(body, {"schemas": _urns, "operations": operations})


def redacted_bulk(body: Json, types: Mapping[str, ResourceType]) -> Json:
    """The body of a Bulk request; `types` by endpoint, such as `/Users`."""

    def operations(value: Json) -> Json:
        return _each(value, lambda operation: _bulk_operation(operation, types))

    return _message(body, {"schemas": _urns, "operations": operations, "failonerrors": _number})


def redacted_search(body: Json) -> Json:
    """The body of a POST to `/.search`: what is asked of which attributes, without what it is compared with."""
    return _message(body, _SEARCH_MEMBERS)


def cut(body: bytes, limit: int) -> tuple[bytes, str]:
    """At most `limit` bytes of a body, whole characters, and a note of what was cut off; empty for nothing."""
    if len(body) <= limit:
        return body, ""
    kept = body[:limit].decode("utf-8", "ignore").encode()
    return kept, f"Cut: the first {len(kept)} of {len(body)} bytes."


def unparsed_note(raw: bytes, position: str) -> str:
    """What is kept of a body that did not parse: `position` says where it failed, and quotes nothing of it."""
    return f"{len(raw)} bytes, SHA-256 {sha256(raw).hexdigest()}. {position}"


def _value(attribute: Attribute, value: Json) -> Json:
    if _is_hidden(attribute):
        return MASK
    if isinstance(value, list):
        return _each(value, lambda element: _element(attribute, element))
    return _element(attribute, value)


def _is_hidden(attribute: Attribute) -> bool:
    return attribute.returned is _NEVER or attribute.mutability is _WRITE_ONLY


def _element(attribute: Attribute, value: Json) -> Json:
    if value is None:
        return None
    if attribute.type is not _COMPLEX:
        return MASK if isinstance(value, (dict, list)) else value
    if isinstance(value, dict):
        return value if _is_plain(value, attribute.showable_subs) else _members(value, attribute.subs)
    bare = attribute.subs.get("value")
    return MASK if bare is None or isinstance(value, list) else _value(bare, value)


def _is_open(value: Json, plain: type | PlainTypes) -> bool:
    """Whether all of a value is as `plain` says that anybody may be shown: most are, and nothing is copied then."""
    if isinstance(plain, type):
        return type(value) is plain
    if isinstance(value, list):
        return len(value) <= MAX_ELEMENTS and all(isinstance(e, dict) and _is_plain(e, plain) for e in value)
    return isinstance(value, dict) and _is_plain(value, plain)


def _is_plain_patch(body: Json, resource_type: ResourceType) -> bool:
    """Whether nothing of it is to be masked for certain: every operation is about a whole attribute, by its own name,
    that anybody may be shown. Most are.
    """
    if not isinstance(body, dict) or not body.keys() <= _PATCH_MEMBERS or body.get("schemas") != _PATCH_SCHEMAS:
        return False
    operations, showable = body.get("Operations"), resource_type.showable
    if not isinstance(operations, list) or len(operations) > MAX_ELEMENTS:
        return False
    for operation in operations:
        if not isinstance(operation, dict) or operation.keys() != _OPERATION_MEMBERS:
            return False
        verb, path = operation["op"], operation["path"]
        if not isinstance(verb, str) or not isinstance(path, str) or verb.lower() not in _VERBS:
            return False
        plain = showable.get(path)
        if plain is None or not _is_open(operation["value"], plain):
            return False
    return True


def _is_plain(value: JsonObject, showable: Mapping[str, type]) -> bool:
    """Whether every member is a declared, visible one in its own spelling and of its own type: nothing to mask."""
    for key, member in value.items():  # noqa: SIM110 - the generator of `all` costs more than the question
        if showable.get(key) is not type(member):
            return False
    return True


def _members(value: Json, known: Mapping[str, Attribute]) -> Json:
    """An object of attributes or of sub-attributes."""
    if not isinstance(value, dict):
        return MASK
    shown: JsonObject = {}
    for key, member in value.items():
        attribute = known.get(key.lower())
        if attribute is None:
            shown[_name(key)] = MASK
        else:
            shown[key] = _value(attribute, member)
    return shown


def _patch_operation(operation: Json, resource_type: ResourceType) -> Json:
    text = _member(operation, "path")
    path = _path(text, resource_type)

    def where(sent: Json) -> Json:
        return sent if sent is None or path is not None else _name(sent)

    def value(sent: Json) -> Json:
        return _pathless(sent, resource_type) if text is None else _at(path, sent)

    return _message(operation, {"op": _one_of(_VERBS, str.lower), "path": where, "value": value})


def _pathless(value: Json, resource_type: ResourceType) -> Json:
    """The value of an operation without a path, whose keys may be paths themselves."""
    if not isinstance(value, dict):
        return MASK
    shown: JsonObject = {}
    core = resource_type.schema
    for key, member in value.items():
        if key.lower() == core.id.lower():
            shown[key] = _members(member, core.by_name)
            continue
        path = _path(key, resource_type)
        shown[key if path is not None else _name(key)] = _at(path, member)
    return shown


def _path(text: Json, resource_type: ResourceType) -> PatchPath | None:
    if not isinstance(text, str):
        return None
    try:
        return find_patch_path(text, resource_type, Tolerance())
    except ScimProblem:
        return None


def _at(path: PatchPath | None, value: Json) -> Json:
    if path is None:
        return MASK
    if isinstance(path.target, ExtensionPath):
        return _members(value, path.target.schema.by_name)
    attribute = path.target.attribute
    if attribute.name == "schemas":
        return _urns(value)
    if path.sub is None or _is_hidden(attribute):
        return _value(attribute, value)
    return _value(path.sub, value)


def _bulk_operation(operation: Json, types: Mapping[str, ResourceType]) -> Json:
    path, method = _member(operation, "path"), _member(operation, "method")
    endpoint = path.removeprefix("/").partition("/")[0] if isinstance(path, str) else ""
    resource_type = types.get(f"/{endpoint}")

    def content(sent: Json) -> Json:
        if resource_type is None:
            return MASK
        patches = isinstance(method, str) and method.upper() == "PATCH"
        return redacted_patch(sent, resource_type) if patches else redacted_resource(sent, resource_type)

    readers: Mapping[str, _Reader] = {
        "method": _one_of(_METHODS, str.upper),
        "path": lambda sent: _bulk_path(sent, types),
        "data": content,
        "bulkid": _text,
        "version": _text,
    }
    return _message(operation, readers)


def _bulk_path(path: Json, types: Mapping[str, ResourceType]) -> Json:
    if not isinstance(path, str):
        return MASK
    endpoint, slash, resource_id = path.removeprefix("/").partition("/")
    if f"/{endpoint}" not in types:
        return MASK
    return path if not resource_id or _ID.fullmatch(resource_id) else f"/{endpoint}{slash}{MASK}"


def _message(body: Json, readers: Mapping[str, _Reader]) -> Json:
    """A message of the protocol, each of its members as its reader shows it; masked where a name is there twice."""
    if not isinstance(body, dict) or len({key.lower() for key in body}) < len(body):
        return MASK
    shown: JsonObject = {}
    for key, member in body.items():
        reader = readers.get(key.lower())
        if reader is None:
            shown[_name(key)] = MASK
        else:
            shown[key] = reader(member)
    return shown


def _member(body: Json, name: str) -> Json:
    """The member of a message by its name in lower case; None where there is none."""
    if not isinstance(body, dict):
        return None
    return next((member for key, member in body.items() if key.lower() == name), None)


def _each(value: Json, reader: _Reader) -> Json:
    """An array's first elements; a single value, where one came, as the only one."""
    if not isinstance(value, list):
        return reader(value)
    if len(value) <= MAX_ELEMENTS:
        return [reader(element) for element in value]
    first: list[Json] = [reader(element) for element in value[:MAX_ELEMENTS]]
    return [*first, f"{MASK} and {len(value) - MAX_ELEMENTS} more"]


def _name(text: Json) -> str:
    return text if isinstance(text, str) and _NAME.fullmatch(text) else MASK


def _text(value: Json) -> Json:
    return value if isinstance(value, str) and len(value) <= _MAX_TEXT else MASK


def _number(value: Json) -> Json:
    return value if isinstance(value, int) else MASK


def _urns(value: Json) -> Json:
    return _each(value, _text)


def _names(value: Json) -> Json:
    return _each(value, _name)


def _masked(_: Json) -> Json:
    return MASK


def _one_of(words: frozenset[str], cased: Callable[[str], str]) -> _Reader:
    return lambda value: value if isinstance(value, str) and cased(value) in words else MASK


_SEARCH_MEMBERS: Final[Mapping[str, _Reader]] = {
    "schemas": _urns,
    "attributes": _names,
    "excludedattributes": _names,
    "filter": _masked,
    "sortby": _name,
    "sortorder": _one_of(_ORDERS, str.lower),
    "startindex": _number,
    "count": _number,
    "cursor": _masked,
}
