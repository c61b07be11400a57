"""What every store has to do with receipts.

Run by `test_conformance.py`, as `conformance.py` is.
"""

from dataclasses import replace

import pytest

from hallway.hub.events.receipts import Done, NewReceipt, Receipt, Said
from hallway.ids import EntryId, MemberId
from hallway.journal.model import Stale
from hallway.store.receipts import ReceiptStore
from tests.store.stage import Stage

ANN = MemberId(b"a" * 16)


def receipt(stage: Stage, event: bytes = b"e" * 16, by: bytes = b"k" * 16, place: int = 0) -> Receipt:
    """A receipt that is not written yet."""
    owner, now = stage.directories[place].organization_id, stage.desk.now()
    said = Said((Done("sessions_ended", 2), Done("keys_revoked", 0)), now - 1, "all out")
    return Receipt(owner, EntryId(event), by, 7, "member.deactivated", ANN, now - 5, now, "Fieldbook", said)


async def holds_a_receipt_comes_back_as_it_was_written(stage: Stage) -> None:
    """By event, by member, by sender; never another organization's."""
    store = ReceiptStore(stage.database)
    first, other = receipt(stage), receipt(stage, by=b"l" * 16)
    later = replace(receipt(stage, b"f" * 16), seq=8)
    bare = replace(receipt(stage, b"g" * 16), member_id=None, type="user.updated", said=Said((Done("seen"),)))
    for one in (later, first, other, bare):
        await stage.write(NewReceipt(one))
    owner, elsewhere = first.organization_id, stage.directories[2].organization_id
    assert await store.receipt(owner, first.event_id, first.by_id) == first
    assert await store.receipt(owner, bare.event_id, bare.by_id) == bare
    assert await store.receipt(elsewhere, first.event_id, first.by_id) is None
    assert await store.of_event(owner, first.event_id) == [first, other]
    assert await store.of_member(owner, ANN) == [first, other, later]
    assert await store.of_event(elsewhere, first.event_id) == await store.of_member(elsewhere, ANN) == []


async def holds_the_first_receipt_of_a_sender_stands(stage: Stage) -> None:
    """A second one of the same sender for the same event is stale."""
    one = receipt(stage)
    await stage.write(NewReceipt(one))
    with pytest.raises(Stale):
        await stage.write(NewReceipt(replace(one, at=one.at + 1)))


async def holds_whom_an_entry_is_about_is_found_by_its_place(stage: Stage) -> None:
    """None where there is no entry, or it is about nobody."""
    seq = await stage.write(entries=1)
    store, owner = ReceiptStore(stage.database), stage.key.organization_id
    assert await store.subject_at(owner, seq) == b"s" * 16
    assert await store.subject_at(owner, seq + 1) is None
