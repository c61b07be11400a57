"""What the journal says of a resource: attribute names as facts, and what people call it."""

from hallway.scim.json import Json, JsonObject


def names_of(resource: JsonObject) -> list[Json]:
    """Attribute names, for the journal."""
    return [name for name in sorted(resource) if name not in {"schemas", "id"}]


def changed_names(old: JsonObject, new: JsonObject) -> list[Json]:
    """Names of top-level attributes that differ."""
    return [name for name in sorted({*old, *new} - {"schemas", "id"}) if old.get(name) != new.get(name)]


def label(resource: JsonObject) -> JsonObject:
    """What people call the subject: personal, and erasable."""
    return {name: resource[name] for name in ("userName", "displayName") if name in resource}
