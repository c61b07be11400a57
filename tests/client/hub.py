"""A Hub of the tests' own: what the contract says that an application is answered, over real sockets.

It shares no code with the client; its tokens are made with `cryptography` alone.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlsplit

from hallway.client import Application
from tests.oidc import sender

CLIENT, SECRET, KEY = "app_1", "hw_client_1", "hw_api_1"
REDIRECT_URI = "http://fieldbook.localhost:8200/hallway/callback"
ACME = {"id": "org_1", "external_id": "acme", "name": "Acme"}


@dataclass
class FakeHub:
    """What it answers, and what it was asked."""

    port: int = 0
    kid: str = "ES256"
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    answers: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, list[str]], dict[str, str], Any]] = field(default_factory=list)
    without_logout: bool = False
    down: bool = False

    @property
    def url(self) -> str:
        return f"http://hub.localhost:{self.port}"

    def application(self, **changes: Any) -> Application:
        return Application(**{"hub": self.url, "client_id": CLIENT, "client_secret": SECRET,
                              "redirect_uri": REDIRECT_URI, "api_key": KEY, **changes})  # fmt: skip

    def paths(self) -> list[str]:
        """What was asked, in its order."""
        return [f"{method} {path}" for method, path, *_ in self.asked]

    def authorized(self, url: str, **changes: str) -> list[tuple[str, str]]:
        """A person signs in at this address; what her browser brings back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert url.startswith(f"{self.url}/oauth2/authorize?") and asked["client_id"] == CLIENT
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        given = {"code": code, "state": asked["state"], "iss": self.url, **changes}
        return [(name, value) for name, value in given.items() if value]

    def token(self, nonce: str, access: str, **changes: Any) -> str:
        now = int(time())
        said = {
            "iss": self.url, "sub": "mem_ada", "aud": CLIENT, "iat": now, "exp": now + 300, "auth_time": now,
            "nonce": nonce, "at_hash": sender.half_hash(access), "sid": "session-1", "amr": ["pwd"],
            "email": "ada@acme.example", "email_verified": True, "name": "Ada Byron", "org": ACME, "role": "admin",
            "groups": ["Surveyors"], "connection": None, **self.claims, **changes,
        }  # fmt: skip
        return sender.token(said, "ES256", sender.key("ES256", self.kid), kid=self.kid, **self.header)

    def logout_token(self, **changes: Any) -> str:
        now = int(time())
        said = sender.logout_claims(iss=self.url, aud=CLIENT, iat=now, exp=now + 120, sub="mem_ada", **changes)
        return sender.token(said, "ES256", sender.key("ES256", self.kid), kid=self.kid, typ="logout+jwt")

    def answer(self, method: str, path: str, form: dict[str, str]) -> tuple[int, Any]:
        waiting = self.answers.get(path)
        if waiting:
            return waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if path == "/.well-known/openid-configuration":
            return 200, self._discovery()
        if path == "/oauth2/jwks":
            return 200, {"keys": [sender.jwk(sender.key("ES256", self.kid), self.kid)]}
        if path == "/oauth2/token":
            return self._exchanged(form)
        return 404, {"code": "not_found", "title": "There is no such thing", "detail": f"{method} {path}"}

    def _discovery(self) -> dict[str, Any]:
        end = {} if self.without_logout else {"end_session_endpoint": f"{self.url}/oauth2/logout"}
        return {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/oauth2/authorize",
            "token_endpoint": f"{self.url}/oauth2/token", "jwks_uri": f"{self.url}/oauth2/jwks",
            "response_types_supported": ["code"], "id_token_signing_alg_values_supported": ["ES256"],
            "authorization_response_iss_parameter_supported": True, "code_challenge_methods_supported": ["S256"], **end,
        }  # fmt: skip

    def _exchanged(self, form: dict[str, str]) -> tuple[int, Any]:
        asked = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if asked is None or sender.b64(digest) != asked["code_challenge"] or form["redirect_uri"] != REDIRECT_URI:
            return 400, {"error": "invalid_grant"}
        access = "an access token"
        return 200, {"token_type": "Bearer", "access_token": access, "id_token": self.token(asked["nonce"], access)}


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    """One that listens, until the end of the block."""
    hub = FakeHub()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            octets = self.rfile.read(length)
            parts = urlsplit(self.path)
            if hub.down:
                self.close_connection = True
                return
            given = {name.lower(): value for name, value in self.headers.items()}
            is_form = "form" in given.get("content-type", "")
            form = dict(parse_qsl(octets.decode())) if is_form else {}
            body = form if is_form else json.loads(octets) if octets else None
            hub.asked.append((self.command, parts.path, parse_qs(parts.query), given, body))
            if parts.path == "/oauth2/token":
                pair = base64.b64decode(given["authorization"].removeprefix("Basic ")).decode()
                assert tuple(unquote_plus(one) for one in pair.split(":")) == (CLIENT, SECRET)
            status, document = hub.answer(self.command, parts.path, form)
            sent = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(sent)))
            if status == 429:
                self.send_header("Retry-After", "7")
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = handle_any

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        handle_error: Callable[..., None] = lambda *_: None

    with Server(("127.0.0.1", 0), Handler) as server:
        hub.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield hub
        server.shutdown()
        thread.join()


def event(number: int, kind: str = "member.deactivated", **changes: Any) -> dict[str, Any]:
    """An event as the feed has it."""
    member = {"id": "mem_ada", "email": "ada@acme.example", "name": "Ada Byron", "role": "user", "state": "active",
              "directory": "dir_1", "directory_user": "user_1"}  # fmt: skip
    return {
        "id": f"evt_{number}", "type": kind, "cursor": f"c{number}", "at": "2026-11-24T10:02:00.250000Z",
        "organization": ACME, "sequence": number, "subject": {"kind": "member", "id": "mem_ada"}, "member": "mem_ada",
        "member_after": {**member, "state": "deactivated"},
        "before": member, "after": {**member, "state": "deactivated"},
        "cause": {"actor": {"kind": "token", "id": "tok_1", "name": "Okta"}, "directory": "dir_1", "person": None,
                  "rule": None},
        "exchange": "exch_1", "facts": {"reason": "directory"}, "a_later_field": 1, **changes,
    }  # fmt: skip
