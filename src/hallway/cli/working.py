"""`hallway hub worker`."""

import asyncio
import signal
from typing import Final

import structlog

from hallway.cli.running import BaseUrl, Database, refuse, run_with_hub, settings_of
from hallway.delivery.model import SECOND, Fate, Sent
from hallway.hub.organizations.service import Refused
from hallway.logs import set_up_logs
from hallway.setting_values import SqliteLocation
from hallway.web.delivering import couriers
from hallway.web.wiring import Hub
from hallway.worker.sequencer import Sequencer
from hallway.worker.upkeep import take_up

RENEW_SECONDS: Final = 10.0

_log = structlog.get_logger("hallway.worker")


def worker(database: Database = None, base_url: BaseUrl = None) -> None:
    """Deliver to webhooks, in a process of its own, until a signal comes. Needs PostgreSQL."""
    settings = settings_of({"database": database, "base_url": base_url})
    if isinstance(settings.database, SqliteLocation):
        refuse(Refused("invalid", "On SQLite the process that serves delivers too; no other is needed."), 1)
    set_up_logs(settings.log_level, settings.log_format)
    run_with_hub(settings, _deliver)


async def _deliver(hub: Hub) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, ended.set)
    sequencer = Sequencer(hub.stores.feed, hub.stores.database.bell, hub.placed)
    made = couriers(hub, _noted)
    sequencer.start()
    made.start()
    renewing = asyncio.create_task(_renew(hub))
    _log.info("worker_started")
    await ended.wait()
    renewing.cancel()
    await made.stop()
    await sequencer.stop()
    await hub.post.aclose()
    _log.info("worker_ended")


async def _renew(hub: Hub) -> None:
    """Take up data keys that were made since."""
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        await take_up(hub.keys)


def _noted(one: Sent) -> None:
    if one.fate is Fate.DELIVERED:
        _log.debug("delivered", endpoint=one.endpoint.id.hex(), lag_seconds=one.lag / SECOND)
