"""The operators' console on a host of its own: which pages that host has, and which the others."""

from dataclasses import dataclass
from typing import Final

from hallway.web.edge import without_port
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.operator.guard import HOME, PREFIX
from hallway.web.rows import Row

_EVERYWHERE: Final = frozenset({"/preferences", "/patterns"})


@dataclass(frozen=True, slots=True)
class OperatorHost:
    """Keeps pages apart by host; `name` is "" where the console has no host of its own, and nothing is kept apart."""

    name: str

    def elsewhere(self, row: Row, request: Request) -> Response | None:
        """None where the page belongs to the host of the request; raises 404, or leads on from the start page."""
        if not self.name or row.path in _EVERYWHERE:
            return None
        is_there = without_port(request.header(b"host").lower()) == self.name
        if is_there and row.path == "/":
            return Response(303, b"", ((b"location", HOME.encode()),))
        is_operators = row.path == PREFIX or row.path.startswith(f"{PREFIX}/")
        if is_there != is_operators:
            raise EdgeProblem(404, "There is nothing at this address.")
        return None
