"""Rules of a directory as somebody wants them: checked, so that each one applies."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from hallway.hub.directories.catalogue import Catalogue
from hallway.hub.directories.model import Directory, Kind, Rules
from hallway.hub.organizations.service import Refused
from hallway.scim.path import AttributePath, attribute_path
from hallway.scim.problem import ScimProblem
from hallway.scim.quirks import OFF_BY_DEFAULT, Tolerance

_PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]+){1,8}")
_OURS: Final = re.compile(r"/scim/dir_|/(healthz|readyz|metrics|api)\b")


def checked_rules(catalogue: Catalogue, directory: Directory, given: Mapping[str, Any]) -> Rules:
    """The directory's rules with those that are given by name; refuses what would never apply."""
    rules = dict(given)
    if "immutable" in rules:
        rules["immutable"] = tuple(path.lower() for path in rules["immutable"])
        _refuse_unknown_attributes(catalogue, directory, rules["immutable"])
    if "quirks_on" in rules:
        unknown = [quirk.value for quirk in rules["quirks_on"] if quirk not in OFF_BY_DEFAULT]
        if unknown:
            names = ", ".join(sorted(quirk.value for quirk in OFF_BY_DEFAULT))
            raise Refused("invalid", f"No quirk that is off by default is called {unknown[0]!r}: {names}.")
        rules["quirks_on"] = frozenset(rules["quirks_on"])
    if "schemas" in rules:
        rules["schemas"] = known_schemas(catalogue, rules["schemas"])
    return replace(directory.rules, **rules)


def _refuse_unknown_attributes(catalogue: Catalogue, one: Directory, paths: Sequence[str]) -> None:
    """A rule about an attribute that nobody has would never apply."""
    user_type = catalogue.types(one)[Kind.USER]
    for path in paths:
        try:
            known = isinstance(attribute_path(path, user_type, Tolerance(strict=True)), AttributePath)
        except ScimProblem:
            known = False
        if not known:
            raise Refused("invalid", f"Users of this directory have no attribute {path!r}; write it as in a filter.")


def known_schemas(catalogue: Catalogue, urns: Sequence[str]) -> tuple[str, ...]:
    """Declared schemas by their URNs, in any case."""
    known = {urn.lower(): urn for urn in catalogue.urns}
    unknown = [urn for urn in urns if urn.lower() not in known]
    if unknown:
        declared = ", ".join(known.values()) or "none; set scim_schemas"
        raise Refused("invalid", f"No declared schema is called {unknown[0]!r}. Declared: {declared}.")
    return tuple(sorted(known[urn.lower()] for urn in urns))


def checked_base_path(text: str) -> str:
    """An extra base path without a slash at its end; "" for none."""
    path = text.rstrip("/")
    if path and (not _PATH.fullmatch(path) or _OURS.match(path)):
        raise Refused("invalid", "A base path is like /scim/v2: up to eight parts of letters, digits and ._~-")
    return path
