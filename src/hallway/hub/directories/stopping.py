"""Telling when a directory that worked has stopped: once, until it works again.

Rules: only what its own signs say is told, and nothing of a directory that somebody closed or that never worked; what
is told again is a new time, after a time of working.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from hallway.exchanges.model import HOUR
from hallway.hub.directories.activity import Activity
from hallway.hub.directories.desk import Desk
from hallway.hub.directories.health import Signs
from hallway.hub.directories.letters import stopped_letter
from hallway.hub.directories.model import Directory, DirectoryState
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.organizations.alarms import Alarms
from hallway.hub.organizations.model import OrganizationState
from hallway.hub.organizations.notices import NewNotice, Notices, NoticesEnd
from hallway.hub.organizations.ports import Organizations
from hallway.ids import DIRECTORY, EntryId, OrganizationId, wire
from hallway.journal.model import Actor, Change, Entry, Stale

STOPPED: Final = "directory_stopped"
SEEN_HOURS: Final = 48
STRANGERS: Final = 5
"""So many requests without a living token, and none with one, are a wrong token; fewer may be anybody."""
_SYSTEM: Final = Actor("system", None, "upkeep")


class Cause(IntEnum):
    """Why nothing arrives; its number is the step of the notice."""

    NO_TOKEN = 1
    WRONG_TOKEN = 2
    SILENCE = 3


def cause_of(signs: Signs) -> Cause | None:
    """Why a directory that worked has stopped; None for one that works, was closed, or has never worked."""
    if signs.last_request_at is None or signs.directory.state is not DirectoryState.ACTIVE:
        return None
    if not any(token.is_alive(signs.now) for token in signs.tokens):
        return Cause.NO_TOKEN
    today = signs.day(0)
    if today["unauthenticated"] >= STRANGERS and not today["read"] + today["write"] + today["refused"]:
        return Cause.WRONG_TOKEN
    rhythm = signs.product.rhythm_seconds * 1_000_000
    return Cause.SILENCE if rhythm and signs.now - signs.last_request_at >= rhythm else None


@dataclass(frozen=True, slots=True)
class StoppingAlarm:
    """Looks at every directory; nothing counts as told where nobody could be."""

    desk: Desk
    organizations: Organizations
    activity: Activity
    notices: Notices
    alarms: Alarms
    base_url: str

    async def round(self) -> None:
        """Once over every organization that is not suspended."""
        for organization in await self.organizations.all():
            if organization.state is OrganizationState.ACTIVE:
                await self._look(organization.id)

    async def _look(self, owner: OrganizationId) -> None:
        told = {subject for subject, _ in await self.notices.told(owner, STOPPED)}
        for directory in await self.desk.directories.of_organization(owner):
            await asyncio.sleep(0)  # requests come between
            signs = await self._signs(directory)
            cause = cause_of(signs)
            if cause is not None and directory.id not in told:
                await self._tell(signs, cause)
            elif cause is None and directory.id in told:
                await self.desk.ledger.commit(Change(owner, (NoticesEnd(owner, STOPPED, directory.id),)))

    async def _signs(self, directory: Directory) -> Signs:
        key, now = DirectoryKey(directory.organization_id, directory.id), self.desk.now()
        last = await self.desk.directories.last_request(key)
        if last is None:
            return Signs(directory, (), None, {}, 0, now)
        counts = await self.activity.counts(key, now // HOUR - SEEN_HOURS)
        return Signs(directory, await self.desk.directories.tokens(key), last, counts, 0, now)

    async def _tell(self, signs: Signs, cause: Cause) -> None:
        directory, owner, now = signs.directory, signs.directory.organization_id, signs.now
        page = f"{self.base_url}/directories/{wire(DIRECTORY, directory.id)}"
        letters = await self.alarms.rows(owner, *stopped_letter(signs, cause.name, page))
        if not letters:
            return
        entry = Entry(
            EntryId(self.desk.fresh_id()), "directory.stop_told", now, _SYSTEM, directory.id, directory.id,
            facts={"reason": cause.name.lower(), "mails": len(letters)}, personal={"name": directory.name},
        )  # fmt: skip
        notice = NewNotice(owner, STOPPED, directory.id, cause.value, now)
        with suppress(Stale):  # another process was first
            await self.desk.ledger.commit(Change(owner, (notice, *letters), (entry,), entry.id))
