"""What was found, as a table for a terminal, as JSON, and as Markdown between two marks of a page."""

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.findings import FLOOR, Findings
from bench.measure import Result, median, plain
from bench.rows import LARGE, MAIN, Row

BEGIN: Final = "<!-- bench: begin; `make bench` writes what stands between -->"
END: Final = "<!-- bench: end -->"

HUBS: Final = ("hub-sqlite", "hub-postgres")
PEERS: Final = ("scim2-server", "scimmy")
COLUMNS: Final = (FLOOR, *HUBS, *PEERS)

Medians = Mapping[str, Mapping[str, Result]]


def medians(findings: Findings) -> dict[str, dict[str, Result]]:
    """Each row's median by target; the Hub's group of 100,000 stands beside the peers' too."""
    found = {
        name: {target: median(results) for target, results in by_target.items()}
        for name, by_target in findings.results.items()
    }
    hubs = {name: result for name, result in found.get("large-add", {}).items() if name in HUBS}
    if hubs:
        found["add-100000"] = {**found.get("add-100000", {}), **hubs}
    return found


def machine() -> dict[str, str]:
    """What the figures depend on."""
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    node = shutil.which("node")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False) if node else None
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": model[0].partition(": ")[2] if model else platform.machine(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "node": version.stdout.strip() if version else "none",
    }


def as_json(findings: Findings) -> str:
    """Everything, with every round."""
    found = medians(findings)
    document = {
        "machine": machine(),
        "users": findings.options.users,
        "large_users": findings.options.large_users,
        "medians": {row: {t: plain(r) for t, r in by.items()} for row, by in found.items()},
        "rounds": {
            row: {target: [plain(result) for result in results] for target, results in by_target.items()}
            for row, by_target in findings.results.items()
        },
        "memory_mib": findings.memory,
        "left_out": findings.left_out,
        "notes": findings.notes,
    }
    return json.dumps(document, indent=1, ensure_ascii=False)


def as_text(findings: Findings) -> str:
    """A table that fits a terminal: a line for each row and server."""
    lines = [f"{'row':<14}{'server':<18}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>11}{'+ db':>9}{'MiB':>7}"]
    found = medians(findings)
    for row in (*MAIN, *LARGE):
        for target in COLUMNS:
            result = found.get(row.name, {}).get(target)
            if result is not None:
                lines.append(f"{row.name:<14}{findings.titles.get(target, target):<18}" + _text_cells(result))
    lines += [f"memory  {target}: {_moments(moments)}" for target, moments in findings.memory.items()]
    lines += [f"left out  {name}: {reason}" for name, reason in findings.left_out.items()]
    return "\n".join([*lines, *findings.notes])


def _text_cells(result: Result) -> str:
    if result.failed:
        return f"  {result.note[:90]}"
    figures = f"{result.rate:>9,.0f}{result.p50_ms:>9.2f}{result.p99_ms:>9.2f}{result.cpu_us:>11,.0f}"
    more = f"{result.database_cpu_us:>9,.0f}{result.resident_mib:>7,.0f}"
    parts = "".join(f"  {name} {part[0]:,.0f}/s p99 {part[2]:.1f}" for name, part in result.parts.items())
    return figures + more + parts + (f"  {result.note[:70]}" if result.note else "")


def _moments(moments: Mapping[str, float]) -> str:
    return ", ".join(f"{moment} {mib:,.0f} MiB" for moment, mib in moments.items())


def rendered(page: str, findings: Findings) -> str:
    """The page with new tables between its marks, or after its end where it has none; prose stays."""
    tables = f"{BEGIN}\n\n{as_markdown(findings)}\n{END}"
    before, begin, rest = page.partition(BEGIN)
    if not begin:
        return f"{page.rstrip() or '# Performance'}\n\n{tables}\n"
    return before + tables + rest.partition(END)[2]


def as_markdown(findings: Findings) -> str:
    """The tables: CPU with ratios, rates and latencies, the larger directory, memory."""
    found = medians(findings)
    users, large = f"{findings.options.users:,}", f"{findings.options.large_users:,}"
    facts = machine()
    blocks = [
        f"Measured on {facts['date']}: {facts['processor']}, {facts['cores']} cores, Python {facts['python']}, "
        f"Node {facts['node']}; {users} users, {findings.options.rounds} rounds of "
        f"{findings.options.seconds:g} s, median.",
        "### CPU per request, in microseconds\n\n" + _cpu_table(findings, found),
        "### Requests a second, with 50th and 99th percentile in milliseconds\n\n"
        + _table(findings, found, MAIN, (FLOOR, *HUBS, *PEERS), _rate_cell),
    ]
    if any(row.name in found for row in LARGE):
        heading = f"### The Hub with {large} users"
        cells = _table(findings, found, LARGE, HUBS, lambda r: f"{_cpu_cell(r)} µs · {_rate_cell(r)}")
        blocks.append(f"{heading}\n\nCPU per request, then requests a second and percentiles.\n\n{cells}")
    blocks.append("### Resident memory, in MiB\n\n" + _memory_table(findings))
    blocks += _remarks(findings, found)
    return "\n\n".join(blocks) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _head(titles: Sequence[str]) -> list[str]:
    return [_line(titles), "|---|" + "--:|" * (len(titles) - 1)]


def _present(found: Medians, rows: Sequence[Row], targets: Sequence[str]) -> list[str]:
    return [target for target in targets if any(target in found.get(row.name, {}) for row in rows)]


def _table(
    findings: Findings,
    found: Medians,
    rows: Sequence[Row],
    targets: Sequence[str],
    cell: Callable[[Result], str],
) -> str:
    columns = _present(found, rows, targets)
    lines = _head(["", *(findings.titles.get(target, target) for target in columns)])
    for row in rows:
        results = found.get(row.name, {})
        if results:
            cells = [cell(results[target]) if target in results else "n/a" for target in columns]
            lines.append(_line([row.title, *cells]))
    return "\n".join(lines)


def _cpu_table(findings: Findings, found: Medians) -> str:
    columns = _present(found, MAIN, COLUMNS)
    titles = [findings.titles.get(target, target) for target in columns]
    lines = _head(["", *titles, "Hub ÷ floor", "better peer ÷ Hub"])
    for row in MAIN:
        results = found.get(row.name, {})
        if results:
            cells = [_cpu_cell(results[target]) if target in results else "n/a" for target in columns]
            lines.append(_line([row.title, *cells, *_ratios(results)]))
    return "\n".join(lines)


def _ratios(results: Mapping[str, Result]) -> tuple[str, str]:
    """The Hub on SQLite against its floor, and the better peer against it."""
    hub, floor = _cpu(results, "hub-sqlite"), _cpu(results, FLOOR)
    peers = [cpu for peer in PEERS if (cpu := _cpu(results, peer))]
    against_floor = f"{hub / floor:.1f}" if hub and floor else ""
    against_peer = f"{min(peers) / hub:.1f}" if hub and peers else ""
    return against_floor, against_peer


def _cpu(results: Mapping[str, Result], target: str) -> float:
    result = results.get(target)
    return 0.0 if result is None or result.failed else result.cpu_us


def _cpu_cell(result: Result) -> str:
    if result.failed:
        return result.failed
    database = f" + {result.database_cpu_us:,.0f}" if result.database_cpu_us else ""
    return f"{result.cpu_us:,.0f}{database}"


def _rate_cell(result: Result) -> str:
    if result.failed:
        return result.failed
    if result.parts:
        told = (f"{name} {rate:,.0f} · {p50:.1f} · {p99:.1f}" for name, (rate, p50, p99) in result.parts.items())
        return "<br>".join(told)
    return f"{result.rate:,.0f} · {result.p50_ms:.1f} · {result.p99_ms:.1f}"


def _memory_table(findings: Findings) -> str:
    moments = list(dict.fromkeys(moment for by in findings.memory.values() for moment in by))
    lines = _head(["", *moments])
    for target, by_moment in findings.memory.items():
        cells = [f"{by_moment[moment]:,.0f}" if moment in by_moment else "n/a" for moment in moments]
        lines.append(_line([findings.titles.get(target, target), *cells]))
    return "\n".join(lines)


def _remarks(findings: Findings, found: Medians) -> Iterator[str]:
    noted = [
        f"- {row.title}, {findings.titles.get(target, target)}: {result.note}"
        for row in (*MAIN, *LARGE)
        for target, result in found.get(row.name, {}).items()
        if result.note
    ]
    noted += [f"- {name} was left out: {reason}" for name, reason in findings.left_out.items()]
    noted += [f"- {note}" for note in findings.notes]
    if noted:
        yield "Remarks of this run:\n\n" + "\n".join(noted)
