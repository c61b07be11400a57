"""Fieldbook's pages."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from hallway.client import Notice, Visitor

_HERE = Path(__file__).parent
_templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True,
)  # fmt: skip
_templates.filters["groups"] = lambda text: ", ".join(json.loads(text)) or "none"
POLICY = "; ".join((
    "default-src 'none'", "style-src 'self'", "script-src 'self'", "connect-src 'self'", "img-src 'self'",
    "base-uri 'none'", "frame-ancestors 'none'",
))  # fmt: skip


def page(request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page for whoever asks for it."""
    seen = request.scope["hallway"]
    visitor = seen if isinstance(seen, Visitor) else None
    html = _templates.get_template(name).render(visitor=visitor, path=request.url.path, **values)
    return HTMLResponse(html, status, {"content-security-policy": POLICY, "cache-control": "no-store"})


def notice_page(notice: Notice) -> bytes:
    """What the door has to say, in Fieldbook's look."""
    return _templates.get_template("notice.html").render(notice=notice, visitor=None, path="").encode()


def visits_of(database: sqlite3.Connection, customer: str) -> list[sqlite3.Row]:
    """A customer's visits, newest first, each with who made it."""
    return database.execute(
        "SELECT v.*, a.name AS by FROM visit v JOIN account a ON a.iss = v.iss AND a.sub = v.sub"
        " WHERE v.customer = ? ORDER BY v.id DESC LIMIT 100",
        (customer,),
    ).fetchall()
