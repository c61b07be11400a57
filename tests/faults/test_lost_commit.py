"""A COMMIT whose answer was lost is looked up before anybody is told that it failed, and is there exactly once."""

import asyncio
from dataclasses import replace

import pytest

from hallway.hub.directories.model import Kind
from hallway.journal.model import Change, Unavailable
from hallway.store.opening import Opening, migrate, opened
from tests.faults.agreement import disagreements, read
from tests.faults.proxy import Loss, proxied
from tests.store.stage import Stage, furnished

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("loss", [Loss.ANSWER, Loss.LATE])
async def test_a_commit_without_an_answer_is_found_again(loss: Loss, postgres_database: str) -> None:
    await migrate(Opening(postgres_database))
    async with proxied(postgres_database) as (proxy, url):
        database = opened(Opening(url))
        stage = await furnished(database)
        proxy.lose = loss
        users = await asyncio.gather(*(stage.user(f"u{number}") for number in range(20)))
        assert await stage.ids(Kind.USER) == sorted(users)
        await stage.user("after")
        await database.close()
    assert await disagreements(postgres_database) == []
    assert (await read(postgres_database, "SELECT COUNT(*) FROM resource"))[0] == [(21,)]


async def test_a_commit_that_never_arrived_is_not_claimed(postgres_database: str) -> None:
    await migrate(Opening(postgres_database))
    async with proxied(postgres_database) as (proxy, url):
        database = opened(Opening(url))
        stage = await furnished(database)
        proxy.lose = Loss.COMMIT
        with pytest.raises(Unavailable):
            await stage.user("lost")
        assert await stage.ids(Kind.USER) == []
        assert await stage.user("lost") in await stage.ids(Kind.USER)
        await database.close()
    assert await disagreements(postgres_database) == []


async def test_what_became_of_it_is_asked_for_each_change_of_the_batch(postgres_database: str) -> None:
    """A stale change of the same batch stays stale: it is decided again, and then is there once."""
    await migrate(Opening(postgres_database))
    async with proxied(postgres_database) as (proxy, url):
        database = opened(Opening(url))
        stage = await furnished(database)
        ann = await stage.user("ann")
        proxy.lose = Loss.ANSWER
        await asyncio.gather(stage.user("bob"), stage.user("BOB"), stage.group("g", ann), return_exceptions=True)
        assert len(await stage.ids(Kind.USER)) == 2
        await database.close()
    assert await disagreements(postgres_database) == []


async def test_a_poisonous_change_fails_alone_and_the_writer_goes_on(database_url: str) -> None:
    await migrate(Opening(database_url))
    database = opened(Opening(database_url))
    try:
        stage = await furnished(database)
        outcomes = await asyncio.gather(
            stage.user("before"), _poison(stage), stage.user("after"), return_exceptions=True
        )
        assert [isinstance(outcome, bytes) for outcome in outcomes] == [True, False, True]
        assert isinstance(outcomes[1], Exception) and not isinstance(outcomes[1], Unavailable)
        await stage.user("later")
        assert len(await stage.ids(Kind.USER)) == 3
    finally:
        await database.close()
    assert await disagreements(database_url) == []


async def _poison(stage: Stage) -> bytes:
    """A change that no engine can write: an instant beyond 64 bits."""
    entry = replace(stage.entry("user.updated", b"s" * 16), at=1 << 70)
    await stage.database.commit(Change(stage.key.organization_id, (), (entry,), entry.id))
    return b""
