"""`make run`: the Hub, and Fieldbook beside it, until Ctrl-C. For development: it makes the credentials itself."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from examples.fieldbook.settings import CREDENTIALS
from hallway.settings import Settings, configuration_file, load_settings

SCOPES = ("events:read", "receipts:write", "setup_links:write")


def main() -> int:
    """Start both; when one of them ends, the other one does."""
    port = int(os.environ.get("FIELDBOOK_PORT", "8200"))
    base = f"http://fieldbook.localhost:{port}"
    os.environ.setdefault("HALLWAY_SETUP_RETURN_URLS", f"{base}/settings")
    settings = load_settings(os.environ, configuration_file(os.environ, Path.cwd()))
    hub = subprocess.Popen([sys.executable, "-m", "hallway", "hub", "serve"])
    running = [hub]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        if not _is_ready(hub, f"{settings.local_url}/readyz"):
            return hub.wait()
        prepare(settings, base)
        book = subprocess.Popen([sys.executable, "-m", "examples.fieldbook", "--port", str(port)])
        running.append(book)
        if _is_ready(book, f"http://127.0.0.1:{port}/"):
            print(
                f"Fieldbook, a product with Hallway in it: {base}\n  Its first page says what to try.\n",
                file=sys.stderr,
            )
        while all(one.poll() is None for one in running):
            time.sleep(0.2)
        return next(one.returncode for one in running if one.returncode is not None)
    except KeyboardInterrupt:
        return 0
    finally:
        for one in reversed(running):
            one.terminate()
            one.wait(60)


def prepare(settings: Settings, base: str) -> None:
    """Credentials that this Hub knows, in a file that only its owner reads; those of before serve on."""
    file = Path(os.environ.get("FIELDBOOK_CREDENTIALS", str(CREDENTIALS)))
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    known = {one["id"] for one in _said("application", "list")}
    if kept.get("client_id") in known and kept.get("hub") == settings.base_url and kept.get("base_url") == base:
        return
    addresses = ["--redirect-uri", f"{base}/hallway/callback", "--post-logout-uri", f"{base}/"]
    addresses += ["--logout-uri", f"{base}/hallway/logout"]
    application = _said("application", "create", "Fieldbook", *addresses)
    key = _said("api-key", "create", "Fieldbook", *(word for one in SCOPES for word in ("--scope", one)))
    made = {
        "hub": settings.base_url, "client_id": application["id"], "client_secret": application["secret"],
        "api_key": key["key"], "cookie_secret": secrets.token_hex(32), "base_url": base,
    }  # fmt: skip
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(0o600)
    file.write_text(json.dumps(made, indent=2), encoding="utf-8")


def _said(*words: str) -> Any:
    """What a command of the Hub prints."""
    command = [sys.executable, "-m", "hallway", "hub", *words, "--json"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def _is_ready(process: "subprocess.Popen[bytes]", url: str) -> bool:
    """Ask until it answers; False where the process ended."""
    assert urlsplit(url).scheme == "http"  # noqa: S101
    while process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - this machine
                return True
        except OSError:
            time.sleep(0.05)
    return False


if __name__ == "__main__":
    sys.exit(main())
