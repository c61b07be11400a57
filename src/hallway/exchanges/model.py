"""A request and what was answered, as people may read it.

Rules: bodies are redacted by the schema's allow-list before they come here; an answer equal to a stored
version is named by resource and revision, not copied.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from hallway.ids import DirectoryId, ExchangeId, OrganizationId, TokenId

HOUR: Final = 3_600 * 1_000_000
"""Microseconds; counters are kept by the hour."""


@dataclass(slots=True)  # not frozen: it is filled in while the request is under way
class Exchange:
    """One authenticated write, one refusal, or one of the first reads of an hour.

    `request` is redacted JSON, or None where there was no body or it did not parse (then `request_note` has
    size, hash and position of the error). `duration` is in microseconds, from the first byte to the decision.
    `seq` is the journal entry it led to, 0 for none; `not_applied` says what a disabled directory refused to end.
    `at` is microseconds since 1970.
    """

    id: ExchangeId
    organization_id: OrganizationId
    directory_id: DirectoryId
    token_id: TokenId | None
    at: int
    method: str
    path: str
    status: int
    duration: int
    client: str = ""
    address: str = ""
    content_type: str = ""
    accept: str = ""
    request: bytes | None = None
    request_note: str = ""
    quirks: tuple[str, ...] = ()
    answer: bytes | None = None
    answer_resource: bytes | None = None
    answer_revision: int = 0
    not_applied: str = ""
    seq: int = 0

    @property
    def is_answered_read(self) -> bool:
        """A question that got its answer."""
        return self.status < 400 and (self.method in {"GET", "HEAD"} or self.path.endswith("/.search"))


@dataclass(frozen=True, slots=True)
class ExchangeEnd:
    """What is known only at the end of an exchange that was written with its first change: quirks and duration."""

    exchange: Exchange


@dataclass(frozen=True, slots=True)
class StrangerRefusal:
    """One of the last hundred refusals of a directory before authentication: no body, no token."""

    organization_id: OrganizationId
    directory_id: DirectoryId
    at: int
    method: str
    path: str
    reason: str
    client: str
    address: str


class TokenUse(NamedTuple):
    """The last use of a token."""

    organization_id: OrganizationId
    directory_id: DirectoryId
    token_id: TokenId
    at: int
    address: str
    client: str


@dataclass(slots=True)
class Gathered:
    """What is to be written: counters by (organization, directory, …), uses by token, refusals."""

    requests: Counter[tuple[OrganizationId, DirectoryId, int, str]] = field(default_factory=Counter)
    quirks: Counter[tuple[OrganizationId, DirectoryId, str]] = field(default_factory=Counter)
    uses: dict[TokenId, TokenUse] = field(default_factory=dict)
    refusals: list[Exchange] = field(default_factory=list)
    reads: list[Exchange] = field(default_factory=list)
    strangers: list[tuple[int, StrangerRefusal]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any((self.requests, self.quirks, self.uses, self.refusals, self.reads, self.strangers))
