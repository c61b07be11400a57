"""What of a document is looked up: the columns and keys beside it.

Rules: texts are folded by `scim.fold`, except externalId, whose case counts; numbers in `KEYED` are stored and
never change their meaning.
"""

from typing import Final, TypeAlias

from hallway.hub.directories.model import Kind
from hallway.hub.directories.resources import Columns
from hallway.ids import USER, ResourceId, parsed
from hallway.scim.fold import fold
from hallway.scim.json import Json, JsonObject
from hallway.scim.path import AttributePath

ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_ENTERPRISE_KEY: Final = ENTERPRISE.lower()

KEYED: Final = {
    "emails.value": 1,
    "phonenumbers.value": 2,
    f"{_ENTERPRISE_KEY}.employeenumber": 3,
    f"{_ENTERPRISE_KEY}.manager.value": 4,
}
"""Attributes with rows of their own, by `path_key`."""


_KEY_SOURCES: Final = ("emails", "phoneNumbers", ENTERPRISE)

Keys: TypeAlias = tuple[tuple[int, str], ...]
"""Attribute numbers and folded values, sorted."""


def same_keys(old: JsonObject, new: JsonObject) -> bool:
    """Whether two versions have the same look-up keys for certain."""
    return all(old.get(name) == new.get(name) for name in _KEY_SOURCES)


def path_key(path: AttributePath) -> str:
    """A path in one spelling: lower case, the extension's URN first, joined by dots."""
    names = [path.attribute.name] if path.sub is None else [path.attribute.name, path.sub.name]
    if path.extension is not None:
        names.insert(0, path.extension)
    return ".".join(names).lower()


def columns_of(kind: Kind, resource: JsonObject, splice_at: int | None = None, keys: Keys | None = None) -> Columns:
    """The columns of a canonical resource; `splice_at` is known by whoever writes the document.

    `keys` are those of the version before, where nothing changed that they are made of.
    """
    display = _text(resource.get("displayName"))
    if kind is Kind.GROUP:
        name = display
    else:
        name = _text(resource.get("userName"))
    active = resource.get("active")
    manager = manager_value(resource)
    return Columns(
        name_key=None if name is None else fold(name),
        external_id=_text(resource.get("externalId")),
        display=display or "",
        display_key=None if display is None else fold(display),
        active=active if isinstance(active, bool) else None,
        keys=_keys(resource) if keys is None else keys,
        manager_id=None if manager is None else _user_id(manager),
        splice_at=splice_at,
    )


def manager_value(resource: JsonObject) -> str | None:
    """`value` of the enterprise extension's manager."""
    extension = resource.get(ENTERPRISE)
    manager = extension.get("manager") if isinstance(extension, dict) else None
    return _text(manager.get("value")) if isinstance(manager, dict) else None


def with_plain_manager(resource: JsonObject) -> JsonObject:
    """The resource whose manager is her `value` alone: `$ref` and `displayName` are ours to say, at read."""
    extension = resource.get(ENTERPRISE)
    manager = extension.get("manager") if isinstance(extension, dict) else None
    if not isinstance(extension, dict) or not isinstance(manager, dict) or manager.keys() <= {"value"}:
        return resource
    plain: JsonObject = {"value": manager["value"]} if "value" in manager else {}
    rest = {name: held for name, held in extension.items() if name != "manager"}
    return {**resource, ENTERPRISE: {**rest, "manager": plain} if plain else rest}


def _user_id(text: str) -> ResourceId | None:
    found = parsed(USER, text)
    return None if found is None else ResourceId(found)


def _keys(resource: JsonObject) -> tuple[tuple[int, str], ...]:
    found = {(1, value) for value in _values(resource.get("emails"))}
    found |= {(2, value) for value in _values(resource.get("phoneNumbers"))}
    extension = resource.get(ENTERPRISE)
    if isinstance(extension, dict):
        number, manager = _text(extension.get("employeeNumber")), manager_value(resource)
        found |= {(3, fold(number))} if number else set()
        found |= {(4, fold(manager))} if manager else set()
    return tuple(sorted(found))


def _values(elements: Json) -> list[str]:
    if not isinstance(elements, list):
        return []
    texts = [_text(element.get("value")) for element in elements if isinstance(element, dict)]
    return [fold(text) for text in texts if text]


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None
