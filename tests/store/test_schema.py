"""The schema and every statement obey the rules that let the tables be distributed by organization.

Both engines' catalogs are asked, not the text of the migrations.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw
import asyncpg
import pytest

import hallway.store
from hallway.hub.directories.model import Kind
from hallway.hub.directories.ports import Position
from hallway.hub.directories.resources import DirectoryKey
from hallway.ids import DirectoryId, OrganizationId, ResourceId
from hallway.store import reading
from hallway.store.archive_shape import tables_of
from hallway.store.migrate import steps
from hallway.store.migrations import GLOBAL_TABLES, STEPS
from hallway.store.opening import Opening, migrate
from hallway.store.organizations import TENANT_TABLES
from hallway.store.sqlite import SqliteOptions, connected
from hallway.store.statement import ALL, ResultRow, Statement
from tests.store.stage import ENTERPRISE, search

ORG = "organization_id"
KEY = DirectoryKey(OrganizationId(b"o" * 16), DirectoryId(b"d" * 16))
for _module in pkgutil.iter_modules(hallway.store.__path__, "hallway.store."):
    importlib.import_module(_module.name)

TABLES = [table.name for table in tables_of(len(STEPS))]
TENANTS = [name for name in TABLES if name not in GLOBAL_TABLES]


@pytest.fixture(scope="module")
def catalog() -> Iterator[apsw.Connection]:
    """SQLite with our tables."""
    connection = apsw.Connection(":memory:")
    for step in steps("sqlite"):
        for statement in step.statements:
            connection.execute(statement)
    yield connection
    connection.close()


def test_every_table_is_a_tenants_or_one_of_the_closed_list() -> None:
    assert {"schema_step", *TABLES} == {"schema_step", *TENANTS, *GLOBAL_TABLES}
    assert sorted(TENANT_TABLES) == sorted(TENANTS)
    named = {
        "data_key",
        "deployment",
        "feed",
        "feed_ended",
        "journal_head",
        "key_check",
        "locator",
        "organization",
        "place",
        "schema_step",
    }
    assert named == GLOBAL_TABLES


@pytest.mark.parametrize("table", TENANTS)
def test_sqlite_has_the_organization_first_in_every_key(catalog: apsw.Connection, table: str) -> None:
    assert _keys_of_sqlite(catalog, table) != []
    for name, columns in _keys_of_sqlite(catalog, table):
        assert columns[0] == ORG, f"{table}: {name}"
    foreign = catalog.execute('SELECT id, seq, "from", "to", on_delete FROM pragma_foreign_key_list(?)', (table,))
    for _, place, column, target, on_delete in foreign:
        assert on_delete in {"NO ACTION", "CASCADE"}
        assert place != 0 or (column, target) == (ORG, ORG)


def _keys_of_sqlite(catalog: apsw.Connection, table: str) -> list[tuple[str, list[str]]]:
    found = [
        (str(name), [str(row[0]) for row in catalog.execute("SELECT name FROM pragma_index_info(?)", (name,))])
        for (name,) in catalog.execute("SELECT name FROM pragma_index_list(?)", (table,)).fetchall()
    ]
    primary = catalog.execute("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", (table,)).fetchall()
    return [*found, ("primary key", [str(row[0]) for row in primary])]


def test_sqlite_has_no_triggers_no_rowid_keys_and_binary_texts(catalog: apsw.Connection) -> None:
    kinds = {row[0] for row in catalog.execute("SELECT type FROM sqlite_schema")}
    assert kinds == {"table", "index"}
    for table in TABLES:
        for (column,) in catalog.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall():
            declared, collation, _, _, autoincrement = catalog.column_metadata("main", table, str(column))
            assert not autoincrement
            assert declared in {"TEXT", "INTEGER", "BLOB"}
            assert declared != "TEXT" or collation == "BINARY", f"{table}.{column}"


@pytest.mark.postgres
async def test_postgresql_has_the_organization_first_in_every_key(postgres_database: str) -> None:
    keys = await _asked(
        postgres_database,
        """SELECT c.relname, i.relname, a.attname FROM pg_index x
           JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
           WHERE c.relnamespace = 'hallway'::regnamespace""",
    )
    assert {row[0] for row in keys} == set(TABLES) | {"schema_step"}
    assert [row for row in keys if row[0] not in GLOBAL_TABLES and row[2] != ORG] == []
    foreign = await _asked(
        postgres_database,
        """SELECT k.conname, k.confdeltype::text, a.attname, b.attname FROM pg_constraint k
           JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
           JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1]
           WHERE k.contype = 'f' AND k.connamespace = 'hallway'::regnamespace""",
    )
    assert foreign != []
    assert [row for row in foreign if row[1] not in {"a", "c"} or row[2:] != (ORG, ORG)] == []


@pytest.mark.postgres
async def test_postgresql_has_no_triggers_no_identity_and_c_texts(postgres_database: str) -> None:
    columns = await _asked(
        postgres_database,
        """SELECT table_name, column_name, data_type, collation_name, is_identity, column_default, is_generated
           FROM information_schema.columns WHERE table_schema = 'hallway'""",
    )
    assert {row[2] for row in columns} == {"text", "bigint", "smallint", "bytea"}
    assert [row for row in columns if row[2] == "text" and row[3] != "C"] == []
    assert {row[4:] for row in columns} == {("NO", None, "NEVER")}
    odd = await _asked(
        postgres_database,
        """SELECT c.relname FROM pg_class c
           LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal
           WHERE c.relnamespace = 'hallway'::regnamespace AND (c.relkind NOT IN ('r', 'i') OR t.oid IS NOT NULL)""",
    )
    assert odd == []


@pytest.mark.postgres
async def test_both_engines_have_the_same_columns(catalog: apsw.Connection, postgres_database: str) -> None:
    asked = "SELECT table_name, column_name, is_nullable FROM information_schema.columns WHERE table_schema = 'hallway'"
    there = {row for row in await _asked(postgres_database, asked) if row[0] != "schema_step"}
    here = {
        (table, str(name), "NO" if required else "YES")
        for table in TABLES
        for name, required in catalog.execute('SELECT name, "notnull" FROM pragma_table_info(?)', (table,)).fetchall()
        if table != "schema_step"
    }
    assert here == there


async def _asked(url: str, query: str) -> list[tuple[Any, ...]]:
    await migrate(Opening(url))
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


# Statements


class Recording:
    """A database that answers nothing and notes what it was asked."""

    name = "recording"

    def __init__(self) -> None:
        self.statements: list[Statement] = []

    async def fetch(self, statement: Statement, params: Sequence[object]) -> Sequence[ResultRow]:
        """Nothing."""
        self.statements.append(statement)
        numbers = {int(number) for number in re.findall(r"\?(\d+)", statement.sqlite)}
        assert numbers == set(range(1, len(params) + 1)), statement.sqlite
        return []

    async def scan(self, statement: Statement, params: Sequence[object], _: object) -> list[Any]:
        """Nothing."""
        await self.fetch(statement, params)
        return []


FILTERS: dict[Kind, list[str | None]] = {
    Kind.USER: [
        None, 'userName eq "a"', 'userName sw "a"', 'displayName co "a" or externalId eq "b"', "active eq true",
        'emails.value eq "a"', 'emails[value eq "a" and type eq "b"]', 'not (emails[value eq "a" and type eq "b"])',
        'meta.created gt "2020-01-01T00:00:00Z"', 'groups.value eq "group_' + "0" * 32 + '"', "groups pr",
        'groups.value eq "group_' + "0" * 32 + '" and title eq "x"', f'{ENTERPRISE}:employeeNumber eq "1"',
        'id eq "user_' + "0" * 32 + '"', 'title co "x"', f'{ENTERPRISE}:manager.value ne "x"',
    ],
    Kind.GROUP: [
        None, 'displayName eq "a"', 'members.value eq "user_' + "0" * 32 + '"', "members pr",
        'members pr and meta.version eq "x"',
    ],
}  # fmt: skip


async def _dynamic() -> list[Statement]:
    """Statements made of filters, orders and positions."""
    recording = Recording()
    store = reading.ResourceStore(recording)  # type: ignore[arg-type]

    for kind, texts in FILTERS.items():
        for text in texts:
            for sort in (None, "displayName", "meta.created", "externalId", "meta.version"):
                for after in (None, Position((0, "1" * 22), ResourceId(b"r" * 16)), Position((1, ""), ResourceId(b""))):
                    for start, descending in ((1, False), (20, True)):
                        asked = search(kind, text, sort, start=start, count=10, descending=descending, after=after)
                        await store.page(KEY, asked)
    return list({statement.sqlite: statement for statement in recording.statements}.values())


def _faults(statement: Statement) -> list[str]:
    """Where a statement forgets its organization."""
    sql = statement.sqlite
    found = []
    inserted = re.match(r"INSERT INTO (\w+) \((\w+)", sql)
    selects = re.findall(r"\b(?:FROM|JOIN|UPDATE) (\w+)", sql)
    reads = [table for table in selects if table in TENANTS or table in GLOBAL_TABLES]
    if inserted and inserted[2] != ORG:
        found.append("does not insert the organization first")
    if inserted and "VALUES" in sql and not re.search(r"VALUES \(\?1[,)]", sql):
        found.append("does not insert ?1 as the organization")
    if len(re.findall(r"\borganization_id = (?:\?1|\w+\.organization_id)", sql)) < len(reads):
        found.append(f"reads {reads} with fewer conditions on the organization")
    if not inserted and f"{ORG} = ?1" not in sql:
        found.append("is not bound to ?1")
    first = re.match(r"SELECT (?:\w+\.)?(\w+)", sql)
    if first and first[1] != ORG:
        found.append("does not return the organization first")
    if "RETURNING" in sql and not sql.endswith(f"RETURNING {ORG}"):
        found.append("returns other than the organization")
    if re.search(r"SET (?:[^W]*, )?organization_id =", sql):
        found.append("changes the organization")
    return [f"{statement.name} {fault}: {sql}" for fault in found]


def test_every_statement_names_its_organization() -> None:
    assert len(ALL) > 60
    assert [fault for one in ALL.values() if not one.name.startswith("global_") for fault in _faults(one)] == []


def test_a_global_statement_reads_global_tables_only() -> None:
    tables = {
        table
        for one in ALL.values()
        if one.name.startswith("global_")
        for table in re.findall(r"\b(?:FROM|JOIN|UPDATE(?! SET)|INTO) (\w+)", one.sqlite)
    }
    assert tables <= GLOBAL_TABLES


async def test_every_statement_made_of_a_filter_names_its_organization() -> None:
    made = await _dynamic()
    assert len(made) > 100
    assert [fault for one in made for fault in _faults(one)] == []


def test_the_lint_sees_what_it_looks_for() -> None:
    bad = [
        "SELECT organization_id, id FROM resource WHERE id = ?1",
        "SELECT id FROM resource WHERE organization_id = ?1",
        "SELECT m.organization_id FROM member m JOIN resource r ON r.id = m.member_id WHERE m.organization_id = ?1",
        "INSERT INTO member (group_id, organization_id) VALUES (?2, ?1)",
        "UPDATE resource SET seq = 1 WHERE organization_id = ?1 RETURNING id",
    ]
    assert all(_faults(Statement("bad", sql, sql)) for sql in bad)


# Plans

ROWS = 5_000
_WALKED = re.compile(r"SCAN (?!json_each|inside|CONSTANT)")
"""A whole table; arrays, and what a recursion found, are no tables."""


@pytest.fixture(scope="module")
def filled(catalog: apsw.Connection) -> apsw.Connection:
    """5,000 users with e-mails, in 50 groups, in one directory."""
    org, place = b"o" * 16, b"d" * 16
    ids = [number.to_bytes(16, "big") for number in range(ROWS)]
    catalog.execute("PRAGMA foreign_keys=OFF")
    with catalog:
        catalog.executemany(
            "INSERT INTO resource VALUES (?, ?, 1, ?, 1, 1, 1, 1, 1, ?, ?, ?, ?, 1, 0, NULL, NULL, NULL, x'7b')",
            [(org, place, one, f"u{n}", f"e{n}", f"U{n}", f"u{n}") for n, one in enumerate(ids)],
        )
        catalog.executemany(
            "INSERT INTO resource_key VALUES (?, ?, 1, 1, ?, ?)",
            [(org, place, f"u{n}@example.com", one) for n, one in enumerate(ids)],
        )
        catalog.executemany(
            "INSERT INTO member VALUES (?, ?, ?, ?, 1, 1)",
            [(org, place, b"g%015d" % (n % 50), one) for n, one in enumerate(ids)],
        )
    return catalog


def _plan(catalog: apsw.Connection, sql: str) -> list[str]:
    size = max((int(number) for number in re.findall(r"\?(\d+)", sql)), default=0)
    return [str(row[3]) for row in catalog.execute(f"EXPLAIN QUERY PLAN {sql}", (None,) * size)]


@pytest.mark.parametrize("name", sorted(name for name in ALL if not name.startswith("global_")))
def test_no_statement_walks_a_whole_table(filled: apsw.Connection, name: str) -> None:
    walked = [step for step in _plan(filled, ALL[name].sqlite) if _WALKED.match(step)]
    assert walked == []


async def test_no_statement_made_of_a_filter_walks_a_whole_table(filled: apsw.Connection) -> None:
    for made in await _dynamic():
        walked = [step for step in _plan(filled, made.sqlite) if _WALKED.match(step)]
        assert walked == [], made.sqlite


@pytest.mark.parametrize(
    ("kind", "text", "sort", "wanted"),
    [
        (Kind.USER, None, None, r"SEARCH r USING (PRIMARY KEY|INDEX sqlite_autoindex_resource_1) .*kind=\?"),
        (Kind.USER, 'userName eq "u7"', None, r"SEARCH r USING INDEX resource_name .*name_key=\?"),
        (
            Kind.USER,
            'userName sw "u7"',
            "userName",
            r"SEARCH r USING INDEX resource_name .*name_key>\?",
        ),
        (Kind.USER, 'externalId eq "e7"', None, r"SEARCH r USING INDEX resource_external .*external_id=\?"),
        (Kind.USER, 'displayName eq "u7"', None, r"SEARCH r USING INDEX resource_display .*display_key=\?"),
        (Kind.USER, 'emails.value eq "u7@example.com"', None, r"SEARCH k USING PRIMARY KEY .*value=\?"),
        (
            Kind.USER,
            'emails[value eq "u7@x" and type eq "work"]',
            None,
            r"SEARCH k USING PRIMARY KEY .*value=\?",
        ),
        (Kind.USER, 'id eq "user_' + "0" * 32 + '"', None, r"SEARCH r USING INDEX sqlite_autoindex_resource_1 .*id=\?"),
        (Kind.GROUP, 'members.value eq "user_' + "0" * 32 + '"', None, r"SEARCH m USING .*member_id=\?"),
    ],
)
async def test_a_hot_question_uses_its_index(
    filled: apsw.Connection, kind: Kind, text: str | None, sort: str | None, wanted: str
) -> None:
    recording = Recording()

    await reading.ResourceStore(recording).page(KEY, search(kind, text, sort))  # type: ignore[arg-type]
    plan = _plan(filled, recording.statements[0].sqlite)
    assert any(re.match(wanted, step) for step in plan), plan
    if text is None or sort is not None:
        assert not any("TEMP B-TREE FOR ORDER BY" in step for step in plan), plan


async def test_a_walk_by_cursor_starts_where_it_stopped(filled: apsw.Connection) -> None:
    recording = Recording()

    after = Position((0, ""), ResourceId(b"r" * 16))
    await reading.ResourceStore(recording).page(KEY, search(Kind.USER, after=after))  # type: ignore[arg-type]
    plan = _plan(filled, recording.statements[0].sqlite)
    assert re.match(r"SEARCH r USING INDEX sqlite_autoindex_resource_1 .*id>\?", plan[0]), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


@pytest.mark.parametrize("name", ["people_by_name", "people_by_display", "people_by_email"])
def test_a_search_for_people_walks_one_index_once(filled: apsw.Connection, name: str) -> None:
    first, *rest = _plan(filled, ALL[name].sqlite)
    assert re.match(r"SEARCH \w+ USING (COVERING INDEX|INDEX|PRIMARY KEY)", first), first
    assert all("id=?" in step for step in rest), rest


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("seen_messages_forgotten", "seen_message_until (organization_id=? AND connection_id=? AND until<?)"),
        ("sso_sessions_forgotten", "sso_session_expires (organization_id=? AND connection_id=? AND expires_at<?)"),
    ],
)
def test_a_sign_in_forgets_what_is_past_and_looks_at_nothing_else(
    filled: apsw.Connection, name: str, wanted: str
) -> None:
    (step,) = _plan(filled, ALL[name].sqlite)
    assert step.endswith(f" INDEX {wanted}"), step


def test_what_happened_to_a_member_is_read_by_an_index_of_its_own(filled: apsw.Connection) -> None:
    plan = _plan(filled, ALL["audit_of_member"].sqlite)
    assert plan[0].startswith("SEARCH j USING INDEX journal_of_member"), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


@pytest.mark.parametrize("name", ["exchanges_latest", "resource_by_id", "resource_id_by_name"])
def test_sqlite_compiles_a_statement_once_whatever_is_bound(tmp_path: Path, name: str) -> None:
    connection = connected(tmp_path / "hub.db", SqliteOptions())
    for step in steps("sqlite"):
        for made in step.statements:
            connection.execute(made)
    sql, compiled = ALL[name].sqlite, list[int]()

    def noted(action: int, *_: str | None) -> int:
        compiled.append(action)
        return apsw.SQLITE_OK

    connection.authorizer = noted
    size = max(int(number) for number in re.findall(r"\?(\d+)", sql))
    for value in (1, 2, 3):
        list(connection.execute(sql, (value,) * size))
        compiled, before = [], compiled
        assert bool(before) == (value == 1)
    connection.close()
