import asyncio
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from hallway.file_lock import DatabaseHeld, hold
from hallway.web.access_log import AccessLog
from hallway.web.edge import Door, Edge, Lifespan
from hallway.web.health import Readiness, healthz
from hallway.web.http import Request, Response
from hallway.web.metrics import Metrics
from hallway.web.routing import Route, Router
from tests.web.asgi import call

TOKEN = "a-token-for-tests-only"


async def noop() -> None:
    pass


async def well() -> str | None:
    return None


async def ill() -> str | None:
    return "the disk is full"


async def stuck() -> str | None:
    await asyncio.Event().wait()
    return None


def edge(*routes: Route, observers: Any = ()) -> Edge:
    return Edge(Router(routes), Door(frozenset({"hub.localhost"})), lambda *_: None, Lifespan(noop, noop), observers)


async def test_a_process_that_answers_is_alive() -> None:
    answer = await call(edge(Route("GET", "/healthz", "open", healthz)), "GET", "/healthz")
    assert (answer.status, answer.body) == (200, b"ok\n")


async def test_ready_is_who_passes_every_check() -> None:
    app = edge(Route("GET", "/readyz", "open", Readiness({"database": well, "keys": well})))
    status, headers, body = await call(app, "GET", "/readyz")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(body) == {"status": "ready", "checks": {"database": "ok", "keys": "ok"}}


async def test_who_is_not_ready_says_what_is_wrong() -> None:
    checks = {"database": ill, "keys": well, "queue": stuck}
    app = edge(Route("GET", "/readyz", "open", Readiness(checks, seconds=0.01)))
    status, _, body = await call(app, "GET", "/readyz")
    assert status == 503
    assert json.loads(body) == {
        "status": "not ready",
        "checks": {"database": "the disk is full", "keys": "ok", "queue": "no answer within 0.01 s"},
    }


# Metrics


async def hello(request: Request) -> Response:
    return Response(200, b"hello")


ROUTES = (Route("GET", "/hello/{name}", "open", hello), Route("POST", "/hello/{name}", "open", hello))


def counts(text: bytes) -> dict[str, float]:
    lines = [line for line in text.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def test_answers_are_counted_by_template_and_class_and_never_by_what_a_stranger_wrote() -> None:
    metrics = Metrics(ROUTES)
    app = edge(*ROUTES, observers=(metrics,))
    for method, path in (("GET", "/hello/1"), ("GET", "/hello/2"), ("HEAD", "/hello/3"), ("BREW", "/x"), ("GET", "/y")):
        await call(app, method, path)
    text = metrics.text()
    found = counts(text)
    assert found['hallway_http_requests_total{method="GET",route="/hello/{name}",status="2xx"}'] == 2
    assert found['hallway_http_requests_total{method="HEAD",route="/hello/{name}",status="2xx"}'] == 1
    assert found['hallway_http_requests_total{method="POST",route="/hello/{name}",status="2xx"}'] == 0
    assert found['hallway_http_requests_total{method="any",route="none",status="4xx"}'] == 2
    assert found['hallway_http_request_seconds_count{route="/hello/{name}"}'] == 3
    assert b"BREW" not in text


async def test_what_rooms_count_is_told_too() -> None:
    metrics = Metrics((), quirks=["patch_op_case"])
    metrics.quirk("patch_op_case")
    metrics.refused_authentications.inc()
    metrics.store_unavailable.inc(2)
    metrics.exchanges_written.inc(3)
    found = counts(metrics.text())
    assert found['hallway_scim_quirks_total{quirk="patch_op_case"}'] == 1
    assert found["hallway_refused_authentications_total"] == 1
    assert found["hallway_store_unavailable_total"] == 2
    assert found["hallway_exchanges_written_total"] == 3
    assert found["process_resident_memory_bytes"] > 0


async def test_metrics_ask_for_their_token() -> None:
    metrics = Metrics(())
    guarded = edge(Route("GET", "/metrics", "metrics", metrics.handler(TOKEN)))
    assert (await call(guarded, "GET", "/metrics", {"authorization": f"Bearer {TOKEN}"})).status == 200
    for wrong in ({}, {"authorization": "Bearer "}, {"authorization": f"Basic {TOKEN}"}, {"authorization": "é"}):
        answer = await call(guarded, "GET", "/metrics", wrong)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    answer = await call(edge(Route("GET", "/metrics", "open", metrics.handler(None))), "GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")


WORKER = """
import sys
from hallway.web.metrics import Metrics
metrics = Metrics(())
metrics.exchanges_written.inc(int(sys.argv[1]))
sys.stdout.buffer.write(metrics.text())
"""


def test_each_worker_tells_the_sum_of_all(tmp_path: Path) -> None:
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for number, total in ((1, 1), (2, 3), (3, 6)):
        output = subprocess.run(
            [sys.executable, "-c", WORKER, str(number)], env=environ, capture_output=True, check=True
        ).stdout
        assert counts(output)["hallway_exchanges_written_total"] == total
        assert counts(output)["process_resident_memory_bytes"] > 0


# The access log


@pytest.mark.parametrize("line_format", ["text", "json"])
async def test_a_line_per_request_without_its_query(line_format: str) -> None:
    stream = io.StringIO()
    log = AccessLog(stream, line_format)
    app = edge(*ROUTES, observers=(log,))
    answer = await call(app, "GET", "/hello/1?token=secret")
    await call(app, "GET", "/nothing/secret")
    assert stream.getvalue() == ""
    log.flush()
    first, second = stream.getvalue().splitlines()
    assert "secret" not in stream.getvalue()
    assert answer.headers["x-request-id"] in first
    if line_format == "json":
        line = orjson.loads(first)
        assert (line["event"], line["level"], line["route"], line["status"]) == (
            "request",
            "info",
            "/hello/{name}",
            200,
        )
        assert orjson.loads(second)["route"] == "-"
    else:
        assert " method=GET route=/hello/{name} status=200 bytes=5 ms=" in first
        assert " route=- status=404 " in second


async def test_lines_are_written_without_being_asked_for() -> None:
    stream = io.StringIO()
    log = AccessLog(stream, "text")
    app = edge(*ROUTES, observers=(log,))
    for _ in range(1000):
        await call(app, "GET", "/hello/1")
    assert stream.getvalue().count("\n") == 1000
    log.flush()
    assert stream.getvalue().count("\n") == 1000


# One process for one SQLite file


def test_a_second_holder_is_refused_with_the_first_ones_number(tmp_path: Path) -> None:
    database = tmp_path / "new" / "hallway.db"
    with (
        hold(database),
        pytest.raises(DatabaseHeld, match=rf"held by another process \({os.getpid()}\)"),
        hold(database),
    ):
        raise AssertionError
    with hold(database):
        pass
    assert not database.exists()


def test_the_lock_ends_with_the_process_that_held_it(tmp_path: Path) -> None:
    database = tmp_path / "hallway.db"
    program = (
        "import os\nfrom pathlib import Path\nfrom hallway.file_lock import hold\n"
        f"with hold(Path({str(database)!r})): os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    with hold(database):
        pass
