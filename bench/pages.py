"""CPU of the console's pages at 100,000 people, in one process.

`python -m bench.pages [--people N] [--organizations N] [--database postgresql://…]`: an organization with N users,
whose making was N exchanges, N members, the entries of all, and every tenth request once more and refused; beside it N
other organizations. Each page is asked five times; the median counts, of this process alone.
"""

import argparse
import asyncio
import re
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bench.crowd import Crowd, filled, neighbours
from hallway.hub.operators.model import OperatorRole
from hallway.ids import DIRECTORY, EXCHANGE, MEMBER, ORGANIZATION, USER, wire
from tests.web.asgi import Answer
from tests.web.deployment import deployed
from tests.web.office import opened_office
from tests.web.test_operator_pages import World

AIM_MS = 100
ROUNDS = 5
_ID = re.compile(r"\b([a-z]+)_[0-9a-f]{32}\b")
Ask = Callable[[str], Awaitable[Answer]]


async def main(people: int, organizations: int, database: str) -> int:
    """Fill, ask, print; the number of pages above the aim."""
    patch = pytest.MonkeyPatch()
    settings = {"database": database} if database else {}
    with tempfile.TemporaryDirectory() as folder:
        async with deployed(Path(folder), patch, **settings) as hub:
            office = await opened_office(hub)
            crowd = await filled(office, people)
            await neighbours(hub.hub, organizations)
            print("| page | status | CPU ms |\n|---|--:|--:|")
            above = await _asked(office.get, _console(crowd))
            here = World(hub, crowd.place)
            browser = await here.operator(OperatorRole.OWNER)
            await browser.get(f"{here.root}/look?to=/members")
            await browser.submit(f"{here.root}/look", reason="Ticket 17")
            above += await _asked(browser.get, _operators(crowd))
    patch.undo()
    return above


def _console(crowd: Crowd) -> list[str]:
    root, member = f"/directories/{wire(DIRECTORY, crowd.place.directory.id)}", wire(MEMBER, crowd.member.id)
    one = wire(USER, crowd.user)
    return [
        "/directories", root, f"{root}/people", f"{root}/people?q=user0999", f"{root}/people?q=zork",
        f"{root}/people?state=inactive", f"{root}/people/{one}", f"{root}/groups", f"{root}/waiting",
        f"{root}/activity", f"{root}/activity?outcome=refused", f"{root}/activity?outcome=read",
        f"{root}/activity?q=user0999", f"{root}/activity?q={one}", f"{root}/activity?q=409",
        f"{root}/activity?q=/Nowhere", f"{root}/activity/{wire(EXCHANGE, crowd.exchange)}", f"{root}/tokens",
        "/settings/general", "/settings/members", "/settings/members?q=person0999", "/settings/members?q=zork",
        "/settings/members?state=deactivated", "/settings/members?role=guest", f"/settings/members/{member}",
        "/settings/audit", "/settings/audit?kind=member", "/settings/audit?q=zork", f"/settings/audit?q={member}",
        f"/settings/audit?q={one}", "/settings/domains", "/settings/sso", "/settings/sso/enforcement",
    ]  # fmt: skip


def _operators(crowd: Crowd) -> list[str]:
    home = "/operator/organizations"
    root = f"{home}/{wire(ORGANIZATION, crowd.place.directory.organization_id)}"
    activity = f"{root}/directories/{wire(DIRECTORY, crowd.place.directory.id)}/activity"
    return [
        home, f"{home}?q=customer 0999", f"{home}?q=zork", root, f"{root}/members", f"{root}/members?q=person0999",
        activity, f"{activity}?outcome=refused", f"{activity}/{wire(EXCHANGE, crowd.exchange)}",
        f"{root}/setup-links", "/operator/problems", "/operator/operators", "/operator/audit",
    ]  # fmt: skip


async def _asked(ask: Ask, paths: list[str]) -> int:
    above = 0
    for path in paths:
        spent, status = [], 0
        for _ in range(ROUNDS):
            before = time.process_time()
            status = (await ask(path)).status
            spent.append((time.process_time() - before) * 1000)
        median = statistics.median(spent)
        above += median > AIM_MS or status != 200
        shown = _ID.sub(r"\1_…", path)
        print(f"| `{shown}` | {status} | {median:.1f} |", flush=True)
    return above


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--organizations", type=int, default=10_000)
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    raise SystemExit(asyncio.run(main(given.people, given.organizations, given.database)) > 0)
