"""What a directory was sent, told in words: for the console, and for whoever connects it by a set-up link."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import orjson

from hallway.exchanges.model import Exchange
from hallway.hub.directories.meaning import Meaning, Told, ids_in, meaning
from hallway.hub.directories.model import Directory
from hallway.hub.directories.providers import product_of
from hallway.hub.directories.resources import DirectoryKey
from hallway.ids import EXCHANGE, ExchangeId, parsed, wire
from hallway.journal.model import Written
from hallway.web.http import EdgeProblem
from hallway.web.wiring import Hub

Line: TypeAlias = tuple[Exchange, Meaning, str]
"""An exchange, what it meant, and its id on the wire."""


async def told_lines(hub: Hub, directory: Directory, page: Sequence[Exchange]) -> list[Line]:
    """Each exchange with its meaning; entries and names are read for all of them at once."""
    people, key = hub.stores.people, DirectoryKey(directory.organization_id, directory.id)
    first = await people.entries(directory.organization_id, [one.seq for one in page if one.seq])
    entries = {one.id: [first[one.seq]] if one.seq in first else [] for one in page}
    wanted = {found for one in page for found in ids_in(one, entries[one.id])}
    names = {one: listed.called for one, listed in (await people.names(key, sorted(wanted))).items()}
    product = product_of(directory.provider)
    return [(one, meaning(Told(one, entries[one.id], names, product)), wire(EXCHANGE, one.id)) for one in page]


async def told_exchange(hub: Hub, directory: Directory, text: str) -> dict[str, Any]:
    """What the page of one exchange says; another directory's exchange is 404."""
    found = parsed(EXCHANGE, text)
    stores, key = hub.stores, DirectoryKey(directory.organization_id, directory.id)
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
    tokens = {token.id: token for token in await stores.directories.tokens(key)}
    return {
        "exchange": exchange,
        "told": meaning(Told(exchange, entries, names, product_of(directory.provider))),
        "entries": entries,
        "token": None if exchange.token_id is None else tokens.get(exchange.token_id),
        "sent": _pretty(exchange.request),
        "answered": _pretty(exchange.answer),
        "people": list(listed.values()),
    }


def _pretty(body: bytes | None) -> str:
    """A kept body, indented; one that was cut as it is."""
    if not body:
        return ""
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")
