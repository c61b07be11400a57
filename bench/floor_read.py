"""The floor of reads: a bare ASGI application that sends stored bytes: `python floor_read.py DIRECTORY PORT`.

It knows no token, no tenant, no database: what it costs is uvicorn, and the way of the bytes.
"""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


def application(directory: Path) -> Callable[[dict[str, Any], Receive, Send], Awaitable[None]]:
    """One document by any id, a list of one for a filter, a list of a hundred otherwise."""
    document, found, page = ((directory / f"floor-{name}.json").read_bytes() for name in ("document", "found", "list"))
    starts = {body: _start(body) for body in (document, found, page)}

    async def app(scope: dict[str, Any], _: Receive, send: Send) -> None:
        if not scope["path"].endswith("/Users"):
            body = document
        elif scope["query_string"].startswith(b"filter="):
            body = found
        else:
            body = page
        await send(starts[body])
        await send({"type": "http.response.body", "body": body})

    return app


def _start(body: bytes) -> dict[str, Any]:
    headers = [(b"content-type", b"application/scim+json"), (b"content-length", b"%d" % len(body))]
    return {"type": "http.response.start", "status": 200, "headers": headers}


if __name__ == "__main__":
    uvicorn.run(
        application(Path(sys.argv[1])),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        log_level="warning",
    )
