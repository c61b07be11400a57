"""What was told once."""

from collections.abc import Sequence, Set
from typing import cast

from hallway.hub.organizations.notices import NewNotice, NoticesEnd
from hallway.ids import OrganizationId
from hallway.store.database import Database, tenant
from hallway.store.rows import writes
from hallway.store.statement import Step, statement

TOLD = statement(
    "notices", "SELECT organization_id, subject_id, step FROM notice WHERE organization_id = ?1 AND kind = ?2"
)
INSERT = statement(
    "notice_insert", "INSERT INTO notice (organization_id, kind, subject_id, step, at) VALUES (?1, ?2, ?3, ?4, ?5)"
)
END = statement("notices_end", "DELETE FROM notice WHERE organization_id = ?1 AND kind = ?2 AND subject_id = ?3")


class NoticeStore:
    """See `hallway.hub.organizations.notices.Notices`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def told(self, organization_id: OrganizationId, kind: str) -> Set[tuple[bytes, int]]:
        """Subjects and steps."""
        rows = await tenant(self._database, organization_id).rows(TOLD, kind)
        return {(subject, step) for subject, step in cast("list[tuple[bytes, int]]", rows)}


@writes(NewNotice)
def _insert(org: bytes, row: NewNotice) -> Sequence[Step]:
    return [Step(INSERT, (org, row.kind, row.subject_id, row.step, row.at))]


@writes(NoticesEnd)
def _end(org: bytes, row: NoticesEnd) -> Sequence[Step]:
    return [Step(END, (org, row.kind, row.subject_id))]
