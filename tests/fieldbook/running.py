"""A running Fieldbook for tests: the sample application as a process of its own, beside a running Hub."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hallway.hub.applications.api_keys import create as create_key
from hallway.hub.applications.model import Addresses
from hallway.hub.applications.service import Wish, create
from hallway.web.wiring import Hub, application_desk, key_desk
from tests.house.source import ROOT
from tests.running import ACTOR, RunningHub, free_port

SCOPES = ("events:read", "receipts:write", "setup_links:write", "organizations:read", "members:read")


@dataclass
class RunningFieldbook:
    """Where it is, and its process."""

    base: str
    process: subprocess.Popen[bytes]

    def wait_until_ready(self) -> None:
        """Ask until it answers."""
        port = self.base.rpartition(":")[2]
        for _ in range(1500):
            assert self.process.poll() is None, "Fieldbook ended"
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("Fieldbook did not become ready")


@contextmanager
def fieldbook(
    hub: RunningHub, folder: Path, scopes: Sequence[str] = SCOPES, port: int | None = None, **more: str
) -> Iterator[RunningFieldbook]:
    """Fieldbook with an application and an API key of its own at this Hub; `more` is set beside `FIELDBOOK_…`."""
    port = port or free_port()
    base = f"http://fieldbook.localhost:{port}"
    addresses = Addresses(
        (f"{base}/hallway/callback",), (f"{base}/",), "", (f"{base}/settings", f"{base}/settings?done")
    )

    async def act(opened: Hub) -> tuple[str, str, str]:
        made = await create(application_desk(opened), Wish("Fieldbook", addresses=addresses), ACTOR)
        key = await create_key(key_desk(opened), "Fieldbook", scopes, None, ACTOR)
        return made.application.client_id, made.text, key.text

    client_id, secret, key = hub.act(act)
    given = {
        "FIELDBOOK_HUB": hub.environ["HALLWAY_BASE_URL"],
        "FIELDBOOK_CLIENT_ID": client_id,
        "FIELDBOOK_CLIENT_SECRET": secret,
        "FIELDBOOK_API_KEY": key,
        "FIELDBOOK_COOKIE_SECRET": "22" * 32,
        "FIELDBOOK_BASE_URL": base,
        "FIELDBOOK_DATABASE": str(folder / "fieldbook.db"),
        "FIELDBOOK_CREDENTIALS": str(folder / "none.json"),
    }
    given |= more
    command = [sys.executable, "-m", "examples.fieldbook", "--port", str(port)]
    process = subprocess.Popen(command, env={**os.environ, **given}, cwd=ROOT)
    running = RunningFieldbook(base, process)
    try:
        running.wait_until_ready()
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
