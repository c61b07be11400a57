"""What is mutated, and which tests have to notice."""

import ast
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "hallway"

FILTER_TESTS = ("tests/scim/test_filter.py", "tests/scim/test_match.py", "tests/scim/test_path.py")
PATCH_TESTS = (
    "tests/scim/test_patch.py",
    "tests/scim/test_patch_clients.py",
    "tests/scim/test_patch_message.py",
    "tests/scim/test_path.py",
)


@dataclass(frozen=True)
class Target:
    """One module, and its tests."""

    shown: str
    tests: tuple[str, ...]

    @property
    def path(self) -> Path:
        return SOURCE / self.shown

    @property
    def module(self) -> str:
        return "hallway." + self.shown.removesuffix(".py").replace("/", ".")


TARGETS = (
    Target("scim/filter_tokens.py", FILTER_TESTS),
    Target("scim/filter.py", FILTER_TESTS),
    Target("scim/match.py", FILTER_TESTS),
    Target("scim/patch_path.py", PATCH_TESTS),
    Target("scim/patch_operations.py", PATCH_TESTS),
    Target("scim/patch.py", PATCH_TESTS),
    Target("store/where.py", ("tests/store/test_where.py",)),
)


def parsed(target: Target) -> tuple[str, ast.Module]:
    """The module's text and its tree."""
    source = target.path.read_text(encoding="utf-8")
    return source, ast.parse(source, str(target.path))
