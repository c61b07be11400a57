"""A SCIM client for tests, as a stranger writes one: HTTP, a base URL and a token.

Rules: nothing is sent that was not asked for (no User-Agent, no Accept of aiohttp's own), and the path goes out as
it stands. What a test gets from the fixture `hub` is described by the protocols below.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote

import aiohttp
from yarl import URL

CORE_USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_USER: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE_GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
LIST_RESPONSE: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"

_ADDED_BY_AIOHTTP: Final = ("Accept", "Content-Type", "User-Agent")


class Source(Protocol):
    """A directory to push into; `token` is shown once."""

    @property
    def id(self) -> str: ...
    @property
    def organization_id(self) -> str: ...
    @property
    def base_url(self) -> str: ...
    @property
    def token(self) -> str: ...


class Hub(Protocol):
    """A running server on one of the engines."""

    def directory(
        self, rules: dict[str, Any] | None = None, provider: str = "other", organization_id: str | None = None
    ) -> Source:
        """A new directory, in a new organization where none is named."""

    def exchanges(self, directory_id: str) -> list[dict[str, Any]]:
        """What `hallway hub exchange list DIRECTORY --json` prints: method, path, status, quirks, at."""

    def disable(self, directory_id: str) -> None:
        """What `hallway hub directory disable` does."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are lower-case, `body` is parsed JSON or None."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def id(self) -> str:
        """The id of the resource that came."""
        return str(self.body["id"])

    @property
    def total(self) -> int:
        """How many resources a list found."""
        return int(self.body["totalResults"])

    @property
    def names(self) -> list[str]:
        """The `userName` or `displayName` of the resources on this page."""
        return [str(found.get("userName", found.get("displayName"))) for found in self.body["Resources"]]

    @property
    def members(self) -> set[str]:
        """The ids of a group's members."""
        return {str(member["value"]) for member in self.body.get("members", [])}


class ScimClient:
    """Requests to one base URL; `token` goes as a bearer token unless headers say otherwise."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, token: str) -> None:
        self._session = session
        self._base_url = base_url
        self._token = token

    async def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """Send bytes. A header of None is not sent, `Authorization` included."""
        sent = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        async with self._session.request(
            method,
            URL(self._base_url + path, encoded=True),
            data=body,
            headers={name: value for name, value in sent.items() if value is not None},
            skip_auto_headers=_ADDED_BY_AIOHTTP,
            allow_redirects=False,
        ) as response:
            text = await response.read()
            content = json.loads(text) if text else None
            return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, content)

    async def request(self, method: str, path: str, body: Any = None) -> Answer:
        """Send JSON as `application/scim+json`."""
        if body is None:
            return await self.send(method, path)
        encoded = json.dumps(body).encode()
        return await self.send(method, path, encoded, {"Content-Type": "application/scim+json"})

    async def get(self, path: str) -> Answer:
        """GET."""
        return await self.request("GET", path)

    async def found(self, endpoint: str, condition: str) -> Answer:
        """The list of what meets a filter."""
        return await self.get(f"{endpoint}?filter={quote(condition, safe='')}")

    async def create_user(self, user_name: str, **more: Any) -> Answer:
        """POST of a user."""
        return await self.request("POST", "/Users", {"schemas": [CORE_USER], "userName": user_name, **more})

    async def create_group(self, name: str, *member_ids: str) -> Answer:
        """POST of a group; without members it has no such attribute."""
        members = {"members": [{"value": member_id} for member_id in member_ids]} if member_ids else {}
        return await self.request("POST", "/Groups", {"schemas": [CORE_GROUP], "displayName": name, **members})

    async def put(self, path: str, body: Any) -> Answer:
        """PUT."""
        return await self.request("PUT", path, body)

    async def patch(self, path: str, *operations: dict[str, Any]) -> Answer:
        """PATCH with these operations."""
        return await self.request("PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)})

    async def delete(self, path: str) -> Answer:
        """DELETE."""
        return await self.request("DELETE", path)


@asynccontextmanager
async def connected(source: Source, token: str | None = None) -> AsyncIterator[ScimClient]:
    """A client of a directory, with its token or another one."""
    connector = aiohttp.TCPConnector(limit=64)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=True) as session:
        yield ScimClient(session, source.base_url, source.token if token is None else token)
