"""What every store has to do with the feed: positions, their order, what is told of whom.

Run by `test_conformance.py`, as `conformance.py` is.
"""

import asyncio
from dataclasses import replace
from unittest import mock

from hallway.hub.organizations.members import MemberRemoval, MemberUpdate, NewMember, Role
from hallway.hub.organizations.model import OrganizationRemoval
from hallway.ids import EntryId, OrganizationId
from hallway.journal.feed import DELETED, Wanted
from hallway.journal.model import Change
from hallway.store import feed
from hallway.store.events import EventStore
from hallway.store.feed import FeedStore
from hallway.store.keys import DeploymentStore
from tests.store.conformance_members import member
from tests.store.stage import Stage, new_organization

ALL = Wanted(0, 10_000)


async def _order(store: FeedStore, wanted: Wanted = ALL) -> list[tuple[int, OrganizationId, int]]:
    return [(one.position, one.organization_id, one.seq) for one in (await store.after(wanted)).entries]


async def holds_every_entry_gets_one_position_in_the_order_of_its_organization(stage: Stage) -> None:
    """Without a gap, whoever wrote first, and never again."""
    store, own, other = FeedStore(stage.database), stage.key.organization_id, stage.directories[2].organization_id
    before = await store.place()
    assert [one[0] for one in await _order(store)] == list(range(1, before + 1))
    await stage.write(entries=3)
    await stage.write(entries=2, organization=other)
    assert await store.newest() == before
    assert await store.place() == 5
    assert await store.place() == 0
    new = await _order(store, Wanted(before, 100))
    assert [one[0] for one in new] == list(range(before + 1, before + 6))
    for owner in (own, other):
        seqs = [seq for _, of, seq in await _order(store) if of == owner]
        assert seqs == list(range(1, len(seqs) + 1))


async def holds_of_two_sequencers_at_once_each_entry_gets_one_position(stage: Stage) -> None:
    """Writers go on meanwhile; nothing is placed twice, and nothing is left out."""
    stores = [FeedStore(stage.database) for _ in range(3)]
    written = [stage.write(entries=2, organization=stage.directories[n % 3].organization_id) for n in range(30)]
    await asyncio.gather(*written, *(one.place() for one in stores for _ in range(5)))
    while await stores[0].place():
        pass
    found = await _order(stores[0])
    assert [one[0] for one in found] == list(range(1, len(found) + 1))
    assert len({one[1:] for one in found}) == len(found)
    rows = await stage.rows("SELECT count(*) FROM journal")
    assert rows == [(len(found),)]


async def holds_journals_of_accounts_and_of_the_deployment_are_not_told(stage: Stage) -> None:
    """They are marked as told, so that nobody looks at them again."""
    store, account = FeedStore(stage.database), OrganizationId(b"\x01" * 16)
    await DeploymentStore(stage.database).opened(account)
    await stage.write(entries=2, organization=account)
    await store.place()
    assert account not in {one[1] for one in await _order(store)}
    assert await stage.rows("SELECT count(*) FROM journal_head WHERE fed IS NULL OR fed < seq") == [(0,)]


async def holds_a_reader_gets_what_she_asked_for_and_how_far_she_read(stage: Stage) -> None:
    """By organization and by type; what was left out is not looked at again."""
    store, own, other = FeedStore(stage.database), stage.key.organization_id, stage.directories[2].organization_id
    await store.place()
    start = await store.newest()
    await stage.write(entries=2)
    await stage.write(entries=1, organization=other)
    await store.place()
    one = await store.after(Wanted(start, 1))
    assert (len(one.entries), one.until) == (1, start + 1)
    assert (await store.after(Wanted(start, 2))).until == start + 2
    assert [x.position for x in (await store.after(Wanted(start, 9, other))).entries] == [start + 3]
    assert (await store.after(Wanted(start, 9, other))).until == start + 3
    assert (await store.after(Wanted(start, 9, own, ("user.created",)))).entries == []
    assert (await store.after(Wanted(start, 9, None, ("user.created",)))).until == start + 3
    assert len((await store.after(Wanted(start, 9, None, ("user.updated",)))).entries) == 3
    assert await store.after(Wanted(start + 3, 9)) == replace(one, entries=[], until=start + 3)


async def holds_a_filter_moves_on_though_it_leaves_everything_out(stage: Stage) -> None:
    """One read looks at so many; the next one goes on behind them."""
    store, own = FeedStore(stage.database), stage.key.organization_id
    await store.place()
    start = await store.newest()
    await stage.write(entries=6)
    await store.place()
    with mock.patch.object(feed, "LOOKED_AT", 4):
        for owner in (None, own):
            none = await store.after(Wanted(start, 9, owner, ("user.created",)))
            assert (none.entries, none.until) == ([], start + 4)
            assert (await store.after(Wanted(none.until, 9, owner, ("user.created",)))).until == start + 6


async def holds_what_is_past_its_retention_is_told_no_more(stage: Stage) -> None:
    """Positions go on from where they were."""
    store = FeedStore(stage.database)
    assert (await store.oldest(), await store.newest()) == (1, 0)
    await stage.write(entries=3)
    await store.place()
    newest = await store.newest()
    await store.forget(stage.desk.now() + 1)
    assert (await store.oldest(), await store.newest()) == (newest + 1, newest)
    await stage.write(entries=1)
    await store.place()
    assert (await store.oldest(), await store.newest()) == (newest + 1, newest + 1)


async def holds_what_is_forgotten_leaves_no_hole(stage: Stage) -> None:
    """An old entry that was placed late stays with those that were placed before it."""
    store = FeedStore(stage.database)
    await stage.write(entries=1)
    await store.place()
    old = (await store.after(ALL)).entries[-1]
    middle = stage.desk.now()
    await stage.write(entries=1)
    await store.place()
    late = replace(stage.entry("user.updated", b"s" * 16), at=old.at)
    await stage.database.commit(Change(stage.key.organization_id, (), (late,), late.id))
    await store.place()
    await store.forget(middle)
    assert await store.oldest() == old.position + 1
    assert [one[0] for one in await _order(store)] == [old.position + 1, old.position + 2]
    await store.forget(middle)
    assert await store.oldest() == old.position + 1


async def holds_much_is_forgotten_in_parts(stage: Stage) -> None:
    """Of two who forget at once, one goes on; the other one stops."""
    stores, own = [FeedStore(stage.database) for _ in range(2)], stage.key.organization_id
    with mock.patch.object(feed, "FORGOTTEN_AT_ONCE", 2):
        await stage.write(entries=5)
        await stores[0].place()
        newest = await stores[0].newest()
        await asyncio.gather(*(one.forget(stage.desk.now() + 1) for one in stores))
        while await stores[0].oldest() <= newest:
            await stores[0].forget(stage.desk.now() + 1)
    assert await _order(stores[0]) == []
    assert not await stores[0].tells_of(own)


async def holds_nothing_is_forgotten_with_a_deleted_organization(stage: Stage) -> None:
    """Who read up to before its entries misses nothing, and is not sent away."""
    store = FeedStore(stage.database)
    other = await new_organization(stage.desk, "Gone")
    await store.place()
    assert await store.tells_of(other.id)
    await stage.execute("DELETE FROM feed WHERE organization_id <> $1", other.id)
    await stage.write(OrganizationRemoval(other.id, 77, b"{}"), entries=0, organization=other.id)
    assert await store.tells_of(other.id)
    await store.place()
    assert await store.tells_of(other.id)
    assert await store.oldest() == 1


async def holds_a_deleted_organization_is_told_once_and_its_entries_no_more(stage: Stage) -> None:
    """Its journal is gone; the feed says that it was deleted, and what it was called."""
    store, other = FeedStore(stage.database), stage.directories[2].organization_id
    await stage.write(entries=1, organization=other)
    await store.place()
    before = await store.newest()
    await stage.write(OrganizationRemoval(other, 77, b'{"external_id":"x"}'), entries=0, organization=other)
    assert await store.place() == 1
    assert await store.place() == 0
    told = [one for one in (await store.after(ALL)).entries if one.organization_id == other]
    assert [(one.position, one.seq, one.type, one.at, one.told) for one in told] == [
        (before + 1, 0, DELETED, 77, b'{"external_id":"x"}')
    ]
    assert await store.event(EntryId(other)) == told[0]


async def holds_an_entry_is_found_by_its_id(stage: Stage) -> None:
    """Wherever it stands."""
    store = FeedStore(stage.database)
    await store.place()
    found = (await store.after(ALL)).entries
    assert [await store.event(one.event_id) for one in found] == list(found)
    assert await store.event(EntryId(b"n" * 16)) is None


async def holds_what_a_member_was_is_known_for_every_entry(stage: Stage) -> None:
    """Before and after each change of hers; an entry in between finds what she was then."""
    store, one = EventStore(stage.database), member(stage, "ann@example.com", "Ann")
    org = one.organization_id
    first = await stage.write(NewMember(one))
    between = await stage.write()
    boss = replace(one, role=Role.ADMIN, version=2)
    second = await stage.write(MemberUpdate(one, boss), entries=2)
    third = await stage.write(MemberRemoval(boss))

    async def known(seq: int) -> list[tuple[int, str, str]]:
        return [(x.seq, x.role, x.state) for x in await store.members_around(org, one.id, seq)]

    assert await known(first - 1) == []
    assert await known(first) == await known(between) == [(first, "user", "active")]
    assert await known(second) == await known(second + 1) == [(second, "admin", "active"), (first, "user", "active")]
    assert (await known(third))[0] == (third, "admin", "removed")
    assert await store.members_around(stage.directories[2].organization_id, one.id, third) == []
    written = await store.at(org, [second, third, 9_999])
    assert sorted(written) == [second, third]
    assert await store.at(stage.directories[2].organization_id, [second + third]) == {}
