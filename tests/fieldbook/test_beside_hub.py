"""`make run` in a folder of its own: two programs, credentials that fit, and both end together."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

import pytest

from hallway.client.blocking import sent
from hallway.client.steps import Request
from tests.house.source import ROOT
from tests.running import free_port


def test_both_start_and_know_each_other(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    hub, book = free_port(), free_port()
    credentials = tmp_path / "var" / "fieldbook.json"
    given = {
        "HALLWAY_DATABASE": f"sqlite:///{tmp_path / 'hallway.db'}", "HALLWAY_PORT": str(hub),
        "FIELDBOOK_PORT": str(book), "FIELDBOOK_CREDENTIALS": str(credentials),
        "FIELDBOOK_DATABASE": str(tmp_path / "fieldbook.db"), "HALLWAY_LOG_LEVEL": "warning",
    }  # fmt: skip
    kept, said = [], ""
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, "-m", "examples.fieldbook.beside_hub"], env={**os.environ, **given}, cwd=ROOT
        )
        try:
            page = _first_page(process, book)
            assert f"http://hub.localhost:{hub}/register" in page and "What to try" in page
            # Fieldbook sends a visitor to the Hub, which knows its client and its redirect URI.
            url = f"http://fieldbook.localhost:{book}/hallway/sign-in"
            for place in ("/oauth2/authorize?", "/sign-in"):
                answer = sent(Request("GET", url, {"Accept": "text/html"}))
                assert answer.status == 303, answer.octets
                url = urljoin(url, answer.headers["location"])
                assert url.startswith(f"http://hub.localhost:{hub}{place}")
            # It may answer before the launcher has seen that it does.
            for _ in range(3000):
                said += capfd.readouterr().err
                if said.count("Fieldbook, a product with Hallway in it") > len(kept):
                    break
                time.sleep(0.02)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        kept.append(credentials.read_text(encoding="utf-8"))
    assert kept[0] == kept[1], "the second time they serve on"
    assert json.loads(kept[0])["hub"] == f"http://hub.localhost:{hub}"
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
    said += capfd.readouterr().err
    assert f"Fieldbook, a product with Hallway in it: http://fieldbook.localhost:{book}" in said
    assert json.loads(kept[0])["client_secret"] not in said


def _first_page(process: "subprocess.Popen[bytes]", port: int) -> str:
    for _ in range(3000):
        assert process.poll() is None, "it ended"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
                return str(answer.read().decode())
        except OSError:
            time.sleep(0.02)
    raise AssertionError("Fieldbook did not become ready")
