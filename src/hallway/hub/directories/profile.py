"""A directory's user as applications want to know her: one profile, whatever the directory product sends.

Rules: what a directory did not send is empty; a custom value is found by the path that the deployment gives its name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hallway.hub.applications.model import Application
from hallway.hub.directories.columns import ENTERPRISE
from hallway.hub.directories.person import person_of
from hallway.scim.json import Json, JsonObject
from hallway.scim.path import AttributePath, attribute_path
from hallway.scim.problem import ScimProblem
from hallway.scim.quirks import Tolerance
from hallway.scim.schema import ResourceType

_STRICT: Final = Tolerance(strict=True)


@dataclass(frozen=True, slots=True)
class Profile:
    """Names, addresses, place in the company; `manager` is her id and name, `groups` id and name of each."""

    user_name: str
    external_id: str
    active: bool
    name: str
    given_name: str
    family_name: str
    email: str
    emails: tuple[str, ...]
    phone: str
    title: str
    department: str
    employee_number: str
    manager: tuple[str, str] | None
    groups: tuple[tuple[str, str], ...]
    custom: Mapping[str, Json]


def lacking(told: Profile, applications: Iterable[Application]) -> Sequence[tuple[Application, tuple[str, ...]]]:
    """Applications that cannot do without something that is empty, in their order, each with what it is."""
    found = ((one, tuple(name for name in one.required if not getattr(told, name))) for one in applications)
    return [(one, names) for one, names in found if names]


def profile_of(resource: JsonObject, user_type: ResourceType, custom: Mapping[str, str]) -> Profile:
    """The profile of a complete user; `custom` has a path for each name."""
    person, name = person_of(resource), _part(resource.get("name"))
    enterprise = _part(resource.get(ENTERPRISE))
    manager = _part(enterprise.get("manager"))
    phones = _elements(resource.get("phoneNumbers"))
    first = next((one for one in phones if one.get("primary") is True), phones[0] if phones else {})
    return Profile(
        user_name=_text(resource.get("userName")),
        external_id=_text(resource.get("externalId")),
        active=resource.get("active") is not False,
        name=person.name,
        given_name=_text(name.get("givenName")),
        family_name=_text(name.get("familyName")),
        email=person.email,
        emails=tuple(filter(None, (_text(one.get("value")) for one in _elements(resource.get("emails"))))),
        phone=_text(first.get("value")),
        title=_text(resource.get("title")),
        department=_text(enterprise.get("department")),
        employee_number=_text(enterprise.get("employeeNumber")),
        manager=(_text(manager.get("value")), _text(manager.get("displayName"))) if manager else None,
        groups=tuple((_text(one.get("value")), _text(one.get("display"))) for one in _elements(resource.get("groups"))),
        custom={label: _at(resource, path, user_type) for label, path in custom.items()},
    )


def _at(resource: JsonObject, text: str, user_type: ResourceType) -> Json:
    """What stands at a path; None where nothing does, or where this directory's users have no such attribute."""
    try:
        path = attribute_path(text, user_type, _STRICT)
    except ScimProblem:
        return None
    if not isinstance(path, AttributePath):
        return None
    holder = resource if path.extension is None else _part(resource.get(path.extension))
    value = holder.get(path.attribute.name)
    if path.sub is None:
        return value
    if isinstance(value, list):
        return [one.get(path.sub.name) for one in _elements(value)]
    return _part(value).get(path.sub.name)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _part(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _elements(value: Json) -> list[JsonObject]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
