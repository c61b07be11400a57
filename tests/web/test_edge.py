import asyncio
from typing import Any

import pytest
import structlog

from hallway.web.edge import CannotStart, Door, Edge, Lifespan
from hallway.web.http import ClientDisconnected, EdgeProblem, Request, Response
from hallway.web.routing import Route, Router
from tests.web.asgi import call


class Oops(Exception):
    pass


class Known(Exception):
    pass


async def hello(request: Request) -> Response:
    return Response(200, b"hello", ((b"content-type", b"text/plain"),))


async def cached(request: Request) -> Response:
    return Response(200, b"keys", ((b"cache-control", b"max-age=60"),))


async def fail(request: Request) -> Response:
    raise Oops


async def known(request: Request) -> Response:
    raise Known


async def gone(request: Request) -> Response:
    raise ClientDisconnected


async def echo(request: Request) -> Response:
    return Response(200, await request.body(10))


async def who(request: Request) -> Response:
    bound = structlog.contextvars.get_contextvars()["request_id"]
    return Response(200, f"{request.params['id']} {request.client_address} {bound}".encode())


def problems(request: Request, error: Exception) -> Response | None:
    match error:
        case Known():
            return Response(409, b"known")
        case EdgeProblem(status=500):
            return Response(500, b"calm: " + error.detail.encode())
        case _:
            return None


class Seen:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, str, int, int]] = []

    def __call__(self, request: Request, status: int, size_bytes: int, seconds: float) -> None:
        assert seconds >= 0
        self.answers.append((request.method, request.template, status, size_bytes))


async def noop() -> None:
    pass


def edge(seen: Seen | None = None, fallback: Any = None, lifespan: Lifespan | None = None) -> Edge:
    routes = [
        Route("GET", "/hello", "open", hello),
        Route("POST", "/hello", "open", hello),
        Route("POST", "/from-anywhere", "open", hello, cross_site=True),
        Route("GET", "/probe", "open", hello, any_host=True),
        Route("GET", "/cached", "open", cached),
        Route("GET", "/fail", "open", fail),
        Route("GET", "/known", "open", known),
        Route("GET", "/gone", "open", gone),
        Route("POST", "/echo", "open", echo),
        Route("GET", "/who/{id}", "open", who),
    ]
    door = Door(frozenset({"hub.localhost", "127.0.0.1", "[::1]"}))
    observers = (seen,) if seen else ()
    return Edge(Router(routes, fallback), door, problems, lifespan or Lifespan(noop, noop), observers)


async def test_an_answer_carries_the_headers_that_all_have() -> None:
    status, headers, body = await call(edge(), "GET", "/hello?secret=1")
    assert (status, body) == (200, b"hello")
    assert headers.pop("x-request-id")
    assert headers == {
        "content-type": "text/plain",
        "content-length": "5",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }


async def test_a_handler_may_say_how_its_answer_is_cached() -> None:
    assert (await call(edge(), "GET", "/cached")).headers["cache-control"] == "max-age=60"


async def test_head_is_the_answer_to_get_without_its_body() -> None:
    status, headers, body = await call(edge(), "HEAD", "/hello")
    assert (status, headers["content-length"], body) == (200, "5", b"")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("hub.localhost", 200),
        ("HUB.localhost:8000", 200),
        ("127.0.0.1:9", 200),
        ("[::1]:8000", 200),
        ("[::1]", 200),
        ("evil.example", 421),
        ("evil.example:8000", 421),
        ("hub.localhost.evil.example", 421),
        ("hub.localhost:evil", 421),
        ("", 421),
    ],
)
async def test_only_names_of_this_server_are_answered(host: str, status: int) -> None:
    assert (await call(edge(), "GET", "/hello", {"host": host})).status == status
    assert (await call(edge(), "GET", "/nothing", {"host": host})).status == (404 if status == 200 else 421)


async def test_a_probe_may_come_by_address() -> None:
    assert (await call(edge(), "GET", "/probe", {"host": "10.0.0.5:8000"})).status == 200


async def test_a_path_or_method_that_is_not_there_is_said_plainly() -> None:
    assert (await call(edge(), "GET", "/nothing")).status == 404
    status, headers, body = await call(edge(), "DELETE", "/hello")
    assert (status, headers["allow"]) == (405, "GET, HEAD, POST")
    assert b"GET, HEAD, POST" in body


async def test_the_fallback_sees_what_no_route_takes() -> None:
    async def elsewhere(request: Request) -> Response:
        return Response(200, request.path.encode())

    assert (await call(edge(fallback=elsewhere), "GET", "/scim/v2/acme/Users/")).body == b"/scim/v2/acme/Users"
    assert (await call(edge(fallback=elsewhere), "DELETE", "/hello")).status == 405


async def test_pages_of_other_sites_may_not_write_unless_a_route_means_it() -> None:
    foreign = {"sec-fetch-site": "cross-site"}
    assert (await call(edge(), "POST", "/hello", foreign)).status == 403
    assert (await call(edge(), "POST", "/hello", {"sec-fetch-site": "same-site"})).status == 403
    assert (await call(edge(), "POST", "/hello", {"sec-fetch-site": "same-origin"})).status == 200
    assert (await call(edge(), "POST", "/hello")).status == 200
    assert (await call(edge(), "GET", "/hello", foreign)).status == 200
    assert (await call(edge(), "POST", "/from-anywhere", foreign)).status == 200


async def test_a_problem_is_rendered_by_the_table() -> None:
    answer = await call(edge(), "GET", "/known")
    assert (answer.status, answer.body) == (409, b"known")


async def test_what_nobody_expected_is_a_500_with_an_id_that_the_log_has_too() -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        status, headers, body = await call(edge(), "GET", "/fail?secret=1")
    request_id = headers["x-request-id"]
    assert (status, body) == (500, f"calm: This is our fault, not yours. The log has it under {request_id}.".encode())
    assert [(line["event"], line["exc_info"], line["request_id"]) for line in lines] == [
        ("request_failed", True, request_id)
    ]
    assert "secret" not in str(lines)


async def test_a_request_that_reads_in_two_ways_is_refused() -> None:
    status, headers, _ = await call(edge(), "GET", "/hello", [("host", "hub.localhost"), ("host", "evil.example")])
    assert (status, headers["x-content-type-options"]) == (400, "nosniff")


async def test_a_body_is_read_up_to_the_limit_of_its_route() -> None:
    assert (await call(edge(), "POST", "/echo", body=[b"01234", b"56789"])).body == b"0123456789"
    assert (await call(edge(), "POST", "/echo", body=[b"01234", b"56789", b"!"])).status == 413


async def test_nobody_is_answered_who_went_away() -> None:
    seen = Seen()
    assert (await call(edge(seen), "POST", "/echo", body=None)).status == 0
    assert (await call(edge(seen), "GET", "/gone")).status == 0
    assert [status for _, _, status, _ in seen.answers] == [499, 499]


async def test_observers_see_templates_and_never_a_query() -> None:
    seen = Seen()
    app = edge(seen)
    for method, path in (("GET", "/who/7?a=1"), ("HEAD", "/hello"), ("GET", "/fail"), ("GET", "/secret")):
        with structlog.testing.capture_logs():
            await call(app, method, path)
    assert [answer[:3] for answer in seen.answers] == [
        ("GET", "/who/{id}", 200),
        ("HEAD", "/hello", 200),
        ("GET", "/fail", 500),
        ("GET", "", 404),
    ]


async def test_the_id_of_a_request_is_bound_to_its_own_lines() -> None:
    app = edge()
    answers = await asyncio.gather(*[call(app, "GET", f"/who/{number}", client="192.0.2.9") for number in range(20)])
    for number, answer in enumerate(answers):
        assert answer.body.decode() == f"{number} 192.0.2.9 {answer.headers['x-request-id']}"


async def live(app: Edge) -> list[dict[str, Any]]:
    coming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return coming.pop(0)

    async def keep(message: Any) -> None:
        sent.append(message)

    await app({"type": "lifespan"}, receive, keep)
    return sent


async def test_the_lifespan_starts_and_stops_what_the_application_needs() -> None:
    events: list[str] = []

    async def start() -> None:
        events.append("start")

    async def stop() -> None:
        events.append("stop")

    sent = await live(edge(lifespan=Lifespan(start, stop)))
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert events == ["start", "stop"]


async def test_a_start_that_cannot_be_says_why() -> None:
    async def start() -> None:
        raise CannotStart("The key is wrong.")

    sent = await live(edge(lifespan=Lifespan(start, noop)))
    assert sent == [{"type": "lifespan.startup.failed", "message": "The key is wrong."}]


async def test_websockets_are_not_served() -> None:
    with pytest.raises(ValueError, match="HTTP"):
        await edge()({"type": "websocket"}, None, None)  # type: ignore[arg-type]
