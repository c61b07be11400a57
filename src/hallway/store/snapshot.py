"""Reading what there is, for snapshots: see `hallway.hub.events.model.StateRead`."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.events.model import MemberVersion
from hallway.hub.organizations.model import Organization
from hallway.ids import DirectoryId, MemberId, OrganizationId, ResourceId
from hallway.store.database import Database, everywhere, tenant
from hallway.store.organizations import organization_of
from hallway.store.reading import groups_above
from hallway.store.statement import ResultRow, statement

_ORGANIZATION: Final = "o.organization_id, o.name, o.external_id, o.plan, o.state, o.created_at, h.seq"
_HEADS: Final = "FROM organization o JOIN journal_head h ON h.organization_id = o.organization_id"

ORGANIZATIONS = statement(
    "global_snapshot_organizations",
    f"SELECT {_ORGANIZATION} {_HEADS} WHERE o.organization_id > ?1 ORDER BY o.organization_id LIMIT ?2",
)
ORGANIZATION = statement("snapshot_organization", f"SELECT {_ORGANIZATION} {_HEADS} WHERE o.organization_id = ?1")
MEMBERS = statement(
    "snapshot_members",
    """SELECT m.organization_id, m.id,
         (SELECT MAX(v.seq) FROM member_version v WHERE v.organization_id = m.organization_id AND v.member_id = m.id),
         m.email, m.name, m.role, m.state, m.directory_id, m.resource_id
       FROM organization_member m WHERE m.organization_id = ?1 AND m.id > ?2 ORDER BY m.id LIMIT ?3""",
)


class SnapshotStore:
    """The port over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def organizations(self, after: OrganizationId | None, limit: int) -> Sequence[tuple[Organization, int]]:
        """Organizations behind one, each with the last `seq` of its journal."""
        rows = await everywhere(self._database, ORGANIZATIONS, after or b"", limit)
        return [_with_head(row) for row in rows]

    async def organization(self, organization_id: OrganizationId) -> tuple[Organization, int] | None:
        """One of them."""
        rows = await tenant(self._database, organization_id).whole(ORGANIZATION)
        return _with_head(rows[0]) if rows else None

    async def members(
        self, organization_id: OrganizationId, after: MemberId | None, limit: int
    ) -> Sequence[MemberVersion]:
        """Members behind one, as they are."""
        rows = await tenant(self._database, organization_id).rows(MEMBERS, after or b"", limit)
        return [
            MemberVersion(
                *cast("tuple[MemberId, int, str, str, str, str, DirectoryId | None, ResourceId | None]", tuple(row))
            )
            for row in rows
        ]

    async def groups_of(
        self, key: DirectoryKey, users: Sequence[ResourceId]
    ) -> Mapping[ResourceId, Mapping[ResourceId, str]]:
        """The groups that each user is in, directly or through others: one read for each level of nesting."""
        above = await groups_above(tenant(self._database, key.organization_id), key.directory_id, set(users))
        found: dict[ResourceId, dict[ResourceId, str]] = {}
        for user in users:
            groups = found[user] = {}
            ask = [user]
            while ask:
                for group, name in above[ask.pop()]:
                    if group not in groups:
                        groups[group] = name
                        ask.append(group)
        return found


def _with_head(row: ResultRow) -> tuple[Organization, int]:
    return organization_of(OrganizationId(cast("bytes", row[0])), row[1:-1]), cast("int", row[-1])
