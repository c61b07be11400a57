"""What services of events and receipts are given: the desks over an open Hub."""

import os
from collections.abc import Sequence

from hallway.hub.applications.scopes import RECEIPTS
from hallway.hub.events.lateness import LateReceipts
from hallway.hub.events.receipts import Confirmer, ReceiptDesk
from hallway.hub.operators.model import OperatorRole
from hallway.hub.operators.service import listed
from hallway.web.wiring import Hub, clock, operator_desk


async def receipt_confirmers(hub: Hub) -> Sequence[Confirmer]:
    """Everybody who may send receipts now: living API keys with the scope, since each was made."""
    now = clock()
    keys = [one for one in await hub.stores.api_keys.keys() if one.is_alive(now) and RECEIPTS in one.scopes]
    return [Confirmer(one.id, one.name, one.created_at) for one in keys]


def receipt_desk(hub: Hub) -> ReceiptDesk:
    """What receipts need."""
    stores = hub.stores
    return ReceiptDesk(stores.database, stores.feed, stores.receipts, stores.members, clock, os.urandom)


def late_receipts(hub: Hub) -> LateReceipts:
    """What looks for receipts that should have come."""
    stores, desk = hub.stores, operator_desk(hub)

    async def told() -> list[str]:
        found = await listed(desk)
        return [account.email for one, account in found if one.may(OperatorRole.SUPPORT)]

    return LateReceipts(
        stores.database, stores.feed, stores.receipts, stores.organizations, stores.deployment,
        lambda: receipt_confirmers(hub), told, hub.mailing.letters, clock, os.urandom, desk.base_url,
    )  # fmt: skip
