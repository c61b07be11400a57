"""A coroutine that is begun at once ends as it would in a task of its own."""

import asyncio
from contextvars import ContextVar
from typing import Any

import pytest

from hallway.journal.feed import Bell
from hallway.web.first_step import begun

NAME: ContextVar[str] = ContextVar("NAME", default="")


def start(coroutine: Any) -> asyncio.Task[None] | None:
    return begun(coroutine, asyncio.get_running_loop())


async def test_what_waits_for_nothing_is_done_at_once() -> None:
    seen = []

    async def quick() -> None:
        seen.append(1)

    assert start(quick()) is None
    assert seen == [1]


async def test_what_waits_is_a_task_from_then_on() -> None:
    seen: list[Any] = []
    first: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def slow() -> None:
        seen.append(asyncio.current_task())
        seen.append(await first)
        seen.append(asyncio.current_task())
        async with asyncio.timeout(5):
            await asyncio.sleep(0)

    task = start(slow())
    assert task is not None
    first.set_result(7)
    await task
    assert seen[1:] == [7, task]
    assert seen[0] is not task


@pytest.mark.parametrize("waits", [0, 1, 2])
async def test_a_failure_is_the_tasks(waits: int) -> None:
    async def failing() -> None:
        for _ in range(waits):
            await asyncio.sleep(0)
        raise LookupError("of the application")

    task = start(failing())
    assert task is not None
    with pytest.raises(LookupError):
        await task


async def test_a_failure_of_what_is_waited_for_can_be_handled() -> None:
    waited: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    seen = []

    async def handling() -> None:
        try:
            await waited
        except LookupError:
            seen.append("handled")
        await asyncio.sleep(0)
        seen.append("went on")

    task = start(handling())
    waited.set_exception(LookupError())
    assert task is not None
    await task
    assert seen == ["handled", "went on"]


async def test_who_is_cancelled_can_still_tidy_up() -> None:
    seen = []

    async def waiting() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0)
            seen.append("tidy")

    task = start(waiting())
    assert task is not None
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["tidy"]


async def test_what_is_bound_stays_with_the_coroutine() -> None:
    seen = []

    async def binding(name: str) -> None:
        NAME.set(name)
        await asyncio.sleep(0)
        seen.append(NAME.get())

    tasks = [start(binding(name)) for name in ("a", "b")]
    assert NAME.get() == ""
    for task in tasks:
        assert task is not None
        await task
    assert seen == ["a", "b"]


async def test_a_request_may_wait_for_a_bell_in_its_first_step() -> None:
    bell, heard = Bell(), list[bool]()

    async def waits() -> None:
        heard.append(await bell.wait(60))

    # As the server does it: from a callback of the loop, where there is no task yet.
    begun_at_all: asyncio.Future[asyncio.Task[None] | None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(lambda: begun_at_all.set_result(start(waits())))
    task = await begun_at_all
    assert task is not None
    bell.ring()
    await task
    assert heard == [True]
