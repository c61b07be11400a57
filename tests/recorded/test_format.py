"""The recorded sequences are well-formed, say where they are from, and cover every quirk."""

import re
from pathlib import Path

import pytest

from hallway.scim.json import Json
from hallway.scim.quirks import Quirk
from tests.recorded.fixture import CLIENTS, RECORDED, Malformed, fixture_files, loaded, parsed
from tests.recorded.template import differences

ID = "user_0123456789abcdef0123456789abcdef"


def fixture(*steps: Json, **more: Json) -> Json:
    """The smallest fixture there is, with these steps."""
    return {"client": "C", "title": "T", "mark": "documented", "source": "S", "steps": list(steps), **more}


def step(name: str, path: str = "/Users", **expect: Json) -> Json:
    return {"name": name, "request": {"method": "GET", "path": path}, "expect": {"status": 200, **expect}}


@pytest.mark.parametrize("path", fixture_files(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_recorded_file_is_well_formed(path: Path) -> None:
    assert path.parent.name in CLIENTS
    assert loaded(path).provider == (path.parent.name if path.parent.name != "others" else "other")


def test_every_client_has_a_recorded_file() -> None:
    assert {path.parent.name for path in fixture_files()} == set(CLIENTS)


def test_every_quirk_has_a_recorded_request() -> None:
    met = {quirk for path in fixture_files() for step in loaded(path).steps for quirk in step.quirks or ()}
    assert met == {quirk.value for quirk in Quirk}


def test_decisions_name_files_and_tests_that_exist() -> None:
    text = (RECORDED / "DECISIONS.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b[a-z]+/[a-z-]+\.json\b", text))
    assert named == {f"{path.parent.name}/{path.name}" for path in fixture_files()}
    tests = "".join(path.read_text(encoding="utf-8") for path in RECORDED.parent.rglob("test_*.py"))
    assert {name for name in re.findall(r"`(test_\w+)`", text) if f"def {name}(" not in tests} == set()


@pytest.mark.parametrize(
    "content",
    [
        [],
        fixture(),
        fixture(step("one"), step("one")),
        fixture(step("one", path="Users")),
        fixture(step("one", path="/Users/${user}")),
        fixture(step("one", body={"id": "$id:user"}), step("two", body={"id": "$id:user"})),
        fixture(step("one", body={"id": "${user}"})),
        fixture(step("one", quirks=["no_such_quirk"])),
        fixture(step("one", status="200")),
        fixture(step("one", more=1)),
        fixture(step("one"), mark="seen"),
        fixture(step("one"), source=""),
    ],
)
def test_malformed_fixture_does_not_load(content: Json) -> None:
    with pytest.raises(Malformed):
        parsed("x", content)


def test_name_is_captured_and_used_after_that() -> None:
    content = fixture(step("one", body={"id": "$id:user"}), step("two", path="/Users/${user}", body={"id": "${user}"}))
    assert [found.path for found in parsed("x", content).steps] == ["/Users", "/Users/${user}"]


@pytest.mark.parametrize(
    ("template", "actual"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": None}, {}),
        ([1, 2], [2, 1]),
        ({"$contains": [{"a": 1}]}, [{"a": 2}, {"a": 1}]),
        ("$any", "text"),
        ("$match:^a", "abc"),
        ("${name}!", "Ada!"),
        ({"${name}": True}, {"Ada": True}),
    ],
)
def test_template_fits(template: Json, actual: Json) -> None:
    assert differences(template, actual, {"name": "Ada"}) == []


@pytest.mark.parametrize(
    ("template", "actual"),
    [
        ({"a": 1}, {"a": True}),
        ({"a": 1}, {"a": 1.0}),
        ({"a": 1}, {}),
        ({"a": None}, {"a": None}),
        ([1], [1, 1]),
        ([1, 1], [1, 2]),
        ({"$contains": [3]}, [1, 2]),
        ({"a": []}, {"a": {}}),
        ("$any", ""),
        ("$match:^b", "abc"),
        ("text", 5),
        ("$id:user", "7"),
    ],
)
def test_template_does_not_fit(template: Json, actual: Json) -> None:
    assert len(differences(template, actual, {})) == 1


def test_template_captures_ids() -> None:
    known: dict[str, str] = {}
    assert (
        differences(
            {"Resources": [{"id": "$id:user", "userName": "ada"}]},
            {"Resources": [{"id": ID, "userName": "ada"}]},
            known,
        )
        == []
    )
    assert known == {"user": ID}
