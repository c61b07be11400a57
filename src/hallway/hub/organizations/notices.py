"""What was told once, and is not told again: also by another process, at the same moment.

Rules: a notice is a row of the change that has its mails, and the table has it once; whoever is second is stale.
"""

from collections.abc import Set
from dataclasses import dataclass
from typing import Protocol

from hallway.ids import OrganizationId


@dataclass(frozen=True, slots=True)
class NewNotice:
    """Somebody was told: of what kind, about what, and which step of it."""

    organization_id: OrganizationId
    kind: str
    subject_id: bytes
    step: int
    at: int


@dataclass(frozen=True, slots=True)
class NoticesEnd:
    """What was told about a subject is over, and would be told again."""

    organization_id: OrganizationId
    kind: str
    subject_id: bytes


class Notices(Protocol):
    """What was told."""

    async def told(self, organization_id: OrganizationId, kind: str) -> Set[tuple[bytes, int]]:
        """Subjects and steps."""
        ...
