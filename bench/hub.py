"""The Hub under test, on SQLite and on PostgreSQL, by its command line as a person would start it."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from bench.messages import Address
from bench.processes import NotRunnable, answers, free_port, started, stopped
from bench.targets import HERE, Target

_SETTINGS: Final = {
    # A sender is slowed down at 50 requests a second; here the server's own speed is asked for.
    "HALLWAY_RATE_LIMIT_PER_SECOND": "0",
    "HALLWAY_SCAN_TIME_LIMIT_MS": "60000",
    "HALLWAY_LOG_LEVEL": "warning",
}


def on_sqlite(room: Path) -> Target:
    """The Hub as it is installed by default, one worker."""
    home = room / "hub-sqlite"
    home.mkdir()
    return _hub("hub-sqlite", "Hub, SQLite", home, f"sqlite:///{home}/hub.db", {}, lambda: None)


def on_postgres(room: Path) -> Target:
    """The Hub on a PostgreSQL server of its own, found as the tests find one."""
    try:
        from tests.engines import NoServer, PostgresServer
    except ImportError as missing:
        raise NotRunnable(f"the tests' PostgreSQL cannot be used: {missing}") from missing
    try:
        server = PostgresServer()
        server.start()
    except NoServer as reason:
        raise NotRunnable(str(reason)) from reason
    home = room / "hub-postgres"
    home.mkdir()
    key = {"HALLWAY_MASTER_KEY": secrets.token_hex(32)}
    try:
        url = server.url_of(server.make_database())
        target = _hub("hub-postgres", "Hub, PostgreSQL", home, url, key, server.stop)
    except BaseException:
        server.stop()
        raise
    assert server.process is not None
    target.database = server.process.pid
    return target


def _hub(
    name: str, title: str, home: Path, database: str, more: Mapping[str, str], after: Callable[[], None]
) -> Target:
    port = free_port()
    settings = {**_SETTINGS, **more, "HALLWAY_DATABASE": database, "HALLWAY_PORT": str(port)}
    main, large = (_directory(home, settings, which) for which in ("main", "large"))
    log = home / "log"
    process = started([_program(), "hub", "serve"], log, settings, home)
    answers(f"{main.base_url}/ServiceProviderConfig".replace("hub.localhost", "127.0.0.1"), process, log)

    def stop() -> None:
        stopped(process)
        after()

    return Target(name, title, main, process.pid, stop, log, is_hub=True, large=large)


def _program() -> str:
    for found in (Path(sys.executable).parent / "hallway", HERE.parent / ".venv" / "bin" / "hallway"):
        if found.exists():
            return str(found)
    raise NotRunnable("the command `hallway` is not installed")


def _directory(home: Path, settings: Mapping[str, str], name: str) -> Address:
    """A directory of an organization of its own, on the plan that has SCIM."""
    made = _command(home, settings, "organization", "create", name, "--plan", "enterprise")
    directory = _command(home, settings, "directory", "create", str(made["id"]), "--name", name)
    return Address(str(directory["base_url"]), str(directory["token"]))


def _command(home: Path, settings: Mapping[str, str], *words: str) -> dict[str, object]:
    done = subprocess.run(
        [_program(), "hub", *words, "--json"],
        env={**os.environ, **settings},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        told = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise NotRunnable(f"`hallway hub {' '.join(words[:2])}` failed: {told[-1]}")
    answer: dict[str, object] = json.loads(done.stdout)
    return answer
