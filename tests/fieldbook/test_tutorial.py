"""The tutorial shows Fieldbook's own lines, and they are few."""

from tests.house.source import ROOT

TUTORIAL = ROOT / "docs" / "tutorials" / "add-to-your-application.md"


def test_the_lines_of_the_tutorial_are_those_that_run() -> None:
    source = (ROOT / "examples" / "fieldbook" / "sign_in.py").read_text(encoding="utf-8")
    shown = source.partition('"""\n\n')[2]
    assert shown.startswith("from ") and f"```python\n{shown}```" in TUTORIAL.read_text(encoding="utf-8")


def test_two_dozen_lines_add_hallway() -> None:
    text = (ROOT / "examples" / "fieldbook" / "sign_in.py").read_text(encoding="utf-8")
    body = text.partition("def hub_client")[2]
    assert len([line for line in body.splitlines() if line.strip()]) <= 24
