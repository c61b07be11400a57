"""The import law: who may know whom."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.source import Module, imports, modules, names

PURE = frozenset({"scim", "saml", "oidc"})
"""Bytes and values in, values out; they import neither each other nor anything above."""

VALUES = frozenset({"ids", "secret_text", "outbound", "addresses"})
"""Plain types that everything above the pure packages shares; they import nothing of ours."""

ROOMS = (
    "journal",
    "exchanges",
    "delivery",
    "keys",
    "outbox",
    "accounts",
    *(
        f"hub.{room}"
        for room in (
            "organizations",
            "applications",
            "connections",
            "directories",
            "mapping",
            "sign_in",
            "setup",
            "operators",
            "events",
            "webhooks",
        )
    ),
    *(f"idp.{room}" for room in ("people", "applications", "sign_on", "provisioning", "insights")),
)
"""A room imports the rooms before it."""

CLIENT = "client"
"""What applications import, a part of its own: of all that is ours it knows `oidc`, and nothing of ours knows it. So an
application that has it has no server in it, and what the client can do any other program can do too.
"""

SETTINGS = frozenset({"settings", "setting_values"})
ADAPTERS = frozenset({"store", "http_client", "mail", "dns", "file_lock", "key_file", "logs"})
EDGES = frozenset({"web", "cli", "worker", "__main__"})
WIRING = "hallway.web.wiring"

DRIVERS = frozenset({"apsw", "asyncpg", "sqlite3"})
OUTSIDE = DRIVERS | {"socket", "ssl", "subprocess", "http", "urllib.request", "aiohttp", "uvicorn", "httptools"}
OUTSIDE |= {"uvloop", "typer", "starlette"}
"""What no room may touch: databases, sockets, other programs, HTTP."""

IMPURE = OUTSIDE | {"os", "pathlib", "io", "time", "random", "secrets", "uuid", "asyncio", "threading", "logging"}
IMPURE |= {"tempfile", "shutil", "sys", "structlog", "importlib"}
"""What no pure package may touch: files, clock, randomness, environment."""

SQL = re.compile(
    r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE|PRAGMA\s+\w)", re.DOTALL
)


def place(module: str) -> str:
    """Where a module of ours stands: `scim`, `hub.directories`, `store`, `web`, …; "" for the package itself."""
    parts = module.split(".")[1:]
    if parts[:1] in (["hub"], ["idp"]):
        return ".".join(parts[:2])
    return ".".join(parts[:1])


def breach(importer: str, imported: str) -> str | None:
    """Why one module may not import another, or `None` if it may."""
    ours, theirs = place(importer), place(imported)
    if not imported.startswith("hallway"):
        return _foreign_breach(ours, imported)
    if CLIENT in (ours, theirs) and ours != theirs and theirs != "":
        return None if (ours, theirs) == (CLIENT, "oidc") else "the client knows the pure package oidc alone"
    if ours == theirs or ours in EDGES or theirs == "":
        return None
    if ours in PURE:
        return "a pure package imports nothing of ours but itself"
    if theirs in PURE or (theirs in VALUES and ours not in VALUES):
        return "ids import nothing of ours" if ours in VALUES else None
    if ours in ROOMS:
        return _room_breach(ours, theirs)
    if ours in ADAPTERS:
        return _adapter_breach(theirs, imported)
    if ours in SETTINGS and theirs in SETTINGS:
        return None
    return f"the law has no place for {importer}: add it to the table, with its reason"


def _foreign_breach(ours: str, imported: str) -> str | None:
    heads = {imported, imported.split(".")[0]}
    if heads & DRIVERS and ours != "store":
        return "only store/ talks to databases"
    if ours in PURE | VALUES and heads & IMPURE:
        return "a pure package has no I/O, clock, randomness or environment"
    if ours in ROOMS and heads & OUTSIDE:
        return "a room knows neither HTTP nor sockets nor programs"
    return None


def _room_breach(ours: str, theirs: str) -> str | None:
    if {ours.split(".")[0], theirs.split(".")[0]} == {"hub", "idp"}:
        return "hub/ and idp/ meet only over HTTP"
    if theirs not in ROOMS:
        return "a room imports pure packages and rooms, never adapters or edges"
    return None if ROOMS.index(theirs) < ROOMS.index(ours) else "a room imports only rooms before it"


def _adapter_breach(theirs: str, imported: str) -> str | None:
    if theirs in SETTINGS:
        return None
    if theirs not in ROOMS:
        return "an adapter imports rooms, never another adapter or an edge"
    return "an adapter knows models and ports, not services" if imported.endswith(".service") else None


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("hallway.scim.filter", "hallway.ids"),
        ("hallway.scim.filter", "hallway.saml.xml"),
        ("hallway.scim.filter", "time"),
        ("hallway.scim.filter", "urllib.request"),
        ("hallway.ids", "hallway.scim.json"),
        ("hallway.journal.model", "hallway.keys.model"),
        ("hallway.journal.model", "hallway.store.database"),
        ("hallway.journal.model", "hallway.settings"),
        ("hallway.hub.organizations.model", "hallway.hub.directories.model"),
        ("hallway.hub.directories.service", "hallway.idp.people.model"),
        ("hallway.idp.people.service", "hallway.hub.directories.model"),
        ("hallway.hub.directories.service", "hallway.web.app"),
        ("hallway.hub.directories.service", "asyncpg"),
        ("hallway.store.resources", "hallway.hub.directories.service"),
        ("hallway.store.resources", "hallway.http_client"),
        ("hallway.store.resources", "hallway.web.scim"),
        ("hallway.web.app", "asyncpg"),
        ("hallway.settings", "hallway.journal.model"),
        ("hallway.client.door", "hallway.web.http"),
        ("hallway.client.sign_in", "hallway.ids"),
        ("hallway.client.webhook", "hallway.delivery.signature"),
        ("hallway.client.door", "sqlite3"),
        ("hallway.cli.main", "hallway.client"),
        ("hallway.unheard_of", "hallway.journal.model"),
    ],
)
def test_the_law_forbids(importer: str, imported: str) -> None:
    assert breach(importer, imported) is not None


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("hallway.scim.patch", "hallway.scim.filter"),
        ("hallway.scim.patch", "datetime"),
        ("hallway.journal.model", "hallway.scim.json"),
        ("hallway.hub.directories.service", "hallway.hub.organizations.model"),
        ("hallway.hub.directories.service", "hallway.journal.model"),
        ("hallway.store.resources", "hallway.hub.directories.ports"),
        ("hallway.store.sqlite", "apsw"),
        ("hallway.key_file", "hallway.settings"),
        ("hallway.web.wiring", "hallway.store.opening"),
        ("hallway.cli", "hallway.web.wiring"),
        ("hallway.client.sign_in", "hallway.oidc.id_token"),
        ("hallway.client.asynchronous", "aiohttp"),
    ],
)
def test_the_law_allows(importer: str, imported: str) -> None:
    assert breach(importer, imported) is None


def test_every_import_keeps_the_law() -> None:
    found = [
        f"{module.shown} imports {imported}: {why}"
        for module in modules()
        for imported in sorted(imports(module))
        if (why := breach(module.name, imported))
    ]
    assert found == []


def test_every_module_has_its_place_in_the_law() -> None:
    known = {"", "hub", "idp", CLIENT, *PURE, *VALUES, *ROOMS, *SETTINGS, *ADAPTERS, *EDGES}
    assert [module.shown for module in modules() if place(module.name) not in known] == []


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = {module.name: imports(module) & names() - {module.name} for module in modules()}
    while True:
        # A module that imports nothing, or only what was taken away, is in no circle.
        leaves = {name for name, wanted in graph.items() if not wanted & graph.keys()}
        if not leaves:
            break
        graph = {name: wanted for name, wanted in graph.items() if name not in leaves}
    assert {name: sorted(wanted & graph.keys()) for name, wanted in graph.items()} == {}


def test_pure_packages_call_neither_clock_nor_files() -> None:
    found = [
        f"{module.shown}:{call.lineno}"
        for module in modules()
        if place(module.name) in PURE | VALUES
        for call in _calls(module)
        if _called(call) in {"open", "input", "print", "exec", "eval", "__import__", "now", "utcnow", "today"}
    ]
    assert found == []


def test_only_the_store_holds_sql() -> None:
    found = [
        f"{module.shown}:{text.lineno}"
        for module in modules()
        if place(module.name) != "store"
        for text in _texts(module)
        if SQL.search(str(text.value))
    ]
    assert found == []


def test_only_the_wiring_makes_adapters() -> None:
    found = [
        f"{module.shown}:{call.lineno} makes {_called(call)}"
        for module in modules()
        if module.name != WIRING and place(module.name) in EDGES
        for made in [_made_by_adapters(module)]
        for call in _calls(module)
        if _called(call) in made
    ]
    assert found == []


def _made_by_adapters(module: Module) -> set[str]:
    """The names in this module that make an adapter: classes, and functions that open or connect."""
    return {
        alias.asname or alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.module and place(node.module) in {"store", "http_client", "mail"}
        for alias in node.names
        if alias.name[0].isupper() or alias.name in {"opened", "connected"}
    }


def _calls(module: Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.Call))


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _texts(module: Module) -> Iterator[ast.Constant]:
    """Every text of the module that is not a docstring."""
    standing_alone = {id(node.value) for node in ast.walk(module.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in standing_alone:
            yield node
