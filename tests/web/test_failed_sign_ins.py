"""Failed sign-ins to the console: counted where the address is a member's, shown to operators, told to nobody else."""

from pathlib import Path
from typing import Any

import pytest

from hallway.exchanges.model import Gathered
from hallway.hub.operators.failures import MOST, FailedSignIns
from hallway.hub.operators.model import OperatorRole
from hallway.hub.operators.problems import Problems
from hallway.hub.organizations.roster import deactivate
from hallway.hub.sign_in.model import Attempt, Kind, NewAttempt, Outcome
from hallway.ids import AttemptId, ConnectionId
from hallway.journal.model import Change, Unavailable
from hallway.web.wiring import clock, lookout
from tests.rooms.opened import OPERATOR, canaries_in
from tests.web.browsing import PASSWORD, Browser, joined
from tests.web.deployment import Deployment
from tests.web.test_operator_pages import World, code_of, world

WRONG = "a wrong password, long enough"
NOBODY = "nobody-4711@acme.example"


async def noted(hub: Deployment) -> None:
    """What is written every ten seconds is written now."""
    worker = hub.serving._worker
    assert worker is not None
    await worker.note_visits()


async def tried(here: World, email: str, times: int = 1) -> list[tuple[int, str]]:
    """Somebody without a cookie types this address and a wrong password; what was answered each time."""
    stranger, found = Browser(here.served.app), []
    for _ in range(times):
        await stranger.get("/sign-in")
        page = await stranger.submit("/sign-in", email=email, password=WRONG)
        found.append((page.status, stranger.text))
    return found


async def problems(here: World) -> Problems:
    return await lookout(here.served.hub).problems(clock())


async def test_they_are_counted_where_the_address_is_a_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        hub = here.served.hub
        await joined(hub, Browser(here.served.app), here.owner, "mia@acme.example")
        other = await hub.registrar.create("Globex", here.owner.plan, None, OPERATOR)
        await joined(hub, Browser(here.served.app), other, "gus@globex.example")
        known = [*await tried(here, "mia@acme.example", 2), *await tried(here, " MIA@Acme.example ")]
        unknown = await tried(here, NOBODY, 3)
        assert [status for status, _ in known] == [422] * 3
        assert known[:2] == unknown[:2]
        await noted(here.served)
        await noted(here.served)
        found = [(one.organization.name, one.passwords, one.connections) for one in (await problems(here)).sign_ins]
        assert found == [(here.owner.name, 3, 0)]
        page = await (await here.operator(OperatorRole.VIEWER)).get("/operator/problems")
        assert b"Failed sign-ins" in page.body and b"mia" not in page.body
    assert canaries_in(tmp_path, NOBODY) == []


async def test_a_wrong_code_counts_and_who_left_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        hub = here.served.hub
        browser = await joined(hub, Browser(here.served.app), here.owner, "mia@acme.example")
        await browser.get("/account/security/codes")
        seed = str(browser.soup.find("input", {"id": "key"})["value"]).replace(" ", "")  # type: ignore[index]
        await browser.submit("/account/security/codes", code=code_of(seed))
        other = Browser(here.served.app)
        await other.get("/sign-in")
        await other.submit("/sign-in", email="mia@acme.example", password=PASSWORD)
        await other.follow()
        assert (await other.submit("/sign-in/code", code="000000x")).status == 422
        await noted(here.served)
        assert [one.passwords for one in (await problems(here)).sign_ins] == [1]
        (mia,) = await hub.stores.members.by_email(here.owner.id, "mia@acme.example")
        await joined(hub, Browser(here.served.app), here.owner, "ada@acme.example")
        await deactivate(hub.roster, mia, OPERATOR)
        await tried(here, "mia@acme.example")
        await noted(here.served)
        assert [one.passwords for one in (await problems(here)).sign_ins] == [1]


async def test_refused_sign_ins_through_a_connection_are_counted_without_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        assert (await problems(here)).sign_ins == ()
        fresh, now = here.served.hub.desk.fresh_id, clock()
        connection = ConnectionId(fresh())
        for kind, outcome in (
            (Kind.SIGN_IN, Outcome.REFUSED), (Kind.UNSOLICITED, Outcome.REFUSED), (Kind.TEST, Outcome.REFUSED),
            (Kind.SIGN_IN, Outcome.ACCEPTED),
        ):  # fmt: skip
            one = Attempt(AttemptId(fresh()), here.owner.id, connection, now, outcome, "", kind, "eve", {})
            await here.served.hub.stores.database.commit(Change(here.owner.id, (NewAttempt(one, b""),)))
        assert [(one.passwords, one.connections) for one in (await problems(here)).sign_ins] == [(0, 2)]
        assert (await lookout(here.served.hub).problems(clock() + 26 * 3_600_000_000)).sign_ins == ()


class Full:
    """A store that cannot take anything, until it can."""

    def __init__(self) -> None:
        self.written: list[Gathered] = []
        self.is_full = True

    async def write(self, gathered: Gathered, _: int) -> None:
        if self.is_full:
            raise Unavailable("disk full")
        self.written.append(gathered)


async def test_what_could_not_be_written_is_kept_and_no_more_than_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        hub, store = here.served.hub, Full()
        await joined(hub, Browser(here.served.app), here.owner, "mia@acme.example")
        counts: Any = store
        failed = FailedSignIns(hub.stores.accounts, hub.stores.members, counts, lambda: 1_000_000)
        for email in ("mia@acme.example", "m" * 300 + "@acme.example"):
            failed.noted(email)
        with pytest.raises(Unavailable):
            await failed.flush()
        for number in range(2 * MOST):
            failed.noted(f"{number}@acme.example")
        failed.noted("mia@acme.example")
        assert len(failed._noted) == MOST
        store.is_full = False
        await failed.flush()
        await failed.flush()
        assert [sum(one.requests.values()) for one in store.written] == [2]
