"""What a read asked, as people may read it: of a query string what the schema allows, and nothing else.

Rules: a filter is shown where it is understood, which no filter about a hidden attribute is; everything that is not
a parameter of the standard is left out, and what is shown of a cursor is that there was one.
"""

from collections.abc import Iterable

from hallway.exchanges.redaction import MASK
from hallway.scim.filter import filter_text, parse_filter
from hallway.scim.json import JsonObject
from hallway.scim.problem import ScimProblem
from hallway.scim.quirks import Tolerance
from hallway.scim.schema import ResourceType
from hallway.scim.search_request import SearchRequest, query_parameters


def redacted_question(pairs: Iterable[tuple[str, str]], resource_type: ResourceType) -> JsonObject:
    """The question of a GET: filter, place and count."""
    try:
        asked = query_parameters(pairs)
    except ScimProblem:
        return {"filter": MASK}
    return _shown(asked, resource_type)


def _shown(asked: SearchRequest, resource_type: ResourceType) -> JsonObject:
    shown: JsonObject = {}
    if asked.filter is not None:
        shown["filter"] = _filter(asked.filter, resource_type)
    if asked.start_index != 1:
        shown["startIndex"] = asked.start_index
    if asked.count is not None:
        shown["count"] = asked.count
    if asked.cursor is not None:
        shown["cursor"] = MASK
    return shown


def _filter(text: str, resource_type: ResourceType) -> str:
    try:
        return filter_text(parse_filter(text, resource_type, Tolerance()))
    except ScimProblem:
        return MASK
