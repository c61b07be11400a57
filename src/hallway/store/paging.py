"""Pages of a search, by index and by position.

Rules: with an exact condition and an order by column SQL alone answers; else the rows that the condition leaves
are judged and ordered in Python, away from the loop, and only the page's rows are read whole. The judge sees of
members and groups what the filter asks of them, as SQL found it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, cast

from hallway.hub.directories.columns import path_key
from hallway.hub.directories.model import Kind
from hallway.hub.directories.ports import Position, Search, SortKey
from hallway.hub.directories.resources import DirectoryKey, Stored
from hallway.hub.directories.sort_keys import microseconds_of
from hallway.ids import ResourceId
from hallway.store.database import Tenant
from hallway.store.shape import LIGHT, LISTED, SHAPE, stored_of
from hallway.store.statement import ResultRow, Statement, statement, translated
from hallway.store.where import TRUE, Bound, Condition, condition

COUNT = statement(
    "resource_count_of",
    """SELECT organization_id, count FROM resource_count
       WHERE organization_id = ?1 AND directory_id = ?2 AND kind = ?3""",
)
BY_IDS = statement(
    "resources_by_id",
    f"""SELECT {LISTED} FROM resource r
        WHERE r.organization_id = ?1 AND r.directory_id = ?2 AND r.kind = ?3 AND r.id IN {{ids:4}}""",
)

_HERE: Final = "r.organization_id = ?1 AND r.directory_id = ?2 AND r.kind = ?3"
_PLACE: Final = re.compile(r"\?(\d+)")
_WIDTH: Final = LIGHT.count(",")
"""How many columns a row has without its organization."""


@dataclass(frozen=True, slots=True)
class _Order:
    """A column that orders as the attribute does."""

    column: str
    nullable: bool = False
    instant: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A page before its rows are completed: rows of `LISTED`, of `SHAPE` where it is `single`."""

    total: int
    following: Position | None
    single: bool = False


def _order(search: Search) -> _Order | None:
    if search.sort is None:
        return _Order("r.id")
    match path_key(search.sort):
        case "id":
            return _Order("r.id")
        case "username" if search.kind is Kind.USER:
            return _Order("r.name_key")
        case "displayname":
            return _Order("r.display_key", nullable=True)
        case "externalid":
            return _Order("r.external_id", nullable=True)
        case "meta.created":
            return _Order("r.created_at", instant=True)
        case "meta.lastmodified":
            return _Order("r.modified_at", instant=True)
        case _:
            return None


async def found_page(own: Tenant, key: DirectoryKey, search: Search) -> tuple[Found, Sequence[ResultRow]]:
    """The page's rows in order, without their organization."""
    bound = Bound([own.organization_id, key.directory_id, int(search.kind)])
    wanted = Condition(TRUE, True) if search.filter is None else condition(search.filter, search.kind, bound)
    order = _order(search)
    if wanted.exact and order is not None:
        return await _by_sql(own, search, wanted, order, bound)
    return await _by_evaluation(own, key, search, wanted, bound)


async def _by_sql(
    own: Tenant, search: Search, wanted: Condition, order: _Order, bound: Bound
) -> tuple[Found, Sequence[ResultRow]]:
    filtered = list(bound.params)
    rows: list[ResultRow] = []
    if search.count and search.after is None and search.start > 1:
        rows = await _deep_rows(own, search, wanted, order, bound)
    elif search.count:
        rows = await own.rows(_page_statement(search, wanted, order, bound), *bound.params[1:])
    more = len(rows) > search.count
    page = rows[: search.count]
    following = _position(search, page[-1]) if more else None
    if search.after is None and search.start == 1 and search.count and not more:
        return Found(len(page), None, wanted.single), page
    return Found(await _total(own, search, wanted, filtered), following), page


def _page_statement(search: Search, wanted: Condition, order: _Order, bound: Bound) -> Statement:
    """One more row than asked, to know whether there is a next page."""
    where = f"{_HERE} AND {wanted.sql}"
    if search.after is not None:
        where += f" AND {_after(search.after, order, search.descending, bound)}"
    if wanted.single and search.after is None and search.start == 1:
        return _statement(f"SELECT {SHAPE} FROM resource r WHERE {where}")
    ordered = _ordered(order, search.descending, wanted.selective)
    limit = f"LIMIT {bound.bind(search.count + 1)}"
    return _statement(f"SELECT {LISTED} FROM resource r WHERE {where} ORDER BY {ordered} {limit}")


async def _deep_rows(own: Tenant, search: Search, wanted: Condition, order: _Order, bound: Bound) -> list[ResultRow]:
    """The ids alone are walked to a deep page, by index where there is one; then its rows are read."""
    ordered = _ordered(order, search.descending, wanted.selective)
    limit = f"LIMIT {bound.bind(search.count + 1)} OFFSET {bound.bind(search.start - 1)}"
    ids = _statement(
        f"SELECT r.organization_id, r.id FROM resource r WHERE {_HERE} AND {wanted.sql} ORDER BY {ordered} {limit}"
    )
    found = [row[0] for row in await own.rows(ids, *bound.params[1:])]
    rows = await own.rows(BY_IDS, bound.params[1], bound.params[2], found)
    by_id = {row[0]: row for row in rows}
    return [by_id[one] for one in found if one in by_id]


@lru_cache(maxsize=512)
def _statement(sql: str) -> Statement:
    return translated("resource_page", sql)


def _ordered(order: _Order, descending: bool, selective: bool) -> str:
    """`{plus}` keeps SQLite from walking the whole index of the order where few rows are left to sort."""
    down = " DESC" if descending else ""
    plus = "{plus}" if selective else ""
    columns = [f"{plus}r.id{down}"]
    if order.column != "r.id":
        columns.insert(0, f"{plus}{order.column}{down}")
    if order.nullable:
        columns.insert(0, f"({order.column} IS NULL){down}")
    return ", ".join(columns)


def _after(position: Position, order: _Order, descending: bool, bound: Bound) -> str:
    sign = "<" if descending else ">"
    beyond_id = f"r.id {sign} {bound.bind(position.id)}"
    column = order.column
    if column == "r.id":
        return beyond_id
    missing, text = position.key
    if missing:
        rest = f" OR {column} IS NOT NULL" if descending else ""
        return f"(({column} IS NULL AND {beyond_id}){rest})"
    place = bound.bind(microseconds_of(text) if order.instant else text)
    beyond = f"({column} {sign} {place} OR ({column} = {place} AND {beyond_id}))"
    return f"({beyond} OR {column} IS NULL)" if order.nullable and not descending else beyond


def _position(search: Search, row: ResultRow) -> Position:
    stored, _ = stored_of((*row[:-1], None))  # nothing is sorted by groups
    return Position(search.sort_key(stored), stored.id)


async def _total(own: Tenant, search: Search, wanted: Condition, params: Sequence[object]) -> int:
    if search.filter is None:
        row = await own.row(COUNT, *params[1:])
    else:
        sql = f"SELECT r.organization_id, COUNT(*) FROM resource r WHERE {_HERE} AND {wanted.sql}"
        row = await own.row(_statement(sql + " GROUP BY r.organization_id"), *params[1:])
    return 0 if row is None else cast("int", row[0])


async def _by_evaluation(
    own: Tenant, key: DirectoryKey, search: Search, wanted: Condition, bound: Bound
) -> tuple[Found, Sequence[ResultRow]]:
    attribute = b"members" if search.kind is Kind.GROUP else b"groups"
    elements = [element for _, element in bound.witnesses]

    def keep(row: ResultRow) -> tuple[SortKey, ResourceId] | None:
        stored: Stored = stored_of(row[:_WIDTH])[0]
        if not wanted.exact:
            held = [element for element, holds in zip(elements, row[_WIDTH:], strict=True) if holds]
            if not search.matches(_with_rows(stored, attribute, held)):
                return None
        return (search.sort_key(stored), stored.id)

    sql, params = _compact(_judged(wanted, bound), bound.params)
    found = await own.sift(_statement(sql), keep, *params[1:])
    found.sort(reverse=search.descending)
    first = _first(found, search)
    chosen = found[first : first + search.count]
    more = search.count > 0 and len(found) > first + search.count
    rows = await own.rows(BY_IDS, key.directory_id, int(search.kind), [one for _, one in chosen])
    by_id = {row[0]: row for row in rows}
    following = Position(*chosen[-1]) if more else None
    return Found(len(found), following), [by_id[one] for _, one in chosen if one in by_id]


def _judged(wanted: Condition, bound: Bound) -> str:
    """The rows to judge, each with what the filter asks of its members or groups."""
    asked = "".join(f", CASE WHEN {sql} THEN 1 ELSE 0 END" for sql, _ in bound.witnesses)
    return f"SELECT {LIGHT}{asked} FROM resource r WHERE {_HERE} AND {wanted.sql}"


def _compact(sql: str, params: Sequence[object]) -> tuple[str, list[object]]:
    """The statement with the parameters that it still has: those of a part that was given up are left out."""
    used = sorted({int(number) for number in _PLACE.findall(sql)})
    places = {number: place for place, number in enumerate(used, 1)}
    return _PLACE.sub(lambda match: f"?{places[int(match[1])]}", sql), [params[number - 1] for number in used]


def _with_rows(stored: Stored, attribute: bytes, elements: Sequence[bytes]) -> Stored:
    """The resource with these elements, which its document lacks."""
    if not elements:
        return stored
    return replace(stored, document=b'%b,"%b":[%b]' % (stored.document, attribute, b",".join(elements)))


def _first(found: Sequence[tuple[SortKey, ResourceId]], search: Search) -> int:
    if search.after is None:
        return search.start - 1
    last = (search.after.key, search.after.id)
    if search.descending:
        return sum(1 for item in found if item >= last)
    return sum(1 for item in found if item <= last)
