"""The server process: sockets, event loop, workers. What is served is the factory's business."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.supervisors.multiprocess import Multiprocess

from hallway.web.protocol import HttpProtocol

# Its value is what hallway.web.metrics calls MULTIPROCESS_VARIABLE; that module imports prometheus_client, which
# reads the variable while it is imported.
_METRICS_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"


@dataclass(frozen=True, slots=True)
class Listening:
    """Where and how to serve.

    A proxy in front should close idle connections before `keep_alive_seconds`: who closes second loses
    requests. `stock_protocol` serves with uvicorn's own protocol class, to tell our faults from its.
    """

    host: str
    port: int
    workers: int = 1
    keep_alive_seconds: int = 75
    graceful_seconds: int = 10
    most_connections: int = 10_000
    stock_protocol: bool = False


def serve(app_factory: str, listening: Listening) -> None:
    """Serve until a signal comes; `app_factory` is `package.module:function`, called once in each worker.

    Several workers are started anew (not forked): what the factory needs, it takes from the environment.
    Raises `SystemExit` where serving cannot begin.
    """
    config = uvicorn_config(app_factory, listening)
    if listening.workers > 1:
        socket = config.bind_socket()
        # From here on clients wait for the first worker instead of being refused.
        socket.listen(config.backlog)
        with _shared_metrics():
            Multiprocess(config, sockets=[socket]).run()
        return
    server = uvicorn.Server(config)
    try:
        server.run()
    except KeyboardInterrupt:
        return
    except SystemExit:
        # uvicorn has a code of its own for a start that failed; ours for whatever is refused is 1.
        raise SystemExit(1) from None
    if not server.started:
        raise SystemExit(1)


def uvicorn_config(app_factory: str, listening: Listening) -> uvicorn.Config:
    """uvicorn as we use it: no logs and no forwarded headers of its own, nothing but HTTP/1.1."""
    return uvicorn.Config(
        app_factory,
        factory=True,
        host=listening.host,
        port=listening.port,
        workers=listening.workers,
        loop="uvloop",
        http=HttpToolsProtocol if listening.stock_protocol else HttpProtocol,
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        limit_concurrency=listening.most_connections,
        timeout_keep_alive=listening.keep_alive_seconds,
        timeout_graceful_shutdown=listening.graceful_seconds,
    )


@contextmanager
def _shared_metrics() -> Iterator[None]:
    """A directory in which all workers count together."""
    with tempfile.TemporaryDirectory(prefix="hallway-metrics-") as directory:
        os.environ[_METRICS_VARIABLE] = directory
        try:
            yield
        finally:
            del os.environ[_METRICS_VARIABLE]
