"""`hallway hub token …`."""

from typing import Annotated, Final

import typer

from hallway.cli.directories import administration
from hallway.cli.printing import say, show_json, table
from hallway.cli.running import AsJson, BaseUrl, Database, actor, run_with_hub, settings_of
from hallway.cli.shapes import token_shape
from hallway.hub.directories.administration import found_directory, found_token
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.directories.rotation import rotated
from hallway.hub.directories.tokens import MadeToken
from hallway.hub.organizations.service import Refused
from hallway.ids import DIRECTORY, wire
from hallway.scim.json import Json, JsonObject
from hallway.web.wiring import Hub, clock

MAX_LABEL: Final = 200

app = typer.Typer(help="Bearer tokens of a directory.", no_args_is_help=True)
Owner = Annotated[str, typer.Argument(metavar="DIRECTORY", help="The directory's id (dir_…).")]
Days = Annotated[int | None, typer.Option("--expires-in-days", min=1, max=3650, help="A year unless chosen.")]


@app.command()
def create(
    directory: Owner,
    days: Days = None,
    label: Annotated[str, typer.Option("--label", help="What it is for.")] = "",
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Make another token beside those there are; it is printed this once."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> MadeToken:
        one = await found_directory(hub.desk, directory)
        return await administration(hub).add_token(one, days or settings.tokens_default_days, _label(label))

    made = run_with_hub(settings, act)
    shape: JsonObject = {**token_shape(made.token, clock()), "token": made.text}
    if as_json:
        show_json(shape)
    else:
        say(f"{shape['id']} ends {shape['expires_at']}. It is shown this once:")
        say(made.text)


@app.command("import")
def import_command(
    directory: Owner,
    digest: Annotated[str, typer.Option("--sha256", help="The SHA-256 of the token's text, in hex.")],
    days: Days = None,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Take over a token that another product made, by its hash, so that its customer changes nothing."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> JsonObject:
        one = await found_directory(hub.desk, directory)
        lifetime = days or settings.tokens_default_days
        return token_shape(await administration(hub).import_token(one, _digest(digest), lifetime), clock())

    shape = run_with_hub(settings, act)
    if as_json:
        show_json(shape)
    else:
        say(f"{shape['id']} imported; ends {shape['expires_at']}.")


@app.command("list")
def list_command(
    directory: Owner, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None
) -> None:
    """List a directory's tokens: state, end, last use with address and client."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> list[JsonObject]:
        one = await found_directory(hub.desk, directory)
        tokens = await hub.stores.directories.tokens(DirectoryKey(one.organization_id, one.id))
        return [token_shape(token, clock()) for token in tokens]

    shapes = run_with_hub(settings, act)
    if as_json:
        listed: list[Json] = list(shapes)
        show_json(listed)
        return
    columns = ("id", "state", "expires_at", "last_used_at", "last_address", "last_client", "label")
    table(columns, [tuple("" if one[column] is None else str(one[column]) for column in columns) for one in shapes])


@app.command()
def rotate(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="The old token's id (tok_…).")],
    days: Days = None,
    now: Annotated[bool, typer.Option("--now", help="End the old token at once; what it is in stops working.")] = False,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Make the token that takes another one's place; the old one ends a day after the first use of the new one."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> MadeToken:
        old = await found_token(hub.desk, token)
        directory = await found_directory(hub.desk, wire(DIRECTORY, old.directory_id))
        made = await rotated(hub.desk, directory, old, days or settings.tokens_default_days, actor())
        if now:
            await administration(hub).revoke_token(old)
        return made

    made = run_with_hub(settings, act)
    shape: JsonObject = {**token_shape(made.token, clock()), "token": made.text}
    if as_json:
        show_json(shape)
        return
    say(f"{shape['id']} ends {shape['expires_at']}. It is shown this once:")
    say(made.text)
    say(f"{token} {'has ended.' if now else 'ends a day after the first request with the new one.'}")


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="The token's id (tok_…).")],
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """End a token; every process stops taking it within a second."""

    async def act(hub: Hub) -> None:
        await administration(hub).revoke_token(await found_token(hub.desk, token))

    run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    say(f"Revoked {token}.")


def _label(text: str) -> str:
    label = text.strip()
    if len(label) > MAX_LABEL or not label.isprintable():
        raise Refused("invalid", f"A label has at most {MAX_LABEL} printable characters.")
    return label


def _digest(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise Refused("invalid", "Write the SHA-256 of the token's text as 64 hex digits.")
    return digest
