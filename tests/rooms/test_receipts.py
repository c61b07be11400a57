"""Receipts: what an application did when somebody left, which of them are late, and the proof that is made of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hallway.accounts.model import DEPLOYMENT
from hallway.hub.events.lateness import LateReceipts
from hallway.hub.events.proof import leavings, proof
from hallway.hub.events.receipts import DUE, Confirmer, Done, Receipt, ReceiptDesk, Said, received
from hallway.hub.organizations.model import OrganizationRemoval
from hallway.hub.organizations.service import Refused
from hallway.ids import ENTRY, wire
from hallway.journal.feed import Placed, Wanted
from hallway.journal.model import Change
from hallway.web.event_desks import late_receipts, receipt_desk
from hallway.web.wiring import Hub, clock
from tests.rooms.opened import Place, made_place
from tests.rooms.test_events import ADA, placed_in, replaced, told

FIELDBOOK = Confirmer(b"k" * 16, "Fieldbook")
DID = Said((Done("sessions_ended", 2),))


@asynccontextmanager
async def left(folder: Path) -> AsyncIterator[tuple[Place, dict[str, Any]]]:
    """A directory whose Ada left, and the event that says so."""
    async with placed_in(folder) as place:
        user = await place.user(ADA, displayName="Ada")
        await place.patch(user, replaced("active", False))
        yield place, (await told(place.hub))[-1]


async def test_a_receipt_is_kept_once_and_journaled(tmp_path: Path) -> None:
    async with left(tmp_path) as (place, event):
        desk = receipt_desk(place.hub)
        kept, is_new = await received(desk, FIELDBOOK, event["id"], DID)
        again, is_newer = await received(desk, FIELDBOOK, event["id"], DID)
        assert (is_new, is_newer, again) == (True, False, kept)
        assert not kept.is_late and kept.took < DUE
        entry = (await told(place.hub))[-1]
        assert (entry["type"], entry["member"]) == ("member.leaving_confirmed", event["member"])
        assert entry["facts"]["did"] == ["sessions_ended 2"]
        assert entry["cause"]["actor"]["name"] == "Fieldbook"
        with pytest.raises(Refused, match="says something else"):
            await received(desk, FIELDBOOK, event["id"], Said((Done("sessions_ended", 3),)))
        other, _ = await received(desk, Confirmer(b"l" * 16, "CRM"), event["id"], Said((Done("nothing", 0),)))
        assert [one.by for one in await place.hub.stores.receipts.of_event(kept.organization_id, kept.event_id)] == [
            "Fieldbook", "CRM",
        ]  # fmt: skip
        assert other.event_id == kept.event_id


async def test_a_receipt_for_another_kind_of_event_is_kept_without_an_entry(tmp_path: Path) -> None:
    async with left(tmp_path) as (place, _):
        events = await told(place.hub)
        created = next(one for one in events if one["type"] == "user.created")
        kept, _ = await received(receipt_desk(place.hub), FIELDBOOK, created["id"], DID)
        assert (kept.member_id, kept.is_late) == (None, False)
        assert len(await told(place.hub)) == len(events)


@pytest.mark.parametrize(
    "said",
    [
        Said(()),
        Said((Done("x"),) * 51),
        Said((Done("Sessions Ended"),)),
        Said((Done(""),)),
        Said((Done("x", -1),)),
        Said((Done("x"),), 5),
        Said((Done("x"),), 2**60),
        Said((Done("x"),), None, "a\nb"),
        Said((Done("x"),), None, "a" * 501),
    ],
)
async def test_what_no_receipt_says_is_refused(tmp_path: Path, said: Said) -> None:
    async with left(tmp_path) as (place, event):
        with pytest.raises(Refused) as refused:
            await received(receipt_desk(place.hub), FIELDBOOK, event["id"], said)
        assert refused.value.reason == "invalid"


async def test_an_event_that_is_not_in_the_feed_has_no_receipt(tmp_path: Path) -> None:
    async with left(tmp_path) as (place, event):
        desk = receipt_desk(place.hub)
        for text in ("evt_" + "0" * 32, "nonsense", event["member"]):
            with pytest.raises(Refused, match="no event"):
                await received(desk, FIELDBOOK, text, DID)
        other = await made_place(place.hub)
        owner = other.key.organization_id
        await place.hub.stores.database.commit(Change(owner, (OrganizationRemoval(owner, clock(), b"{}"),)))
        deleted = (await told(place.hub))[-1]
        with pytest.raises(Refused, match="was deleted"):
            await received(desk, FIELDBOOK, deleted["id"], DID)


async def test_of_two_at_once_one_is_new(tmp_path: Path) -> None:
    async with left(tmp_path) as (place, event):
        desk = receipt_desk(place.hub)

        class Late:
            """Receipts of which the first look finds none."""

            def __init__(self) -> None:
                self.looked = False

            def __getattr__(self, name: str) -> Any:
                return getattr(desk.receipts, name)

            async def receipt(self, *asked: Any) -> Receipt | None:
                if self.looked:
                    return await desk.receipts.receipt(*asked)
                self.looked = True
                return None

        first, _ = await received(desk, FIELDBOOK, event["id"], DID)
        second = await received(replace(desk, receipts=Late()), FIELDBOOK, event["id"], DID)  # type: ignore[arg-type]
        assert second == (first, False)


def _lookout(hub: Hub, at: int, *confirmers: Confirmer) -> tuple[LateReceipts, list[tuple[Any, ...]]]:
    """What looks for late ones at an instant, and the mails that it promised."""
    mails: list[tuple[Any, ...]] = []

    def letters(*letter: Any) -> tuple[Any, ...]:
        mails.append(letter)
        return ()

    async def expected() -> list[Confirmer]:
        return list(confirmers)

    async def operators() -> list[str]:
        return ["olga@vendor.example"]

    looking = replace(
        late_receipts(hub), confirmers=expected, told=operators, letters=letters, clock=lambda: at
    )  # fmt: skip
    return looking, mails


async def test_a_receipt_that_does_not_come_is_told_once(tmp_path: Path) -> None:
    async with placed_in(tmp_path) as place:
        hub = place.hub
        await told(hub)
        early, mails = _lookout(hub, clock(), FIELDBOOK)
        assert await early.round() == 0
        user = await place.user(ADA)
        await place.patch(user, replaced("active", False))
        event = (await told(hub))[-1]
        assert (await early.round(), mails) == (0, [])
        late, mails = _lookout(hub, clock() + DUE + 1, FIELDBOOK)
        assert await late.round() == 1
        ((tenant, to, subject, text),) = mails
        assert (tenant, to) == (DEPLOYMENT, "olga@vendor.example")
        assert "Fieldbook has not confirmed" in subject and event["id"] in text
        assert await late.round() == 0
        entries = await hub.stores.journal.after(DEPLOYMENT, 0, 100)
        assert [one.entry.type for one in entries] == ["receipt.late"]
        assert entries[0].entry.facts["event"] == event["id"]
        again = await late._alarmed(await _placed(hub), FIELDBOOK)
        assert again == 0, "another process that looks at the same moment tells nobody"


async def _placed(hub: Hub) -> Placed:
    found = await hub.stores.feed.after(Wanted(0, 1000, types=("member.deactivated",)))
    return found.entries[0]


async def test_nobody_is_asked_for_what_was_before_or_was_confirmed(tmp_path: Path) -> None:
    async with left(tmp_path) as (place, event):
        hub = place.hub
        await hub.stores.deployment.first("receipts_checked", "0")
        now = clock()
        newer = Confirmer(b"n" * 16, "Newer", now)
        await received(receipt_desk(hub), FIELDBOOK, event["id"], DID)
        looking, mails = _lookout(hub, now + 2 * DUE, FIELDBOOK, newer)
        assert (await looking.round(), mails) == (0, [])
        nobody, _ = _lookout(hub, now + 2 * DUE)
        assert await nobody.missing(await _placed(hub)) == []


async def test_a_proof_names_what_ended_and_who_confirmed(tmp_path: Path) -> None:
    async with left(tmp_path) as (place, event):
        hub, desk = place.hub, receipt_desk(place.hub)
        desk = replace(desk, clock=lambda: clock() + 3_000_000)
        kept, _ = await received(desk, FIELDBOOK, event["id"], Said((Done("sessions_ended", 2),), clock(), "bye"))
        owner = place.directory.organization
        member_id = kept.member_id
        assert member_id is not None
        member = await hub.stores.members.by_id(owner.id, member_id)
        assert member is not None
        history = await hub.stores.audit.of_member(owner.id, member_id)
        receipts = await hub.stores.receipts.of_member(owner.id, member_id)
        ends = leavings(history, receipts, [FIELDBOOK, Confirmer(b"c" * 16, "CRM")])
        made: Any = proof(owner, member, ends, clock())
        (leaving,) = made["leavings"]
        assert (leaving["event"], leaving["type"]) == (event["id"], "member.deactivated")
        assert leaving["by"]["kind"] == "token" and leaving["directory"].startswith("dir_")
        (confirmed,) = leaving["confirmed"]
        assert confirmed["by"] == "Fieldbook" and confirmed["did"] == [{"what": "sessions_ended", "count": 2}]
        assert 3 <= confirmed["seconds_after"] < 60 and not confirmed["late"] and confirmed["note"] == "bye"
        assert leaving["not_confirmed_by"] == ["CRM"]
        assert leaving["journal"]["sequence"] == event["sequence"]
        assert len(leaving["journal"]["personal_sha256"]) == 64
        assert made["person"]["email"] == ADA and wire(ENTRY, kept.event_id) == event["id"]


async def test_a_late_receipt_stays_visible(tmp_path: Path) -> None:
    async with left(tmp_path) as (place, event):
        desk: ReceiptDesk = replace(receipt_desk(place.hub), clock=lambda: clock() + DUE + 1_000_000)
        kept, _ = await received(desk, FIELDBOOK, event["id"], DID)
        assert kept.is_late
