"""What came, in a list and one by one."""

from collections.abc import Mapping
from typing import Any

from hallway.hub.directories.activity import PAGE, Asked, Outcome
from hallway.hub.directories.model import Directory, Kind
from hallway.hub.directories.people import Wanted
from hallway.ids import EXCHANGE, GROUP, USER, ExchangeId, ResourceId, parsed, wire
from hallway.web.console.directories.shelf import Shelf, key_of, query_of, user_or_group
from hallway.web.console.directories.telling import told_exchange, told_lines
from hallway.web.guards import own_path
from hallway.web.http import Request, Response
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
            told=await told_lines(self._hub, directory, page), asked=text, outcome=asked.outcome.value,
            exchange_prefix=EXCHANGE,
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

    async def show(self, request: Request, visitor: Any) -> Response:
        """One exchange: what it meant, why it was refused, who is to change what, and both messages."""
        directory = await self._shelf.directory(request, visitor)
        told = await told_exchange(self._hub, directory, request.params["exchange"])
        return self._shelf.render(request, "exchange", directory, **told)


_OUTCOMES = {outcome.value for outcome in Outcome}
