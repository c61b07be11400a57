"""Lanes: which are due, how they move. See `hallway.delivery.ports.Lanes`.

Rules: a lane that is due has one row of the locator of kind `lane`, whose key is when, the endpoint and the
organization; every lane has one of kind `lane_of`, whose key is the endpoint and the organization; both move with it in
one transaction. The sequencer writes `placed` of each lane that it has entries for, and a lane rests only where
`placed` is not ahead of it: so of the two at once either one sees the other, and no lane sleeps through an entry.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Final, TypeAlias, cast

from hallway.accounts.model import DEPLOYMENT
from hallway.delivery.model import DueLane, Endpoint, EndpointState, Lane, LaneMove, LaneRest
from hallway.ids import EndpointId, OrganizationId
from hallway.journal.feed import Told, Wanted
from hallway.journal.model import Stale
from hallway.store.database import Database, everywhere, tenant
from hallway.store.endpoints import EndpointStore
from hallway.store.feed import FeedStore, placed_of
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

AT_ONCE: Final = 500
INSTANT_BYTES: Final = 8
_ID_BYTES: Final = 16

DUE = statement(
    "global_lanes_due",
    """SELECT organization_id, target, key_hash FROM locator WHERE kind = 'lane' AND key_hash > ?1 AND key_hash < ?2
       ORDER BY key_hash LIMIT ?3""",
)
LANES_OF = statement(
    "global_lanes_of",
    """SELECT organization_id, key_hash FROM locator WHERE kind = 'lane_of' AND key_hash > ?1 AND key_hash <= ?2
       ORDER BY key_hash LIMIT ?3""",
)
ENDED = statement(
    "global_feed_told",
    """SELECT position, organization_id, seq, event_id, type, at, told FROM feed
       WHERE told IS NOT NULL AND position > ?1 AND position <= ?2 ORDER BY position LIMIT ?3""",
)
BY_ID = statement(
    "lane_by_id",
    """SELECT organization_id, position, due_at, tries, head_since, failing_since FROM lane
       WHERE organization_id = ?1 AND endpoint_id = ?2""",
)
PLACED = statement(
    "lane_placed",
    """INSERT INTO lane (organization_id, endpoint_id, position, placed, due_at, held, tries)
       VALUES (?1, ?2, ?3, ?4, ?5, 0, 0)
       ON CONFLICT (organization_id, endpoint_id)
       DO UPDATE SET placed = excluded.placed, due_at = COALESCE(lane.due_at, excluded.due_at)""",
)
DUE_NOW = statement(
    "lane_due_now",
    """INSERT INTO locator (organization_id, kind, key_hash, target)
       SELECT organization_id, 'lane', ?3, endpoint_id FROM lane
       WHERE organization_id = ?1 AND endpoint_id = ?2 AND due_at = ?4
       ON CONFLICT (kind, key_hash) DO NOTHING""",
)
KNOWN = statement(
    "lane_known",
    """INSERT INTO locator (organization_id, kind, key_hash, target) VALUES (?1, 'lane_of', ?2, ?3)
       ON CONFLICT (kind, key_hash) DO NOTHING""",
)
MOVE = statement(
    "lane_moved",
    """UPDATE lane SET position = ?4, due_at = ?5, held = ?6, tries = ?7, head_since = ?8, failing_since = ?9
       WHERE organization_id = ?1 AND endpoint_id = ?2 AND due_at = ?3 RETURNING organization_id""",
)
REST = statement(
    "lane_rests",
    """UPDATE lane SET position = ?4, due_at = NULL, held = 0, tries = ?5, head_since = ?6, failing_since = ?7
       WHERE organization_id = ?1 AND endpoint_id = ?2 AND due_at = ?3 AND placed <= ?8 RETURNING organization_id""",
)
RELOCATE = statement(
    "lane_relocate",
    """UPDATE locator SET key_hash = ?3 WHERE organization_id = ?1 AND kind = 'lane' AND key_hash = ?2
       RETURNING organization_id""",
)
UNLOCATE = statement(
    "lane_unlocate",
    """DELETE FROM locator WHERE organization_id = ?1 AND kind = 'lane' AND key_hash = ?2
       RETURNING organization_id""",
)
HASTEN = statement(
    "lane_hastened",
    """UPDATE lane SET due_at = ?4 WHERE organization_id = ?1 AND endpoint_id = ?2 AND due_at = ?3 AND held = 0
       AND tries > 0 RETURNING organization_id""",
)
WAKE = statement(
    "lane_woken",
    """UPDATE lane SET due_at = ?3, tries = 0, head_since = NULL, failing_since = NULL
       WHERE organization_id = ?1 AND endpoint_id = ?2 AND due_at IS NULL AND placed > position""",
)
SKIP = statement(
    "lane_skipped",
    """UPDATE lane SET position = placed WHERE organization_id = ?1 AND endpoint_id = ?2 AND due_at IS NULL
       AND placed > position""",
)
FORGET = tuple(
    statement(f"{table}_forgotten", f"DELETE FROM {table} WHERE organization_id = ?1 AND endpoint_id = ?2")
    for table in ("delivery_attempt", "delivery", "lane")
)
UNKNOWN = statement(
    "lane_signs_forgotten",
    """DELETE FROM locator WHERE organization_id = ?1 AND target = ?2
       AND kind IN ('lane', 'lane_of', 'dead_letter', 'asked')""",
)
StepsFor: TypeAlias = Callable[[OrganizationId], Sequence[Step]]
_EVER: Final = 1 << 62
"""What parks a lane whatever the feed has for it."""


class LaneStore:
    """The port over either engine."""

    def __init__(self, database: Database, feed: FeedStore) -> None:
        self._database = database
        self._feed = feed

    async def due(self, now: int, most: int) -> Sequence[DueLane]:
        """Lanes whose time has come, the longest due first."""
        rows = await everywhere(self._database, DUE, b"", instant(now + 1), most)
        return [_due(row) for row in rows]

    async def lane(self, owner: OrganizationId, endpoint_id: EndpointId) -> Lane | None:
        """One lane."""
        row = await tenant(self._database, owner).row(BY_ID, endpoint_id)
        if row is None:
            return None
        told = cast("tuple[int, int | None, int, int | None, int | None]", tuple(row))
        return Lane(owner, endpoint_id, *told)

    async def events(self, lane: Lane, types: Collection[str], most: int) -> Told:
        """What the lane has to tell next; the deployment's own lane tells of organizations that were deleted."""
        if lane.owner != DEPLOYMENT:
            return await self._feed.after(Wanted(lane.position, most, lane.owner, types))
        newest = await self._feed.newest()
        rows = await everywhere(self._database, ENDED, lane.position, newest, most + 1)
        found = [placed_of(row) for row in rows]
        until = found[most - 1].position if len(found) > most else newest
        return Told([one for one in found[:most] if not types or one.type in types], max(until, lane.position))

    async def hasten(self, endpoint_id: EndpointId, now: int) -> int:
        """Make lanes due now that wait for another try of this endpoint, of those that are due next."""
        rows = await everywhere(self._database, DUE, instant(now + 1), instant(_EVER), 2 * AT_ONCE)
        hastened = 0
        for one in (_due(row) for row in rows if row[1] == endpoint_id):
            was, key = key_of(one), key_of(DueLane(one.owner, endpoint_id, now))
            steps = [
                Step(HASTEN, (one.owner, endpoint_id, one.due_at, now), 1),
                Step(RELOCATE, (one.owner, was, key), 1),
            ]
            try:
                await self._database.run(steps)
            except Stale:
                continue
            hastened += 1
        return hastened

    async def wake(self, endpoint_id: EndpointId, now: int) -> int:
        """Make lanes due now that rest although they have something to tell."""
        return await self._each(endpoint_id, lambda owner: woken(owner, endpoint_id, now))

    async def skip(self, endpoint_id: EndpointId) -> int:
        """Let lanes that rest go on from what comes next."""
        return await self._each(endpoint_id, lambda owner: [Step(SKIP, (owner, endpoint_id))])

    async def forget(self, owner: OrganizationId, endpoint_id: EndpointId) -> None:
        """Remove a lane, with what was kept of its deliveries."""
        await self._database.run(_forgotten(owner, endpoint_id))

    async def forget_all(self, endpoint_id: EndpointId) -> None:
        """Remove every lane of an endpoint."""
        await self._each(endpoint_id, lambda owner: _forgotten(owner, endpoint_id))

    async def _each(self, endpoint_id: EndpointId, steps: StepsFor) -> int:
        """Something for each organization that has a lane to this endpoint; how many there are."""
        after, last, count = endpoint_id, endpoint_id + b"\xff" * _ID_BYTES, 0
        while rows := await everywhere(self._database, LANES_OF, after, last, AT_ONCE):
            owners = [OrganizationId(cast("bytes", row[0])) for row in rows]
            await self._database.run([step for owner in owners for step in steps(owner)])
            after, count = EndpointId(cast("bytes", rows[-1][1])), count + len(rows)
        return count


class LanesBeside:
    """Makes lanes due in the transaction that gives their entries positions: see `hallway.store.feed.Beside`.

    Rules: endpoints are read after it is known which entries are placed: an endpoint that is not there yet was made
    after all of them.
    """

    def __init__(self, endpoints: EndpointStore, clock: Callable[[], int]) -> None:
        self._endpoints = endpoints
        self._clock = clock
        self._known: set[bytes] = set()

    async def ready(self) -> "BesideNow":
        """What is to be written for each organization of a batch."""
        return BesideNow(await self._endpoints.endpoints(), self._clock(), self._known)


class BesideNow:
    """The lanes of one batch."""

    def __init__(self, endpoints: Sequence[Endpoint], now: int, known: set[bytes]) -> None:
        self._endpoints = endpoints
        self._now = now
        self._known = known

    def __call__(self, owner: OrganizationId, before: int, last: int, ended: bool = False) -> Sequence[Step]:
        """Steps for entries of an organization from behind `before` up to `last`, positions both."""
        lane_owner = DEPLOYMENT if ended else owner
        steps: list[Step] = []
        for one in self._endpoints:
            if not one.covers(owner):
                continue
            active = one.state is EndpointState.ACTIVE
            due_at = self._now if active else None
            steps.append(Step(PLACED, (lane_owner, one.id, before, last, due_at)))
            if active:
                key = key_of(DueLane(lane_owner, one.id, self._now))
                steps.append(Step(DUE_NOW, (lane_owner, one.id, key, self._now)))
            mark = one.id + lane_owner
            if mark not in self._known:
                steps.append(Step(KNOWN, (lane_owner, mark, one.id)))
        return steps

    def placed(self, owners: Collection[OrganizationId]) -> None:
        """The batch is durable: its lanes have their marks."""
        for owner in owners:
            self._known.update(one.id + owner for one in self._endpoints if one.covers(owner))


def woken(owner: OrganizationId, endpoint_id: EndpointId, now: int) -> Sequence[Step]:
    """A lane that rests although it has something to tell is due now."""
    key = key_of(DueLane(owner, endpoint_id, now))
    return [Step(WAKE, (owner, endpoint_id, now)), Step(DUE_NOW, (owner, endpoint_id, key, now))]


def key_of(due: DueLane) -> bytes:
    """Where a due lane stands in the locator."""
    return instant(due.due_at) + due.endpoint_id + due.owner


def instant(at: int) -> bytes:
    """An instant as it sorts."""
    return at.to_bytes(INSTANT_BYTES, "big")


def _due(row: ResultRow) -> DueLane:
    owner, endpoint_id, key = cast("tuple[OrganizationId, EndpointId, bytes]", row)
    return DueLane(owner, endpoint_id, int.from_bytes(key[:INSTANT_BYTES], "big"))


def _forgotten(owner: OrganizationId, endpoint_id: EndpointId) -> Sequence[Step]:
    return [*(Step(one, (owner, endpoint_id)) for one in FORGET), Step(UNKNOWN, (owner, endpoint_id))]


def _key_of_lane(lane: Lane) -> bytes:
    return key_of(DueLane(lane.owner, lane.endpoint_id, lane.due_at or 0))


@writes(LaneMove)
def _move(org: bytes, row: LaneMove) -> Sequence[Step]:
    was, now = row.was, row.now
    told = (now.position, now.due_at, int(row.held), now.tries, now.head_since, now.failing_since)
    return [
        Step(MOVE, (org, was.endpoint_id, was.due_at, *told), 1),
        Step(RELOCATE, (org, _key_of_lane(was), _key_of_lane(now)), 1),
    ]


@writes(LaneRest)
def _rest(org: bytes, row: LaneRest) -> Sequence[Step]:
    was, now = row.was, row.now
    told = (now.position, now.tries, now.head_since, now.failing_since)
    most = _EVER if row.parked else now.position
    return [
        Step(REST, (org, was.endpoint_id, was.due_at, *told, most), 1),
        Step(UNLOCATE, (org, _key_of_lane(was)), 1),
    ]
