"""The wheel, and the Containerfile that makes it: its steps are run here, in folders in place of its own, without a
container; then the Hub is served from what they installed, as `pipx install` would have it.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from tests.house.source import ROOT
from tests.running import free_port

_NEEDS_A_CONTAINER = ("useradd",)
"""Steps that change the machine; nothing but the user of the process stands on them."""


def instructions() -> list[tuple[str, str]]:
    """What the Containerfile says, line by line: the instruction and its words."""
    text = re.sub(r"\\\n\s*", " ", (ROOT / "Containerfile").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def inside(words: str, folder: Path) -> str:
    """The same with folders of this test in place of the container's."""
    return re.sub(r"(?<![\w.])/(opt|src)\b", lambda found: f"{folder}/{found[1]}", words)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment that the steps of the first stage make."""
    folder = tmp_path_factory.mktemp("container")
    source = folder / "src"
    for word, rest in instructions():
        if word == "WORKDIR" and rest == "/src":
            source.mkdir()
        if word == "COPY" and not rest.startswith("--from"):
            *files, target = rest.split()
            for file in files:
                _copied(ROOT / file, source / target, file)
        if word == "RUN" and not rest.startswith(_NEEDS_A_CONTAINER):
            # Packages may come out of the cache of this machine, by the same hashes.
            step = inside(rest, folder).replace("--no-cache-dir ", "")
            done = subprocess.run(["sh", "-c", step], cwd=source, capture_output=True, text=True, env=_clean())
            assert done.returncode == 0, f"{step}\n{done.stdout}{done.stderr}"
    return folder / "opt" / "hallway"


def _copied(file: Path, target: Path, name: str) -> None:
    if file.is_dir():
        shutil.copytree(file, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        place = target / Path(name).name if target.name == "requirements" or target.is_dir() else target
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HALLWAY_", "COV"))}


def test_what_is_installed_serves_with_all_its_files(installed: Path, tmp_path: Path) -> None:
    port = free_port()
    given = {"HALLWAY_DATABASE": f"sqlite:///{tmp_path / 'hallway.db'}", "HALLWAY_PORT": str(port)}
    process = subprocess.Popen([installed / "bin" / "hallway", "hub", "serve"], env={**_clean(), **given}, cwd=tmp_path)
    try:
        base = f"http://127.0.0.1:{port}"
        _wait(process, f"{base}/readyz")
        asked = urllib.request.Request(f"{base}/register", headers={"Accept-Language": "de"})
        with urllib.request.urlopen(asked, timeout=20) as answer:
            page = answer.read().decode()
        assert '<html lang="de"' in page, "templates and catalogues are there"
        for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
            with urllib.request.urlopen(base + path, timeout=20) as answer:
                assert answer.status == 200 and answer.read(), path
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    where = "import hallway; print(hallway.__file__)"
    found = subprocess.run(
        [installed / "bin" / "python", "-c", where],
        env=_clean(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.startswith(str(installed)), "it is the wheel that served"


def test_every_file_of_the_package_is_in_the_wheel(installed: Path) -> None:
    (there,) = installed.glob("lib/python*/site-packages/hallway")
    ours = {str(one.relative_to(ROOT / "src" / "hallway")) for one in _files(ROOT / "src" / "hallway")}
    assert {str(one.relative_to(there)) for one in _files(there)} == ours


def test_the_container_runs_as_a_user_of_its_own_with_its_data_apart() -> None:
    said = instructions()
    last = said[max(place for place, (word, _) in enumerate(said) if word == "FROM") :]
    words = [word for word, _ in last]
    assert ("USER", "hallway") in last and words.index("USER") < words.index("CMD")
    assert ("VOLUME", "/var/lib/hallway") in last
    assert not [rest for word, rest in last if word == "ENV" and "KEY" in rest], "no key is baked in"
    for word, rest in said:
        if word == "RUN" and "pip install" in rest:
            assert "--require-hashes" in rest or "--no-index" in rest, shlex.split(rest)


def _files(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file() and "__pycache__" not in one.parts]


def _wait(process: "subprocess.Popen[bytes]", url: str) -> None:
    for _ in range(3000):
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("the server did not become ready")
