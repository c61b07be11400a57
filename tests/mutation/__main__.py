"""Mutation testing of what decides in filters and PATCH: `make mutants`, or for some files only:
`python -m tests.mutation filter patch_path`.

Each mutant is tested in a forked process that imports everything anew, with the one faulty module in its place;
the tests of that module run until the first fails. A mutant whose tests all pass survives, and fails the run,
unless `equivalent.py` gives the reason why no test can tell it. Hypothesis draws the same examples in each run.
"""

import importlib.abc
import importlib.machinery
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import aiohttp  # noqa: F401 - imported once, before the forks, as are the others that tests need
import apsw  # noqa: F401
import asyncpg  # noqa: F401
import pytest
import uvloop  # noqa: F401
from hypothesis import settings, strategies  # noqa: F401

from tests.mutation.equivalent import EQUIVALENT
from tests.mutation.mutants import Mutant, compiled, mutants
from tests.mutation.targets import TARGETS, Target, parsed

SECONDS = 120
"""A mutant may run in circles: after this time it is found out."""
MEMORY_BYTES = 4 * 2**30


class Faulty(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from the code of a mutant."""

    def __init__(self, name: str, path: Path, code: object) -> None:
        self._name, self._path, self._code = name, path, code

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, origin=str(self._path))

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)  # type: ignore[arg-type]


class Order:
    """Examples first, since they find most faults and cost least; then what draws many."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: hasattr(getattr(item, "obj", None), "hypothesis") or "finds_what" in item.name)


def survives(target: Target, code: object) -> bool:
    """Whether the tests of a module pass with this code in its place."""
    child = os.fork()
    if child == 0:
        _test(target, code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _test(target: Target, code: object) -> None:
    status = 3
    try:
        signal.alarm(SECONDS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        if not os.environ.get("MUTATION_SHOWN"):
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
        settings.register_profile("mutants", derandomize=True, database=None, deadline=None)
        settings.load_profile("mutants")
        sys.meta_path.insert(0, Faulty(target.module, target.path, code))
        unasked = "ignore::pytest.PytestAssertRewriteWarning"  # of plugins that were imported before the fork
        options = ["-x", "-W", unasked, "-q", "-m", "not postgres", "--tb=no", "-p", "no:logging", *target.tests]
        status = pytest.main(options, plugins=[Order()])
    finally:
        os._exit(status)


def judge(target: Target) -> list[Mutant]:
    """The mutants of one module that survive without a reason."""
    source, tree = parsed(target)
    listed = mutants(source, tree)
    started = time.monotonic()
    if not survives(target, compile(tree, str(target.path), "exec")):
        sys.exit(f"{target.shown}: the tests fail without a mutant: pytest {' '.join(target.tests)}")
    left = []
    for mutant in listed:
        if f"{target.shown}: {mutant.name}" in EQUIVALENT:
            continue
        if survives(target, compiled(tree, mutant, str(target.path))):
            left.append(mutant)
            print(f"SURVIVES {target.shown}:{mutant.line}: {mutant.name}", flush=True)
    took = time.monotonic() - started
    reasons = sum(f"{target.shown}: {mutant.name}" in EQUIVALENT for mutant in listed)
    found = len(listed) - reasons - len(left)
    print(f"{target.shown}: {found} found, {reasons} equivalent, {len(left)} survive; {took:.0f} s", flush=True)
    return left


def main(chosen: list[str]) -> int:
    """1 where a mutant survives."""
    targets = [target for target in TARGETS if not chosen or target.path.stem in chosen]
    return 1 if [mutant for target in targets for mutant in judge(target)] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
