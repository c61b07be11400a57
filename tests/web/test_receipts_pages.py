"""What a member's page says once her access ended: which applications confirmed it, and the proof as a file."""

import json
from pathlib import Path
from typing import Any

import pytest

from hallway.hub.events.receipts import DUE, Confirmer, Done, Said, received
from hallway.ids import ENTRY, wire
from hallway.journal.feed import Wanted
from hallway.web.console.settings import members
from hallway.web.event_desks import receipt_desk
from hallway.web.wiring import Hub
from tests.web.deployment import deployed
from tests.web.office import Office, opened_office, page_of

FIELDBOOK = Confirmer(b"k" * 16, "Fieldbook")


async def _left(office: Office) -> tuple[str, str]:
    """The page of a member who was deactivated, and the event that says so."""
    hub: Hub = office.hub.hub
    one = await office.member("grace@navy.example", "Grace Hopper")
    assert (await office.post(f"{page_of(one)}/deactivate")).status == 303
    while await hub.stores.feed.place():
        pass
    told = await hub.stores.feed.after(Wanted(0, 1000, types=("member.deactivated",)))
    return page_of(one), wire(ENTRY, told.entries[-1].event_id)


def _expecting(monkeypatch: pytest.MonkeyPatch, *confirmers: Confirmer) -> None:
    async def expected(_: Hub) -> tuple[Confirmer, ...]:
        return confirmers

    monkeypatch.setattr(members, "receipt_confirmers", expected)


async def test_her_page_says_what_was_confirmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        page, event = await _left(office)
        assert b"No application sends receipts here" in (await office.get(page)).body
        _expecting(monkeypatch, FIELDBOOK)
        assert b"Not confirmed yet" in (await office.get(page)).body
        await received(receipt_desk(hub.hub), FIELDBOOK, event, Said((Done("sessions_ended", 2), Done("mail_sent"))))
        body = (await office.get(page)).body
        assert b"Confirmed" in body and b"ended 2 sessions" in body and b"mail_sent: 1" in body
        assert b"Not confirmed" not in body and b"An application confirmed that Grace Hopper is out" in body


async def test_what_was_never_confirmed_is_shown_as_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        page, _ = await _left(office)
        _expecting(monkeypatch, FIELDBOOK)
        monkeypatch.setattr(members, "DUE", -DUE)
        assert b"Not confirmed, and late" in (await office.get(page)).body


async def test_the_proof_is_a_file_and_taking_it_is_an_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        page, event = await _left(office)
        await received(receipt_desk(hub.hub), FIELDBOOK, event, Said((Done("sessions_ended", 2),)))
        answer = await office.post(f"{page}/proof")
        made: Any = json.loads(answer.body)
        assert dict(answer.headers)["content-disposition"].startswith('attachment; filename="leaving-mem_')
        assert made["leavings"][0]["event"] == event
        assert made["leavings"][0]["confirmed"][0]["by"] == "Fieldbook"
        newest = (await hub.hub.stores.journal.after(office.organization.id, 0, 1000))[-1].entry
        assert (newest.type, newest.facts["format"]) == ("audit.exported", "proof")
