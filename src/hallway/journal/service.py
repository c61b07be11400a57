"""Deciding, and deciding again where somebody else was first."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from hallway.journal.model import Change, Stale, Unavailable
from hallway.journal.ports import Ledger

ATTEMPTS: Final = 5

T = TypeVar("T")


async def carried_out(ledger: Ledger, decide: Callable[[], Awaitable[tuple[Change, T]]]) -> tuple[int, T]:
    """Commit what `decide` returns and give its result with the first entry's `seq`.

    `decide` reads and returns a change; it is asked again when the change was stale, at most five times, then
    the caller gets `Unavailable`. Problems that `decide` raises pass through: they change nothing.
    """
    for _ in range(ATTEMPTS):
        change, result = await decide()
        try:
            return await ledger.commit(change), result
        except Stale:
            continue
    raise Unavailable("too many writers on the same resource")
