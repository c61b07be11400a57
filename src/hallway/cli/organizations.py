"""`hallway hub organization …`."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from hallway.cli.printing import say, show_json, table, tell
from hallway.cli.running import AsJson, BaseUrl, Database, actor, ask, refuse, run_with_hub, settings_of
from hallway.cli.shapes import organization_shape
from hallway.hub.organizations.model import Organization, Plan
from hallway.hub.organizations.service import Refused, checked_name
from hallway.scim.json import Json
from hallway.web.guards import REMEMBERED_SECONDS
from hallway.web.wiring import Hub

app = typer.Typer(help="The tenants of this deployment.", no_args_is_help=True)
Named = Annotated[str, typer.Argument(metavar="ORGANIZATION", help="Its id (org_…) or its external id.")]
PlanOption = Annotated[Plan, typer.Option("--plan", help="What it unlocks; SCIM needs enterprise.")]
ExternalId = Annotated[str | None, typer.Option("--external-id", help="Your own product's id for it.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")],
    plan: PlanOption = Plan.ENTERPRISE,
    external_id: ExternalId = None,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Create an organization."""
    settings = settings_of({"database": database, "base_url": base_url})
    one = run_with_hub(settings, lambda hub: hub.registrar.create(name, plan, external_id, actor()))
    _show(one, as_json)
    if not as_json:
        say(f'Next: hallway hub directory create {organization_shape(one)["id"]} --name "My directory"')


@app.command("list")
def list_command(as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """List all organizations, oldest first."""
    settings = settings_of({"database": database, "base_url": base_url})
    found = [organization_shape(one) for one in run_with_hub(settings, lambda hub: hub.stores.organizations.all())]
    if as_json:
        shapes: list[Json] = list(found)
        show_json(shapes)
        return
    columns = ("id", "name", "plan", "state", "external_id")
    table(columns, [tuple(str(one[column] or "") for column in columns) for one in found])


@app.command()
def show(organization: Named, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """Show one organization."""
    settings = settings_of({"database": database, "base_url": base_url})
    _show(run_with_hub(settings, lambda hub: hub.registrar.found(organization)), as_json)


@app.command("set")
def set_command(
    organization: Named,
    plan: Annotated[Plan | None, typer.Option("--plan", help="Another plan.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Another name.")] = None,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Change an organization's plan or name."""
    if plan is None and name is None:
        refuse(Refused("invalid", "There is nothing to change: say --plan or --name."), 2)

    async def act(hub: Hub) -> Organization:
        one = await hub.registrar.found(organization)
        changed = replace(one, plan=plan or one.plan, name=one.name if name is None else checked_name(name))
        return await hub.registrar.update(changed, actor())

    _show(run_with_hub(settings_of({"database": database, "base_url": base_url}), act), as_json)


@app.command()
def suspend(organization: Named, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """Let its directories refuse every write with 503, so that senders try again later."""

    async def act(hub: Hub) -> Organization:
        return await hub.registrar.suspend(await hub.registrar.found(organization), actor())

    _show(run_with_hub(settings_of({"database": database, "base_url": base_url}), act), as_json)


@app.command()
def resume(organization: Named, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """Take writes again."""

    async def act(hub: Hub) -> Organization:
        return await hub.registrar.resume(await hub.registrar.found(organization), actor())

    _show(run_with_hub(settings_of({"database": database, "base_url": base_url}), act), as_json)


@app.command()
def delete(
    organization: Named,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Delete an organization with its directories, people, exchanges and journal. There is no way back."""
    settings = settings_of({"database": database, "base_url": base_url})
    one = run_with_hub(settings, lambda hub: hub.registrar.found(organization))
    if not yes:
        ask(
            f"Delete {one.name} with all its directories, people and its journal? Export it first: "
            f"hallway hub organization export {organization_shape(one)['id']} FILE",
            "Nothing was deleted.",
        )
    run_with_hub(settings, lambda hub: _delete(hub, one))
    say(f"Deleted {one.name}.")


async def _delete(hub: Hub, one: Organization) -> None:
    await hub.registrar.suspend(one, actor())
    # Whoever serves remembers that its directories take writes; nothing of them is to come after the end.
    await asyncio.sleep(2 * REMEMBERED_SECONDS)
    await hub.registrar.delete(one)


@app.command()
def export(
    organization: Named,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, JSON lines; - for standard output.")],
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Write everything of an organization, without secrets, as JSON lines."""
    from hallway.cli.exporting import export_organization

    async def act(hub: Hub) -> int:
        return await export_organization(hub, await hub.registrar.found(organization), file)

    count = run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    if str(file) != "-":
        say(f"Wrote {count} records to {file}.")


def _show(one: Organization, as_json: bool) -> None:
    shape = organization_shape(one)
    if as_json:
        show_json(shape)
    else:
        tell(shape)
