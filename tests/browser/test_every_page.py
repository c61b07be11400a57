"""Every page that is served, found in the route table: in both themes, wide and narrow, with everything on it."""

import asyncio
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from hallway.hub.applications.model import Kind
from hallway.web.access import ADMINISTRATOR, ADMITS, LINK, NOTHING, OUTSIDER, OWNER
from hallway.web.routes import ROUTES
from hallway.web.rows import Row
from tests.browser.conftest import NARROW, WIDE, OpenWindow
from tests.furnished import House, furnished
from tests.running import RunningHub, sqlite_url

LEAD_OUT = {"/sso/{hex}"}
"""Pages that send the browser to somebody else's host."""
PAGES = [row for row in ROUTES if row.page and row.method == "GET" and row.path not in LEAD_OUT]
MEMBER = "/settings/members/{member}"
PAGES += [replace(row, path="/settings/members/{leaver}") for row in PAGES if row.path == MEMBER]
"""Somebody who left, beside somebody who was invited."""
NEW = "/operator/applications/new"
PAGES += [replace(row, path=f"{NEW}?kind={kind.value}") for row in PAGES if row.path == NEW for kind in Kind]
"""The form of each kind, beside the question which."""
NEEDS = {"/invitation": "invitation", "/setup/open": "setup_address"}
"""Pages that are nothing without what stands in their address."""
WHOM = ((NOTHING, ""), (ADMINISTRATOR, "admin"), (LINK, "setup link"), (OWNER, "owner"), (OUTSIDER, "account"))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningHub, House]]:
    """A Hub that serves a furnished organization."""
    running = RunningHub(sqlite_url(tmp_path_factory.mktemp("town")))
    running.environ["HALLWAY_BASE_URL"] = f"http://hub.localhost:{running.port}"
    running.start()

    async def post(path: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
        return await asyncio.to_thread(_posted, f"http://127.0.0.1:{running.port}/scim{path}", token, body)

    yield running, running.act(lambda hub: furnished(hub, "Acme", post))
    running.stop()


def _posted(address: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/scim+json"}
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            read: dict[str, Any] = json.loads(answer.read())
    except urllib.error.HTTPError as problem:
        read = json.loads(problem.read())
    return read


def whose(row: Row) -> str:
    """The cookies that open the page: those of nobody where nobody may."""
    return next(kept for one, kept in WHOM if one in ADMITS[row.guard])


@pytest.mark.parametrize("row", PAGES, ids=lambda row: row.path)
def test_a_page_is_accessible_and_stays_within_its_window(
    town: tuple[RunningHub, House], window: OpenWindow, row: Row
) -> None:
    running, house = town
    visitor = window(WIDE, "light")
    visitor.base = f"http://hub.localhost:{running.port}"
    who = whose(row)
    visitor.page.context.add_cookies(
        [{"name": name, "value": value, "url": visitor.base} for name, value in house.cookies.get(who, {}).items()]
    )
    path = house.path(row.path)
    needed = NEEDS.get(row.path)
    if needed:
        path = re.sub(r"^https?://[^/]+", "", house.values[needed])
    assert visitor.open(path) < 500
    name = re.sub(r"\W+", "-", row.path).strip("-") or "start"
    for size, theme in ((WIDE, "light"), (NARROW, "dark")):
        visitor.page.set_viewport_size({"width": size[0], "height": size[1]})
        visitor.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        visitor.picture(f"page-{name}-{theme}-{size[0]}")
        assert visitor.findings() == []
        assert visitor.is_within()
