"""What of a resource is in an answer (RFC 7644 §3.9, §3.4.2.5; RFC 7643 §7 `returned`).

Rules:
- `always` is there whatever is asked, `never` and `writeOnly` whatever is asked not, `request` only where it is
  named itself. `attributes` chooses among the `default` ones, `excludedAttributes` leaves some of them out.
- A name stands for all that is inside it; `name.givenName` for this sub-attribute, a URN for all of its extension.
- Names in any case; unknown ones say nothing. The URN of the core schema stands for what of it is returned by
  default. An extension's attribute is found without its URN where no other has the name, in a strict directory too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, Union

from hallway.scim.json import Json, JsonObject
from hallway.scim.path import ExtensionPath, attribute_path
from hallway.scim.problem import invalid_value
from hallway.scim.quirks import Tolerance
from hallway.scim.schema import Attribute, Mutability, ResourceType, Returned, Schema

Names: TypeAlias = Mapping[str, Union["Names", None]]
"""What was named, by canonical name: None for all of it, else what is named inside."""

_NOTHING: Final[Names] = {}


@dataclass(frozen=True, slots=True)
class Projection:
    """`only` what is named, or all but what is named."""

    names: Names
    only: bool

    @classmethod
    def of(
        cls, attributes: Sequence[str] | None, excluded: Sequence[str] | None, resource_type: ResourceType
    ) -> "Projection | None":
        """What the two parameters ask for; None where neither names anything.

        Raises `invalidValue` for both at once.
        """
        if attributes and excluded:
            raise invalid_value("Ask by `attributes` or by `excludedAttributes`, not by both.")
        named = attributes or excluded
        return cls(_names(named, resource_type), bool(attributes)) if named else None


def includes(asked: Projection | None, name: str) -> bool:
    """Whether an answer can hold something of a top-level attribute that is returned by default.

    `name` is canonical, such as `members`; where it is False, nobody needs to load them.
    """
    if asked is None:
        return True
    if asked.only:
        return name in asked.names
    return asked.names.get(name, _NOTHING) is not None


def projected(resource: JsonObject, asked: Projection | None, resource_type: ResourceType) -> JsonObject:
    """A canonical resource as it is answered; the values are shared with what came in."""
    shown = _shown(resource, resource_type.top_level.values(), asked)
    for extension in resource_type.extensions:
        urn = extension.schema.id
        held = resource.get(urn)
        if isinstance(held, dict):
            rest = _shown(held, extension.schema.attributes, _inside(asked, urn))
            if rest:
                shown[urn] = rest
    return shown


def split_returned(resource: JsonObject, resource_type: ResourceType) -> tuple[JsonObject, JsonObject]:
    """What is returned by default, and the rest: every attribute whole of which something is not.

    `merged_hidden` puts both together again. The first is a copy, whose values are shared.
    """
    shown, hidden = _split(resource, resource_type.schema)
    for schema in (extension.schema for extension in resource_type.extensions):
        held = resource.get(schema.id)
        if schema.withheld and isinstance(held, dict):
            inside, rest = _split(held, schema)
            if rest:
                hidden[schema.id] = rest
                _put(shown, schema.id, inside or None)
    return shown, hidden


def merged_hidden(shown: JsonObject, hidden: Json) -> JsonObject:
    """The resource that `split_returned` took apart; what was joined to what is shown stays."""
    merged = dict(shown)
    for name, value in hidden.items() if isinstance(hidden, dict) else ():
        there = merged.get(name)
        merged[name] = merged_hidden(there, value) if isinstance(there, dict) and isinstance(value, dict) else value
    return merged


def _split(holder: JsonObject, schema: Schema) -> tuple[JsonObject, JsonObject]:
    shown, hidden = dict(holder), JsonObject()
    for attribute in schema.withheld:
        value = holder.get(attribute.name)
        if value is None:
            continue
        part = _shown({attribute.name: value}, (attribute,), None).get(attribute.name)
        if part != value:
            hidden[attribute.name] = value
            _put(shown, attribute.name, part)
    return shown, hidden


def _put(holder: JsonObject, name: str, value: Json) -> None:
    if value is None:
        holder.pop(name, None)
    else:
        holder[name] = value


def _names(texts: Sequence[str], resource_type: ResourceType) -> Names:
    names: dict[str, Names | None] = {}
    for text in texts:
        if text.lower() == resource_type.schema.id.lower():
            names.update((a.name, None) for a in resource_type.schema.attributes if a.returned is Returned.DEFAULT)
            continue
        path = attribute_path(text, resource_type, Tolerance())
        if isinstance(path, ExtensionPath):
            names[path.schema.id] = None
        elif path is not None:
            keys = [path.attribute.name] if path.extension is None else [path.extension, path.attribute.name]
            _add(names, keys if path.sub is None else [*keys, path.sub.name])
    return names


def _add(names: dict[str, Names | None], keys: list[str]) -> None:
    """Name what `keys` lead to, unless something around it is named as a whole."""
    first, rest = keys[0], keys[1:]
    if not rest:
        names[first] = None
        return
    inner = names.get(first, _NOTHING)
    if inner is not None:
        deeper = dict(inner)
        _add(deeper, rest)
        names[first] = deeper


def _inside(asked: Projection | None, name: str) -> Projection | None:
    """What is asked of that which is inside something that is in the answer; None for what is there by default."""
    if asked is None:
        return None
    inner = asked.names.get(name, _NOTHING)
    if inner is None:
        return None if asked.only else Projection(_NOTHING, only=True)
    return Projection(inner, asked.only)


def _shown(holder: JsonObject, attributes: Iterable[Attribute], asked: Projection | None) -> JsonObject:
    shown: JsonObject = {}
    for attribute in attributes:
        value = holder.get(attribute.name)
        if value is None or not _is_returned(attribute, asked):
            continue
        if attribute.sub_attributes:
            value = _parts(attribute, value, asked)
            if value is None:
                continue
        shown[attribute.name] = value
    return shown


def _is_returned(attribute: Attribute, asked: Projection | None) -> bool:
    """Whether something of it may be in the answer."""
    returned = attribute.returned
    if returned is Returned.NEVER or attribute.mutability is Mutability.WRITE_ONLY:
        return False
    if returned is Returned.ALWAYS:
        return True
    if asked is None:
        return returned is Returned.DEFAULT
    if asked.only:
        return attribute.name in asked.names
    return returned is Returned.DEFAULT and asked.names.get(attribute.name, _NOTHING) is not None


def _parts(attribute: Attribute, value: Json, asked: Projection | None) -> Json:
    """What is left of a complex value; None where nothing is."""
    inner = _inside_attribute(attribute, asked)
    if inner is None and not any(_is_hidden(sub) for sub in attribute.sub_attributes):
        return value
    if isinstance(value, list):
        kept = [_shown(e, attribute.sub_attributes, inner) for e in value if isinstance(e, dict)]
        return [element for element in kept if element] or None
    return _shown(value, attribute.sub_attributes, inner) or None if isinstance(value, dict) else value


def _inside_attribute(attribute: Attribute, asked: Projection | None) -> Projection | None:
    """As `_inside`; what is always returned and was not asked for is whole."""
    if asked is not None and attribute.returned is Returned.ALWAYS:
        return None
    return _inside(asked, attribute.name)


def _is_hidden(attribute: Attribute) -> bool:
    return not _is_returned(attribute, None)
