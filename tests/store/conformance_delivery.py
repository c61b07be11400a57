"""What every store has to do with endpoints, lanes and deliveries.

Run by `test_conformance.py`, as `conformance.py` is.
"""

from dataclasses import replace

import pytest

from hallway.accounts.model import DEPLOYMENT
from hallway.delivery.model import (
    Attempt,
    Delivery,
    DeliveryAsked,
    DeliveryDone,
    DeliveryState,
    DueLane,
    Endpoint,
    EndpointRemoval,
    EndpointState,
    EndpointUpdate,
    Lane,
    LaneMove,
    LaneRest,
    NewEndpoint,
    Recent,
)
from hallway.hub.organizations.model import OrganizationRemoval
from hallway.ids import DeliveryAttemptId, EndpointId, EntryId, OrganizationId, fresh_id
from hallway.journal.model import Change, Row, Stale, TenantBreach
from hallway.store.deliveries import DeliveryStore
from hallway.store.endpoints import EndpointStore
from hallway.store.feed import FeedStore
from hallway.store.keys import DeploymentStore
from hallway.store.lanes import LanesBeside, LaneStore
from tests.store.stage import Stage

LATER = 60_000_000


async def endpoint(stage: Stage, mark: bytes = b"h") -> Endpoint:
    """An endpoint of the deployment, written."""
    await DeploymentStore(stage.database).opened(DEPLOYMENT)
    one = Endpoint(
        DEPLOYMENT, EndpointId(mark * 16), "webhook", "https://a.example/", EndpointState.ACTIVE, 7, b"sealed",
        ("member.*", "user.created"), name="A", belongs_to=b"a" * 16, note="n",
    )  # fmt: skip
    await written(stage, NewEndpoint(one))
    return one


async def written(stage: Stage, *rows: Row, owner: OrganizationId = DEPLOYMENT) -> None:
    """Commit rows without entries."""
    await stage.database.commit(Change(owner, rows))


def stores(stage: Stage) -> tuple[FeedStore, LaneStore, DeliveryStore]:
    """Over the stage's database, with lanes beside the feed."""
    feed = FeedStore(stage.database, LanesBeside(EndpointStore(stage.database, DEPLOYMENT), stage.desk.clock).ready)
    return feed, LaneStore(stage.database, feed), DeliveryStore(stage.database, feed)


async def due_lane(stage: Stage, place: int = 0) -> tuple[Endpoint, Lane]:
    """A lane with something to tell."""
    feed, lanes, _ = stores(stage)
    await feed.place()
    one = await endpoint(stage)
    await stage.write(entries=1, organization=stage.directories[place].organization_id)
    await feed.place()
    lane = await lanes.lane(stage.directories[place].organization_id, one.id)
    assert lane is not None
    return one, lane


def delivery(lane: Lane, state: DeliveryState, position: int = 9) -> Delivery:
    """Something that was tried."""
    return Delivery(lane.owner, lane.endpoint_id, position, EntryId(b"e" * 16), "user.updated", state, 1, 5, 6)


ATTEMPT = Attempt(DeliveryAttemptId(fresh_id(6, b"t" * 10)), 6, 500, 1234, "It answered 500.", b"no")


async def holds_an_endpoint_comes_back_as_it_was_written(stage: Stage) -> None:
    """An update or a removal of what is not as it was is stale; it is written in the deployment only."""
    one, store = await endpoint(stage), EndpointStore(stage.database, DEPLOYMENT)
    other = replace(one, id=EndpointId(b"i" * 16), types=(), organization_id=stage.key.organization_id, belongs_to=None)
    await written(stage, NewEndpoint(other))
    assert (await store.endpoint(one.id), await store.endpoints()) == (one, [one, other])
    assert await store.endpoint(EndpointId(b"x" * 16)) is None
    now = replace(one, url="https://b.example/", state=EndpointState.OFF, reason="gone", sealed=b"s", version=2)
    await written(stage, EndpointUpdate(one, now))
    await store.succeeded(now, 99)
    assert await store.endpoint(one.id) == replace(now, succeeded_at=99)
    for row in (EndpointUpdate(one, now), EndpointRemoval(one)):
        with pytest.raises(Stale):
            await written(stage, row)
    await written(stage, EndpointRemoval(now))
    assert await store.endpoints() == [other]
    with pytest.raises(TenantBreach):
        await stage.write(NewEndpoint(replace(one, id=EndpointId(b"j" * 16))))


async def holds_lanes_are_due_with_the_entries_that_they_have_to_tell(stage: Stage) -> None:
    """In one transaction; from what is placed after the endpoint was made, whatever was before."""
    feed, lanes, _ = stores(stage)
    await feed.place()
    one = await endpoint(stage)
    start = await feed.newest()
    own, other = stage.key.organization_id, stage.directories[2].organization_id
    await stage.write(entries=2)
    await stage.write(entries=3, organization=other)
    before = stage.desk.clock()
    await feed.place()
    due = await lanes.due(1 << 60, 10)
    assert {(x.owner, x.endpoint_id) for x in due} == {(own, one.id), (other, one.id)}
    assert all(x.due_at > before for x in due)
    assert await lanes.due(before, 10) == [] and len(await lanes.due(1 << 60, 1)) == 1
    found = [await lanes.lane(owner, one.id) for owner in (own, other)]
    assert [x and (x.tries, x.head_since) for x in found] == [(0, None)] * 2
    assert min(x.position for x in found if x) == start
    for lane, count in zip(found, (2, 3), strict=True):
        assert lane is not None
        assert len((await lanes.events(lane, (), 10)).entries) == count
        assert len((await lanes.events(lane, (), 2)).entries) == 2
        assert (await lanes.events(lane, ("user.created",), 2)).entries == []


async def holds_a_claimed_lane_is_nobody_elses(stage: Stage) -> None:
    """Whoever comes second gets nothing; a lane moves with its sign."""
    one, lane = await due_lane(stage)
    _, lanes, _ = stores(stage)
    claimed = replace(lane, due_at=(lane.due_at or 0) + LATER)
    await written(stage, LaneMove(lane, claimed, held=True), owner=lane.owner)
    with pytest.raises(Stale):
        await written(stage, LaneMove(lane, claimed, held=True), owner=lane.owner)
    assert await lanes.due((claimed.due_at or 0) - 1, 10) == []
    assert await lanes.due(claimed.due_at or 0, 10) == [DueLane(lane.owner, one.id, claimed.due_at or 0)]
    later = replace(claimed, position=3, due_at=1 << 50, tries=2, head_since=4, failing_since=5)
    await written(stage, LaneMove(claimed, later), owner=lane.owner)
    assert await lanes.lane(lane.owner, one.id) == later


async def holds_a_lane_rests_only_where_the_feed_has_no_more_for_it(stage: Stage) -> None:
    """Parked, it rests in any case; what comes then makes it due, unless it is parked by its endpoint."""
    one, lane = await due_lane(stage)
    feed, lanes, _ = stores(stage)
    newest = await feed.newest()
    with pytest.raises(Stale):
        await written(stage, LaneRest(lane, lane), owner=lane.owner)
    rested = replace(lane, position=newest, due_at=None)
    await written(stage, LaneRest(lane, rested), owner=lane.owner)
    assert await lanes.due(1 << 60, 10) == [] and await lanes.lane(lane.owner, one.id) == rested
    await stage.write(entries=1)
    await feed.place()
    again = await lanes.lane(lane.owner, one.id)
    assert again is not None and again.due_at is not None
    await written(stage, LaneRest(again, again, parked=True), owner=lane.owner)
    assert await lanes.due(1 << 60, 10) == []
    assert await lanes.wake(one.id, 77) == 1
    assert await lanes.due(77, 10) == [DueLane(lane.owner, one.id, 77)]
    assert await lanes.wake(one.id, 78) == 1
    assert await lanes.due(1 << 60, 10) == [DueLane(lane.owner, one.id, 77)]


async def holds_an_endpoint_that_is_off_has_lanes_that_wait(stage: Stage) -> None:
    """They are made all the same, so that nothing is left out; skipped, they go on from what comes next."""
    one = await endpoint(stage)
    off = replace(one, state=EndpointState.OFF, version=2)
    await written(stage, EndpointUpdate(one, off))
    feed, lanes, _ = stores(stage)
    await stage.write(entries=2)
    await feed.place()
    assert await lanes.due(1 << 60, 10) == []
    lane = await lanes.lane(stage.key.organization_id, one.id)
    assert lane is not None and len((await lanes.events(lane, ("user.updated",), 9)).entries) == 2
    assert await lanes.skip(one.id) == 2
    await lanes.wake(one.id, 77)
    assert await lanes.due(1 << 60, 10) == []


async def holds_lanes_that_wait_for_another_try_are_hastened(stage: Stage) -> None:
    """Those of one endpoint, which nobody has for itself."""
    one, lane = await due_lane(stage)
    _, lanes, _ = stores(stage)
    failed = replace(lane, due_at=1 << 50, tries=2)
    await written(stage, LaneMove(lane, failed, held=True), owner=lane.owner)
    assert await lanes.hasten(one.id, 50) == 0
    await written(stage, LaneMove(failed, replace(failed, due_at=1 << 51)), owner=lane.owner)
    assert await lanes.hasten(EndpointId(b"x" * 16), 50) == 0
    assert await lanes.hasten(one.id, 50) == 1
    assert await lanes.due(50, 10) == [DueLane(lane.owner, one.id, 50)]
    untried = replace(failed, due_at=50, tries=0)
    await written(stage, LaneMove(replace(failed, due_at=50), replace(untried, due_at=1 << 50)), owner=lane.owner)
    assert await lanes.hasten(one.id, 60) == 0


async def holds_a_forgotten_lane_is_nowhere(stage: Stage) -> None:
    """With what was kept of its deliveries; other endpoints' stay."""
    one, lane = await due_lane(stage)
    other = await endpoint(stage, b"i")
    feed, lanes, _ = stores(stage)
    await stage.write(entries=1)
    await feed.place()
    for each in (one.id, other.id):
        dead = replace(delivery(lane, DeliveryState.DEAD), endpoint_id=each)
        await written(stage, DeliveryDone(dead, ATTEMPT), owner=lane.owner)
        await written(stage, DeliveryAsked(dead, 50), owner=lane.owner)
    await lanes.forget_all(one.id)
    for table in ("lane", "delivery", "delivery_attempt"):
        assert {row[0] for row in await stage.rows(f"SELECT endpoint_id FROM {table}")} == {other.id}
    kinds = "('lane', 'lane_of', 'dead_letter', 'asked')"
    signs = await stage.rows(f"SELECT kind, target FROM locator WHERE kind IN {kinds} ORDER BY kind")
    assert {row[1] for row in signs} == {other.id}
    assert {row[0] for row in signs} == {"asked", "dead_letter", "lane", "lane_of"}
    await stage.write(OrganizationRemoval(lane.owner, 1, b"{}"), entries=0)
    rows = await stage.rows(f"SELECT kind FROM locator WHERE kind IN {kinds} AND organization_id = $1", lane.owner)
    assert rows == [] and await lanes.lane(lane.owner, other.id) is None


async def holds_a_delivery_is_kept_with_its_attempts(stage: Stage) -> None:
    """Its state is that of the last one; dead letters are listed until they are taken or forgotten."""
    one, lane = await due_lane(stage)
    _, _, store = stores(stage)
    failing = delivery(lane, DeliveryState.FAILING)
    await written(stage, DeliveryDone(failing, ATTEMPT), owner=lane.owner)
    assert await store.delivery(lane.owner, one.id, 9) == failing
    assert await store.dead(one.id, 0, 9) == []
    dead = replace(failing, state=DeliveryState.DEAD, tries=2, tried_at=8)
    second = replace(ATTEMPT, id=DeliveryAttemptId(fresh_id(8, b"u" * 10)), status=None, at=8)
    await written(stage, DeliveryDone(dead, second), owner=lane.owner)
    other = delivery(lane, DeliveryState.DEAD, 12)
    await written(stage, DeliveryDone(other, ATTEMPT), owner=lane.owner)
    assert await store.attempts(dead) == [ATTEMPT, second]
    assert await store.dead(one.id, 0, 9) == [dead, other]
    assert await store.dead(one.id, 9, 9) == [other] and await store.dead(one.id, 0, 1) == [dead]
    assert await store.dead(EndpointId(b"x" * 16), 0, 9) == []
    await store.expire(7)
    assert await store.dead(one.id, 0, 9) == [dead]
    await store.expire(1 << 50)
    assert await store.dead(one.id, 0, 9) == [] and await store.attempts(dead) == []


async def holds_who_asks_again_first_is_the_only_one(stage: Stage) -> None:
    """Asked for, claimed, made: each time by one, and the sign goes with it."""
    one, lane = await due_lane(stage)
    _, _, store = stores(stage)
    dead = delivery(lane, DeliveryState.DEAD)
    await written(stage, DeliveryDone(dead, ATTEMPT), owner=lane.owner)
    await written(stage, DeliveryAsked(dead, 50), owner=lane.owner)
    with pytest.raises(Stale):
        await written(stage, DeliveryAsked(dead, 51), owner=lane.owner)
    asked = replace(dead, due_at=50)
    assert (await store.asked(49, 9), await store.asked(50, 9)) == ([], [asked])
    claimed = replace(asked, due_at=90)
    await written(stage, DeliveryAsked(asked, 90), owner=lane.owner)
    assert (await store.asked(89, 9), await store.asked(90, 9)) == ([], [claimed])
    taken = replace(dead, state=DeliveryState.DELIVERED, tries=2)
    second = replace(ATTEMPT, id=DeliveryAttemptId(fresh_id(8, b"u" * 10)))
    await written(stage, DeliveryDone(taken, second, 90), owner=lane.owner)
    assert (await store.asked(1 << 60, 9), await store.dead(one.id, 0, 9)) == ([], [])
    await written(stage, DeliveryAsked(taken, 95), owner=lane.owner)
    await written(stage, DeliveryAsked(replace(taken, due_at=95), None), owner=lane.owner)
    assert await store.asked(1 << 60, 9) == [] and await store.delivery(lane.owner, one.id, 9) == taken


async def holds_what_was_tried_last_is_listed_over_all_organizations(stage: Stage) -> None:
    """By when it happened, the newest first; and found by its event."""
    one, lane = await due_lane(stage)
    feed, lanes, store = stores(stage)
    await stage.write(entries=1, organization=stage.directories[2].organization_id)
    await feed.place()
    expected = []
    for owner in {lane.owner, stage.directories[2].organization_id}:
        own = await lanes.lane(owner, one.id)
        assert own is not None
        for placed in (await lanes.events(own, (), 9)).entries:
            made = replace(
                delivery(own, DeliveryState.DELIVERED, placed.position), event_id=placed.event_id, type=placed.type
            )
            await written(stage, DeliveryDone(made, ATTEMPT), owner=owner)
            assert await store.of_event(one.id, placed.event_id) == made
            assert await store.entry(made) == placed
            expected.append(made)
    expected.sort(key=lambda each: -each.position)
    assert await store.recent(one, 10) == Recent(tuple(expected))
    first = await store.recent(one, 1)
    assert first == Recent((expected[0],), expected[0].position)
    assert (await store.recent(one, 10, first.following)).deliveries == tuple(expected[1:])
    own = replace(one, organization_id=lane.owner)
    mine = tuple(each for each in expected if each.owner == lane.owner)
    assert await store.recent(own, 10) == Recent(mine)
    assert (await store.recent(own, 10, mine[-1].position)) == Recent(())
    assert await store.of_event(one.id, EntryId(b"n" * 16)) is None


async def holds_a_quiet_endpoint_says_where_its_deliveries_may_go_on(stage: Stage) -> None:
    """One question looks through five windows of the feed; the next one begins behind them."""
    one, lane = await due_lane(stage)
    feed, lanes, store = stores(stage)
    (placed,) = (await lanes.events(lane, (), 9)).entries
    made = replace(delivery(lane, DeliveryState.DELIVERED, placed.position), event_id=placed.event_id, type=placed.type)
    await written(stage, DeliveryDone(made, ATTEMPT), owner=lane.owner)
    await stage.write(entries=30)
    await feed.place()
    assert (await store.recent(one, 1)).deliveries == (made,), "within the second window"
    await stage.write(entries=100)
    await feed.place()
    first = await store.recent(one, 1)
    assert first.deliveries == () and first.following == await feed.newest() - 99
    assert (await store.recent(one, 1, first.following)).deliveries == (made,)
    assert await store.recent(replace(one, organization_id=lane.owner), 1) == Recent((made,))
