"""Deliveries when something goes wrong, in simulated time: what was promised arrives in order, repeats are known."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from hallway.delivery.courier import Courier
from hallway.delivery.model import LEASE, DueLane, LaneMove, Sent
from hallway.delivery.places import AT_EACH, IN_ALL
from hallway.ids import ORGANIZATION, wire
from hallway.journal.model import Change, Unavailable
from hallway.outbound import Answer, OutboundProblem, Question
from hallway.web.delivering import couriers
from hallway.worker import deliveries
from hallway.worker.deliveries import Couriers
from tests.delivering import BEGAN, HOUR, MINUTE, SECOND, Heard, Round, delivering

A = "https://a.example/hook"
DOWN = OutboundProblem("unreachable")


@dataclass
class Consumer:
    """An application that notes each id with what it does, and so does nothing twice."""

    seen: set[str] = field(default_factory=set)
    done: list[tuple[str, int]] = field(default_factory=list)
    repeats: int = 0

    def take(self, one: Heard) -> None:
        if one.id in self.seen:
            self.repeats += 1
            return
        self.seen.add(one.id)
        self.done.append(one.place)

    def of(self, organization: bytes) -> list[int]:
        """What was done of one organization, in the order in which it was."""
        return [seq for owner, seq in self.done if owner == wire(ORGANIZATION, organization)]


async def test_after_an_hour_of_silence_everything_arrives_in_order(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        owners = [(await post.organization(f"Org {n}")).id for n in range(10)]
        await post.webhook(A)
        consumer = Consumer()

        def behave(one: Heard) -> int | OutboundProblem:
            if one.at < BEGAN + HOUR:
                return DOWN
            consumer.take(one)
            return 200

        post.receivers.behave[A] = behave
        for minute in range(0, 60, 10):
            await post.run(BEGAN + minute * MINUTE)
            for owner in owners:
                await post.happen(owner, 2)
        attempts = len(post.receivers.heard)
        await post.run(BEGAN + 3 * HOUR)
        for owner in owners:
            assert consumer.of(owner) == list(range(2, 14))
        assert attempts <= 10 * 6, "a lane asks later and later, whatever comes behind"
        assert consumer.repeats == 0
        back = min(one.at for one in post.receivers.taken)
        assert {one.at for one in post.receivers.taken} == {back}, "the first that was taken fetches the others"


async def test_a_worker_that_dies_between_claim_and_answer_is_followed_by_another(
    tmp_path: Path, database_url: str
) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme = await post.organization()
        await post.webhook(A)
        await post.happen(acme.id, 3)
        await post.placed()
        asked = asyncio.Event()

        async def hang(question: Question) -> Answer:
            post.receivers.taken.append(Heard(post.now, question.url, dict(question.headers), question.body or b""))
            asked.set()
            await asyncio.Event().wait()
            raise AssertionError

        dying = post.courier
        dying = replace(dying, trying=replace(dying.trying, outbound=_Asked(hang)))
        [due] = await post.hub.stores.lanes.due(post.now, 10)
        worker = asyncio.create_task(dying.visit(due))
        await asked.wait()
        assert await post.hub.stores.lanes.due(post.now + LEASE - 1, 10) == []
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
        await post.run(BEGAN + LEASE - 1)
        assert post.receivers.heard == []
        await post.run()
        first, *others = post.receivers.taken
        assert [one.place[1] for one in others] == [2, 3, 4]
        assert (first.id, first.body) == (others[0].id, others[0].body)
        assert others[0].at == BEGAN + LEASE


async def test_a_database_that_is_gone_for_ten_seconds_costs_repeats_and_nothing_else(
    tmp_path: Path, database_url: str
) -> None:
    async with delivering(tmp_path, database_url) as post:
        owners = [(await post.organization(f"Org {n}")).id for n in range(5)]
        await post.webhook(A)
        consumer = Consumer()
        post.receivers.behave[A] = lambda one: (consumer.take(one), 200)[1]
        for owner in owners:
            await post.happen(owner, 3)
        await post.placed()
        losing = _Losing(post, BEGAN, BEGAN + 10 * SECOND, claims=len(owners))
        due = await post.hub.stores.lanes.due(post.now, 100)
        made = replace(post.courier, ledger=losing)
        results = await asyncio.gather(*(made.visit(one) for one in due), return_exceptions=True)
        assert all(isinstance(one, Unavailable) for one in results) and losing.lost == len(owners)
        assert len(consumer.done) == 15, "all of it was sent, and nobody could write that down"
        await post.run(BEGAN + 10 * SECOND)
        await post.run()
        assert consumer.repeats == 15
        for owner in owners:
            assert consumer.of(owner) == [2, 3, 4]


@pytest.mark.parametrize("seed", range(4))
async def test_a_consumer_that_knows_ids_does_everything_once_whatever_is_lost(
    seed: int, tmp_path: Path, database_url: str
) -> None:
    """Answers are lost after the work was done, workers die, the database does not take what is written."""
    async with delivering(tmp_path, database_url) as post:
        chance = random.Random(seed)
        owners = [(await post.organization(f"Org {n}")).id for n in range(3)]
        await post.webhook(A)
        consumer = Consumer()

        def behave(one: Heard) -> int | OutboundProblem:
            fate = chance.random()
            if fate < 0.15:
                return DOWN
            consumer.take(one)
            return OutboundProblem("broken") if fate < 0.3 else 200

        post.receivers.behave[A] = behave
        counts = dict.fromkeys(owners, 0)
        for _ in range(12):
            owner, count = chance.choice(owners), chance.randrange(1, 30)
            await post.happen(owner, count)
            counts[owner] += count
            await post.placed()
            due = await post.hub.stores.lanes.due(post.now, 10)
            for one in due:
                await _disturbed(post, chance, one)
            post.now += chance.randrange(1, 20) * SECOND
            await post.visits()
        await post.run()
        for owner in owners:
            assert consumer.of(owner) == list(range(2, counts[owner] + 2))


async def _disturbed(post: Round, chance: random.Random, due: DueLane) -> None:
    """A visit that is ended at some step, or whose writing is lost."""
    made = post.courier
    if chance.random() < 0.3:
        made = replace(made, ledger=_Losing(post, post.now, post.now + 1, claims=chance.randrange(2)))
    visit = asyncio.create_task(made.visit(due))
    if chance.random() < 0.5:
        for _ in range(chance.randrange(40)):
            await asyncio.sleep(0)
        visit.cancel()
    with suppress(asyncio.CancelledError, Unavailable):
        post.sent += await visit


async def test_of_several_workers_at_once_each_event_is_sent_by_one(tmp_path: Path, database_url: str) -> None:
    """They look at the same lanes while entries come in and get their places, in three processes' stead."""
    async with delivering(tmp_path / "1", database_url) as post, delivering(tmp_path / "1", database_url) as second:
        owners = [(await post.organization(f"Org {n}")).id for n in range(4)]
        await post.webhook(A)
        second.receivers = post.receivers
        rounds = [post, second] if database_url.startswith("postgres") else [post, post]

        async def write() -> None:
            for number in range(40):
                await post.happen(owners[number % 4], 1 + number % 3)
                await rounds[number % 2].placed()

        async def deliver(one: Round, writing: "asyncio.Task[None]") -> None:
            while not writing.done():
                await one.visits()
                await asyncio.sleep(0)

        writing = asyncio.create_task(write())
        await asyncio.gather(writing, *(deliver(one, writing) for one in rounds))
        await post.run()
        for number, owner in enumerate(owners):
            count = sum(1 + n % 3 for n in range(40) if n % 4 == number)
            own = [one.place[1] for one in post.receivers.taken if one.place[0] == wire(ORGANIZATION, owner)]
            assert own == list(range(2, count + 2))
        assert len({one.id for one in post.receivers.heard}) == len(post.receivers.heard)


async def test_a_dead_endpoint_delays_none_of_a_hundred_healthy_ones(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lanes are due longest, more of them than there are places; all others are served while it holds its own."""
    monkeypatch.setattr(deliveries, "LOOKED_AT", 30)
    async with delivering(tmp_path, database_url) as post:
        owners = [(await post.organization(f"Org {n}")).id for n in range(60)]
        dead = await post.webhook("https://dead.example/")
        for owner in owners:
            await post.happen(owner)
        await post.placed()
        post.now += MINUTE
        healthy = [await post.webhook(f"https://{n}.example/", "contact.removed") for n in range(100)]
        for owner in owners[:2]:
            await post.happen(owner, kind="contact.removed")
        await post.placed()
        waiting, let_go = 0, asyncio.Event()

        async def ask(question: Question) -> Answer:
            nonlocal waiting
            if question.url == dead.url:
                waiting += 1
                await let_go.wait()
                raise DOWN
            return await post.receivers.ask(question)

        loop = _couriers(post, ask)
        while len(post.receivers.taken) < 2 * len(healthy):
            await loop.look()
            await asyncio.sleep(0)
        assert waiting == AT_EACH < IN_ALL
        assert {one.url for one in post.receivers.taken} == {one.url for one in healthy}
        let_go.set()
        await asyncio.gather(*loop._visits.values())
        before = waiting
        await loop.look()
        assert waiting <= before + 1, "one that fails is asked by one at a time"
        await asyncio.gather(*loop._visits.values())
        assert waiting == before + 1


async def test_the_loop_goes_on_after_the_store_could_not_serve(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme = await post.organization()
        await post.webhook(A)
        done = asyncio.Event()
        post.receivers.behave[A] = lambda one: (done.set(), 200)[1]
        loop = _couriers(post, post.receivers.ask)
        faults = [Unavailable("gone"), ValueError("a fault of ours")]
        look = loop.deliveries.asked

        async def failing(now: int, most: int) -> Any:
            if faults:
                raise faults.pop()
            return await look(now, most)

        loop.deliveries = _Asking(failing)  # type: ignore[assignment]
        loop.pause_seconds = 0.0
        await post.happen(acme.id)
        await post.placed()
        loop.start()
        await done.wait()
        await loop.stop()
        assert faults == [] and len(post.receivers.taken) == 1
        assert await post.hub.stores.lanes.due(1 << 60, 10) == []


async def test_an_attempt_that_does_not_end_is_given_up_at_the_end(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        acme = await post.organization()
        await post.webhook(A)
        asked = asyncio.Event()

        async def hang(_: Question) -> Answer:
            asked.set()
            await asyncio.Event().wait()
            raise AssertionError

        await post.happen(acme.id)
        await post.placed()
        loop = _couriers(post, hang)
        loop.stop_seconds = 0.0
        loop.start()
        await asked.wait()
        await loop.stop()
        [due] = await post.hub.stores.lanes.due(1 << 60, 10)
        assert due.due_at == post.now + LEASE


def _couriers(post: Round, ask: Any) -> Couriers:
    """The loop of a worker, by the test's clock, with these answers."""
    counted: list[Sent] = []
    made = couriers(post.hub, counted.append)
    own: Courier = post.courier
    made.courier = replace(own, trying=replace(own.trying, outbound=_Asked(ask)))
    made.clock = post.clock
    return made


class _Asked:
    """An `Outbound` of one function."""

    def __init__(self, ask: Any) -> None:
        self.ask = ask


class _Asking:
    """The deliveries that a loop asks for."""

    def __init__(self, asked: Any) -> None:
        self.asked = asked


class _Losing:
    """A ledger that takes so many claims, and then nothing until its time is over."""

    def __init__(self, post: Round, since: int, until: int, claims: int) -> None:
        self._post = post
        self._since, self._until = since, until
        self._claims = claims
        self.lost = 0

    async def commit(self, change: Change) -> int:
        if self._claims and any(isinstance(row, LaneMove) and row.held for row in change.rows):
            self._claims -= 1
            return await self._post.hub.stores.database.commit(change)
        if self._since <= self._post.now < self._until:
            self.lost += 1
            raise Unavailable("the database is gone")
        return await self._post.hub.stores.database.commit(change)
