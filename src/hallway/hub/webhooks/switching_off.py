"""Switching an endpoint off that takes nothing any more: the journal says so, and a mail to those who run all this."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from hallway.delivery.model import SWITCHED_OFF, Endpoint, EndpointState, EndpointUpdate
from hallway.hub.applications.backchannel import KIND as LOGOUT
from hallway.hub.organizations.invitations import Letters
from hallway.hub.webhooks.pushing import KIND as STREAM
from hallway.hub.webhooks.service import WebhookDesk, entry_of
from hallway.ids import APPLICATION, DIRECTORY, ENDPOINT, wire
from hallway.journal.model import Actor, Change, Stale

SYSTEM: Final = Actor("system", None, "deliveries")


@dataclass(frozen=True, slots=True)
class SwitchingOff:
    """See `hallway.delivery.ports.SwitchOff`; `told` gives the addresses of those who are to know."""

    desk: WebhookDesk
    letters: Letters
    told: Callable[[], Awaitable[Sequence[str]]]
    base_url: str

    async def __call__(self, endpoint: Endpoint, reason: str) -> None:
        """Off, once; whoever comes second, or after a change of the endpoint, leaves it as it is."""
        desk = self.desk
        off = replace(endpoint, state=EndpointState.OFF, reason=reason, version=endpoint.version + 1)
        entry = entry_of(desk, off, "endpoint.switched_off", SYSTEM)
        subject, text = letter(off, self.base_url)
        mails = [row for to in await self.told() for row in self.letters(desk.owner, to, subject, text)]
        try:
            await desk.ledger.commit(Change(desk.owner, (EndpointUpdate(endpoint, off), *mails), (entry,), entry.id))
        except Stale:
            return


async def switched_off(desk: WebhookDesk) -> list[Endpoint]:
    """Endpoints of every kind that are off because they took nothing, oldest first."""
    return [
        one for one in await desk.endpoints.endpoints() if one.state is EndpointState.OFF and one.reason in SWITCHED_OFF
    ]


def letter(endpoint: Endpoint, base_url: str) -> tuple[str, str]:
    """What is mailed."""
    name = wire(ENDPOINT, endpoint.id)
    way, page = f"webhook enable {name}", f"/operator/webhooks/{name}"
    if endpoint.kind == LOGOUT and endpoint.belongs_to is not None:
        application = wire(APPLICATION, endpoint.belongs_to)
        way, page = f"application enable {application}", f"/operator/applications/{application}"
    elif endpoint.kind == STREAM and endpoint.belongs_to is not None:
        way, page = f"stream enable {wire(DIRECTORY, endpoint.belongs_to)} {name}", "/operator/problems"
    last = endpoint.succeeded_at
    since = "never" if last is None else f"{datetime.fromtimestamp(last / 1_000_000, UTC):%Y-%m-%d %H:%M} UTC"
    return f"{endpoint.url} is told nothing any more", (
        f"The {endpoint.kind} {name} ({endpoint.name or 'without a name'}) at {endpoint.url} was switched off. "
        f"{endpoint.reason}\n\n"
        f"It last took something: {since}.\n\n"
        "Nothing that happens is lost: it waits for the endpoint, as long as the feed tells it. When the endpoint "
        "answers again, switch it on, and everything is sent in its order:\n\n"
        f"  hallway hub {way}\n\n"
        f"Look at it: {base_url}{page}\n"
    )
