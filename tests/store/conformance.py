"""What every store has to do, whichever engine it stands on: the suite that defines the ports.

`test_conformance.py` runs each function here whose name starts with `holds_` on a fresh database of each engine;
the rest of its name, and its docstring, say what must hold.
"""

import asyncio
import hashlib
import itertools
from dataclasses import replace
from typing import Any

import pytest

from hallway.exchanges.model import Exchange
from hallway.hub.directories.columns import columns_of
from hallway.hub.directories.documents import document_of, rendered, walked
from hallway.hub.directories.listing import sort_key_of
from hallway.hub.directories.model import Kind, Rules
from hallway.hub.directories.ports import Position
from hallway.hub.directories.resources import (
    GroupsNested,
    MembersAdded,
    MembersRemoved,
    NewResource,
    ResourceMove,
    ResourceRemoval,
    ResourceUpdate,
    RevisionHeld,
    Stored,
)
from hallway.hub.directories.users import create_user
from hallway.ids import USER, DirectoryId, ExchangeId, OrganizationId, ResourceId, wire
from hallway.journal.model import Change, Stale, Unavailable
from hallway.scim.problem import ScimProblem
from hallway.store.directories import DirectoryStore
from hallway.store.exchanges import ExchangeStore
from hallway.store.journal import JournalStore
from tests.store.stage import (
    BASE,
    CATALOGUE,
    ENTERPRISE,
    Stage,
    path_of,
    search,
    user_body,
)

NOBODY = ResourceId(b"\xff" * 16)


async def raises_stale(stage: Stage, *rows: object, entries: int = 1) -> None:
    """The rows are refused, and nothing of them or of their entries is written."""
    before = await _journal_of(stage)
    with pytest.raises(Stale):
        await stage.write(*rows, entries=entries)
    assert await _journal_of(stage) == before


async def _journal_of(stage: Stage) -> list[tuple[int, str]]:
    written = await JournalStore(stage.database).after(stage.key.organization_id, 0, 10_000)
    return [(one.seq, one.entry.type) for one in written]


def here(stage: Stage) -> tuple[OrganizationId, DirectoryId]:
    """Organization and directory."""
    return stage.key.organization_id, stage.key.directory_id


def updated(stage: Stage, was: Stored, resource: Any, **more: Any) -> ResourceUpdate:
    """A new document for a user."""
    document, hidden, splice_at = document_of(
        resource, Kind.USER, was.id, CATALOGUE.types(stage.directories[0])[Kind.USER]
    )
    stored = replace(was, document=document, hidden=hidden, splice_at=splice_at, modified_at=stage.desk.now())
    return ResourceUpdate(stage.key, was, stored, columns_of(Kind.USER, resource), more.pop("old_keys", ()), **more)


# Ledger and journal


async def holds_the_journal_is_gapless_in_each_organization(stage: Stage) -> None:
    """Places count from 1 in each organization, whoever writes at the same time."""
    orgs = [stage.directories[0].organization_id, stage.directories[2].organization_id]
    start = {org: len(await JournalStore(stage.database).after(org, 0, 100)) for org in orgs}
    first = await asyncio.gather(
        *(stage.write(entries=1 + number % 3, organization=orgs[number % 2]) for number in range(60))
    )
    for side, org in enumerate(orgs):
        written = await JournalStore(stage.database).after(org, 0, 1000)
        assert [one.seq for one in written] == list(range(1, len(written) + 1))
        sizes = [1 + number % 3 for number in range(60) if number % 2 == side]
        assert len(written) == start[org] + sum(sizes)
        places = sorted(zip((place for number, place in enumerate(first) if number % 2 == side), sizes, strict=True))
        assert all(place + size == after for (place, size), (after, _) in itertools.pairwise(places))


async def holds_entries_come_back_as_they_were_written(stage: Stage) -> None:
    """Everything of an entry but its place; what is personal stands apart, with a hash of its own."""
    entry = replace(stage.entry("user.created", b"s" * 16, attributes=["x"]), personal={"userName": "Ånn 😀"})
    seq = await stage.database.commit(Change(stage.key.organization_id, (), (entry,), entry.id))
    written = (await JournalStore(stage.database).after(stage.key.organization_id, seq - 1, 1))[0]
    assert (written.seq, written.entry) == (seq, entry)
    assert len(written.personal_hash) == 32
    of_subject = await JournalStore(stage.database).of_subject(*here(stage), b"s" * 16)
    assert [one.entry for one in of_subject] == [entry]


async def holds_reading_the_journal_goes_on_where_it_stopped(stage: Stage) -> None:
    """`after` is exclusive, oldest first, at most so many."""
    for _ in range(5):
        await stage.write()
    journal = JournalStore(stage.database)
    org = stage.key.organization_id
    everything = [one.seq for one in await journal.after(org, 0, 1000)]
    assert everything == [one.seq for start in range(0, 20, 3) for one in await journal.after(org, start, 3)]
    assert await journal.after(org, everything[-1], 10) == []


async def holds_a_change_is_all_or_nothing(stage: Stage) -> None:
    """A row that cannot be written takes the others, and the entries, with it."""
    ann = await stage.user("ann")
    group = await stage.group("g")
    good = MembersAdded(stage.key, group, (ann,), Kind.USER, 1)
    bad = MembersAdded(stage.key, NOBODY, (ann,), Kind.USER, 1)
    await raises_stale(stage, good, bad, entries=2)
    assert await stage.resources.members(stage.key, group, False) == []


async def holds_a_stale_change_of_a_batch_fails_alone(stage: Stage) -> None:
    """Those that came with it are written, without a gap where it would have been."""
    ann, group = await stage.user("ann"), await stage.group("g")
    rows = [MembersAdded(stage.key, group, (ann,), Kind.USER, 1) for _ in range(5)]
    outcomes = await asyncio.gather(*(stage.write(row) for row in rows), stage.write(), return_exceptions=True)
    assert sum(isinstance(outcome, int) for outcome in outcomes) == 2
    assert sum(isinstance(outcome, Stale) for outcome in outcomes) == 4
    places = [seq for seq, _ in await _journal_of(stage)]
    assert places == list(range(1, len(places) + 1))
    assert (await stage.stored(Kind.GROUP, group)).members == 1


async def holds_rows_without_entries_take_no_place(stage: Stage) -> None:
    """Their answer is 0."""
    before = await _journal_of(stage)
    one = Exchange(ExchangeId(stage.desk.fresh_id()), *here(stage), None, 1, "PATCH", "/Users/x", 200, 5)
    assert await stage.write(one, entries=0) == 0
    assert await _journal_of(stage) == before
    assert (await ExchangeStore(stage.database).latest(*here(stage), None, 9))[0].seq == 0


async def holds_a_closed_database_takes_nothing(stage: Stage) -> None:
    """What was queued is written; what comes afterwards is refused."""
    queued = [asyncio.ensure_future(stage.write()) for _ in range(3)]
    await asyncio.sleep(0)
    await stage.database.close()
    assert all(isinstance(place, int) for place in await asyncio.gather(*queued))
    with pytest.raises(Unavailable):
        await stage.write()


# Resources: rows


async def holds_a_resource_comes_back_as_it_was_written(stage: Stage) -> None:
    """Bytes, instants and counters; by its kind, directory and id only."""
    boss = await stage.user("boss", displayName="The Boss")
    extension = {"employeeNumber": "7", "manager": {"value": f"user_{boss.hex()}"}}
    ann = await stage.user("Ann", externalId="X", displayName="Ann", active=True, **{ENTERPRISE: extension})
    stored = await stage.stored(Kind.USER, ann)
    assert (stored.id, stored.kind, stored.revision, stored.members, stored.groups) == (ann, Kind.USER, 1, 0, ())
    assert (stored.manager_id, stored.manager_display) == (boss, "The Boss")
    assert stored.created_at == stored.modified_at > 0
    assert stored.document.startswith(b'{"schemas":')
    assert (await JournalStore(stage.database).after(stage.key.organization_id, stored.seq - 1, 1))[
        0
    ].entry.subject_id == ann
    assert await stage.resources.by_id(stage.key, Kind.GROUP, ann) is None
    assert await stage.resources.by_id(stage.key_of(1), Kind.USER, ann) is None
    assert await stage.resources.by_id(stage.key, Kind.USER, NOBODY) is None
    team = await stage.group("Team", ann)
    await stage.group("Everybody", groups=(team,))
    both = [await stage.resources.by_id(stage.key, Kind.USER, one) for one in (boss, ann)]
    assert await stage.resources.by_ids(stage.key, Kind.USER, [boss, NOBODY, team, ann]) == both
    assert await stage.resources.by_ids(stage.key_of(1), Kind.USER, [boss, ann]) == []
    assert await stage.resources.display_of_user(stage.key, ann) == "Ann"
    assert await stage.resources.display_of_user(stage.key, NOBODY) is None


async def holds_a_name_is_taken_once_in_a_directory(stage: Stage) -> None:
    """Folded; other directories, kinds and organizations have names of their own."""
    ann = await stage.user("Ánn")
    assert await stage.resources.id_by_name(stage.key, Kind.USER, "ánn") == ann
    assert await stage.resources.id_by_name(stage.key, Kind.GROUP, "ánn") is None
    stored = await stage.stored(Kind.USER, ann)
    twin = replace(stored, id=ResourceId(b"\x01" * 16))
    columns = columns_of(Kind.USER, {"userName": "A\u0301NN"})
    await raises_stale(stage, NewResource(stage.key, twin, columns))
    for place in (1, 2):
        assert await stage.user("Ánn", place) != ann
    await stage.group("Ánn")
    await raises_stale(stage, NewResource(stage.key, stored, replace(columns, name_key="other")))


async def holds_an_update_needs_the_version_it_was_decided_on(stage: Stage) -> None:
    """The old document goes to its history, with the places at which it began and ended."""
    ann = await stage.user("ann", title="one")
    was = await stage.stored(Kind.USER, ann)
    row = updated(stage, was, {"schemas": [], "userName": "ann", "title": "two"})
    seq = await stage.write(row)
    now = await stage.stored(Kind.USER, ann)
    assert (now.seq, now.revision, now.created_at) == (seq, 2, was.created_at)
    assert now.modified_at > was.modified_at
    await raises_stale(stage, row)
    history = await stage.rows(
        "SELECT from_seq, to_seq, revision, document FROM resource_version WHERE organization_id = $1 AND id = $2",
        stage.key.organization_id, ann,
    )  # fmt: skip
    assert history == [(was.seq, seq, 1, was.document)]
    entry = stage.entry("user.updated", ann)
    before, after = await JournalStore(stage.database).around(stage.key.organization_id, entry, seq)
    assert before is not None and after is not None
    assert (before[1], after[1]) == (was.document, now.document)


async def holds_an_exact_update_needs_the_revision_too(stage: Stage) -> None:
    """Members count as revisions: with If-Match a change of members in between is one."""
    group = await stage.group("g")
    ann = await stage.user("ann")
    was = await stage.stored(Kind.GROUP, group)
    await stage.write(MembersAdded(stage.key, group, (ann,), Kind.USER, 1))
    await raises_stale(stage, RevisionHeld(stage.key, was))
    await raises_stale(stage, ResourceRemoval(stage.key, was, 1, exact=True))
    now = await stage.stored(Kind.GROUP, group)
    assert (now.seq, now.revision) == (was.seq, was.revision + 1)
    await stage.write(RevisionHeld(stage.key, now))
    await stage.write(ResourceRemoval(stage.key, was, 1))
    assert await stage.resources.by_id(stage.key, Kind.GROUP, group) is None


async def holds_keys_follow_the_document(stage: Stage) -> None:
    """What a user no longer has finds her no more."""
    ann = await stage.user("ann", emails=[{"value": "A@x"}, {"value": "b@x"}])
    await stage.patch_user(ann, {"op": "replace", "path": "emails", "value": [{"value": "B@x"}, {"value": "c@x"}]})
    found = [await _found(stage, f'emails.value eq "{one}@X"') for one in "abc"]
    assert found == [[], [ann], [ann]]
    await stage.delete_user(ann)
    assert await stage.rows("SELECT id FROM resource_key") == []


async def _found(stage: Stage, text: str, kind: Kind = Kind.USER) -> list[ResourceId]:
    return [one.id for one in (await stage.resources.page(stage.key, search(kind, text))).stored]


async def holds_what_is_looked_up_is_not_too_long_to_be(stage: Stage) -> None:
    """2,500 bytes once folded; one more is a 400 on both engines, and harms nobody else who writes then."""
    long = _incompressible(2500)
    ann = await stage.user(long, externalId=long, displayName=long, emails=[{"value": long}])
    assert await _found(stage, f'emails.value eq "{long.upper()}"') == [ann]
    many = {"emails": [{"value": f"{long}x"}]}, {"externalId": f"{long}x"}, {"displayName": "é" * 1251}
    for more in (*many, {ENTERPRISE: {"employeeNumber": "K" * 2501}}):
        outcomes = await asyncio.gather(
            stage.user(f"before{len(str(more))}"), stage.user("bad", **more), stage.group(f"g{len(str(more))}"),
            return_exceptions=True,
        )  # fmt: skip
        assert [type(outcome) for outcome in outcomes] == [bytes, ScimProblem, bytes]
        assert isinstance(outcomes[1], ScimProblem) and outcomes[1].scim_type == "invalidValue"
    await stage.user("other", title=_incompressible(60_000))


def _incompressible(size: int) -> str:
    """Letters and digits in which no compression finds anything."""
    return "".join(hashlib.sha256(number.to_bytes(4, "big")).hexdigest() for number in range(size // 64 + 1))[:size]


async def holds_counters_count_what_is_there(stage: Stage) -> None:
    """Users and groups of each directory, through creation, deletion, keeping and coming back."""
    users = [await stage.user(f"u{number}", externalId=f"e{number}") for number in range(4)]
    await stage.group("g", *users)
    await stage.user("elsewhere", 1)
    await stage.delete_user(users[0])
    rules = Rules(delete_deactivates=True)
    await stage.delete_user(users[1], rules=rules)
    standing = await DirectoryStore(stage.database).standing(stage.key)
    assert (standing.users, standing.groups) == (2, 1)
    assert (await stage.resources.page(stage.key, search(Kind.USER, count=1))).total == 2
    totals = await DirectoryStore(stage.database).totals(stage.key.organization_id)
    assert (totals[Kind.USER], totals[Kind.GROUP]) == (3, 1)
    assert await DirectoryStore(stage.database).totals(stage.directories[2].organization_id) == {}
    elsewhere = await DirectoryStore(stage.database).standing(stage.key_of(1))
    assert (elsewhere.users, elsewhere.groups) == (1, 0)


async def holds_a_kept_user_is_hidden_and_comes_back(stage: Stage) -> None:
    """She leaves her groups, frees her name, and is found again by her externalId, the latest of them."""
    rules = Rules(delete_deactivates=True)
    first = await stage.user("ann", externalId="E", emails=[{"value": "a@x"}])
    group = await stage.group("g", first)
    await stage.delete_user(first, rules=rules)
    assert await stage.resources.by_id(stage.key, Kind.USER, first) is None
    assert await stage.resources.members(stage.key, group, False) == []
    assert await stage.resources.id_by_name(stage.key, Kind.USER, "ann") is None
    assert await stage.ids(Kind.USER) == [] == await _found(stage, 'emails.value eq "a@x"')
    assert await stage.rows("SELECT kind, value FROM resource_key") == [(int(Kind.GONE), "a@x")]
    second = await stage.user("ann", externalId="E")
    assert second != first
    await stage.delete_user(second, rules=rules)
    gone = await stage.resources.gone_by_external_id(stage.key, "E")
    assert gone is not None and (gone.id, gone.kind) == (second, Kind.GONE)
    assert await stage.resources.gone_by_external_id(stage.key, "e") is None
    assert await stage.resources.gone_by_external_id(stage.key_of(1), "E") is None


async def holds_a_kept_user_is_restored_with_everything_she_is_found_by(stage: Stage) -> None:
    """By her old id, in no group, with the look-up keys that she has now."""
    rules = Rules(delete_deactivates=True, restore_by_external_id=True)
    ann = await stage.user("ann", externalId="E", emails=[{"value": "a@x"}, {"value": "old@x"}])
    await stage.group("g", ann)
    await stage.delete_user(ann, rules=rules)
    body = user_body("ann", externalId="E", emails=[{"value": "a@x"}, {"value": "new@x"}])
    outcome = await create_user(stage.desk, stage.scene(rules=rules), body)
    assert outcome.stored is not None and outcome.stored.id == ann
    assert (await stage.stored(Kind.USER, ann)).groups == ()
    assert [await _found(stage, f'emails.value eq "{one}@x"') for one in ("a", "new", "old")] == [[ann], [ann], []]
    assert (await DirectoryStore(stage.database).standing(stage.key)).users == 1


# Members


async def holds_members_are_added_and_removed_once(stage: Stage) -> None:
    """Who is there already, who is not, and who is nobody here make the change stale."""
    ann, bob = await stage.user("ann"), await stage.user("bob")
    stranger, foreign = await stage.user("elsewhere", 1), await stage.user("beta", 2)
    group = await stage.group("g", ann)
    for ids in ((ann,), (bob, ann), (NOBODY,), (stranger,), (foreign,)):
        await raises_stale(stage, MembersAdded(stage.key, group, ids, Kind.USER, 1))
    await raises_stale(stage, MembersAdded(stage.key, group, (bob,), Kind.GROUP, 1))
    await raises_stale(stage, MembersRemoved(stage.key, group, (bob,), 1))
    seq = await stage.write(MembersRemoved(stage.key, group, (ann,), 9))
    stored = await stage.stored(Kind.GROUP, group)
    assert (stored.members, stored.modified_at, stored.revision) == (0, 9, 3)
    past = await stage.rows("SELECT member_id, member_kind, from_seq, to_seq FROM member_past")
    assert past == [(ann, 1, stored.seq, seq)]


async def holds_members_are_listed_in_a_stable_order(stage: Stage) -> None:
    """By id, with what they are called; a large group is read elsewhere and is the same."""
    users = [await stage.user(f"u{number}", displayName=f"U {number}") for number in range(5)]
    inner = await stage.group("inner")
    group = await stage.group("g", *reversed(users), groups=(inner,))
    members = await stage.resources.members(stage.key, group, False)
    assert [(one.id, one.kind) for one in members] == [*((one, Kind.USER) for one in users), (inner, Kind.GROUP)]
    assert [one.display for one in members] == [*(f"U {number}" for number in range(5)), "inner"]
    assert await stage.resources.members(stage.key, group, True) == members
    several = await stage.resources.members_of(stage.key, [inner, group])
    assert several == {inner: [], group: members}
    for asked, found in (
        ([users[0]], {users[0]: (Kind.USER, True)}),
        ([NOBODY], {}),
        ([users[0], inner, NOBODY], {users[0]: (Kind.USER, True), inner: (Kind.GROUP, True)}),
        ([inner, group], {inner: (Kind.GROUP, True), group: (Kind.GROUP, False)}),
    ):
        assert await stage.resources.candidates(stage.key, group, asked) == found
    assert await stage.resources.groups_holding(stage.key, [inner, users[1]]) == {inner: [group], users[1]: [group]}


async def holds_a_deleted_user_leaves_every_group(stage: Stage) -> None:
    """With the place at which her membership ended; each group's revision moves."""
    ann, bob = await stage.user("ann"), await stage.user("bob")
    groups = [await stage.group(f"g{number}", ann, bob) for number in range(3)]
    before = [(await stage.stored(Kind.GROUP, one)).revision for one in groups]
    await stage.delete_user(ann)
    seq = (await _journal_of(stage))[-1][0]
    for one, revision in zip(groups, before, strict=True):
        stored = await stage.stored(Kind.GROUP, one)
        assert (stored.members, stored.revision) == (1, revision + 1)
        assert [member.id for member in await stage.resources.members(stage.key, one, False)] == [bob]
    past = await stage.rows("SELECT member_id, to_seq FROM member_past")
    assert past == [(ann, seq)] * 3


async def holds_a_deleted_group_lets_its_members_go(stage: Stage) -> None:
    """And leaves the groups that it was in."""
    ann = await stage.user("ann")
    inner = await stage.group("inner", ann)
    outer = await stage.group("outer", groups=(inner,))
    await stage.delete_group(inner)
    assert (await stage.stored(Kind.USER, ann)).groups == ()
    assert (await stage.stored(Kind.GROUP, outer)).members == 0
    assert await stage.rows("SELECT group_id FROM member") == []
    assert len(await stage.rows("SELECT group_id FROM member_past")) == 2


async def holds_groups_of_a_user_are_direct_and_indirect(stage: Stage) -> None:
    """Each once, direct where she is in it herself; a name that changes shows at once."""
    ann = await stage.user("ann")
    team = await stage.group("team", ann)
    unit = await stage.group("unit", groups=(team,))
    company = await stage.group("company", ann, groups=(unit, team))
    stored = await stage.stored(Kind.USER, ann)
    assert [(one.id, one.display, one.direct) for one in stored.groups] == [
        (team, "team", True), (unit, "unit", False), (company, "company", True),
    ]  # fmt: skip
    page = await stage.resources.page(stage.key, search(Kind.USER))
    assert page.stored[0].groups == stored.groups
    await stage.patch_group(unit, {"op": "replace", "path": "displayName", "value": 'Einheit "Ω"'})
    assert (await stage.stored(Kind.USER, ann)).groups[1].display == 'Einheit "Ω"'


async def holds_nesting_has_a_version(stage: Stage) -> None:
    """Two that put groups into groups at once cannot both be right about cycles."""
    first, second = await stage.group("a"), await stage.group("b")
    assert await stage.resources.nesting(stage.key) == 0
    await stage.write(GroupsNested(stage.key, 0), MembersAdded(stage.key, first, (second,), Kind.GROUP, 1))
    assert await stage.resources.nesting(stage.key) == 1
    await raises_stale(stage, GroupsNested(stage.key, 0), MembersAdded(stage.key, second, (first,), Kind.GROUP, 1))
    await stage.write(GroupsNested(stage.key, 1))
    assert (await stage.resources.nesting(stage.key), await stage.resources.nesting(stage.key_of(1))) == (2, 0)


async def holds_groups_that_hold_each_other_do_not_hang_a_read(stage: Stage) -> None:
    """No change makes such groups; if they are there all the same, a read ends."""
    ann = await stage.user("ann")
    first = await stage.group("a", ann)
    second = await stage.group("b", groups=(first,))
    await stage.write(MembersAdded(stage.key, first, (second,), Kind.GROUP, 1))
    assert [one.id for one in (await stage.stored(Kind.USER, ann)).groups] == [first, second]
    assert await _found(stage, f'groups.value eq "group_{second.hex()}"') == [ann]


async def holds_people_move_with_their_groups(stage: Stage) -> None:
    """To another directory of the organization, with look-up keys and members; a taken name stays behind."""
    ann = await stage.user("ann", emails=[{"value": "a@x"}])
    group = await stage.group("g", ann)
    target = stage.key_of(1)
    was = await stage.stored(Kind.USER, ann)
    await stage.write(ResourceMove(stage.key, was, target.directory_id))
    await raises_stale(stage, ResourceMove(stage.key, was, target.directory_id))
    await stage.write(ResourceMove(stage.key, await stage.stored(Kind.GROUP, group), target.directory_id))
    assert await stage.ids(Kind.USER) == [] == await stage.ids(Kind.GROUP)
    moved = await stage.stored(Kind.USER, ann, 1)
    assert ([one.id for one in moved.groups], moved.revision) == ([group], 2)
    found = await stage.resources.page(target, search(Kind.USER, 'emails.value eq "a@x"'))
    assert [one.id for one in found.stored] == [ann]
    for key, counts in ((stage.key, (0, 0)), (target, (1, 1))):
        standing = await DirectoryStore(stage.database).standing(key)
        assert (standing.users, standing.groups) == counts
    twin = await stage.user("ANN")
    await raises_stale(stage, ResourceMove(stage.key, await stage.stored(Kind.USER, twin), target.directory_id))


async def holds_a_kept_user_moves_and_comes_back_where_she_moved_to(stage: Stage) -> None:
    """Hidden there too, beside somebody who has her name by now; found by her externalId there and no longer here."""
    rules = Rules(delete_deactivates=True)
    ann = await stage.user("ann", externalId="E", emails=[{"value": "a@x"}])
    await stage.delete_user(ann, rules=rules)
    await stage.user("ann", 1)
    target = stage.key_of(1)
    gone = await stage.resources.gone_by_external_id(stage.key, "E")
    assert gone is not None
    await stage.write(ResourceMove(stage.key, gone, target.directory_id))
    await raises_stale(stage, ResourceMove(stage.key, gone, target.directory_id))
    assert await stage.resources.gone_by_external_id(stage.key, "E") is None
    moved = await stage.resources.gone_by_external_id(target, "E")
    assert moved is not None and (moved.id, moved.kind) == (ann, Kind.GONE)
    assert (await DirectoryStore(stage.database).standing(target)).users == 1
    outcome = await create_user(stage.desk, stage.scene(1, rules=rules), user_body("ann.b", externalId="E"))
    assert outcome.stored is not None and outcome.stored.id == ann
    assert (await DirectoryStore(stage.database).standing(target)).users == 2


async def holds_a_group_that_moves_brings_its_nesting(stage: Stage) -> None:
    """Who decided in the target, before it came, that a nesting makes no cycle is stale."""
    inner, outer = await stage.group("inner"), await stage.group("outer")
    target = stage.key_of(1)
    before = await stage.resources.nesting(target)
    for group in (inner, outer):
        await stage.write(ResourceMove(stage.key, await stage.stored(Kind.GROUP, group), target.directory_id))
    await raises_stale(stage, GroupsNested(target, before), MembersAdded(target, inner, (outer,), Kind.GROUP, 1))
    assert await stage.resources.nesting(target) == before + 2


# Pages

ORDERS = [
    None,
    "id",
    "userName",
    "displayName",
    "externalId",
    "meta.created",
    "meta.lastModified",
    "title",
    "name.familyName",
]


async def holds_pages_in_every_order_are_what_sorting_gives(stage: Stage) -> None:
    """By index and by position, both ways; who has no value comes last, first where it is descending."""
    values = ["b", None, "A", "a", "ß", "", "SS", None, "Z", "😀", "a\u0301", "\U0010ffff"]
    for number, value in enumerate(values):
        some = (
            {}
            if value is None
            else {"displayName": value, "externalId": value, "title": value, "name": {"familyName": value}}
        )
        await stage.user(f"{value}{number}", **some)
    await stage.patch_user((await stage.ids(Kind.USER))[3], {"op": "add", "path": "nickName", "value": "later"})
    whole = await stage.whole(Kind.USER)
    for sort in ORDERS:
        for descending in (False, True):
            path = None if sort is None else path_of(Kind.USER, sort)
            keyed = [((0, "") if path is None else sort_key_of(one, path), key) for key, one in whole.items()]
            expected = [key for _, key in sorted(keyed, reverse=descending)]
            for text in (None, 'userName sw ""', 'not (nickName eq "nobody")'):
                assert await _by_index(stage, text, sort, descending) == expected
                assert await _by_position(stage, text, sort, descending) == expected


async def _by_index(stage: Stage, text: str | None, sort: str | None, descending: bool) -> list[ResourceId]:
    found: list[ResourceId] = []
    while True:
        asked = search(Kind.USER, text, sort, start=len(found) + 1, count=5, descending=descending)
        page = await stage.resources.page(stage.key, asked)
        found += [one.id for one in page.stored]
        assert page.total == 12
        if page.following is None:
            return found


async def _by_position(stage: Stage, text: str | None, sort: str | None, descending: bool) -> list[ResourceId]:
    found: list[ResourceId] = []
    after: Position | None = None
    while True:
        page = await stage.resources.page(
            stage.key, search(Kind.USER, text, sort, count=1, descending=descending, after=after)
        )
        found += [one.id for one in page.stored]
        assert page.total == 12
        after = page.following
        if after is None:
            return found


async def holds_a_walk_reads_what_pages_read(stage: Stage) -> None:
    """By place and by id, whatever users have: no group, one, several, a manager, another instant."""
    users = [await stage.user(f"u{number}", displayName=f"Ü {number}") for number in range(7)]
    await stage.user("elsewhere", 1)
    for number in (1, 4):
        manager = {"value": wire(USER, users[0])}
        await stage.patch_user(users[number], {"op": "add", "path": f"{ENTERPRISE}:manager", "value": manager})
    for name, members in (("A", users[:3]), ('"B"', users[2:5]), ("Nobody", [])):
        await stage.group(name, *members)
    whole = (await stage.resources.page(stage.key, search(Kind.USER))).stored
    for start, count in ((1, 7), (1, 3), (3, 3), (6, 2), (7, 9), (8, 9), (2**31, 1)):
        walk = await stage.resources.walk(stage.key, start, count, None)
        assert walk is not None
        expected = whole[start - 1 : start - 1 + count]
        assert walked(walk, BASE, 1) == [rendered(one, BASE) for one in expected]
        assert (walk.total, walk.is_last) == (7, start - 1 + count >= 7)
    for place in range(7):
        walk = await stage.resources.walk(stage.key, 1, 4, users[place])
        assert walk is not None
        assert walked(walk, BASE, 1) == [rendered(one, BASE) for one in whole[place + 1 : place + 5]]
        assert walked(walk, BASE, 2) == ([] if place == 6 else None)


async def holds_a_walk_is_none_where_groups_are_nested(stage: Stage) -> None:
    """Users are in the group above, too, which a walk does not know."""
    ada = await stage.user("ada")
    inner = await stage.group("Inner", ada)
    assert await stage.resources.walk(stage.key, 1, 1, None) is not None
    await stage.group("Outer", groups=(inner,))
    assert await stage.resources.walk(stage.key, 1, 1, None) is None


async def holds_a_page_beyond_the_end_is_empty_and_knows_the_total(stage: Stage) -> None:
    """So does a page of none."""
    for number in range(3):
        await stage.user(f"u{number}")
    for text in (None, "userName pr", 'not (title eq "x")'):
        for start, count in ((4, 10), (2**31, 10), (1, 0), (2, 0)):
            page = await stage.resources.page(stage.key, search(Kind.USER, text, start=start, count=count))
            assert (page.stored, page.total, page.following) == ([], 3, None)


async def holds_a_walk_by_position_survives_what_happens_meanwhile(stage: Stage) -> None:
    """Who stays is met once, whoever comes or goes before the position."""
    users = [await stage.user(f"u{number}") for number in range(6)]
    first = await stage.resources.page(stage.key, search(Kind.USER, sort="userName", count=3))
    await stage.delete_user(users[2])
    await stage.delete_user(users[0])
    rest = await stage.resources.page(stage.key, search(Kind.USER, sort="userName", count=10, after=first.following))
    assert [one.id for one in rest.stored] == users[3:]
