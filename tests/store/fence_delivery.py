"""What deliveries read, asked for in another organization's name: part of `test_fence.py`."""

from typing import Any, Final

from hallway.delivery.model import DeliveryDone, DeliveryState, Endpoint, EndpointState, NewEndpoint
from hallway.ids import EndpointId
from hallway.store import deliveries, endpoints, lanes
from hallway.store.endpoints import EndpointStore
from tests.store.conformance_delivery import ATTEMPT, delivery, due_lane, stores
from tests.store.stage import Stage


async def settle_deliveries(stage: Stage, secret: str) -> dict[str, Any]:
    """A lane, a delivery and an endpoint of Beta's, as if it could have one."""
    one, lane = await due_lane(stage, place=2)
    dead = delivery(lane, DeliveryState.DEAD)
    await stage.write(DeliveryDone(dead, ATTEMPT), organization=lane.owner, entries=0)
    own = Endpoint(lane.owner, EndpointId(b"b" * 16), "webhook", secret, EndpointState.ACTIVE, 1, b"")
    await stage.write(NewEndpoint(own), organization=lane.owner, entries=0)
    return {"lane": lane, "delivery": dead, "endpoint": one.id}


def _store(t: Any) -> Any:
    return stores(t.stage)[2]


def _acme(t: Any) -> EndpointStore:
    return EndpointStore(t.stage.database, t.key.organization_id)


async def _recent(t: Any) -> object:
    """The feed is global: its position is made to point at the wrong organization."""
    own = deliveries.tenant(t.stage.database, t.key.organization_id)
    return await own.rows(deliveries.SEVERAL, t.ids["endpoint"], [t.ids["delivery"].position])


async def _own(t: Any) -> object:
    own = deliveries.tenant(t.stage.database, t.key.organization_id)
    return await own.rows(deliveries.OF_ENDPOINT, t.ids["endpoint"], 1 << 60, 10)


async def _old_dead(t: Any) -> object:
    own = deliveries.tenant(t.stage.database, t.key.organization_id)
    return await own.rows(deliveries.OLD_DEAD, 1 << 60, 10)


async def _attempts(t: Any) -> object:
    own = deliveries.tenant(t.stage.database, t.key.organization_id)
    return await own.rows(deliveries.ATTEMPTS, t.ids["endpoint"], t.ids["delivery"].position)


DELIVERY_READS: Final[dict[str, tuple[Any, str, Any]]] = {
    "endpoint_by_id": (endpoints, "BY_ID", lambda t: _acme(t).endpoint(EndpointId(b"b" * 16))),
    "endpoints": (endpoints, "ALL", lambda t: _acme(t).endpoints()),
    "lane_by_id": (lanes, "BY_ID", lambda t: stores(t.stage)[1].lane(t.key.organization_id, t.ids["endpoint"])),
    "delivery": (
        deliveries, "ONE",
        lambda t: _store(t).delivery(t.key.organization_id, t.ids["endpoint"], t.ids["delivery"].position),
    ),
    "deliveries_of_endpoint": (deliveries, "OF_ENDPOINT", _own),
    "deliveries_at": (deliveries, "SEVERAL", _recent),
    "delivery_attempts": (deliveries, "ATTEMPTS", _attempts),
    "deliveries_dead_before": (deliveries, "OLD_DEAD", _old_dead),
}  # fmt: skip
