"""A mail from its promise to its delivery.

Rules: a mail is a row of the change that promises it, so it is sent if and only if that change is durable; who it is
to and what it says are sealed, because it carries links that let somebody in. It is tried for three days, then dropped.
A process that dies while it sends leaves a mail that is sent again, under the same Message-ID.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from hallway.ids import MailId, OrganizationId

MINUTE: Final = 60 * 1_000_000
LEASE: Final = 3 * MINUTE
"""How long a process has a mail for itself: longer than any attempt takes."""
WAITS: Final = tuple(minutes * MINUTE for minutes in (1, 5, 30, 120, 360))
"""Between attempts; the last one over and over."""
KEPT: Final = 3 * 24 * 60 * MINUTE


@dataclass(frozen=True, slots=True)
class Mail:
    """What a person gets; `repr` shows nothing of it, so no log can."""

    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewMail:
    """Promises a mail; due at once."""

    tenant: OrganizationId
    id: MailId
    sealed: bytes = field(repr=False)
    created_at: int


@dataclass(frozen=True, slots=True)
class Due:
    """Which mail is to be sent now, in anybody's tenant."""

    tenant: OrganizationId
    id: MailId
    due_at: int


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A mail that this process has for itself until `due_at`; `tries` counts the one under way."""

    tenant: OrganizationId
    id: MailId
    sealed: bytes = field(repr=False)
    created_at: int
    due_at: int
    tries: int


class Fate(StrEnum):
    """What an attempt led to."""

    DELIVERED = "delivered"
    POSTPONED = "postponed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of a mail; `reason` is empty where it was delivered, and never names who or what."""

    id: MailId
    fate: Fate
    reason: str = ""


def next_try(outgoing: OutgoingMail, now: int) -> int | None:
    """When to try again after an attempt that failed; None where it was the last."""
    due_at = now + WAITS[min(outgoing.tries, len(WAITS)) - 1]
    return due_at if due_at <= outgoing.created_at + KEPT else None
