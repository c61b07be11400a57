"""`hallway hub connection …`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from hallway.cli.organizations import Named
from hallway.cli.printing import say, show_json, table, tell
from hallway.cli.running import AsJson, BaseUrl, Database, actor, ask, listed_by, run_with_hub, settings_of
from hallway.cli.shapes import connection_shape
from hallway.hub.connections.desk import found_connection
from hallway.hub.connections.model import Connection, Protocol, Provider
from hallway.hub.connections.openid import AUTHENTICATIONS, PRIVATE_KEY, Client, take_client
from hallway.hub.connections.service import ConnectionBook, Draft, Wishes
from hallway.hub.organizations.model import Organization
from hallway.hub.organizations.service import Refused
from hallway.scim.json import Json
from hallway.web.wiring import Hub, connection_desk

T = TypeVar("T")


class ClientAuth(Enum):
    """How we prove ourselves at the token endpoint."""

    BASIC, POST, KEY = AUTHENTICATIONS


MOST_BYTES = 1024 * 1024

app = typer.Typer(
    help="Connections: the identity providers that sign an organization's people in.", no_args_is_help=True
)
One = Annotated[str, typer.Argument(metavar="CONNECTION", help="The connection's id (conn_…).")]
File = Path | None


@dataclass(frozen=True, slots=True)
class Source:
    """Where the provider is described; exactly one way of it is given."""

    metadata_url: str
    metadata_file: Path | None
    sign_in_url: str
    certificate: Path | None
    entity_id: str
    client: Client
    client_secret_file: Path | None


@app.command()
def create(
    organization: Named,
    name: Annotated[str, typer.Option("--name", help="As administrators call it.")],
    protocol: Annotated[Protocol, typer.Option("--protocol", help="saml or oidc.")],
    domains: Annotated[list[str], typer.Option("--domain", help="Whose people sign in by it; several times.")],
    provider: Annotated[Provider, typer.Option("--provider", help="Whose product it is.")] = Provider.OTHER,
    metadata_url: Annotated[str, typer.Option("--metadata-url", help="Where its SAML metadata stands.")] = "",
    metadata_file: Annotated[File, typer.Option("--metadata-file", help="Its SAML metadata.")] = None,
    sign_in_url: Annotated[str, typer.Option("--sign-in-url", help="Where people sign in; with --certificate.")] = "",
    certificate: Annotated[File, typer.Option("--certificate", help="Its signing certificate, PEM or base64.")] = None,
    entity_id: Annotated[str, typer.Option("--entity-id", help="How it names itself; with --certificate.")] = "",
    issuer: Annotated[str, typer.Option("--issuer", help="The OpenID provider, as it writes itself.")] = "",
    client_id: Annotated[str, typer.Option("--client-id", help="Who we are there; with --issuer.")] = "",
    client_secret_file: Annotated[
        File, typer.Option("--client-secret-file", help="A file with our secret there; with --issuer.")
    ] = None,
    client_auth: Annotated[
        ClientAuth, typer.Option("--client-auth", help="How we prove ourselves to an OpenID provider.")
    ] = ClientAuth.BASIC,
    returns_here: Annotated[
        bool, typer.Option("--returns-here", help="The OpenID provider knows our sign-out address.")
    ] = False,
    allow_idp_initiated: Annotated[
        bool, typer.Option("--allow-idp-initiated", help="Take sign-ins that begin at the provider.")
    ] = False,
    just_in_time: Annotated[bool, typer.Option("--just-in-time", help="Make members at their first sign-in.")] = False,
    enable: Annotated[bool, typer.Option("--enable", help="Turn it on at once.")] = False,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Make a connection; prints what the provider is given."""
    settings = settings_of({"database": database, "base_url": base_url})
    client = Client(issuer, client_id, "", client_auth.value, returns_here)
    source = Source(metadata_url, metadata_file, sign_in_url, certificate, entity_id, client, client_secret_file)

    async def act(hub: Hub) -> Connection:
        _refuse_mixed(protocol, source)
        owner, book = await hub.registrar.found(organization), ConnectionBook(connection_desk(hub), actor())
        one = await book.create(owner, Draft(name, protocol, provider))
        try:
            one = await book.set_domains(one, domains)
            one = await _told(hub, book, one, source)
            wishes = Wishes(one.name, allow_idp_initiated, just_in_time)
            one = await book.set_up(one, wishes)
            return await book.enable(one, owner) if enable else one
        except Refused:
            await book.delete(one)
            raise

    made = run_with_hub(settings, act)
    _show(made, settings.base_url, as_json)


def _refuse_mixed(protocol: Protocol, source: Source) -> None:
    ways = [bool(source.metadata_url), source.metadata_file is not None, bool(source.sign_in_url)]
    if protocol is Protocol.OIDC:
        if any(ways) or not source.client.issuer or not source.client.client_id:
            raise Refused("invalid", "oidc needs --issuer and --client-id, and nothing of SAML.")
        if (source.client_secret_file is None) != (source.client.authentication == PRIVATE_KEY):
            raise Refused("invalid", "oidc needs --client-secret-file, or --client-auth private_key_jwt.")
    elif sum(ways) != 1 or source.client.issuer:
        raise Refused(
            "invalid",
            "saml needs exactly one of --metadata-url, --metadata-file, and --sign-in-url with --certificate.",
        )
    elif source.sign_in_url and (source.certificate is None or not source.entity_id):
        raise Refused("invalid", "--sign-in-url needs --certificate and --entity-id.")


async def _told(hub: Hub, book: ConnectionBook, one: Connection, source: Source) -> Connection:
    if one.protocol is Protocol.OIDC:
        file = source.client_secret_file
        secret = "" if file is None else _read(file).decode("utf-8", "replace").strip()
        return await take_client(connection_desk(hub), actor(), one, replace(source.client, secret=secret))
    if source.metadata_url:
        return await book.take_url(one, source.metadata_url)
    if source.metadata_file is not None:
        return await book.take_metadata(one, _read(source.metadata_file))
    text = _read(source.certificate).decode("ascii", "replace")
    return await book.take_certificate(one, source.sign_in_url, text, source.entity_id)


def _read(path: Path | None) -> bytes:
    if path is None:
        raise Refused("invalid", "A file is missing.")
    try:
        with path.open("rb") as file:
            octets = file.read(MOST_BYTES + 1)
    except OSError as fault:
        raise Refused("invalid", f"{path} cannot be read: {fault.strerror}") from None
    if len(octets) > MOST_BYTES:
        raise Refused("invalid", f"{path} has more than {MOST_BYTES} bytes.")
    return octets


@app.command("list")
def list_command(
    organization: Named, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None
) -> None:
    """List an organization's connections with their states."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> list[Connection]:
        owner = await hub.registrar.found(organization)
        return list(await hub.stores.connections.connections(owner.id))

    shapes = [connection_shape(one, settings.base_url) for one in run_with_hub(settings, act)]
    if as_json:
        listed: list[Json] = list(shapes)
        show_json(listed)
        return
    columns = ("id", "name", "protocol", "provider", "state")
    table(columns, [tuple(str(one[column]) for column in columns) for one in shapes])


@app.command()
def show(
    organization: Named, connection: One, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None
) -> None:
    """Show a connection: its state, its keys, and what the provider is given."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(_: Hub, one: Connection, __: Organization) -> Connection:
        return one

    _show(run_with_hub(settings, _on(organization, connection, act)), settings.base_url, as_json)


@app.command()
def enable(organization: Named, connection: One, database: Database = None, base_url: BaseUrl = None) -> None:
    """Sign people in by it from now on."""

    async def act(hub: Hub, one: Connection, owner: Organization) -> Connection:
        return await ConnectionBook(connection_desk(hub), actor()).enable(one, owner)

    run_with_hub(settings_of({"database": database, "base_url": base_url}), _on(organization, connection, act))
    say(f"{connection} is on.")


@app.command()
def disable(organization: Named, connection: One, database: Database = None, base_url: BaseUrl = None) -> None:
    """Refuse everybody who comes by it from now on."""

    async def act(hub: Hub, one: Connection, _: Organization) -> Connection:
        return await ConnectionBook(connection_desk(hub), actor()).disable(one)

    run_with_hub(settings_of({"database": database, "base_url": base_url}), _on(organization, connection, act))
    say(f"{connection} is switched off.")


@app.command()
def delete(
    organization: Named,
    connection: One,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Delete it, with what it knows of people and with its attempts."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def counted(hub: Hub, one: Connection, _: Organization) -> str:
        lost = await hub.stores.connections.footprint(one)
        enforced = await hub.stores.enforcements.enforcement(one.organization_id)
        if enforced is not None and enforced.connection_id == one.id:
            raise Refused("conflict", "Your organization enforces this connection. End that first.")
        return f"Delete {one.name}? People known by it: {lost.people}. Sessions that began by it: {lost.sessions}."

    async def act(hub: Hub, one: Connection, _: Organization) -> None:
        await ConnectionBook(connection_desk(hub), actor()).delete(one)

    question = run_with_hub(settings, _on(organization, connection, counted))
    if not yes:
        ask(question, "Nothing was deleted.")
    run_with_hub(settings, _on(organization, connection, act))
    say(f"Deleted {connection}.")


def _on(
    organization: str, connection: str, act: Callable[[Hub, Connection, Organization], Awaitable[T]]
) -> Callable[[Hub], Awaitable[T]]:
    async def whole(hub: Hub) -> T:
        owner = await hub.registrar.found(organization)
        with listed_by(f"hallway hub connection list {organization}"):
            one = await found_connection(connection_desk(hub), owner.id, connection)
        return await act(hub, one, owner)

    return whole


def _show(one: Connection, base_url: str, as_json: bool) -> None:
    shape = connection_shape(one, base_url)
    if as_json:
        show_json(shape)
        return
    tell({name: value for name, value in shape.items() if value not in (None, "", [], False)})
