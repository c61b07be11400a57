"""`hallway hub domain …`."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeVar

import typer

from hallway.cli.organizations import Named
from hallway.cli.printing import say, show_json, table
from hallway.cli.running import AsJson, BaseUrl, Database, actor, listed_by, run_with_hub, settings_of
from hallway.cli.shapes import domain_shape
from hallway.hub.organizations.domains import Domain, Finding, domain_name
from hallway.hub.organizations.proving import add, award, check, found_domain, mark_proved, refuse_unmarkable, remove
from hallway.scim.json import Json
from hallway.web.wiring import Hub

T = TypeVar("T")

_FOUND: Final = {
    Finding.NOTHING_YET: "",
    Finding.FOUND: "the record is there",
    Finding.NONE: "there is no such record",
    Finding.OTHER: "there is another record than this one",
    Finding.ALIAS: "the record's name is an alias, CNAME",
    Finding.UNANSWERED: "DNS does not answer",
    Finding.OWNED: "another organization has proved it",
    Finding.DEVELOPMENT: "marked, for development",
}
"""What the last look found."""

app = typer.Typer(help="Domains that organizations prove as theirs.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="DOMAIN", help="The domain, like acme.example.")]
Proved = Annotated[bool, typer.Option("--proved", help="Mark it as proved without a record: for development.")]


@app.command("add")
def add_command(
    organization: Named,
    domain: Name,
    proved: Proved = False,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Claim a domain; prints the record that proves it."""

    async def act(hub: Hub) -> Domain:
        if proved:
            refuse_unmarkable(hub.domain_desk, domain_name(domain))
        made = await add(hub.domain_desk, await hub.registrar.found(organization), domain, actor())
        return await mark_proved(hub.domain_desk, made, actor()) if proved else made

    _show(run_with_hub(settings_of({"database": database, "base_url": base_url}), act), as_json)


@app.command("list")
def list_command(
    organization: Named, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None
) -> None:
    """List an organization's domains with their states."""

    async def act(hub: Hub) -> list[Domain]:
        return list(await hub.stores.domains.domains((await hub.registrar.found(organization)).id))

    found = run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    if as_json:
        shapes: list[Json] = [domain_shape(one) for one in found]
        show_json(shapes)
        return
    table(("domain", "state", "record"), [(one.shown, one.state.value, one.record_value) for one in found])


@app.command("check")
def check_command(
    organization: Named, domain: Name, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None
) -> None:
    """Ask DNS now."""
    settings = settings_of({"database": database, "base_url": base_url})
    _show(
        run_with_hub(settings, _on(organization, domain, lambda hub, one: check(hub.domain_desk, one, actor()))),
        as_json,
    )


@app.command("award")
def award_command(
    organization: Named, domain: Name, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None
) -> None:
    """Decide that a contested domain is this organization's."""
    settings = settings_of({"database": database, "base_url": base_url})
    _show(
        run_with_hub(settings, _on(organization, domain, lambda hub, one: award(hub.domain_desk, one, actor()))),
        as_json,
    )


@app.command("remove")
def remove_command(organization: Named, domain: Name, database: Database = None, base_url: BaseUrl = None) -> None:
    """Give a domain up; members and existing links stay."""
    settings = settings_of({"database": database, "base_url": base_url})
    run_with_hub(settings, _on(organization, domain, lambda hub, one: remove(hub.domain_desk, one, actor())))
    say(f"Removed {domain}.")


def _on(organization: str, domain: str, act: Callable[[Hub, Domain], Awaitable[T]]) -> Callable[[Hub], Awaitable[T]]:
    async def whole(hub: Hub) -> T:
        owner = await hub.registrar.found(organization)
        with listed_by(f"hallway hub domain list {organization}"):
            one = await found_domain(hub.domain_desk, owner.id, domain)
        return await act(hub, one)

    return whole


def _show(one: Domain, as_json: bool) -> None:
    if as_json:
        show_json(domain_shape(one))
        return
    say(f"domain:  {one.shown}")
    found = _FOUND[one.finding]
    say(f"state:   {one.state.value}{f' ({found})' if found else ''}")
    if not one.is_owner:
        say(f"record:  {one.record_name}  TXT  {one.record_value}")
