"""Rotation: two tokens live at once, and the old one ends by itself once the new one is in use."""

from dataclasses import replace
from pathlib import Path

import pytest

from hallway.exchanges.model import Gathered, TokenUse
from hallway.hub.directories.administration import MAX_TOKENS
from hallway.hub.directories.model import Token
from hallway.hub.directories.rotation import GRACE, close_replaced, closings, rotated, successor_of
from hallway.hub.directories.tokens import DAY, MadeToken, token_of
from hallway.hub.directories.upkeep import TokenUpkeep
from hallway.hub.organizations.service import Refused
from hallway.ids import TOKEN, DirectoryId, OrganizationId, TokenId, wire
from hallway.web.wiring import Hub, clock
from tests.rooms.opened import OPERATOR, Place, administration, journal, made_place, opened

NOW = 1_000 * DAY


def _token(name: str, replaces: str | None = None, used: int | None = None, revoked: int | None = None) -> Token:
    token_id = TokenId(name.encode() * 16)
    old = None if replaces is None else TokenId(replaces.encode() * 16)
    owner, place = OrganizationId(b"o" * 16), DirectoryId(b"d" * 16)
    token = Token(token_id, owner, place, name, b"", 0, NOW + DAY, first_used_at=used, replaces=old)
    return replace(token, revoked_at=revoked)


def _closing(*tokens: Token) -> dict[str, int]:
    names = {token.id: token.label for token in tokens}
    return {names[token_id]: at for token_id, at in closings(tokens, NOW).items()}


def test_a_token_without_a_used_successor_stays() -> None:
    assert _closing(_token("a"), _token("b", replaces="a")) == {}


def test_a_token_closes_a_day_after_the_first_use_of_its_successor() -> None:
    assert _closing(_token("a"), _token("b", "a", used=NOW)) == {"a": NOW + GRACE}


def test_a_revoked_successor_closes_nothing() -> None:
    assert _closing(_token("a"), _token("b", "a", used=5, revoked=6)) == {}


def test_what_was_replaced_through_others_closes_too() -> None:
    assert _closing(_token("a"), _token("b", "a", revoked=3), _token("c", "b", used=7)) == {"a": 7 + GRACE}


def test_of_two_successors_the_first_that_is_used_counts() -> None:
    assert _closing(_token("a"), _token("b", "a", used=9), _token("c", "a", used=7)) == {"a": 7 + GRACE}


def test_tokens_that_replace_each_other_do_not_hang() -> None:
    assert _closing(_token("a", "b", used=1), _token("b", "a", used=2)) == {"b": 1 + GRACE, "a": 2 + GRACE}


async def _use(hub: Hub, token: Token, at: int) -> None:
    use = TokenUse(token.organization_id, token.directory_id, token.id, at, "192.0.2.9", "okta/1")
    await hub.stores.counters.write(Gathered(uses={token.id: use}), at)


async def _again(hub: Hub, place: Place, token: Token) -> Token:
    return next(one for one in await hub.stores.directories.tokens(place.key) if one.id == token.id)


async def _rotated(hub: Hub, place: Place) -> MadeToken:
    return await rotated(hub.desk, place.directory, place.made.token, 30, OPERATOR)


async def test_both_tokens_work_until_a_day_after_the_first_use_of_the_new_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        old, made = place.made, await _rotated(hub, place)
        assert made.token.replaces == old.token.id
        for text in (old.text, made.text):
            assert await token_of(hub.stores.directories, text, clock()) is not None
        await close_replaced(hub.desk, place.directory.organization_id)
        assert await token_of(hub.stores.directories, old.text, clock()) is not None
        await _use(hub, made.token, clock() - GRACE - DAY)
        await _use(hub, made.token, clock())
        assert (await _again(hub, place, made.token)).first_used_at == pytest.approx(
            clock() - GRACE - DAY, abs=DAY // 24
        )
        await TokenUpkeep(hub.desk, hub.stores.organizations).round()
        assert await token_of(hub.stores.directories, old.text, clock()) is None
        assert await token_of(hub.stores.directories, made.text, clock()) is not None


async def test_the_journal_says_what_replaces_what_and_that_the_system_closed_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        made = await _rotated(hub, place)
        await _use(hub, made.token, clock() - GRACE - DAY)
        assert await close_replaced(hub.desk, place.directory.organization_id) == 1
        assert await close_replaced(hub.desk, place.directory.organization_id) == 0
        created, revoked = [one.entry for one in await journal(hub, place.directory)][-2:]
        assert created.facts["replaces"] == wire(TOKEN, place.made.token.id)
        assert (revoked.type, revoked.actor.kind, revoked.subject_id) == (
            "token.revoked", "system", place.made.token.id,
        )  # fmt: skip


async def test_an_ended_token_is_not_rotated(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        await administration(hub).revoke_token(place.made.token)
        with pytest.raises(Refused, match="ended already"):
            await _rotated(hub, place)


async def test_a_rotation_does_not_go_past_the_limit_of_tokens(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        for _ in range(MAX_TOKENS - 1):
            await administration(hub).add_token(place.directory, 1)
        with pytest.raises(Refused, match="at most"):
            await _rotated(hub, place)


async def test_the_successor_is_the_living_one_made_last(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        first, second = await _rotated(hub, place), await _rotated(hub, place)
        tokens = await hub.stores.directories.tokens(place.key)
        assert successor_of(place.made.token, tokens, clock()) == second.token
        await administration(hub).revoke_token(second.token)
        tokens = await hub.stores.directories.tokens(place.key)
        assert successor_of(place.made.token, tokens, clock()) == first.token
        assert successor_of(first.token, tokens, clock()) is None
