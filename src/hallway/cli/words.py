"""How the words of a command line are read, beyond what Typer does by itself.

Rules: what every command takes may stand before its name too; of a flag that is given several times the last one
counts, wherever it stands; a word that is wrong is refused in a sentence of ours, with exit code 2.
"""

import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Final

import typer
from typer.core import TyperGroup

SHARED: Final = {"--database": True, "--base-url": True, "--json": False}
"""What may stand before the command's name, and whether a value follows."""
_SENTENCES: Final = (
    (re.compile(r"Value error, "), ""),
    (re.compile(r"Input should be a valid integer.*"), "write a whole number."),
    (re.compile(r"Input should be greater than or equal to (\d+)"), r"write a whole number from \1 on."),
    (re.compile(r"Input should be less than or equal to (\d+)"), r"write a whole number up to \1."),
)


class Program(TyperGroup):
    """The program's first word and all that follows it."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Read the words, with what every command takes behind the command's name."""
        return super().parse_args(ctx, behind_the_name(self, args))

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]
        """Run the command; says what is wrong with a word as we say it."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as problem:
            for pattern, ours in _SENTENCES:
                problem.message = pattern.sub(ours, problem.message)
            raise


def behind_the_name(program: TyperGroup, words: Sequence[str]) -> list[str]:
    """The words with shared flags moved from before a command's name to right behind it; without a command they go."""
    at: object = program
    path: list[str] = []
    held: list[str] = []
    rest = list(words)
    while rest and isinstance(at, TyperGroup):
        flag, equals, _ = rest[0].partition("=")
        if flag in SHARED:
            taken = 2 if SHARED[flag] and not equals else 1
            held, rest = held + rest[:taken], rest[taken:]
        elif rest[0] in at.commands:
            path.append(rest[0])
            at = at.commands[rest.pop(0)]
        else:
            break
    return path + ([] if isinstance(at, TyperGroup) else held) + rest


def _say_version(asked: bool) -> None:
    if asked:
        print(f"hallway {version('hallway')}")
        raise typer.Exit


def program(
    _: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Single sign-on and user provisioning, both doors of it."""
