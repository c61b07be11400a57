"""Preconditions (RFC 7644 §3.14): weak comparison of entity tags."""

from hallway.hub.directories.documents import etag
from hallway.hub.directories.resources import Stored
from hallway.scim.problem import ScimProblem


def tag_matches(header: str, stored: Stored) -> bool:
    """Whether a list of tags, or `*`, has the resource's tag; `W/` does not count."""
    own = etag(stored).removeprefix("W/")
    return any(tag == "*" or tag.removeprefix("W/") == own for tag in map(str.strip, header.split(",")))


def refuse_unmatched(if_match: str | None, stored: Stored) -> None:
    """412 where `If-Match` names another revision."""
    if if_match is not None and not tag_matches(if_match, stored):
        raise ScimProblem(412, f"The resource is at version {etag(stored)}, not at the one in If-Match.")
