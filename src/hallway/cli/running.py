"""How every command runs: settings from flags, an open Hub, problems as one sentence and an exit code.

Rules: results go to standard output, all else to standard error; `--json` prints one JSON value; 0 is success,
1 a refusal, 2 wrong words or settings.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from os import environ
from pathlib import Path
from typing import Annotated, Final, NoReturn, TypeAlias, TypeVar

import orjson
import typer

from hallway.file_lock import DatabaseHeld
from hallway.hub.organizations.service import Refused
from hallway.journal.model import Actor, Stale, Unavailable
from hallway.key_file import KeyFileProblem
from hallway.keys.model import KeysChanged, Undecipherable, WrongMasterKey
from hallway.scim.json import Json
from hallway.settings import Override, Settings, SettingsProblem, configuration_file, load_settings
from hallway.store.database import ScanTimedOut
from hallway.store.migrate import SchemaProblem
from hallway.web.wiring import Hub, opened_hub

T = TypeVar("T")

DATABASE_HELP: Final = "sqlite:///path or postgresql://…"
Database: TypeAlias = Annotated[str | None, typer.Option("--database", envvar="HALLWAY_DATABASE", help=DATABASE_HELP)]
BaseUrl: TypeAlias = Annotated[
    str | None,
    typer.Option("--base-url", envvar="HALLWAY_BASE_URL", help="The address by which others reach the Hub."),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON.")]

PROBLEMS: Final = (
    Refused,
    Unavailable,
    SchemaProblem,
    WrongMasterKey,
    KeyFileProblem,
    KeysChanged,
    Undecipherable,
    DatabaseHeld,
    ScanTimedOut,
)


def settings_of(flags: Mapping[str, Override]) -> Settings:
    """Settings from environment, file and flags; a mistake ends the program with all of them."""
    try:
        return load_settings(environ, configuration_file(environ, Path.cwd()), flags)
    except SettingsProblem as problem:
        refuse(problem, 2)


def run_with_hub(settings: Settings, act: Callable[[Hub], Awaitable[T]]) -> T:
    """Open the Hub, act, close it; a problem ends the program with its sentence."""

    async def whole() -> T:
        hub = await opened_hub(settings)
        try:
            return await act(hub)
        finally:
            await hub.stores.database.close()

    return run(whole)


def run(act: Callable[[], Awaitable[T]]) -> T:
    """Run to the end; a known problem ends the program with its sentence."""

    async def whole() -> T:
        return await act()

    try:
        return asyncio.run(whole())
    except SettingsProblem as problem:
        refuse(problem, 2)
    except PROBLEMS as problem:
        refuse(problem, 1)
    except Stale:
        refuse(Refused("conflict", "Somebody else changed this just now; look again."), 1)


def refuse(problem: Exception, status: int) -> NoReturn:
    """Say what is wrong and end."""
    print(f"hallway: {problem}", file=sys.stderr)
    raise typer.Exit(status)


def show_json(value: Json) -> None:
    """One JSON value."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def say(text: str) -> None:
    """A line for people."""
    print(text)


def actor() -> Actor:
    """Who a command is, for the journal."""
    return Actor("command", None, f"{environ.get('USER') or environ.get('LOGNAME') or 'unknown'} (command line)")


def table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Columns for people, as wide as their contents; says so when there is nothing."""
    if not rows:
        print("(none)")
        return
    widths = [max(len(row[place]) for row in (headings, *rows)) for place in range(len(headings))]
    for row in (headings, *rows):
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
