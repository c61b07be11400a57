"""Questions to the journal of an organization: by kind, by who did it, by whom it is about, by words, by time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hallway.ids import MemberId, OrganizationId
from hallway.journal.model import Written


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for, newest first; `text` anywhere in names and addresses, `before` is a place in the journal.

    Times are microseconds, `since` counts and `until` does not.
    """

    types: tuple[str, ...] = ()
    actor_kind: str = ""
    actor_id: bytes | None = None
    subject_id: bytes | None = None
    text: str = ""
    since: int | None = None
    until: int | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Found:
    """Entries, newest first; `following` is where to go on (`before`), None where all was looked through."""

    entries: Sequence[Written]
    following: int | None = None


class Audit(Protocol):
    """What the audit needs of a store."""

    async def found(self, organization_id: OrganizationId, asked: Question) -> Found:
        """A page; one question looks through a bounded part of the journal, and says where to go on."""
        ...

    async def of_member(self, organization_id: OrganizationId, member_id: MemberId) -> Sequence[Written]:
        """The latest entries about a member, newest first."""
        ...
