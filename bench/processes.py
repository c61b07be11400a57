"""Starting and ending the programs that are measured."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_START_SECONDS = 60.0


class NotRunnable(Exception):
    """A program cannot be measured on this machine; the text says why, for the report."""


@dataclass(frozen=True, slots=True)
class Cores:
    """One core for the server under test, another for the load; the same where there is only one."""

    server: int
    load: int


@cache
def cores() -> Cores:
    """The first and the last core that this process could use when it began."""
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(allowed[0], allowed[-1])


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(
    command: Sequence[str], log: Path, environment: Mapping[str, str], directory: Path
) -> "subprocess.Popen[bytes]":
    """A server process on the server's core, which ends when the bench does; its output goes to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            list(command),
            stdout=output,
            stderr=output,
            cwd=directory,
            env={**os.environ, **environment},
            preexec_fn=_on_server_core(),
        )


def _on_server_core() -> Callable[[], None]:
    prctl = ctypes.CDLL(None).prctl
    core = cores().server

    def prepare() -> None:
        os.sched_setaffinity(0, {core})
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    return prepare


def answers(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return once the server answers at all; raises `NotRunnable` with its last words where it ended."""
    end = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    stopped(process)
    raise NotRunnable(f"it did not start: {last_words(log)}")


def last_words(log: Path) -> str:
    """The last line that a server wrote."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def stopped(process: "subprocess.Popen[bytes]") -> None:
    """End a process, by force where it does not go."""
    if process.poll() is not None:
        return
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)
        return
    process.kill()
    process.wait()
