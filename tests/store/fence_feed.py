"""What the feed and its events read, asked for in another organization's name: part of `test_fence.py`."""

from typing import Any, Final

from hallway.journal.feed import Wanted
from hallway.store import events, feed, snapshot
from hallway.store.events import EventStore
from hallway.store.feed import FeedStore
from hallway.store.snapshot import SnapshotStore


def _events(t: Any) -> EventStore:
    return EventStore(t.stage.database)


async def _fed(t: Any) -> object:
    """Acme's part of the feed, everything placed."""
    store = FeedStore(t.stage.database)
    await store.place()
    told = await store.after(Wanted(0, 10_000, t.key.organization_id))
    assert {one.organization_id for one in told.entries} == {t.key.organization_id}
    return None


async def _known(t: Any) -> object:
    """Whether the feed tells of Acme, when it tells of Beta only."""
    store = FeedStore(t.stage.database)
    await store.place()
    await t.stage.execute("DELETE FROM feed WHERE organization_id = $1", t.key.organization_id)
    return await store.tells_of(t.key.organization_id) or None


def _snapshot(t: Any) -> SnapshotStore:
    return SnapshotStore(t.stage.database)


FEED_READS: Final[dict[str, tuple[Any, str, Any]]] = {
    "feed_of_one": (feed, "OF_ONE", _fed),
    "feed_tells_of": (feed, "TELLS_OF", _known),
    "snapshot_organization": (snapshot, "ORGANIZATION", lambda t: _snapshot(t).organization(t.key.organization_id)),
    "snapshot_members": (snapshot, "MEMBERS", lambda t: _snapshot(t).members(t.key.organization_id, None, 9)),
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
