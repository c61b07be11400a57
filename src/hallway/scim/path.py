"""Attribute paths: `userName`, `name.givenName`, with or without a schema's URN (RFC 7644 §3.10).

Rules: names and URNs compare without case. The last colon ends the URN, whose version has a dot of its own;
what follows is split at dots. An unknown name is None: whether that is an error is for the caller to say.
"""

from dataclasses import dataclass

from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.schema import Attribute, ResourceType, Schema


@dataclass(frozen=True, slots=True, repr=False)
class AttributePath:
    """An attribute of a resource type, or one of its sub-attributes.

    `schema` is None for a common attribute; `extension` is the canonical URN under which the attribute lives
    in a resource, None for core and common ones.
    """

    schema: Schema | None
    attribute: Attribute
    sub: Attribute | None
    extension: str | None

    @property
    def leaf(self) -> Attribute:
        """What the path ends in."""
        return self.attribute if self.sub is None else self.sub

    def __repr__(self) -> str:
        return f"AttributePath({path_text(self)!r})"


@dataclass(frozen=True, slots=True, repr=False)
class ExtensionPath:
    """All of one extension, named by its URN alone."""

    schema: Schema

    def __repr__(self) -> str:
        return f"ExtensionPath({path_text(self)!r})"


def attribute_path(
    text: str, resource_type: ResourceType, tolerance: Tolerance
) -> AttributePath | ExtensionPath | None:
    """What `text` names in resources of this type, or None."""
    schema = resource_type.schemas.get(text.lower())
    if schema is not None:
        return None if schema is resource_type.schema else ExtensionPath(schema)
    urn, colon, names = text.rpartition(":")
    name, dot, sub_name = names.partition(".")
    found = _with_urn(urn, name, resource_type) if colon else _without_urn(name, resource_type, tolerance)
    if found is None or not dot:
        return found
    sub = found.attribute.subs.get(sub_name.lower())
    return None if sub is None else with_sub(found, sub)


def with_sub(path: AttributePath, sub: Attribute | None) -> AttributePath:
    """The path to `sub` in the attribute of `path`."""
    return AttributePath(path.schema, path.attribute, sub, path.extension)


def path_text(path: AttributePath | ExtensionPath) -> str:
    """The canonical spelling; reads back to an equal path."""
    if isinstance(path, ExtensionPath):
        return path.schema.id
    urn = "" if path.extension is None else f"{path.extension}:"
    sub = "" if path.sub is None else f".{path.sub.name}"
    return f"{urn}{path.attribute.name}{sub}"


def _with_urn(urn: str, name: str, resource_type: ResourceType) -> AttributePath | None:
    schema = resource_type.schemas.get(urn.lower())
    if schema is None:
        return None
    if schema is resource_type.schema:
        return _top_level(name, resource_type)
    attribute = schema.by_name.get(name.lower())
    return None if attribute is None else AttributePath(schema, attribute, None, schema.id)


def _without_urn(name: str, resource_type: ResourceType, tolerance: Tolerance) -> AttributePath | None:
    found = _top_level(name, resource_type)
    if found is not None or tolerance.strict:
        return found
    lower = name.lower()
    owners = [e.schema for e in resource_type.extensions if lower in e.schema.by_name]
    if len(owners) != 1:
        return None
    tolerance.met.add(Quirk.EXTENSION_WITHOUT_URN)
    return AttributePath(owners[0], owners[0].by_name[lower], None, owners[0].id)


def _top_level(name: str, resource_type: ResourceType) -> AttributePath | None:
    lower = name.lower()
    attribute = resource_type.top_level.get(lower)
    if attribute is None:
        return None
    schema = resource_type.schema if lower in resource_type.schema.by_name else None
    return AttributePath(schema, attribute, None, None)
