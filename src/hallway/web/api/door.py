"""What stands around every handler of the API: who calls, what the request says, the answer as JSON.

Rules: nobody learns anything before the guard let her in; a POST with an `Idempotency-Key` is carried out once; every
answer is JSON, and a version has a strong ETag.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from hallway.exchanges.idempotency import Begun
from hallway.web.api.endpoint import Answer, Call, Endpoint, Expected
from hallway.web.api.guard import ApiGuard, Caller
from hallway.web.api.ledger import CallLedger, acting
from hallway.web.api.reading import LIMIT_BYTES, read_body, read_query, refuse_query
from hallway.web.api.repeats import Repeats
from hallway.web.http import Header, Request, Response
from hallway.web.routing import Handler
from hallway.web.wiring import Hub

JSON: Final[Header] = (b"content-type", b"application/json")
_encoder: Final = msgspec.json.Encoder()


class ApiDoor:
    """The handlers of every row."""

    def __init__(self, hub: Hub, guard: ApiGuard, repeats: Repeats, clock: Callable[[], int]) -> None:
        self._hub = hub
        self._guard = guard
        self._repeats = repeats
        self._clock = clock

    def handlers(self, endpoints: Sequence[Endpoint]) -> Mapping[str, Handler]:
        """By their names in the route table."""
        return {endpoint.name: self._handler(endpoint) for endpoint in endpoints}

    def _handler(self, endpoint: Endpoint) -> Handler:
        async def handler(request: Request) -> Response:
            caller = await self._guard.unlock(request, endpoint.scope)
            if endpoint.method == "GET":
                return rendered(endpoint, await endpoint.serve(await self._call(endpoint, request, caller, self._hub)))
            begun = await self._begun(endpoint, request, caller)
            if isinstance(begun, Response):
                return begun
            return await self._carried_out(endpoint, request, caller, begun)

        return handler

    async def _begun(self, endpoint: Endpoint, request: Request, caller: Caller) -> Begun | Response | None:
        if endpoint.method != "POST":
            return None
        return await self._repeats.begin(request, caller, await request.body(LIMIT_BYTES), self._clock())

    async def _carried_out(self, endpoint: Endpoint, request: Request, caller: Caller, begun: Begun | None) -> Response:
        expected = Expected(request.header(b"if-match").strip() if endpoint.takes_if_match else "")
        ledger = CallLedger(self._hub.stores.database, expected, begun)
        try:
            call = await self._call(endpoint, request, caller, acting(self._hub, ledger), expected)
            answer = rendered(endpoint, await endpoint.serve(call))
        except BaseException:
            if begun is not None and not ledger.has_committed:
                await self._repeats.give_up(begun)
            raise
        if begun is not None:
            await self._repeats.keep(begun, answer)
        return answer

    async def _call(
        self, endpoint: Endpoint, request: Request, caller: Caller, hub: Hub, expected: Expected | None = None
    ) -> Call:
        body = None if endpoint.body is None else await read_body(request, endpoint.body)
        if endpoint.query is None:
            refuse_query(request)
        query = None if endpoint.query is None else read_query(request, endpoint.query)
        return Call(hub, caller, request, body, query, expected or Expected())


def rendered(endpoint: Endpoint, answer: Answer) -> Response:
    """The answer as octets."""
    headers: tuple[Header, ...] = ()
    if answer.etag:
        headers = ((b"etag", answer.etag.encode()),)
    if answer.location:
        headers = (*headers, (b"location", answer.location.encode()))
    if answer.document is None:
        return Response(endpoint.status, b"", headers)
    return Response(endpoint.status, _encoder.encode(answer.document), (JSON, *headers))
