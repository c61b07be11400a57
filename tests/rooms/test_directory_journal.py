"""The journal of an organization: who changed what, in which order, and what it was before."""

import asyncio
import hashlib
import json
from pathlib import Path
from types import SimpleNamespace

import apsw
import pytest
import structlog
from structlog.testing import capture_logs

from hallway.exchanges.model import Exchange, Gathered, StrangerRefusal, TokenUse
from hallway.exchanges.service import Recorder
from hallway.hub.directories.carrying import Decision, carried
from hallway.hub.directories.desk import Queues
from hallway.hub.directories.groups import delete_group
from hallway.hub.directories.model import Kind
from hallway.hub.directories.resources import ResourceRemoval
from hallway.hub.directories.users import create_user, delete_user, replace_user
from hallway.hub.organizations.service import Refused
from hallway.ids import USER, ExchangeId, wire
from hallway.journal.model import EVENT_TYPES, Stale, Unavailable
from hallway.keys.service import change_master, rotate
from hallway.scim.problem import ScimProblem
from hallway.web.wiring import clock
from hallway.worker.upkeep import Worker
from tests.rooms.opened import MASTER_KEY, Place, administration, journal, made_place, opened, user_body

OFF = {"op": "replace", "path": "active", "value": False}
ON = {"op": "replace", "path": "active", "value": True}


async def everything(place: Place) -> None:
    """Something of each type of a directory's entries."""
    ada, grace = await place.user("ada", title="Analyst"), await place.user("grace")
    group = await place.group("Engineering", ada)
    await place.patch(ada, {"op": "replace", "path": "title", "value": "Countess"})
    await place.patch(ada, OFF)
    await place.patch(ada, ON)
    await place.patch_group(group, {"op": "replace", "path": "displayName", "value": "Mathematics"})
    both = {"op": "replace", "path": "members", "value": [{"value": wire(USER, grace)}]}
    await place.patch_group(group, both)
    await delete_user(place.hub.desk, place.scene, ada, None)
    await delete_group(place.hub.desk, place.scene, group, None)


async def test_every_change_has_an_entry_of_a_known_type_without_a_gap(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place, other = await made_place(hub), await made_place(hub)
        await everything(place)
        await everything(other)
        found = await journal(hub, place.directory)
        assert [one.entry.type for one in found] == [
            "organization.created", "directory.created", "token.created", "user.created", "user.created",
            "group.created", "user.updated", "user.deactivated", "user.reactivated", "group.updated",
            "group.members_changed", "user.deleted", "group.deleted",
        ]  # fmt: skip
        for directory in (place.directory, other.directory):
            entries = await journal(hub, directory)
            assert [one.seq for one in entries] == list(range(1, len(entries) + 1))
            assert {one.entry.type for one in entries} <= set(EVENT_TYPES)


async def test_racing_writers_leave_no_gap_and_refusals_take_no_place(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub, opened(tmp_path) as process:
        place = await made_place(hub)
        second = Place(process, place.directory, place.made)
        names = [f"user-{number % 30}" for number in range(60)]
        answers = await asyncio.gather(
            *(one.user(name) for name in names for one in (place, second)), return_exceptions=True
        )
        refused = [answer for answer in answers if isinstance(answer, ScimProblem)]
        assert len(refused) == 90
        entries = await journal(hub, place.directory)
        assert [one.seq for one in entries] == list(range(1, 34))


async def test_an_entry_says_who_did_it_with_what_from_where(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        ada = await place.user("ada", displayName="Ada", title="Analyst")
        *_, (written) = await journal(hub, place.directory)
        actor = written.entry.actor
        assert (actor.kind, actor.id, actor.label, actor.address) == (
            "token", place.made.token.id, "client/1", "192.0.2.7",
        )  # fmt: skip
        assert (written.entry.subject_id, written.entry.directory_id) == (ada, place.directory.id)
        assert written.personal == {"userName": "ada", "displayName": "Ada"}
        assert written.entry.facts == {"attributes": ["active", "displayName", "title", "userName"]}
        first = (await journal(hub, place.directory))[0].entry.actor
        assert (first.kind, first.id, first.label) == ("command", None, "tests")
        entries = await hub.stores.journal.of_subject(place.directory.organization_id, place.directory.id, ada)
        assert [one.seq for one in entries] == [written.seq]


async def test_an_entry_leads_to_what_the_subject_was_before_and_after(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        ada = await place.user("ada", title="Analyst")
        await place.patch(ada, {"op": "replace", "path": "title", "value": "Countess"})
        await delete_user(hub.desk, place.scene, ada, None)
        titles = []
        for written in (await journal(hub, place.directory))[3:]:
            around = await hub.stores.journal.around(place.directory.organization_id, written.entry, written.seq)
            titles.append([None if side is None else json.loads(side[1] + b"}")["title"] for side in around])
        assert titles == [[None, "Analyst"], ["Analyst", "Countess"], ["Countess", None]]


async def test_the_personal_part_can_be_erased_while_the_entry_keeps_its_hash(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        await place.user("ada")
        before = (await journal(hub, place.directory))[-1]
        connection = apsw.Connection(str(tmp_path / "hallway.db"))
        query = "SELECT salt, body FROM journal_personal WHERE seq = ?"
        salt, body = next(iter(connection.execute(query, (before.seq,))))
        assert hashlib.sha256(salt + body).digest() == before.personal_hash
        assert json.loads(body) == {"userName": "ada", "actor": "client/1", "address": "192.0.2.7"}
        connection.execute("DELETE FROM journal_personal WHERE seq = ?", (before.seq,))
        connection.close()
        after = (await journal(hub, place.directory))[-1]
        assert (after.seq, after.personal_hash, after.personal) == (before.seq, before.personal_hash, None)
        assert (after.entry.actor.label, after.entry.actor.address) == ("", "")
        assert after.entry.facts == before.entry.facts


async def test_members_are_named_and_never_the_whole_group(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        ada, grace, edith = [await place.user(name) for name in ("ada", "grace", "edith")]
        group = await place.group("Engineering", ada, grace)
        created = (await journal(hub, place.directory))[-1]
        assert created.entry.facts["added"] == [wire(USER, ada), wire(USER, grace)]
        change = [
            {"op": "add", "path": "members", "value": [{"value": wire(USER, edith)}]},
            {"op": "remove", "path": f'members[value eq "{wire(USER, ada)}"]'},
        ]
        await place.patch_group(group, *change)
        changed = (await journal(hub, place.directory))[-1]
        assert changed.entry.type == "group.members_changed"
        assert changed.entry.facts["added"] == [wire(USER, edith)]
        assert changed.entry.facts["removed"] == [ada.hex()]
        before = len(await journal(hub, place.directory))
        await place.patch_group(group, *change)
        await place.patch_group(group, {"op": "remove", "path": 'members[value eq "user_zz"]'})
        assert len(await journal(hub, place.directory)) == before


async def test_who_is_overtaken_five_times_is_asked_to_come_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        ada = await place.user("ada")
        asked = 0

        async def decide() -> Decision:
            nonlocal asked
            asked += 1
            was = await place.stored(Kind.USER, ada)
            assert was is not None
            body = user_body("ada", title=f"T{asked}")
            await replace_user(hub.desk, place.scene, ada, body, None)

            return Decision(None, (ResourceRemoval(place.key, was, clock()),))

        with pytest.raises(Unavailable):
            await carried(hub.desk, place.scene, 204, decide)
        assert asked == 5


async def test_turns_of_one_key_come_one_after_the_other_and_are_forgotten() -> None:
    queues, order = Queues(), []

    async def turn(number: int) -> None:
        async with queues.turn(b"key"):
            order.append(number)
            await asyncio.sleep(0)
            order.append(number)

    await asyncio.gather(*(turn(number) for number in range(3)))
    assert order == [0, 0, 1, 1, 2, 2]
    assert queues._locks == {}


class Broken:
    """A store that raises what it is told to, then takes what comes."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.written: list[Gathered] = []
        self.expired: list[int] = []

    async def write(self, gathered: Gathered, now: int) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.written.append(gathered)

    async def expire(self, before: int) -> None:
        self.expired.append(before)
        if self.faults:
            raise self.faults.pop(0)


def used(place: Place, at: int = 1) -> TokenUse:
    directory = place.directory
    return TokenUse(directory.organization_id, directory.id, place.made.token.id, at, "", "")


async def test_what_the_store_cannot_take_now_is_written_later(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        recorder, store = Recorder(clock), Broken(Unavailable("busy"))
        worker = Worker(recorder, store, clock, 30, hub.keys)  # type: ignore[arg-type]
        await worker.flush()
        assert store.written == []
        recorder.used(used(place), "read")
        recorder.met(place.directory.organization_id, place.directory.id, ["boolean_as_text"])
        await worker.flush()
        recorder.used(used(place, 2), "read")
        await worker.flush()
        (written,) = store.written
        assert list(written.requests.values()) == [2]
        assert list(written.quirks.values()) == [1]
        assert [use.at for use in written.uses.values()] == [2]


async def test_refusals_that_are_there_already_do_not_stop_the_rest(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        directory = place.directory
        refusal = refusal_of(place)
        recorder = Recorder(clock)
        worker = Worker(recorder, hub.stores.counters, clock, 30, hub.keys)
        for _ in range(2):
            recorder.refused(refusal)
            recorder.used(used(place), "read")
            await worker.flush()
        await worker.flush()
        assert len(await hub.stores.exchanges.latest(directory.organization_id, directory.id, None, 9)) == 1
        assert (await hub.stores.directories.standing(place.key)).reads == 2


async def test_what_the_store_will_never_take_does_not_hold_up_the_rest(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        recorder, store = Recorder(clock), Broken(Stale())
        worker = Worker(recorder, store, clock, 30, hub.keys)  # type: ignore[arg-type]
        recorder.refused(refusal_of(place))
        recorder.used(used(place), "read")
        await worker.flush()
        await worker.flush()
        (written,) = store.written
        assert written.refusals == []
        assert sorted(written.requests.values()) == [1, 1]


def refusal_of(place: Place) -> Exchange:
    directory = place.directory
    return Exchange(ExchangeId(b"x" * 16), directory.organization_id, directory.id, None, 1, "GET", "/", 404, 1)


async def test_the_worker_goes_on_after_a_fault_and_writes_what_is_left_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hallway.worker.upkeep.TICK_SECONDS", 0.001)
    monkeypatch.setattr("hallway.worker.upkeep.FLUSH_TICKS", 2)
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        recorder, store = Recorder(clock), Broken(RuntimeError("ours"))
        worker = Worker(recorder, store, lambda: 86_400_000_000 * 40, 30, hub.keys)  # type: ignore[arg-type]
        worker.start()
        recorder.used(used(place), "read")
        for _ in range(2000):
            if store.written:
                break
            await asyncio.sleep(0.001)
        assert store.expired == [86_400_000_000 * 10]
        assert len(store.written) == 1
        recorder.used(used(place), "read")
        await worker.stop()
        assert len(store.written) == 2
        idle = Worker(recorder, store, clock, 30, hub.keys)  # type: ignore[arg-type]
        await idle.stop()


async def test_the_worker_is_not_cancelled_while_it_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hallway.worker.upkeep.TICK_SECONDS", 0.001)
    monkeypatch.setattr("hallway.worker.upkeep.FLUSH_TICKS", 1)

    class Slow(Broken):
        begun = asyncio.Event()
        go_on = asyncio.Event()

        async def write(self, gathered: Gathered, now: int) -> None:
            self.begun.set()
            await self.go_on.wait()
            await super().write(gathered, now)

    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        recorder, store = Recorder(clock), Slow()
        worker = Worker(recorder, store, clock, 30, hub.keys)  # type: ignore[arg-type]
        worker.start()
        recorder.used(used(place), "read")
        await store.begun.wait()
        stopping = asyncio.create_task(worker.stop())
        await asyncio.sleep(0)
        store.go_on.set()
        await stopping
        assert len(store.written) == 1


async def test_the_worker_takes_up_a_rotated_key_and_goes_on_with_the_former_where_it_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hallway.worker.upkeep.TICK_SECONDS", 0.001)
    monkeypatch.setattr("hallway.worker.upkeep.FLUSH_TICKS", 2)
    async with opened(tmp_path) as hub:
        worker = Worker(Recorder(clock), hub.stores.counters, clock, 30, hub.keys)
        worker.start()
        await rotate(hub.stores.keys, bytes.fromhex(MASTER_KEY), clock())
        for _ in range(2000):
            if hub.keys.ring.current_id == 2:
                break
            await asyncio.sleep(0.001)
        assert hub.keys.ring.current_id == 2
        await worker.stop()
        other = bytes.fromhex("22" * 32)
        await change_master(hub.stores.keys, bytes.fromhex(MASTER_KEY), other)
        await rotate(hub.stores.keys, other, clock())
        structlog.reset_defaults()  # a test before may have set up logs without warnings
        with capture_logs() as logs:
            await worker.renew_keys()
        assert [log["event"] for log in logs] == ["data_key_not_taken_up"]
        assert hub.keys.ring.current_id == 2

        async def away() -> bool:
            raise Unavailable("busy")

        away_keys = SimpleNamespace(renew=away)
        with capture_logs() as logs:
            await Worker(Recorder(clock), hub.stores.counters, clock, 30, away_keys).renew_keys()  # type: ignore[arg-type]
        assert [log["event"] for log in logs] == ["keys_not_read"]


async def test_strangers_do_not_pile_up_while_the_store_is_away(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        directory = place.directory
        recorder = Recorder(clock)
        for number in range(1200):
            recorder.strange(
                StrangerRefusal(directory.organization_id, directory.id, number, "GET", "/", "no token", "", "")
            )
        gathered = recorder.taken()
        assert len(gathered.strangers) <= 1000
        assert list(gathered.requests.values()) == [1200]
        await hub.stores.counters.write(gathered, clock())
        kept = await hub.stores.exchanges.strangers(directory.organization_id, directory.id)
        assert [one.at for one in kept] == list(range(1199, 1099, -1))


async def test_what_was_gathered_for_an_organization_that_is_gone_is_dropped(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        gone, place = await made_place(hub), await made_place(hub)
        recorder = Recorder(clock)
        recorder.used(used(gone), "read")
        recorder.used(used(place), "write")
        await hub.registrar.delete(gone.directory.organization)
        await hub.stores.counters.write(recorder.taken(), clock())
        assert (await hub.stores.directories.standing(gone.key)).reads == 0


async def test_a_directory_that_somebody_else_changed_is_looked_at_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        await administration(hub).disable(place.directory)
        with pytest.raises(Refused, match="just now"):
            await administration(hub).disable(place.directory)
        now = (await place.again()).directory
        assert await administration(hub).disable(now) == now
        assert (await administration(hub).enable(now)) == place.directory


async def test_nobody_is_created_twice_under_one_id(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        ada = await place.user("ada")
        with pytest.raises(Unavailable):
            await create_user(hub.desk, place.scene, user_body("grace"), ada)
