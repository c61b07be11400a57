"""A client for the ASGI application in the same process: no socket, no server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

Headers = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass
class Answer:
    """What the application sent; `cookies` has every Set-Cookie, of which `headers` has the last."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cookies: list[str] = field(default_factory=list)

    def __iter__(self) -> Any:
        return iter((self.status, self.headers, self.body))


async def call(
    app: Any,
    method: str,
    path: str,
    headers: Headers = (),
    body: bytes | Sequence[bytes] | None = b"",
    client: str = "127.0.0.1",
) -> Answer:
    """One request, `path` with its query as on the wire; `body` None is a sender that went away.

    A body in parts comes part by part, without Content-Length. `Host` is hub.localhost:8000 unless named.
    """
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    if not any(name.lower() == "host" for name, _ in pairs):
        pairs.insert(0, ("host", "hub.localhost:8000"))
    if isinstance(body, bytes) and body:
        pairs.append(("content-length", str(len(body))))
    raw_path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(raw_path),
        "raw_path": raw_path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs],
        "client": (client, 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    parts = [] if body is None else [body] if isinstance(body, bytes) else list(body)
    messages = [
        {"type": "http.request", "body": part, "more_body": number < len(parts)}
        for number, part in enumerate(parts, start=1)
    ]
    messages.append({"type": "http.disconnect"})
    answer = Answer()

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            assert answer.status == 0, "two answers"
            answer.status = message["status"]
            pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]]
            answer.cookies = [value for name, value in pairs if name == "set-cookie"]
            answer.headers = dict(pairs)
            repeated = max(len(answer.cookies) - 1, 0)
            assert len(answer.headers) + repeated == len(pairs), "a header came twice"
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer
