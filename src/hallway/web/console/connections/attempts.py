"""Sign-ins: found by person and time, and one of them with what came, why it ended so, and which side changes what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from hallway.hub.connections.model import Connection, Protocol
from hallway.hub.sign_in.advice import Advice, Side
from hallway.hub.sign_in.model import Attempt, Kind, Outcome
from hallway.hub.sign_in.openid_advice import advice_of
from hallway.ids import ATTEMPT, CONNECTION, MEMBER, AttemptId, ConnectionId, fresh_id, parsed, wire
from hallway.web.console.connections.bench import Bench, root
from hallway.web.console.connections.guides import ACS, ENTITY, guide_of
from hallway.web.console.directories.shelf import spoken
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.language import N_, Language
from hallway.web.rows import PageHandler

PAGE: Final = 50
KINDS: Final = {
    Kind.SIGN_IN: N_("Sign-in"),
    Kind.TEST: N_("Test sign-in"),
    Kind.AGAIN: N_("Confirmed again"),
    Kind.UNSOLICITED: N_("Began at the provider"),
    Kind.LOGOUT: N_("Sign-out"),
}
EVENTS: Final = {
    "began": ("info", N_("We sent the person to the provider")),
    "answered": ("info", N_("The provider's answer came")),
    "accepted": ("good", N_("Accepted")),
    "refused": ("bad", N_("Refused")),
}
WHO_ACTS: Final = {
    Side.PROVIDER: N_("Change it at the provider"),
    Side.HERE: N_("Change it here"),
    Side.BOTH: N_("Compare both sides"),
    Side.PERSON: N_("The person can do it herself"),
    Side.NOBODY: N_("Nothing to change"),
}
_FACTS: Final = {
    "in_response_to": N_("Answers the request"),
    "context": N_("How the person signed in"),
    "response_signed": N_("The whole response is signed"),
    "encrypted": N_("Encrypted"),
    "name_id_format": N_("Format of the NameID"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """An attempt as a list has it."""

    href: str
    at: int
    who: str
    connection: str
    kind: str
    is_test: bool
    is_accepted: bool
    sentence: str


def lines_of(found: Iterable[Attempt], connections: Iterable[Connection], language: Language) -> list[Line]:
    """Attempts in words."""
    names = {one.id: one.name for one in connections}
    protocols = {one.id: one.protocol for one in connections}
    return [
        Line(
            f"/connections/attempts/{wire(ATTEMPT, one.id)}", one.at, one.who, names.get(one.connection_id, ""),
            language.text(KINDS[one.kind]), one.kind is Kind.TEST, one.outcome is Outcome.ACCEPTED,
            spoken(advice_of(one.code, protocols.get(one.connection_id)).sentence, language) if one.code else "",
        )
        for one in found
    ]  # fmt: skip


class AttemptPages:
    """The handlers."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {"attempts": self.index, "attempt": self.show}

    async def index(self, request: Request, visitor: Any) -> Response:
        """Newest first; of a connection, of a person, up to a day."""
        owner, query = self._bench.owner(visitor), dict(request.pairs())
        text, day = query.get("q", "").strip()[:254], query.get("day", "")
        chosen = parsed(CONNECTION, query.get("connection", ""))
        before = parsed(ATTEMPT, query.get("before", "")) or _end_of(day)
        stores, language = self._bench.hub.stores, self._bench.pages.language(request)
        connections = await stores.connections.connections(owner.id)
        found = await stores.sign_ins.attempts(
            owner.id, ConnectionId(chosen) if chosen else None, text, AttemptId(before) if before else None, PAGE + 1
        )
        shown, more = found[:PAGE], ""
        kept = {name: value for name, value in query.items() if name in ("q", "day", "connection") and value}
        if len(found) > PAGE:
            more = "/connections/attempts?" + urlencode({**kept, "before": wire(ATTEMPT, shown[-1].id)})
        return self._bench.pages.render(
            request, "connections/attempts.html", fragment="connections/attempts_found.html",
            lines=lines_of(shown, connections, language), more=more, text=text, day=day,
            chosen=query.get("connection", ""), is_filtered=bool(kept),
            connections=[("", language.text(N_("All connections")))]
            + [(wire(CONNECTION, one.id), one.name) for one in connections],
        )  # fmt: skip

    async def show(self, request: Request, visitor: Any) -> Response:
        """Timeline, the sentence, expected and received, and which side changes what."""
        owner, found = self._bench.owner(visitor), parsed(ATTEMPT, request.params["attempt"])
        stores = self._bench.hub.stores
        one = None if found is None else await stores.sign_ins.attempt(owner.id, AttemptId(found))
        connection = None if one is None else await stores.connections.connection(owner.id, one.connection_id)
        if one is None or connection is None:
            raise EdgeProblem(404, "There is no such sign-in in this organization.")
        language = self._bench.pages.language(request)
        advice = advice_of(one.code, connection.protocol)
        line = lines_of([one], [connection], language)[0]
        return self._bench.render(
            request, "attempt", connection, attempt=one, line=line, events=_events(one, language), advice=advice,
            say=lambda phrase: spoken(phrase, language), who_acts=language.text(WHO_ACTS[advice.side]),
            place=guide_of(connection.provider, connection.protocol).places.get(advice.field, ""),
            own_value=self._own_value(connection, advice), facts=_facts(one, language),
            attributes=one.detail.get("attributes") or {}, address=f"/connections/{wire(CONNECTION, connection.id)}",
            member=f"/settings/members/{wire(MEMBER, one.member_id)}" if one.member_id else "",
            can_test=connection.is_complete, back=root(connection), id=wire(ATTEMPT, one.id),
        )  # fmt: skip

    def _own_value(self, connection: Connection, advice: Advice) -> tuple[str, str]:
        """What to paste at the provider: its name and the value, empty where there is none."""
        if connection.protocol is not Protocol.SAML or advice.field not in (ACS, ENTITY):
            return "", ""
        name = {ACS: "ACS URL", ENTITY: "Entity ID"}[advice.field]
        return name, self._bench.values(connection)[advice.field]


def _events(one: Attempt, language: Language) -> list[dict[str, Any]]:
    listed: Any = one.detail.get("timeline") or []
    found = []
    for event in listed:
        kind, words = EVENTS.get(event["what"], ("info", N_("Something happened")))
        last = event is listed[-1]
        detail = f"{one.detail.get('address', '')}" if last else ""
        found.append({
            "at": event["at"] or one.at, "title": language.text(words), "kind": kind, "detail": detail,
            "source": orjson.dumps(one.detail, option=orjson.OPT_INDENT_2).decode() if last else "",
        })  # fmt: skip
    return found


def _facts(one: Attempt, language: Language) -> list[tuple[str, str]]:
    kept: Any = one.detail.get("facts") or {}
    found = []
    for name, value in kept.items():
        if value in (None, "", False):
            continue
        words = language.text(_FACTS[name]) if name in _FACTS else name
        found.append((words, language.text(N_("yes")) if value is True else str(value)))
    return found


def _end_of(day: str) -> bytes | None:
    """The first id after a day, None for what is no day."""
    try:
        begins = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    except ValueError:
        return None
    return fresh_id(int((begins + timedelta(days=1)).timestamp()) * 1_000_000, bytes(10))
