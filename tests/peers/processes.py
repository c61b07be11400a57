"""Programs of others as processes of their own, on a port of loopback."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

WAIT_SECONDS = 20


def program(name: str) -> str:
    """Where a program is; without it the tests fail, and say what installs it."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"There is no {name}: run `make peers`.", pytrace=False)
    return found


@contextmanager
def serving(command: Sequence[str], port: int, log: Path, environ: Mapping[str, str]) -> Iterator[None]:
    """A server that listens on the port while the block runs; what it wrote stands in the failure if it does not."""
    with log.open("wb") as kept:
        process = subprocess.Popen(command, env=dict(environ), stdout=kept, stderr=subprocess.STDOUT)
        try:
            _wait(process, port, log)
            yield
        finally:
            process.terminate()
            process.wait(10)


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, f"the peer ended: {log.read_text(errors='replace')[-2000:]}"
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the peer does not listen: {log.read_text(errors='replace')[-2000:]}")
