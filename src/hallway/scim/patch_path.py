"""PATCH paths: an attribute, chosen elements of one, or a whole extension (RFC 7644 §3.5.2, figure 7)."""

from dataclasses import dataclass

from hallway.scim.filter import Filter, parse_value_filter
from hallway.scim.path import AttributePath, ExtensionPath, attribute_path, path_text, with_sub
from hallway.scim.problem import invalid_path
from hallway.scim.quirks import Tolerance
from hallway.scim.schema import Attribute, ResourceType
from hallway.scim.values import shown


@dataclass(frozen=True, slots=True)
class PatchPath:
    """`target` never has a sub-attribute of its own: `sub` is that of `name.givenName` and of
    `emails[type eq "work"].value` alike. `filter` chooses among the elements of a multi-valued target.
    """

    target: AttributePath | ExtensionPath
    filter: Filter | None = None
    sub: Attribute | None = None

    @property
    def name(self) -> str:
        """What a problem's detail calls it: the path without its filter."""
        if isinstance(self.target, ExtensionPath) or self.sub is None:
            return path_text(self.target)
        return path_text(with_sub(self.target, self.sub))


def patch_path(text: str, resource_type: ResourceType, tolerance: Tolerance) -> PatchPath:
    """What the path of an operation names; `invalidPath`, or `invalidFilter` for what is in its brackets."""
    path = find_patch_path(text, resource_type, tolerance)
    if path is None:
        raise invalid_path(f"{resource_type.name} has no attribute `{unfiltered(text)}`.")
    return path


def find_patch_path(text: str, resource_type: ResourceType, tolerance: Tolerance) -> PatchPath | None:
    """As `patch_path`, but None where the attribute or sub-attribute is unknown."""
    head, bracket, rest = text.partition("[")
    target = attribute_path(head, resource_type, tolerance)
    if target is None:
        return None
    if not bracket:
        if isinstance(target, ExtensionPath):
            return PatchPath(target)
        return PatchPath(with_sub(target, None), sub=target.sub)
    condition, closed, tail = rest.rpartition("]")
    if not closed or (tail and not tail.startswith(".")):
        raise invalid_path(f"The brackets of the path `{unfiltered(text)}` are not as RFC 7644 §3.5.2 has them.")
    if isinstance(target, ExtensionPath) or target.sub is not None or not target.attribute.multi_valued:
        raise invalid_path(f"`{path_text(target)}` has no elements that a filter could choose among.")
    chosen = parse_value_filter(condition, target, resource_type, tolerance)
    if not tail:
        return PatchPath(target, chosen)
    sub = target.attribute.subs.get(tail[1:].lower())
    return None if sub is None else PatchPath(target, chosen, sub)


def unfiltered(text: str) -> str:
    """A path as a detail may show it: without its filter, in which values stand."""
    return shown(text.partition("[")[0])
