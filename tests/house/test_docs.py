"""The docs cover what the program has, and nothing that it does not have."""

import importlib
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hallway.hub.sign_in.advice import ADVICE
from hallway.hub.sign_in.model import CODES as SIGN_IN_CODES
from hallway.hub.sign_in.openid_advice import OPENID_ADVICE
from hallway.saml.problem import CODES
from hallway.scim.problem import SCIM_TYPES
from hallway.scim.quirks import Quirk
from hallway.settings import SETTINGS
from tests.house.source import ROOT

REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])

_FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_ROUTE = re.compile(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`\s]*)`")


def test_settings_are_those_of_the_program() -> None:
    sections = _sections("settings.md", 3)
    assert set(sections) == set(SETTINGS)
    for name, setting in SETTINGS.items():
        for wanted in (setting.variable, setting.summary, f"`{setting.default}`" if setting.default else "`"):
            assert wanted in sections[name], f"settings.md, {name}: does not say {wanted}"


def test_problems_are_those_of_the_program() -> None:
    assert set(_sections("problems.md", 3)) == set(SCIM_TYPES)


def test_saml_problems_are_those_of_the_program() -> None:
    assert set(_sections("saml-problems.md", 3)) == set(CODES)


def test_oidc_problems_are_those_of_the_program() -> None:
    assert set(_sections("oidc-problems.md", 3)) == set(importlib.import_module("hallway.oidc.problem").CODES)


def test_errors_of_the_provider_are_those_of_the_program() -> None:
    sections = set(_sections("oidc-provider.md", 3))
    assert sections == set(importlib.import_module("hallway.oidc.oauth_problem").ERRORS)


def test_outbound_problems_are_those_of_the_program() -> None:
    assert set(_sections("outbound-problems.md", 3)) == set(importlib.import_module("hallway.outbound").CODES)


def test_the_pages_of_the_api_are_made_of_its_rows() -> None:
    reference = importlib.import_module("hallway.web.api.reference")
    for name, made in (("api.md", reference.page()), ("api-problems.md", reference.problems_page())):
        kept = (REFERENCE / name).read_text(encoding="utf-8")
        assert kept == made, f"{name}: run python -m hallway.web.api.reference"
    assert set(_sections("api-problems.md", 3)) == set(importlib.import_module("hallway.web.api.problems").PROBLEMS)


def test_every_openid_problem_has_advice() -> None:
    codes = importlib.import_module("hallway.oidc.problem").CODES
    assert {code: str(advice.sentence) for code, advice in OPENID_ADVICE.items()} == codes


def test_sign_in_problems_are_those_of_the_program() -> None:
    sections = _sections("sign-in-problems.md", 3)
    assert set(sections) == set(ADVICE) == set(CODES) | set(SIGN_IN_CODES)
    for code, advice in ADVICE.items():
        assert str(advice.sentence) == {**CODES, **SIGN_IN_CODES}[code]
        for wanted in (str(advice.sentence), str(advice.remedy), "**Who acts:**"):
            assert wanted in sections[code], f"sign-in-problems.md, {code}: does not say {wanted}"


def test_quirks_are_those_of_the_program() -> None:
    sections = _sections("quirks.md", 3)
    assert set(sections) == {quirk.value for quirk in Quirk}
    for name, text in sections.items():
        for part in ("**Who:**", "**Looks like:**", "**What we do:**", "**Why:**"):
            assert part in text, f"quirks.md, {name}: no {part}"


def test_events_are_those_of_the_program() -> None:
    events = importlib.import_module("hallway.journal.model").EVENT_TYPES
    assert set(_sections("journal.md", 3)) == set(events)


def test_what_the_application_is_told_is_in_the_table_of_events() -> None:
    told = importlib.import_module("hallway.hub.events.model").TOLD_TYPES
    rows = re.findall(
        r"^\| `([a-z_]+\.[a-z_]+)` \| (.+?) \|", (REFERENCE / "events.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(rows) == len(dict(rows))
    assert dict(rows) == dict(told)


def test_each_area_of_events_has_an_example_with_every_key() -> None:
    told = importlib.import_module("hallway.hub.events.model").TOLD_TYPES
    page = (REFERENCE / "events.md").read_text("utf-8")
    keys = set(
        re.findall(
            r"`(\w+)`",
            "".join(re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", _sections("events.md", 2)["The document"], re.M)),
        )
    )
    examples = [json.loads(text) for text in re.findall(r"```json\n(.+?)```", page, re.DOTALL) if '"cursor"' in text]
    for one in examples:
        assert set(one) == keys
        assert one["type"] in told
    assert {one["type"].partition(".")[0] for one in examples} == {name.partition(".")[0] for name in told}


def test_the_client_is_told_by_every_name() -> None:
    text = (REFERENCE / "client.md").read_text(encoding="utf-8")
    names = importlib.import_module("hallway.client").__all__
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


def test_routes_are_those_of_the_program() -> None:
    routes = importlib.import_module("hallway.web.routes").ROUTES
    pages = [_ROUTE.findall((REFERENCE / page).read_text(encoding="utf-8")) for page in ("routes.md", "api.md")]
    assert {place for page in pages for place in page} == {f"{route.method} {route.path}" for route in routes}


def test_commands_are_those_of_the_program() -> None:
    sections = _sections("cli.md", 3)
    commands = dict(_commands())
    assert set(sections) == set(commands)
    for name, command in commands.items():
        for parameter in command.params:
            for flag in parameter.opts if parameter.param_type_name == "option" else []:
                assert f"`{flag}" in sections[name] or flag == "--help", f"cli.md, {name}: does not say {flag}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        file = page if path == "" else page.parent / path
        if not file.exists() or (fragment and fragment not in _anchors(file)):
            broken.append(target)
    assert broken == []


def test_every_page_is_reached_from_the_first_one() -> None:
    first = ROOT / "README.md"
    reached, waiting = {first}, [first]
    while waiting:
        page = waiting.pop()
        for target in _LINK.findall(page.read_text(encoding="utf-8")):
            linked = (page.parent / target.partition("#")[0]).resolve()
            if linked.suffix == ".md" and linked.is_file() and linked not in reached:
                reached.add(linked)
                waiting.append(linked)
    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in reached] == []


def _sections(page: str, level: int) -> dict[str, str]:
    """The text under each heading of a level, by the heading without its backticks."""
    text = (REFERENCE / page).read_text(encoding="utf-8")
    parts = re.split(rf"^{'#' * level} +(.+)$", text, flags=re.MULTILINE)
    headings = [heading.strip().replace("`", "") for heading in parts[1::2]]
    assert len(headings) == len(set(headings)), f"{page}: a heading stands twice"
    return dict(zip(headings, parts[2::2], strict=True))


@cache
def _anchors(page: Path) -> set[str]:
    """The fragments that a page's headings get where pages of this kind are rendered."""
    headings = re.findall(r"^#+ +(.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def _commands() -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its whole name (`hallway hub token create`)."""
    typer_main = importlib.import_module("typer.main")
    waiting: list[tuple[str, Any]] = [("hallway", typer_main.get_command(importlib.import_module("hallway.cli").app))]
    while waiting:
        name, command = waiting.pop()
        below = getattr(command, "commands", None)
        if below is None:
            yield name, command
        else:
            waiting.extend((f"{name} {word}", child) for word, child in below.items())
