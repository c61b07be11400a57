"""Who is told that a directory that worked has stopped: once, until it works again."""

from dataclasses import replace
from pathlib import Path

import pytest

from hallway.exchanges.model import HOUR, Gathered, TokenUse
from hallway.hub.directories.health import Signs
from hallway.hub.directories.model import Directory, DirectoryState, Provider, Token
from hallway.hub.directories.stopping import STRANGERS, Cause, cause_of
from hallway.hub.directories.tokens import DAY, made_token, revoke
from hallway.hub.organizations.model import Organization, OrganizationState, Plan
from hallway.ids import DirectoryId, EntryId, OrganizationId
from hallway.mail import KeptMail
from hallway.web.app import hourly
from hallway.web.wiring import Hub, clock
from tests.rooms.opened import OPERATOR, Place, administration, journal, made_place, opened

NOW = 500_000 * HOUR
OWNER = Organization(OrganizationId(b"o" * 16), "Acme", Plan.ENTERPRISE, OrganizationState.ACTIVE, 0)


def _signs(
    provider: Provider = Provider.OKTA, hours: float | None = 1, alive: bool = True, state: str = "active", **today: int
) -> Signs:
    directory = Directory(DirectoryId(b"d" * 16), OWNER, "Staff", provider, DirectoryState(state), 0)
    token: Token = made_token(directory, NOW - DAY, bytes(42), 30).token
    last = None if hours is None else NOW - int(hours * HOUR)
    return Signs(directory, [token if alive else replace(token, revoked_at=1)], last, {NOW // HOUR: today}, 0, NOW)


@pytest.mark.parametrize(
    ("signs", "cause"),
    [
        (_signs(), None),
        (_signs(hours=1000), None),
        (_signs(alive=False), Cause.NO_TOKEN),
        (_signs(alive=False, hours=None), None),
        (_signs(alive=False, state="disabled"), None),
        (_signs(unauthenticated=STRANGERS), Cause.WRONG_TOKEN),
        (_signs(unauthenticated=STRANGERS - 1), None),
        (_signs(unauthenticated=STRANGERS, read=1), None),
        (_signs(unauthenticated=STRANGERS, write=1), None),
        (_signs(unauthenticated=STRANGERS, refused=1), None),
        (_signs(Provider.ENTRA, hours=5.9), None),
        (_signs(Provider.ENTRA, hours=6), Cause.SILENCE),
        (_signs(Provider.ENTRA, hours=None), None),
    ],
)
def test_only_what_worked_and_was_not_closed_has_stopped(signs: Signs, cause: Cause | None) -> None:
    assert cause_of(signs) is cause


async def _round(hub: Hub, hours: float = 0) -> list[KeptMail]:
    """What is mailed by the hourly jobs so many hours from now."""
    later = replace(hub.desk, clock=lambda: clock() + int(hours * HOUR))
    assert hub.mailing.kept is not None and hub.mailing.postman is not None
    before = {one.name for one in hub.mailing.kept.mails()}
    for job in hourly(replace(hub, desk=later)):
        await job()
    await hub.mailing.postman.round()
    return [one for one in hub.mailing.kept.mails() if one.name not in before]


async def _use(hub: Hub, place: Place, hours: float = 0) -> None:
    token, at = place.made.token, clock() + int(hours * HOUR)
    use = TokenUse(token.organization_id, token.directory_id, token.id, at, "192.0.2.9", "entra/1")
    await hub.stores.counters.write(Gathered(uses={token.id: use}), at)


async def _entra(hub: Hub) -> Place:
    place = await made_place(hub)
    entra = replace(place.directory, provider=Provider.ENTRA)
    await administration(hub).update(place.directory, entra)
    await hub.contact_book.add(place.directory.organization_id, "it@example.com", "IT", OPERATOR)
    return replace(place, directory=entra)


async def test_a_stop_is_told_once_and_again_after_it_worked(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await _entra(hub)
        assert await _round(hub, 100) == []
        await _use(hub, place)
        assert await _round(hub, 1) == []
        [mail] = await _round(hub, 7)
        assert (mail.to, mail.subject) == ("it@example.com", f"{place.directory.name} has stopped: nothing arrives")
        assert "No request came for 7 hours, though Microsoft Entra ID" in mail.text
        assert f"{hub.settings.base_url}/directories/dir_{place.directory.id.hex()}\n" in mail.text
        assert await _round(hub, 8) == [] and await _round(hub, 20) == []
        await _use(hub, place, 21)
        assert await _round(hub, 22) == []
        assert len(await _round(hub, 30)) == 1
        told = [one.entry for one in await journal(hub, place.directory) if one.entry.type == "directory.stop_told"]
        assert [one.facts for one in told] == [{"reason": "silence", "mails": 1}] * 2


async def test_a_stop_of_another_kind_is_not_told_beside_the_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await _entra(hub)
        await _use(hub, place)
        assert len(await _round(hub, 7)) == 1
        await revoke(hub.stores.database, place.made.token, OPERATOR, clock(), EntryId(hub.desk.fresh_id()))
        assert await _round(hub, 8) == []


async def test_a_lost_token_is_told_with_where_the_next_one_goes(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await _entra(hub)
        await _use(hub, place)
        await revoke(hub.stores.database, place.made.token, OPERATOR, clock(), EntryId(hub.desk.fresh_id()))
        [mail] = await _round(hub)
        assert "No token is alive any more" in mail.text and "Secret Token" in mail.text


async def test_a_wrong_token_is_told_with_how_often_it_came(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await _entra(hub)
        await _use(hub, place)
        key = place.key
        gathered = Gathered()
        gathered.requests[key.organization_id, key.directory_id, clock() // HOUR, "unauthenticated"] = 7
        await hub.stores.counters.write(gathered, clock())
        [mail] = await _round(hub)
        assert "(7) came without a living token" in mail.text


async def test_nobody_to_tell_is_nothing_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        await administration(hub).update(place.directory, replace(place.directory, provider=Provider.ENTRA))
        await _use(hub, place)
        assert await _round(hub, 7) == []
        await hub.contact_book.add(place.directory.organization_id, "it@example.com", "IT", OPERATOR)
        assert len(await _round(hub, 7)) == 1
        await hub.registrar.suspend(place.directory.organization, OPERATOR)
        await _use(hub, place, 8)
        assert await _round(hub, 30) == []
