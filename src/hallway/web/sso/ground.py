"""What the pages of single sign-on stand on: the connection of an address, the browser's secret, refusals.

Rules: a browser has one secret for all sign-ins that it begins, in a cookie that other sites' forms do not carry, so
an answer that was posted is taken up by a page that the browser then opens; strangers' refusals cost no write of
their own.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from hallway.hub.connections.model import Connection
from hallway.hub.sign_in.desk import SECRET_BYTES, Ended, SignInDesk
from hallway.hub.sign_in.model import (
    MOST_STRANGERS,
    Kind,
    Outcome,
    StrangerRefusal,
    StrangerRefused,
    TurnedAway,
)
from hallway.ids import ConnectionId
from hallway.journal.model import Change
from hallway.oidc.problem import OidcProblem
from hallway.outbound import Outbound
from hallway.saml.problem import SamlProblem
from hallway.scim.json import JsonObject
from hallway.store.connections import ConnectionStore
from hallway.web.account.entering import ConsoleEntering
from hallway.web.account.ground import Ground
from hallway.web.guards import Limited
from hallway.web.http import EdgeProblem, Header, Request, Response
from hallway.web.limits import Bucket, RateLimiter, retry_after
from hallway.web.pages import leading_to

BROWSER: Final = "sso"
TRIED: Final = "sso_tried"
TRIED_SECONDS: Final = 120
PER_ADDRESS: Final = Bucket(10, 300)
"""Requests of one network address: a whole company may sign in from behind it in the morning."""
_DIGITS: Final = 32
Problem: TypeAlias = SamlProblem | OidcProblem | TurnedAway


@dataclass(slots=True)
class Strangers:
    """Refusals of messages that nobody signed, gathered until they are written: the last hundred of each connection."""

    _gathered: dict[ConnectionId, list[StrangerRefusal]] = field(default_factory=dict)
    _owners: dict[ConnectionId, Connection] = field(default_factory=dict)
    _places: dict[ConnectionId, int] = field(default_factory=dict)

    def note(self, connection: Connection, refusal: StrangerRefusal) -> None:
        """One more."""
        kept = self._gathered.setdefault(connection.id, [])
        kept.append(refusal)
        del kept[:-MOST_STRANGERS]
        self._owners[connection.id] = connection

    def taken(self) -> list[Change]:
        """Changes that write what was gathered, which is forgotten."""
        gathered, self._gathered = self._gathered, {}
        changes = []
        for connection_id, refusals in gathered.items():
            rows = []
            for refusal in refusals:
                place = self._places.get(connection_id, -1) + 1
                self._places[connection_id] = place % MOST_STRANGERS
                rows.append(StrangerRefused(connection_id, place % MOST_STRANGERS, refusal))
            changes.append(Change(self._owners[connection_id].organization_id, tuple(rows)))
        self._owners.clear()
        return changes


@dataclass(frozen=True, slots=True)
class SsoGround:
    """The desk, the console's own ground, and where connections are found."""

    desk: SignInDesk
    account: Ground
    entering: ConsoleEntering
    connections: ConnectionStore
    strangers: Strangers
    now: Callable[[], float]
    outbound: Outbound
    unknown_signer: Callable[[Connection], Awaitable[object]]
    limiter: RateLimiter = field(default_factory=lambda: RateLimiter(PER_ADDRESS))

    async def connection(self, request: Request) -> Connection:
        """The connection of the address."""
        wait = self.limiter.take(request.client_address, self.now())
        if wait is not None:
            raise Limited("Too many attempts.", retry_after(wait))
        text = request.params["hex"]
        found = None
        if len(text) == _DIGITS and all(sign in "0123456789abcdef" for sign in text):
            found = await self.connections.located(ConnectionId(bytes.fromhex(text)))
        if found is None:
            raise EdgeProblem(404, "There is no such connection.")
        return found

    def secret(self, request: Request) -> tuple[bytes, tuple[Header, ...]]:
        """The browser's secret, and the header that gives it one where it had none."""
        text = self.account.pages.cookies.read(request, BROWSER)
        if len(text) == 2 * SECRET_BYTES and all(sign in "0123456789abcdef" for sign in text):
            return bytes.fromhex(text), ()
        fresh = self.desk.entropy(SECRET_BYTES)
        return fresh, (self.account.pages.cookies.made(BROWSER, fresh.hex()),)

    def render(self, request: Request, name: str, status: int = 200, /, **context: Any) -> Response:
        """A page of this area."""
        return self.account.pages.render(request, f"sso/{name}.html", status, prefix="", **context)

    def away(self, request: Request, address: str, fields: dict[str, str], headers: tuple[Header, ...]) -> Response:
        """To the provider: by its address, or by a form that the page posts there by itself.

        What a form of ours leads to is held to that page's policy, by way of other pages of ours too, so from there a
        page leads on to the address.
        """
        from_ours = request.method == "POST" or request.header(b"sec-fetch-site") == "same-origin"
        if not fields and from_ours:
            page = self.render(request, "away", address=address)
            return page._replace(headers=(*page.headers, *headers))
        if not fields:
            return led(address, headers)
        page = leading_to(self.render(request, "post", address=address, fields=fields), address)
        return page._replace(headers=(*page.headers, *headers))

    def note(self, request: Request, connection: Connection, code: str) -> None:
        """Count a message that no key of the connection signed among the last hundred."""
        client = request.header(b"user-agent")[:200]
        self.strangers.note(connection, StrangerRefusal(self.desk.clock(), code, request.client_address, client))

    async def refuse(
        self, request: Request, connection: Connection, problem: Problem, kind: Kind = Kind.SIGN_IN
    ) -> Response:
        """Keep why, and say it calmly: whoever signs in can do nothing about the details."""
        if isinstance(problem, SamlProblem) and not problem.signed:
            self.note(request, connection, problem.code)
            if problem.code == "wrong_key":
                # It may be new: where the metadata has it, an administrator is asked. It is never trusted by itself.
                await self.unknown_signer(connection)
        elif not isinstance(problem, TurnedAway) or problem.code in ("no_request", "replayed", "provider_unreachable"):
            detail: JsonObject = {
                "timeline": [{"at": self.desk.clock(), "what": "refused"}],
                "expected": problem.expected,
                "received": problem.received[:500],
                "address": request.client_address,
                "client": request.header(b"user-agent")[:300],
            }
            row = self.desk.attempt(connection, Ended(kind, Outcome.REFUSED, problem.code, "", detail))
            await self.desk.ledger.commit(Change(connection.organization_id, (row,)))
        status = 409 if problem.code in ("no_request", "other_browser", "replayed") else 403
        page = "logout_refused" if kind is Kind.LOGOUT else "refused"
        return self.render(request, page, status, code=problem.code, connection=connection)


def led(address: str, headers: tuple[Header, ...]) -> Response:
    """To an address of the provider's, which is plain ASCII."""
    return Response(303, b"", ((b"location", address.encode("ascii", "replace")), *headers))
