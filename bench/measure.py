"""One measurement: a row against a server, with what it cost the server."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from bench.load import Limits, Outcome, Sample, Stream, run
from bench.meter import CpuTimes, spent
from bench.population import FILL_SECONDS, LATE
from bench.processes import cores
from bench.rows import Directory, Row
from bench.targets import HERE, Target

SLOW_SECONDS: Final = 5.0
"""A row that takes longer is not repeated in later rounds."""

_PATIENCE: Final = 4.0
_HASTE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured: requests a second, latencies in milliseconds, CPU microseconds a request, MiB.

    `note` says what is to be known beside the figures. `failed` stands in their place where there are none.
    `parts` are the streams of a mixed load, each with rate, p50 and p99.
    """

    rate: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    cpu_us: float = 0.0
    database_cpu_us: float = 0.0
    resident_mib: float = 0.0
    requests: int = 0
    note: str = ""
    failed: str = ""
    parts: dict[str, tuple[float, float, float]] = field(default_factory=dict)


def failure(mark: str, note: str) -> Result:
    """A row that could not be measured: in a word or two for the table, and in full."""
    return Result(note=note, failed=mark)


def measured(target: Target, directory: Directory, row: Row, seconds: float) -> tuple[Result, float]:
    """One run of a row, and how long it took; a first request alone decides how many clients are fair to it."""
    began = time.monotonic()
    try:
        streams = row.streams(directory, row.connections)
    except (KeyError, IndexError):
        why = directory.population.missing[row.group or 0]
        return failure(why.mark, str(why)), 0.0
    probe = _alone(directory, streams[0])
    if _HASTE < probe.seconds < _PATIENCE:
        # The first may have made an index, or met code that was not yet compiled.
        probe = _alone(directory, streams[0])
    if not probe.finished:
        return failure(LATE, f"one request was not answered in {FILL_SECONDS:.0f} s"), time.monotonic() - began
    if probe.samples[0].complaint:
        return failure("refused", probe.samples[0].complaint), time.monotonic() - began
    if not probe.answers:
        return failure("n/a", "too many rounds: nobody is left to add"), time.monotonic() - began
    wrong = _wrong(row, probe.samples[0].first or b"")
    if wrong:
        return failure("wrong", wrong), time.monotonic() - began
    fair = _fair(streams, probe.seconds)
    result = _result(target, directory, fair, seconds)
    clients = sum(stream.connections for stream in fair)
    if clients < row.connections and not result.failed:
        result = replace(result, note=f"{clients} clients; {result.note}".rstrip("; "))
    return result, time.monotonic() - began


def _alone(directory: Directory, stream: Stream) -> Outcome:
    return run(directory.address.port, [replace(stream, connections=1)], Limits(60.0, 1, FILL_SECONDS))


def _wrong(row: Row, body: bytes) -> str:
    """What is not as it should be in a row's first answer, "" where all is well."""
    if row.holds is None:
        return ""
    name, expected = row.holds
    found = len(json.loads(body).get(name, ()))
    return "" if found >= expected else f"{found} of {expected} {name} in the answer"


def _fair(streams: Sequence[Stream], alone: float) -> list[Stream]:
    """Fewer connections where one request takes so long that all of them would wait for half a minute."""
    together = sum(stream.connections for stream in streams) * alone
    share = min(1.0, _PATIENCE / max(together, 1e-9))
    return [replace(stream, connections=max(1, int(stream.connections * share))) for stream in streams]


def _result(target: Target, directory: Directory, streams: Sequence[Stream], seconds: float) -> Result:
    readings: list[tuple[CpuTimes, CpuTimes]] = []
    outcome = run(
        directory.address.port,
        streams,
        Limits(seconds, patience=FILL_SECONDS),
        lambda: readings.append((target.cpu(), target.database_cpu())),
    )
    (own_before, database_before), (own_after, database_after) = readings
    if not outcome.finished or not outcome.answers:
        return failure(LATE, f"not all were answered in {FILL_SECONDS:.0f} s")
    if all(sample.failures == sample.answers for sample in outcome.samples):
        return failure("refused", outcome.samples[0].complaint)
    latencies = sorted(latency for sample in outcome.samples for latency in sample.latencies)
    several = len(outcome.samples) > 1
    return Result(
        rate=outcome.answers / outcome.seconds,
        p50_ms=_quantile(latencies, 0.50),
        p99_ms=_quantile(latencies, 0.99),
        cpu_us=spent(own_before, own_after) / outcome.answers * 1e6,
        database_cpu_us=spent(database_before, database_after) / outcome.answers * 1e6,
        resident_mib=target.resident().resident,
        requests=outcome.answers,
        note=_complaints(outcome),
        parts={sample.name: _part(sample, outcome.seconds) for sample in outcome.samples} if several else {},
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


def _part(sample: Sample, seconds: float) -> tuple[float, float, float]:
    ordered = sorted(sample.latencies) or [0.0]
    return sample.answers / seconds, _quantile(ordered, 0.50), _quantile(ordered, 0.99)


def _complaints(outcome: Outcome) -> str:
    told = [f"{s.failures} of {s.answers}: {s.complaint[:160]}" for s in outcome.samples if s.failures]
    return "; ".join(told)


def floor_written(row: Row, seconds: float, users: int, room: Path) -> Result:
    """The same rows by the write floor, in a process of its own on the server's core."""
    command = [sys.executable, "-m", "bench.floor_write", row.floor, "--batch", str(row.batch)]
    command += ["--seconds", str(seconds), "--users", str(users), "--directory", str(room)]
    done = subprocess.run(
        [*command, "--core", str(cores().server)],
        cwd=HERE.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return failure("failed", f"the floor ended: {done.stderr.strip()[-300:]}")
    return Result(**json.loads(done.stdout))


def median(results: Sequence[Result]) -> Result:
    """Field by field over the rounds; a failure stands when no round went well."""
    good = [result for result in results if not result.failed]
    if not good:
        return results[-1]
    names = ("rate", "p50_ms", "p99_ms", "cpu_us", "database_cpu_us", "resident_mib")
    figures = {name: statistics.median(getattr(result, name) for result in good) for name in names}
    parts = {
        name: tuple(statistics.median(result.parts[name][place] for result in good) for place in range(3))
        for name in good[0].parts
    }
    notes = list(dict.fromkeys(result.note for result in good if result.note))
    if len(good) < len(results):
        notes.append(f"{len(results) - len(good)} of {len(results)} rounds failed: {results[-1].note}")
    requests = sum(result.requests for result in good)
    return Result(**figures, requests=requests, note="; ".join(notes), parts=parts)  # type: ignore[arg-type]


def plain(result: Result) -> dict[str, object]:
    """A result as JSON has it."""
    return asdict(result)
