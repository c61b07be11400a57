"""Each rule of the page on safety that holds today names the tests that hold it, and these exist."""

import ast
import re
from functools import cache

from tests.house.source import ROOT

PAGE = ROOT / "docs" / "explanation" / "safety.md"
_HELD_BY = re.compile(r"`([\w/]+): ((?:test|holds)_\w+)`")


def rules() -> list[list[str]]:
    """Rule, state and what holds it, of every line of the page's tables."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] != "rule"]


@cache
def names_in(file: str) -> frozenset[str]:
    """The tests of a file, and what every store has to hold."""
    path = ROOT / "tests" / f"{file}.py"
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.exists() else ast.Module([], [])
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_rule_that_holds_today_says_what_holds_it() -> None:
    assert len(rules()) > 50
    for rule, state, held_by in rules():
        if state.startswith("today"):
            assert _HELD_BY.search(held_by) or held_by.startswith("by hand: "), rule
        else:
            assert held_by == "n/a", rule


def test_every_test_that_holds_a_rule_exists() -> None:
    named = {pair for _, _, held_by in rules() for pair in _HELD_BY.findall(held_by)}
    assert len(named) > 60
    assert [f"{file}: {name}" for file, name in sorted(named) if name not in names_in(file)] == []


def test_nothing_else_stands_where_the_tests_are_named() -> None:
    for rule, _, held_by in rules():
        if held_by != "n/a" and not held_by.startswith("by hand: "):
            assert all(_HELD_BY.fullmatch(one) for one in held_by.split("<br>")), rule
