"""What the feed and its events read, asked for in another organization's name: part of `test_fence.py`."""

from dataclasses import replace
from typing import Any, Final

from hallway.hub.events.receipts import NewReceipt
from hallway.journal.feed import Wanted
from hallway.store import events, feed, receipts, snapshot, streams
from hallway.store.events import EventStore
from hallway.store.feed import FeedStore
from hallway.store.receipts import ReceiptStore
from hallway.store.snapshot import SnapshotStore
from hallway.store.streams import StreamStore
from tests.store import conformance_receipts
from tests.store.conformance_streams import made, waiting
from tests.store.stage import Stage


def _events(t: Any) -> EventStore:
    return EventStore(t.stage.database)


async def _fed(t: Any) -> object:
    """Acme's part of the feed, everything placed."""
    store = FeedStore(t.stage.database)
    await store.place()
    told = await store.after(Wanted(0, 10_000, t.key.organization_id))
    assert {one.organization_id for one in told.entries} == {t.key.organization_id}
    return None


def _receipts(t: Any) -> ReceiptStore:
    return ReceiptStore(t.stage.database)


async def settle_receipts(stage: Stage, secret: str) -> dict[str, Any]:
    """A receipt of Beta's."""
    one = replace(conformance_receipts.receipt(stage, place=2), by=secret)
    await stage.write(NewReceipt(one), organization=one.organization_id)
    return {"receipt": one}


async def _known(t: Any) -> object:
    """Whether the feed tells of Acme, when it tells of Beta only."""
    store = FeedStore(t.stage.database)
    await store.place()
    await t.stage.execute("DELETE FROM feed WHERE organization_id = $1", t.key.organization_id)
    return await store.tells_of(t.key.organization_id) or None


def _snapshot(t: Any) -> SnapshotStore:
    return SnapshotStore(t.stage.database)


def _streams(t: Any) -> StreamStore:
    return StreamStore(t.stage.database)


async def _pending(t: Any) -> object:
    """What waits in Beta's stream, asked for as if it were Acme's."""
    foreign = replace(t.ids["stream"], organization_id=t.key.organization_id)
    return await _streams(t).pending(foreign, 9)


async def settle_streams(stage: Stage, secret: str) -> dict[str, Any]:
    """A stream of Beta's in which something waits."""
    stream = await made(stage, 2, secret)
    await StreamStore(stage.database).hand(stream, 9, waiting(8))
    return {"stream": stream}


FEED_READS: Final[dict[str, tuple[Any, str, Any]]] = {
    "feed_of_one": (feed, "OF_ONE", _fed),
    "receipt": (
        receipts, "ONE", lambda t: _receipts(t).receipt(t.key.organization_id, t.ids["receipt"].event_id, b"k" * 16),
    ),
    "receipts_of_event": (
        receipts, "OF_EVENT", lambda t: _receipts(t).of_event(t.key.organization_id, t.ids["receipt"].event_id),
    ),
    "receipts_of_member": (
        receipts, "OF_MEMBER", lambda t: _receipts(t).of_member(t.key.organization_id, conformance_receipts.ANN),
    ),
    "feed_tells_of": (feed, "TELLS_OF", _known),
    "snapshot_organization": (snapshot, "ORGANIZATION", lambda t: _snapshot(t).organization(t.key.organization_id)),
    "snapshot_members": (snapshot, "MEMBERS", lambda t: _snapshot(t).members(t.key.organization_id, None, 9)),
    "stream_by_id": (streams, "BY_ID", lambda t: _streams(t).stream(t.key.organization_id, t.ids["stream"].id)),
    "streams_of_directory": (
        streams, "OF_DIRECTORY", lambda t: _streams(t).of_directory(t.key.organization_id, t.key.directory_id),
    ),
    "stream_pending": (streams, "PENDING", _pending),
    "journal_at": (events, "AT", lambda t: _events(t).at(t.key.organization_id, [t.ids["seq"]])),
    "member_versions_around": (
        events, "AROUND", lambda t: _events(t).members_around(t.key.organization_id, t.ids["member"], 10_000),
    ),
    "members_linked": (
        events, "LINKED", lambda t: _events(t).members_of(t.key, [t.user]),
    ),
    "removed_groups_among": (
        events, "GROUPS_AMONG", lambda t: _events(t).groups_among(t.key, t.ids["holder"], [t.ids["left"]]),
    ),
}  # fmt: skip
