"""The servers under test: each is a base URL, a token and a process to read the cost of."""

import contextlib
import importlib.util
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.messages import Address
from bench.meter import CpuTimes, Memory, cpu_times, memory
from bench.processes import NotRunnable, answers, free_port, last_words, started, stopped

HERE: Final = Path(__file__).parent
PEERS: Final = HERE / "peers"


@dataclass(slots=True)
class Target:
    """A running server. `database` is the process of its database server, where it has one."""

    name: str
    title: str
    address: Address
    pid: int
    stop: Callable[[], None]
    log: Path
    database: int | None = None
    is_hub: bool = False
    large: Address | None = None

    def cpu(self) -> CpuTimes:
        """CPU seconds of the server's processes."""
        return cpu_times(self.pid)

    def database_cpu(self) -> CpuTimes:
        """CPU seconds of the database server's processes."""
        return {} if self.database is None else cpu_times(self.database)

    def resident(self) -> Memory:
        """The server's memory."""
        return memory(self.pid)


def scim2_server(room: Path) -> Target:
    """scim2-server's ASGI application under uvicorn, with the event loop and parser that the Hub uses."""
    python = _python_with("scim2_server")
    token, port = secrets.token_urlsafe(24), free_port()
    log = room / "scim2-server.log"
    command = [python, "-m", "uvicorn", "application:app", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    process = started(command, log, {"BENCH_TOKEN": token}, PEERS / "scim2_server")
    address = Address(f"http://127.0.0.1:{port}/v2", token)
    answers(f"{address.base_url}/ServiceProviderConfig", process, log)
    return Target("scim2-server", "scim2-server", address, process.pid, lambda: stopped(process), log)


def _python_with(package: str) -> str:
    """An interpreter that has the package: this one, or that of the bench's own environment."""
    if importlib.util.find_spec(package) is not None:
        return sys.executable
    other = HERE.parent / ".venv-bench" / "bin" / "python"
    if other.exists():
        return str(other)
    raise NotRunnable(f"{package} is not installed: run `make bench`, or install requirements/bench.txt")


def scimmy(room: Path) -> Target:
    """SCIMMY with scimmy-routers on Express, installed by its lock file when it is not."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NotRunnable("node or npm is not installed")
    home = PEERS / "scimmy"
    log = room / "scimmy.log"
    if not (home / "node_modules" / "scimmy-routers").is_dir():
        with log.open("ab") as output:
            code = subprocess.call([npm, "ci", "--ignore-scripts"], cwd=home, stdout=output, stderr=output)
        if code:
            raise NotRunnable(f"npm ci failed: {last_words(log)}")
    token, port = secrets.token_urlsafe(24), free_port()
    process = started([node, "server.js", str(port), token], log, {"NODE_ENV": "production"}, home)
    address = Address(f"http://127.0.0.1:{port}/scim", token)
    answers(f"{address.base_url}/ServiceProviderConfig", process, log)
    return Target("scimmy", "SCIMMY", address, process.pid, lambda: stopped(process), log)


def read_floor(room: Path, model: Address, documents: dict[str, bytes]) -> Target:
    """A bare ASGI application that sends the given bytes: `document`, `found` and `list`."""
    for name, body in documents.items():
        (room / f"floor-{name}.json").write_bytes(body)
    port = free_port()
    log = room / "floor.log"
    process = started([sys.executable, str(HERE / "floor_read.py"), str(room), str(port)], log, {}, HERE.parent)
    path = model.base_url.split("/", 3)[3]
    address = Address(f"http://127.0.0.1:{port}/{path}", model.token)
    answers(f"{address.base_url}/Users/1", process, log)
    return Target("floor", "floor", address, process.pid, lambda: stopped(process), log)


def stop_all(targets: list[Target]) -> None:
    """End every server, also where one refuses."""
    for target in targets:
        with contextlib.suppress(OSError):
            target.stop()
