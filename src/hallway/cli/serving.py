"""`hallway hub serve`."""

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from hallway.cli.running import PROBLEMS, BaseUrl, Database, refuse, settings_of
from hallway.setting_values import SqliteLocation
from hallway.settings import SETTINGS, Settings


def serve(
    host: Annotated[
        str | None,
        typer.Option(
            "--host", metavar="ADDRESS", help="The address to listen on; where it is not given, HALLWAY_HOST."
        ),
    ] = None,
    port: Annotated[
        str | None,
        typer.Option("--port", metavar="NUMBER", help="The port to listen on; where it is not given, HALLWAY_PORT."),
    ] = None,
    workers: Annotated[
        str | None,
        typer.Option(
            "--workers",
            metavar="NUMBER",
            help="Processes, more than one needs PostgreSQL; where it is not given, HALLWAY_WORKERS.",
        ),
    ] = None,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Serve the Hub. An empty database gets its schema; on SQLite the file and its key are made."""
    flags = {"host": host, "port": port, "workers": workers, "database": database, "base_url": base_url}
    settings = settings_of(flags)
    for name, value in flags.items():
        if value is not None:
            os.environ[SETTINGS[name].variable] = value
    from hallway.file_lock import hold
    from hallway.web.server import Listening
    from hallway.web.server import serve as serve_application

    with ExitStack() as stack:
        if isinstance(settings.database, SqliteLocation):
            try:
                stack.enter_context(hold(settings.database.path))
            except PROBLEMS as problem:
                refuse(problem, 1)
        _greet(settings)
        serve_application("hallway.web.app:application", Listening(settings.host, settings.port, settings.workers))


def _mail(settings: Settings) -> str:
    """Where mails go, without a password."""
    if settings.smtp_url is not None:
        return f"{settings.smtp_url.shown}, from {settings.mail_sender}"
    return "none: set smtp_url" if settings.kept_mail is None else f"kept in {settings.kept_mail}, shown at /mail"


def _first_sign_in(settings: Settings) -> str:
    """How the first person gets in."""
    if settings.registration != "open":
        return "  Registration is not open here: invite the first member by command (hub member invite).\n"
    if settings.kept_mail is not None:
        return f"  The link that it mails is at {settings.base_url}/mail, since this is a deployment for development.\n"
    return (
        "  The link comes by mail.\n"
        if settings.smtp_url is not None
        else "  Set smtp_url first: the link is mailed.\n"
    )


def _greet(settings: Settings) -> None:
    """The addresses, and what to type first, by the name that this program was called by."""
    program = sys.argv[0] if Path(sys.argv[0]).name == "hallway" else "hallway"
    print(
        f"Hallway Hub at {settings.base_url}\n"
        f"  on this machine  {settings.local_url}\n"
        f"  database         {settings.database.shown}\n"
        f"  mail             {_mail(settings)}\n"
        "\n"
        f"Begin in the browser: {settings.base_url}/register\n"
        f"{_first_sign_in(settings)}"
        "\n"
        "Or by command, in another terminal (see docs/tutorials/first-directory.md):\n"
        f'  {program} hub organization create "Acme"\n'
        f"  {program} hub operator create you@example.com     a console for whoever runs this: /operator\n",
        file=sys.stderr,
        flush=True,
    )
