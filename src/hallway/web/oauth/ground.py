"""What the provider's pages and endpoints stand on: the desk, where an answer goes, and who may come how often.

Rules: nobody is sent to an address that was not checked; what a form of ours leads to is held to that page's policy, so
from there a page leads on; endpoints for programs answer in JSON, whatever happens.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

import orjson

from hallway.hub.applications.clients import SecretUses, authenticated
from hallway.hub.applications.desk import ApplicationDesk
from hallway.hub.applications.model import Application
from hallway.journal.model import Unavailable
from hallway.oidc.client_authentication import presented
from hallway.oidc.json import JsonObject
from hallway.oidc.oauth_problem import OAuthProblem, ReturnTo, single
from hallway.oidc.provider import answer_url, answered
from hallway.web.account.entering import ConsoleEntering
from hallway.web.account.ground import Ground
from hallway.web.http import EdgeProblem, Header, MalformedRequest, Request, Response
from hallway.web.limits import Bucket, RateLimiter, retry_after
from hallway.web.pages import leading_to

FAILURES: Final = Bucket(1, 60)
"""Wrong proofs of clients from one network address."""
LIMIT_BYTES: Final = 64 * 1024
JSON: Final[Header] = (b"content-type", b"application/json")
NO_STORE: Final[tuple[Header, ...]] = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))
_MOST_FIELDS: Final = 40
_STATUS: Final = {
    "invalid_client": 401,
    "invalid_token": 401,
    "insufficient_scope": 403,
    "temporarily_unavailable": 503,
}
_FORM: Final = "application/x-www-form-urlencoded"

Pairs: TypeAlias = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class OauthGround:
    """The desk, the console's own ground, and what is counted in this process."""

    desk: ApplicationDesk
    account: Ground
    entering: ConsoleEntering
    uses: SecretUses = field(default_factory=SecretUses)
    now: Callable[[], float] = monotonic
    failures: RateLimiter = field(default_factory=lambda: RateLimiter(FAILURES))

    def render(self, request: Request, name: str, status: int = 200, /, **context: Any) -> Response:
        """A page of this area."""
        return self.account.pages.render(request, f"oauth/{name}.html", status, prefix="", **context)

    def sent_back(self, request: Request, back: ReturnTo, **values: str) -> Response:
        """An answer to the application, by the browser."""
        told = answered(back, self.desk.issuer, **values)
        if back.mode == "form_post":
            page = self.render(request, "post", address=back.redirect_uri, fields=told)
            return _allowing(page, back.redirect_uri)
        return self.led(request, answer_url(back, told))

    def address(self, back: ReturnTo, values: dict[str, str]) -> str:
        """The address that brings an answer, for a link."""
        return answer_url(back, answered(back, self.desk.issuer, **values))

    def led(self, request: Request, address: str) -> Response:
        """To a checked address of an application's."""
        if request.method == "POST" or request.header(b"sec-fetch-site") == "same-origin":
            return self.render(request, "away", address=address)
        return Response(303, b"", ((b"location", address.encode("ascii", "replace")), *NO_STORE))

    async def client(self, request: Request, form: dict[str, str]) -> Application:
        """The application that a request proves to be from. Raises `OAuthProblem`, `TooMany`."""
        wait = self.failures.wait(request.client_address, self.now())
        if wait is not None:
            raise TooMany(retry_after(wait))
        try:
            return await authenticated(self.desk, presented(request.header(b"authorization"), form), self.uses)
        except OAuthProblem:
            self.failures.take(request.client_address, self.now())
            raise


class TooMany(Exception):
    """Too many wrong proofs from one address; `retry_after` is the header's value."""

    def __init__(self, wait: bytes) -> None:
        super().__init__("Too many attempts.")
        self.retry_after = wait


async def posted(request: Request) -> Pairs:
    """The fields of a form, repeated ones too. Raises `OAuthProblem` for what is none."""
    if request.header(b"content-type").partition(";")[0].strip().lower() != _FORM:
        raise OAuthProblem("invalid_request", f"The request is sent as {_FORM}.")
    try:
        text = (await request.body(LIMIT_BYTES)).decode("ascii")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise OAuthProblem("invalid_request", "The form cannot be read.") from None


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form, each once. Raises `OAuthProblem`."""
    return single(await posted(request))


async def for_programs(request: Request, act: Callable[[], Awaitable[Response]]) -> Response:
    """What `act` answers, or its problem in JSON (RFC 6749 §5.2)."""
    try:
        return await act()
    except OAuthProblem as problem:
        return refused(request, problem)
    except TooMany as problem:
        said: JsonObject = {"error": "temporarily_unavailable", "error_description": str(problem)}
        return document(429, said, (b"retry-after", problem.retry_after))
    except Unavailable:
        fault = OAuthProblem("temporarily_unavailable", "The database cannot take this now.")
        return refused(request, fault, (b"retry-after", b"5"))
    except EdgeProblem as problem:
        said = {"error": "invalid_request", "error_description": problem.detail}
        return document(problem.status, said, *problem.headers)


def refused(request: Request, problem: OAuthProblem, *headers: Header) -> Response:
    """A problem for a program."""
    status = _STATUS.get(problem.error, 400)
    if status == 401 and problem.error == "invalid_client" and request.header(b"authorization"):
        headers = (*headers, (b"www-authenticate", b'Basic realm="Hallway"'))
    said: JsonObject = {"error": problem.error, "error_description": problem.description}
    return document(status, said, *headers)


def document(status: int, value: JsonObject, *headers: Header) -> Response:
    """An answer that nobody keeps."""
    return Response(status, orjson.dumps(value), (JSON, *NO_STORE, *headers))


def queried(request: Request) -> Pairs:
    """The parameters of the query. Raises `OAuthProblem`."""
    try:
        return request.pairs()
    except MalformedRequest as problem:
        raise OAuthProblem("invalid_request", problem.detail) from None


def _allowing(page: Response, address: str) -> Response:
    """The page, whose form may lead to this address and to where that one sends on."""
    led = leading_to(page, address)
    return led._replace(headers=(*(one for one in led.headers if one[0] != b"cache-control"), *NO_STORE))
