"""The run: start, fill, measure in rounds, every server in turn within each row.

Rules: what cannot be started or filled is reported and left out; a run ends within its time, with fewer rounds if
need be; all servers are ended, whatever happens.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench import hub
from bench.findings import FLOOR, Findings, Options
from bench.measure import SLOW_SECONDS, failure, floor_written, measured
from bench.messages import Address, user_name
from bench.population import Refused, asked, filled, with_groups
from bench.processes import NotRunnable, cores, last_words
from bench.rows import LARGE, MAIN, PAGE, Directory, Row
from bench.targets import HERE, Target, read_floor, scim2_server, scimmy, stop_all

RESULTS: Final = HERE / "results"

STARTS: Final[Mapping[str, Callable[[Path], Target]]] = {
    "hub-sqlite": hub.on_sqlite,
    "hub-postgres": hub.on_postgres,
    "scim2-server": scim2_server,
    "scimmy": scimmy,
}

_SHARE_OF_MAIN: Final = 0.7
"""How much of the time is over, at most, before the larger directory's turn."""


def performed(options: Options, say: Callable[[str], None]) -> Findings:
    """Everything, from the first process to the last."""
    RESULTS.mkdir(exist_ok=True)
    findings = Findings(options)
    room = Path(tempfile.mkdtemp(prefix="run-", dir=RESULTS))
    run = _Run(options, room, findings, time.monotonic(), say)
    everywhere = os.sched_getaffinity(0)
    try:
        run.start()
        os.sched_setaffinity(0, {cores().load})
        run.measure_main()
        run.measure_large()
    finally:
        os.sched_setaffinity(0, everywhere)
        stop_all(run.targets)
        shutil.rmtree(room, ignore_errors=True)
    return findings


@dataclass(slots=True)
class _Run:
    """A run in progress. `slow` holds rows that are not repeated, or not tried again."""

    options: Options
    room: Path
    findings: Findings
    began: float
    say: Callable[[str], None]
    targets: list[Target] = field(default_factory=list)
    slow: set[tuple[str, str]] = field(default_factory=set)

    def start(self) -> None:
        """Start every server that can be."""
        for name, start in STARTS.items():
            if self.options.targets and name not in self.options.targets:
                continue
            try:
                target = start(self.room)
            except NotRunnable as reason:
                self._leave_out(name, str(reason))
                continue
            self.targets.append(target)
            self.findings.titles[name] = target.title
            self.findings.remember_memory(target, "started")

    def measure_main(self) -> None:
        """Fill every server alike, and measure the rows that all are asked."""
        rows = [row for row in MAIN if self.options.wants(row)]
        directories = self._all_filled(self.options.users, rows, large=False)
        if not directories or not rows:
            return
        if any(row.floor == "read" for row in rows):
            directories[FLOOR] = self._with_floor(next(iter(directories.values())))
        self._rounds(rows, directories, _SHARE_OF_MAIN if self.options.large_users else 1.0)
        for target in self.targets:
            self.findings.remember_memory(target, "measured")

    def measure_large(self) -> None:
        """Fill the Hub with more, and measure what may grow with the directory."""
        rows = [row for row in LARGE if self.options.wants(row)]
        if not rows or not self.options.large_users:
            return
        directories = self._all_filled(self.options.large_users, rows, large=True)
        self._rounds(rows, directories, 1.0)

    def _all_filled(self, users: int, rows: Sequence[Row], large: bool) -> dict[str, Directory]:
        directories = {}
        for target in self.targets:
            address = target.large if large else target.address
            if address is None:
                continue
            began = time.monotonic()
            try:
                directories[target.name] = self._filled(target, address, users, rows)
            except Refused as reason:
                self._leave_out(target.name, f"{users:,} users: {reason}; its log ends: {last_words(target.log)}")
                continue
            self.findings.remember_memory(target, f"{users:,} users")
            self.say(f"{target.name}: {users:,} users, {time.monotonic() - began:.0f} s")
        return directories

    def _filled(self, target: Target, address: Address, users: int, rows: Sequence[Row]) -> Directory:
        population = filled(address, users)
        sizes = sorted({row.group for row in rows if row.group is not None})
        for size in sizes:
            # A peer does not ask who a member is, the Hub does.
            invented = size > users and not target.is_hub
            if size > users and (target.is_hub or users < 10_000):
                population.missing[size] = Refused(f"needs {size:,} users", "n/a")
                continue
            with_groups(address, population, size, invented)
        return Directory(address, population)

    def _with_floor(self, model: Directory) -> Directory:
        """The floor of reads, with the bytes that the first server (the Hub, if it runs) answers with."""
        address = model.address
        documents = {
            "document": asked(address, address.request("GET", f"/Users/{model.population.users[0]}")),
            "found": asked(address, address.filtered(f'userName eq "{user_name(0)}"')),
            "list": asked(address, address.page(1, PAGE)),
        }
        floor = read_floor(self.room, address, documents)
        self.targets.append(floor)
        return Directory(floor.address, model.population)

    def _rounds(self, rows: Sequence[Row], directories: Mapping[str, Directory], share: float) -> None:
        targets = [target for target in self.targets if target.name in directories]
        for number in range(self.options.rounds):
            for row in rows:
                if time.monotonic() - self.began > self.options.budget * share:
                    self.findings.notes.append(f"Out of time in round {number + 1}, before `{row.name}`.")
                    return
                for target in targets:
                    if _applies(row, target):
                        self._one(row, target, directories[target.name])
                if row.floor in ("create", "update", "replace", "member"):
                    self._floor(row)
            self.say(f"round {number + 1} of {self.options.rounds}")

    def _one(self, row: Row, target: Target, directory: Directory) -> None:
        if (row.name, target.name) in self.slow:
            return
        try:
            result, took = measured(target, directory, row, self.options.seconds)
        except OSError as fault:
            result, took = failure("gone", f"{fault}; the end of its log: {last_words(target.log)}"), 0.0
        self.findings.add(row, target.name, result)
        if took > SLOW_SECONDS or result.failed:
            self.slow.add((row.name, target.name))

    def _floor(self, row: Row) -> None:
        if all(results[-1].failed for results in self.findings.of(row).values()):
            return
        result = floor_written(row, self.options.seconds, self.options.users, self.room)
        self.findings.add(row, FLOOR, result)

    def _leave_out(self, name: str, reason: str) -> None:
        self.findings.left_out[name] = reason
        self.say(f"{name}: left out: {reason}")


def _applies(row: Row, target: Target) -> bool:
    """Whether the row is measured on this server: the Hub's group of 100,000 is in its larger directory."""
    if target.name == FLOOR:
        return row.floor == "read"
    if target.is_hub:
        return row.name != "add-100000"
    return not row.hub_only
