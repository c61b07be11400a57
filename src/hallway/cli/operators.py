"""`hallway hub operator …`."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from hallway.accounts.model import Account
from hallway.cli.printing import say, show_json, table
from hallway.cli.running import AsJson, BaseUrl, Database, actor, listed_by, run_with_hub, settings_of
from hallway.cli.shapes import operator_shape
from hallway.hub.operators.model import Operator, OperatorRole
from hallway.hub.operators.service import (
    OperatorDesk,
    Welcomed,
    deactivate,
    found_operator,
    listed,
    reactivate,
    set_role,
    welcome,
)
from hallway.hub.operators.service import create as create_operator
from hallway.journal.model import Actor
from hallway.scim.json import Json, JsonObject
from hallway.web.wiring import Hub, operator_desk

app = typer.Typer(help="Those who run this deployment, in a console of their own.", no_args_is_help=True)
Who = Annotated[str, typer.Argument(metavar="OPERATOR", help="Her id (acct_…) or her address.")]
Act = Callable[[OperatorDesk, Operator, Actor], Awaitable[Operator]]


@app.command()
def create(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Her address; she signs in with it.")],
    name: Annotated[str, typer.Option("--name", help="Her name.")] = "",
    role: Annotated[OperatorRole, typer.Option("--role", help="What she may do.")] = OperatorRole.OWNER,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Make an operator; the link by which she chooses her password is printed this once."""

    async def act(hub: Hub) -> Welcomed:
        return await create_operator(operator_desk(hub), email, name, role, actor())

    made = run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    shape: JsonObject = {**operator_shape(made.operator, made.account), "address": made.address}
    if as_json:
        show_json(shape)
    else:
        say(f"{shape['email']} is an operator ({shape['role']}). Here she chooses her password, once, within a day:")
        say(made.address)


@app.command("list")
def list_command(as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """List all operators, oldest first."""
    found = run_with_hub(
        settings_of({"database": database, "base_url": base_url}), lambda hub: listed(operator_desk(hub))
    )
    shapes = [operator_shape(one, account) for one, account in found]
    if as_json:
        whole: list[Json] = list(shapes)
        show_json(whole)
        return
    columns = ("id", "email", "name", "role", "state")
    table(columns, [tuple(str(one[column]) for column in columns) for one in shapes])


@app.command("deactivate")
def deactivate_command(operator: Who, database: Database = None, base_url: BaseUrl = None) -> None:
    """End her access, and every session of hers, at once."""
    _act(operator, deactivate, database, base_url)


@app.command("reactivate")
def reactivate_command(operator: Who, database: Database = None, base_url: BaseUrl = None) -> None:
    """Let her sign in again; no session of before revives."""
    _act(operator, reactivate, database, base_url)


@app.command("set-role")
def set_role_command(
    operator: Who,
    role: Annotated[OperatorRole, typer.Argument(metavar="ROLE", help="What she may do from now on.")],
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Give her another role."""
    _act(operator, lambda desk, one, who: set_role(desk, one, role, who), database, base_url)


@app.command("link")
def link_command(operator: Who, database: Database = None, base_url: BaseUrl = None) -> None:
    """Print another link by which she chooses a password."""

    async def act(hub: Hub) -> str:
        desk = operator_desk(hub)
        return await welcome(desk, (await _found(desk, operator))[1], actor())

    say(run_with_hub(settings_of({"database": database, "base_url": base_url}), act))


def _act(text: str, act: Act, database: str | None, base_url: str | None) -> None:
    async def whole(hub: Hub) -> tuple[Operator, Account]:
        desk = operator_desk(hub)
        one, account = await _found(desk, text)
        return await act(desk, one, actor()), account

    now, account = run_with_hub(settings_of({"database": database, "base_url": base_url}), whole)
    say(f"{account.email} is {now.state.value} ({now.role.value}).")


async def _found(desk: OperatorDesk, text: str) -> tuple[Operator, Account]:
    with listed_by("hallway hub operator list"):
        return await found_operator(desk, text)
