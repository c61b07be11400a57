"""Between a client and PostgreSQL: sees each COMMIT pass, and may lose it, or the answer to it.

Rules: the first COMMIT after `lose` was set is treated so, everything else passes.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit

_COMMIT = b"Q" + (4 + len(b"COMMIT\0")).to_bytes(4, "big") + b"COMMIT\0"
_LOOK_UP = b"journal_head"


class Loss(Enum):
    """What happens to a COMMIT."""

    ANSWER = "it reaches the server and is carried out, and the connection breaks before the answer"
    COMMIT = "the connection breaks before it reaches the server"
    LATE = "the connection breaks at once, and it reaches the server when the client has begun to look for its work"


@dataclass
class Proxy:
    """Listens on a port of its own."""

    host: str
    port: int
    lose: Loss | None = None
    looked_up: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        server_reader, server_writer = await asyncio.open_connection(self.host, self.port)
        back = asyncio.create_task(_passed(server_reader, writer))
        try:
            while part := await reader.read(65536):
                if self.lose is not None and _COMMIT in part:
                    loss, self.lose = self.lose, None
                    await self._lost(loss, part, (server_writer, writer), back)
                    return
                if _LOOK_UP in part:
                    self.looked_up.set()
                server_writer.write(part)
        finally:
            back.cancel()
            server_writer.close()
            writer.close()
            self.tasks.discard(task)

    async def _lost(
        self,
        loss: Loss,
        part: bytes,
        writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
        back: "asyncio.Task[None]",
    ) -> None:
        server, client = writers
        self.looked_up.clear()
        back.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await back
        if loss is Loss.ANSWER:  # the server carries it out, whether or not anybody listens
            server.write(part)
            await server.drain()
        client.close()
        if loss is Loss.LATE:
            await self.looked_up.wait()
            server.write(part)
            await server.drain()


async def _passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(65536):
            writer.write(part)
    writer.close()


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy before the server of `url`, and the address through it."""
    place = urlsplit(url)
    assert place.hostname is not None and place.port is not None
    proxy = Proxy(place.hostname, place.port)
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield proxy, url.replace(f":{place.port}/", f":{port}/")
    finally:
        listening.close()
        for task in list(proxy.tasks):
            task.cancel()
        await asyncio.gather(*proxy.tasks, return_exceptions=True)
