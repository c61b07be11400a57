"""Fieldbook's routes. Who asks is in `request.scope["hallway"]`; everything is the visitor's own organization's."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from examples.fieldbook.accounts import Accounts, now
from examples.fieldbook.database import opened
from examples.fieldbook.pages import page, visits_of
from examples.fieldbook.settings import Settings, settings_of
from examples.fieldbook.sign_in import hub_client, with_hallway
from hallway.client import Door, HubProblem, LinkWish, Visitor

LOOK_AGAIN_SECONDS = 15.0


async def welcome(request: Request) -> Response:
    return page(request, "welcome.html", hub=request.app.state.settings.hub)


async def visits(request: Request) -> Response:
    accounts: Accounts = request.app.state.accounts
    return page(
        request, "visits.html", visits=visits_of(accounts.database, _visitor(request).organization.id), missing=()
    )


async def add_visit(request: Request) -> Response:
    visitor, accounts = _visitor(request), request.app.state.accounts
    if _is_from_elsewhere(request) or visitor.role == "guest":
        return page(request, "not_allowed.html", 403)
    form = dict(parse_qsl((await request.body()).decode()))
    site, note = form.get("site", "").strip()[:200], form.get("note", "").strip()[:5000]
    missing = [name for name, text in (("site", site), ("note", note)) if not text]
    if missing:
        found = visits_of(accounts.database, visitor.organization.id)
        return page(request, "visits.html", 422, visits=found, missing=missing)
    with accounts.database as database:
        database.execute(
            "INSERT INTO visit (customer, site, note, at, iss, sub) VALUES (?, ?, ?, ?, ?, ?)",
            (visitor.organization.id, site, note, now(), accounts.iss, visitor.member),
        )
    return RedirectResponse("/visits", 303)


async def people(request: Request) -> Response:
    return page(request, "people.html", people=request.app.state.accounts.of(_visitor(request).organization.id))


async def news(request: Request) -> Response:
    return page(request, "news.html", news=request.app.state.accounts.news(_visitor(request).organization.id))


async def settings_page(request: Request) -> Response:
    return page(request, "settings.html", problem="", done="done" in request.query_params)


async def set_up_sso(request: Request) -> Response:
    """The *Set up SSO* button: a link of five minutes, for an administrator of this organization only."""
    visitor, state = _visitor(request), request.app.state
    if _is_from_elsewhere(request) or visitor.role != "admin":
        return page(request, "not_allowed.html", 403)
    here = f"{state.settings.base_url}/settings"
    wish = LinkWish(visitor.organization.id, ("domain", "sso", "directory"), here, f"{here}?done")
    try:
        link = await state.client.create_setup_link(wish)
    except HubProblem as problem:
        return page(request, "settings.html", 503, problem=str(problem), done=False)
    return RedirectResponse(link.url, 303)


async def live(request: Request) -> Response:
    """Tells an open page that something happened, and that its session has ended."""
    accounts, key = request.app.state.accounts, _visitor(request).session

    async def lines() -> AsyncIterator[str]:
        yield "retry: 2000\n\n"
        seen = accounts.version
        while isinstance(await accounts.found(key), Visitor):
            if await accounts.changed(seen, LOOK_AGAIN_SECONDS):
                yield "event: news\ndata:\n\n"
            seen = accounts.version
        yield "event: ended\ndata:\n\n"

    return StreamingResponse(lines(), media_type="text/event-stream", headers={"cache-control": "no-store"})


def product(settings: Settings) -> Door:
    """Fieldbook behind its door."""
    routes = [
        Route("/", welcome),
        Route("/visits", visits),
        Route("/visits", add_visit, methods=["POST"]),
        Route("/people", people),
        Route("/news", news),
        Route("/settings", settings_page),
        Route("/settings/sso", set_up_sso, methods=["POST"]),
        Route("/live", live),
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
    ]
    app = Starlette(routes=routes)
    app.state.settings = settings
    app.state.accounts = Accounts(opened(settings.database), settings.hub)
    app.state.client = hub_client(settings)
    return with_hallway(app, app.state.client, app.state.accounts, settings)


def application() -> Door:
    """For `uvicorn --factory examples.fieldbook.app:application`."""
    return product(settings_of(os.environ))


def _visitor(request: Request) -> Visitor:
    """Behind the door, every path that is not open has one."""
    visitor = request.scope["hallway"]
    assert isinstance(visitor, Visitor)  # noqa: S101
    return visitor


def _is_from_elsewhere(request: Request) -> bool:
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
