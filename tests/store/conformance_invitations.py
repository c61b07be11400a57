"""What every store has to do with invitations, and with what ends together with a member.

Run by `test_conformance.py`, as `conformance.py` is.
"""

from dataclasses import replace

import pytest

from hallway.hub.organizations.invitations import (
    AddressFree,
    Invitation,
    InvitationsEnded,
    InvitationUpdate,
    NewInvitation,
)
from hallway.hub.organizations.leaving import SetupLinksEnded
from hallway.hub.organizations.members import Member, MemberRemoval, Role
from hallway.ids import MEMBER, InvitationId, MemberId, wire
from hallway.journal.model import Stale
from hallway.store.invitations import InvitationStore
from tests.store.conformance_members import added, member
from tests.store.stage import Stage


def invitation(stage: Stage, to: Member, by: MemberId | None = None) -> Invitation:
    """One that is not written yet."""
    now = stage.desk.now()
    return Invitation(
        InvitationId(stage.desk.fresh_id()), to.organization_id, to.id, to.email, Role.GUEST, b"h" * 32, by, now,
        now + 9,
    )  # fmt: skip


async def holds_an_invitation_comes_back_as_it_was_written(stage: Stage) -> None:
    """By its id and as the newest of its member; never from another organization; it goes with its member."""
    store, ann = InvitationStore(stage.database), member(stage, "ann@x.example")
    first, second = invitation(stage, ann), invitation(stage, ann, MemberId(b"m" * 16))
    await added(stage, ann)
    await stage.write(NewInvitation(first), NewInvitation(second))
    org, elsewhere = ann.organization_id, stage.directories[2].organization_id
    assert [await store.invitation(org, one.id) for one in (first, second)] == [first, second]
    assert await store.invitation_of(org, ann.id) == second
    assert await store.newest(org, [ann.id, MemberId(b"n" * 16)]) == {ann.id: second}
    assert (await store.newest(org, []), await store.newest(elsewhere, [ann.id])) == ({}, {})
    assert await store.invitation(elsewhere, first.id) is None
    assert await store.invitation_of(elsewhere, ann.id) is None
    await stage.write(MemberRemoval(ann))
    assert await store.invitation(org, first.id) is None


async def holds_an_invitation_is_accepted_once(stage: Stage) -> None:
    """What was accepted or revoked does not change again."""
    store, ann = InvitationStore(stage.database), member(stage, "ann@x.example")
    one = invitation(stage, ann)
    await stage.write(NewInvitation(one))
    with pytest.raises(Stale):
        await stage.write(InvitationUpdate(replace(one, hash=b"o" * 32), replace(one, accepted_at=5)))
    await stage.write(InvitationUpdate(one, replace(one, accepted_at=5)))
    for late in (replace(one, accepted_at=6), replace(one, revoked_at=6)):
        with pytest.raises(Stale):
            await stage.write(InvitationUpdate(one, late))
    assert await store.invitation(ann.organization_id, one.id) == replace(one, accepted_at=5)


async def holds_what_a_member_made_ends_with_her(stage: Stage) -> None:
    """Open invitations by her and for her, and her open set-up links; nothing of anybody else's."""
    store = InvitationStore(stage.database)
    ann, bob, cyd = (member(stage, f"{name}@x.example") for name in ("ann", "bob", "cyd"))
    by_ann, for_ann, by_bob, used = (
        invitation(stage, to, by) for to, by in ((cyd, ann.id), (ann, bob.id), (cyd, bob.id), (cyd, ann.id))
    )
    await stage.write(*(NewInvitation(one) for one in (by_ann, for_ann, by_bob, replace(used, accepted_at=3))))
    org = ann.organization_id
    for place, maker in enumerate((ann, bob)):
        await stage.execute(
            """INSERT INTO setup_link (organization_id, id, hash, label, tasks, email, code_tries, progress, created_by,
                 created_at, expires_at, version) VALUES ($1, $2, $2, '', '', '', 0, $2, $3, 1, 9, 1)""",
            org, bytes([place]) * 16, wire(MEMBER, maker.id),
        )  # fmt: skip
    await stage.write(InvitationsEnded(ann.id, 7), SetupLinksEnded(ann.id, 7))
    found = [await store.invitation(org, one.id) for one in (by_ann, for_ann, by_bob, used)]
    assert [one and one.revoked_at for one in found] == [7, 7, None, None]
    links = await stage.rows("SELECT revoked_at FROM setup_link ORDER BY id")
    assert links == [(7,), (None,)]


async def holds_an_address_is_free_or_the_change_is_stale(stage: Stage) -> None:
    """Without case; the member herself may have it, and so may another organization's."""
    ann = member(stage, "ann@x.example")
    await added(stage, ann, member(stage, "bob@x.example", "", 2))
    await stage.write(AddressFree(ann.id, "ANN@x.example"), AddressFree(ann.id, "bob@x.example"))
    with pytest.raises(Stale):
        await stage.write(AddressFree(MemberId(b"o" * 16), "ANN@x.example"))
