"""What the journal needs of a store."""

from collections.abc import Sequence
from typing import Protocol

from hallway.ids import DirectoryId, OrganizationId
from hallway.journal.model import Change, Written


class Ledger(Protocol):
    """Takes changes; an answer means that the change is durable."""

    async def commit(self, change: Change) -> int:
        """Write all of `change` and return the `seq` of its first entry (0 without entries).

        Raises `Stale` where the rows are not as it was decided on, `Unavailable` where nothing was written.
        """
        ...


class JournalReader(Protocol):
    """Reads entries in their order."""

    async def after(self, organization_id: OrganizationId, seq: int, limit: int) -> Sequence[Written]:
        """Entries with a greater `seq`, oldest first."""
        ...

    async def of_subject(
        self, organization_id: OrganizationId, directory_id: DirectoryId, subject_id: bytes
    ) -> Sequence[Written]:
        """Entries about one user, group or token, oldest first."""
        ...
