"""CPU of the console's pages at 100,000 people, in one process: `python -m bench.pages [--people N]`.

One organization on SQLite: a directory with N users, N members, the entries of both. Each page is asked five times by
an administrator; the median counts.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import pytest

from hallway.hub.directories.users import create_user
from hallway.hub.organizations.members import Member, MemberState, NewMember, Role, Source
from hallway.ids import DIRECTORY, MEMBER, EntryId, MemberId, wire
from hallway.journal.model import Actor, Change, Entry
from hallway.web.wiring import clock
from tests.rooms.opened import made_place, user_body
from tests.web.deployment import deployed
from tests.web.office import Office, opened_office

AIM_MS = 100
AT_ONCE = 64
BATCH = 2000


async def main(people: int) -> int:
    """Fill, ask, print; the number of pages above the aim."""
    patch = pytest.MonkeyPatch()
    with tempfile.TemporaryDirectory() as folder:
        async with deployed(Path(folder), patch) as hub:
            office = await opened_office(hub)
            last = await _members(office, people)
            place = await made_place(hub.hub, office.organization, None, {})
            await _users(place, people)
            above = await _asked(office, _paths(office, wire(DIRECTORY, place.directory.id), last))
    patch.undo()
    return above


async def _members(office: Office, people: int) -> Member:
    hub, owner = office.hub.hub, office.organization.id
    member = office.admin
    for start in range(0, people, BATCH):
        rows, entries = [], []
        for number in range(start, min(start + BATCH, people)):
            now, one = clock(), MemberId(hub.desk.fresh_id())
            state = MemberState.ACTIVE if number % 10 else MemberState.DEACTIVATED
            name = f"{('Ada', 'Bob', 'Cyd', 'Dan')[number % 4]} Person{number:06}"
            member = Member(
                one, owner, f"person{number:06}@acme.example", name, Role.USER, state, Source.INVITED, now, now
            )
            rows.append(NewMember(member))
            actor = Actor("member", office.admin.id, "Olivia", "192.0.2.1")
            entries.append(
                Entry(EntryId(hub.desk.fresh_id()), "member.joined", now, actor, one, personal={"name": name})
            )
        await hub.stores.database.commit(Change(owner, tuple(rows), tuple(entries), entries[0].id))
    return member


async def _users(place: object, people: int) -> None:
    gate = asyncio.Semaphore(AT_ONCE)
    scene, desk = place.scene, place.hub.desk  # type: ignore[attr-defined]

    async def one(number: int) -> None:
        async with gate:
            address = f"user{number:06}@other.example"
            await create_user(
                desk, scene, user_body(address, displayName=f"User {number:06}", emails=[{"value": address}])
            )

    await asyncio.gather(*(one(number) for number in range(people)))


def _paths(office: Office, directory: str, last: Member) -> list[str]:
    root, member = f"/directories/{directory}", wire(MEMBER, last.id)
    return [
        "/directories", root, f"{root}/people", f"{root}/people?q=user0999", f"{root}/people?q=zork",
        f"{root}/people?state=inactive", f"{root}/groups", f"{root}/waiting", f"{root}/activity", f"{root}/tokens",
        "/settings/general", "/settings/members", "/settings/members?q=person0999", "/settings/members?q=zork",
        "/settings/members?state=deactivated", "/settings/members?role=guest", f"/settings/members/{member}",
        "/settings/audit", "/settings/audit?kind=member", "/settings/audit?q=zork", f"/settings/audit?q={member}",
        "/settings/domains", "/settings/sso", "/settings/sso/enforcement",
    ]  # fmt: skip


async def _asked(office: Office, paths: list[str]) -> int:
    above = 0
    print("| page | status | CPU ms |\n|---|--:|--:|")
    for path in paths:
        spent, status = [], 0
        for _ in range(5):
            before = time.process_time()
            status = (await office.get(path)).status
            spent.append((time.process_time() - before) * 1000)
        median = statistics.median(spent)
        above += median > AIM_MS or status != 200
        shown = path.replace(path.split("/")[2], "…") if path.startswith("/directories/") else path[:60]
        print(f"| `{shown}` | {status} | {median:.1f} |", flush=True)
    return above


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--people", type=int, default=100_000)
    raise SystemExit(asyncio.run(main(parser.parse_args().people)) > 0)
