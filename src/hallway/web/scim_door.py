"""What stands around every SCIM handler: the guard, the body, the exchange that is kept, the refusal.

Rules: an authenticated write is kept with its commit, a refusal and the first reads of an hour in the next background
batch, a stranger's attempt without its body; bodies are redacted before they are kept.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final, TypeAlias

import orjson

from hallway.exchanges.model import Exchange, StrangerRefusal, TokenUse
from hallway.exchanges.question import redacted_question
from hallway.exchanges.redaction import (
    cut,
    redacted_bulk,
    redacted_patch,
    redacted_resource,
    redacted_search,
    unparsed_note,
)
from hallway.exchanges.service import Recorder
from hallway.hub.directories.carrying import DirectoryClosed, finished
from hallway.hub.directories.desk import Scene
from hallway.hub.directories.model import Kind
from hallway.ids import DIRECTORY, DirectoryId, ExchangeId, parsed
from hallway.journal.model import Actor, Unavailable
from hallway.keys.model import UnknownKey, WrongMasterKey
from hallway.keys.ring import Ring
from hallway.scim.cursor import CursorContent, CursorScope, opened_cursor
from hallway.scim.json import Json
from hallway.scim.messages import decoded_body, error_body
from hallway.scim.problem import ScimProblem
from hallway.scim.quirks import Quirk, Tolerance
from hallway.store.database import ScanTimedOut
from hallway.web.guards import DirectoryGuard, Limited, Unauthenticated, Unlocked, split_alias
from hallway.web.http import BodyTooLarge, EdgeProblem, Header, MalformedRequest, Request, Response
from hallway.web.routing import Handler
from hallway.web.wiring import Hub

MEDIA_TYPE: Final = b"application/scim+json"
CURSOR_PURPOSE: Final = "scim cursor"
CURSOR_KEYS: Final = 3
_SCIM_JSON: Final[Header] = (b"content-type", b"application/scim+json;charset=utf-8")
_JSON: Final[Header] = (b"content-type", b"application/json;charset=utf-8")
CONTENT_TYPES: Final = (_SCIM_JSON, _JSON)
_TEXT_LIMIT: Final = 500
_HEAD_BYTES: Final = 160
_TOTAL: Final = re.compile(rb'"totalResults":(\d+)')
"""In the head of a list's answer, before any resource."""
Served: TypeAlias = Callable[[Request, Scene], Awaitable[Response]]
Observed: TypeAlias = Callable[[str], None]
_REFUSALS: Final = (ScimProblem, DirectoryClosed, EdgeProblem, ScanTimedOut)


class ScimDoor:
    """The guard, the desk and the recorder of one deployment."""

    def __init__(self, hub: Hub, guard: DirectoryGuard, recorder: Recorder) -> None:
        self.desk = hub.desk
        self.catalogue = hub.catalogue
        self._keys = hub.keys
        self._cursor_keys = (hub.keys.ring, _cursor_keys(hub.keys.ring))
        self.settings = hub.settings
        self.quirk_seen: Observed = lambda _: None
        self.exchange_kept: Callable[[], None] = lambda: None
        self._guard = guard
        self.recorder = recorder

    def guarded(self, serve: Served, writes: bool) -> Handler:
        """`serve` behind the guard; what it refuses is kept."""

        async def handler(request: Request) -> Response:
            began = self.desk.clock()
            unlocked = await self.unlock(request)
            exchange = self._exchange(request, unlocked, began) if writes else None
            scene = self._scene(request, unlocked, exchange)
            try:
                response = await serve(request, scene)
                if writes:
                    self.exchange_kept()
                elif self.recorder.wants_read(unlocked.directory.id, began):
                    self._keep_read(request, scene, self._exchange(request, unlocked, began), response)
                return response
            except _REFUSALS as problem:
                kept = exchange or self._exchange(request, unlocked, began)
                await self._keep_refusal(request, scene, kept, problem)
                self.exchange_kept()
                raise
            finally:
                self._count(request, scene, unlocked, ("write" if writes else "read", began))

        return handler

    async def unlock(self, request: Request) -> Unlocked:
        """What the token of a request opens; who has none is counted."""
        try:
            return await self._guard.unlock(request)
        except Unauthenticated as problem:
            await self._keep_stranger(request, problem)
            raise

    async def _keep_stranger(self, request: Request, problem: Unauthenticated) -> None:
        found = parsed(DIRECTORY, request.params.get("directory", ""))
        directory = None if found is None else await self.desk.directories.located(DirectoryId(found))
        if directory is not None:
            self.recorder.strange(
                StrangerRefusal(
                    directory.organization_id, directory.id, self.desk.clock(), request.method, _path(request),
                    problem.reason, bounded(request.header(b"user-agent")), request.client_address,
                )
            )  # fmt: skip

    def _scene(self, request: Request, unlocked: Unlocked, exchange: Exchange | None) -> Scene:
        directory = unlocked.directory
        tolerance = Tolerance(directory.rules.strict, directory.rules.quirks_on)
        if unlocked.quirk is not None:
            tolerance.met.add(unlocked.quirk)
        client = "" if exchange is None else exchange.client
        actor = Actor("token", unlocked.token.id, client, request.client_address)
        served = unlocked.served
        cause = None if exchange is None else exchange.id
        return Scene(directory, served.types, tolerance, actor, unlocked.base, served.version, exchange, cause)

    def _exchange(self, request: Request, unlocked: Unlocked, began: int) -> Exchange:
        """An exchange without its outcome."""
        directory = unlocked.directory
        return Exchange(
            id=ExchangeId(self.desk.fresh_id()),
            organization_id=directory.organization_id,
            directory_id=directory.id,
            token_id=unlocked.token.id,
            at=began,
            method=request.method,
            path=_path(request),
            status=0,
            duration=0,
            client=bounded(request.header(b"user-agent")),
            address=request.client_address,
            content_type=bounded(request.header(b"content-type")),
            accept=bounded(request.header(b"accept")),
        )

    async def resource_body(self, request: Request, scene: Scene, kind: Kind, patch: bool = False) -> Json:
        """The parsed body, which the exchange has redacted from now on."""
        body = await self._parsed(request, scene, self.settings.scim_body_limit_bytes)
        redacted = redacted_patch if patch else redacted_resource
        self._note_request(scene.exchange, redacted(body, scene.types[kind]))
        return body

    async def bulk_body(self, request: Request, scene: Scene) -> Json:
        """The same for a bulk request."""
        body = await self._parsed(request, scene, self.settings.bulk_max_payload_bytes)
        types = {resource_type.endpoint: resource_type for resource_type in scene.types.values()}
        self._note_request(scene.exchange, redacted_bulk(body, types))
        if scene.exchange is not None:
            scene.exchange.status = 200  # whatever becomes of its operations
        return body

    async def search_body(self, request: Request, scene: Scene) -> Json:
        """The body of a search: it is read, not kept."""
        return await self._parsed(request, scene, self.settings.scim_body_limit_bytes)

    async def _parsed(self, request: Request, scene: Scene, limit: int) -> Json:
        raw = await request.body(limit)
        _refuse_media_type(request.header(b"content-type"), scene.tolerance)
        return decoded_body(raw, scene.tolerance)

    def _note_request(self, exchange: Exchange | None, redacted: Json) -> None:
        if exchange is not None:
            limit = self.settings.exchange_body_limit_bytes
            exchange.request, exchange.request_note = cut(orjson.dumps(redacted), limit)

    def _keep_read(self, request: Request, scene: Scene, exchange: Exchange, response: Response) -> None:
        finished(exchange, scene, response.status, self.desk.clock(), None)
        exchange.request = _asked(request, scene)
        total = _TOTAL.search(response.body, 0, _HEAD_BYTES)
        exchange.answer = None if total is None else b'{"totalResults":%b}' % total[1]
        self.recorder.read(exchange)

    async def _keep_refusal(self, request: Request, scene: Scene, exchange: Exchange, problem: Exception) -> None:
        refusal = refusal_of(problem)
        exchange.status = refusal.status
        finished(exchange, scene, refusal.status, self.desk.clock(), None)
        if isinstance(problem, BodyTooLarge):
            exchange.request_note = problem.detail
        else:
            exchange.request, exchange.request_note = await self._redacted_again(request, scene)
        exchange.answer = error_body(refusal)
        exchange.not_applied = problem.not_applied if isinstance(problem, DirectoryClosed) else ""
        self.recorder.refused(exchange)

    async def _redacted_again(self, request: Request, scene: Scene) -> tuple[bytes | None, str]:
        """What may be kept of a refused request's body; one that did not parse is size, hash and position."""
        if request.method in {"GET", "HEAD", "DELETE"}:
            return _asked(request, scene), ""
        try:
            raw = await request.body(self.settings.bulk_max_payload_bytes)
        except EdgeProblem as problem:
            return None, problem.detail
        try:
            body = decoded_body(raw, Tolerance())
        except ScimProblem as problem:
            return None, unparsed_note(raw, problem.detail)
        return cut(orjson.dumps(_redacted(request, scene, body)), self.settings.exchange_body_limit_bytes)

    def _count(self, request: Request, scene: Scene, unlocked: Unlocked, what: tuple[str, int]) -> None:
        directory = scene.directory
        client = bounded(request.header(b"user-agent"))
        use = TokenUse(
            directory.organization_id, directory.id, unlocked.token.id, what[1], request.client_address, client
        )
        self.recorder.used(use, what[0])
        if scene.tolerance.met:
            names = [quirk.value for quirk in scene.tolerance.met]
            self.recorder.met(directory.organization_id, directory.id, names)
            for name in names:
                self.quirk_seen(name)

    @property
    def cursor_keys(self) -> list[bytes]:
        """The keys that may have sealed a cursor that is still in use, the current one first."""
        ring = self._keys.ring
        if self._cursor_keys[0] is not ring:
            self._cursor_keys = (ring, _cursor_keys(ring))
        return self._cursor_keys[1]

    async def opened_cursor(self, scope: CursorScope, text: str) -> CursorContent:
        """What a cursor holds, sealed under the current key or one before it; 400 `invalidCursor`.

        One that no key opens may be of a server that has a newer key already.
        """
        try:
            return _opened_by_any(self.cursor_keys, scope, text)
        except ScimProblem:
            with suppress(WrongMasterKey):
                if await self._keys.renew():
                    return _opened_by_any(self.cursor_keys, scope, text)
            raise


def _opened_by_any(keys: list[bytes], scope: CursorScope, text: str) -> CursorContent:
    for key in keys[1:]:
        with suppress(ScimProblem):
            return opened_cursor(key, scope, text)
    return opened_cursor(keys[0], scope, text)


def _cursor_keys(ring: Ring) -> list[bytes]:
    found = []
    for key_id in range(ring.current_id, max(0, ring.current_id - CURSOR_KEYS), -1):
        with suppress(UnknownKey):
            found.append(ring.derive(CURSOR_PURPOSE, key_id))
    return found


def refusal_of(problem: Exception) -> ScimProblem:
    """Every refusal as SCIM says it."""
    match problem:
        case ScimProblem():
            return problem
        case DirectoryClosed(detail=detail):
            return ScimProblem(503, detail)
        case EdgeProblem(status=status, detail=detail):
            return ScimProblem(status, detail)
        case ScanTimedOut():
            return ScimProblem(
                400, "The filter or order needs every resource to be looked at, and that took too long.", "tooMany"
            )
        case Limited(detail=detail):
            return ScimProblem(429, detail)
        case _:
            return ScimProblem(503, "The database cannot take this now; try again as Retry-After says.")


def rendered_problem(request: Request, error: Exception, retry_seconds: int) -> Response | None:
    """The SCIM error for a known problem on a SCIM address; None for the rest."""
    known = isinstance(error, (ScimProblem, DirectoryClosed, EdgeProblem, ScanTimedOut, Limited, Unavailable))
    if not known or not _is_scim(request.path):
        return None
    problem = refusal_of(error)
    headers: list[Header] = [content_type(request)]
    if isinstance(error, EdgeProblem):
        headers += error.headers
    if isinstance(error, Unauthenticated):
        headers.append((b"www-authenticate", b'Bearer realm="Hallway", error="invalid_token"'))
    if isinstance(error, Limited):
        headers.append((b"retry-after", error.retry_after))
    if isinstance(error, DirectoryClosed | Unavailable):
        headers.append((b"retry-after", str(retry_seconds).encode()))
    return Response(problem.status, error_body(problem), tuple(headers))


def _is_scim(path: str) -> bool:
    return path.startswith("/scim/") or split_alias(path)[1] != ""


def content_type(request: Request) -> Header:
    """SCIM's own type, unless only plain JSON is accepted (RFC 7644 §3.8)."""
    return content_type_of(request.headers)


def content_type_of(headers: Mapping[bytes, bytes]) -> Header:
    """The same of headers alone."""
    accept = headers.get(b"accept", b"")
    return _JSON if b"application/json" in accept and MEDIA_TYPE not in accept else _SCIM_JSON


def _refuse_media_type(header: str, tolerance: Tolerance) -> None:
    kind, _, rest = header.partition(";")
    kind = kind.strip().lower()
    if not kind:
        tolerance.accept(Quirk.CONTENT_TYPE_MISSING, ScimProblem(415, "Name the body's type: application/scim+json."))
    elif kind not in {"application/scim+json", "application/json"}:
        raise ScimProblem(415, "The body's type is to be application/scim+json or application/json.")
    for parameter in rest.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in {"utf-8", "utf8"}:
            raise ScimProblem(415, "The body's charset is to be UTF-8.")


def _redacted(request: Request, scene: Scene, body: Json) -> Json:
    template = request.template or request.path
    if template.endswith("/Bulk"):
        return redacted_bulk(body, {one.endpoint: one for one in scene.types.values()})
    if template.endswith("/.search"):
        return redacted_search(body)
    kind = Kind.GROUP if "/Groups" in template else Kind.USER
    redacted = redacted_patch if request.method == "PATCH" else redacted_resource
    return redacted(body, scene.types[kind])


def _asked(request: Request, scene: Scene) -> bytes | None:
    """What may be kept of a query string; None where there is none, or it cannot be read."""
    if not request.query:
        return None
    template = request.template or request.path
    kind = Kind.GROUP if "/Groups" in template else Kind.USER
    try:
        question = redacted_question(request.pairs(), scene.types[kind])
    except MalformedRequest:
        return None
    return orjson.dumps(question) if question else None


def _path(request: Request) -> str:
    """The path without its query, whose filter may name people; bounded."""
    return bounded(request.path)


def bounded(text: str) -> str:
    """A text of the request as it may be kept."""
    return text[:_TEXT_LIMIT].replace("\0", "")
