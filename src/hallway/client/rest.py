"""The requests of the REST API that applications use most, each a conversation of one step."""

import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from msgspec import DecodeError, Struct, ValidationError, to_builtins
from msgspec.json import decode

from hallway.client.application import Application
from hallway.client.model import Member, Organization, Page, Receipt, SetupLink, Snapshot, Told
from hallway.client.problem import ApiProblem, CursorExpired, Unreachable
from hallway.client.steps import AGENT, SECONDS, Answer, Request, Steps

T = TypeVar("T")
LONGEST_WAIT: Final = 30


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of the feed: of which types (`member.*` for all of an area; none: all), of which organization.

    `wait` is how many seconds the Hub may hold its answer back until something happens.
    """

    types: Collection[str] = ()
    organization: str = ""
    limit: int = 100
    wait: int = 0


@dataclass(frozen=True, slots=True)
class LinkWish:
    """A set-up link for one organization (its `org_…`); tasks are `domain`, `sso` and `directory`.

    Both addresses have to be among those that the deployment leads back to, its setting `setup_return_urls`.
    """

    organization: str
    tasks: Sequence[str]
    return_url: str = ""
    success_url: str = ""
    expires_in: int = 300


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the API before it has its address and key. A POST gets an idempotency key of its own."""

    method: str
    path: str
    query: dict[str, str | Sequence[str]] = field(default_factory=dict)
    body: Any = None
    seconds: float = SECONDS


def organizations(app: Application, after: str = "", external_id: str = "") -> Steps[Page[Organization]]:
    """Customers, a part at a time."""
    return called(app, Call("GET", "/organizations", {"after": after, "external_id": external_id}), Page[Organization])


def create_organization(app: Application, name: str, external_id: str = "") -> Steps[Organization]:
    """A new customer, by the id that the application itself has for it."""
    body = {"name": name, "external_id": external_id or None}
    return called(app, Call("POST", "/organizations", body=body), Organization)


def members(app: Application, organization: str, after: str = "") -> Steps[Page[Member]]:
    """Everybody in an organization, a part at a time."""
    return called(app, Call("GET", f"/organizations/{quote(organization, '')}/members", {"after": after}), Page[Member])


def member(app: Application, organization: str, member_id: str) -> Steps[Member]:
    """One member."""
    return called(app, Call("GET", f"/organizations/{quote(organization, '')}/members/{quote(member_id, '')}"), Member)


def create_setup_link(app: Application, wish: LinkWish) -> Steps[SetupLink]:
    """A link for the application's own *Set up SSO* button."""
    body = {
        "organization": wish.organization,
        "tasks": list(wish.tasks),
        "return_url": wish.return_url or None,
        "success_url": wish.success_url or None,
        "expires_in": wish.expires_in,
    }
    made = yield from called(app, Call("POST", "/setup-links", body=body), _MadeLink)
    return SetupLink(made.setup_link.id, made.url, made.setup_link.expires_at)


def events(app: Application, after: str, wanted: Wanted) -> Steps[Told]:
    """What happened behind a cursor; "" is from the oldest that is kept. Raises `CursorExpired`."""
    query: dict[str, str | Sequence[str]] = {
        "after": after,
        "type": list(wanted.types),
        "organization": wanted.organization,
        "limit": str(wanted.limit),
        "wait": str(wanted.wait) if wanted.wait else "",
    }
    return called(app, Call("GET", "/events", query, seconds=SECONDS + wanted.wait), Told)


def snapshot(app: Application, after: str = "") -> Steps[Snapshot]:
    """How everything is now, a part at a time."""
    return called(app, Call("GET", "/snapshot", {"after": after}, seconds=60), Snapshot)


def send_receipt(app: Application, receipt: Receipt) -> Steps[None]:
    """Tell what the application did about an event."""
    yield from called(app, Call("POST", "/receipts", body=to_builtins(receipt)), dict[str, Any])


def called(app: Application, call: Call, kind: type[T]) -> Steps[T]:
    """One request and its answer as a value. Raises `ApiProblem`, `Unreachable`."""
    answer = yield _request(app, call)
    if answer.status >= 300:
        raise problem_of(answer)
    try:
        return decode(answer.octets, type=kind)
    except (DecodeError, ValidationError) as error:
        raise Unreachable(f"The Hub's answer to {call.method} {call.path} is not understood: {error}") from None


def problem_of(answer: Answer) -> ApiProblem:
    """A refusal as an exception; a body that is no problem document has the code `http_STATUS`."""
    try:
        document = json.loads(answer.octets)
    except ValueError:
        document = {}
    if not isinstance(document, dict):
        document = {}
    code = str(document.get("code") or f"http_{answer.status}")
    said = " ".join(str(document[name]) for name in ("title", "detail") if document.get(name))
    kind = CursorExpired if answer.status == 410 else ApiProblem
    return kind(answer.status, code, said or f"The Hub answered {answer.status}.", _seconds(answer))


class _Link(Struct, frozen=True):
    id: str
    expires_at: datetime


class _MadeLink(Struct, frozen=True):
    setup_link: _Link
    url: str


def _request(app: Application, call: Call) -> Request:
    query = urlencode([(name, value) for name, value in call.query.items() if value], doseq=True)
    url = app.api_url(call.path) + (f"?{query}" if query else "")
    headers = {"Authorization": f"Bearer {app.api_key}", "Accept": "application/json", "User-Agent": AGENT}
    if call.body is None:
        return Request(call.method, url, headers, seconds=call.seconds)
    headers["Content-Type"] = "application/json"
    if call.method == "POST":
        headers["Idempotency-Key"] = secrets.token_urlsafe(24)
    return Request(call.method, url, headers, json.dumps(call.body).encode(), call.seconds)


def _seconds(answer: Answer) -> float | None:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdecimal() else None
