"""A server that is killed while it has mails to deliver: each one arrives."""

import asyncio
import signal
from contextlib import suppress

import pytest

from hallway.hub.organizations.inviting import Wish, invite
from hallway.hub.organizations.model import Plan
from hallway.journal.model import Stale
from hallway.outbox.model import LEASE
from hallway.web.wiring import Hub
from tests.mail_server import mail_server
from tests.running import ACTOR, RunningHub

LAST = 9


async def _promise(hub: Hub) -> list[str]:
    """Invitations, committed as a command commits them."""
    owner = await hub.registrar.create("Acme", Plan.FREE, None, ACTOR)
    wishes = [Wish(f"p{number}@example.com") for number in range(LAST)]
    return [(await invite(hub.roster, owner, wish, ACTOR)).link for wish in wishes]


async def _waiting(hub: Hub) -> int:
    return len(await hub.stores.outgoing_mail.due(hub.desk.now() + 2 * LEASE, 100))


async def _leases_ended(hub: Hub) -> None:
    """What a dead process had taken is due now, as it would be after its lease."""
    for one in await hub.stores.outgoing_mail.due(hub.desk.now() + 2 * LEASE, 100):
        with suppress(Stale):
            await hub.stores.outgoing_mail.claim(one, hub.desk.now())


def _mailing(database_url: str, port: int) -> RunningHub:
    return RunningHub(
        database_url, {"HALLWAY_SMTP_URL": f"smtp+plain://127.0.0.1:{port}", "HALLWAY_MAIL_FROM": "hub@example.com"}
    )


@pytest.mark.slow
async def test_a_hub_that_is_killed_while_it_delivers_loses_no_mail(database_url: str) -> None:
    connected, ended = asyncio.Event(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await reader.read()  # until the other side is dead
        writer.close()
        ended.set()

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with listening:
        killed = _mailing(database_url, listening.sockets[0].getsockname()[1])
        await asyncio.to_thread(killed.start)
        links = await asyncio.to_thread(killed.act, _promise)
        await connected.wait()
        await asyncio.to_thread(killed.stop, signal.SIGKILL)
        await ended.wait()
    assert await asyncio.to_thread(killed.act, _waiting) == LAST
    async with mail_server() as taken:
        again = _mailing(database_url, taken.port)
        await asyncio.to_thread(again.act, _leases_ended)
        await asyncio.to_thread(again.start)
        while len(taken.envelopes) < LAST:
            taken.came.clear()
            await taken.came.wait()
        await asyncio.to_thread(again.stop)
        texts = [message.get_content() for message in taken.messages]
    assert sorted(one for text in texts for one in links if one in text) == sorted(links)
    assert await asyncio.to_thread(again.act, _waiting) == 0


async def test_a_mail_that_a_command_promised_leaves_with_the_next_server(database_url: str) -> None:
    async with mail_server() as taken:
        hub = _mailing(database_url, taken.port)
        [*links] = await asyncio.to_thread(hub.act, _promise)
        await asyncio.to_thread(hub.start)
        while len(taken.envelopes) < LAST:
            taken.came.clear()
            await taken.came.wait()
        await asyncio.to_thread(hub.stop)
    assert len(links) == LAST == len({message["Message-ID"] for message in taken.messages})
