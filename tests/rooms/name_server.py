"""A DNS server over UDP on loopback, that answers as a test tells it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import dns.message
import dns.rcode
import dns.rrset


@dataclass
class NameServer(asyncio.DatagramProtocol):
    """Zone files in a dictionary: name → lines of a zone; `None` is silence, a callable makes the octets."""

    zone: dict[str, list[str] | None | Callable[[dns.message.Message], bytes]] = field(default_factory=dict)
    port: int = 0
    asked: list[str] = field(default_factory=list)
    transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text().rstrip(".").lower()
        self.asked.append(name)
        lines = self.zone.get(name, [])
        if lines is None:
            return
        if callable(lines):
            self.transport.sendto(lines(query), addr)
            return
        answer = dns.message.make_response(query)
        if name not in self.zone:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        for line in lines:
            owner, kind, value = line.split(" ", 2)
            answer.answer.append(dns.rrset.from_text(f"{owner}.", 60, "IN", kind, value))
        self.transport.sendto(answer.to_wire(max_size=65_000), addr)

    def text(self, name: str, *values: str) -> None:
        """Let a name have TXT records."""
        self.zone[name] = [f'{name} TXT "{value}"' for value in values]


@asynccontextmanager
async def name_server() -> AsyncIterator[NameServer]:
    """A server that runs, on a free port of 127.0.0.1."""
    server = NameServer()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: server, ("127.0.0.1", 0))
    try:
        yield server
    finally:
        transport.close()
