"""Connections that are kept for some seconds, and answers of which the beginning is enough."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from hallway import http_client
from hallway.http_client import GuardedClient, Reach
from hallway.outbound import Answer, OutboundProblem, Question
from tests.edges.test_http_client import reply, serving
from tests.hook_server import hook_server

HOME = Reach(("hooks.example",), loopback=True)


def _question(url: str, keeps: bool = True, most: int = 1024) -> Question:
    return Question(url, (), b"body", most, is_cut=True, keeps=keeps)


class Names:
    """Answers of a resolver, one after another; the last one over and over."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize(("keeps", "connections"), [(True, 1), (False, 3)])
async def test_a_kept_connection_serves_the_next_question(keeps: bool, connections: int) -> None:
    async with hook_server() as received:
        names = Names(["127.0.0.1"])
        client = GuardedClient(HOME, resolve=names)
        url = f"http://hooks.example:{received.port}/hook"
        for _ in range(3):
            assert (await client.ask(_question(url, keeps))).status == 200
        assert (received.connections, names.asked) == (connections, connections)
        await client.aclose()


async def test_the_name_is_resolved_and_judged_again_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "KEPT_SECONDS", -1.0)
    async with hook_server() as received:
        names = Names(["127.0.0.1"], ["127.0.0.1"], ["169.254.169.254"])
        client = GuardedClient(HOME, resolve=names)
        url = f"http://hooks.example:{received.port}/hook"
        for _ in range(2):
            await client.ask(_question(url))
        with pytest.raises(OutboundProblem, match="No answer came"):
            await client.ask(_question(url))
        assert (received.connections, names.asked) == (2, 3)
        await client.aclose()


async def test_a_line_that_is_used_is_closed_by_who_uses_it_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "KEPT_SECONDS", -1.0)
    go_on = asyncio.Event()

    async def late(writer: asyncio.StreamWriter) -> None:
        await go_on.wait()
        writer.write(reply(b"late"))

    async with serving(late) as server, hook_server() as received:
        client = GuardedClient(HOME)
        first = asyncio.create_task(client.ask(_question(server.url)))
        while not server.heard:
            await asyncio.sleep(0)
        second = asyncio.create_task(client.ask(_question(server.url)))
        while len(server.heard) < 2:
            await asyncio.sleep(0)
        assert (await client.ask(_question(received.url))).status == 200
        go_on.set()
        assert [one.body for one in await asyncio.gather(first, second)] == [b"late", b"late"]
        await client.aclose()


async def _served(act: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await act(reader, writer)
        finally:
            writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


async def test_a_connection_that_the_other_side_has_just_closed_is_made_again() -> None:
    """It had served before; where a new one is closed without an answer, that is the answer."""
    heard: list[int] = []
    connections = 0

    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        own, closes_at = connections, 2 if connections < 3 else 1
        for number in range(1, closes_at + 1):
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(4)
            heard.append(own)
            if number == closes_at:
                return
            writer.write(reply(b"ok"))

    listening = await _served(act)
    async with listening:
        client = GuardedClient(HOME)
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
        answers = [await client.ask(_question(url)) for _ in range(2)]
        assert [one.status for one in answers] == [200, 200] and heard == [1, 1, 2]
        with pytest.raises(OutboundProblem) as caught:
            await client.ask(_question(url))
        assert caught.value.code == "unreachable" and heard == [1, 1, 2, 2, 3]
        await client.aclose()


async def test_of_a_long_answer_the_beginning_is_enough() -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
            await writer.drain()

    async with serving(endless) as server:
        client = GuardedClient(HOME)
        for keeps in (True, False):
            answer: Answer = await client.ask(_question(server.url, keeps))
            assert (answer.status, answer.body) == (202, b"x" * 1024)
        await client.aclose()


async def test_a_short_answer_is_whole() -> None:
    async with serving(reply(b"short")) as server:
        client = GuardedClient(HOME)
        assert (await client.ask(_question(server.url))).body == b"short"
        await client.aclose()
