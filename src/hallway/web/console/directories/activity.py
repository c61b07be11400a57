"""What came, in a list and one by one."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from hallway.exchanges.model import Exchange
from hallway.hub.directories.activity import PAGE, Asked, Outcome
from hallway.hub.directories.meaning import Meaning, Told, ids_in, meaning
from hallway.hub.directories.model import Directory, Kind
from hallway.hub.directories.people import Wanted
from hallway.hub.directories.providers import product_of
from hallway.ids import EXCHANGE, GROUP, USER, ExchangeId, ResourceId, parsed, wire
from hallway.journal.model import Written
from hallway.web.console.directories.shelf import Shelf, key_of, query_of, user_or_group
from hallway.web.guards import own_path
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.rows import PageHandler


class ActivityPages:
    """The handlers."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._hub = shelf.hub

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {"directory_activity": self.index, "directory_exchange": self.show}

    async def index(self, request: Request, visitor: Any) -> Response:
        """Exchanges, newest first, by outcome, person, path or status."""
        directory = await self._shelf.directory(request, visitor)
        query = query_of(request)
        text, outcome = query.get("q", "").strip()[:200], query.get("outcome", "all")
        asked = await self._asked(directory, text, Outcome(outcome) if outcome in _OUTCOMES else Outcome.ALL, query)
        found = list(await self._hub.stores.activity.exchanges(key_of(directory), asked))
        page = found[:PAGE]
        strangers = await self._hub.stores.exchanges.strangers(directory.organization_id, directory.id)
        return self._shelf.render(
            request, "activity", directory, fragment="directories/activity_found.html",
            told=await self._told(directory, page), asked=text, outcome=asked.outcome.value, exchange_prefix=EXCHANGE,
            more=wire(EXCHANGE, page[-1].id) if len(found) > PAGE else "", strangers=list(strangers)[:20],
        )  # fmt: skip

    async def _asked(self, directory: Directory, text: str, outcome: Outcome, query: Mapping[str, str]) -> Asked:
        before = parsed(EXCHANGE, query.get("before", ""))
        place = None if before is None else ExchangeId(before)
        if not text:
            return Asked(outcome, before=place)
        if text.isdigit() and len(text) == 3:
            return Asked(outcome, status=int(text), before=place)
        if text.startswith("/"):
            return Asked(outcome, path=text, before=place)
        one = user_or_group(text)
        ids = [one] if one is not None else await self._people(directory, text)
        bases = [own_path(directory), *([directory.base_path] if directory.base_path else [])]
        paths = [
            f"{base}/{kind}/{prefix}{person.hex()}"
            for base in bases for person in ids for kind, prefix in (("Users", USER), ("Groups", GROUP))
        ]  # fmt: skip
        return Asked(outcome, tuple(ids), tuple(paths), before=place)

    async def _people(self, directory: Directory, text: str) -> list[ResourceId]:
        found: list[ResourceId] = []
        for kind in (Kind.USER, Kind.GROUP):
            page = await self._hub.stores.people.page(key_of(directory), Wanted(kind, text))
            found += [one.id for one in page.listed]
        return found

    async def _told(self, directory: Directory, page: Sequence[Exchange]) -> list[tuple[Exchange, Meaning, str]]:
        """Each exchange with its meaning; entries and names are read for all of them at once."""
        people, key = self._hub.stores.people, key_of(directory)
        first = await people.entries(directory.organization_id, [one.seq for one in page if one.seq])
        entries = {one.id: [first[one.seq]] if one.seq in first else [] for one in page}
        wanted = {found for one in page for found in ids_in(one, entries[one.id])}
        names = {one: listed.called for one, listed in (await people.names(key, sorted(wanted))).items()}
        product = product_of(directory.provider)
        return [(one, meaning(Told(one, entries[one.id], names, product)), wire(EXCHANGE, one.id)) for one in page]

    async def show(self, request: Request, visitor: Any) -> Response:
        """One exchange: what it meant, why it was refused, who is to change what, and both messages."""
        directory = await self._shelf.directory(request, visitor)
        found = parsed(EXCHANGE, request.params["exchange"])
        stores, key = self._hub.stores, key_of(directory)
        exchange = (
            None if found is None
            else await stores.exchanges.show(directory.organization_id, directory.id, ExchangeId(found))
        )  # fmt: skip
        if exchange is None:
            raise EdgeProblem(404, "There is no such exchange in this directory.")
        entries: Sequence[Written] = (
            await stores.people.entries_of(exchange.organization_id, exchange.seq, exchange.id) if exchange.seq else []
        )
        listed = await stores.people.names(key, sorted(ids_in(exchange, entries)))
        names = {one: line.called for one, line in listed.items()}
        told = meaning(Told(exchange, entries, names, product_of(directory.provider)))
        tokens = {token.id: token for token in await stores.directories.tokens(key)}
        return self._shelf.render(
            request, "exchange", directory, exchange=exchange, told=told, entries=entries,
            token=None if exchange.token_id is None else tokens.get(exchange.token_id),
            sent=_pretty(exchange.request), answered=_pretty(exchange.answer), people=list(listed.values()),
        )  # fmt: skip


_OUTCOMES = {outcome.value for outcome in Outcome}


def _pretty(body: bytes | None) -> str:
    """A kept body, indented; one that was cut as it is."""
    if not body:
        return ""
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")
