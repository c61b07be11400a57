"""Where an application is told that a session ended: an endpoint of the deployment, which belongs to the application.

Rules: it comes, changes and goes with the application's address, in the same change; what waits at it goes to the
address of now; an endpoint that was switched off, since it took nothing, is switched on with its application.
"""

from dataclasses import replace
from typing import Final

from hallway.accounts.model import DEPLOYMENT
from hallway.delivery.model import Endpoint, EndpointRemoval, EndpointState, EndpointUpdate, NewEndpoint
from hallway.hub.applications.desk import ApplicationDesk
from hallway.hub.applications.model import Application
from hallway.ids import EndpointId
from hallway.journal.model import Change, Row, Stale

KIND: Final = "logout"
_MOST_NAME: Final = 100


async def endpoint_of(desk: ApplicationDesk, application: Application) -> Endpoint | None:
    """The application's endpoint, on or off."""
    found = [one for one in await desk.endpoints.endpoints() if one.kind == KIND and one.belongs_to == application.id]
    return found[0] if found else None


async def endpoint_rows(desk: ApplicationDesk, application: Application, switch_on: bool = False) -> tuple[Row, ...]:
    """What makes the endpoint as the application is; one that it has no address for is off, until it goes."""
    was, url = await endpoint_of(desk, application), application.addresses.logout_uri
    name = application.name[:_MOST_NAME]
    if was is None:
        own = EndpointId(desk.fresh_id())
        made = Endpoint(
            DEPLOYMENT, own, KIND, url, EndpointState.ACTIVE, desk.clock(), b"", name=name, belongs_to=application.id
        )
        return (NewEndpoint(made),) if url else ()
    now = replace(was, url=url or was.url, name=name)
    if not url:
        now = replace(now, state=EndpointState.OFF, reason="The application has no address for it any more.")
    elif switch_on or was.url != url:
        now = replace(now, state=EndpointState.ACTIVE, reason="")
    return () if now == was else (EndpointUpdate(was, replace(now, version=was.version + 1)),)


async def tidied(desk: ApplicationDesk, application: Application) -> None:
    """An endpoint without an address goes, with what was kept of its deliveries; one that is on goes on."""
    found = await endpoint_of(desk, application)
    if found is None:
        return
    if application.addresses.logout_uri:
        await desk.lanes.wake(found.id, desk.clock())
        return
    await desk.lanes.forget_all(found.id)
    try:
        await desk.ledger.commit(Change(DEPLOYMENT, (EndpointRemoval(found),)))
    except Stale:
        return
