"""`hallway hub member …`."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated

import typer

from hallway.cli.organizations import Named
from hallway.cli.printing import say, show_json, table
from hallway.cli.running import AsJson, BaseUrl, Database, actor, listed_by, run_with_hub, settings_of
from hallway.cli.shapes import member_shape
from hallway.hub.organizations.invitations import DEFAULT_DAYS, LONGEST_DAYS
from hallway.hub.organizations.inviting import Invited, Wish, invite
from hallway.hub.organizations.members import Member, MemberSearch, MemberState, Role
from hallway.hub.organizations.model import Organization
from hallway.hub.organizations.roster import Roster, deactivate, found_member, reactivate
from hallway.ids import MEMBER, wire
from hallway.journal.model import Actor
from hallway.scim.json import Json
from hallway.web.wiring import Hub

app = typer.Typer(help="Who belongs to an organization.", no_args_is_help=True)
Who = Annotated[str, typer.Argument(metavar="MEMBER", help="The member's id (mem_…) or address.")]
Days = Annotated[int, typer.Option("--expires-in-days", min=1, max=LONGEST_DAYS, help="How long the link works.")]


@app.command("list")
def list_command(
    organization: Named,
    search: Annotated[str, typer.Option("--search", help="Text in name or address.")] = "",
    state: Annotated[MemberState | None, typer.Option("--state", help="Only those in this state.")] = None,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """List members by name."""

    async def act(hub: Hub) -> list[Member]:
        owner = (await hub.registrar.found(organization)).id
        found: list[Member] = []
        asked: MemberSearch | None = MemberSearch(search, state, limit=1000)
        while asked is not None:
            page = await hub.stores.members.page(owner, asked)
            found += page.members
            asked = None if page.following is None else replace(asked, after=page.following)
        return found

    members = run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    shapes = [member_shape(one) for one in members]
    if as_json:
        listed: list[Json] = list(shapes)
        show_json(listed)
        return
    columns = ("id", "email", "name", "role", "state", "source")
    table(columns, [tuple(str(one[column]) for column in columns) for one in shapes])


@app.command("invite")
def invite_command(
    organization: Named,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The address that is invited.")],
    role: Annotated[Role, typer.Option("--role", help="What she may do.")] = Role.USER,
    days: Days = DEFAULT_DAYS,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Invite somebody; the link is printed this once, and mailed where mail is set up."""

    async def act(hub: Hub) -> Invited:
        return await invite(hub.roster, await hub.registrar.found(organization), Wish(email, role, days), actor())

    made = run_with_hub(settings_of({"database": database, "base_url": base_url}), act)
    if as_json:
        show_json({**member_shape(made.member), "link": made.link})
    else:
        say(f"{member_shape(made.member)['id']} is invited. The link works once, for {days} days:")
        say(made.link)


@app.command("deactivate")
def deactivate_command(
    organization: Named, member: Who, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None
) -> None:
    """End a member's access: sessions, open invitations, set-up links."""
    settings = settings_of({"database": database, "base_url": base_url})
    _show(run_with_hub(settings, _on(organization, member, deactivate)), as_json)


@app.command("reactivate")
def reactivate_command(
    organization: Named, member: Who, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None
) -> None:
    """Let a member sign in again."""
    settings = settings_of({"database": database, "base_url": base_url})
    _show(run_with_hub(settings, _on(organization, member, reactivate)), as_json)


def _on(
    organization: str, member: str, act: Callable[[Roster, Member, Actor], Awaitable[Member]]
) -> Callable[[Hub], Awaitable[Member]]:
    async def whole(hub: Hub) -> Member:
        owner = await hub.registrar.found(organization)
        with listed_by(f"hallway hub member list {organization}"):
            one = await found_member(hub.roster, owner.id, await _id_of(hub, owner, member))
        return await act(hub.roster, one, actor())

    return whole


async def _id_of(hub: Hub, owner: Organization, text: str) -> str:
    """The id of the member who has this address; any other text, and an address that several had, as it is."""
    if "@" not in text:
        return text
    page = await hub.stores.members.page(owner.id, MemberSearch(text, limit=1000))
    named = [wire(MEMBER, one.id) for one in page.members if one.email.lower() == text.strip().lower()]
    return named[0] if len(named) == 1 else text


def _show(one: Member, as_json: bool) -> None:
    shape = member_shape(one)
    if as_json:
        show_json(shape)
        return
    say(f"{shape['id']}  {one.email}  {one.role.value}  {one.state.value}")
    if one.directory_id is not None and one.state is MemberState.DEACTIVATED:
        say("A directory owns this member: its next change of this person may let her in again.")
