"""API keys: what opens, what ends them, and what is kept."""

from dataclasses import replace
from pathlib import Path

import pytest

from hallway.accounts.model import DEPLOYMENT
from hallway.hub.applications import api_keys
from hallway.hub.applications.api_keys import DAY, KeyUses, create, key_of, revoke
from hallway.hub.applications.scopes import SCOPES, checked_scopes
from hallway.hub.organizations.service import Refused
from hallway.ids import ApiKeyId
from hallway.journal.model import Unavailable
from hallway.secret_text import API, SecretText, read_secret
from hallway.web.wiring import key_desk
from tests.rooms.opened import OPERATOR, opened


async def test_a_key_opens_until_it_ends(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        desk = key_desk(hub)
        made = await create(desk, " Billing ", ["members:read"], 1, OPERATOR)
        now = desk.clock()
        assert made.key.name == "Billing"
        assert await key_of(desk.keys, made.text, now) == made.key
        assert await key_of(desk.keys, made.text, now + DAY) is None
        endless = await create(desk, "Endless", ["members:read"], None, OPERATOR)
        assert await key_of(desk.keys, endless.text, now + 10_000 * DAY) == endless.key
        ended = await revoke(desk, endless.key, OPERATOR)
        assert ended.revoked_at is not None and await key_of(desk.keys, endless.text, now) is None
        assert await revoke(desk, endless.key, OPERATOR) == ended
        entries = [one.entry for one in await hub.stores.journal.after(DEPLOYMENT, 0, 10)]
        assert [one.type for one in entries] == ["api_key.created", "api_key.created", "api_key.revoked"]
        assert entries[0].subject_id == made.key.id and entries[0].facts["scopes"] == ["members:read"]


async def test_a_text_that_is_not_quite_the_keys_opens_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        desk = key_desk(hub)
        made = await create(desk, "Billing", ["members:read"], None, OPERATOR)
        secret = read_secret(API, made.text)
        assert secret is not None
        near = (
            SecretText(b"o" * 16, secret.row, secret.secret), SecretText(secret.owner, b"r" * 16, secret.secret),
            SecretText(secret.owner, secret.row, b"s" * 32),
        )  # fmt: skip
        for text in (*(one.text(API) for one in near), secret.text("hw_setup_"), "", "hw_api_"):
            assert await key_of(desk.keys, text, desk.clock()) is None


async def test_there_are_not_endlessly_many_living_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_keys, "MOST_KEYS", 2)
    async with opened(tmp_path) as hub:
        desk = key_desk(hub)
        first = await create(desk, "One", ["members:read"], None, OPERATOR)
        await create(desk, "Two", ["members:read"], None, OPERATOR)
        with pytest.raises(Refused, match="at most 2"):
            await create(desk, "Three", ["members:read"], None, OPERATOR)
        await revoke(desk, first.key, OPERATOR)
        await create(desk, "Three", ["members:read"], None, OPERATOR)


async def test_days_and_scopes_are_checked(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        for days in (0, 3651):
            with pytest.raises(Refused, match="1 to 3650"):
                await create(key_desk(hub), "Billing", ["members:read"], days, OPERATOR)
    with pytest.raises(Refused, match="at least one"):
        checked_scopes([])
    with pytest.raises(Refused, match="no scope 'members'"):
        checked_scopes(["members", "members:read"])
    assert checked_scopes(list(reversed(SCOPES)) * 2) == tuple(SCOPES)


async def test_uses_that_could_not_be_written_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(tmp_path) as hub:
        desk = key_desk(hub)
        made = await create(desk, "Billing", ["members:read"], None, OPERATOR)
        uses, real = KeyUses(hub.stores.api_keys), type(hub.stores.api_keys).used
        uses.used(made.key.id, 5, "192.0.2.1")
        uses.used(ApiKeyId(b"x" * 16), 5, "192.0.2.1")

        async def away(*_: object) -> None:
            uses.used(made.key.id, 9, "192.0.2.9")
            raise Unavailable("gone")

        monkeypatch.setattr(type(hub.stores.api_keys), "used", away)
        with pytest.raises(Unavailable):
            await uses.flush()
        monkeypatch.setattr(type(hub.stores.api_keys), "used", real)
        await uses.flush()
        await uses.flush()
        assert await desk.keys.key(made.key.id) == replace(made.key, last_used_at=9, last_address="192.0.2.9")
