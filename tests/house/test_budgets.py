"""The budgets: a file and a function have a size that a reader can hold."""

import ast
from collections.abc import Iterator
from statistics import median

from tests.house.source import Module, modules

FILE_LINES, FILE_MEDIAN = 500, 120
FUNCTION_LINES, FUNCTION_MEDIAN = 60, 12
PARAMETERS = 5

BREACHES: dict[str, str] = {}
"""Each file (`src/hallway/x.py`) or function (`src/hallway/x.py:name`) over a budget, and why it is right so."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_no_file_is_too_long() -> None:
    long = {module.shown: lines for module in modules() if (lines := _file_lines(module)) > FILE_LINES}
    assert _unexplained(long) == {}
    assert median(_file_lines(module) for module in modules()) <= FILE_MEDIAN


def test_no_function_is_too_long() -> None:
    long = {name: lines for name, function in _functions() if (lines := _lines(function)) > FUNCTION_LINES}
    assert _unexplained(long) == {}
    assert median(_lines(function) for _, function in _functions()) <= FUNCTION_MEDIAN


def test_no_function_has_too_many_parameters() -> None:
    many = {name: count for name, function in _functions() if (count := _parameters(function)) > PARAMETERS}
    assert _unexplained(many) == {}


def test_no_explained_breach_is_stale() -> None:
    over = {module.shown for module in modules() if _file_lines(module) > FILE_LINES}
    over |= {
        name
        for name, function in _functions()
        if _lines(function) > FUNCTION_LINES or _parameters(function) > PARAMETERS
    }
    assert set(BREACHES) - over == set()
    assert all(reason.endswith(".") for reason in BREACHES.values())


def _unexplained(over: dict[str, int]) -> dict[str, int]:
    return {name: size for name, size in over.items() if name not in BREACHES}


def _file_lines(module: Module) -> int:
    return len(module.path.read_text(encoding="utf-8").splitlines())


def _functions() -> Iterator[tuple[str, Function]]:
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, Function):
                yield f"{module.shown}:{node.name}", node


def _lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _parameters(function: Function) -> int:
    """How many the caller has to know; the flags of a command are its user's, not a caller's."""
    if any("command" in ast.unparse(decorator) for decorator in function.decorator_list):
        return 0
    given = function.args
    listed = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return len([parameter for parameter in listed if parameter.arg not in ("self", "cls")])
