"""What became of events at endpoints. See `hallway.delivery.ports.Deliveries`.

Rules: a dead letter has a row of the locator of kind `dead_letter`, whose key is the endpoint and the position; one
that was asked for again has one of kind `asked`, whose key is when, the position and the endpoint.
"""

from collections.abc import Sequence
from typing import Final, cast

from hallway.accounts.model import DEPLOYMENT
from hallway.delivery.model import Attempt, Delivery, DeliveryAsked, DeliveryDone, DeliveryState, Endpoint, Recent
from hallway.ids import DeliveryAttemptId, EndpointId, EntryId, OrganizationId, fresh_id
from hallway.journal.feed import Placed
from hallway.store.database import Database, everywhere, tenant
from hallway.store.feed import FeedStore
from hallway.store.lanes import INSTANT_BYTES, instant
from hallway.store.organizations import ALL_OF_THEM
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

_COLUMNS: Final = "organization_id, endpoint_id, position, event_id, type, state, tries, happened_at, tried_at, due_at"
_EXPIRED_AT_ONCE: Final = 1000
_WINDOWS: Final = 5
_NO_END: Final = (1 << 63) - 1

ONE = statement(
    "delivery",
    f"SELECT {_COLUMNS} FROM delivery WHERE organization_id = ?1 AND endpoint_id = ?2 AND position = ?3",
)
SEVERAL = statement(
    "deliveries_at",
    f"SELECT {_COLUMNS} FROM delivery WHERE organization_id = ?1 AND endpoint_id = ?2 AND position IN {{ints:3}}",
)
OF_ENDPOINT = statement(
    "deliveries_of_endpoint",
    f"""SELECT {_COLUMNS} FROM delivery WHERE organization_id = ?1 AND endpoint_id = ?2 AND position < ?3
        ORDER BY position DESC LIMIT ?4""",
)
NEWEST = statement(
    "global_feed_newest",
    "SELECT position, organization_id, told FROM feed WHERE position < ?1 ORDER BY position DESC LIMIT ?2",
)
DEAD = statement(
    "global_dead_letters",
    """SELECT organization_id, key_hash FROM locator WHERE kind = 'dead_letter' AND key_hash > ?1 AND key_hash <= ?2
       ORDER BY key_hash LIMIT ?3""",
)
ASKED = statement(
    "global_deliveries_asked",
    """SELECT organization_id, key_hash, target FROM locator WHERE kind = 'asked' AND key_hash < ?1
       ORDER BY key_hash LIMIT ?2""",
)
ATTEMPTS = statement(
    "delivery_attempts",
    """SELECT organization_id, id, at, status, duration, reason, answer FROM delivery_attempt
       WHERE organization_id = ?1 AND endpoint_id = ?2 AND position = ?3 ORDER BY id""",
)
KEEP = statement(
    "delivery_keep",
    f"""INSERT INTO delivery ({_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, NULL)
        ON CONFLICT (organization_id, endpoint_id, position)
        DO UPDATE SET state = excluded.state, tries = excluded.tries, tried_at = excluded.tried_at, due_at = NULL""",
)
KEEP_ATTEMPT = statement(
    "delivery_attempt_keep",
    """INSERT INTO delivery_attempt (organization_id, endpoint_id, position, id, at, status, duration, reason, answer)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)""",
)
ASK = statement(
    "delivery_asked",
    """UPDATE delivery SET due_at = ?4 WHERE organization_id = ?1 AND endpoint_id = ?2 AND position = ?3
       AND COALESCE(due_at, 0) = ?5 RETURNING organization_id""",
)
SIGN = statement(
    "delivery_sign",
    """INSERT INTO locator (organization_id, kind, key_hash, target) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT (kind, key_hash) DO NOTHING""",
)
UNSIGN = statement("delivery_unsign", "DELETE FROM locator WHERE organization_id = ?1 AND kind = ?2 AND key_hash = ?3")
OLD_DEAD = statement(
    "deliveries_dead_before",
    """SELECT organization_id, endpoint_id, position FROM delivery
       WHERE organization_id = ?1 AND state = 'dead' AND due_at IS NULL AND tried_at < ?2 LIMIT ?3""",
)
EXPIRE_DEAD = statement(
    "delivery_expired", "DELETE FROM delivery WHERE organization_id = ?1 AND endpoint_id = ?2 AND position = ?3"
)
EXPIRE = statement(
    "deliveries_expired",
    "DELETE FROM delivery WHERE organization_id = ?1 AND state = 'delivered' AND due_at IS NULL AND tried_at < ?2",
)
EXPIRE_ATTEMPTS = statement(
    "delivery_attempts_expired", "DELETE FROM delivery_attempt WHERE organization_id = ?1 AND id < ?2"
)


class DeliveryStore:
    """The port over either engine."""

    def __init__(self, database: Database, feed: FeedStore) -> None:
        self._database = database
        self._feed = feed

    async def delivery(self, owner: OrganizationId, endpoint_id: EndpointId, position: int) -> Delivery | None:
        """One of them."""
        row = await tenant(self._database, owner).row(ONE, endpoint_id, position)
        return None if row is None else _delivery(owner, row)

    async def of_event(self, endpoint_id: EndpointId, event_id: EntryId) -> Delivery | None:
        """What became of an event, while the feed has it."""
        placed = await self._feed.event(event_id)
        if placed is None:
            return None
        return await self.delivery(_lane_owner(placed), endpoint_id, placed.position)

    async def recent(self, endpoint: Endpoint, most: int, before: int | None = None) -> Recent:
        """Of one organization's endpoint by its own rows; of everybody's by the newest events of the feed."""
        end = _NO_END if before is None else before
        if endpoint.organization_id is not None:
            owners = (endpoint.organization_id, DEPLOYMENT)
            found = [
                _delivery(owner, row)
                for owner in owners
                for row in await tenant(self._database, owner).rows(OF_ENDPOINT, endpoint.id, end, most + 1)
            ]
            return _newest(found, most, None)
        found, following = [], end
        for _ in range(_WINDOWS):
            rows = await everywhere(self._database, NEWEST, following, 20 * most)
            placed = cast("list[tuple[int, OrganizationId, bytes | None]]", rows)
            found += await self._tried(endpoint.id, placed)
            if len(placed) < 20 * most:
                return _newest(found, most, None)
            following = placed[-1][0]
            if len(found) > most:
                break
        return _newest(found, most, following)

    async def _tried(
        self, endpoint_id: EndpointId, placed: Sequence[tuple[int, OrganizationId, bytes | None]]
    ) -> list[Delivery]:
        wanted: dict[OrganizationId, list[int]] = {}
        for position, owner, told in placed:
            wanted.setdefault(owner if told is None else DEPLOYMENT, []).append(position)
        return [
            _delivery(owner, row)
            for owner, positions in wanted.items()
            for row in await tenant(self._database, owner).rows(SEVERAL, endpoint_id, positions)
        ]

    async def dead(self, endpoint_id: EndpointId, after: int, most: int) -> Sequence[Delivery]:
        """Dead letters behind a position, in their order."""
        first, last = dead_key(endpoint_id, after), endpoint_id + b"\xff" * INSTANT_BYTES
        rows = cast("list[tuple[OrganizationId, bytes]]", await everywhere(self._database, DEAD, first, last, most))
        places = [(owner, int.from_bytes(key[len(endpoint_id) :], "big")) for owner, key in rows]
        found = [await self.delivery(owner, endpoint_id, position) for owner, position in places]
        return [one for one in found if one is not None]

    async def attempts(self, delivery: Delivery) -> Sequence[Attempt]:
        """Every attempt, oldest first."""
        own = tenant(self._database, delivery.owner)
        rows = await own.rows(ATTEMPTS, delivery.endpoint_id, delivery.position)
        return [
            Attempt(*cast("tuple[DeliveryAttemptId, int, int | None, int, str, bytes]", tuple(row))) for row in rows
        ]

    async def asked(self, now: int, most: int) -> Sequence[Delivery]:
        """Deliveries that were asked for again and are due."""
        rows = await everywhere(self._database, ASKED, instant(now + 1), most)
        found = []
        for owner, key, endpoint_id in cast("list[tuple[OrganizationId, bytes, EndpointId]]", rows):
            position = int.from_bytes(key[INSTANT_BYTES : 2 * INSTANT_BYTES], "big")
            one = await self.delivery(owner, endpoint_id, position)
            if one is not None and one.due_at is not None:
                found.append(one)
        return found

    async def entry(self, delivery: Delivery) -> Placed | None:
        """The event of a delivery, while the feed has it."""
        return await self._feed.event(delivery.event_id)

    async def expire(self, before: int) -> None:
        """Remove what was tried before an instant for the last time, organization by organization."""
        oldest = fresh_id(before, bytes(10))
        owners = [OrganizationId(cast("bytes", row[0])) for row in await everywhere(self._database, ALL_OF_THEM)]
        for owner in (DEPLOYMENT, *owners):
            own = tenant(self._database, owner)
            while rows := await own.rows(OLD_DEAD, before, _EXPIRED_AT_ONCE):
                gone = cast("list[tuple[EndpointId, int]]", [tuple(row) for row in rows])
                steps = [Step(EXPIRE_DEAD, (owner, *one)) for one in gone]
                steps += [Step(UNSIGN, (owner, "dead_letter", dead_key(*one))) for one in gone]
                await self._database.run(steps)
            await self._database.run([Step(EXPIRE, (owner, before)), Step(EXPIRE_ATTEMPTS, (owner, oldest))])


def dead_key(endpoint_id: EndpointId, position: int) -> bytes:
    """Where a dead letter stands in the locator."""
    return endpoint_id + position.to_bytes(INSTANT_BYTES, "big")


def asked_key(one: Delivery, due_at: int) -> bytes:
    """Where a delivery that was asked for again stands in the locator."""
    return instant(due_at) + one.position.to_bytes(INSTANT_BYTES, "big") + one.endpoint_id


def _newest(found: list[Delivery], most: int, following: int | None) -> Recent:
    """The first of what was found; `following` is where to go on where these are all."""
    ordered = sorted(found, key=lambda one: -one.position)
    if len(ordered) > most:
        return Recent(tuple(ordered[:most]), ordered[most - 1].position)
    return Recent(tuple(ordered), following)


def _lane_owner(placed: Placed) -> OrganizationId:
    return placed.organization_id if placed.told is None else DEPLOYMENT


def _delivery(owner: OrganizationId, row: ResultRow) -> Delivery:
    endpoint_id, position, event_id, kind, state, tries, happened_at, tried_at, due_at = cast(
        "tuple[EndpointId, int, EntryId, str, str, int, int, int, int | None]", tuple(row)
    )
    return Delivery(
        owner, endpoint_id, position, event_id, kind, DeliveryState(state), tries, happened_at, tried_at, due_at
    )


@writes(DeliveryDone)
def _done(org: bytes, row: DeliveryDone) -> Sequence[Step]:
    one, attempt = row.delivery, row.attempt
    told = (one.event_id, one.type, one.state.value, one.tries, one.happened_at, one.tried_at)
    kept = (attempt.at, attempt.status, attempt.duration, attempt.reason, attempt.answer)
    steps = [
        Step(KEEP, (org, one.endpoint_id, one.position, *told)),
        Step(KEEP_ATTEMPT, (org, one.endpoint_id, one.position, attempt.id, *kept)),
    ]
    dead = (org, "dead_letter", dead_key(one.endpoint_id, one.position))
    if one.state is DeliveryState.DEAD:
        steps.append(Step(SIGN, (*dead, one.endpoint_id)))
    elif row.asked_at is not None:
        steps.append(Step(UNSIGN, dead))
    if row.asked_at is not None:
        steps.append(Step(UNSIGN, (org, "asked", asked_key(one, row.asked_at))))
    return steps


@writes(DeliveryAsked)
def _asked(org: bytes, row: DeliveryAsked) -> Sequence[Step]:
    was = row.was
    steps = [Step(ASK, (org, was.endpoint_id, was.position, row.due_at, was.due_at or 0), 1)]
    if was.due_at is not None:
        steps.append(Step(UNSIGN, (org, "asked", asked_key(was, was.due_at))))
    if row.due_at is not None:
        steps.append(Step(SIGN, (org, "asked", asked_key(was, row.due_at), was.endpoint_id)))
    return steps
