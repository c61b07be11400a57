"""Receipts that should have come: who was to confirm that somebody is out, and did not in time.

Rules: each leaving is looked at once its time is over, by one process; the operators are told once of each, and the
deployment's own journal says so; what happened before an application could confirm is asked of nobody.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from hallway.accounts.model import DEPLOYMENT
from hallway.hub.events.receipts import DUE, LEAVING, Confirmer, Receipts, instant
from hallway.hub.organizations.invitations import Letters
from hallway.hub.organizations.notices import NewNotice
from hallway.hub.organizations.ports import Organizations
from hallway.ids import ENTRY, ORGANIZATION, EntryId, fresh_id, wire
from hallway.journal.feed import Feed, Placed, Wanted
from hallway.journal.model import Actor, Change, Entry, Row, Stale
from hallway.journal.ports import Ledger
from hallway.scim.json import JsonObject

AT_ONCE: Final = 500
CHECKED: Final = "receipts_checked"
"""The deployment's value that says up to which position leavings have been looked at."""
NOTICE: Final = "receipt_late"
SYSTEM: Final = Actor("system", None, "receipts")

Confirmers: TypeAlias = Callable[[], Awaitable[Sequence[Confirmer]]]
"""Everybody who may send receipts now."""
Told: TypeAlias = Callable[[], Awaitable[Sequence[str]]]
"""The addresses of those who run the deployment."""


class Values(Protocol):
    """The deployment's values."""

    async def first(self, name: str, value: str) -> str:
        """The value, set to `value` where there was none."""
        ...

    async def exchange(self, name: str, was: str, value: str) -> bool:
        """Set the value where it still is `was`."""
        ...


@dataclass(frozen=True, slots=True)
class LateReceipts:
    """Looks for them; `told` gives whom to write to."""

    ledger: Ledger
    feed: Feed
    receipts: Receipts
    organizations: Organizations
    values: Values
    confirmers: Confirmers
    told: Told
    letters: Letters
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]
    base_url: str

    async def round(self) -> int:
        """Look at the leavings whose time is over; how many receipts are late."""
        late = 0
        was = await self.values.first(CHECKED, str(await self.feed.newest()))
        found = await self.feed.after(Wanted(int(was), AT_ONCE, types=LEAVING))
        until, now = found.until, self.clock()
        for placed in found.entries:
            if placed.at > now - DUE:
                until = placed.position - 1
                break
            for confirmer in await self.missing(placed):
                late += await self._alarmed(placed, confirmer)
        if until > int(was):
            await self.values.exchange(CHECKED, was, str(until))
        return late

    async def missing(self, placed: Placed) -> list[Confirmer]:
        """Who was to confirm a leaving, and has not."""
        expected = [one for one in await self.confirmers() if one.since <= placed.at]
        if not expected:
            return []
        came = {one.by_id for one in await self.receipts.of_event(placed.organization_id, placed.event_id)}
        return [one for one in expected if one.id not in came]

    async def _alarmed(self, placed: Placed, confirmer: Confirmer) -> int:
        """Told once: whoever comes second finds the notice there."""
        now = self.clock()
        organization = await self.organizations.by_id(placed.organization_id)
        if organization is None:
            return 0
        facts: JsonObject = {
            "organization": wire(ORGANIZATION, placed.organization_id),
            "event": wire(ENTRY, placed.event_id),
            "type": placed.type,
            "happened": instant(placed.at),
            "application": confirmer.name,
        }
        personal: JsonObject = {"name": organization.name}
        own = EntryId(fresh_id(now, self.entropy(10)))
        entry = Entry(own, "receipt.late", now, SYSTEM, placed.organization_id, facts=facts, personal=personal)
        subject, text = late_letter(organization.name, confirmer.name, placed, self.base_url)
        mails = [row for to in await self.told() for row in self.letters(DEPLOYMENT, to, subject, text)]
        notice = NewNotice(DEPLOYMENT, NOTICE, placed.event_id + confirmer.id, 0, now)
        rows: tuple[Row, ...] = (notice, *mails)
        try:
            await self.ledger.commit(Change(DEPLOYMENT, rows, (entry,), entry.id))
        except Stale:
            return 0
        return 1


def late_letter(organization: str, application: str, placed: Placed, base_url: str) -> tuple[str, str]:
    """To the operators: somebody left, and an application has not said that she is out."""
    seconds = DUE // 1_000_000
    return f"{application} has not confirmed that somebody of {organization} is out", (
        f"Somebody left {organization} at {instant(placed.at)} ({placed.type}, event {wire(ENTRY, placed.event_id)}). "
        f"{application} has not sent a receipt within {seconds} seconds, so nobody knows whether her sessions there "
        "have ended.\n\n"
        f"Look whether {application} reads the feed or gets webhooks, and what it answers:\n\n"
        f"{base_url}/operator/problems\n\n"
        "A receipt that comes later is kept, and shown as late. This is told once for each event.\n"
    )
