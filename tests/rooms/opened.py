"""An open Hub on an SQLite file of the test's own, and what tests make in it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from hallway.hub.directories.administration import Administration, Parting, People
from hallway.hub.directories.carrying import Outcome
from hallway.hub.directories.desk import Scene
from hallway.hub.directories.groups import create_group, patch_group
from hallway.hub.directories.model import Directory, Kind, Provider, Rules
from hallway.hub.directories.resources import DirectoryKey, Stored
from hallway.hub.directories.tokens import MadeToken
from hallway.hub.directories.users import create_user, patch_user
from hallway.hub.organizations.model import Organization, Plan
from hallway.ids import GROUP, USER, ResourceId, wire
from hallway.journal.model import Actor, Written
from hallway.scim.json import Json, JsonObject
from hallway.scim.patch_operations import PATCH_OP
from hallway.scim.quirks import Tolerance
from hallway.scim.standard import GROUP_SCHEMA, USER_SCHEMA
from hallway.settings import Settings, load_settings
from hallway.web.wiring import Hub, opened_hub

MASTER_KEY: Final = "11" * 32
OPERATOR: Final = Actor("command", None, "tests")


def settings_in(directory: Path, **more: str) -> Settings:
    """Settings of a deployment in `directory`; names as in `Settings`."""
    given = {"database": f"sqlite:///{directory / 'hallway.db'}", "master_key": MASTER_KEY, "log_level": "warning"}
    return load_settings({f"HALLWAY_{name.upper()}": value for name, value in {**given, **more}.items()})


@asynccontextmanager
async def opened(directory: Path, **more: str) -> AsyncIterator[Hub]:
    """A Hub in `directory`, closed afterwards."""
    hub = await opened_hub(settings_in(directory, **more))
    try:
        yield hub
    finally:
        await hub.stores.database.close()


@dataclass(frozen=True)
class Place:
    """A directory with its first token, and requests to it without HTTP."""

    hub: Hub
    directory: Directory
    made: MadeToken

    @property
    def key(self) -> DirectoryKey:
        return DirectoryKey(self.directory.organization_id, self.directory.id)

    @property
    def scene(self) -> Scene:
        """What a request comes with."""
        rules = self.directory.rules
        served = self.hub.catalogue.served(self.directory)
        return Scene(
            self.directory,
            served.types,
            Tolerance(rules.strict, rules.quirks_on),
            Actor("token", self.made.token.id, "client/1", "192.0.2.7"),
            b"http://hub.test",
            served.version,
        )

    async def user(self, user_name: str, **more: Json) -> ResourceId:
        """A new user's id."""
        return _id(await create_user(self.hub.desk, self.scene, user_body(user_name, **more)))

    async def group(self, name: str, *members: ResourceId, groups: tuple[ResourceId, ...] = ()) -> ResourceId:
        """A new group's id."""
        listed: list[Json] = [{"value": wire(USER, one)} for one in members]
        listed += [{"value": wire(GROUP, one)} for one in groups]
        body: JsonObject = {"schemas": [GROUP_SCHEMA.id], "displayName": name, "members": listed}
        return _id(await create_group(self.hub.desk, self.scene, body))

    async def patch(self, user_id: ResourceId, *operations: Any) -> Outcome:
        """PATCH of a user."""
        return await patch_user(self.hub.desk, self.scene, user_id, patch_body(*operations), None)

    async def patch_group(self, group_id: ResourceId, *operations: Any) -> Outcome:
        """PATCH of a group."""
        return await patch_group(self.hub.desk, self.scene, group_id, patch_body(*operations), (204, None))

    async def stored(self, kind: Kind, one: ResourceId) -> Stored | None:
        """What is there now."""
        return await self.hub.stores.resources.by_id(self.key, kind, one)

    async def again(self) -> "Place":
        """The same, as it is now."""
        found = await self.hub.stores.directories.located(self.directory.id)
        assert found is not None
        return replace(self, directory=found)


def _id(outcome: Outcome) -> ResourceId:
    assert outcome.stored is not None
    return outcome.stored.id


def user_body(user_name: str, **more: Json) -> JsonObject:
    """The body of a POST or PUT."""
    return {"schemas": [USER_SCHEMA.id], "userName": user_name, **more}


def patch_body(*operations: Any) -> JsonObject:
    """The body of a PATCH."""
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def administration(hub: Hub) -> Administration:
    """What a person does with directories."""
    return Administration(hub.desk, hub.catalogue.types, OPERATOR)


async def made_place(
    hub: Hub,
    owner: Organization | None = None,
    plan: Plan = Plan.ENTERPRISE,
    rules: Mapping[str, Any] | None = None,
    name: str = "Staff",
) -> Place:
    """A new directory, in a new organization where none is given."""
    owner = owner or await hub.registrar.create("Acme", plan, None, OPERATOR)
    directory, made = await administration(hub).create(owner, name, Provider.OTHER, 365)
    if rules:
        directory = await administration(hub).update(directory, replace(directory, rules=Rules(**rules)))
    return Place(hub, directory, made)


async def journal(hub: Hub, directory: Directory) -> list[Written]:
    """Every entry of the directory's organization."""
    return list(await hub.stores.journal.after(directory.organization_id, 0, 10_000))


def parting(people: People, target: Directory | None = None) -> Parting:
    """A deletion that tells nobody how far it is."""
    return Parting(people, target, lambda _: None)


def canaries_in(directory: Path, *canaries: str) -> list[str]:
    """Which texts stand anywhere in the files of a deployment."""
    octets = b"".join(file.read_bytes() for file in sorted(directory.rglob("*")) if file.is_file())
    octets = b"".join(file.read_bytes() for file in sorted(directory.iterdir()) if file.is_file())
    return [canary for canary in canaries if canary.encode() in octets]
