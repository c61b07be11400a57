"""`hallway hub directory …`."""

import asyncio
import re
from dataclasses import replace
from typing import Annotated

import typer

from hallway.cli.printing import answer, say, show_json, table, tell
from hallway.cli.running import AsJson, BaseUrl, Database, actor, ask, refuse, run_with_hub, settings_of
from hallway.cli.shapes import directory_shape, instant
from hallway.exchanges.model import Exchange
from hallway.hub.directories.administration import Administration, Parting, People, found_directory
from hallway.hub.directories.model import Directory, Provider, Standing
from hallway.hub.directories.not_applied import still_open
from hallway.hub.directories.providers import product_of
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.directories.ruling import checked_base_path, checked_rules
from hallway.hub.directories.tokens import MadeToken
from hallway.hub.organizations.service import Refused, checked_name
from hallway.ids import EXCHANGE, TOKEN, wire
from hallway.scim.json import Json, JsonObject
from hallway.scim.quirks import OFF_BY_DEFAULT, Quirk
from hallway.web.guards import REMEMBERED_SECONDS
from hallway.web.wiring import Hub

app = typer.Typer(help="SCIM sources of an organization.", no_args_is_help=True)
Named = Annotated[str, typer.Argument(metavar="DIRECTORY", help="Its id (dir_…).")]
Owner = Annotated[str, typer.Argument(metavar="ORGANIZATION", help="The organization's id or external id.")]


def administration(hub: Hub) -> Administration:
    """What a person does with directories, as this command's actor."""
    return Administration(hub.desk, hub.catalogue.types, actor())


@app.command()
def create(
    organization: Owner,
    name: Annotated[str, typer.Option("--name", help="What people call it.")],
    provider: Annotated[Provider, typer.Option("--provider", help="Whose product pushes.")] = Provider.OTHER,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Create a directory and its first token; the token is printed this once."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> tuple[Directory, MadeToken]:
        owner = await hub.registrar.found(organization)
        return await administration(hub).create(owner, name, provider, settings.tokens_default_days)

    directory, made = run_with_hub(settings, act)
    shape: JsonObject = {
        **directory_shape(directory, settings),
        "token": made.text,
        "token_id": wire(TOKEN, made.token.id),
        "token_expires_at": instant(made.token.expires_at),
    }
    if as_json:
        show_json(shape)
        return
    say(f"Directory:   {shape['id']}  ({directory.name})")
    say(f"Base URL:    {shape['base_url']}{product_of(provider).url_suffix}")
    say(f"Token:       {made.text}")
    say(f"             shown this once; ends {shape['token_expires_at']}")
    say(f'Try it:      curl -H "Authorization: Bearer {made.text}" {shape["base_url"]}/Users')


async def _still_open(hub: Hub, one: Directory) -> list[Exchange]:
    """What was refused to end while the directory was closed, and has not ended since."""
    refused = await hub.stores.exchanges.not_applied(one.organization_id, one.id)
    return await still_open(hub.desk, DirectoryKey(one.organization_id, one.id), refused)


def _not_applied(one: Exchange) -> JsonObject:
    return {
        "exchange": wire(EXCHANGE, one.id),
        "at": instant(one.at),
        "method": one.method,
        "path": one.path,
        "what": one.not_applied,
    }


@app.command("list")
def list_command(
    organization: Owner, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None
) -> None:
    """List an organization's directories."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> list[JsonObject]:
        owner = await hub.registrar.found(organization)
        found = await hub.stores.directories.of_organization(owner.id)
        return [directory_shape(one, settings, await _standing(hub, one)) for one in found]

    shapes = run_with_hub(settings, act)
    if as_json:
        listed: list[Json] = list(shapes)
        show_json(listed)
        return
    columns = ("id", "name", "provider", "state", "users", "groups", "last_request_at")
    table(columns, [tuple("" if one[column] is None else str(one[column]) for column in columns) for one in shapes])


@app.command()
def show(directory: Named, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """Show a directory: its rules, its people counted, what it tolerates, and what a disabled one did not apply."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> JsonObject:
        one = await found_directory(hub.desk, directory)
        shape = directory_shape(one, settings, await _standing(hub, one))
        shape["not_applied"] = [_not_applied(exchange) for exchange in await _still_open(hub, one)]
        return shape

    _show(run_with_hub(settings, act), as_json)


@app.command()
def disable(directory: Named, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """Refuse writes with 503, serve reads, and list what was refused to end as not applied."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> Directory:
        return await administration(hub).disable(await found_directory(hub.desk, directory))

    _show(directory_shape(run_with_hub(settings, act), settings), as_json)


@app.command()
def enable(directory: Named, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """Take writes again; lists deactivations that were refused meanwhile and are still not applied."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> JsonObject:
        one = await administration(hub).enable(await found_directory(hub.desk, directory))
        listed: list[Json] = [_not_applied(exchange) for exchange in await _still_open(hub, one)]
        return {**directory_shape(one, settings), "not_applied": listed}

    _show(run_with_hub(settings, act), as_json)


Name = Annotated[str | None, typer.Option("--name", help="Another name.")]
Strict = Annotated[bool | None, typer.Option("--strict/--tolerant", help="Refuse every known quirk.")]
UserNameIsEmail = Annotated[
    bool | None, typer.Option("--user-name-is-email/--any-user-name", help="userName has to be an e-mail address.")
]
Immutable = Annotated[
    str | None, typer.Option("--immutable", help="Attributes that SCIM may not change: a,b.c; none with ''.")
]
DeleteDeactivates = Annotated[
    bool | None, typer.Option("--delete-deactivates/--delete-deletes", help="What DELETE of a user means.")
]
Restore = Annotated[
    bool | None, typer.Option("--restore/--never-restore", help="A re-created externalId is the same person.")
]
UniqueNames = Annotated[
    bool | None, typer.Option("--unique-group-names/--any-group-names", help="Whether a taken group name is 409.")
]
PatchAnswer = Annotated[
    bool | None, typer.Option("--group-patch-200/--group-patch-204", help="How a PATCH of a group is answered.")
]
QuirksOn = Annotated[
    str | None, typer.Option("--quirks-on", help="Quirks that are off by default, by name: a,b; none with ''.")
]
Schemas = Annotated[
    str | None, typer.Option("--schemas", help="Declared extension schemas to switch on: URNs with commas.")
]
BasePath = Annotated[
    str | None, typer.Option("--base-path", help="An extra base path, such as /scim/v2; none with ''.")
]


@app.command("set")
def set_command(
    directory: Named,
    name: Name = None,
    strict: Strict = None,
    user_name_is_email: UserNameIsEmail = None,
    immutable: Immutable = None,
    delete_deactivates: DeleteDeactivates = None,
    restore_by_external_id: Restore = None,
    group_names_unique: UniqueNames = None,
    group_patch_answers_resource: PatchAnswer = None,
    quirks_on: QuirksOn = None,
    schemas: Schemas = None,
    base_path: BasePath = None,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Change a directory's name, rules and extra base path."""
    settings = settings_of({"database": database, "base_url": base_url})
    given = {
        "strict": strict,
        "user_name_is_email": user_name_is_email,
        "delete_deactivates": delete_deactivates,
        "restore_by_external_id": restore_by_external_id,
        "group_names_unique": group_names_unique,
        "group_patch_answers_resource": group_patch_answers_resource,
        "immutable": None if immutable is None else _parts(immutable),
        "quirks_on": None if quirks_on is None else _quirks(quirks_on),
        "schemas": None if schemas is None else _parts(schemas),
    }
    chosen = {key: value for key, value in given.items() if value is not None}

    if all(value is None for value in (name, schemas, base_path, *given.values())):
        refuse(Refused("invalid", "There is nothing to change: name a rule; --help lists them."), 2)

    async def act(hub: Hub) -> Directory:
        was = await found_directory(hub.desk, directory)
        changed = replace(was, rules=checked_rules(hub.catalogue, was, chosen))
        if name is not None:
            changed = replace(changed, name=checked_name(name))
        if base_path is not None:
            changed = replace(changed, base_path=checked_base_path(base_path))
        return await administration(hub).update(was, changed)

    _show(directory_shape(run_with_hub(settings, act), settings), as_json)


@app.command()
def delete(
    directory: Named,
    people: Annotated[People | None, typer.Option("--people", help="What becomes of its people.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="DIRECTORY", help="Where people move.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Delete a directory: its people are kept by hand, deactivated, or moved, and each is journaled."""
    settings = settings_of({"database": database, "base_url": base_url})
    one, standing = run_with_hub(settings, lambda hub: _with_standing(hub, directory))
    chosen = people or _asked_people(one, standing)
    if (chosen is People.MOVE) != (to is not None):
        refuse(Refused("invalid", "--people move and --to DIRECTORY belong together. Nothing was deleted."), 2)
    if not yes:
        ask(
            f"Delete {one.name}? Its tokens end now; what becomes of its {standing.users} users: {chosen.value}.",
            "Nothing was deleted.",
        )
    handled = run_with_hub(settings, lambda hub: _delete(hub, one, chosen, to))
    say(f"Deleted {one.name}; {handled} users and groups: {chosen.value}.")


async def _delete(hub: Hub, one: Directory, people: People, to: str | None) -> int:
    target = None if to is None else await found_directory(hub.desk, to)
    parting = Parting(people, target, lambda _: None)
    closed = await administration(hub).close(one, parting)
    if closed is not one:
        # Whoever serves remembers that the directory takes writes; what it still takes is to be handled too.
        await asyncio.sleep(2 * REMEMBERED_SECONDS)
    return await administration(hub).delete(closed, parting)


def _asked_people(one: Directory, standing: Standing) -> People:
    given = answer(f"{one.name} has {standing.users} users. What becomes of them: keep, deactivate or move [keep]: ")
    if given is None:
        refuse(Refused("invalid", "Nothing was deleted. Say --people and --yes where nobody can answer."), 1)
    try:
        return People(given or "keep")
    except ValueError:
        refuse(Refused("invalid", "Answer keep, deactivate or move. Nothing was deleted."), 1)


async def _with_standing(hub: Hub, directory: str) -> tuple[Directory, Standing]:
    one = await found_directory(hub.desk, directory)
    return one, await _standing(hub, one)


async def _standing(hub: Hub, one: Directory) -> Standing:
    return await hub.stores.directories.standing(DirectoryKey(one.organization_id, one.id))


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _quirks(text: str) -> frozenset[Quirk]:
    names = {quirk.value: quirk for quirk in OFF_BY_DEFAULT}
    unknown = [part for part in _parts(text) if part not in names]
    if unknown:
        refuse(Refused("invalid", f"No quirk that is off by default is called {unknown[0]!r}: {', '.join(names)}."), 2)
    return frozenset(names[part] for part in _parts(text))


def _known_schemas(hub: Hub, text: str) -> tuple[str, ...]:
    known = {urn.lower(): urn for urn in hub.catalogue.urns}
    unknown = [urn for urn in _parts(text) if urn.lower() not in known]
    if unknown:
        declared = ", ".join(known.values()) or "none; set scim_schemas"
        raise Refused("invalid", f"No declared schema is called {unknown[0]!r}. Declared: {declared}.")
    return tuple(sorted(known[urn.lower()] for urn in _parts(text)))


def _checked_path(text: str) -> str:
    path = text.rstrip("/")
    if path and (
        not re.fullmatch(r"(/[A-Za-z0-9._~-]+){1,8}", path) or re.match(r"/scim/dir_|/(healthz|readyz|metrics)", path)
    ):
        raise Refused(
            "invalid",
            "A base path is like /scim/v2: up to eight parts of letters, digits and ._~-, and none of the Hub's own.",
        )
    return path


def _show(shape: JsonObject, as_json: bool) -> None:
    if as_json:
        show_json(shape)
    else:
        tell(shape)
