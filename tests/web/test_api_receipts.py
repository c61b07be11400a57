"""Receipts by the API: kept, repeated, refused, and who is expected to send them."""

import json
from pathlib import Path
from typing import Any

import pytest

from hallway.hub.applications.api_keys import create
from hallway.hub.organizations.members import Member
from hallway.ids import ENTRY, MEMBER, ORGANIZATION, wire
from hallway.journal.feed import Wanted
from hallway.web.event_desks import receipt_confirmers
from hallway.web.wiring import key_desk
from tests.rooms.opened import OPERATOR
from tests.web.asgi import Answer, call
from tests.web.deployment import Deployment, deployed
from tests.web.office import opened_office, page_of


class Caller:
    """A program with a key."""

    def __init__(self, hub: Deployment, text: str) -> None:
        self._hub, self._text = hub, text

    async def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """One request."""
        headers = {"authorization": f"Bearer {self._text}", "content-type": "application/json"}
        sent = b"" if body is None else json.dumps(body).encode()
        return await call(self._hub.app, method, path, headers, sent)


async def _caller(hub: Deployment, *scopes: str) -> Caller:
    made = await create(key_desk(hub.hub), "Fieldbook", scopes, None, OPERATOR)
    return Caller(hub, made.text)


async def _left(hub: Deployment) -> tuple[Member, str]:
    office = await opened_office(hub)
    one = await office.member("grace@navy.example", "Grace Hopper")
    assert (await office.post(f"{page_of(one)}/deactivate")).status == 303
    while await hub.hub.stores.feed.place():
        pass
    told = await hub.hub.stores.feed.after(Wanted(0, 1000, types=("member.deactivated",)))
    return one, wire(ENTRY, told.entries[-1].event_id)


async def test_a_receipt_is_kept_repeated_and_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        caller = await _caller(hub, "receipts:write", "members:read")
        one, event = await _left(hub)
        said = {"event": event, "did": [{"what": "sessions_ended", "count": 2}], "note": "all out"}
        first = await caller.ask("POST", "/api/v1/receipts", said)
        kept = json.loads(first.body)
        assert (first.status, kept["by"], kept["late"], kept["did"]) == (201, "Fieldbook", False, said["did"])
        assert kept["member"] == wire(MEMBER, one.id)
        again = await caller.ask("POST", "/api/v1/receipts", said)
        assert (again.status, json.loads(again.body)) == (201, kept)
        other = await caller.ask("POST", "/api/v1/receipts", {**said, "note": "not all"})
        assert (other.status, json.loads(other.body)["code"]) == (409, "conflict")
        nothing = await caller.ask("POST", "/api/v1/receipts", {**said, "event": "evt_" + "0" * 32})
        assert (nothing.status, json.loads(nothing.body)["code"]) == (404, "not_found")
        for wrong in ({"at": "yesterday"}, {"at": "2026-11-25T10:00:00"}, {"did": []}):
            answer = await caller.ask("POST", "/api/v1/receipts", {**said, **wrong})
            assert answer.status == 422, wrong
        path = (
            f"/api/v1/organizations/{wire(ORGANIZATION, one.organization_id)}/members/{wire(MEMBER, one.id)}/leavings"
        )
        proof = json.loads((await caller.ask("GET", path)).body)
        assert proof["leavings"][0]["confirmed"][0]["by"] == "Fieldbook"


async def test_who_may_send_receipts_is_expected_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        await _caller(hub, "members:read")
        assert await receipt_confirmers(hub.hub) == []
        reader = await _caller(hub, "receipts:write")
        (expected,) = await receipt_confirmers(hub.hub)
        assert (expected.name, expected.kind) == ("Fieldbook", "api_key")
        _, event = await _left(hub)
        at = (await reader.ask("POST", "/api/v1/receipts", {"event": event, "did": [{"what": "seen"}]})).status
        assert at == 201
