"""Reading what events are made of: see `hallway.hub.events.model.EntriesRead`."""

from collections.abc import Collection, Mapping, Sequence
from typing import cast

from hallway.hub.directories.model import Kind
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.events.model import MemberVersion
from hallway.ids import DirectoryId, MemberId, OrganizationId, ResourceId
from hallway.journal.model import Entry, Written
from hallway.store.database import Database, tenant
from hallway.store.journal import COLUMNS, PERSONAL, JournalStore, written_of
from hallway.store.statement import statement

AT = statement(
    "journal_at",
    f"""SELECT {COLUMNS} FROM journal j {PERSONAL} WHERE j.organization_id = ?1 AND j.seq IN {{ints:2}}""",
)
AROUND = statement(
    "member_versions_around",
    """SELECT organization_id, member_id, seq, email, name, role, state, directory_id, resource_id FROM member_version
       WHERE organization_id = ?1 AND member_id = ?2 AND seq <= ?3 ORDER BY seq DESC LIMIT 2""",
)
LINKED = statement(
    "members_linked",
    """SELECT organization_id, resource_id, member_id FROM member_link
       WHERE organization_id = ?1 AND directory_id = ?2 AND resource_id IN {ids:3}""",
)
GROUPS_AMONG = statement(
    "removed_groups_among",
    """SELECT organization_id, member_id FROM member_past
       WHERE organization_id = ?1 AND directory_id = ?2 AND group_id = ?3 AND member_id IN {ids:4}
         AND member_kind = ?5""",
)


class EventStore:
    """The port over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._journal = JournalStore(database)

    async def at(self, organization_id: OrganizationId, seqs: Sequence[int]) -> Mapping[int, Written]:
        """Entries by their `seq`."""
        rows = await tenant(self._database, organization_id).rows(AT, list(seqs))
        return {one.seq: one for one in (written_of(row) for row in rows)}

    async def around(
        self, organization_id: OrganizationId, entry: Entry, seq: int
    ) -> tuple[tuple[Kind, bytes] | None, tuple[Kind, bytes] | None]:
        """The subject's document before and after the entry."""
        return await self._journal.around(organization_id, entry, seq)

    async def members_around(
        self, organization_id: OrganizationId, member_id: MemberId, seq: int
    ) -> Sequence[MemberVersion]:
        """The newest two versions up to `seq`."""
        rows = await tenant(self._database, organization_id).rows(AROUND, member_id, seq)
        return [
            MemberVersion(
                *cast("tuple[MemberId, int, str, str, str, str, DirectoryId | None, ResourceId | None]", tuple(row))
            )
            for row in rows
        ]

    async def members_of(self, key: DirectoryKey, resource_ids: Sequence[ResourceId]) -> Mapping[ResourceId, MemberId]:
        """Which members directory users are linked to."""
        if not resource_ids:
            return {}
        rows = await tenant(self._database, key.organization_id).rows(LINKED, key.directory_id, list(resource_ids))
        return dict(cast("list[tuple[ResourceId, MemberId]]", [tuple(row) for row in rows]))

    async def groups_among(
        self, key: DirectoryKey, group_id: ResourceId, removed: Sequence[ResourceId]
    ) -> Collection[ResourceId]:
        """Which of those who were removed from a group were groups."""
        if not removed:
            return ()
        own = tenant(self._database, key.organization_id)
        rows = await own.rows(GROUPS_AMONG, key.directory_id, group_id, list(removed), Kind.GROUP.value)
        return {cast("ResourceId", row[0]) for row in rows}
