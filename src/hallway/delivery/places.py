"""How many attempts are under way at one time: in all, and at each endpoint.

Rules: an endpoint never has more than its share of the places, and one that fails has a single one, so that a slow or
dead endpoint leaves the others theirs.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from hallway.ids import EndpointId

IN_ALL: Final = 48
AT_EACH: Final = 8


@dataclass(slots=True)
class Places:
    """The places of one process."""

    in_all: int = IN_ALL
    at_each: int = AT_EACH
    _taken: Counter[EndpointId] = field(default_factory=Counter)
    _failing: set[EndpointId] = field(default_factory=set)

    @property
    def are_full(self) -> bool:
        """Whether nobody gets a place now."""
        return self._taken.total() >= self.in_all

    def take(self, endpoint_id: EndpointId) -> bool:
        """Whether there is a place for one more attempt at an endpoint, which is then taken."""
        share = 1 if endpoint_id in self._failing else self.at_each
        if self.are_full or self._taken[endpoint_id] >= share:
            return False
        self._taken[endpoint_id] += 1
        return True

    def release(self, endpoint_id: EndpointId) -> None:
        """A place is free again."""
        self._taken[endpoint_id] -= 1
        if not self._taken[endpoint_id]:
            del self._taken[endpoint_id]

    def came_out(self, endpoint_id: EndpointId, well: bool) -> None:
        """How the last attempt at an endpoint ended."""
        if well:
            self._failing.discard(endpoint_id)
        else:
            self._failing.add(endpoint_id)
