"""Links between directory users and members: see `hallway.hub.directories.links.Links`."""

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Final, cast

from hallway.hub.directories.links import (
    LinkAbsent,
    LinkRemoval,
    LinkUpdate,
    MemberLink,
    NewLink,
    Reason,
)
from hallway.hub.directories.people import PAGE, ListPage
from hallway.hub.directories.resources import DirectoryKey
from hallway.ids import MemberId, OrganizationId, ResourceId
from hallway.store.database import Database, tenant
from hallway.store.people import LINE, listed_of
from hallway.store.rows import writes
from hallway.store.statement import ResultRow, Step, statement

REMEMBERED_SECONDS: Final = 0.5
_MOST_REMEMBERED: Final = 10_000
_WEEK: Final = 7 * 86_400 * 1_000_000

PROVED = statement(
    "domains_proved",
    """SELECT organization_id, name FROM domain WHERE organization_id = ?1 AND state IN ('proved', 'failing')
       AND (failing_since IS NULL OR checked_at IS NULL OR checked_at - failing_since < ?2)""",
)
_LINK: Final = "organization_id, resource_id, member_id, reason, at"
LINK_OF = statement(
    "link_of",
    f"SELECT {_LINK} FROM member_link WHERE organization_id = ?1 AND directory_id = ?2 AND resource_id = ?3",
)
LINKS_OF = statement(
    "links_of",
    f"""SELECT {_LINK} FROM member_link
        WHERE organization_id = ?1 AND directory_id = ?2 AND resource_id IN {{ids:3}}""",
)
ASKING = statement(
    "links_asking",
    f"""SELECT {_LINK} FROM member_link WHERE organization_id = ?1 AND directory_id = ?2 AND reason = 'admin_asked'
        ORDER BY resource_id LIMIT 200""",
)
UNLINKED = statement(
    "people_unlinked",
    f"""SELECT {LINE} FROM resource r WHERE r.organization_id = ?1 AND r.directory_id = ?2 AND r.kind = 1
        AND r.id > ?3 AND COALESCE(r.active, 1) = 1 AND NOT EXISTS (SELECT 1 FROM member_link l
          WHERE l.organization_id = ?1 AND l.directory_id = ?2 AND l.resource_id = r.id)
        ORDER BY r.id LIMIT {PAGE + 1}""",
)
INSERT = statement(
    "link_insert",
    """INSERT INTO member_link (organization_id, directory_id, resource_id, member_id, reason, at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6)""",
)
UPDATE = statement(
    "link_update",
    """UPDATE member_link SET member_id = ?4, reason = ?5, at = ?6
       WHERE organization_id = ?1 AND directory_id = ?2 AND resource_id = ?3 AND member_id = ?7 AND reason = ?8
       RETURNING organization_id""",
)
DELETE = statement(
    "link_delete",
    """DELETE FROM member_link WHERE organization_id = ?1 AND directory_id = ?2 AND resource_id = ?3
       RETURNING organization_id""",
)


class LinkStore:
    """The port over either engine; which domains are proved is remembered for half a second."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._proved: dict[OrganizationId, tuple[float, frozenset[str]]] = {}

    async def proved_domains(self, organization_id: OrganizationId) -> frozenset[str]:
        """Domains that new links may rest on: proved, and not failing for a week."""
        now = monotonic()
        known = self._proved.get(organization_id)
        if known is not None and known[0] > now:
            return known[1]
        rows = await tenant(self._database, organization_id).rows(PROVED, _WEEK)
        domains = frozenset(cast("str", row[0]) for row in rows)
        if len(self._proved) >= _MOST_REMEMBERED:
            self._proved.clear()
        self._proved[organization_id] = (now + REMEMBERED_SECONDS, domains)
        return domains

    async def link_of(self, key: DirectoryKey, resource_id: ResourceId) -> MemberLink | None:
        """A directory user's link."""
        row = await tenant(self._database, key.organization_id).row(LINK_OF, key.directory_id, resource_id)
        return None if row is None else _link(key, row)

    async def links_of(self, key: DirectoryKey, ids: Sequence[ResourceId]) -> Mapping[ResourceId, MemberLink]:
        """The links of those who have one."""
        rows = await tenant(self._database, key.organization_id).rows(LINKS_OF, key.directory_id, list(ids))
        return {one.resource_id: one for one in (_link(key, row) for row in rows)}

    async def unlinked(self, key: DirectoryKey, after: ResourceId | None) -> ListPage:
        """Active directory users without a link, by id; found away from the requests' path."""
        rows = await tenant(self._database, key.organization_id).scan(UNLINKED, key.directory_id, after or b"")
        return ListPage([listed_of(row) for row in rows[:PAGE]], len(rows) > PAGE)

    async def asking(self, key: DirectoryKey) -> Sequence[MemberLink]:
        """Links of people whom the directory wants to be administrators."""
        rows = await tenant(self._database, key.organization_id).scan(ASKING, key.directory_id)
        return [_link(key, row) for row in rows]


def _link(key: DirectoryKey, row: ResultRow) -> MemberLink:
    resource, member, reason, at = cast("tuple[ResourceId, MemberId, str, int]", row)
    return MemberLink(key, resource, member, Reason(reason), at)


@writes(NewLink)
def _new_link(org: bytes, row: NewLink) -> Sequence[Step]:
    one = row.link
    return [Step(INSERT, (org, one.key.directory_id, one.resource_id, one.member_id, one.reason.value, one.at))]


@writes(LinkUpdate)
def _update_link(org: bytes, row: LinkUpdate) -> Sequence[Step]:
    one, was = row.link, row.was
    written = (org, one.key.directory_id, one.resource_id, one.member_id, one.reason.value, one.at)
    return [Step(UPDATE, (*written, was.member_id, was.reason.value), 1)]


@writes(LinkRemoval)
def _remove_link(org: bytes, row: LinkRemoval) -> Sequence[Step]:
    return [Step(DELETE, (org, row.link.key.directory_id, row.link.resource_id), 1)]


@writes(LinkAbsent)
def _link_absent(org: bytes, row: LinkAbsent) -> Sequence[Step]:
    return [Step(LINK_OF, (org, row.key.directory_id, row.resource_id), 0)]
