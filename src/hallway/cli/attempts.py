"""`hallway hub attempt …`."""

from typing import Annotated

import typer

from hallway.cli.organizations import Named
from hallway.cli.printing import show_json, table, tell
from hallway.cli.running import AsJson, BaseUrl, Database, listed_by, run_with_hub, settings_of
from hallway.cli.shapes import attempt_shape
from hallway.hub.connections.desk import found_connection
from hallway.hub.organizations.service import Refused
from hallway.ids import ATTEMPT, AttemptId, ConnectionId, parsed
from hallway.scim.json import Json, JsonObject
from hallway.web.wiring import Hub, connection_desk

app = typer.Typer(help="Sign-ins through connections, and why somebody was refused.", no_args_is_help=True)


@app.command("list")
def list_command(
    organization: Named,
    who: Annotated[str, typer.Option("--who", help="Part of a name or address.")] = "",
    connection: Annotated[str, typer.Option("--connection", help="Of this connection only (conn_…).")] = "",
    before: Annotated[str, typer.Option("--before", help="Older than this attempt (att_…).")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 50,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """List an organization's sign-ins, newest first."""

    async def act(hub: Hub) -> list[JsonObject]:
        owner = await hub.registrar.found(organization)
        chosen: ConnectionId | None = None
        if connection:
            with listed_by(f"hallway hub connection list {organization}"):
                chosen = (await found_connection(connection_desk(hub), owner.id, connection)).id
        older = _id(before, organization) if before else None
        found = await hub.stores.sign_ins.attempts(owner.id, chosen, who, older, limit)
        spoken = {one.id: one.protocol for one in await hub.stores.connections.connections(owner.id)}
        return [attempt_shape(one, spoken.get(one.connection_id)) for one in found]

    shapes = run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    if as_json:
        listed: list[Json] = list(shapes)
        show_json(listed)
        return
    columns = ("id", "at", "kind", "outcome", "code", "who")
    table(columns, [tuple(str(one[column] or "") for column in columns) for one in shapes])


@app.command()
def show(
    organization: Named,
    attempt: Annotated[str, typer.Argument(metavar="ATTEMPT", help="The attempt's id (att_…).")],
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Show one sign-in: what was expected and received, and who changes what."""

    async def act(hub: Hub) -> JsonObject:
        owner = await hub.registrar.found(organization)
        found = await hub.stores.sign_ins.attempt(owner.id, _id(attempt, organization))
        if found is None:
            raise _unknown(attempt, organization)
        connection = await hub.stores.connections.connection(owner.id, found.connection_id)
        return attempt_shape(found, connection.protocol if connection else None)

    shape = run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    if as_json:
        show_json(shape)
        return
    tell({name: value for name, value in shape.items() if value not in (None, "", {})})


def _id(text: str, organization: str) -> AttemptId:
    found = parsed(ATTEMPT, text)
    if found is None:
        raise _unknown(text, organization)
    return AttemptId(found)


def _unknown(text: str, organization: str) -> Refused:
    listing = f"hallway hub attempt list {organization}"
    return Refused("not_found", f"This organization has no attempt {text!r}; list them with: {listing}")
