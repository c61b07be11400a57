"""Schemas, attributes and resource types as values (RFC 7643 §2, §6, §7).

Rules: names compare case-insensitively and are kept in their canonical spelling; a resource type knows its
core schema and the extensions that are switched on for it, so two directories may differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Final, TypeAlias


class AttributeType(Enum):
    """RFC 7643 §2.3."""

    STRING = "string"
    BOOLEAN = "boolean"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE_TIME = "dateTime"
    BINARY = "binary"
    REFERENCE = "reference"
    COMPLEX = "complex"


class Mutability(Enum):
    """RFC 7643 §7."""

    READ_ONLY = "readOnly"
    READ_WRITE = "readWrite"
    IMMUTABLE = "immutable"
    WRITE_ONLY = "writeOnly"


class Returned(Enum):
    """RFC 7643 §7."""

    ALWAYS = "always"
    NEVER = "never"
    DEFAULT = "default"
    REQUEST = "request"


class Uniqueness(Enum):
    """RFC 7643 §7."""

    NONE = "none"
    SERVER = "server"
    GLOBAL = "global"


PlainTypes: TypeAlias = Mapping[str, type]

_PLAIN: Final = {AttributeType.STRING: str, AttributeType.REFERENCE: str, AttributeType.BOOLEAN: bool}


@dataclass(frozen=True)
class Attribute:
    """One attribute definition; `sub_attributes` is non-empty only for a complex one."""

    name: str
    type: AttributeType = AttributeType.STRING
    multi_valued: bool = False
    required: bool = False
    case_exact: bool = False
    mutability: Mutability = Mutability.READ_WRITE
    returned: Returned = Returned.DEFAULT
    uniqueness: Uniqueness = Uniqueness.NONE
    description: str = ""
    canonical_values: tuple[str, ...] = ()
    reference_types: tuple[str, ...] = ()
    sub_attributes: "tuple[Attribute, ...]" = ()

    @cached_property
    def subs(self) -> "Mapping[str, Attribute]":
        """Sub-attributes by lower-case name."""
        return {sub.name.lower(): sub for sub in self.sub_attributes}

    @cached_property
    def plain_subs(self) -> PlainTypes:
        """What a client may set of it without further rules, by exact name: the Python types of text and booleans."""
        if any(sub.required for sub in self.sub_attributes):
            return {}
        return {
            sub.name: _PLAIN[sub.type]
            for sub in self.sub_attributes
            if sub.type in _PLAIN and not sub.multi_valued and sub.mutability is not Mutability.READ_ONLY
        }

    @cached_property
    def freely_replaced(self) -> bool:
        """Whether a client owns all of it: no part is read-only, immutable, or a reference that we complete."""
        whole = (self, *self.sub_attributes)
        owned = all(part.mutability in (Mutability.READ_WRITE, Mutability.WRITE_ONLY) for part in whole)
        return owned and not any(part.reference_types and part.name == "$ref" for part in whole)

    @cached_property
    def showable_subs(self) -> PlainTypes:
        """The text and boolean parts of it that anybody may be shown, by exact name."""
        if any(sub.withheld for sub in self.sub_attributes):
            return {}
        return {sub.name: _PLAIN[sub.type] for sub in self.sub_attributes if sub.type in _PLAIN}

    @cached_property
    def withheld(self) -> bool:
        """Whether it, or something of it, is not returned by default."""
        shown = self.returned in (Returned.ALWAYS, Returned.DEFAULT) and self.mutability is not Mutability.WRITE_ONLY
        return not shown or any(sub.withheld for sub in self.sub_attributes)


@dataclass(frozen=True)
class Schema:
    """A schema by its URN (`id`); URNs compare case-insensitively (RFC 7644 §3.10)."""

    id: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Attribute]:
        """Attributes by lower-case name."""
        return {attribute.name.lower(): attribute for attribute in self.attributes}

    @cached_property
    def showable(self) -> PlainTypes:
        """The single texts and booleans among them that anybody may be shown, by exact name."""
        return {
            a.name: _PLAIN[a.type]
            for a in self.attributes
            if a.type in _PLAIN and not a.multi_valued and not a.withheld
        }

    @cached_property
    def demanding(self) -> tuple[Attribute, ...]:
        """The attributes that are required, or have a sub-attribute that is."""
        return tuple(a for a in self.attributes if a.required or any(sub.required for sub in a.sub_attributes))

    @cached_property
    def withheld(self) -> tuple[Attribute, ...]:
        """The attributes of which not everything is returned by default."""
        return tuple(attribute for attribute in self.attributes if attribute.withheld)


@dataclass(frozen=True)
class Extension:
    """A schema extension of a resource type (RFC 7643 §6)."""

    schema: Schema
    required: bool = False


@dataclass(frozen=True)
class ResourceType:
    """What may live at one endpoint: a core schema, the common attributes, and extensions."""

    name: str
    endpoint: str
    description: str
    schema: Schema
    extensions: tuple[Extension, ...] = field(default=())

    @cached_property
    def schemas(self) -> Mapping[str, Schema]:
        """Core schema and extensions by lower-case URN."""
        return {s.id.lower(): s for s in (self.schema, *(e.schema for e in self.extensions))}

    @cached_property
    def common(self) -> Mapping[str, Attribute]:
        """`schemas`, `id`, `externalId`, `meta` by lower-case name (RFC 7643 §3.1)."""
        return {attribute.name.lower(): attribute for attribute in COMMON_ATTRIBUTES}

    @cached_property
    def showable(self) -> Mapping[str, type | PlainTypes]:
        """By exact name: the type of what anybody may be shown, or the types of its parts."""
        found: dict[str, type | PlainTypes] = {}
        for attribute in self.top_level.values():
            if attribute.name == "schemas" or attribute.withheld:
                continue
            if attribute.type in _PLAIN and not attribute.multi_valued:
                found[attribute.name] = _PLAIN[attribute.type]
            elif attribute.type is AttributeType.COMPLEX:
                found[attribute.name] = attribute.showable_subs
        return found

    @cached_property
    def top_level(self) -> Mapping[str, Attribute]:
        """What may stand at the top of the document without a URN: common and core attributes."""
        return {**self.common, **self.schema.by_name}


_RO = Mutability.READ_ONLY

COMMON_ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute(
        "schemas",
        AttributeType.REFERENCE,
        multi_valued=True,
        required=True,
        case_exact=True,
        returned=Returned.ALWAYS,
        description="The URIs of the schemas that the resource has attributes of.",
        reference_types=("uri",),
    ),
    Attribute(
        "id",
        case_exact=True,
        mutability=_RO,
        returned=Returned.ALWAYS,
        uniqueness=Uniqueness.SERVER,
        description="The identifier that this server gave to the resource.",
    ),
    Attribute("externalId", case_exact=True, description="The identifier that the client gave to it."),
    Attribute(
        "meta",
        AttributeType.COMPLEX,
        mutability=_RO,
        description="What the server knows of the resource.",
        sub_attributes=(
            Attribute("resourceType", case_exact=True, mutability=_RO),
            Attribute("created", AttributeType.DATE_TIME, mutability=_RO),
            Attribute("lastModified", AttributeType.DATE_TIME, mutability=_RO),
            Attribute("location", AttributeType.REFERENCE, mutability=_RO, reference_types=("uri",)),
            Attribute("version", case_exact=True, mutability=_RO),
        ),
    ),
)
