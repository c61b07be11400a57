"""`hallway hub exchange …`: what clients sent and what they were answered."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer

from hallway.cli.exchange_fixture import fixture_of
from hallway.cli.journal import entry_shape
from hallway.cli.printing import pretty, say, say_lines, show_json, table
from hallway.cli.running import AsJson, BaseUrl, Database, refuse, run_with_hub, settings_of
from hallway.exchanges.model import Exchange, StrangerRefusal
from hallway.hub.directories.administration import found_directory
from hallway.hub.directories.model import Directory
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.organizations.service import Refused
from hallway.ids import DIRECTORY, EXCHANGE, GROUP, TOKEN, USER, ExchangeId, parsed, wire
from hallway.journal.model import Written
from hallway.journal.shape import precisely
from hallway.scim.json import Json, JsonObject
from hallway.store.archive_organization import document_at
from hallway.web.wiring import Hub

app = typer.Typer(help="Requests that directories sent, redacted, and what was answered.", no_args_is_help=True)
Owner = Annotated[str, typer.Argument(metavar="DIRECTORY", help="The directory's id (dir_…).")]

_LISTED_ENTRIES: Final = 10
_LINKED_ENTRIES: Final = 10_000
"""How far behind its first one an exchange's entries are looked for: a bulk request has many, and not alone."""


@app.command("list")
def list_command(
    directory: Owner,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")] = 50,
    before: Annotated[
        str | None, typer.Option("--before", metavar="EXCHANGE", help="Only those older than this one (exch_…).")
    ] = None,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """List a directory's exchanges, newest first: every write and refusal, the first reads of each hour."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> list[JsonObject]:
        one = await found_directory(hub.desk, directory)
        last = None if before is None else _exchange_id(before)
        found = await hub.stores.exchanges.latest(one.organization_id, one.id, last, limit)
        return [_listed(exchange, await _entries(hub, exchange, _LISTED_ENTRIES)) for exchange in found]

    shapes = run_with_hub(settings, act)
    if as_json:
        listed: list[Json] = list(shapes)
        show_json(listed)
        return
    columns = ("id", "at", "method", "path", "status", "ms", "client", "quirks", "what")
    short = [{**one, "path": str(one["path"]).removeprefix(f"/scim/{directory}/v2")} for one in shapes]
    table(columns, [tuple(_cell(one[column]) for column in columns) for one in short])


@app.command()
def show(
    directory: Owner,
    exchange: Annotated[str, typer.Argument(metavar="EXCHANGE", help="Its id (exch_…).")],
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Show all that is kept of an exchange: the request, the answer, and the journal entries that it led to."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> JsonObject:
        one = await found_directory(hub.desk, directory)
        return await _whole(hub, one, await _found(hub, one, exchange))

    shape = run_with_hub(settings, act)
    if as_json:
        show_json(shape)
    else:
        _tell(shape)


@app.command()
def strangers(directory: Owner, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """List the last refusals before authentication, newest first: wrong, ended or missing tokens."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> list[JsonObject]:
        one = await found_directory(hub.desk, directory)
        return [
            stranger_shape(refusal) for refusal in await hub.stores.exchanges.strangers(one.organization_id, one.id)
        ]

    shapes = run_with_hub(settings, act)
    if as_json:
        listed: list[Json] = list(shapes)
        show_json(listed)
        return
    columns = ("at", "method", "path", "reason", "client", "address")
    table(columns, [tuple(_cell(one[column]) for column in columns) for one in shapes])


@app.command()
def export(
    directory: Owner,
    exchanges: Annotated[list[str], typer.Argument(metavar="EXCHANGE...", help="Ids (exch_…), in any order.")],
    output: Annotated[Path | None, typer.Option("--output", help="The file to write, instead of printing.")] = None,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Make a test of exchanges: a file for tests/recorded/. What was redacted stays redacted."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> JsonObject:
        one = await found_directory(hub.desk, directory)
        found = [await _found(hub, one, text) for text in dict.fromkeys(exchanges)]
        return fixture_of(one, sorted(found, key=lambda exchange: exchange.id))

    fixture = run_with_hub(settings, act)
    if output is None:
        show_json(fixture)
        return
    try:
        output.write_bytes(orjson.dumps(fixture, option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as fault:
        refuse(Refused("invalid", f"{output} cannot be written ({fault.strerror})."), 1)
    say(f"Wrote {output}. Read it before you share it: names and addresses are in it.")


async def _found(hub: Hub, directory: Directory, text: str) -> Exchange:
    found = await hub.stores.exchanges.show(directory.organization_id, directory.id, _exchange_id(text))
    if found is None:
        listing = f"hallway hub exchange list {wire(DIRECTORY, directory.id)}"
        raise Refused("not_found", f"There is no exchange {text!r} (any more); list them with: {listing}")
    return found


def _exchange_id(text: str) -> ExchangeId:
    found = parsed(EXCHANGE, text)
    if found is None:
        raise Refused("invalid", f"{text!r} is no id of an exchange: it is exch_ and 32 hexadecimal digits.")
    return ExchangeId(found)


async def _entries(hub: Hub, exchange: Exchange, limit: int) -> Sequence[Written]:
    """The journal entries that an exchange led to."""
    if exchange.seq == 0:
        return ()
    found = await hub.stores.journal.after(exchange.organization_id, exchange.seq - 1, limit)
    return [written for written in found if written.entry.exchange_id == exchange.id]


def exchange_shape(exchange: Exchange) -> JsonObject:
    """What every command says of an exchange; `request` as it was kept."""
    quirks: list[Json] = list(exchange.quirks)
    return {
        "id": wire(EXCHANGE, exchange.id),
        "at": precisely(exchange.at),
        "method": exchange.method,
        "path": exchange.path,
        "status": exchange.status,
        "ms": round(exchange.duration / 1000, 1),
        "client": exchange.client,
        "address": exchange.address,
        "token_id": None if exchange.token_id is None else wire(TOKEN, exchange.token_id),
        "quirks": quirks,
        "not_applied": exchange.not_applied,
        "seq": exchange.seq or None,
    }


def stranger_shape(refusal: StrangerRefusal) -> JsonObject:
    """A refusal before authentication."""
    return {
        "at": precisely(refusal.at),
        "method": refusal.method,
        "path": refusal.path,
        "reason": refusal.reason,
        "client": refusal.client,
        "address": refusal.address,
    }


def _listed(exchange: Exchange, entries: Sequence[Written]) -> JsonObject:
    shape = exchange_shape(exchange)
    types: list[Json] = list(dict.fromkeys(written.entry.type for written in entries))
    shape["did"] = types
    shape["what"] = ", ".join(map(str, types)) or _refusal(exchange) or "nothing changed"
    return shape


def _refusal(exchange: Exchange) -> str:
    """Why it was refused, as the client was told; empty where it was not."""
    answer = body_of(exchange.answer)
    detail = answer.get("detail") if isinstance(answer, dict) else None
    ended = f" (not applied: {exchange.not_applied})" if exchange.not_applied else ""
    return f"{detail}{ended}" if detail else ended.strip()


async def _whole(hub: Hub, directory: Directory, exchange: Exchange) -> JsonObject:
    entries = await _entries(hub, exchange, _LINKED_ENTRIES)
    linked: list[Json] = [await entry_shape(hub, directory.organization, written) for written in entries]
    return {
        **exchange_shape(exchange),
        "content_type": exchange.content_type,
        "accept": exchange.accept,
        "request": body_of(exchange.request),
        "request_note": exchange.request_note,
        "answer": await _answer(hub, exchange),
        "journal": linked,
    }


async def _answer(hub: Hub, exchange: Exchange) -> Json:
    """The answer as it was kept; one that equals a stored version is named by it, and shown if that is still known."""
    if exchange.answer_resource is None:
        return body_of(exchange.answer)
    key = DirectoryKey(exchange.organization_id, exchange.directory_id)
    document = await document_at(hub.stores.database, key, exchange.answer_resource, exchange.answer_revision)
    prefix = GROUP if "/Groups" in exchange.path else USER
    return {
        "resource": wire(prefix, exchange.answer_resource),
        "revision": exchange.answer_revision,
        "document": None if document is None else orjson.loads(document + b"}"),
    }


def body_of(kept: bytes | None) -> Json:
    """A kept body as JSON; as text where it was cut."""
    if not kept:
        return None
    try:
        body: Json = orjson.loads(kept)
    except orjson.JSONDecodeError:
        return kept.decode("utf-8", "replace")
    return body


def _cell(value: Json) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return "" if value is None else str(value)


def _tell(shape: JsonObject) -> None:
    say(f"{shape['method']} {shape['path']} -> {shape['status']} in {shape['ms']} ms")
    for name in ("id", "at", "client", "address", "token_id", "content_type", "accept", "quirks", "not_applied"):
        if shape[name]:
            say(f"{name + ':':14}{_cell(shape[name])}")
    say("")
    say(f"Request {shape['request_note']}".rstrip())
    say_lines(_body(shape["request"]))
    answer = shape["answer"]
    if isinstance(answer, dict) and "revision" in answer:
        known = answer["document"] is not None
        say("")
        say(f"Answer: {answer['resource']}, revision {answer['revision']}{'' if known else ', not known any more'}")
        answer = answer["document"]
    else:
        say_lines("\nAnswer")
    say_lines(_body(answer))
    journal = shape["journal"]
    say_lines("\nJournal" if journal else "\nJournal: nothing changed")
    for entry in journal if isinstance(journal, list) else []:
        if isinstance(entry, dict):
            say(f"  {entry['seq']}  {entry['type']}  {entry['subject_id']}")


def _body(body: Json) -> str:
    if body is None:
        return "(none)"
    return body if isinstance(body, str) else pretty(body)
