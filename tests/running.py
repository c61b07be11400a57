"""A running Hub for tests: a real server process, and what commands do beside it."""

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from hallway.exchanges.model import Exchange
from hallway.hub.directories.administration import Administration, found_directory
from hallway.hub.directories.model import Directory, Provider, Rules
from hallway.hub.directories.tokens import MadeToken
from hallway.hub.organizations.model import Plan
from hallway.ids import DIRECTORY, EXCHANGE, ORGANIZATION, wire
from hallway.journal.model import Actor, Written
from hallway.scim.quirks import Quirk
from hallway.settings import Settings, load_settings
from hallway.web.wiring import Hub, opened_hub
from tests.engines import run

T = TypeVar("T")
_MARKS = itertools.count()
ACTOR = Actor("command", None, "tests")
MASTER_KEY = "11" * 32


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Source:
    """A directory to push into."""

    id: str
    organization_id: str
    base_url: str
    token: str


class RunningHub:
    """`hallway hub serve` on one database, with generous limits."""

    def __init__(self, database_url: str, settings: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self.environ = {
            "HALLWAY_DATABASE": database_url,
            "HALLWAY_MASTER_KEY": MASTER_KEY,
            "HALLWAY_PORT": str(self.port),
            "HALLWAY_BASE_URL": f"http://127.0.0.1:{self.port}",
            "HALLWAY_RATE_LIMIT_PER_SECOND": "0",
            "HALLWAY_FAILED_AUTHENTICATION_PER_MINUTE": "0",
            "HALLWAY_LOG_LEVEL": "warning",
            **(settings or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._sources: dict[str, Source] = {}

    @property
    def settings(self) -> Settings:
        """The settings of server and commands."""
        return load_settings(self.environ)

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it is ready."""
        command = [sys.executable, "-m", "hallway", "hub", "serve"]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("HALLWAY_")}
        self._process = subprocess.Popen(command, env={**inherited, **self.environ}, stdout=subprocess.DEVNULL)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Ask until it answers."""
        for _ in range(1500):
            assert self._process is not None and self._process.poll() is None, "the server ended"
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5):
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("the server did not become ready")

    def stop(self, with_signal: int = signal.SIGTERM) -> None:
        """End the server and wait for it."""
        if self._process is not None:
            self._process.send_signal(with_signal)
            self._process.wait(30)
            self._process = None

    def act(self, act: Callable[[Hub], Awaitable[T]]) -> T:
        """Do beside the server what a command does."""

        async def whole() -> T:
            hub = await opened_hub(self.settings)
            try:
                return await act(hub)
            finally:
                await hub.stores.database.close()

        # In a thread, since tests call this from a running loop too.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: run(whole())).result()

    def directory(
        self,
        rules: dict[str, Any] | None = None,
        provider: str = "other",
        organization_id: str | None = None,
        plan: str = "enterprise",
    ) -> Source:
        """A new directory, in a new organization where none is named."""

        async def make(hub: Hub) -> tuple[Directory, MadeToken]:
            if organization_id is None:
                owner = await hub.registrar.create("Acme", Plan(plan), None, ACTOR)
            else:
                owner = await hub.registrar.found(organization_id)
            administration = Administration(hub.desk, hub.catalogue.types, ACTOR)
            directory, made = await administration.create(owner, "Staff", Provider(provider), 365)
            if rules:
                directory = await administration.update(directory, replace(directory, rules=_rules(rules)))
            return directory, made

        directory, made = self.act(make)
        one = wire(DIRECTORY, directory.id)
        base_url = f"http://127.0.0.1:{self.port}/scim/{one}/v2"
        self._sources[one] = Source(one, wire(ORGANIZATION, directory.organization_id), base_url, made.text)
        return self._sources[one]

    def exchanges(self, directory_id: str) -> list[dict[str, Any]]:
        """What was kept, newest first: also the latest refusals, which are written in the background."""
        marker = self._refused(self._sources[directory_id])
        for _ in range(1000):
            found = self._exchanges(directory_id)
            if any(marker in exchange["path"] for exchange in found):
                return [exchange for exchange in found if "marker" not in exchange["path"]]
        raise AssertionError("refusals are not written")

    def _refused(self, source: Source) -> str:
        """A request that is refused, after everything that was sent; its name."""
        marker = f"marker-{next(_MARKS)}"
        request = urllib.request.Request(
            f"{source.base_url}/Users/{marker}", headers={"Authorization": f"Bearer {source.token}"}
        )
        with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(request, timeout=10):
            raise AssertionError("nobody has this id")
        return marker

    def _exchanges(self, directory_id: str) -> list[dict[str, Any]]:
        async def read(hub: Hub) -> list[dict[str, Any]]:
            one = await found_directory(hub.desk, directory_id)
            found = await hub.stores.exchanges.latest(one.organization_id, one.id, None, 1000)
            return [_exchange(exchange) for exchange in found]

        return self.act(read)

    def disable(self, directory_id: str) -> None:
        """What `hallway hub directory disable` does."""

        async def disable(hub: Hub) -> None:
            administration = Administration(hub.desk, hub.catalogue.types, ACTOR)
            await administration.disable(await found_directory(hub.desk, directory_id))

        self.act(disable)

    def journal(self, organization_id: str) -> list[Written]:
        """Every entry of an organization."""

        async def read(hub: Hub) -> list[Written]:
            one = await hub.registrar.found(organization_id)
            return list(await hub.stores.journal.after(one.id, 0, 100_000))

        return self.act(read)


def _rules(given: dict[str, Any]) -> Rules:
    known = {**given}
    if "quirks_on" in known:
        known["quirks_on"] = frozenset(Quirk(name) for name in known["quirks_on"])
    return Rules(**{name: tuple(value) if isinstance(value, list) else value for name, value in known.items()})


def _exchange(one: Exchange) -> dict[str, Any]:
    return {
        "id": wire(EXCHANGE, one.id),
        "at": one.at,
        "method": one.method,
        "path": one.path,
        "status": one.status,
        "quirks": list(one.quirks),
        "not_applied": one.not_applied,
        "request": one.request,
    }


def sqlite_url(directory: Path) -> str:
    """A database file in a directory."""
    return f"sqlite:///{directory / 'hallway.db'}"
