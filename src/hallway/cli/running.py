"""How every command runs: settings from flags, an open Hub, problems as one sentence and an exit code.

Rules: what went wrong goes to standard error; 0 is success, 1 a refusal, 2 wrong words or settings. A flag beats its
variable; the variable is read where the settings are, so that a mistake in it is reported under its own name.
"""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from os import environ
from pathlib import Path
from typing import Annotated, Final, NoReturn, TypeAlias, TypeVar

import typer

from hallway.cli.printing import harmless, refuse_unless_sure
from hallway.file_lock import DatabaseHeld
from hallway.hub.organizations.service import Refused
from hallway.journal.model import Actor, Stale, Unavailable
from hallway.key_file import KeyFileProblem
from hallway.keys.model import KeysChanged, Undecipherable, WrongMasterKey
from hallway.settings import Override, Settings, SettingsProblem, configuration_file, load_settings
from hallway.store.database import ScanTimedOut
from hallway.store.migrate import SchemaProblem
from hallway.web.wiring import Hub, opened_hub

T = TypeVar("T")

Database: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--database", metavar="URL", help="sqlite:///path or postgresql://…; where it is not given, HALLWAY_DATABASE."
    ),
]
BaseUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        metavar="URL",
        help="The address by which others reach the Hub; where it is not given, HALLWAY_BASE_URL.",
    ),
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
    print("\n".join(harmless(line) for line in f"hallway: {problem}".split("\n")), file=sys.stderr)
    raise typer.Exit(status)


@contextmanager
def listed_by(command: str) -> Iterator[None]:
    """What is not found within is refused with the command that lists what there is."""
    try:
        yield
    except Refused as refused:
        if refused.reason != "not_found":
            raise
        raise Refused("not_found", f"{refused.detail.rstrip('.')}; list them with: {command}") from None


def ask(question: str, otherwise: str) -> None:
    """Go on where the answer is yes; else end the program with what did not happen."""
    try:
        refuse_unless_sure(question, otherwise)
    except Refused as refused:
        refuse(refused, 1)


def actor() -> Actor:
    """Who a command is, for the journal."""
    return Actor("command", None, f"{_user()} (command line)")


def _user() -> str:
    """The name of who is logged in; a container may have none."""
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):
        return "unknown"
