"""Commands as people type them, and a client that gives them something to look at."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from typer.testing import CliRunner, Result

from hallway.cli import app
from tests.running import MASTER_KEY, Source

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def environ_of(database_url: str) -> dict[str, str]:
    """What the commands of one deployment have in their environment."""
    return {
        "HALLWAY_DATABASE": database_url,
        "HALLWAY_MASTER_KEY": MASTER_KEY,
        "HALLWAY_BASE_URL": "http://127.0.0.1:1",
    }


def result_of(environ: Mapping[str, str], *words: str, answer: str | None = None) -> Result:
    """A command's exit code and what it printed; a fault of ours fails the test."""
    result = CliRunner().invoke(app, words, env=environ, input=answer)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def text_of(environ: Mapping[str, str], *words: str) -> str:
    """What a command that succeeds prints."""
    result = result_of(environ, *words)
    assert result.exit_code == 0, result.output
    return result.stdout


def json_of(environ: Mapping[str, str], *words: str) -> Any:
    """The JSON that a command prints."""
    return json.loads(text_of(environ, *words, "--json"))


def refusal_of(environ: Mapping[str, str], *words: str) -> str:
    """The sentence of a command that is refused."""
    result = result_of(environ, *words)
    assert result.exit_code == 1, result.output
    return result.stderr


@dataclass(frozen=True)
class Client:
    """A SCIM client with a token."""

    source: Source

    def send(self, method: str, path: str, body: object = None, token: str | None = None) -> tuple[int, Any]:
        """The answer to one request."""
        parts = urlsplit(self.source.base_url)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
        headers = {
            "Authorization": f"Bearer {self.source.token if token is None else token}",
            "Content-Type": "application/scim+json",
            "User-Agent": "tests/1.0",
        }
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, f"{parts.path}{path}", content, headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()

    def user(self, name: str, **attributes: object) -> str:
        """The id of a new user."""
        status, body = self.send("POST", "/Users", {"schemas": [USER], "userName": name, **attributes})
        assert status == 201, body
        return str(body["id"])

    def group(self, name: str, *members: str) -> str:
        """The id of a new group."""
        listed = [{"value": member} for member in members]
        status, body = self.send("POST", "/Groups", {"schemas": [GROUP], "displayName": name, "members": listed})
        assert status == 201, body
        return str(body["id"])

    def patch(self, at: str, **operation: object) -> None:
        """One operation on a resource."""
        status, body = self.send("PATCH", at, {"schemas": [PATCH], "Operations": [operation]})
        assert status in (200, 204), body

    def delete(self, path: str) -> None:
        """End a resource."""
        status, body = self.send("DELETE", path)
        assert status == 204, body


def mode_of(path: Path) -> int:
    """The permissions of a file."""
    return path.stat().st_mode & 0o777
