"""Reading users and groups: one, or a page of a search (RFC 7644 §3.4)."""

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from hallway.hub.directories.columns import path_key
from hallway.hub.directories.desk import Desk, Scene
from hallway.hub.directories.documents import complete, rendered, walked
from hallway.hub.directories.membership import LARGE
from hallway.hub.directories.model import Kind
from hallway.hub.directories.ports import Position, Search, SortKey
from hallway.hub.directories.resources import MemberOfGroup, Stored
from hallway.hub.directories.sort_keys import instant_key
from hallway.ids import ResourceId
from hallway.scim.cursor import CursorContent, CursorScope, query_digest
from hallway.scim.filter import Filter, filter_text, parse_filter
from hallway.scim.fold import fold
from hallway.scim.instant import instant
from hallway.scim.json import Json, JsonObject
from hallway.scim.match import case_exact, predicate
from hallway.scim.path import AttributePath, attribute_path, path_text
from hallway.scim.problem import invalid_value
from hallway.scim.projection import Projection, includes, projected
from hallway.scim.required import schemas_of
from hallway.scim.schema import AttributeType, Returned
from hallway.scim.search_request import SearchRequest

MAX_START: Final = 2**31
NONE: Final[SortKey] = (1, "")


@dataclass(frozen=True, slots=True)
class Listed:
    """A page as bytes; `following` is where the next one begins."""

    resources: Sequence[bytes]
    total: int
    start: int
    following: Position | None


@dataclass(frozen=True, slots=True)
class Question:
    """A search request, understood for one type."""

    kind: Kind
    filter: Filter | None
    sort: AttributePath | None
    descending: bool
    projection: Projection | None


def question_of(scene: Scene, kind: Kind, request: SearchRequest) -> Question:
    """Parse filter, order and projection; 400 for what is not understood."""
    resource_type = scene.types[kind]
    wanted = None if request.filter is None else parse_filter(request.filter, resource_type, scene.tolerance)
    sort = None if request.sort_by is None else _sort_path(scene, kind, request.sort_by)
    return Question(kind, wanted, sort, request.descending, projection_of(scene, kind, request))


def projection_of(scene: Scene, kind: Kind, request: SearchRequest) -> Projection | None:
    """What `attributes` and `excludedAttributes` ask for."""
    return Projection.of(request.attributes, request.excluded_attributes, scene.types[kind])


def _sort_path(scene: Scene, kind: Kind, text: str) -> AttributePath:
    found = attribute_path(text, scene.types[kind], scene.tolerance)
    if not isinstance(found, AttributePath) or found.leaf.returned is Returned.NEVER:
        raise invalid_value(f"sortBy names no attribute of {scene.types[kind].name}: {text[:100]}")
    if found.sub is None and found.attribute.type is AttributeType.COMPLEX:
        value = found.attribute.subs.get("value")
        if value is None:
            raise invalid_value(f"sortBy needs a sub-attribute of {found.attribute.name}.")
        return AttributePath(found.schema, found.attribute, value, found.extension)
    if path_key(found).partition(".")[0] in {"members", "groups"}:
        raise invalid_value("members and groups have no order to sort by.")
    return found


async def answer_of(desk: Desk, scene: Scene, stored: Stored, projection: Projection | None) -> bytes:
    """One resource as it is sent; members are read only where they are wanted."""
    members: Sequence[MemberOfGroup] = ()
    if stored.kind is Kind.GROUP and stored.members and includes(projection, "members"):
        members = await desk.resources.members(scene.key, stored.id, stored.members >= LARGE)
    return shown(scene, stored, projection, members)


def shown(scene: Scene, stored: Stored, projection: Projection | None, members: Sequence[MemberOfGroup]) -> bytes:
    """Stored bytes where everything is wanted and the schemas are those it was written under, else a projection."""
    if projection is None and stored.schema_version == scene.schema_version:
        return rendered(stored, scene.base, members)
    resource_type = scene.types[stored.kind]
    whole = complete(stored, scene.base, members)
    if stored.schema_version != scene.schema_version:
        whole["schemas"] = schemas_of(projected(whole, None, resource_type), resource_type)
    return orjson.dumps(projected(whole, projection, resource_type))


async def listed(
    desk: Desk, scene: Scene, question: Question, place: tuple[int, int], after: Position | None = None
) -> Listed:
    """A page; `place` is its start, counted from 1, and its size within the deployment's bounds."""
    start = min(place[0], MAX_START)
    if _is_walk(question) and place[1]:
        found = await _walked(desk, scene, (start, place[1]), after)
        if found is not None:
            return found
    search = Search(
        kind=question.kind,
        start=start,
        count=place[1],
        matches=_matches(scene, question),
        sort_key=_sort_key(scene, question),
        filter=question.filter,
        sort=question.sort,
        descending=question.descending,
        after=after,
    )
    page = await desk.resources.page(scene.key, search)
    members: Mapping[ResourceId, Sequence[MemberOfGroup]] = {}
    if question.kind is Kind.GROUP and includes(question.projection, "members"):
        filled = [one.id for one in page.stored if one.members]
        members = await desk.resources.members_of(scene.key, filled) if filled else {}
    resources = [shown(scene, one, question.projection, members.get(one.id, ())) for one in page.stored]
    return Listed(resources, page.total, start, page.following)


def _is_walk(question: Question) -> bool:
    """Whether all users are asked for, whole and by id: nothing is to be judged, sorted or left out."""
    unsorted = question.filter is None and question.sort is None and not question.descending
    return unsorted and question.kind is Kind.USER and question.projection is None


async def _walked(desk: Desk, scene: Scene, place: tuple[int, int], after: Position | None) -> Listed | None:
    walk = await desk.resources.walk(scene.key, *place, None if after is None else after.id)
    users = None if walk is None else walked(walk, scene.base, scene.schema_version)
    if walk is None or users is None:
        return None
    following = None if walk.is_last else Position((0, ""), walk.lines[-1][1])
    return Listed(users, walk.total, place[0], following)


def _matches(scene: Scene, question: Question) -> Callable[[Stored], bool]:
    if question.filter is None:
        return lambda _: True
    wanted, holds = question.filter, list[Callable[[JsonObject], bool]]()

    def matches(stored: Stored) -> bool:
        if not holds:  # compiled only where SQL does not answer the whole filter
            holds.append(predicate(wanted))
        return holds[0](complete(stored, scene.base))

    return matches


def _sort_key(scene: Scene, question: Question) -> Callable[[Stored], SortKey]:
    path = question.sort
    if path is None:
        return lambda _: (0, "")
    if path_key(path) == "meta.created":
        return lambda stored: (0, instant_key(stored.created_at * 1000))
    if path_key(path) == "meta.lastmodified":
        return lambda stored: (0, instant_key(stored.modified_at * 1000))
    return lambda stored: sort_key_of(complete(stored, scene.base), path)


def sort_key_of(resource: JsonObject, path: AttributePath) -> SortKey:
    """Where a resource stands: by its primary or first value, by the attribute's type and case rule."""
    holder: Json = resource if path.extension is None else resource.get(path.extension)
    value = holder.get(path.attribute.name) if isinstance(holder, dict) else None
    if isinstance(value, list):
        value = _principal(value)
    if path.sub is not None:
        value = value.get(path.sub.name) if isinstance(value, dict) else None
    match value:
        case bool():
            return (0, "1" if value else "0")
        case int() | float():
            return (0, _number_key(float(value)))
        case str() if path.leaf.type is AttributeType.DATE_TIME:
            nanoseconds = instant(value)
            return NONE if nanoseconds is None else (0, instant_key(nanoseconds))
        case str():
            return (0, value if case_exact(path.leaf) else fold(value))
        case _:
            return NONE


def _principal(elements: list[Json]) -> Json:
    for element in elements:
        if isinstance(element, dict) and element.get("primary") is True:
            return element
    return elements[0] if elements else None


def _number_key(number: float) -> str:
    """A text that orders as the number does."""
    if math.isnan(number):
        return ""
    (bits,) = struct.unpack(">Q", struct.pack(">d", number + 0.0))
    ordered = bits ^ (0xFFFF_FFFF_FFFF_FFFF if bits >> 63 else 1 << 63)
    return f"{ordered:016x}"


def scope_of(scene: Scene, question: Question) -> CursorScope:
    """What a cursor of this query belongs to."""
    digest = query_digest(
        question.kind.name,
        None if question.filter is None else filter_text(question.filter),
        None if question.sort is None else path_text(question.sort),
        "descending" if question.descending else None,
    )
    return CursorScope(scene.directory.id, digest)


def cursor_of(count: int, position: Position) -> CursorContent:
    """What the next page's cursor holds."""
    missing, text = position.key
    return CursorContent(count, position.id, None if missing else text)


def position_of(content: CursorContent) -> Position:
    """Where a cursor points."""
    key: SortKey = NONE if content.sort_value is None else (0, content.sort_value)
    return Position(key, ResourceId(content.resource_id))
