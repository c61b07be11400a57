"""`hallway hub api-key …`."""

from typing import Annotated

import typer

from hallway.cli.printing import say, show_json, table
from hallway.cli.running import AsJson, BaseUrl, Database, actor, listed_by, run_with_hub, settings_of
from hallway.cli.shapes import api_key_shape
from hallway.hub.applications.api_keys import LONGEST_DAYS, ApiKey, MadeKey, found_key
from hallway.hub.applications.api_keys import create as create_key
from hallway.hub.applications.api_keys import revoke as revoke_key
from hallway.scim.json import Json, JsonObject
from hallway.web.wiring import Hub, clock, key_desk

app = typer.Typer(help="What the vendor's own programs call the REST API with.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    scope: Annotated[list[str], typer.Option("--scope", help="What it may do; once for each.")],
    days: Annotated[
        int | None, typer.Option("--expires-in-days", min=1, max=LONGEST_DAYS, help="Without an end unless chosen.")
    ] = None,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Make an API key; it is printed this once."""

    async def act(hub: Hub) -> MadeKey:
        return await create_key(key_desk(hub), name, scope, days, actor())

    made = run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    shape: JsonObject = {**api_key_shape(made.key, clock()), "key": made.text}
    if as_json:
        show_json(shape)
    else:
        say(f"{shape['id']} may {', '.join(made.key.scopes)}. It is shown this once:")
        say(made.text)


@app.command("list")
def list_command(as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """List all keys, oldest first."""

    async def act(hub: Hub) -> list[ApiKey]:
        return list(await hub.stores.api_keys.keys())

    found = run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    shapes = [api_key_shape(one, clock()) for one in found]
    if as_json:
        whole: list[Json] = list(shapes)
        show_json(whole)
        return
    rows: list[tuple[str, ...]] = [
        (str(shape["id"]), one.name, str(shape["state"]), " ".join(one.scopes), str(shape["last_used_at"] or ""))
        for one, shape in zip(found, shapes, strict=True)
    ]
    table(("id", "name", "state", "scopes", "last used"), rows)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key's id (key_…).")],
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """End a key now."""

    async def act(hub: Hub) -> ApiKey:
        desk = key_desk(hub)
        with listed_by("hallway hub api-key list"):
            one = await found_key(desk, key)
        return await revoke_key(desk, one, actor())

    ended = run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    say(f"Revoked {ended.name}.")
