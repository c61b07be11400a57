"""Applications that `test_server.py` serves in processes of their own."""

import os

from hallway.web.edge import CannotStart, Door, Edge, Lifespan
from hallway.web.http import Request, Response
from hallway.web.metrics import Metrics
from hallway.web.routing import Route, Router


async def noop() -> None:
    pass


async def echo(request: Request) -> Response:
    return Response(200, b"%d %b" % (os.getpid(), await request.body(100)))


def application() -> Edge:
    metrics = Metrics(())
    routes = [Route("POST", "/echo", "open", echo), Route("GET", "/metrics", "open", metrics.handler(None))]
    door = Door(frozenset({"127.0.0.1"}))
    metrics.exchanges_written.inc()
    return Edge(Router(routes), door, lambda *_: None, Lifespan(noop, noop), (metrics,))


async def refuse() -> None:
    raise CannotStart("The master key is not the one of this database.")


def unready() -> Edge:
    return Edge(Router(()), Door(frozenset()), lambda *_: None, Lifespan(refuse, noop))
