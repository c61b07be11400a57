"""A migrated database of either engine with an organization and a directory in it, and the services on top.

Rules: time and entropy are counted, so that every run writes the same bytes.
"""

import hashlib
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from hallway.exchanges.model import Exchange
from hallway.hub.directories.carrying import Outcome
from hallway.hub.directories.catalogue import Catalogue
from hallway.hub.directories.desk import Desk, Scene
from hallway.hub.directories.documents import complete
from hallway.hub.directories.groups import create_group, delete_group, patch_group
from hallway.hub.directories.links import Ties
from hallway.hub.directories.listing import sort_key_of
from hallway.hub.directories.model import Directory, DirectoryState, Kind, NewDirectory, Provider, Rules
from hallway.hub.directories.ports import Position, Search, SortKey
from hallway.hub.directories.resources import DirectoryKey, Stored
from hallway.hub.directories.users import create_user, delete_user, patch_user
from hallway.hub.organizations.model import NewOrganization, Organization, OrganizationState, Plan
from hallway.ids import GROUP, USER, AccountId, DirectoryId, EntryId, OrganizationId, ResourceId, wire
from hallway.journal.model import Actor, Change, Entry, Row
from hallway.scim.filter import Filter, parse_filter
from hallway.scim.json import JsonObject
from hallway.scim.match import predicate
from hallway.scim.path import AttributePath, attribute_path
from hallway.scim.quirks import Tolerance
from hallway.store.directories import DirectoryStore
from hallway.store.links import LinkStore
from hallway.store.members import MemberStore
from hallway.store.opening import Opening, migrate, opened
from hallway.store.postgres import PostgresDatabase
from hallway.store.reading import ResourceStore
from hallway.store.sqlite import SqliteDatabase

CATALOGUE = Catalogue(())
BASE = b"https://hub.example/scim/dir/v2"
CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ACTOR = Actor("token", b"t" * 16, "tests", "192.0.2.1")
_BEGAN = 1_700_000_000_000_000


@dataclass
class Stage:
    """Two organizations, three directories (the first two of one organization), and what writes into them."""

    database: SqliteDatabase | PostgresDatabase
    desk: Desk
    directories: tuple[Directory, ...] = ()

    @property
    def resources(self) -> ResourceStore:
        """The port that is read most."""
        return ResourceStore(self.database)

    @property
    def key(self) -> DirectoryKey:
        """The first directory."""
        return self.key_of(0)

    def key_of(self, place: int) -> DirectoryKey:
        """A directory by its place."""
        return DirectoryKey(self.directories[place].organization_id, self.directories[place].id)

    def scene(self, place: int = 0, exchange: Exchange | None = None, rules: Rules | None = None) -> Scene:
        """A request to a directory."""
        one = self.directories[place]
        if rules is not None:
            one = Directory(
                one.id, one.organization, one.name, one.provider, one.state, one.created_at, one.base_path, rules
            )
        cause = None if exchange is None else exchange.id
        return Scene(one, CATALOGUE.types(one), Tolerance(), ACTOR, BASE, 1, exchange, cause)

    def entry(self, kind: str, subject: bytes = b"", **facts: Any) -> Entry:
        """A journal entry."""
        at = self.desk.now()
        return Entry(
            EntryId(self.desk.fresh_id()), kind, at, ACTOR, subject or None, self.key.directory_id, facts=facts
        )

    async def write(self, *rows: Row, entries: int = 1, organization: OrganizationId | None = None) -> int:
        """Commit rows with so many entries."""
        made = tuple(self.entry("user.updated", b"s" * 16) for _ in range(entries))
        owner = organization or self.key.organization_id
        return await self.database.commit(Change(owner, rows, made, made[0].id if made else b""))

    async def user(self, user_name: str, place: int = 0, /, **more: Any) -> ResourceId:
        """A new user."""
        outcome = await create_user(self.desk, self.scene(place), user_body(user_name, **more))
        return _id(outcome)

    async def group(
        self, name: str, *members: ResourceId, groups: tuple[ResourceId, ...] = (), place: int = 0
    ) -> ResourceId:
        """A new group with users and groups in it."""
        values = [{"value": wire(USER, one)} for one in members] + [{"value": wire(GROUP, one)} for one in groups]
        body: dict[str, Any] = {"schemas": [CORE_GROUP], "displayName": name}
        if values:
            body["members"] = values
        return _id(await create_group(self.desk, self.scene(place), body))

    async def patch_group(self, group: ResourceId, *operations: dict[str, Any], place: int = 0) -> Outcome:
        """PATCH of a group."""
        body: Any = {"schemas": [PATCH_OP], "Operations": list(operations)}
        return await patch_group(self.desk, self.scene(place), group, body, (204, None))

    async def patch_user(self, user: ResourceId, *operations: dict[str, Any], place: int = 0) -> Outcome:
        """PATCH of a user."""
        body: Any = {"schemas": [PATCH_OP], "Operations": list(operations)}
        return await patch_user(self.desk, self.scene(place), user, body, None)

    async def delete_user(self, user: ResourceId, place: int = 0, rules: Rules | None = None) -> None:
        """DELETE of a user."""
        await delete_user(self.desk, self.scene(place, rules=rules), user, None)

    async def delete_group(self, group: ResourceId, place: int = 0) -> None:
        """DELETE of a group."""
        await delete_group(self.desk, self.scene(place), group, None)

    async def stored(self, kind: Kind, one: ResourceId, place: int = 0) -> Stored:
        """A resource that is there."""
        found = await self.resources.by_id(self.key_of(place), kind, one)
        assert found is not None
        return found

    async def whole(self, kind: Kind, place: int = 0) -> dict[ResourceId, JsonObject]:
        """Every resource with everything that a client may ever see of it, each read by its id."""
        found: dict[ResourceId, JsonObject] = {}
        key = self.key_of(place)
        for one in await self.ids(kind, place):
            stored = await self.stored(kind, one, place)
            members = await self.resources.members(key, one, False) if kind is Kind.GROUP else ()
            found[one] = complete(stored, BASE, members)
        return found

    async def ids(self, kind: Kind, place: int = 0) -> list[ResourceId]:
        """Every resource of a kind."""
        page = await self.resources.page(self.key_of(place), search(kind, count=10_000))
        return [one.id for one in page.stored]

    async def rows(self, sql: str, *params: object) -> list[tuple[Any, ...]]:
        """What any SQL finds; parameters are written $1 …"""
        if isinstance(self.database, PostgresDatabase):
            async with self.database._connection() as connection:
                return [tuple(row) for row in await connection.fetch(sql, *params)]
        return [tuple(row) for row in self.database._reader.execute(sql.replace("$", "?"), params)]

    async def execute(self, sql: str, *params: object) -> None:
        """Any SQL that writes; parameters are written $1 …"""
        if isinstance(self.database, PostgresDatabase):
            async with self.database._connection() as connection:
                await connection.execute(sql, *params)
        else:
            self.database._writer.execute(sql.replace("$", "?"), params)


@dataclass
class Counted:
    """Time and entropy that are the same in every run."""

    ticks: "itertools.count[int]" = field(default_factory=itertools.count)
    draws: "itertools.count[int]" = field(default_factory=itertools.count)

    def clock(self) -> int:
        """A millisecond later each time."""
        return _BEGAN + 1000 * next(self.ticks)

    def entropy(self, size: int) -> bytes:
        """Bytes."""
        return hashlib.shake_128(next(self.draws).to_bytes(8, "big")).digest(size)


def user_body(user_name: str, /, **more: Any) -> dict[str, Any]:
    """What a client sends of a user."""
    schemas = [CORE_USER, ENTERPRISE] if ENTERPRISE in more else [CORE_USER]
    return {"schemas": schemas, "userName": user_name, **more}


@asynccontextmanager
async def staged(url: str, opening: Opening | None = None) -> AsyncIterator[Stage]:
    """A stage on a database that may be empty."""
    opening = opening or Opening(url)
    await migrate(opening)
    database = opened(opening)
    try:
        yield await furnished(database)
    finally:
        await database.close()


async def furnished(database: SqliteDatabase | PostgresDatabase, after: int = 0) -> Stage:
    """Two organizations and three directories in an open, migrated database; `after` so many ticks."""
    counted = Counted(itertools.count(after), itertools.count(after))
    ties = Ties(LinkStore(database), MemberStore(database), _can_sign_in)
    desk = Desk(database, ResourceStore(database), DirectoryStore(database), counted.clock, counted.entropy, ties)
    stage = Stage(database, desk)
    made: list[Directory] = []
    for name, count in (("Acme", 2), ("Beta", 1)):
        owner = await new_organization(desk, name)
        made += [await new_directory(desk, owner, f"{name} {number}") for number in range(count)]
    stage.directories = tuple(made)
    return stage


async def _can_sign_in(_: AccountId) -> bool:
    return True


async def new_organization(desk: Desk, name: str, external_id: str | None = None) -> Organization:
    """An organization with the enterprise plan."""
    one = OrganizationId(desk.fresh_id())
    owner = Organization(one, name, Plan.ENTERPRISE, OrganizationState.ACTIVE, desk.now(), external_id)
    entry = Entry(EntryId(desk.fresh_id()), "organization.created", desk.now(), ACTOR, one)
    await desk.ledger.commit(Change(one, (NewOrganization(owner),), (entry,), entry.id))
    return owner


async def new_directory(desk: Desk, owner: Organization, name: str) -> Directory:
    """A directory."""
    one = DirectoryId(desk.fresh_id())
    made = Directory(one, owner, name, Provider.OTHER, DirectoryState.ACTIVE, desk.now())
    entry = Entry(EntryId(desk.fresh_id()), "directory.created", desk.now(), ACTOR, one, one)
    await desk.ledger.commit(Change(owner.id, (NewDirectory(made),), (entry,), entry.id))
    return made


def search(
    kind: Kind,
    text: str | None = None,
    sort: str | None = None,
    *,
    start: int = 1,
    count: int = 100,
    descending: bool = False,
    after: Position | None = None,
) -> Search:
    """A list request in the words of a client."""
    tree = None if text is None else parsed_filter(kind, text)
    path = None if sort is None else path_of(kind, sort)
    return Search(kind, start, count, holds(tree), sorts(path), tree, path, descending, after)


def parsed_filter(kind: Kind, text: str) -> Filter:
    """A filter of a type."""
    return parse_filter(text, CATALOGUE.served(_NOBODYS).types[kind], Tolerance())


def path_of(kind: Kind, text: str) -> AttributePath:
    """A path of a type."""
    path = attribute_path(text, CATALOGUE.served(_NOBODYS).types[kind], Tolerance())
    assert isinstance(path, AttributePath)
    return path


def holds(tree: Filter | None) -> Callable[[Stored], bool]:
    """The pure answer to a filter."""
    if tree is None:
        return lambda _: True
    wanted = predicate(tree)
    return lambda stored: wanted(complete(stored, BASE))


def sorts(path: AttributePath | None) -> Callable[[Stored], SortKey]:
    """The pure answer to an order."""
    if path is None:
        return lambda _: (0, "")
    return lambda stored: sort_key_of(complete(stored, BASE), path)


def _id(outcome: Outcome) -> ResourceId:
    assert outcome.stored is not None
    return outcome.stored.id


_NOBODYS = Directory(
    DirectoryId(b""),
    Organization(OrganizationId(b""), "", Plan.FREE, OrganizationState.ACTIVE, 0),
    "",
    Provider.OTHER,
    DirectoryState.ACTIVE,
    0,
)
