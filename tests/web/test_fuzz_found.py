"""What the fuzz found, one by one, and raw bytes on the wire."""

import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.running import RunningHub, Source, sqlite_url
from tests.web.deployment import ERROR, SCIM, deployed

START = st.sampled_from((b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"HEAD", b"get", b"\xff", b""))
NOISE = st.binary(max_size=30) | st.sampled_from(
    (b"\r\n", b"\0", b"%00", b"%ff", b"\xc3\xa9", b"?filter=%c3", b"#", b"//")
)
LINES = st.sampled_from((
    b"Host: 127.0.0.1", b"Host: x\r\nHost: y", b"Content-Length: 5", b"Content-Length: -1",
    b"Transfer-Encoding: chunked",
    b"Content-Type: application/scim+json", b"Content-Length: 5\r\nContent-Length: 6", b"Expect: 100-continue",
    b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"X: \xff\xfe", b"Content-Encoding: gzip",
))  # fmt: skip


async def test_header_that_came_twice_gets_a_scim_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        client = await hub.connected()
        answer = await client.send("GET", "/Users", headers={"content-type": SCIM, "Content-Type": SCIM})
        assert (answer.status, answer.body["schemas"], answer.body["status"]) == (400, [ERROR], "400")
        assert answer.headers["content-type"].startswith(SCIM)


def test_no_bytes_on_the_wire_are_answered_with_500(tmp_path: Path) -> None:
    hub = RunningHub(sqlite_url(tmp_path))
    hub.start()
    source = hub.directory()

    @settings(max_examples=250, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(START, NOISE, st.lists(LINES | NOISE, max_size=3), st.booleans(), NOISE)
    def send(method: bytes, path: bytes, lines: list[bytes], known: bool, body: bytes) -> None:
        opened_by = b"Authorization: Bearer " + source.token.encode()
        head = b"%b %b/Users%b HTTP/1.1" % (method, _path(source), path)
        octets = b"\r\n".join([head, *lines, *([opened_by] if known else []), b"", body])
        assert b" 500 " not in _answer(hub.port, octets), octets

    try:
        send()
        assert b" 200 " in _answer(hub.port, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    finally:
        hub.stop()


def _path(source: Source) -> bytes:
    return b"/" + source.base_url.partition("://")[2].partition("/")[2].encode()


def _answer(port: int, octets: bytes) -> bytes:
    """The status lines of what comes back before the connection is closed."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(octets)
        connection.shutdown(socket.SHUT_WR)
        try:
            while part := connection.recv(65_536):
                found += part
        except ConnectionResetError:
            pass
    return b"\n".join(line for line in found.split(b"\r\n") if line.startswith(b"HTTP/1.1 "))
