"""Delivering what is due."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from hallway.journal.model import Stale
from hallway.keys.model import Undecipherable, UnknownKey
from hallway.outbox.letterbox import opened
from hallway.outbox.model import LEASE, Attempt, Due, Fate, OutgoingMail, next_try
from hallway.outbox.ports import Carrier, NotCarried, Outbox, Vault

AT_ONCE: Final = 8
"""So many mails are on their way at one time."""


@dataclass(frozen=True, slots=True)
class Postman:
    """Takes mails out of the outbox and hands them on."""

    outbox: Outbox
    carrier: Carrier
    vault: Callable[[], Vault]
    clock: Callable[[], int]

    async def round(self) -> Sequence[Attempt]:
        """Deliver some of what is due, and say what became of each; nothing where nothing is due.

        Raises `Unavailable` where the store cannot serve; what was claimed is then due again when its lease ends.
        """
        due = await self.outbox.due(self.clock(), AT_ONCE)
        attempts = await asyncio.gather(*(self._attempt(one) for one in due))
        return [attempt for attempt in attempts if attempt is not None]

    async def _attempt(self, due: Due) -> Attempt | None:
        claimed = await self.outbox.claim(due, self.clock() + LEASE)
        if claimed is None:
            return None
        try:
            await self.carrier.carry(opened(self.vault(), claimed), claimed.id, claimed.created_at)
        except NotCarried as problem:
            return await self._failed(claimed, str(problem), problem.forever)
        except (Undecipherable, UnknownKey):
            # A key that another process made current is taken up soon; one that is lost never comes back.
            return await self._failed(claimed, "it cannot be opened with the keys of this process")
        return await self._settled(claimed, Attempt(claimed.id, Fate.DELIVERED))

    async def _failed(self, claimed: OutgoingMail, reason: str, forever: bool = False) -> Attempt | None:
        due_at = None if forever else next_try(claimed, self.clock())
        if due_at is None:
            return await self._settled(claimed, Attempt(claimed.id, Fate.DROPPED, reason))
        try:
            await self.outbox.postpone(claimed, due_at)
        except Stale:
            return None
        return Attempt(claimed.id, Fate.POSTPONED, reason)

    async def _settled(self, claimed: OutgoingMail, attempt: Attempt) -> Attempt | None:
        try:
            await self.outbox.remove(claimed)
        except Stale:
            # The lease ended meanwhile, or the tenant did: it is no longer this process's mail.
            return attempt if attempt.fate is Fate.DELIVERED else None
        return attempt
