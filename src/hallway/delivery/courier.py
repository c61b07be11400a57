"""Telling an endpoint what a lane has for it: one visit of one lane.

Rules: a visit reads, claims, sends one event after another, and writes what became of all of them in one change; who
dies in between leaves a lane whose lease ends, and everything since its last change is sent again under the same id.
A lane that has nothing to tell is not claimed. What fails holds up its own lane only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hallway.delivery.model import (
    LEASE,
    RUN,
    RUN_EVENTS,
    TOOK_NOTHING,
    WANTS_NOTHING,
    Attempt,
    Delivery,
    DeliveryDone,
    DeliveryState,
    DueLane,
    Endpoint,
    EndpointState,
    Fate,
    Lane,
    LaneMove,
    LaneRest,
    Sent,
)
from hallway.delivery.ports import Endpoints, Lanes, Message, Strategy, SwitchOff, Verdict
from hallway.delivery.schedule import SILENT, next_try
from hallway.delivery.trying import Tried, Trying
from hallway.ids import EndpointId
from hallway.journal.feed import Placed, Told
from hallway.journal.model import Change, Row, Stale
from hallway.journal.ports import Ledger

NOTED_EVERY = 60 * 1_000_000
"""How often it is written that an endpoint takes what it is sent."""


@dataclass(slots=True)
class _Run:
    """One visit under way: where the lane is now, and what is to be written."""

    endpoint: Endpoint
    claimed: Lane
    now: Lane
    is_more: bool
    rows: list[Row] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    off: str = ""


@dataclass(frozen=True, slots=True)
class Courier:
    """Visits lanes; `chance` gives a number between 0 and 1."""

    ledger: Ledger
    endpoints: Endpoints
    lanes: Lanes
    strategies: Mapping[str, Strategy]
    trying: Trying
    switch_off: SwitchOff
    clock: Callable[[], int]
    chance: Callable[[], float]
    _noted: dict[EndpointId, int] = field(default_factory=dict)

    async def visit(self, due: DueLane) -> Sequence[Sent]:
        """Tell the endpoint some of what the lane has for it, and say what became of it.

        Raises `Unavailable` where the store cannot serve; what was claimed is due again when its lease ends.
        """
        lane = await self.lanes.lane(due.owner, due.endpoint_id)
        if lane is None or lane.due_at != due.due_at:
            return ()
        endpoint = await self.endpoints.endpoint(due.endpoint_id)
        if endpoint is None:
            await self.lanes.forget(due.owner, due.endpoint_id)
            return ()
        strategy = self.strategies.get(endpoint.kind)
        if endpoint.state is EndpointState.OFF or strategy is None:
            await self._park(lane, lane)
            return ()
        # Who is tried again is asked with one event first.
        most = 1 if lane.tries else RUN_EVENTS
        told = await self.lanes.events(lane, strategy.types(endpoint), most)
        wanted = [one for one in told.entries if endpoint.covers(one.organization_id)]
        if not wanted:
            await self._settled(lane, replace(lane, position=told.until))
            return ()
        claimed = replace(lane, due_at=self.clock() + LEASE)
        if not await self._committed(LaneMove(lane, claimed, held=True)):
            return ()
        run = _Run(endpoint, claimed, claimed, is_more=len(told.entries) == most)
        await self._run(run, Told(wanted, told.until), await strategy.messages(endpoint, wanted))
        return run.sent

    async def _run(self, run: _Run, told: Told, messages: Mapping[int, Message]) -> None:
        began = self.clock()
        for placed in told.entries:
            message = messages.get(placed.position)
            if message is None:
                run.now = replace(run.now, position=placed.position)
                continue
            if run.sent and self.clock() > began + RUN:
                run.is_more = True
                break
            tried = await self.trying.tried(run.endpoint, message)
            if not self._noted_in(run, placed, tried):
                break
        else:
            run.now = replace(run.now, position=told.until)
        await self._written(run)

    def _noted_in(self, run: _Run, placed: Placed, tried: Tried) -> bool:
        """Put down what became of an event; whether the lane goes on to the next one now."""
        lane, now = run.now, self.clock()
        tries = lane.tries + 1
        if tried.verdict is Verdict.TAKEN:
            run.now = replace(lane, position=placed.position, tries=0, head_since=None, failing_since=None)
            self._put_down(run, placed, tried.attempt, DeliveryState.DELIVERED, tries)
            return True
        since, failing = lane.head_since or now, lane.failing_since or now
        run.now = replace(lane, tries=tries, head_since=since, failing_since=failing)
        run.off = off = _why_off(run.endpoint, run.now, tried.verdict, now)
        due_at = next_try(tries, since, now, tried.asked, self.chance())
        if not off and (due_at is None or tried.verdict is Verdict.NEVER):
            run.now = replace(run.now, position=placed.position, tries=0, head_since=None)
            self._put_down(run, placed, tried.attempt, DeliveryState.DEAD, tries)
            return True
        run.now = replace(run.now, due_at=None if off else due_at)
        self._put_down(run, placed, tried.attempt, DeliveryState.FAILING, tries)
        return False

    def _put_down(self, run: _Run, placed: Placed, attempt: Attempt, state: DeliveryState, tries: int) -> None:
        lane = run.claimed
        made = Delivery(
            lane.owner, lane.endpoint_id, placed.position, placed.event_id, placed.type, state, tries, placed.at,
            attempt.at,
        )  # fmt: skip
        fate = {DeliveryState.DELIVERED: Fate.DELIVERED, DeliveryState.DEAD: Fate.DEAD}.get(state, Fate.POSTPONED)
        run.rows.append(DeliveryDone(made, attempt))
        fate = Fate.SWITCHED_OFF if run.off else fate
        run.sent.append(Sent(run.endpoint, placed.event_id, fate, attempt.reason, self.clock() - placed.at))

    async def _written(self, run: _Run) -> None:
        """Everything of the run, with the lane where it is now."""
        endpoint, claimed, now = run.endpoint, run.claimed, run.now
        if run.off:
            await self.switch_off(endpoint, run.off)
            await self._park(claimed, now, run.rows)
            return
        if now.due_at != claimed.due_at:
            await self._committed(LaneMove(claimed, now), *run.rows)
        else:
            await self._settled(claimed, now, run.rows, run.is_more)
        if any(one.fate is Fate.DELIVERED for one in run.sent):
            await self._succeeded(endpoint, claimed.failing_since is not None)

    async def _settled(self, was: Lane, now: Lane, rows: Sequence[Row] = (), is_more: bool = False) -> None:
        """The lane rests, or is due at once where the feed has more for it."""
        if not is_more and await self._committed(LaneRest(was, now), *rows):
            return
        await self._committed(LaneMove(was, replace(now, due_at=self.clock())), *rows)

    async def _park(self, was: Lane, now: Lane, rows: Sequence[Row] = ()) -> None:
        """The lane rests until its endpoint is switched on, which may have happened meanwhile."""
        if not await self._committed(LaneRest(was, now, parked=True), *rows):
            return
        endpoint = await self.endpoints.endpoint(was.endpoint_id)
        if endpoint is not None and endpoint.state is EndpointState.ACTIVE and endpoint.kind in self.strategies:
            await self.lanes.wake(was.endpoint_id, self.clock())

    async def _succeeded(self, endpoint: Endpoint, was_failing: bool) -> None:
        """Note it now and then; after a failure its other lanes need not wait any longer."""
        now = self.clock()
        if was_failing or now - self._noted.get(endpoint.id, 0) > NOTED_EVERY:
            self._noted[endpoint.id] = now
            await self.endpoints.succeeded(endpoint, now)
        if was_failing:
            await self.lanes.hasten(endpoint.id, now)

    async def _committed(self, *rows: Row) -> bool:
        """Whether the lane was as it was thought to be."""
        [first, *_] = rows
        assert isinstance(first, LaneMove | LaneRest)  # noqa: S101 - by the callers above
        try:
            await self.ledger.commit(Change(first.was.owner, rows))
        except Stale:
            return False
        return True


def _why_off(endpoint: Endpoint, lane: Lane, verdict: Verdict, now: int) -> str:
    """Why an endpoint is switched off after a failure; "" where it is not."""
    if verdict is Verdict.GONE:
        return WANTS_NOTHING
    since, head = lane.failing_since, lane.head_since
    if since is None or head is None or head <= since or now - since < SILENT:
        return ""
    # One event was given up already, and the next one is refused too.
    return "" if (endpoint.succeeded_at or 0) > since else TOOK_NOTHING
