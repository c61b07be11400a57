"""The operators' page of API keys: made and shown once, listed, revoked; by an owner only."""

from pathlib import Path

import pytest

from hallway.accounts.model import DEPLOYMENT
from hallway.hub.applications.api_keys import key_of
from hallway.hub.operators.model import OperatorRole
from hallway.ids import API_KEY, wire
from hallway.web.wiring import clock
from tests.web.test_operator_pages import world

PLACE = "/operator/api-keys"


async def test_a_key_is_made_shown_once_and_revoked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        browser = await here.operator(OperatorRole.OWNER)
        assert b"No key yet" in (await browser.get(PLACE)).body
        for wrong in (
            {"name": "", "scope": "events:read"},
            {"name": "X"},
            {"name": "X", "scope": "events:read", "days": "7"},
        ):
            assert (await browser.post(PLACE, **wrong)).status == 422, wrong
        made = await browser.post(PLACE, name="Fieldbook", scope="events:read", days="30")
        assert made.status == 303
        shown = await browser.get(f"{PLACE}/made")
        assert b"hw_api_" in shown.body
        keys = here.served.hub.stores.api_keys
        (key,) = await keys.keys()
        assert (key.name, key.scopes) == ("Fieldbook", ("events:read",)) and key.expires_at is not None
        assert b"hw_api_" not in (await browser.get(f"{PLACE}/made")).body
        listed = await browser.get(PLACE)
        assert b"Fieldbook" in listed.body and b"Never" in listed.body
        revoke = f"{PLACE}/{wire(API_KEY, key.id)}/revoke"
        assert (await browser.post(revoke)).status == 303
        assert b"Revoked" in (await browser.get(PLACE)).body
        assert await key_of(keys, "hw_api_x", clock()) is None
        entries = [one.entry.type for one in await here.served.hub.stores.journal.after(DEPLOYMENT, 0, 100)]
        assert [one for one in entries if one.startswith("api_key.")] == ["api_key.created", "api_key.revoked"]


async def test_only_an_owner_sees_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        browser = await here.operator(OperatorRole.SUPPORT)
        assert (await browser.get(PLACE)).status == 403
        assert (await browser.post(PLACE, name="X", scope="events:read")).status == 403
