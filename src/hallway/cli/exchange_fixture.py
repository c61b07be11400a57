"""Exchanges as a recorded sequence: the format is in tests/recorded/README.md.

Rules: what was redacted stays redacted; ids that a recorded POST gave out become names, so that the sequence can be
replayed, and others stay as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

import orjson

from hallway.exchanges.model import Exchange
from hallway.hub.directories.model import Directory, Rules
from hallway.hub.organizations.service import Refused
from hallway.ids import DIRECTORY, EXCHANGE, GROUP, USER, wire
from hallway.scim.json import Json, JsonObject
from hallway.web.guards import split_alias

NO_CONTENT: Final = 204
_SOURCE: Final = "exchanges of a deployment, by `hallway hub exchange export`"


def fixture_of(directory: Directory, exchanges: Sequence[Exchange]) -> JsonObject:
    """A fixture of exchanges of one directory, in their order in time."""
    shared = _headers(exchanges[0])
    names: dict[str, str] = {}
    steps: list[Json] = [_step(directory, one, shared, names) for one in exchanges]
    for number, step in enumerate(steps, 1):
        if isinstance(step, dict):
            step["name"] = f"{number}: {step['name']}"
    client = exchanges[0].client or "a client that does not say its name"
    return {
        "client": client,
        "title": f"{len(steps)} requests to a directory of {directory.provider.value}",
        "mark": "captured",
        "source": _SOURCE,
        "directory": {"provider": directory.provider.value, "rules": _rules(directory.rules)},
        "headers": shared,
        "steps": steps,
    }


def _step(directory: Directory, exchange: Exchange, shared: JsonObject, names: dict[str, str]) -> JsonObject:
    path = _behind_the_base(directory, exchange.path)
    request: JsonObject = {"method": exchange.method, "path": _named(path, names)}
    own = {name: value for name, value in _headers(exchange).items() if shared.get(name) != value}
    missing: JsonObject = {name: None for name in shared if name not in _headers(exchange)}
    if own or missing:
        request["headers"] = {**own, **missing}
    body = _body(exchange)
    if body is not None:
        request["body"] = _renamed(body, names)
    quirks: list[Json] = list(exchange.quirks)
    expect: JsonObject = {"status": exchange.status, "quirks": quirks}
    answer = _answer(exchange, names)
    if answer is not None:
        expect["body"] = answer
    return {"name": f"{exchange.method} {request['path']}", "request": request, "expect": expect}


def _behind_the_base(directory: Directory, path: str) -> str:
    own = f"/scim/{wire(DIRECTORY, directory.id)}/v2"
    rest = path.removeprefix(own) if path.startswith(own) else "/" + split_alias(path)[1]
    return rest.replace(" ", "%20") or "/"


def _headers(exchange: Exchange) -> JsonObject:
    found = {"User-Agent": exchange.client, "Accept": exchange.accept, "Content-Type": exchange.content_type}
    return {name: value for name, value in found.items() if value}


def _body(exchange: Exchange) -> Json:
    """The request's body, redacted as it was kept; refused where it was not kept whole."""
    if exchange.request_note:
        raise Refused(
            "invalid",
            f"{wire(EXCHANGE, exchange.id)} cannot be made a test of: its body is not whole. {exchange.request_note}",
        )
    if not exchange.request:
        return None
    body: Json = orjson.loads(exchange.request)
    return body


def _answer(exchange: Exchange, names: dict[str, str]) -> JsonObject | None:
    """What the answer has to say: the id, which gets a name where a POST gave it out."""
    if exchange.answer_resource is None or exchange.status == NO_CONTENT:
        return None
    noun, prefix = ("group", GROUP) if "/Groups" in exchange.path else ("user", USER)
    one = wire(prefix, exchange.answer_resource)
    if one in names:
        return {"id": _named(one, names)}
    if exchange.method != "POST":
        return None
    names[one] = f"{noun}{sum(name.startswith(noun) for name in names.values()) + 1}"
    return {"id": f"$id:{names[one]}"}


def _renamed(body: Json, names: Mapping[str, str]) -> Json:
    renamed: Json = orjson.loads(_named(orjson.dumps(body).decode(), names))
    return renamed


def _named(text: str, names: Mapping[str, str]) -> str:
    for one, name in names.items():
        text = text.replace(one, f"${{{name}}}")
    return text


def _rules(rules: Rules) -> JsonObject:
    """The rules that are not as a new directory has them."""
    usual = asdict(Rules())
    return {name: _plain(value) for name, value in asdict(rules).items() if value != usual[name]}


def _plain(value: object) -> Json:
    if isinstance(value, frozenset | tuple):
        return sorted(getattr(one, "value", str(one)) for one in value)
    return value if isinstance(value, bool) else str(value)
