"""`hallway hub application …`."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from hallway.cli.printing import say, show_json, table
from hallway.cli.running import AsJson, BaseUrl, Database, actor, refuse, run_with_hub, settings_of
from hallway.cli.shapes import application_shape, client_secret_shape
from hallway.hub.applications import service
from hallway.hub.applications.desk import ApplicationDesk
from hallway.hub.applications.model import Addresses, Application, ApplicationState, ClientSecret, Kind
from hallway.hub.applications.service import Made, Wish, found_application
from hallway.hub.organizations.service import Refused
from hallway.scim.json import Json, JsonObject
from hallway.web.wiring import Hub, application_desk

app = typer.Typer(help="Your own applications, which people sign in to by the Hub.", no_args_is_help=True)
secrets = typer.Typer(help="Secrets of an application: two may be alive, so that one can replace the other.")
app.add_typer(secrets, name="secret")

Client: TypeAlias = Annotated[str, typer.Argument(metavar="APPLICATION", help="The application's id (app_…).")]
Redirects: TypeAlias = Annotated[
    list[str] | None, typer.Option("--redirect-uri", help="Where people come back to, to the letter; several times.")
]
PostLogouts: TypeAlias = Annotated[
    list[str] | None, typer.Option("--post-logout-uri", help="Where people go after signing out; several times.")
]
LogoutUri: TypeAlias = Annotated[
    str | None, typer.Option("--logout-uri", help="Where the application is told that a session ended; '' for nowhere.")
]
SetupReturns: TypeAlias = Annotated[
    list[str] | None, typer.Option("--setup-return-uri", help="Where a set-up link may lead back to; several times.")
]
Algorithm: TypeAlias = Annotated[
    str | None, typer.Option("--algorithm", help="What ID tokens are signed by: ES256, EdDSA or RS256.")
]
Jwks: TypeAlias = Annotated[
    Path | None, typer.Option("--jwks", help="A file with the application's public keys, in place of a secret.")
]
Scopes: TypeAlias = Annotated[
    list[str] | None, typer.Option("--scope", help="What a machine may do with the REST API; several times.")
]
Required: TypeAlias = Annotated[
    list[str] | None, typer.Option("--require", help="An attribute of people that it needs; several times.")
]


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people know it by.")],
    redirect_uri: Redirects = None,
    kind: Annotated[Kind, typer.Option("--kind", help="Whether it can keep a secret, or signs nobody in.")] = Kind.WEB,
    post_logout_uri: PostLogouts = None,
    logout_uri: LogoutUri = None,
    setup_return_uri: SetupReturns = None,
    algorithm: Algorithm = None,
    jwks: Jwks = None,
    scope: Scopes = None,
    require: Required = None,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Make an application; its secret is printed this once."""
    addresses = _addresses(Addresses(), (redirect_uri, post_logout_uri, logout_uri, setup_return_uri))
    wish = _wish(Wish(name, kind, addresses), (algorithm, jwks, scope, require))

    async def act(hub: Hub) -> Made:
        return await service.create(application_desk(hub), wish, actor())

    _show_made(run_with_hub(settings_of({"database": database, "base_url": base_url}), act), as_json)


@app.command("list")
def list_command(as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """List all applications, oldest first."""

    async def act(hub: Hub) -> list[JsonObject]:
        return [application_shape(one) for one in await hub.stores.applications.applications()]

    shapes = run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    if as_json:
        listed: list[Json] = list(shapes)
        show_json(listed)
        return
    columns = ("id", "kind", "state", "name")
    table(columns, [tuple(str(one[column]) for column in columns) for one in shapes])


@app.command()
def show(application: Client, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """Show an application with its secrets, which say nothing of their texts."""

    async def act(hub: Hub) -> JsonObject:
        desk = application_desk(hub)
        one = await found_application(desk, application)
        kept: list[Json] = [client_secret_shape(each) for each in await desk.applications.secrets(one.id)]
        return {**application_shape(one), "secrets": kept}

    shape = run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    if as_json:
        show_json(shape)
        return
    for name, value in shape.items():
        say(f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}")


@app.command("set")
def set_command(
    application: Client,
    name: Annotated[str | None, typer.Option("--name", help="Another name.")] = None,
    redirect_uri: Redirects = None,
    post_logout_uri: PostLogouts = None,
    logout_uri: LogoutUri = None,
    setup_return_uri: SetupReturns = None,
    algorithm: Algorithm = None,
    jwks: Jwks = None,
    scope: Scopes = None,
    require: Required = None,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Change an application; a list that is given takes the place of the one before."""

    async def act(hub: Hub) -> Application:
        desk = application_desk(hub)
        was = await found_application(desk, application)
        kept = service.wish_of(was)
        addresses = _addresses(kept.addresses, (redirect_uri, post_logout_uri, logout_uri, setup_return_uri))
        wish = _wish(replace(kept, addresses=addresses, name=name or kept.name), (algorithm, jwks, scope, require))
        return await service.change(desk, was, wish, actor())

    _show(run_with_hub(settings_of({"database": database, "base_url": base_url}), act), "is changed", as_json)


@app.command()
def disable(application: Client, database: Database = None, base_url: BaseUrl = None) -> None:
    """Switch an application off: it gets nothing, and what it got counts no more."""
    _switch(application, ApplicationState.DISABLED, database, base_url)


@app.command()
def enable(application: Client, database: Database = None, base_url: BaseUrl = None) -> None:
    """Switch an application on again."""
    _switch(application, ApplicationState.ACTIVE, database, base_url)


@app.command()
def delete(
    application: Client,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Delete an application with its secrets."""
    if not yes:
        typer.confirm(f"Delete {application}? Nobody can sign in to it any more.", abort=True)

    async def act(desk: ApplicationDesk, one: Application) -> None:
        await service.delete(desk, one, actor())

    _with(application, act, database, base_url)
    say(f"{application} is deleted.")


@secrets.command("add")
def add_secret(
    application: Client, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None
) -> None:
    """Make another secret, printed this once; the one before goes on until it is revoked."""

    async def act(hub: Hub) -> Made:
        desk = application_desk(hub)
        return await service.add_secret(desk, await found_application(desk, application), actor())

    _show_made(run_with_hub(settings_of({"database": database, "base_url": base_url}), act), as_json)


@secrets.command("revoke")
def revoke_secret(
    application: Client,
    secret: Annotated[str, typer.Argument(metavar="SECRET", help="The secret's id (secret_…).")],
    in_hours: Annotated[int, typer.Option("--in-hours", min=0, max=720, help="How long it still counts.")] = 0,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """End a secret, now or in some hours."""

    async def act(hub: Hub) -> ClientSecret | None:
        desk = application_desk(hub)
        one = await found_application(desk, application)
        return await service.revoke_secret(desk, one, secret, actor(), in_hours)

    left = run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    say(f"{secret} has ended." if left is None else f"{secret} ends {client_secret_shape(left)['expires_at']}.")


def _switch(application: str, state: ApplicationState, database: str | None, base_url: str | None) -> None:
    async def act(desk: ApplicationDesk, one: Application) -> None:
        await service.set_state(desk, one, state, actor())

    _with(application, act, database, base_url)
    say(f"{application} is {state.value}.")


def _with(
    application: str,
    act: Callable[[ApplicationDesk, Application], Awaitable[None]],
    database: str | None,
    base_url: str | None,
) -> None:
    async def whole(hub: Hub) -> None:
        desk = application_desk(hub)
        await act(desk, await found_application(desk, application))

    run_with_hub(settings_of({"database": database, "base_url": base_url}), whole)


def _addresses(
    was: Addresses, given: tuple[list[str] | None, list[str] | None, str | None, list[str] | None]
) -> Addresses:
    redirect, post, logout, back = given
    return Addresses(
        was.redirect_uris if redirect is None else tuple(redirect),
        was.post_logout_uris if post is None else tuple(post),
        was.logout_uri if logout is None else logout,
        was.setup_return_uris if back is None else tuple(back),
    )


def _wish(was: Wish, given: tuple[str | None, Path | None, list[str] | None, list[str] | None]) -> Wish:
    algorithm, jwks, scopes, required = given
    return replace(
        was,
        algorithm=algorithm or was.algorithm,
        jwks=was.jwks if jwks is None else _read(jwks),
        scopes=was.scopes if scopes is None else tuple(scopes),
        required=was.required if required is None else tuple(required),
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        refuse(Refused("invalid", f"{path} cannot be read: {fault}"), 2)


def _show_made(made: Made, as_json: bool) -> None:
    shape = application_shape(made.application)
    if made.secret is not None:
        shape |= {"secret_id": client_secret_shape(made.secret)["id"], "secret": made.text}
    if as_json:
        show_json(shape)
        return
    say(f"{made.application.name} is the client {shape['id']}.")
    if made.secret is not None:
        say(f"Its secret {shape['secret_id']} is shown this once:")
        say(made.text)


def _show(one: Application, what: str, as_json: bool) -> None:
    if as_json:
        show_json(application_shape(one))
    else:
        say(f"{one.client_id} {what}.")
