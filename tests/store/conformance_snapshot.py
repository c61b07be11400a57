"""What every store has to do with snapshots: organizations, members and their groups, in the order of ids.

Run by `test_conformance.py`, as `conformance.py` is.
"""

from dataclasses import replace

from hallway.hub.events.model import MemberVersion
from hallway.hub.organizations.members import MemberUpdate, NewMember, Role
from hallway.ids import OrganizationId
from hallway.store.snapshot import SnapshotStore
from tests.store.conformance_members import member
from tests.store.stage import Stage


async def holds_organizations_come_in_order_with_the_end_of_their_journals(stage: Stage) -> None:
    """Page by page, and by themselves."""
    store, own, other = SnapshotStore(stage.database), stage.key.organization_id, stage.directories[2].organization_id
    first, second = [one.organization for one in (stage.directories[0], stage.directories[2])]
    seq = await stage.write(entries=3) + 2
    ((found, head),) = await store.organizations(None, 1)
    assert (found, head) == (first, seq)
    assert [one for one, _ in await store.organizations(own, 9)] == [second]
    assert await store.organizations(other, 9) == []
    assert await store.organization(own) == (first, seq)
    assert await store.organization(OrganizationId(b"\xff" * 16)) is None


async def holds_members_come_in_order_as_they_are(stage: Stage) -> None:
    """With the entry that changed each last; never those of another organization."""
    store = SnapshotStore(stage.database)
    ann, bob = member(stage, "ann@example.com", "Ann"), member(stage, "bob@example.com", "Bob")
    foreign = member(stage, "cy@example.com", "Cy", 2)
    org = ann.organization_id
    first = await stage.write(NewMember(ann))
    second = await stage.write(NewMember(bob))
    await stage.write(NewMember(foreign), organization=foreign.organization_id)
    third = await stage.write(MemberUpdate(ann, replace(ann, role=Role.ADMIN, version=2)), entries=2)
    assert first < second < third
    known = [
        MemberVersion(ann.id, third, "ann@example.com", "Ann", "admin", "active", None, None),
        MemberVersion(bob.id, second, "bob@example.com", "Bob", "user", "active", None, None),
    ]
    assert await store.members(org, None, 9) == known
    assert await store.members(org, None, 1) == known[:1]
    assert await store.members(org, ann.id, 9) == known[1:]
    assert await store.members(org, bob.id, 9) == []


async def holds_groups_of_users_are_direct_and_nested(stage: Stage) -> None:
    """By name; groups that hold each other end."""
    store = SnapshotStore(stage.database)
    ann, bob, nobody = await stage.user("ann"), await stage.user("bob"), await stage.user("nobody")
    inner = await stage.group("Inner", ann)
    outer = await stage.group("Outer", bob, groups=(inner,))
    all_of_them = await stage.group("All", groups=(outer,))
    await stage.group("Elsewhere", place=2)
    found = await store.groups_of(stage.key, [ann, bob, nobody])
    assert found == {
        ann: {inner: "Inner", outer: "Outer", all_of_them: "All"},
        bob: {outer: "Outer", all_of_them: "All"},
        nobody: {},
    }
    assert await store.groups_of(stage.key_of(2), [ann]) == {ann: {}}
    assert await store.groups_of(stage.key, []) == {}
