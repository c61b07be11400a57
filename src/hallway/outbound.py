"""What is asked of others over HTTP, and what comes back: plain values, and the port that rooms are handed.

Rules: an answer of any status is an answer; that none came is an `OutboundProblem`, whose words are the same for an
open port and a closed one, and for a forbidden address and one that does not exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

CODES: Final = {
    "wrong_address": "This is not an address that we can ask.",
    "not_https": "The address does not begin with https://.",
    "unreachable": "No answer came from this address.",
    "too_slow": "The answer did not arrive in time.",
    "too_large": "The answer is larger than is taken.",
    "wrong_encoding": "The answer is compressed in a way that is not taken.",
    "broken": "The answer broke off.",
    "redirected": "The answer leads to another address, where this question does not follow.",
    "too_many_redirects": "The address leads to another one too many times.",
}
"""Every code. `docs/reference/outbound-problems.md` has a heading for each."""

USUAL_MOST_BYTES: Final = 1024 * 1024


class OutboundProblem(Exception):
    """No answer came. `code` is for everybody; `why` is for the log of the deployment, and for nobody else."""

    def __init__(self, code: str, why: str = "") -> None:
        super().__init__(CODES[code])
        self.code = code
        self.why = why


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. With a body it is a POST; with a body or an Authorization header it is never redirected.

    `is_cut`: of a longer answer the first `most_bytes` are enough. `keeps`: its connection may serve the next question
    to the same host, for some seconds.
    """

    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    most_bytes: int = USUAL_MOST_BYTES
    is_cut: bool = False
    keeps: bool = False

    @property
    def is_confidential(self) -> bool:
        """Whether it carries something that only this address may read."""
        return self.body is not None or any(name.lower() == "authorization" for name, _ in self.headers)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, from `url` after redirects; names of headers are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str


class Outbound(Protocol):
    """The one way out."""

    async def ask(self, question: Question) -> Answer:
        """The answer. Raises `OutboundProblem`."""
        ...
