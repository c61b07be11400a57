"""Lists of people and groups for pages: see `hallway.hub.directories.people.People`.

Rules: names are found by covering indexes, one for userName, one for displayName, one for e-mail; rows are read only
for the page, so that a search costs little even where nothing is found among a hundred thousand. Where a text is in
very many names, they are put in order before they are cut off, so that no page leaves anybody out.
"""

from collections.abc import Mapping, Sequence
from typing import Final, cast

import orjson

from hallway.hub.directories.model import Kind
from hallway.hub.directories.people import PAGE, Listed, ListPage, Wanted
from hallway.hub.directories.resources import DirectoryKey
from hallway.ids import ExchangeId, OrganizationId, ResourceId
from hallway.journal.model import Written
from hallway.scim.fold import fold
from hallway.store.database import Database, Tenant, tenant
from hallway.store.journal import COLUMNS, PERSONAL, written_of
from hallway.store.statement import ResultRow, statement

LINE: Final = "r.organization_id, r.id, r.kind, r.display, r.active, r.members, r.modified_at, r.document"
_HERE: Final = "r.organization_id = ?1 AND r.directory_id = ?2 AND r.kind = ?3"
_STATE: Final = "(?5 < 0 OR COALESCE(r.active, 1) = ?5)"
_FOUND_AT_MOST: Final = 250
"""Of names found by displayName or e-mail in no order; where there are more, the first ones are looked for in order."""
_LINKED_SEQS: Final = 20_000
"""How far behind its first one an exchange's entries are looked for."""

USERS = statement(
    "people_users",
    f"SELECT {LINE} FROM resource r WHERE {_HERE} AND r.name_key > ?4 ORDER BY r.name_key LIMIT {PAGE + 1}",
)
GROUPS = statement(
    "people_groups",
    f"""SELECT {LINE} FROM resource r WHERE {_HERE} AND r.display_key >= ?4 AND (r.display_key > ?4 OR r.id > ?5)
        AND (?6 = '' OR {{instr}}(r.display_key, ?6) > 0) ORDER BY r.display_key, r.id LIMIT {PAGE + 1}""",
)
OF_STATE = statement(
    "people_of_state",
    f"""SELECT {LINE} FROM resource r WHERE {_HERE} AND r.id < ?4 AND COALESCE(r.active, 1) = ?5
        ORDER BY r.id DESC LIMIT {PAGE + 1}""",
)
BY_NAME = statement(
    "people_by_name",
    f"""SELECT r.organization_id, r.name_key FROM resource r WHERE {_HERE} AND r.name_key > ?4
        AND {{instr}}(r.name_key, ?6) > 0 AND {_STATE} ORDER BY r.name_key LIMIT {PAGE + 1}""",
)
BY_DISPLAY = statement(
    "people_by_display",
    f"""SELECT r.organization_id, r.name_key FROM resource r WHERE {_HERE} AND {{instr}}(r.display_key, ?6) > 0
        AND {{plus}}r.name_key > ?4 AND {_STATE} LIMIT {_FOUND_AT_MOST}""",
)
BY_EMAIL = statement(
    "people_by_email",
    f"""SELECT k.organization_id, r.name_key FROM resource_key k
        JOIN resource r ON r.organization_id = k.organization_id AND r.directory_id = k.directory_id
          AND r.kind = k.kind AND r.id = k.id
        WHERE k.organization_id = ?1 AND k.directory_id = ?2 AND k.kind = ?3 AND k.attribute = 1
          AND {{instr}}(k.value, ?6) > 0 AND {{plus}}r.name_key > ?4 AND {_STATE} LIMIT {_FOUND_AT_MOST}""",
)
FIRST_BY_DISPLAY = statement(
    "people_first_by_display",
    f"""SELECT r.organization_id, r.name_key FROM resource r WHERE {_HERE} AND r.name_key > ?4
        AND {{instr}}(r.display_key, ?6) > 0 AND {_STATE} ORDER BY r.name_key LIMIT {PAGE + 1}""",
)
FIRST_BY_EMAIL = statement(
    "people_first_by_email",
    f"""SELECT k.organization_id, r.name_key FROM resource_key k
        JOIN resource r ON r.organization_id = k.organization_id AND r.directory_id = k.directory_id
          AND r.kind = k.kind AND r.id = k.id
        WHERE k.organization_id = ?1 AND k.directory_id = ?2 AND k.kind = ?3 AND k.attribute = 1
          AND {{instr}}(k.value, ?6) > 0 AND {{plus}}r.name_key > ?4 AND {_STATE}
        GROUP BY k.organization_id, r.name_key ORDER BY r.name_key LIMIT {PAGE + 1}""",
)
_WAYS: Final = ((BY_NAME, None), (BY_DISPLAY, FIRST_BY_DISPLAY), (BY_EMAIL, FIRST_BY_EMAIL))
WITH_NAMES = statement(
    "people_with_names",
    f"SELECT {LINE} FROM resource r WHERE {_HERE} AND r.name_key IN {{texts:4}} ORDER BY r.name_key",
)
PLACE = statement(
    "people_place",
    """SELECT organization_id, name_key, display_key FROM resource
       WHERE organization_id = ?1 AND directory_id = ?2 AND kind = ?3 AND id = ?4""",
)
MEMBERS = statement(
    "people_members",
    f"""SELECT {LINE} FROM member m
        JOIN resource r ON r.organization_id = m.organization_id AND r.directory_id = m.directory_id
          AND r.kind = m.member_kind AND r.id = m.member_id
        WHERE m.organization_id = ?1 AND m.directory_id = ?2 AND m.group_id = ?3 AND m.member_id > ?4
        ORDER BY m.member_id LIMIT {PAGE + 1}""",
)
WITH_IDS = statement(
    "people_with_ids",
    f"""SELECT {LINE} FROM resource r WHERE r.organization_id = ?1 AND r.directory_id = ?2 AND r.kind IN (1, 2)
        AND r.id IN {{ids:3}}""",
)
SEQS = statement(
    "people_seqs",
    """SELECT organization_id, from_seq, to_seq FROM resource_version WHERE organization_id = ?1 AND id = ?3
       UNION SELECT organization_id, seq, seq FROM resource
       WHERE organization_id = ?1 AND directory_id = ?2 AND kind IN (1, 2, 3) AND id = ?3
       UNION SELECT organization_id, seq, seq FROM member
       WHERE organization_id = ?1 AND directory_id = ?2 AND member_id = ?3
       UNION SELECT p.organization_id, p.from_seq, p.to_seq FROM resource g
       JOIN member_past p ON p.organization_id = ?1 AND p.directory_id = ?2 AND p.group_id = g.id AND p.member_id = ?3
       WHERE g.organization_id = ?1 AND g.directory_id = ?2 AND g.kind = 2""",
)
ENTRIES = statement(
    "people_entries",
    f"SELECT {COLUMNS} FROM journal j {PERSONAL} WHERE j.organization_id = ?1 AND j.seq IN {{ints:2}}",
)
ENTRIES_OF = statement(
    "people_entries_of",
    f"""SELECT {COLUMNS} FROM journal j {PERSONAL} WHERE j.organization_id = ?1 AND j.seq >= ?2 AND j.seq < ?3
        AND j.exchange_id = ?4 ORDER BY j.seq LIMIT 200""",
)


class PeopleStore:
    """The port over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, key: DirectoryKey, wanted: Wanted) -> ListPage:
        """At most `PAGE` lines; what has to be searched for is searched away from the requests' path."""
        own = tenant(self._database, key.organization_id)
        here = (key.directory_id, int(wanted.kind))
        text = fold(wanted.text.strip())
        after = (wanted.beyond, wanted.beyond)
        if wanted.after is not None and not wanted.beyond:
            after = await _place(own, here, wanted.after)
        if wanted.kind is Kind.GROUP:
            rows = await own.scan(GROUPS, *here, after[1], wanted.after or b"", text)
        elif text:
            rows = await _found(own, here, after[0], (text, _state(wanted)))
        elif wanted.active is not None:
            rows = await own.scan(OF_STATE, *here, wanted.after or b"\xff" * 16, int(wanted.active))
        else:
            rows = await own.rows(USERS, *here, after[0])
        return _page(rows)

    async def members(self, key: DirectoryKey, group_id: ResourceId, after: ResourceId | None) -> ListPage:
        """Direct members of a group, by id."""
        own = tenant(self._database, key.organization_id)
        return _page(await own.rows(MEMBERS, key.directory_id, group_id, after or b""))

    async def names(self, key: DirectoryKey, ids: Sequence[ResourceId]) -> Mapping[ResourceId, Listed]:
        """Who of these is there."""
        if not ids:
            return {}
        rows = await tenant(self._database, key.organization_id).rows(WITH_IDS, key.directory_id, list(ids))
        return {one.id: one for one in map(listed_of, rows)}

    async def history(self, key: DirectoryKey, one: ResourceId, limit: int) -> Sequence[Written]:
        """By her versions, and her times in groups that are there: found by her id, not by reading the journal."""
        own = tenant(self._database, key.organization_id)
        rows = cast("list[tuple[int, int]]", await own.rows(SEQS, key.directory_id, one))
        seqs = sorted({seq for row in rows for seq in row}, reverse=True)[:limit]
        found = await self.entries(key.organization_id, seqs)
        return [found[seq] for seq in seqs if seq in found]

    async def entries(self, organization_id: OrganizationId, seqs: Sequence[int]) -> Mapping[int, Written]:
        """Entries by their place in the journal."""
        if not seqs:
            return {}
        rows = await tenant(self._database, organization_id).rows(ENTRIES, list(seqs))
        return {one.seq: one for one in map(written_of, rows)}

    async def entries_of(self, organization_id: OrganizationId, seq: int, cause: ExchangeId) -> Sequence[Written]:
        """What an exchange led to; a bulk request's entries are not alone."""
        own = tenant(self._database, organization_id)
        return [written_of(row) for row in await own.rows(ENTRIES_OF, seq, seq + _LINKED_SEQS, cause)]


async def _place(own: Tenant, here: tuple[bytes, int], one: ResourceId) -> tuple[str, str]:
    """Where somebody stands in the order of names; at its beginning, who is gone."""
    row = cast("tuple[str | None, str | None] | None", await own.row(PLACE, *here, one))
    return ("", "") if row is None else (row[0] or "", row[1] or "")


async def _found(own: Tenant, here: tuple[bytes, int], after: str, asked: tuple[str, int]) -> list[ResultRow]:
    text, state = asked
    names: set[str] = set()
    for way, first in _WAYS:
        found = await own.scan(way, *here, after, state, text)
        if first is not None and len(found) == _FOUND_AT_MOST:
            found = await own.scan(first, *here, after, state, text)
        names.update(cast("str", row[0]) for row in found)
    page = sorted(names)[: PAGE + 1]
    return await own.rows(WITH_NAMES, *here, page) if page else []


def _state(wanted: Wanted) -> int:
    return -1 if wanted.active is None else int(wanted.active)


def _page(rows: Sequence[ResultRow]) -> ListPage:
    return ListPage([listed_of(row) for row in rows[:PAGE]], len(rows) > PAGE)


def listed_of(row: ResultRow) -> Listed:
    """A line of a row of `LINE`, without its organization."""
    one, kind, display, active, members, modified, document = cast(
        "tuple[ResourceId, int, str, int | None, int, int, bytes]", row
    )
    resource = orjson.loads(document + b"}")
    name = str(resource.get("userName" if kind == Kind.USER else "displayName", ""))
    return Listed(one, Kind(kind), name, display, active != 0, members, modified)
