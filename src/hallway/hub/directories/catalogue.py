"""Which schemas a directory is served under: core, enterprise, and of the declared ones those it switches on."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hallway.hub.directories.model import Directory, Kind
from hallway.scim.declared import DeclaredExtension
from hallway.scim.schema import ResourceType
from hallway.scim.standard import group_type, user_type


@dataclass(frozen=True, slots=True)
class Served:
    """Resource types by kind; `version` is another number for other definitions, and marks documents."""

    types: Mapping[Kind, ResourceType]
    version: int


class Catalogue:
    """The declared extensions of a deployment; the same switches give the same value."""

    def __init__(self, declared: Sequence[DeclaredExtension]) -> None:
        self._declared = tuple(declared)
        self._made: dict[tuple[str, ...], Served] = {}

    @property
    def urns(self) -> tuple[str, ...]:
        """What a directory can switch on."""
        return tuple(one.extension.schema.id for one in self._declared)

    def types(self, directory: Directory) -> Mapping[Kind, ResourceType]:
        """The types as this directory serves them."""
        return self.served(directory).types

    def served(self, directory: Directory) -> Served:
        """The types and their version."""
        switched_on = directory.rules.schemas
        if switched_on not in self._made:
            self._made[switched_on] = self._served(frozenset(urn.lower() for urn in switched_on))
        return self._made[switched_on]

    def _served(self, switched_on: frozenset[str]) -> Served:
        chosen = [one for one in self._declared if one.extension.schema.id.lower() in switched_on]
        users = tuple(one.extension for one in chosen if one.extends == "User")
        groups = tuple(one.extension for one in chosen if one.extends == "Group")
        version = 1 if not chosen else zlib.crc32(repr(sorted(map(repr, chosen))).encode()) | 2
        return Served({Kind.USER: user_type(users), Kind.GROUP: group_type(groups)}, version)
