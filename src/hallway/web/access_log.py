"""One line per request, at a tenth of what the general log costs for one.

Rules: a line has nothing that a stranger wrote: method, template of the route, status, bytes, time, and the id;
lines are written together, a moment later at most, in the two formats of `hallway.logs`.
"""

import asyncio
import time
from typing import Final, TextIO

from hallway.web.edge import Observed

FLUSH_SECONDS: Final = 0.25
_MOST_LINES: Final = 1000


class AccessLog:
    """An observer of the edge that writes to `stream`, as `text` or `json`."""

    __slots__ = ("_json", "_lines", "_second", "_second_text", "_stream")

    def __init__(self, stream: TextIO, line_format: str) -> None:
        self._stream = stream
        self._json = line_format == "json"
        self._lines: list[str] = []
        self._second = 0
        self._second_text = ""

    def __call__(self, request: Observed, status: int, size_bytes: int, seconds: float) -> None:
        """Note one answer; called where an event loop runs."""
        if not self._lines:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        self._lines.append(self._line(request, status, size_bytes, seconds))
        if len(self._lines) >= _MOST_LINES:
            self.flush()

    def flush(self) -> None:
        """Write what is noted."""
        if self._lines:
            text = "".join(self._lines)
            self._lines.clear()
            self._stream.write(text)
            self._stream.flush()

    def _line(self, request: Observed, status: int, size_bytes: int, seconds: float) -> str:
        route = request.template or "-"
        at = self._instant(time.time())
        if self._json:
            return (
                f'{{"request_id":"{request.request_id}","method":"{request.method}","route":"{route}",'
                f'"status":{status},"bytes":{size_bytes},"ms":{seconds * 1000:.2f},"event":"request",'
                f'"level":"info","timestamp":"{at}"}}\n'
            )
        return (
            f"{at} info    request  request_id={request.request_id} method={request.method} route={route} "
            f"status={status} bytes={size_bytes} ms={seconds * 1000:.2f}\n"
        )

    def _instant(self, at: float) -> str:
        second = int(at)
        if second != self._second:
            self._second = second
            self._second_text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._second_text}.{int((at - second) * 1_000_000):06d}Z"
