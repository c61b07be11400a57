"""What every store has to do when the journal is looked through.

Run by `test_conformance.py`, as `conformance.py` is.
"""

from dataclasses import replace
from typing import Any

import pytest

from hallway.ids import EntryId, MemberId
from hallway.journal.model import Actor, Change, Entry
from hallway.journal.search import Question
from hallway.store import audit
from hallway.store.audit import AuditStore
from tests.store.stage import Stage

ANN, BOB = MemberId(b"a" * 16), MemberId(b"b" * 16)
_HOUR = 3_600_000_000


async def wrote(stage: Stage, kind: str, subject: bytes = ANN, place: int = 0, /, **more: Any) -> Entry:
    """An entry, one hour after the one before where `at` is not told."""
    given: dict[str, Any] = {"at": stage.desk.now(), "actor": Actor("member", BOB, "Bob", "198.51.100.7"), **more}
    entry = Entry(EntryId(stage.desk.fresh_id()), kind, subject_id=subject, **given)
    await stage.database.commit(Change(stage.directories[place].organization_id, (), (entry,), entry.id))
    return entry


async def _types(stage: Stage, asked: Question) -> list[str]:
    """The types of everything that is found, page by page."""
    store, found = AuditStore(stage.database), list[str]()
    while True:
        page = await store.found(stage.key.organization_id, asked)
        assert len(page.entries) <= asked.limit
        found += [one.entry.type for one in page.entries]
        if page.following is None:
            return found
        asked = replace(asked, before=page.following)
    return found


async def _told(stage: Stage) -> int:
    """Five entries of different kinds, behind `directory.created` and the like; when the first was."""
    at = stage.desk.now()
    await wrote(stage, "member.invited", at=at, personal={"name": 'Ann "Å" O\\', "email": "ann@acme.example"})
    await wrote(stage, "member.joined", at=at + _HOUR, personal={"name": "Straße"})
    await wrote(stage, "domain.added", stage.key.organization_id, at=at + 2 * _HOUR, actor=Actor("system"))
    await wrote(stage, "user.created", b"u" * 16, at=at + 3 * _HOUR, actor=Actor("token", b"k" * 16, "okta/1"))
    await wrote(stage, "member.removed", BOB, at=at + 4 * _HOUR)
    await wrote(stage, "contact.added", ANN, 2, at=at, personal={"name": "Ann of Beta"})
    return at


async def holds_the_journal_is_looked_through_from_its_end(stage: Stage) -> None:
    """Each entry once, whatever the size of the page; nothing of another organization."""
    await _told(stage)
    newest = ["member.removed", "user.created", "domain.added", "member.joined", "member.invited"]
    for limit in (1, 2, 5, 50):
        assert (await _types(stage, Question(limit=limit)))[:5] == newest
    found = (await AuditStore(stage.database).found(stage.key.organization_id, Question())).entries
    assert (found[0].entry.actor.label, found[0].entry.actor.address) == ("Bob", "198.51.100.7")


async def holds_entries_are_found_by_kind_actor_and_subject(stage: Stage) -> None:
    """Several conditions at once, too."""
    await _told(stage)
    assert await _types(stage, Question(("domain.added", "user.created"))) == ["user.created", "domain.added"]
    assert await _types(stage, Question(actor_kind="token", actor_id=b"k" * 16)) == ["user.created"]
    assert await _types(stage, Question(actor_id=BOB, limit=1)) == ["member.removed", "member.joined", "member.invited"]
    assert await _types(stage, Question(subject_id=ANN)) == ["member.joined", "member.invited"]
    assert await _types(stage, Question(("member.invited",), actor_kind="system")) == []


async def holds_entries_are_found_by_words_without_case(stage: Stage) -> None:
    """In names, addresses and actors; never in the names of the fields."""
    await _told(stage)
    asked = {
        "ANN@acme": 1,
        'ann "å" o\\': 1,
        "STRASSE": 1,
        "okta": 1,
        "bob": 3,
        "198.51.100.7": 3,
        "email": 0,
        "beta": 0,
    }
    assert {text: len(await _types(stage, Question(text=text, limit=2))) for text in asked} == asked


async def holds_entries_are_found_by_time(stage: Stage) -> None:
    """From an instant, to one, and between."""
    at = await _told(stage)
    assert await _types(stage, Question(since=at + 3 * _HOUR)) == ["member.removed", "user.created"]
    assert await _types(stage, Question(since=at + _HOUR, until=at + 3 * _HOUR, limit=1)) == [
        "domain.added", "member.joined",
    ]  # fmt: skip
    assert await _types(stage, Question(since=at + 9 * _HOUR)) == []


async def holds_a_question_looks_through_a_part_and_says_where_to_go_on(stage: Stage) -> None:
    """What is far behind is found by going on; a time is found without."""
    at = await _told(stage)
    for place in range(20):
        await wrote(stage, "contact.removed", b"c" * 16, at=at + 5 * _HOUR + place)
    patch = pytest.MonkeyPatch()
    try:
        for name, size in (("LOOKED_THROUGH", 8), ("READ_THROUGH", 8), ("SLACK", 2)):
            patch.setattr(audit, name, size)
        store = AuditStore(stage.database)
        first = await store.found(stage.key.organization_id, Question(text="straße"))
        assert first.entries == [] and first.following is not None
        assert await _types(stage, Question(text="straße")) == ["member.joined"]
        assert await _types(stage, Question(("domain.added",))) == ["domain.added"]
        timed = await store.found(stage.key.organization_id, Question(until=at + 3 * _HOUR, types=("domain.added",)))
        assert [one.entry.type for one in timed.entries] == ["domain.added"]
    finally:
        patch.undo()


async def holds_what_happened_to_a_member_is_found_by_her_id(stage: Stage) -> None:
    """Newest first, and only what is about her as a member."""
    await _told(stage)
    store = AuditStore(stage.database)
    found = await store.of_member(stage.key.organization_id, ANN)
    assert [one.entry.type for one in found] == ["member.joined", "member.invited"]
    assert await store.of_member(stage.directories[2].organization_id, ANN) == []
