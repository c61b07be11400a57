"""`hallway hub setup-link …`."""

from collections.abc import Sequence
from typing import Annotated

import typer

from hallway.accounts.addresses import checked_address
from hallway.accounts.desk import Declined
from hallway.cli.organizations import Named
from hallway.cli.printing import say, show_json, table
from hallway.cli.running import AsJson, BaseUrl, Database, actor, listed_by, run_with_hub, settings_of
from hallway.cli.shapes import setup_link_shape
from hallway.hub.organizations.service import Refused
from hallway.hub.setup.model import SetupLink, Task
from hallway.hub.setup.service import DAY, MadeLink, SetupDesk, Wish, found_link, revoke
from hallway.hub.setup.service import create as create_link
from hallway.scim.json import Json, JsonObject
from hallway.web.wiring import Hub, clock, setup_desk

app = typer.Typer(help="Links that let a customer's own IT do its part without an account.", no_args_is_help=True)


@app.command()
def create(
    organization: Named,
    tasks: Annotated[list[Task], typer.Option("--task", help="What the link is for; may be given several times.")],
    label: Annotated[str, typer.Option("--label", help="What it is for, in your own words.")] = "",
    mail: Annotated[
        str, typer.Option("--mail", metavar="ADDRESS", help="Send it there; it then asks for a code.")
    ] = "",
    days: Annotated[int, typer.Option("--expires-in-days", min=1, max=90, help="How long it works.")] = 30,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Make a link; its address is printed this once."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> MadeLink:
        one = await hub.registrar.found(organization)
        if mail and not hub.can_mail:
            raise Refused("invalid", "This deployment sends no mail: set smtp_url, or make the link without --mail.")
        return await create_link(_desk(hub), one, Wish(tasks, label, _address(mail), days * DAY), actor())

    made = run_with_hub(settings, act)
    shape: JsonObject = {**setup_link_shape(made.link, clock()), **({} if mail else {"address": made.address})}
    if as_json:
        show_json(shape)
    elif mail:
        say(f"{shape['id']} ends {shape['expires_at']}. It is mailed to {made.link.email} by the server that runs.")
    else:
        say(f"{shape['id']} ends {shape['expires_at']}. Its address is shown this once:")
        say(made.address)


@app.command("list")
def list_command(
    organization: Named, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None
) -> None:
    """List an organization's links, newest first, with their state."""

    async def act(hub: Hub) -> Sequence[SetupLink]:
        one = await hub.registrar.found(organization)
        return await _desk(hub).links.links(one.id)

    links = run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    shapes = [setup_link_shape(one, clock()) for one in links]
    if as_json:
        listed: list[Json] = list(shapes)
        show_json(listed)
        return
    columns = ("id", "state", "expires_at", "opened_at", "label")
    table(columns, [tuple("" if one[column] is None else str(one[column]) for column in columns) for one in shapes])


@app.command("revoke")
def revoke_command(
    organization: Named,
    link: Annotated[str, typer.Argument(metavar="LINK", help="The link's id (setup_…).")],
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """End a link, and every browser's session in it, at once."""

    async def act(hub: Hub) -> SetupLink:
        one = await hub.registrar.found(organization)
        desk = _desk(hub)
        with listed_by(f"hallway hub setup-link list {organization}"):
            found = await found_link(desk, one.id, link)
        return await revoke(desk, found, actor())

    ended = run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    say(f"{link} is {ended.state(clock()).value}.")


def _desk(hub: Hub) -> SetupDesk:
    return setup_desk(hub, hub.mailing.letters)


def _address(text: str) -> str:
    try:
        return checked_address(text) if text else ""
    except Declined as declined:
        raise Refused("invalid", declined.sentence) from None
