"""Whether the process lives, and whether it can serve: for those who restart it and for those who send it requests."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

import orjson

from hallway.web.http import Header, Request, Response

Check: TypeAlias = Callable[[], Awaitable[str | None]]
"""None where all is well, else a sentence for the operator; it must not raise."""

_PLAIN: Final[tuple[Header, ...]] = ((b"content-type", b"text/plain; charset=utf-8"),)
_JSON: Final[tuple[Header, ...]] = ((b"content-type", b"application/json"),)


async def healthz(_: Request) -> Response:
    """200 while the process answers at all; says nothing about what it stands on."""
    return Response(200, b"ok\n", _PLAIN)


class Readiness:
    """200 where every check is well, else 503 with what is wrong; all checks run at once, each within its time."""

    __slots__ = ("_checks", "_seconds")

    def __init__(self, checks: Mapping[str, Check], seconds: float = 2.0) -> None:
        self._checks = checks
        self._seconds = seconds

    async def __call__(self, _: Request) -> Response:
        """The handler of `/readyz`."""
        found = await asyncio.gather(*[self._outcome(check) for check in self._checks.values()])
        outcomes = dict(zip(self._checks, found, strict=True))
        ready = all(outcome is None for outcome in found)
        answer = {
            "status": "ready" if ready else "not ready",
            "checks": {name: outcome or "ok" for name, outcome in outcomes.items()},
        }
        return Response(200 if ready else 503, orjson.dumps(answer), _JSON)

    async def _outcome(self, check: Check) -> str | None:
        try:
            async with asyncio.timeout(self._seconds):
                return await check()
        except TimeoutError:
            return f"no answer within {self._seconds:g} s"
