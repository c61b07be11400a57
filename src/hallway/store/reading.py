"""Reading users and groups: see `hallway.hub.directories.ports.Resources`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias, cast

from hallway.hub.directories.model import Kind
from hallway.hub.directories.ports import Page, Search
from hallway.hub.directories.resources import (
    DirectoryKey,
    GroupOfUser,
    MemberOfGroup,
    Stored,
    UserLine,
    Walk,
    group_text,
)
from hallway.ids import DirectoryId, OrganizationId, ResourceId
from hallway.store.database import Database, Tenant, tenant
from hallway.store.paging import BY_IDS, COUNT, found_page
from hallway.store.resources import NESTING
from hallway.store.shape import GROUP_TEXT, LINE, NESTED, SHAPE, stored_of
from hallway.store.statement import ResultRow, statement

BY_ID = statement(
    "resource_by_id",
    f"""SELECT {SHAPE} FROM resource r
        WHERE r.organization_id = ?1 AND r.directory_id = ?2 AND r.kind = ?3 AND r.id = ?4""",
)
BY_NAME = statement(
    "resource_by_name",
    f"""SELECT {SHAPE} FROM resource r
        WHERE r.organization_id = ?1 AND r.directory_id = ?2 AND r.kind = ?3 AND r.name_key = ?4""",
)
ID_BY_NAME = statement(
    "resource_id_by_name",
    """SELECT organization_id, id FROM resource
       WHERE organization_id = ?1 AND directory_id = ?2 AND kind = ?3 AND name_key = ?4""",
)
DISPLAY = statement(
    "resource_display",
    """SELECT organization_id, display FROM resource
       WHERE organization_id = ?1 AND directory_id = ?2 AND kind = 1 AND id = ?3""",
)
GONE_BY_EXTERNAL_ID = statement(
    "resource_gone_by_external_id",
    f"""SELECT {SHAPE} FROM resource r WHERE r.organization_id = ?1 AND r.directory_id = ?2 AND r.kind = 3
        AND r.external_id = ?3 ORDER BY r.modified_at DESC, r.id DESC LIMIT 1""",
)
MEMBERS = statement(
    "members_of_group",
    """SELECT m.organization_id, m.member_id, m.member_kind, r.display FROM member m
       JOIN resource r ON r.organization_id = m.organization_id AND r.directory_id = m.directory_id
         AND r.kind = m.member_kind AND r.id = m.member_id
       WHERE m.organization_id = ?1 AND m.directory_id = ?2 AND m.group_id = ?3 ORDER BY m.member_id""",
)
MEMBERS_OF = statement(
    "members_of_groups",
    """SELECT m.organization_id, m.member_id, m.member_kind, r.display, m.group_id FROM member m
       JOIN resource r ON r.organization_id = m.organization_id AND r.directory_id = m.directory_id
         AND r.kind = m.member_kind AND r.id = m.member_id
       WHERE m.organization_id = ?1 AND m.directory_id = ?2 AND m.group_id IN {ids:3}
       ORDER BY m.group_id, m.member_id""",
)
_CANDIDATE: Final = """SELECT r.organization_id, r.id, r.kind, CASE WHEN EXISTS (SELECT 1 FROM member m
         WHERE m.organization_id = r.organization_id AND m.directory_id = r.directory_id AND m.group_id = ?3
           AND m.member_id = r.id) THEN 1 ELSE 0 END
       FROM resource r WHERE r.organization_id = ?1 AND r.directory_id = ?2 AND r.kind IN (1, 2)"""
CANDIDATES = statement("member_candidates", f"{_CANDIDATE} AND r.id IN {{ids:4}}")
CANDIDATE = statement("member_candidate", f"{_CANDIDATE} AND r.id = ?4")
"""The same for one, as most are asked about: an array costs more than the row."""
GROUPS_HOLDING = statement(
    "groups_holding",
    """SELECT m.organization_id, m.member_id, m.group_id, g.display FROM member m
       JOIN resource g ON g.organization_id = m.organization_id AND g.directory_id = m.directory_id
         AND g.kind = 2 AND g.id = m.group_id
       WHERE m.organization_id = ?1 AND m.directory_id = ?2 AND m.member_id IN {ids:3} ORDER BY m.group_id""",
)
GROUP_TEXTS = statement(
    "group_texts",
    f"""SELECT g.organization_id, g.id, {GROUP_TEXT} FROM resource g
        WHERE g.organization_id = ?1 AND g.directory_id = ?2 AND g.kind = 2 AND g.id IN {{ids:3}}""",
)

_USERS: Final = "r.organization_id = ?1 AND r.directory_id = ?2 AND r.kind = 1"
USERS_AFTER = statement(
    "users_after", f"SELECT {LINE} FROM resource r WHERE {_USERS} AND r.id > ?3 ORDER BY r.id LIMIT ?4"
)
USERS_FROM = statement(
    "users_from",
    f"""SELECT {LINE} FROM resource r WHERE {_USERS} AND r.id >= (SELECT i.id FROM resource i
          WHERE i.organization_id = ?1 AND i.directory_id = ?2 AND i.kind = 1 ORDER BY i.id LIMIT 1 OFFSET ?3)
        ORDER BY r.id LIMIT ?4""",
)
COUNTS = statement(
    "resource_counts",
    """SELECT organization_id, kind, count FROM resource_count
       WHERE organization_id = ?1 AND directory_id = ?2 AND kind IN (0, 1)""",
)
MEMBERSHIPS = statement(
    "memberships_between",
    """SELECT organization_id, member_id, group_id FROM member
       WHERE organization_id = ?1 AND directory_id = ?2 AND member_id BETWEEN ?3 AND ?4 ORDER BY member_id, group_id""",
)


Above: TypeAlias = dict[ResourceId, list[tuple[ResourceId, str]]]
"""For each resource, the groups that directly hold it, with their names."""


async def groups_above(own: Tenant, directory_id: DirectoryId, ids: set[ResourceId]) -> Above:
    """The groups that hold `ids`, and the groups above those."""
    above: Above = {}
    ask = ids
    while ask:
        rows = await own.rows(GROUPS_HOLDING, directory_id, _ids(sorted(ask)))
        for one in ask:
            above[one] = []
        for member, group, display in cast("list[tuple[ResourceId, ResourceId, str]]", rows):
            above[member].append((group, display))
        ask = {group for one in ask for group, _ in above[one]} - above.keys()
    return above


def _ids(ids: Sequence[ResourceId]) -> list[bytes]:
    return list(ids)


class ResourceStore:
    """The port over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def _tenant(self, key: DirectoryKey) -> Tenant:
        return tenant(self._database, key.organization_id)

    async def by_id(self, key: DirectoryKey, kind: Kind, resource_id: ResourceId) -> Stored | None:
        """One resource, in one round trip; more only where groups are nested."""
        row = await self._tenant(key).row(BY_ID, key.directory_id, int(kind), resource_id)
        if row is None:
            return None
        stored, nested = stored_of(row)
        return (await self._complete(key, [row]))[0] if nested else stored

    async def by_ids(self, key: DirectoryKey, kind: Kind, ids: Sequence[ResourceId]) -> Sequence[Stored]:
        """Those that are there, in the order of the ids; a few round trips, however many."""
        rows = await self._tenant(key).rows(BY_IDS, key.directory_id, int(kind), list(ids))
        by_id = {row[0]: row for row in await self._with_groups(key, rows)}
        return await self._complete(key, [by_id[one] for one in ids if one in by_id])

    async def id_by_name(self, key: DirectoryKey, kind: Kind, name_key: str) -> ResourceId | None:
        """Who has this folded name."""
        row = await self._tenant(key).row(ID_BY_NAME, key.directory_id, int(kind), name_key)
        return None if row is None else cast("ResourceId", row[0])

    async def display_of_user(self, key: DirectoryKey, user_id: ResourceId) -> str | None:
        """What a user is called, None for nobody."""
        row = await self._tenant(key).row(DISPLAY, key.directory_id, user_id)
        return None if row is None else cast("str", row[0])

    async def nesting(self, key: DirectoryKey) -> int:
        """How many times groups were put into groups."""
        row = await self._tenant(key).row(COUNT, key.directory_id, NESTING)
        return 0 if row is None else cast("int", row[0])

    async def gone_by_external_id(self, key: DirectoryKey, external_id: str) -> Stored | None:
        """The kept, deleted user that had this externalId."""
        row = await self._tenant(key).row(GONE_BY_EXTERNAL_ID, key.directory_id, external_id)
        return None if row is None else stored_of(row)[0]

    async def page(self, key: DirectoryKey, search: Search) -> Page:
        """A page; SQL alone where the filter and the order are columns, else evaluated away from the loop."""
        page, rows = await found_page(self._tenant(key), key, search)
        whole = rows if page.single else await self._with_groups(key, rows)
        return Page(await self._complete(key, whole), page.total, page.following)

    async def _with_groups(self, key: DirectoryKey, rows: Sequence[ResultRow]) -> Sequence[ResultRow]:
        """Rows of `LISTED` as rows of `SHAPE`; a group that went away meanwhile is in none."""
        held = {cast("str", row[-1]) for row in rows if row[-1]}
        if not held:
            return rows
        ids = sorted({one for some in held for one in some.split(",")})
        found = await self._group_texts(key, [ResourceId(bytes.fromhex(one)) for one in ids])
        texts = {group.hex(): text for group, text in found.items()}
        joined = {some: ",".join([texts[one] for one in some.split(",") if one in texts]) for some in held}
        return [(*row[:-1], joined[cast("str", row[-1])]) if row[-1] else row for row in rows]

    async def _group_texts(self, key: DirectoryKey, ids: Sequence[ResourceId]) -> dict[ResourceId, str]:
        rows = await self._tenant(key).rows(GROUP_TEXTS, key.directory_id, _ids(ids))
        return dict(cast("list[tuple[ResourceId, str]]", rows))

    async def walk(self, key: DirectoryKey, start: int, count: int, after: ResourceId | None) -> Walk | None:
        """A page of all users by id: memberships are one range of its ids, and each group is read once."""
        own = self._tenant(key)
        counts = {kind: number for _, kind, number in await own.whole(COUNTS, key.directory_id)}
        if NESTING in counts:
            return None
        if start > 1 and after is None:
            rows = await own.whole(USERS_FROM, key.directory_id, start - 1, count + 1)
        else:
            rows = await own.whole(USERS_AFTER, key.directory_id, after or b"", count + 1)
        lines = cast("Sequence[UserLine]", rows[:count])
        held = await self._memberships(key, lines) if lines else ()
        groups = sorted({group for _, _, group in held})
        texts = await self._group_texts(key, groups) if groups else {}
        if any(NESTED in text for text in texts.values()):
            return None  # the first was nested just now
        return Walk(lines, held, texts, cast("int", counts.get(Kind.USER, 0)), len(rows) <= count)

    async def _memberships(
        self, key: DirectoryKey, lines: Sequence[UserLine]
    ) -> Sequence[tuple[OrganizationId, ResourceId, ResourceId]]:
        rows = await self._tenant(key).whole(MEMBERSHIPS, key.directory_id, lines[0][1], lines[-1][1])
        return cast("Sequence[tuple[OrganizationId, ResourceId, ResourceId]]", rows)

    async def _complete(self, key: DirectoryKey, rows: Sequence[ResultRow]) -> list[Stored]:
        read = [stored_of(row) for row in rows]
        if not any(nested for _, nested in read):
            return [stored for stored, _ in read]
        above = await groups_above(
            self._tenant(key), key.directory_id, {g.id for stored, _ in read for g in stored.groups}
        )
        return [_with_indirect(stored, above) for stored, _ in read]

    async def members(self, key: DirectoryKey, group_id: ResourceId, large: bool) -> Sequence[MemberOfGroup]:
        """Direct members; a large group is read in the scan thread."""
        own = self._tenant(key)
        read = own.scan if large else own.rows
        rows = await read(MEMBERS, key.directory_id, group_id)
        return [MemberOfGroup(row[0], Kind(row[1]), row[2]) for row in cast("list[tuple[ResourceId, int, str]]", rows)]

    async def members_of(
        self, key: DirectoryKey, group_ids: Sequence[ResourceId]
    ) -> Mapping[ResourceId, Sequence[MemberOfGroup]]:
        """Direct members of several groups, read in the scan thread."""
        found: dict[ResourceId, list[MemberOfGroup]] = {group: [] for group in group_ids}
        rows = await self._tenant(key).scan(MEMBERS_OF, key.directory_id, _ids(group_ids))
        for member, kind, display, group in cast("list[tuple[ResourceId, int, str, ResourceId]]", rows):
            found[group].append(MemberOfGroup(member, Kind(kind), display))
        return found

    async def candidates(
        self, key: DirectoryKey, group_id: ResourceId, ids: Sequence[ResourceId]
    ) -> Mapping[ResourceId, tuple[Kind, bool]]:
        """What each of `ids` is here, and whether it is a direct member; nobody is left out."""
        own = self._tenant(key)
        if len(ids) == 1:
            rows = await own.rows(CANDIDATE, key.directory_id, group_id, ids[0])
        else:
            rows = await own.rows(CANDIDATES, key.directory_id, group_id, _ids(ids))
        return {row[0]: (Kind(row[1]), row[2] == 1) for row in cast("list[tuple[ResourceId, int, int]]", rows)}

    async def groups_holding(
        self, key: DirectoryKey, ids: Sequence[ResourceId]
    ) -> Mapping[ResourceId, Sequence[ResourceId]]:
        """The groups that have each of `ids` as a direct member."""
        found: dict[ResourceId, list[ResourceId]] = {one: [] for one in ids}
        rows = await self._tenant(key).rows(GROUPS_HOLDING, key.directory_id, _ids(ids))
        for member, group, _ in cast("list[tuple[ResourceId, ResourceId, str]]", rows):
            found[member].append(group)
        return found


def _with_indirect(stored: Stored, above: Above) -> Stored:
    direct = {group.id for group in stored.groups}
    found = {group.id: group for group in stored.groups}
    ask = list(direct)
    while ask:
        for group, display in above.get(ask.pop(), ()):
            if group not in found:
                found[group] = GroupOfUser(group, display, False)
                ask.append(group)
    return replace(stored, groups_text=",".join(group_text(found[one]) for one in sorted(found)))
