"""The tree of commands."""

import typer

from hallway.cli import (
    api_keys,
    applications,
    attempts,
    connections,
    directories,
    domains,
    exchanges,
    journal,
    keys,
    mailing,
    members,
    operators,
    organizations,
    setup_links,
    streams,
    tokens,
    webhooks,
)
from hallway.cli.backup import backup, restore
from hallway.cli.migrating import migrate
from hallway.cli.serving import serve
from hallway.cli.words import Program, program
from hallway.cli.working import worker

app = typer.Typer(
    name="hallway",
    cls=Program,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
hub = typer.Typer(
    help="The Hub: beside your product, where customers' directories provision into.", no_args_is_help=True
)
app.add_typer(hub, name="hub")
app.callback()(program)
hub.command()(serve)
hub.command()(worker)
hub.add_typer(organizations.app, name="organization")
hub.add_typer(members.app, name="member")
hub.add_typer(domains.app, name="domain")
hub.add_typer(directories.app, name="directory")
hub.add_typer(tokens.app, name="token")
hub.add_typer(streams.app, name="stream")
hub.add_typer(connections.app, name="connection")
hub.add_typer(attempts.app, name="attempt")
hub.add_typer(applications.app, name="application")
hub.add_typer(setup_links.app, name="setup-link")
hub.add_typer(api_keys.app, name="api-key")
hub.add_typer(operators.app, name="operator")
hub.add_typer(webhooks.app, name="webhook")
hub.add_typer(exchanges.app, name="exchange")
hub.add_typer(journal.app)
app.command()(migrate)
app.command()(backup)
app.command()(restore)
app.add_typer(keys.app, name="keys")
app.add_typer(mailing.app, name="mail")


def main() -> None:
    """The program."""
    app()
