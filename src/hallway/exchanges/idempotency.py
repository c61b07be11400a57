"""A request that may be sent twice and is carried out once: what is kept of it, by the key that its sender chose."""

from dataclasses import dataclass
from typing import Final, Protocol

BEGUN: Final = 0
COMMITTED: Final = 1
"""What stands in the place of a status until there is one: it was begun; it was carried out, and no answer is kept."""

ABANDONED: Final = 60 * 1_000_000
"""After so long without a commit somebody else may begin anew; whoever was slow can then commit nothing any more."""
LIFETIME: Final = 86_400 * 1_000_000
"""How long answers are kept."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The right to carry a request out: its key's hash, and the instant by which the holder is known."""

    key_hash: bytes
    at: int


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What is kept: of which request, the answer's status, and the answer, sealed."""

    request_hash: bytes
    status: int
    sealed: bytes
    created_at: int


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """A row that goes with a change: its request was carried out; stale where somebody else has begun it anew."""

    begun: Begun


class Answers(Protocol):
    """Keeps answers."""

    async def begin(self, key_hash: bytes, request_hash: bytes, now: int) -> Begun | KeptAnswer:
        """The right to carry the request out, or what is kept of it."""
        ...

    async def keep(self, begun: Begun, status: int, sealed: bytes) -> None:
        """Keep the answer."""
        ...

    async def give_up(self, begun: Begun) -> None:
        """Nothing was changed: the same key may begin anew."""
        ...

    async def forget(self, before: int) -> None:
        """Forget what is older."""
        ...
