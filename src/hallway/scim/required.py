"""What a resource must have to be stored (RFC 7643 §2.4 `required`, §3.3 `schemas`, §6).

Rules: blank text is as good as none; read-only attributes are the server's to give; everything that is missing
is named at once.
"""

from hallway.scim.json import Json, JsonObject
from hallway.scim.problem import invalid_value
from hallway.scim.schema import Attribute, Mutability, ResourceType


def ensure_valid(resource: JsonObject, resource_type: ResourceType) -> None:
    """Raise `invalidValue`, with all their names, where a canonical resource lacks required values."""
    missing = [name for a in resource_type.schema.demanding for name in _missing(a, resource, "")]
    for extension in resource_type.extensions:
        urn = extension.schema.id
        held = resource.get(urn)
        if isinstance(held, dict):
            missing += [name for a in extension.schema.demanding for name in _missing(a, held, f"{urn}:")]
        elif extension.required:
            missing.append(urn)
    if missing:
        raise invalid_value(f"Required, and missing or empty: {', '.join(f'`{name}`' for name in missing)}.")


def schemas_of(resource: JsonObject, resource_type: ResourceType) -> list[Json]:
    """The core URN, and those of the extensions that the resource has attributes of."""
    extensions = (extension.schema.id for extension in resource_type.extensions)
    return [resource_type.schema.id, *(urn for urn in extensions if resource.get(urn))]


def _missing(attribute: Attribute, holder: JsonObject, within: str) -> list[str]:
    value = holder.get(attribute.name)
    if _is_blank(value):
        return [f"{within}{attribute.name}"] if _is_demanded(attribute) else []
    elements = [e for e in (value if isinstance(value, list) else [value]) if isinstance(e, dict)]
    return [
        f"{within}{attribute.name}.{sub.name}"
        for sub in attribute.sub_attributes
        if _is_demanded(sub) and any(_is_blank(element.get(sub.name)) for element in elements)
    ]


def _is_demanded(attribute: Attribute) -> bool:
    return attribute.required and attribute.mutability is not Mutability.READ_ONLY


def _is_blank(value: Json) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
