"""What every store has to do with what was told once.

Run by `test_conformance.py`, as `conformance.py` is.
"""

import pytest

from hallway.hub.organizations.notices import NewNotice, NoticesEnd
from hallway.journal.model import Stale
from hallway.store.notices import NoticeStore
from tests.store.stage import Stage


async def holds_a_notice_is_written_once(stage: Stage) -> None:
    """By its organization, kind, subject and step; whoever is second is stale, with all that came with it."""
    store, owner, other = NoticeStore(stage.database), stage.key.organization_id, stage.key_of(2).organization_id
    subject = b"s" * 16
    await stage.write(NewNotice(owner, "kind", subject, 7, 1))
    with pytest.raises(Stale):
        await stage.write(NewNotice(owner, "other", subject, 7, 2), NewNotice(owner, "kind", subject, 7, 2))
    await stage.write(NewNotice(owner, "kind", subject, 1, 2), entries=0)
    await stage.write(NewNotice(other, "kind", subject, 30, 1), organization=other)
    assert await store.told(owner, "kind") == {(subject, 7), (subject, 1)}
    assert (await store.told(owner, "other"), await store.told(other, "kind")) == (set(), {(subject, 30)})


async def holds_an_end_of_notices_ends_those_of_its_subject_and_kind(stage: Stage) -> None:
    """It would be told again."""
    store, owner = NoticeStore(stage.database), stage.key.organization_id
    await stage.write(
        *(NewNotice(owner, kind, subject, 1, 1) for kind in ("a", "b") for subject in (b"s" * 16, b"t" * 16))
    )
    await stage.write(NoticesEnd(owner, "a", b"s" * 16))
    assert (await store.told(owner, "a"), len(await store.told(owner, "b"))) == ({(b"t" * 16, 1)}, 2)
