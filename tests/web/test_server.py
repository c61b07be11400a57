import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

PROGRAM = """
import logging, sys
from hallway.web.server import Listening, serve
if __name__ == "__main__":
    logging.basicConfig(level="INFO")
    workers, stock = int(sys.argv[2]), sys.argv[3] == "stock"
    serve(sys.argv[1], Listening("127.0.0.1", 0, workers, graceful_seconds=5, stock_protocol=stock))
"""


@contextmanager
def served(application: str, workers: int = 1, protocol: str = "ours") -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process and its port, once it listens; port 0 where it ended before."""
    command = [sys.executable, "-c", PROGRAM, f"tests.web.served:{application}", str(workers), protocol]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        port = 0
        seen = []
        for line in process.stderr:
            seen.append(line)
            found = re.search(r"running on http://127.0.0.1:(\d+)", line)
            port = int(found[1]) if found else port
            # With several workers the port is known before it is listened on.
            if port and (workers == 1 or "Started parent process" in line):
                break
        try:
            yield process, port
        finally:
            process.terminate()
            process.stderr.read()
            if process.wait(20) not in (0, 1, -signal.SIGTERM):
                pytest.fail("".join(seen))


def asked(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body)
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return found


@pytest.mark.parametrize("protocol", ["ours", "stock"])
def test_one_process_serves_until_it_is_told_to_end(protocol: str) -> None:
    with served("application", protocol=protocol) as (process, port):
        status, headers, body = asked(port, "POST", "/echo", b"hello")
        assert (status, body) == (200, b"%d hello" % process.pid)
        assert "date" in headers
        assert "server" not in headers


def test_several_processes_serve_one_port_and_count_together() -> None:
    with served("application", workers=2) as (process, port):
        assert asked(port, "POST", "/echo", b"hello")[0] == 200
        assert asked(port, "POST", "/echo", b"hello")[2] != b"%d hello" % process.pid
        text = b""
        while b"hallway_exchanges_written_total 2.0" not in text:
            text = asked(port, "GET", "/metrics")[2]


def test_a_server_that_cannot_start_says_why_and_ends() -> None:
    with served("unready") as (process, port):
        assert port == 0
        assert process.wait(20) == 1
