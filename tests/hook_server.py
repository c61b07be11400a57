"""A receiver of webhooks for tests: a real HTTP server in the loop of the test, which notes what it got."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.delivering import Heard


@dataclass
class Received:
    """What came, and how it is answered: with `status`, or not at all while `silent`."""

    port: int = 0
    status: int = 200
    silent: bool = False
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def until(self, count: int) -> None:
        """Wait for so many requests."""
        while len(self.heard) < count:
            self.came.clear()
            await self.came.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {
                    name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)
                }
                body = await reader.readexactly(int(headers["content-length"]))
                self.heard.append(Heard(0, self.url, headers, body))
                self.came.set()
                if self.silent:
                    await reader.read()  # until the other side is dead
                    break
                answer = f"HTTP/1.1 {self.status} Said\r\nContent-Length: 2\r\n\r\nok"
                writer.write(answer.encode())
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.closed.set()
            writer.close()


@asynccontextmanager
async def hook_server() -> AsyncIterator[Received]:
    """A receiver on a port of its own."""
    received = Received()
    listening = await asyncio.start_server(received.serve, "127.0.0.1", 0)
    received.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield received
        listening.close()
