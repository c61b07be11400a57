"""`hallway hub stream …`."""

from typing import Annotated

import typer

from hallway.cli.printing import say, show_json, table
from hallway.cli.running import AsJson, BaseUrl, Database, actor, run_with_hub, settings_of
from hallway.cli.shapes import pushed_shape, stream_shape
from hallway.hub.directories.administration import found_directory
from hallway.hub.events.streams import create_stream, delete_stream, found_stream
from hallway.hub.webhooks.pushing import PushWish, create_push, found_push, pushed
from hallway.hub.webhooks.service import delete as delete_endpoint
from hallway.hub.webhooks.service import enable as enable_endpoint
from hallway.ids import ENDPOINT
from hallway.scim.json import Json, JsonObject
from hallway.web.delivering import webhook_desk
from hallway.web.streaming import stream_desk
from hallway.web.wiring import Hub

app = typer.Typer(
    help="A directory's changes as Security Event Tokens (RFC 9967), for who polls them or has them pushed.",
    no_args_is_help=True,
)
Owner = Annotated[str, typer.Argument(metavar="DIRECTORY", help="The directory's id (dir_…).")]


@app.command()
def create(
    directory: Owner,
    audience: Annotated[str, typer.Option("--audience", help="Who reads it: the `aud` of each token.")],
    push: Annotated[
        str, typer.Option("--push", metavar="URL", help="Post each token there, instead of being polled.")
    ] = "",
    authorization: Annotated[
        str, typer.Option("--authorization", help="With --push: the Authorization of each post.")
    ] = "",
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Make a stream of what happens from now on; the secret of one that is polled is printed this once."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> JsonObject:
        one = await found_directory(hub.desk, directory)
        if push:
            wish = PushWish(push, audience, authorization)
            return pushed_shape(await create_push(webhook_desk(hub), one, wish, actor()))
        made = await create_stream(stream_desk(hub), one, audience, actor())
        return {**stream_shape(made.stream, settings.base_url), "secret": made.secret}

    shape = run_with_hub(settings, act)
    if as_json:
        show_json(shape)
    elif push:
        say(f"{shape['id']} is pushed to {shape['url']}.")
    else:
        say(f"{shape['id']} is polled at {shape['url']}. Its secret is shown this once:")
        say(str(shape["secret"]))


@app.command("list")
def list_command(
    directory: Owner, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None
) -> None:
    """List a directory's streams, oldest first: when each was polled last, what its reader refused; and those that are
    pushed.
    """
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> list[JsonObject]:
        one = await found_directory(hub.desk, directory)
        found = await hub.stores.streams.of_directory(one.organization_id, one.id)
        polled = [stream_shape(stream, settings.base_url) for stream in found]
        return [*polled, *map(pushed_shape, await pushed(webhook_desk(hub), one.organization_id, one.id))]

    shapes = run_with_hub(settings, act)
    if as_json:
        whole: list[Json] = list(shapes)
        show_json(whole)
        return
    names = ("id", "audience", "url", "state", "polled_at", "refused")
    table(
        ("id", "audience", "address", "state", "polled", "refused", "last error"),
        [
            (*(str(shape.get(name) or "") for name in names), str(shape.get("last_error") or shape.get("reason") or ""))
            for shape in shapes
        ],
    )


@app.command()
def enable(
    directory: Owner,
    stream: Annotated[str, typer.Argument(metavar="STREAM", help="The id of a stream that is pushed (hook_…).")],
    skip: Annotated[bool, typer.Option("--skip", help="Leave out what waited; without this it is sent now.")] = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Let a stream that was switched off go on: one that is pushed, and was not taken for days."""

    async def act(hub: Hub) -> None:
        one, hooks = await found_directory(hub.desk, directory), webhook_desk(hub)
        endpoint = await found_push(hooks, one, stream)
        await enable_endpoint(hooks, endpoint, actor(), skip)

    run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    say(f"{stream} is sent what happens again.")


@app.command()
def delete(
    directory: Owner,
    stream: Annotated[
        str, typer.Argument(metavar="STREAM", help="The stream's id (stream_…; hook_… of one that is pushed).")
    ],
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """End a stream now; what waits in it is not told any more."""

    async def act(hub: Hub) -> None:
        one = await found_directory(hub.desk, directory)
        if stream.startswith(ENDPOINT):
            hooks = webhook_desk(hub)
            return await delete_endpoint(hooks, await found_push(hooks, one, stream), actor())
        desk = stream_desk(hub)
        return await delete_stream(desk, await found_stream(desk, one, stream), actor())

    run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    say(f"Deleted {stream}.")
