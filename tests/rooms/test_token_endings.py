"""Who is told that a token ends: in time, once for each step, and by nobody twice."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from hallway.hub.directories.model import Token
from hallway.hub.directories.rotation import rotated
from hallway.hub.directories.tokens import DAY
from hallway.hub.directories.upkeep import STEPS, TokenEndings, step_of
from hallway.hub.organizations.alarms import Alarms
from hallway.hub.organizations.members import Member, MemberState, NewMember, Role, Source
from hallway.ids import AccountId, DirectoryId, MemberId, OrganizationId, TokenId
from hallway.journal.model import Change
from hallway.mail import KeptMail
from hallway.outbox.letterbox import no_letters
from hallway.web.app import hourly
from hallway.web.wiring import Hub, clock
from tests.rooms.opened import OPERATOR, Place, administration, journal, made_place, opened

NOW = 1_000 * DAY


def _token(days_left: int, lifetime: int = 365, **more: object) -> Token:
    ends = NOW + days_left * DAY
    owner, place = OrganizationId(b"o" * 16), DirectoryId(b"d" * 16)
    made = Token(TokenId(b"t" * 16), owner, place, "", b"", ends - lifetime * DAY, ends)
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("days", "step"),
    [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (2, 7), (1, 1), (0, None), (-1, None)],
)
def test_steps_come_in_time(days: int, step: int | None) -> None:
    token = _token(days)
    assert step_of(token, [token], NOW) == step


@pytest.mark.parametrize(
    ("lifetime", "steps"), [(60, {30, 7, 1}), (30, {7, 1}), (7, {1}), (1, set()), (61, set(STEPS))]
)
def test_a_short_life_begins_with_no_warning(lifetime: int, steps: set[int]) -> None:
    found = {step_of(one, [one], NOW) for left in range(lifetime + 1) for one in [_token(left, lifetime)]}
    assert found - {None} == steps


def test_nobody_is_told_of_what_ended_or_closes_by_itself() -> None:
    revoked = _token(5, revoked_at=1)
    assert step_of(revoked, [revoked], NOW) is None
    old, new = _token(5), _token(300, id=TokenId(b"n" * 16), replaces=TokenId(b"t" * 16))
    assert step_of(old, [old, new], NOW) == 7
    used = replace(new, first_used_at=NOW)
    assert step_of(old, [old, used], NOW) is None


async def _administrator(hub: Hub, place: Place, email: str, state: MemberState = MemberState.ACTIVE) -> None:
    owner = place.directory.organization_id
    account, now = AccountId(hub.desk.fresh_id()), clock()
    member = Member(
        MemberId(hub.desk.fresh_id()), owner, email, "", Role.ADMIN, state, Source.INVITED, now, now, account
    )  # fmt: skip
    await hub.stores.database.commit(Change(owner, (NewMember(member),)))


async def _round(hub: Hub, days: float) -> list[KeptMail]:
    """What is mailed by the hourly jobs so many days from now."""
    later = replace(hub.desk, clock=lambda: clock() + int(days * DAY))
    assert hub.mailing.kept is not None and hub.mailing.postman is not None
    before = {one.name for one in hub.mailing.kept.mails()}
    for job in hourly(replace(hub, desk=later)):
        await job()
    await hub.mailing.postman.round()
    return [one for one in hub.mailing.kept.mails() if one.name not in before]


async def test_contacts_and_administrators_are_told_once_for_each_step(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        owner = place.directory.organization_id
        await hub.contact_book.add(owner, "it@example.com", "IT", OPERATOR)
        await _administrator(hub, place, "ada@example.com")
        await _administrator(hub, place, "IT@example.com")
        await _administrator(hub, place, "gone@example.com", MemberState.DEACTIVATED)
        subjects = []
        for days in (0, 304, 305, 306, 335, 336, 358, 359, 364, 364.5, 365, 366):
            found = await _round(hub, days)
            if found:
                assert sorted(one.to for one in found) == ["ada@example.com", "it@example.com"]
                subjects.append((days, found[0].subject.rpartition(" ends in ")[2]))
        assert subjects == [(305, "60 days"), (335, "30 days"), (358, "7 days"), (364, "1 day")]
        told = [one.entry for one in await journal(hub, place.directory) if one.entry.type == "token.ending_told"]
        assert [(one.facts["days"], one.facts["mails"]) for one in told] == [(60, 2), (30, 2), (7, 2), (1, 2)]


async def test_the_mail_says_what_to_do_and_where(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        await hub.contact_book.add(place.directory.organization_id, "it@example.com", "IT", OPERATOR)
        [mail] = await _round(hub, 358)
        assert f"{hub.settings.base_url}/directories/dir_{place.directory.id.hex()}/tokens" in mail.text
        assert "Make the next token here" in mail.text and place.directory.name in mail.subject
        await rotated(hub.desk, place.directory, place.made.token, 700, OPERATOR)
        [mail] = await _round(hub, 364)
        assert "does not use it yet" in mail.text


async def test_what_nobody_was_told_is_told_later(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        owner = place.directory.organization_id
        assert await _round(hub, 340) == []
        await hub.contact_book.add(owner, "it@example.com", "IT", OPERATOR)
        alarms = Alarms(hub.stores.domains, hub.stores.members, no_letters)
        later = replace(hub.desk, clock=lambda: clock() + 340 * DAY)
        without = TokenEndings(later, hub.stores.organizations, hub.stores.notices, alarms, "http://x")
        await without.round()
        assert len(await _round(hub, 340)) == 1 and await _round(hub, 340) == []


async def test_nobody_is_told_in_a_suspended_organization_but_of_a_disabled_directory(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place, other = await made_place(hub), await made_place(hub)
        for one in (place, other):
            await hub.contact_book.add(one.directory.organization_id, "it@example.com", "IT", OPERATOR)
        await hub.registrar.suspend(place.directory.organization, OPERATOR)
        await administration(hub).disable(other.directory)
        assert len(await _round(hub, 340)) == 1


async def test_two_processes_at_once_mail_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub, opened(tmp_path) as beside:
        place = await made_place(hub)
        await hub.contact_book.add(place.directory.organization_id, "it@example.com", "IT", OPERATOR)
        first, second = await asyncio.gather(_round(hub, 340), _round(beside, 340))
        names = {one.name for one in (*first, *second)}
        assert len(names) == 1 and len(hub.mailing.kept.mails()) == 1  # type: ignore[union-attr]
