"""What delivering is given: strategies by kind, desks, and the loop over an open Hub."""

import os
import random
from collections.abc import Callable, Mapping

from hallway.accounts.model import DEPLOYMENT
from hallway.delivery.again import Again
from hallway.delivery.courier import Courier
from hallway.delivery.model import Sent
from hallway.delivery.ports import Strategy
from hallway.delivery.trying import Trying
from hallway.hub.applications.backchannel import KIND as LOGOUT
from hallway.hub.directories.model import Directory
from hallway.hub.operators.model import OperatorRole
from hallway.hub.operators.service import listed
from hallway.hub.webhooks.logouts import Logouts
from hallway.hub.webhooks.looking import DeliveryDesk
from hallway.hub.webhooks.messages import KIND, Webhooks
from hallway.hub.webhooks.pushing import KIND as STREAM
from hallway.hub.webhooks.pushing import Pushes, pushed
from hallway.hub.webhooks.service import WebhookDesk
from hallway.hub.webhooks.switching_off import SwitchingOff
from hallway.web.streaming import token_maker
from hallway.web.wiring import Hub, application_desk, clock, operator_desk, wrong_url
from hallway.worker.deliveries import Couriers


def strategies(hub: Hub) -> Mapping[str, Strategy]:
    """What endpoints of each kind are sent."""
    return {
        KIND: Webhooks(hub.teller, lambda: hub.keys.ring),
        LOGOUT: Logouts(application_desk(hub), hub.teller),
        STREAM: Pushes(token_maker(hub), lambda: hub.keys.ring),
    }


def webhook_desk(hub: Hub) -> WebhookDesk:
    """What looking after endpoints needs."""
    stores = hub.stores
    return WebhookDesk(
        stores.database, stores.endpoints, stores.lanes, lambda: hub.keys.ring, clock, os.urandom,
        wrong_url(hub.settings), DEPLOYMENT,
    )  # fmt: skip


def delivery_desk(hub: Hub) -> DeliveryDesk:
    """What looking at deliveries, and asking for them again, needs."""
    return DeliveryDesk(webhook_desk(hub), hub.stores.deliveries, _again(hub, _trying(hub)))


def courier(hub: Hub) -> Courier:
    """What visits lanes."""
    stores, trying = hub.stores, _trying(hub)
    return Courier(
        stores.database, stores.endpoints, stores.lanes, trying.strategies, trying, switching_off(hub), clock,
        random.random,
    )  # fmt: skip


def switching_off(hub: Hub) -> SwitchingOff:
    """What switches endpoints off and tells the operators."""
    desk = operator_desk(hub)

    async def told() -> list[str]:
        found = await listed(desk)
        return [account.email for one, account in found if one.may(OperatorRole.SUPPORT)]

    return SwitchingOff(webhook_desk(hub), hub.mailing.letters, told, desk.base_url)


def couriers(hub: Hub, counted: Callable[[Sent], None]) -> Couriers:
    """The loop that delivers, in a process that runs on."""
    stores, made = hub.stores, courier(hub)
    return Couriers(made, _again(hub, made.trying), stores.lanes, stores.deliveries, hub.placed, clock, counted)


def _trying(hub: Hub) -> Trying:
    return Trying(hub.post, strategies(hub), clock, os.urandom)


def _again(hub: Hub, trying: Trying) -> Again:
    stores = hub.stores
    return Again(stores.database, stores.endpoints, stores.deliveries, trying.strategies, trying, clock)


async def tells_events(hub: Hub, directory: Directory) -> bool:
    """Whether somebody polls the directory's changes, or has them pushed."""
    owner = directory.organization_id
    return bool(
        await hub.stores.streams.of_directory(owner, directory.id)
        or await pushed(webhook_desk(hub), owner, directory.id)
    )
