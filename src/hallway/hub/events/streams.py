"""Streams of security events: what one is, how it is made and removed, and who may poll it.

Rules: a stream is about one directory and belongs to that directory's organization; its secret is shown once and kept
as a hash; it begins with what happens after it was made.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from hallway.hub.directories.model import Directory, DirectoryState
from hallway.hub.organizations.service import Refused
from hallway.ids import STREAM as PREFIX
from hallway.ids import DirectoryId, EntryId, OrganizationId, StreamId, fresh_id, parsed
from hallway.journal.feed import Feed
from hallway.journal.model import Actor, Change, Entry
from hallway.journal.ports import Ledger
from hallway.secret_text import SECRET_BYTES, STREAM, SecretText, read_secret

MOST_STREAMS: Final = 10
"""Of one directory."""
MAX_AUDIENCE: Final = 500


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream: handed on up to `position`; `refused` counts what its reader could not take, the last with why."""

    organization_id: OrganizationId
    id: StreamId
    directory_id: DirectoryId
    audience: str
    hash: bytes
    position: int
    created_at: int
    polled_at: int | None = None
    refused: int = 0
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that was handed on, and of which the reader has not said that she has it."""

    position: int
    seq: int
    event_id: EntryId


@dataclass(frozen=True, slots=True)
class NewStream:
    """A row to insert."""

    stream: Stream


@dataclass(frozen=True, slots=True)
class StreamRemoval:
    """A row to remove, with what waits in it."""

    stream: Stream


@dataclass(frozen=True, slots=True)
class Settled:
    """What a reader says she has, or could not take; `error` is the last of her reasons."""

    taken: Sequence[EntryId] = ()
    refused: Sequence[EntryId] = ()
    error: str = ""


class Streams(Protocol):
    """Streams of every organization."""

    async def stream(self, organization_id: OrganizationId, stream_id: StreamId) -> Stream | None:
        """One of them."""
        ...

    async def of_directory(self, organization_id: OrganizationId, directory_id: DirectoryId) -> Sequence[Stream]:
        """Those of a directory, oldest first."""
        ...

    async def pending(self, stream: Stream, most: int) -> Sequence[Pending]:
        """What waits to be taken, in order."""
        ...

    async def settle(self, stream: Stream, settled: Settled, at: int) -> None:
        """Let go of what was taken, and of what will never be."""
        ...

    async def hand(self, stream: Stream, until: int, pending: Sequence[Pending]) -> None:
        """Hand on up to a position. Raises `Stale` where the stream is elsewhere by now."""
        ...


@dataclass(frozen=True, slots=True)
class MadeStream:
    """A new stream and its secret, which is nowhere else."""

    stream: Stream
    secret: str


@dataclass(frozen=True, slots=True)
class StreamDesk:
    """What making and removing streams needs."""

    ledger: Ledger
    streams: Streams
    feed: Feed
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]


async def create_stream(desk: StreamDesk, directory: Directory, audience: str, actor: Actor) -> MadeStream:
    """A stream of a directory's changes from now on. Raises `Refused`."""
    audience = checked_audience(audience)
    if directory.state is DirectoryState.DELETED:
        raise Refused("conflict", "The directory was deleted.")
    owner = directory.organization_id
    if len(await desk.streams.of_directory(owner, directory.id)) >= MOST_STREAMS:
        raise Refused("conflict", "A directory has at most ten streams. Delete one that nobody reads.")
    now = desk.clock()
    stream_id = StreamId(fresh_id(now, desk.entropy(10)))
    secret = SecretText(owner, stream_id, desk.entropy(SECRET_BYTES))
    position = await desk.feed.newest()
    made = Stream(owner, stream_id, directory.id, audience, secret.hash, position, now)
    await desk.ledger.commit(_change(desk, made, "stream.created", actor, NewStream(made)))
    return MadeStream(made, secret.text(STREAM))


def checked_audience(audience: str) -> str:
    """Who reads a stream. Raises `Refused`."""
    audience = audience.strip()
    if not audience or len(audience) > MAX_AUDIENCE or not audience.isprintable():
        raise Refused("invalid", "Say who reads the stream: a name or an address, at most 500 characters.")
    return audience


async def delete_stream(desk: StreamDesk, stream: Stream, actor: Actor) -> None:
    """End a stream; what waits in it is not told any more."""
    await desk.ledger.commit(_change(desk, stream, "stream.deleted", actor, StreamRemoval(stream)))


async def found_stream(desk: StreamDesk, directory: Directory, text: str) -> Stream:
    """A stream of a directory by its id. Raises `Refused`."""
    stream_id = parsed(PREFIX, text)
    owner = directory.organization_id
    found = None if stream_id is None else await desk.streams.stream(owner, StreamId(stream_id))
    if found is None or found.directory_id != directory.id:
        raise Refused("not_found", "The directory has no stream with this id.")
    return found


async def stream_of_secret(streams: Streams, text: str) -> Stream | None:
    """The stream that a secret opens; None for every other text."""
    secret = read_secret(STREAM, text)
    if secret is None:
        return None
    found = await streams.stream(OrganizationId(secret.owner), StreamId(secret.row))
    return found if found is not None and secret.fits(found.hash) else None


def _change(desk: StreamDesk, stream: Stream, kind: str, actor: Actor, row: object) -> Change:
    entry_id = EntryId(fresh_id(desk.clock(), desk.entropy(10)))
    entry = Entry(
        entry_id, kind, desk.clock(), actor, stream.id, stream.directory_id,
        personal={"name": stream.audience},
    )  # fmt: skip
    return Change(stream.organization_id, (row,), (entry,), entry_id)
