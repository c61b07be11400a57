"""Every route with every credential: the guard lets in whom the table of `web/access.py` says, and nobody else."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hallway.web import access
from hallway.web.http import Response
from hallway.web.routes import ROUTES
from hallway.web.rows import NONE, TOKEN, Row
from tests.furnished import House, furnished
from tests.house.source import ROOT
from tests.web.asgi import Answer, call
from tests.web.deployment import Deployment, deployed

REFUSED = {"/sign-in", "/organizations", "/operator/sign-in", "/sign-in/again", "/operator/sign-in/again"}
PAGES = [row for row in ROUTES if row.page]


@dataclass
class Town:
    """A Hub that serves two furnished organizations."""

    hub: Deployment
    acme: House
    beta: House

    async def call(self, row: Row, path: str, cookies: dict[str, str], token: str = "") -> Answer:
        """A request as the credential's browser, or client, sends it."""
        sent = {"accept": "text/html", "sec-fetch-site": "same-origin"}
        if cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        if token:
            sent["authorization"] = f"Bearer {token}"
        if row.method != "GET":
            sent["content-type"] = "application/x-www-form-urlencoded"
        return await call(self.hub.app, row.method, path, sent, b"")


@asynccontextmanager
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async with deployed(tmp_path, monkeypatch) as hub:

        async def post(path: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
            headers = {"authorization": f"Bearer {token}", "content-type": "application/scim+json"}
            answer = await call(hub.app, "POST", f"/scim{path}", headers, json.dumps(body).encode())
            read: dict[str, Any] = json.loads(answer.body)
            return read

        yield Town(hub, await furnished(hub.hub, "Acme", post), await furnished(hub.hub, "Beta", post))


def credentials(house: House) -> dict[str, tuple[dict[str, str], str]]:
    """Cookies and token by credential."""
    named = {
        access.OUTSIDER: "account",
        access.GUEST: "guest",
        access.USER: "user",
        access.ADMINISTRATOR: "admin",
        access.LINK: "setup link",
        access.VIEWER: "viewer",
        access.SUPPORT: "support",
        access.OWNER: "owner",
    }
    found = {one: (house.cookies[kept], "") for one, kept in named.items()}
    return {access.NOTHING: ({}, ""), access.DIRECTORY: ({}, house.token), access.API_KEY: ({}, house.key), **found}


def was_refused(answer: Answer) -> bool:
    """Whether a guard turned the request away."""
    if answer.status in (401, 403):
        return True
    return answer.status == 303 and answer.headers["location"].partition("?")[0] in REFUSED


async def test_each_guard_lets_in_whom_the_table_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with town(tmp_path, monkeypatch) as there:

        async def reached(*_: Any) -> Response:
            return Response(204)

        handlers = there.hub.serving.page_handlers
        handlers.update(dict.fromkeys(handlers, reached))
        wrong = []
        for row in PAGES:
            for one, (cookies, token) in credentials(there.acme).items():
                answer = await there.call(row, there.acme.path(row.path), cookies, token)
                let_in = answer.status == 204
                if let_in != (one in access.ADMITS[row.guard]) or let_in == was_refused(answer):
                    wrong.append((row.method, row.path, one, answer.status))
        assert wrong == []


async def test_no_cookie_opens_what_a_token_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with town(tmp_path, monkeypatch) as there:
        rows = [row for row in ROUTES if row.guard == TOKEN]
        assert rows
        for row in rows:
            path = row.path.format(**{**there.acme.values, "id": there.acme.values["user"]})
            for one, (cookies, token) in credentials(there.acme).items():
                if one != access.DIRECTORY:
                    assert (await there.call(row, path, cookies, token)).status == 401, (row, one)
            other = await there.call(row, path, {}, there.beta.token)
            assert other.status == 401, row


async def test_what_is_anothers_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Acme's administrator, link and account at every address of Beta's things: 404, as at one that never was."""
    async with town(tmp_path, monkeypatch) as there:
        wrong = []
        for row in PAGES:
            if "{" not in row.path or row.guard == NONE or row.path.startswith("/operator"):
                continue
            if "{entry}" in row.path:
                # An entry's number counts within one's own organization: there is no other's to name.
                continue
            who = "setup link" if row.path.startswith("/setup") else "admin"
            strange = await there.call(row, there.beta.path(row.path), there.acme.cookies[who])
            if strange.status != 404 and not _harmless(row, strange):
                wrong.append((row.method, row.path, strange.status))
        assert wrong == []
        member = await there.hub.hub.stores.members.counts(there.beta.organization.id)
        assert sum(member.values()) == 5, "nothing of Beta's changed"


def _harmless(row: Row, answer: Answer) -> bool:
    """Ending a session that is not there is no fault: nothing happens, and nothing is said."""
    return row.path.endswith("/sessions/{session}/end") and answer.status == 303


def test_the_page_of_the_reference_is_the_table() -> None:
    kept = (ROOT / "docs" / "reference" / "access.md").read_text(encoding="utf-8")
    assert kept == access.page(), "run: python -m hallway.web.access"


def test_every_guard_has_a_line() -> None:
    assert {row.guard for row in ROUTES} <= set(access.ADMITS)
