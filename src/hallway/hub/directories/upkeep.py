"""What directories need from time to time without anybody asking: replaced tokens end, and of one that ends people are
told in time.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from hallway.hub.directories.desk import Desk
from hallway.hub.directories.letters import token_ends_letter
from hallway.hub.directories.model import Directory, Token
from hallway.hub.directories.rotation import close_replaced, closings, successor_of
from hallway.hub.directories.tokens import DAY
from hallway.hub.organizations.alarms import Alarms
from hallway.hub.organizations.model import Organization, OrganizationState
from hallway.hub.organizations.notices import NewNotice, Notices
from hallway.hub.organizations.ports import Organizations
from hallway.ids import DIRECTORY, EntryId, wire
from hallway.journal.model import Actor, Change, Entry, Stale

STEPS: Final = (60, 30, 7, 1)
"""So many days before a token ends people are told."""
TOKEN_ENDS: Final = "token_ends"  # noqa: S105 - a kind of notice
_SYSTEM: Final = Actor("system", None, "upkeep")


@dataclass(frozen=True, slots=True)
class TokenUpkeep:
    """Looks after every organization's tokens."""

    desk: Desk
    organizations: Organizations

    async def round(self) -> None:
        """Once over everybody."""
        for organization in await self.organizations.all():
            await asyncio.sleep(0)  # requests come between
            await close_replaced(self.desk, organization.id)


@dataclass(frozen=True, slots=True)
class TokenEndings:
    """Tells of tokens that end, each step once; nothing counts as told where nobody could be."""

    desk: Desk
    organizations: Organizations
    notices: Notices
    alarms: Alarms
    base_url: str

    async def round(self) -> None:
        """Once over everybody who is not suspended."""
        for organization in await self.organizations.all():
            await asyncio.sleep(0)  # requests come between
            if organization.state is OrganizationState.ACTIVE:
                await self._tell(organization)

    async def _tell(self, organization: Organization) -> None:
        now = self.desk.now()
        tokens = await self.desk.directories.unexpired_tokens(organization.id, now)
        due = [(token, step) for token in tokens if (step := step_of(token, tokens, now)) is not None]
        if not due:
            return
        told = await self.notices.told(organization.id, TOKEN_ENDS)
        directories = {one.id: one for one in await self.desk.directories.of_organization(organization.id)}
        for token, step in due:
            if (token.id, step) not in told and token.directory_id in directories:
                await self._mail(directories[token.directory_id], token, step, tokens)

    async def _mail(self, directory: Directory, token: Token, step: int, tokens: Sequence[Token]) -> None:
        now, owner = self.desk.now(), directory.organization_id
        page = f"{self.base_url}/directories/{wire(DIRECTORY, directory.id)}/tokens"
        successor = successor_of(token, tokens, now) is not None
        letters = await self.alarms.rows(owner, *token_ends_letter(directory, token, now, page, successor))
        if not letters:
            return
        entry = Entry(
            EntryId(self.desk.fresh_id()), "token.ending_told", now, _SYSTEM, token.id, directory.id,
            facts={"days": step, "expires_at": token.expires_at, "mails": len(letters), "label": token.label},
        )  # fmt: skip
        notice = NewNotice(owner, TOKEN_ENDS, token.id, step, now)
        with suppress(Stale):  # another process was first
            await self.desk.ledger.commit(Change(owner, (notice, *letters), (entry,), entry.id))


def step_of(token: Token, tokens: Sequence[Token], now: int) -> int | None:
    """Which step a living token has come to; None before the first, for one that was made later than that, and for one
    that a used successor closes anyway.
    """
    if not token.is_alive(now) or token.id in closings(tokens, now):
        return None
    reached = [step for step in STEPS if token.expires_at - now <= step * DAY < token.expires_at - token.created_at]
    return min(reached, default=None)
