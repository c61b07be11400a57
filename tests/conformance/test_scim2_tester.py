"""scim2-tester, as a stranger runs it: `scim2 -u URL test`, against the running Hub on both engines.

Rules: every check succeeds, and none is lost: `recorded.json` has how many checks of each name there are. Whoever
raises the version of the tester looks at what it checks now, and records it anew.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pytest

from tests.running import RunningHub, Source

RECORDED: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "recorded.json").read_text(encoding="utf-8"))
STATUSES: Final = ("SUCCESS", "COMPLIANT", "ACCEPTABLE", "DEVIATION", "ERROR", "CRITICAL", "SKIPPED")
_RESULT: Final = re.compile(rf"^({'|'.join(STATUSES)}) (\w+)$", re.MULTILINE)
_FAILURE: Final = re.compile(rf"^(?!SUCCESS)(?:{'|'.join(STATUSES)}) \w+$(?:\n(?!SUCCESS ).*)*", re.MULTILINE)


def said_of(source: Source) -> subprocess.CompletedProcess[str]:
    """What the command says of a directory."""
    command = [str(Path(sys.executable).with_name("scim2")), "-u", source.base_url]
    command += ["-h", f"Authorization: Bearer {source.token}", "test", "--verbose"]
    plain = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(command, text=True, capture_output=True, timeout=300, check=False, env=plain)


@pytest.mark.parametrize("name", RECORDED["runs"])
def test_no_check_fails_and_none_is_missing(hub: RunningHub, name: str) -> None:
    recorded = RECORDED["runs"][name]
    done = said_of(hub.directory(rules=recorded["rules"]))
    found = _RESULT.findall(done.stdout)
    assert _FAILURE.findall(done.stdout) == []
    assert done.returncode == 0, done.stderr
    statuses = Counter(status for status, _ in found)
    assert statuses == {name: count for name, count in recorded["statuses"].items() if count}
    checks = Counter(title for _, title in found)
    fewer = {title: (checks[title], count) for title, count in recorded["checks"].items() if checks[title] < count}
    assert fewer == {}, "a check runs less often than recorded"
    assert checks.keys() == recorded["checks"].keys(), "a check is not recorded"


@pytest.mark.parametrize("name", RECORDED["runs"])
def test_every_skip_is_explained(name: str) -> None:
    recorded = RECORDED["runs"][name]
    assert set(recorded["statuses"]) == set(STATUSES)
    assert sum(recorded["checks"].values()) == sum(recorded["statuses"].values())
    assert len(recorded["skipped"]) == recorded["statuses"]["SKIPPED"]


def test_record_is_that_of_the_installed_versions() -> None:
    assert {name: version(name) for name in RECORDED["versions"]} == RECORDED["versions"]
