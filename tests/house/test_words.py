"""Words that stand nowhere in the project."""

import ast
import re

from tests.house.source import ROOT, files_of_the_project, modules, names

MACHINE_PATHS = re.compile("(?<![\\w.])/" + "(work|root|home/[a-z]+)" + "/")
REGISTRIES = re.compile(
    "|".join(
        name.replace(".", "[.]") + "[.]" + end
        for name, end in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("registry.npmjs", "org"),
            ("registry.yarnpkg", "com"),
            ("proxy.golang", "org"),
            ("crates", "io"),
        )
    )
)
TEXT_FILES = {"", ".cfg", ".css", ".html", ".ini", ".js", ".json", ".md", ".py", ".sh", ".toml", ".txt", ".yml"}

CATCHES_ALL = {
    "src/hallway/web/edge.py": "the web edge: a fault of ours becomes a 500 with an id",
    "src/hallway/web/first_step.py": "in the place of a task: hands what was raised to the task that it returns",
    "src/hallway/worker/upkeep.py": "the worker loop: one failed job does not end the others",
    "src/hallway/worker/mails.py": "the loop of deliveries: a fault of ours does not end it",
    "src/hallway/worker/deliveries.py": "the loop of couriers: a fault of ours ends neither it nor another visit",
    "src/hallway/worker/sequencer.py": "the loop of the feed: a fault of ours does not end it",
}


def test_no_file_names_a_machine_or_a_package_registry() -> None:
    found = []
    for path in files_of_the_project():
        if path.suffix not in TEXT_FILES:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if MACHINE_PATHS.search(line) or REGISTRIES.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_no_source_promises_to_be_finished_later() -> None:
    promise = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b")
    found = [
        f"{module.shown}:{number}"
        for module in modules()
        for number, line in enumerate(module.path.read_text(encoding="utf-8").splitlines(), 1)
        if promise.search(line)
    ]
    assert found == []


def test_everything_is_caught_in_two_places_only() -> None:
    found = {
        f"{module.shown}:{handler.lineno}"
        for module in modules()
        if module.shown not in CATCHES_ALL
        for handler in ast.walk(module.tree)
        if isinstance(handler, ast.ExceptHandler) and _catches_all(handler) and not _raises_again(handler)
    }
    assert found == set()


def test_pure_packages_know_the_type_of_every_value() -> None:
    found = [
        f"{module.shown}:{node.lineno}"
        for module in modules()
        if module.name.startswith(("hallway.scim", "hallway.saml", "hallway.oidc"))
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Name) and node.id == "Any") or (isinstance(node, ast.Attribute) and node.attr == "Any")
    ]
    assert found == []


def test_names_say_what_a_thing_is() -> None:
    vague = re.compile(r"(^|_)(manager|helpers?|utils?|impl|base|data|common|misc)$")
    found = [name for name in names() if vague.search(name.rpartition(".")[2])]
    found += [
        f"{module.shown}:{node.name}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and re.search(r"(Manager|Helper|Utils?|Impl|Base)$", node.name)
    ]
    assert found == []


def _catches_all(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    return bool({"Exception", "BaseException"} & set(re.findall(r"\w+", ast.unparse(handler.type))))


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None
