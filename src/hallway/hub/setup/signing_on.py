"""What the bearer of a link does about sign-in: a connection of the link's own, told who the provider is, tested.

Rules: a link makes at most one connection, and touches no other one, nor its own once it is on; it enforces nothing;
where the organization has members, the connection waits for an administrator to turn it on.
"""

from dataclasses import dataclass, replace

from hallway.hub.connections.desk import ConnectionDesk
from hallway.hub.connections.model import Connection, ConnectionState, NewConnection
from hallway.hub.connections.openid import Client, take_client
from hallway.hub.connections.service import ConnectionBook, Draft
from hallway.hub.organizations.service import Refused
from hallway.hub.setup.acts import Accompanied, as_link
from hallway.hub.setup.model import SetupLinkUpdate, Task
from hallway.hub.setup.service import SetupDesk, Visit, notices
from hallway.journal.model import Change, Row, Stale
from hallway.journal.ports import Ledger


@dataclass(frozen=True, slots=True)
class Hand:
    """Whoever works with a link, from where, and what both rooms need."""

    desk: SetupDesk
    connections: ConnectionDesk
    visit: Visit
    address: str

    def book(self, ledger: Ledger) -> ConnectionBook:
        """What this link does with connections, through a ledger."""
        return ConnectionBook(replace(self.connections, ledger=ledger), self.visit.actor(self.address))


async def make_connection(hand: Hand, draft: Draft) -> Connection:
    """The link's connection, as a draft."""
    desk, visit = hand.desk, hand.visit
    _refuse_other_task(visit)
    if visit.link.progress.connection_id is not None:
        raise Refused("conflict", "This link has made its connection already.")
    letters = await notices(desk, visit.organization, visit.link, f"made the connection {draft.name}")

    def beside(change: Change) -> tuple[Row, ...]:
        made = next(row.connection for row in change.rows if isinstance(row, NewConnection))
        progress = replace(visit.link.progress, connection_id=made.id)
        link = replace(visit.link, progress=progress, version=visit.link.version + 1)
        return (SetupLinkUpdate(visit.link, link), *letters)

    try:
        return await hand.book(Accompanied(hand.connections.ledger, beside)).create(visit.organization, draft)
    except Stale:
        raise Refused("conflict", "Somebody works with this link just now, in another browser; look again.") from None


async def take(hand: Hand, one: Connection, text: str, entity_id: str) -> Connection:
    """Who the provider is: what stood in the box, and the entity ID beside it."""
    _refuse_running(hand.visit, one)
    return await as_link(
        hand.desk, hand.visit, f"told the connection {one.name} who its provider is",
        lambda ledger: hand.book(ledger).take(one, text, entity_id),
    )  # fmt: skip


async def take_openid(hand: Hand, one: Connection, client: Client) -> Connection:
    """The same of an OpenID provider."""
    _refuse_running(hand.visit, one)
    actor = hand.visit.actor(hand.address)
    return await as_link(
        hand.desk, hand.visit, f"told the connection {one.name} who its provider is",
        lambda ledger: take_client(replace(hand.connections, ledger=ledger), actor, one, client),
    )  # fmt: skip


async def turn_on(hand: Hand, one: Connection) -> Connection:
    """Sign people in by it, where nobody is there who could be kept out."""
    _refuse_running(hand.visit, one)
    if await hand.desk.concerned.has_members(hand.visit.organization.id):
        raise Refused("conflict", "The organization has members already, so one of its administrators turns it on.")
    if one.tested_at is None:
        raise Refused("conflict", "Test a sign-in first.")
    return await as_link(
        hand.desk, hand.visit, f"turned the connection {one.name} on",
        lambda ledger: hand.book(ledger).enable(one, hand.visit.organization),
    )  # fmt: skip


def _refuse_running(visit: Visit, one: Connection) -> None:
    _refuse_other_task(visit)
    if one.id != visit.link.progress.connection_id:
        raise Refused("not_found", "This link has made no such connection.")
    if one.state is not ConnectionState.DRAFT:
        raise Refused("conflict", "The connection is in use: its administrators change it from now on.")


def _refuse_other_task(visit: Visit) -> None:
    if Task.SSO not in visit.link.tasks:
        raise Refused("not_found", "This link is not for that.")
