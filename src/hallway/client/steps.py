"""A conversation with the Hub, without I/O: a generator that yields requests and is sent answers.

Written once, it is driven by the client that waits (`blocking.py`) and by the one that does not (`asynchronous.py`).
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar

T = TypeVar("T")

SECONDS: Final = 10.0
MOST_BYTES: Final = 16 * 1024 * 1024
AGENT: Final = "hallway-client/1"


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent to an absolute address; `seconds` is how long the whole answer may take."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    octets: bytes = field(repr=False)


Steps: TypeAlias = Generator[Request, Answer, T]


def is_loopback(host: str) -> bool:
    """Names that are always this machine (RFC 6761 §6.3), whatever its resolver says of them."""
    return host == "localhost" or host.endswith(".localhost")
