"""What a run is asked for, and what it found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bench.measure import Result
from bench.rows import Row
from bench.targets import Target

FLOOR: Final = "floor"


@dataclass(frozen=True, slots=True)
class Options:
    """What the run is asked for; `rows` and `targets` are names, empty for all; `budget` is in seconds."""

    users: int = 10_000
    large_users: int = 100_000
    rounds: int = 3
    seconds: float = 1.0
    budget: float = 840.0
    rows: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def wants(self, row: Row) -> bool:
        """Whether the row was asked for."""
        return not self.rows or row.name in self.rows


@dataclass(slots=True)
class Findings:
    """Every result by row and target, round after round; resident MiB by target and moment."""

    options: Options
    titles: dict[str, str] = field(default_factory=lambda: {FLOOR: "floor"})
    results: dict[str, dict[str, list[Result]]] = field(default_factory=dict)
    memory: dict[str, dict[str, float]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, row: Row, target: str, result: Result) -> None:
        """Keep one result."""
        self.results.setdefault(row.name, {}).setdefault(target, []).append(result)

    def remember_memory(self, target: Target, moment: str) -> None:
        """Keep what the server holds in memory now."""
        self.memory.setdefault(target.name, {})[moment] = target.resident().resident

    def of(self, row: Row) -> Mapping[str, list[Result]]:
        """A row's results by target."""
        return self.results.get(row.name, {})
