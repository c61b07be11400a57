"""A follower misses nothing: while hundreds write through several processes, when one is killed, at any size."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from hallway.hub.events.following import Asked, Follower
from hallway.hub.events.snapshot import Surveyor
from hallway.hub.events.telling import Teller
from hallway.ids import ORGANIZATION, OrganizationId, parsed
from hallway.journal.feed import Bell
from hallway.store.database import everywhere
from hallway.store.events import EventStore
from hallway.store.feed import BEHIND, FeedStore
from hallway.store.organizations import OrganizationStore
from hallway.store.postgres import PostgresDatabase
from hallway.store.snapshot import SnapshotStore
from hallway.store.statement import ResultRow, Statement
from hallway.web.wiring import Hub, opened_hub
from tests.flows.scim_client import connected
from tests.running import RunningHub, Source, sqlite_url
from tests.store.stage import Stage, staged

WRITERS, WRITES, ORGANIZATIONS = 240, 3, 4
MEMBERS = 100_000

Read = list[tuple[str, int]]


@asynccontextmanager
async def beside(hub: RunningHub) -> AsyncIterator[Hub]:
    """What a command works with: the same database, and nothing that gives positions."""
    made = await opened_hub(hub.settings)
    try:
        yield made
    finally:
        await made.stores.database.close()


async def _written(sources: Sequence[Source], number: int) -> None:
    """Some people, in one organization after the other."""
    source = sources[number % len(sources)]
    async with connected(source) as client:
        for write in range(WRITES):
            assert (await client.create_user(f"w{number}-{write}")).status == 201


async def _followed(hub: Hub, cursor: str, until: "asyncio.Event") -> Read:
    """Every entry behind a cursor, page by page, until nobody writes and all have their positions."""
    read: Read = []
    while True:
        done = until.is_set() and not await _unplaced(hub)
        page = await hub.follower.page(Asked(cursor, limit=50))
        read += [(str(one["organization"]["id"]), int(str(one["sequence"]))) for one in page.items]  # type: ignore[index,call-overload]
        cursor = page.next
        if done and not page.more and not page.items:
            return read


async def _unplaced(hub: Hub) -> bool:
    return bool(await everywhere(hub.stores.database, BEHIND, 1))


async def _nothing_is_missed(hubs: Sequence[RunningHub]) -> None:
    first = hubs[0]
    sources = [first.directory() for _ in range(ORGANIZATIONS)]
    served = [
        [Source(one.id, one.organization_id, one.base_url.replace(str(first.port), str(hub.port)), one.token)
         for one in sources] for hub in hubs
    ]  # fmt: skip
    done = asyncio.Event()
    async with beside(first) as hub:
        start = (await hub.follower.page(Asked("now"))).next
        begun = {one.organization_id: await _head(hub, one) for one in sources}
        async with asyncio.timeout(300), asyncio.TaskGroup() as group:
            followers = [group.create_task(_followed(hub, start, done)) for _ in range(2)]
            writers = [group.create_task(_written(served[number % len(hubs)], number)) for number in range(WRITERS)]
            await asyncio.gather(*writers)
            done.set()
        ended = {one.organization_id: await _head(hub, one) for one in sources}
    assert sum(ended.values()) - sum(begun.values()) >= WRITERS * WRITES
    for follower in followers:
        read = follower.result()
        for owner, head in ended.items():
            seqs = [seq for one, seq in read if one == owner]
            # What was placed after `now` was read may be of before the writers.
            assert seqs == list(range(seqs[0], head + 1))
            assert seqs[0] <= begun[owner] + 1
    assert followers[0].result() == followers[1].result()


async def _head(hub: Hub, source: Source) -> int:
    octets = parsed(ORGANIZATION, source.organization_id)
    assert octets is not None
    found = await hub.stores.snapshot.organization(OrganizationId(octets))
    assert found is not None
    return found[1]


async def test_nothing_is_missed_while_hundreds_write_on_sqlite(tmp_path: Path) -> None:
    hub = RunningHub(sqlite_url(tmp_path))
    hub.start()
    try:
        await _nothing_is_missed([hub])
    finally:
        hub.stop()


@pytest.mark.postgres
async def test_nothing_is_missed_while_hundreds_write_through_three_processes(
    postgres_database: str,
) -> None:
    hubs = [RunningHub(postgres_database) for _ in range(3)]
    try:
        for hub in hubs:
            hub.start()
        await _nothing_is_missed(hubs)
    finally:
        for hub in hubs:
            hub.stop()


_KILLED = """
import asyncio, os, signal, sys
from hallway.hub.organizations.model import Plan
from hallway.journal.feed import Bell
from hallway.journal.model import Actor
from hallway.settings import load_settings
from hallway.store.feed import BEHIND, FeedStore
from hallway.web.wiring import opened_hub
from hallway.worker.sequencer import Sequencer

async def main():
    hub = await opened_hub(load_settings(os.environ))
    database = hub.stores.database
    run = database.run
    async def killed(steps):
        # What would give the positions: the process ends with it under way.
        if sys.argv[1] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        under_way = asyncio.ensure_future(run(steps))
        await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGKILL)
        await under_way
    await hub.registrar.create("Acme", Plan.ENTERPRISE, None, Actor("command", None, "tests"))
    type(database).run = lambda self, steps: killed(steps)
    Sequencer(hub.stores.feed, database.bell, Bell()).start()
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("moment", ["before", "during"])
async def test_what_a_killed_process_left_without_a_position_gets_one(moment: str, database_url: str) -> None:
    """Committed, and killed before or while its position was given."""
    hub = RunningHub(database_url)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HALLWAY_")}
    ended = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", _KILLED, moment], env={**inherited, **hub.environ}, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    async with beside(hub) as there:
        assert len(await there.stores.organizations.all()) == 1
        before = await there.follower.page(Asked())
        assert moment == "during" or before.items == []
        hub.start()
        try:
            async with asyncio.timeout(60):
                while not (page := await there.follower.page(Asked())).items:
                    pass
        finally:
            hub.stop()
    assert [(one["type"], one["sequence"]) for one in page.items] == [("organization.created", 1)]


# A consumer that starts from nothing


def _id(kind: bytes, number: int) -> bytes:
    return kind * 8 + number.to_bytes(8, "big")


def _members(owner: bytes, directory: bytes) -> dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]:
    """Rows of a great many members who are users of one directory, in groups of a thousand that are in one."""
    who = range(MEMBERS)
    everybody = _id(b"e", 0)
    groups = [_id(b"g", number) for number in range(MEMBERS // 1000)]
    return {
        "organization_member": (
            ("organization_id", "id", "account_id", "email", "email_key", "name", "search_key", "role", "state",
             "source", "directory_id", "resource_id", "created_at", "access_from", "version"),
            [(owner, _id(b"m", n), None, f"u{n}", f"u{n}", f"U{n}", f"u{n}", "user", "active", "directory", directory,
              _id(b"u", n), 1, 1, 1) for n in who],
        ),
        "member_version": (
            ("organization_id", "member_id", "seq", "email", "name", "role", "state", "directory_id", "resource_id"),
            [(owner, _id(b"m", n), 1, f"u{n}", f"U{n}", "user", "active", directory, _id(b"u", n)) for n in who],
        ),
        "resource": (
            ("organization_id", "directory_id", "kind", "id", "seq", "revision", "created_at", "modified_at",
             "schema_version", "display_key", "display", "members", "document"),
            [(owner, directory, 2, one, 1, 1, 1, 1, 1, "g", "G", 1, b"{") for one in (everybody, *groups)],
        ),
        "member": (
            ("organization_id", "directory_id", "group_id", "member_id", "member_kind", "seq"),
            [(owner, directory, groups[n // 1000], _id(b"u", n), 1, 1) for n in who]
            + [(owner, directory, everybody, one, 2, 1) for one in groups],
        ),
    }  # fmt: skip


async def _filled(stage: Stage) -> None:
    rows = _members(stage.key.organization_id, stage.key.directory_id)
    for table, (columns, made) in rows.items():
        if isinstance(stage.database, PostgresDatabase):
            async with stage.database._connection() as connection:
                assert isinstance(connection, asyncpg.Connection)
                await connection.copy_records_to_table(table, records=made, columns=columns, schema_name="hallway")
                # As the server does by itself a minute later.
                await connection.execute(f"ANALYZE {table}")
        else:
            marks = ", ".join("?" * len(columns))
            with stage.database._writer:
                stage.database._writer.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", made)


async def test_a_consumer_that_starts_from_nothing_asks_little_for_many(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """100,000 members: a few reads for each page, however many there are in the tables."""
    async with staged(database_url) as stage:
        await _filled(stage)
        asked: list[str] = []
        fetch = stage.database.fetch

        async def counted(statement: Statement, params: tuple[object, ...]) -> Sequence[ResultRow]:
            asked.append(statement.name)
            return await fetch(statement, params)

        monkeypatch.setattr(stage.database, "fetch", counted)
        teller = Teller(EventStore(stage.database), OrganizationStore(stage.database), b"e" * 16)
        surveyor = Surveyor(Follower(FeedStore(stage.database), teller, Bell()), SnapshotStore(stage.database))
        page = await surveyor.page("", None, 1000)
        pages, members = [page], 0
        while page.next is not None:
            members += sum(one["kind"] == "member" for one in page.items)
            page = await surveyor.page(page.next, None, 1000)
            pages.append(page)
        members += sum(one["kind"] == "member" for one in page.items)
        assert members == MEMBERS
        assert len(pages) == MEMBERS // 1000 + 1
        # The members, and three levels of groups.
        assert len(asked) <= 6 * len(pages)
        last = next(one for one in reversed(page.items) if one["kind"] == "member")
        assert [one["name"] for one in last["groups"]] == ["G", "G"]  # type: ignore[index,union-attr,call-overload]
