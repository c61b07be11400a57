"""Everything of an organization as JSON lines, without secrets.

Rules: one object a line, `record` says what it is; what belongs to a directory stands behind it. Read page by page,
so the size of the organization does not matter. Left out are tokens' hashes, and values that are never returned.
"""

import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import orjson

from hallway.cli.exchanges import body_of, exchange_shape, stranger_shape
from hallway.cli.exporting_people import records_of_connections, records_of_people
from hallway.cli.journal import entry_shape
from hallway.cli.shapes import directory_shape, organization_shape, stream_shape, token_shape
from hallway.exchanges.redaction import redacted_resource
from hallway.hub.directories.documents import rendered
from hallway.hub.directories.model import Directory, Kind
from hallway.hub.directories.ports import Position, Search
from hallway.hub.directories.resources import DirectoryKey, Stored
from hallway.hub.organizations.model import Organization
from hallway.hub.organizations.service import Refused
from hallway.ids import DIRECTORY, wire
from hallway.journal.shape import precisely
from hallway.scim.json import JsonObject
from hallway.scim.projection import merged_hidden
from hallway.store.archive_organization import directory_ids, quirk_counts, request_counts
from hallway.web.wiring import Hub, clock

PAGE: Final = 500
STANDARD_OUTPUT: Final = Path("-")
_HOUR: Final = 3_600 * 1_000_000
_RECORD: Final = {Kind.USER: "user", Kind.GROUP: "group", Kind.GONE: "deleted_user"}


async def export_organization(hub: Hub, organization: Organization, file: Path) -> int:
    """Write the organization to `file` (`-`: standard output) and return how many records there are."""
    count = 0
    try:
        with _stream(file) as stream:
            async for record in _records(hub, organization):
                stream.write(orjson.dumps(record) + b"\n")
                count += 1
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise Refused("invalid", f"{file} cannot be written ({fault.strerror}).") from None
    return count


@contextmanager
def _stream(file: Path) -> Iterator[IO[bytes]]:
    """Where the lines go; a file is made anew, readable by its owner only, and has its name once it is whole."""
    if file == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    partial = file.with_name(file.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(stream.fileno(), 0o600)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


async def _records(hub: Hub, organization: Organization) -> AsyncIterator[JsonObject]:
    yield {"record": "organization", **organization_shape(organization)}
    async for record in records_of_people(hub, organization):
        yield record
    async for record in records_of_connections(hub, organization):
        yield record
    for one in await directory_ids(hub.stores.database, organization.id):
        directory = await hub.stores.directories.directory(organization.id, one)
        if directory is not None:
            async for record in _of_directory(hub, directory):
                yield record
    after = 0
    while found := await hub.stores.journal.after(organization.id, after, PAGE):
        for written in found:
            yield {"record": "journal_entry", **await entry_shape(hub, organization, written)}
        after = found[-1].seq


async def _of_directory(hub: Hub, directory: Directory) -> AsyncIterator[JsonObject]:
    key = DirectoryKey(directory.organization_id, directory.id)
    own: JsonObject = {"directory_id": wire(DIRECTORY, directory.id)}
    standing = await hub.stores.directories.standing(key)
    yield {"record": "directory", **directory_shape(directory, hub.settings, standing)}
    for token in await hub.stores.directories.tokens(key):
        yield {"record": "token", **token_shape(token, clock())}
    for stream in await hub.stores.streams.of_directory(key.organization_id, key.directory_id):
        yield {"record": "stream", **stream_shape(stream, hub.settings.base_url)}
    for kind in Kind:
        async for stored in _resources(hub, key, kind):
            resource = await _resource(hub, directory, stored)
            yield {"record": _RECORD[kind], **own, "revision": stored.revision, "resource": resource}
    async for exchange in _exchanges(hub, key):
        yield {"record": "exchange", **own, **exchange}
    for stranger in await hub.stores.exchanges.strangers(key.organization_id, key.directory_id):
        yield {"record": "stranger_refusal", **own, **stranger_shape(stranger)}
    for count in await request_counts(hub.stores.database, key):
        hour = precisely(count.hour * _HOUR)
        yield {"record": "request_count", **own, "hour": hour, "what": count.what, "count": count.count}
    for met in await quirk_counts(hub.stores.database, key):
        last = precisely(met.last_at)
        yield {"record": "quirk_count", **own, "quirk": met.quirk, "count": met.count, "last_at": last}


async def _resources(hub: Hub, key: DirectoryKey, kind: Kind) -> AsyncIterator[Stored]:
    after: Position | None = None
    while True:
        search = Search(kind, 1, PAGE, lambda _: True, lambda _: (0, ""), after=after)
        page = await hub.stores.resources.page(key, search)
        for stored in page.stored:
            yield stored
        if page.following is None:
            return
        after = page.following


async def _resource(hub: Hub, directory: Directory, stored: Stored) -> JsonObject:
    """All of a user or group, with meta and groups or members; a value that is never returned is masked."""
    key = DirectoryKey(directory.organization_id, directory.id)
    base = f"{hub.settings.scim_base_url}/scim/{wire(DIRECTORY, directory.id)}/v2"
    members = await hub.stores.resources.members(key, stored.id, True) if stored.members else ()
    shown: JsonObject = orjson.loads(rendered(stored, base.encode(), members))
    if stored.hidden is None:
        return shown
    kind = Kind.GROUP if stored.kind is Kind.GROUP else Kind.USER
    return merged_hidden(shown, redacted_resource(orjson.loads(stored.hidden), hub.catalogue.types(directory)[kind]))


async def _exchanges(hub: Hub, key: DirectoryKey) -> AsyncIterator[JsonObject]:
    before = None
    while found := await hub.stores.exchanges.latest(key.organization_id, key.directory_id, before, PAGE):
        for exchange in found:
            yield {
                **exchange_shape(exchange),
                "request": body_of(exchange.request),
                "request_note": exchange.request_note,
                "answer": body_of(exchange.answer),
                "answer_revision": exchange.answer_revision or None,
            }
        before = found[-1].id
