"""Whom a directory user is: her address, her name, and whether the directory wants her to be an administrator."""

from dataclasses import dataclass
from typing import Final

from hallway.scim.fold import fold
from hallway.scim.json import Json, JsonObject

_ADMIN: Final = frozenset({"admin", "administrator"})
_ROLE_NAMES: Final = frozenset({"organizationrole"})


@dataclass(frozen=True, slots=True)
class Person:
    """`email` is the primary address, else the first, else a userName that is one; "" for none."""

    email: str
    name: str
    asks_admin: bool

    @property
    def address(self) -> str:
        """The address without case."""
        return fold(self.email)

    @property
    def domain(self) -> str:
        """The address's domain as domains are kept: IDNA, lower case; "" for none."""
        domain = self.email.rpartition("@")[2].strip().rstrip(".").lower()
        if domain.isascii():
            return domain
        try:
            return domain.encode("idna").decode()
        except UnicodeError:
            return ""


def person_of(resource: JsonObject) -> Person:
    """The person of a canonical user."""
    display = resource.get("displayName")
    name = display if isinstance(display, str) and display else _full_name(resource.get("name"))
    return Person(_email(resource), name, _asks_admin(resource))


def _email(resource: JsonObject) -> str:
    emails = resource.get("emails")
    elements = [one for one in emails if isinstance(one, dict)] if isinstance(emails, list) else []
    for one in (*(one for one in elements if one.get("primary") is True), *elements):
        value = one.get("value")
        if isinstance(value, str) and _is_email(value):
            return value.strip()
    user_name = resource.get("userName")
    return user_name.strip() if isinstance(user_name, str) and _is_email(user_name) else ""


def _is_email(text: str) -> bool:
    local, at, domain = text.strip().rpartition("@")
    return bool(at and local and domain) and not any(map(str.isspace, text.strip()))


def _full_name(name: Json | None) -> str:
    if not isinstance(name, dict):
        return ""
    formatted = name.get("formatted")
    if isinstance(formatted, str) and formatted:
        return formatted
    return " ".join(part for key in ("givenName", "familyName") if isinstance(part := name.get(key), str) and part)


def _asks_admin(resource: JsonObject) -> bool:
    """Whether `roles`, or a declared extension's organization role, says Admin."""
    roles = resource.get("roles")
    values = [one.get("value") for one in roles if isinstance(one, dict)] if isinstance(roles, list) else []
    for key, held in resource.items():
        if key.lower().startswith("urn:") and isinstance(held, dict):
            values += [value for name, value in held.items() if name.lower() in _ROLE_NAMES]
    return any(isinstance(value, str) and value.strip().lower() in _ADMIN for value in values)
