"""What the feed and its events read, asked for in another organization's name: part of `test_fence.py`."""

from typing import Any, Final

from hallway.journal.feed import Wanted
from hallway.store import events, feed
from hallway.store.events import EventStore
from hallway.store.feed import FeedStore


def _events(t: Any) -> EventStore:
    return EventStore(t.stage.database)


async def _fed(t: Any) -> object:
    """Acme's part of the feed, everything placed."""
    store = FeedStore(t.stage.database)
    await store.place()
    told = await store.after(Wanted(0, 10_000, t.key.organization_id))
    assert {one.organization_id for one in told.entries} == {t.key.organization_id}
    return None


FEED_READS: Final[dict[str, tuple[Any, str, Any]]] = {
    "feed_of_one": (feed, "OF_ONE", _fed),
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
