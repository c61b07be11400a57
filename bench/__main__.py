"""`python -m bench`: measure the Hub beside peers and floors, print a table, write JSON and Markdown."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.findings import Findings, Options
from bench.plan import RESULTS, STARTS, performed
from bench.report import as_json, as_text, rendered
from bench.rows import LARGE, MAIN
from bench.targets import HERE

PAGE: Final = HERE.parent / "docs" / "reference" / "performance.md"
QUICK: Final = Options(users=1_000, large_users=0, rounds=1, seconds=0.4, budget=110.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as asked; 1 where no server could be measured."""
    asked = _parser().parse_args(arguments)
    options = _options(asked)
    began = time.monotonic()
    findings = performed(options, lambda line: print(f"{time.monotonic() - began:6.0f} s  {line}", flush=True))
    print(as_text(findings))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.json").write_text(as_json(findings))
    page = asked.output or (None if asked.quick or asked.only or asked.targets else PAGE)
    if page is not None:
        _write(page, findings)
    return 0 if findings.results else 1


def _write(page: Path, findings: Findings) -> None:
    if page.suffix == ".json":
        page.write_text(as_json(findings))
        return
    page.write_text(rendered(page.read_text() if page.exists() else "", findings))


def _options(asked: argparse.Namespace) -> Options:
    options = QUICK if asked.quick else Options()
    chosen = {
        name: value
        for name in ("users", "large_users", "rounds", "seconds", "budget")
        if (value := getattr(asked, name)) is not None
    }
    return replace(options, **chosen, rows=tuple(asked.only), targets=tuple(asked.targets))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    rows = [row.name for row in (*MAIN, *LARGE)]
    parser.add_argument("--quick", action="store_true", help="1,000 users, one short round, no page; two minutes")
    parser.add_argument("--only", nargs="+", default=[], metavar="ROW", choices=rows, help=", ".join(rows))
    parser.add_argument("--targets", nargs="+", default=[], metavar="SERVER", choices=STARTS, help=", ".join(STARTS))
    parser.add_argument("--rounds", type=int, help="default 3")
    parser.add_argument("--users", type=int, help="in every server; default 10,000")
    parser.add_argument("--large-users", type=int, help="in the Hub's second directory; default 100,000; 0: none")
    parser.add_argument("--seconds", type=float, help="of each measurement; default 1")
    parser.add_argument("--budget", type=float, help="seconds after which no row is begun; default 840")
    parser.add_argument("--output", type=Path, help="a page (.md) whose tables to replace, or a .json file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
