"""What every store has to do with members and their places.

Run by `test_conformance.py`, as `conformance.py` is.
"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from hallway.hub.organizations.members import (
    AdministratorRemains,
    Member,
    MemberRemoval,
    MemberSearch,
    MemberState,
    MemberUpdate,
    NewMember,
    Place,
    Role,
    Source,
    search_key,
)
from hallway.ids import AccountId, DirectoryId, MemberId, OrganizationId, ResourceId
from hallway.journal.model import Stale
from hallway.store.members import MemberStore
from tests.store.stage import Stage

OTHER = MemberId(b"\xff" * 16)
ANN = AccountId(b"a" * 16)
BOB = AccountId(b"b" * 16)


def member(stage: Stage, email: str, name: str = "", place: int = 0, /, **more: Any) -> Member:
    """A member that is not written yet: an active user unless told otherwise."""
    now = stage.desk.now()
    made: dict[str, Any] = {"role": Role.USER, "state": MemberState.ACTIVE, "source": Source.INVITED}
    owner = stage.directories[place].organization_id
    return Member(MemberId(stage.desk.fresh_id()), owner, email, name, created_at=now, access_from=now, **made | more)


async def added(stage: Stage, *members: Member) -> None:
    """Write members, each into its own organization."""
    await asyncio.gather(*(stage.write(NewMember(one), organization=one.organization_id) for one in members))


async def holds_a_member_comes_back_as_she_was_written(stage: Stage) -> None:
    """By id, by account and by address without case; never from another organization."""
    store = MemberStore(stage.database)
    whole = member(
        stage, "Ånn@Example.com", "Ånn", role=Role.ADMIN, source=Source.DIRECTORY, account_id=ANN,
        directory_id=DirectoryId(b"d" * 16), resource_id=ResourceId(b"r" * 16), joined_at=1, ended_at=2,
        confirmed_at=3, version=7,
    )  # fmt: skip
    bare = member(stage, "bob@example.com", state=MemberState.INVITED)
    await added(stage, whole, bare)
    org, elsewhere = whole.organization_id, stage.directories[2].organization_id
    assert [await store.by_id(org, one.id) for one in (whole, bare)] == [whole, bare]
    assert await store.by_account(org, ANN) == whole
    assert await store.by_email(org, "ÅNN@example.COM ") == [whole]
    assert (await store.by_id(org, OTHER), await store.by_account(org, BOB), await store.by_email(org, "x")) == (
        None, None, [],
    )  # fmt: skip
    assert await store.by_ids(org, [bare.id, OTHER, whole.id]) == {whole.id: whole, bare.id: bare}
    assert (await store.by_ids(org, []), await store.by_ids(elsewhere, [whole.id])) == ({}, {})
    assert await store.place_of(org, whole.id) == (search_key(whole), whole.id)
    assert (await store.place_of(org, OTHER), await store.place_of(elsewhere, whole.id)) == (None, None)
    assert await store.by_id(elsewhere, whole.id) is None
    assert await store.by_account(elsewhere, ANN) is None
    assert await store.by_email(elsewhere, whole.email) == []


async def holds_an_account_is_a_member_of_an_organization_once(stage: Stage) -> None:
    """Its places are where it is a member; leaving one leaves the others."""
    store = MemberStore(stage.database)
    here, there = member(stage, "ann@a", account_id=ANN), member(stage, "ann@b", "", 2, account_id=ANN)
    await added(stage, here, there)
    places = [Place(ANN, one.organization_id, one.id) for one in (here, there)]
    assert await store.places(ANN) == sorted(places, key=lambda place: place.organization_id)
    assert await store.places(BOB) == []
    with pytest.raises(Stale):
        await stage.write(NewMember(member(stage, "ann@c", account_id=ANN)))
    await stage.write(MemberRemoval(here))
    assert await store.by_id(here.organization_id, here.id) is None
    assert await store.places(ANN) == places[1:]
    with pytest.raises(Stale):
        await stage.write(MemberRemoval(here))


async def holds_an_update_of_a_member_needs_the_version_it_was_decided_on(stage: Stage) -> None:
    """An account that comes, changes or goes takes its place along."""
    store = MemberStore(stage.database)
    invited = member(stage, "ann@example.com", state=MemberState.INVITED)
    await added(stage, invited)
    assert await store.places(ANN) == []
    joined = replace(invited, account_id=ANN, state=MemberState.ACTIVE, name="Ann", joined_at=5, version=2)
    await stage.write(MemberUpdate(invited, joined))
    assert await store.by_id(invited.organization_id, invited.id) == joined
    assert [place.member_id for place in await store.places(ANN)] == [invited.id]
    with pytest.raises(Stale):
        await stage.write(MemberUpdate(invited, joined))
    moved = replace(joined, account_id=BOB, version=3)
    await stage.write(MemberUpdate(joined, moved))
    assert (await store.places(ANN), len(await store.places(BOB))) == ([], 1)
    await stage.write(MemberUpdate(moved, replace(moved, account_id=None, version=4)))
    assert await store.places(BOB) == []


async def holds_members_are_listed_by_name_in_pages(stage: Stage) -> None:
    """Each once, whoever has the same name; without a name the address orders."""
    names = ["Zoë", "ann", "Ann", "", "Bob", "ÅNN", "ann"]
    made = [member(stage, f"p{number}@example.com", name) for number, name in enumerate(names)]
    await added(stage, *made, member(stage, "x@beta.example", "Ann", 2))
    assert await _walk(stage, MemberSearch(limit=3)) == [
        "ann p1", "Ann p2", "ann p6", "Bob p4", " p3", "Zoë p0", "ÅNN p5",
    ]  # fmt: skip


async def _walk(stage: Stage, search: MemberSearch) -> list[str]:
    store, found = MemberStore(stage.database), []
    while True:
        page = await store.page(stage.key.organization_id, search)
        assert len(page.members) <= search.limit
        found += [f"{one.name} {one.email.partition('@')[0]}" for one in page.members]
        if page.following is None:
            return found
        search = replace(search, after=page.following)


async def holds_members_are_searched_anywhere_and_filtered(stage: Stage) -> None:
    """Without case, in name and address; signs that patterns know stand for themselves."""
    await added(
        stage,
        member(stage, "grace@navy.example", "Grace Hopper", role=Role.ADMIN),
        member(stage, "hop@example.com", "50%_off"),
        member(stage, "straße@example.com", "Gröbner", state=MemberState.DEACTIVATED),
        member(stage, "grace@beta.example", "Grace", 2),
    )
    asked = {"HOP": 2, "navy.": 1, "STRASSE": 1, "gRÖb": 1, "%": 1, "_": 1, "  grace ": 1, "": 3}
    asked |= {"r\ng": 0, "nobody": 0}
    assert {text: len(await _walk(stage, MemberSearch(text))) for text in asked} == asked
    assert await _walk(stage, MemberSearch(state=MemberState.DEACTIVATED)) == ["Gröbner straße"]
    assert await _walk(stage, MemberSearch("hop", role=Role.ADMIN)) == ["Grace Hopper grace"]
    assert await _walk(stage, MemberSearch("hop", MemberState.ACTIVE, Role.GUEST)) == []


async def holds_members_are_counted_and_administrators_found(stage: Stage) -> None:
    """An administrator counts who is active and has an account."""
    ann = member(stage, "a@x", role=Role.ADMIN, account_id=ANN)
    await added(
        stage, ann, member(stage, "b@x", role=Role.ADMIN), member(stage, "c@x"),
        member(stage, "d@x", role=Role.ADMIN, state=MemberState.DEACTIVATED, account_id=BOB),
    )  # fmt: skip
    store, org = MemberStore(stage.database), ann.organization_id
    assert await store.counts(org) == {MemberState.ACTIVE: 3, MemberState.DEACTIVATED: 1}
    assert await store.administrators(org) == [ann]
    other = OrganizationId(stage.directories[2].organization_id)
    assert (await store.counts(other), await store.administrators(other)) == ({}, [])


async def holds_the_last_administrator_is_not_lost_to_two_at_once(stage: Stage) -> None:
    """Of two changes that each take one of two administrators, one is stale."""
    pair = [member(stage, f"{one.hex()}@x", role=Role.ADMIN, account_id=one) for one in (ANN, BOB)]
    await added(stage, *pair)
    ids = [one.id for one in pair]
    lost = [replace(one, role=Role.USER, version=2) for one in pair]
    outcomes = await asyncio.gather(
        *(
            stage.write(MemberUpdate(was, now), AdministratorRemains((other,)))
            for was, now, other in zip(pair, lost, reversed(ids), strict=True)
        ),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Stale", "int"]
    assert len(await MemberStore(stage.database).administrators(pair[0].organization_id)) == 1
