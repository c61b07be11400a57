"""SCIM's endpoints: parse, call one service function, render (RFC 7644)."""

from collections.abc import Awaitable, Callable
from typing import Final

from hallway.exchanges.model import ExchangeEnd
from hallway.hub.directories import bulking, groups, listing, users
from hallway.hub.directories.carrying import Outcome, finished
from hallway.hub.directories.desk import Scene
from hallway.hub.directories.documents import etag, location
from hallway.hub.directories.ending import GONE_MESSAGES, existing
from hallway.hub.directories.matching import tag_matches
from hallway.hub.directories.model import Kind
from hallway.hub.directories.ports import Position
from hallway.hub.directories.resources import Stored
from hallway.ids import GROUP, USER, ResourceId, parsed
from hallway.journal.model import Change
from hallway.scim.bulk_messages import bulk_request, bulk_response
from hallway.scim.cursor import sealed_cursor
from hallway.scim.messages import Paging, list_response
from hallway.scim.problem import ScimProblem
from hallway.scim.projection import Projection
from hallway.scim.search_request import SearchRequest, query_parameters, search_request
from hallway.web.http import Request, Response
from hallway.web.routing import Handler
from hallway.web.scim_door import ScimDoor, Served, content_type

BOTH: Final = (Kind.USER, Kind.GROUP)
_PREFIX: Final = {Kind.USER: USER, Kind.GROUP: GROUP}
_SERVICES: Final = {
    Kind.USER: (users.create_user, users.replace_user, users.delete_user),
    Kind.GROUP: (groups.create_group, groups.replace_group, groups.delete_group),
}


class ScimEndpoints:
    """The handlers of one deployment; `door` guards them and keeps their exchanges."""

    def __init__(self, door: ScimDoor) -> None:
        self.door = door
        self._desk = door.desk
        self._settings = door.settings

    def handlers(self) -> dict[str, Handler]:
        """By the names of the route table."""
        found = {
            "root_list": self.door.guarded(self._root_list, writes=False),
            "root_search": self.door.guarded(self._root_search, writes=False),
            "bulk": self.door.guarded(self._bulk, writes=True),
            "me": self.door.guarded(_me, writes=False),
        }
        for noun, kind in (("user", Kind.USER), ("group", Kind.GROUP)):
            for verb, serve, writes in (
                ("list", self._list, False),
                ("search", self._search, False),
                ("get", self._get, False),
                ("create", self._create, True),
                ("replace", self._replace, True),
                ("patch", self._patch, True),
                ("delete", self._delete, True),
            ):
                found[f"{noun}_{verb}"] = self.door.guarded(self._bound(serve, kind), writes)
        return found

    @staticmethod
    def _bound(serve: Callable[[Request, Scene, Kind], Awaitable[Response]], kind: Kind) -> Served:
        return lambda request, scene: serve(request, scene, kind)

    async def _create(self, request: Request, scene: Scene, kind: Kind) -> Response:
        body = await self.door.resource_body(request, scene, kind)
        projection = _projection(request, scene, kind)
        outcome = await _SERVICES[kind][0](self._desk, scene, body)
        return await self._resource(request, scene, _kept(outcome), 201, projection)

    async def _replace(self, request: Request, scene: Scene, kind: Kind) -> Response:
        body = await self.door.resource_body(request, scene, kind)
        projection = _projection(request, scene, kind)
        outcome = await _SERVICES[kind][1](self._desk, scene, _id(request, kind), body, _if_match(request))
        return await self._resource(request, scene, _kept(outcome), 200, projection)

    async def _patch(self, request: Request, scene: Scene, kind: Kind) -> Response:
        body = await self.door.resource_body(request, scene, kind, patch=True)
        projection = _projection(request, scene, kind)
        one, if_match = _id(request, kind), _if_match(request)
        if kind is Kind.USER:
            outcome = await users.patch_user(self._desk, scene, one, body, if_match)
            return await self._resource(request, scene, _kept(outcome), 200, projection)
        answers = projection is not None or scene.directory.rules.group_patch_answers_resource
        outcome = await groups.patch_group(self._desk, scene, one, body, (200 if answers else 204, if_match))
        if answers:
            return await self._resource(request, scene, _kept(outcome), 200, projection)
        tags = () if outcome.stored is None else ((b"etag", etag(outcome.stored).encode()),)
        return Response(204, b"", tags)

    async def _delete(self, request: Request, scene: Scene, kind: Kind) -> Response:
        await _SERVICES[kind][2](self._desk, scene, _id(request, kind), _if_match(request))
        return Response(204)

    async def _get(self, request: Request, scene: Scene, kind: Kind) -> Response:
        projection = _projection(request, scene, kind)
        stored = await existing(self._desk, scene, kind, _id(request, kind))
        tags = request.header(b"if-none-match")
        if tags and tag_matches(tags, stored):
            return Response(304, b"", ((b"etag", etag(stored).encode()),))
        return await self._resource(request, scene, stored, 200, projection)

    async def _resource(
        self, request: Request, scene: Scene, stored: Stored, status: int, projection: Projection | None
    ) -> Response:
        body = await listing.answer_of(self._desk, scene, stored, projection)
        place = location(stored, scene.base)
        where = b"location" if status == 201 else b"content-location"
        return Response(status, body, (content_type(request), (b"etag", etag(stored).encode()), (where, place)))

    async def _list(self, request: Request, scene: Scene, kind: Kind) -> Response:
        return await self._page(request, scene, kind, query_parameters(request.pairs()))

    async def _search(self, request: Request, scene: Scene, kind: Kind) -> Response:
        body = await self.door.search_body(request, scene)
        return await self._page(request, scene, kind, search_request(body, scene.tolerance))

    async def _page(self, request: Request, scene: Scene, kind: Kind, asked: SearchRequest) -> Response:
        count = self._count(asked.count)
        question = listing.question_of(scene, kind, asked)
        after = await self._position(scene, question, asked.cursor, count) if asked.cursor else None
        found = await listing.listed(self._desk, scene, question, (asked.start_index, count), after)
        if asked.cursor is None:
            paging = Paging(found.total, found.start)
        else:
            paging = Paging(found.total, None, self._cursor(scene, question, count, found))
        body = list_response(found.resources, paging)
        return Response(200, body, (content_type(request),))

    def _count(self, asked: int | None) -> int:
        return self._settings.page_size_default if asked is None else min(asked, self._settings.page_size_max)

    async def _position(self, scene: Scene, question: listing.Question, cursor: str, count: int) -> Position:
        content = await self.door.opened_cursor(listing.scope_of(scene, question), cursor)
        if count != content.count:
            raise ScimProblem(400, "A walk by cursor keeps the count of its first request.", "invalidCount")
        return listing.position_of(content)

    def _cursor(self, scene: Scene, question: listing.Question, count: int, found: listing.Listed) -> str | None:
        if found.following is None:
            return None
        content = listing.cursor_of(count, found.following)
        try:
            return sealed_cursor(
                self.door.cursor_keys[0], self._desk.entropy(12), listing.scope_of(scene, question), content
            )
        except ValueError:
            raise ScimProblem(400, "A value to sort by is too long for a cursor; sort by another attribute.") from None

    async def _root_list(self, request: Request, scene: Scene) -> Response:
        return await self._everything(request, scene, query_parameters(request.pairs()))

    async def _root_search(self, request: Request, scene: Scene) -> Response:
        body = await self.door.search_body(request, scene)
        return await self._everything(request, scene, search_request(body, scene.tolerance))

    async def _everything(self, request: Request, scene: Scene, asked: SearchRequest) -> Response:
        """Users, then groups; what a filter names that a type does not have matches none of that type."""
        if asked.cursor is not None:
            detail = "A walk by cursor goes through one type: /Users or /Groups. Here pages have a startIndex."
            raise ScimProblem(400, detail, "invalidCursor")
        count = self._count(asked.count)
        total, resources, problems = 0, list[bytes](), list[ScimProblem]()
        for kind in BOTH:
            try:
                question = listing.question_of(scene, kind, asked)
            except ScimProblem as problem:
                problems.append(problem)
                continue
            place = (max(1, asked.start_index - total), count - len(resources))
            found = await listing.listed(self._desk, scene, question, place)
            total += found.total
            resources += found.resources
        if len(problems) == len(BOTH):
            raise problems[0]
        return Response(200, list_response(resources, Paging(total, asked.start_index)), (content_type(request),))

    async def _bulk(self, request: Request, scene: Scene) -> Response:
        body = await self.door.bulk_body(request, scene)
        operations = bulk_request(body, self._settings.bulk_max_operations, scene.tolerance)
        results, written = await bulking.bulk(self._desk, scene, operations)
        if scene.exchange is not None:
            kept = finished(scene.exchange, scene, 200, self._desk.clock(), None)
            row = ExchangeEnd(kept) if written else kept
            await self._desk.ledger.commit(Change(scene.directory.organization_id, (row,)))
        return Response(200, bulk_response(results), (content_type(request),))


async def _me(_: Request, __: Scene) -> Response:
    raise ScimProblem(
        501, "A directory's token stands for the directory, not for a user, so there is no /Me (RFC 7644 §3.11)."
    )


def _id(request: Request, kind: Kind) -> ResourceId:
    found = parsed(_PREFIX[kind], request.params["id"])
    if found is None:
        raise ScimProblem(404, GONE_MESSAGES[kind])
    return ResourceId(found)


def _if_match(request: Request) -> str | None:
    return request.header(b"if-match") or None


def _kept(outcome: Outcome) -> Stored:
    if outcome.stored is None:
        raise RuntimeError("a deletion has no resource to answer")
    return outcome.stored


def _projection(request: Request, scene: Scene, kind: Kind) -> Projection | None:
    if not request.query:
        return None
    return listing.projection_of(scene, kind, query_parameters(request.pairs()))
