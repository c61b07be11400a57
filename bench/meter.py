"""What a server's processes have cost, as the kernel knows it (Linux)."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

CpuTimes: TypeAlias = dict[int, float]
"""Seconds by process id."""


def processes(root: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            parent = _parent(int(entry.name))
            children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def _parent(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return -1
    return int(stat.rpartition(")")[2].split()[1])


def cpu_times(root: int) -> CpuTimes:
    """The CPU time of a process and of each of its descendants, all threads."""
    return {pid: seconds for pid in processes(root) if (seconds := _cpu_seconds(pid)) is not None}


def _cpu_seconds(pid: int) -> float | None:
    # The kernel's clock of another process, in nanoseconds: MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED).
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        pass
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def spent(before: CpuTimes, after: CpuTimes) -> float:
    """CPU seconds between two readings, with processes that began meanwhile."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory in MiB: with its shared pages, and with its share of them."""

    resident: float
    proportional: float


def memory(root: int) -> Memory:
    """The memory of a process and its descendants; of a parent, only proportional figures add up."""
    resident = proportional = 0.0
    for pid in processes(root):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        sizes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines[1:])}
        resident += sizes.get("Rss", 0) / 1024
        proportional += sizes.get("Pss", 0) / 1024
    return Memory(resident, proportional)
